-- Why somebody triggered a backup by hand.
ALTER TABLE backup_jobs ADD COLUMN reason TEXT;
