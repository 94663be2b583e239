-- Restore drills: a backup is verified when one has restored it.
CREATE TABLE drills (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  r2_key TEXT NOT NULL,                  -- of the dump
  database_name TEXT NOT NULL,
  status TEXT NOT NULL,                  -- 'queued', 'running', 'passed', 'failed'; 'unproved' when no drill can restore it alone
  requested_at INTEGER NOT NULL,         -- Unix seconds
  started_at INTEGER,
  progress_at INTEGER,                   -- when it was last seen to go on
  completed_at INTEGER,
  duration_ms INTEGER,
  done_bytes INTEGER NOT NULL DEFAULT 0, -- of the dump's text
  total_bytes INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0,   -- slices begun since the last that got on
  error_message TEXT                     -- the first error, or why nothing is proved; while it is open, why the last slice did not get on
);

CREATE UNIQUE INDEX idx_drills_open ON drills(r2_key) WHERE status IN ('queued', 'running');
CREATE INDEX idx_drills_backup ON drills(r2_key, id DESC);
CREATE INDEX idx_drills_database ON drills(database_name, id DESC);

ALTER TABLE backup_inventory ADD COLUMN verified_at INTEGER;     -- when a drill last restored it; NULL when none has
ALTER TABLE backup_inventory ADD COLUMN drill_failed_at INTEGER; -- when a drill last failed; NULL after one that passed

CREATE INDEX idx_inventory_undrilled ON backup_inventory(database_name, created_at DESC)
  WHERE deleted_at IS NULL AND verified_at IS NULL AND drill_failed_at IS NULL;
