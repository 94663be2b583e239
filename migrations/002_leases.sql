-- A result is claimed by compare-and-set and held by a lease, so that a message delivered twice is one backup.
ALTER TABLE backup_results ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;  -- claims so far
ALTER TABLE backup_results ADD COLUMN lease_token TEXT;                     -- who holds the claim
ALTER TABLE backup_results ADD COLUMN lease_expires_at INTEGER;             -- Unix seconds

CREATE UNIQUE INDEX idx_backup_results_once ON backup_results(job_id, database_name);
CREATE INDEX idx_backup_results_running ON backup_results(database_name) WHERE status = 'running';
