-- What decides whether a backup stays, and why it went.
ALTER TABLE backup_inventory ADD COLUMN pinned_at INTEGER;       -- Unix seconds; NULL when it is not pinned
ALTER TABLE backup_inventory ADD COLUMN pin_note TEXT;           -- why somebody pinned it
ALTER TABLE backup_inventory ADD COLUMN locked_at INTEGER;       -- when a bucket lock last refused to let it go
ALTER TABLE backup_inventory ADD COLUMN deleted_because TEXT;    -- the reason of the deletion, for people

-- When redriving gave a failed result another chance: its deadline counts from here.
ALTER TABLE backup_results ADD COLUMN redriven_at INTEGER;       -- Unix seconds
