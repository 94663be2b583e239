-- How far an export in pages has come: what the next invocation goes on from, and what a person may see meanwhile.
CREATE TABLE export_checkpoints (
  job_id TEXT NOT NULL,
  database_name TEXT NOT NULL,
  saved_at INTEGER NOT NULL,             -- Unix seconds
  row_count INTEGER NOT NULL,            -- written so far
  size_bytes INTEGER NOT NULL,           -- written so far
  state TEXT NOT NULL,                   -- JSON, for the exporter alone
  PRIMARY KEY (job_id, database_name)
) WITHOUT ROWID;
