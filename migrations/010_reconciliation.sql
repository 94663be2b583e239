-- What comparing the catalogue with the bucket, and a backup with the one before, has found.
ALTER TABLE backup_inventory ADD COLUMN lost_at INTEGER;         -- when its objects were found to be gone; NULL while they are there
ALTER TABLE backup_inventory ADD COLUMN damage TEXT;             -- what of its objects disagrees with this row; NULL when nothing does
ALTER TABLE backup_inventory ADD COLUMN shrunk TEXT;             -- what has become less since the backup before; NULL when nothing has

-- Where the janitor has come to with what takes several invocations, and when it last did something.
CREATE TABLE janitor_state (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  updated_at INTEGER NOT NULL            -- Unix seconds
) WITHOUT ROWID;

CREATE INDEX idx_inventory_faults ON backup_inventory(database_name) WHERE lost_at IS NOT NULL OR damage IS NOT NULL;
