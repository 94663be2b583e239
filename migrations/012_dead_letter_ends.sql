-- What somebody did with a dead letter.
ALTER TABLE dead_letters ADD COLUMN resolution TEXT;             -- 'redriven' or 'discarded'; NULL while it is open
ALTER TABLE dead_letters ADD COLUMN resolved_at INTEGER;         -- Unix seconds
ALTER TABLE dead_letters ADD COLUMN note TEXT;                   -- why

CREATE INDEX idx_dead_letters_open ON dead_letters(id) WHERE resolved_at IS NULL;
