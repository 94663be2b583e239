-- What the list, the download and a rebuilt catalogue need to know of a backup without opening its object.
ALTER TABLE backup_inventory ADD COLUMN job_id TEXT;
ALTER TABLE backup_inventory ADD COLUMN row_count INTEGER;
ALTER TABLE backup_inventory ADD COLUMN sha256 TEXT;        -- of the object, lower-case hex
ALTER TABLE backup_inventory ADD COLUMN consistency TEXT;   -- 'snapshot' when one transaction read it all

CREATE INDEX idx_inventory_live ON backup_inventory(database_name, created_at DESC) WHERE deleted_at IS NULL;
