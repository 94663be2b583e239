-- Who changed something, or took a dump. Written before it is done, so that nothing is done without.
CREATE TABLE audit_log (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,                   -- Unix seconds
  actor TEXT NOT NULL,                   -- 'admin', 'reader', or how else somebody was let in
  address TEXT NOT NULL,                 -- the client's, '' when nobody says it
  method TEXT NOT NULL,
  path TEXT NOT NULL,                    -- with the query
  status INTEGER                         -- of the answer; NULL when it was never given, or could not be written
);

CREATE INDEX idx_audit_log_at ON audit_log(at DESC);
