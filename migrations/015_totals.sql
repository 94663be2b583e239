-- What is stored of each database, kept up by SQLite itself in the statement that stores or deletes: a status must not count
-- a history. Whoever writes backup_inventory need not know.
CREATE TABLE stored_totals (
  database_name TEXT PRIMARY KEY,
  backups INTEGER NOT NULL,              -- those that are not deleted
  size_bytes INTEGER NOT NULL            -- of their texts
) WITHOUT ROWID;

INSERT INTO stored_totals SELECT database_name, count(*), sum(size_bytes) FROM backup_inventory
  WHERE deleted_at IS NULL GROUP BY database_name;

-- In three steps instead of an upsert: what a statement says of conflicts holds in its triggers too.
CREATE TRIGGER stored_totals_insert AFTER INSERT ON backup_inventory WHEN NEW.deleted_at IS NULL BEGIN
  INSERT INTO stored_totals SELECT NEW.database_name, 0, 0
    WHERE NOT EXISTS (SELECT 1 FROM stored_totals WHERE database_name = NEW.database_name);
  UPDATE stored_totals SET backups = backups + 1, size_bytes = size_bytes + NEW.size_bytes
    WHERE database_name = NEW.database_name;
END;

CREATE TRIGGER stored_totals_update AFTER UPDATE OF database_name, size_bytes, deleted_at ON backup_inventory BEGIN
  UPDATE stored_totals SET backups = backups - 1, size_bytes = size_bytes - OLD.size_bytes
    WHERE OLD.deleted_at IS NULL AND database_name = OLD.database_name;
  INSERT INTO stored_totals SELECT NEW.database_name, 0, 0
    WHERE NEW.deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM stored_totals WHERE database_name = NEW.database_name);
  UPDATE stored_totals SET backups = backups + 1, size_bytes = size_bytes + NEW.size_bytes
    WHERE NEW.deleted_at IS NULL AND database_name = NEW.database_name;
END;

CREATE TRIGGER stored_totals_delete AFTER DELETE ON backup_inventory WHEN OLD.deleted_at IS NULL BEGIN
  UPDATE stored_totals SET backups = backups - 1, size_bytes = size_bytes - OLD.size_bytes
    WHERE database_name = OLD.database_name;
END;

-- Lists that begin with the newest, and one by date, read what they show: not what was deleted, nor all there is to sort it.
CREATE INDEX idx_inventory_live_date ON backup_inventory(backup_date) WHERE deleted_at IS NULL;
CREATE INDEX idx_inventory_live_created ON backup_inventory(created_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX idx_backup_jobs_newest ON backup_jobs(started_at DESC, id DESC);
