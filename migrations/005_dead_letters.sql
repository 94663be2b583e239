-- Messages that no retry saved, and messages that never made sense (poison). Nothing is dropped without a row here.
CREATE TABLE dead_letters (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  message_id TEXT UNIQUE NOT NULL,       -- the queue's id of the message: a second delivery adds no row
  queue TEXT NOT NULL,
  body TEXT NOT NULL,                    -- as received, JSON where it was JSON
  job_id TEXT,                           -- NULL when the body names none
  database_name TEXT,
  error_message TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  first_seen_at INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL
);

CREATE INDEX idx_dead_letters_seen ON dead_letters(last_seen_at DESC);
CREATE INDEX idx_dead_letters_job ON dead_letters(job_id, database_name);
