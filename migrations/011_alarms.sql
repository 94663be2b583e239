-- Alarms: at most one is open for each cause and database.
CREATE TABLE alarms (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  cause TEXT NOT NULL,                   -- 'job_failed', 'database_failed', 'overdue', …
  database_name TEXT NOT NULL,           -- '' when it is not about one database
  summary TEXT NOT NULL,                 -- for people, as it last was
  opened_at INTEGER NOT NULL,            -- Unix seconds
  notified_at INTEGER NOT NULL,          -- when it was last told
  resolved_at INTEGER                    -- NULL while it is open
);

CREATE UNIQUE INDEX idx_alarms_open ON alarms(cause, database_name) WHERE resolved_at IS NULL;
CREATE INDEX idx_alarms_opened ON alarms(opened_at DESC);

-- The outbox: what is to be told, to whom, and what became of it. One row for each notice and channel.
CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  notice_id TEXT NOT NULL,               -- the same for all channels, and over all attempts
  channel TEXT NOT NULL,                 -- 'discord', 'slack', 'webhook', 'heartbeat', or 'config:' and an id of alert_config
  notice TEXT NOT NULL,                  -- JSON, not yet in the channel's form
  created_at INTEGER NOT NULL,           -- Unix seconds
  attempts INTEGER NOT NULL DEFAULT 0,
  next_attempt_at INTEGER,               -- NULL when there is none any more
  delivered_at INTEGER,
  last_status INTEGER,                   -- HTTP status of the last answer
  last_error TEXT                        -- why the last attempt failed
);

CREATE UNIQUE INDEX idx_outbox_once ON outbox(notice_id, channel);
CREATE INDEX idx_outbox_due ON outbox(next_attempt_at) WHERE next_attempt_at IS NOT NULL;

-- Whether the end of a job was told. Those that ended before this migration are not told any more.
ALTER TABLE backup_jobs ADD COLUMN reported_at INTEGER;          -- Unix seconds
UPDATE backup_jobs SET reported_at = coalesce(completed_at, started_at) WHERE status <> 'running';
CREATE INDEX idx_backup_jobs_unreported ON backup_jobs(job_id) WHERE reported_at IS NULL;

-- Since when the registry has a database: how long it may be without a backup.
CREATE TABLE registered_databases (
  database_name TEXT PRIMARY KEY,
  first_seen_at INTEGER NOT NULL         -- Unix seconds
) WITHOUT ROWID;
