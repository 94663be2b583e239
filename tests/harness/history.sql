-- A long history for an empty catalogue: a backup of each of :databases databases (db-001, db-002, …) on each of the :days days
-- before :now (Unix seconds, 9 hours after the cron), of which those of the last :kept days are stored. All went well,
-- but that every seventh run failed for one database, for another one each time. Whoever runs it puts numbers for the four words.
INSERT INTO backup_jobs (job_id, started_at, completed_at, status, trigger_type, total_databases, successful_count, failed_count,
  total_size_bytes, duration_ms, error_message, reported_at)
WITH RECURSIVE days (day) AS (SELECT :days UNION ALL SELECT day - 1 FROM days WHERE day > 1)
SELECT printf('00000000-0000-4000-8000-%012d', day), :now - day * 86400 + 54000, :now - day * 86400 + 54120,
  iif(day % 7 = 0, 'failed', 'completed'), 'scheduled', :databases, :databases - (day % 7 = 0), day % 7 = 0,
  (:databases - (day % 7 = 0)) * (3000000 - day * 1000), 120000, iif(day % 7 = 0, '1 of :databases databases failed', NULL), :now - day * 86400 + 54120
FROM days;

INSERT INTO backup_results (job_id, database_name, database_id, status, attempts, r2_key, size_bytes, table_count, row_count, started_at,
  completed_at, duration_ms, error_message, peak_wasm_bytes)
WITH RECURSIVE days (day) AS (SELECT :days UNION ALL SELECT day - 1 FROM days WHERE day > 1),
  numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < :databases),
  results AS (SELECT day, number, day % 7 = 0 AND day / 7 % :databases = number - 1 AS failed FROM days, numbers)
SELECT printf('00000000-0000-4000-8000-%012d', day), printf('db-%03d', number), printf('00000000-0000-4000-9000-%012d', number),
  iif(failed, 'failed', 'success'), 1 + 3 * failed, iif(failed, NULL, date(:now - day * 86400 + 54000, 'unixepoch') || printf('/db-%03d.sql', number)),
  iif(failed, NULL, 3000000 - day * 1000), iif(failed, NULL, 12), iif(failed, NULL, 30000 - day * 10), :now - day * 86400 + 54000,
  :now - day * 86400 + 54060, 2400, iif(failed, 'the rows could not be read: D1 is overloaded', NULL), iif(failed, NULL, 25165824)
FROM results;

INSERT INTO backup_inventory (r2_key, database_name, backup_date, size_bytes, table_count, row_count, created_at, expires_at, job_id, sha256,
  consistency, verified_at, deleted_at, deleted_because)
SELECT r2_key, database_name, substr(r2_key, 1, 10), size_bytes, table_count, row_count, completed_at, completed_at + :kept * 86400, job_id,
  printf('%064x', id), 'snapshot', completed_at + 60, iif(completed_at > :now - :kept * 86400, NULL, completed_at + :kept * 86400),
  iif(completed_at > :now - :kept * 86400, NULL, 'expired')
FROM backup_results WHERE status = 'success' ORDER BY id;

INSERT INTO drills (r2_key, database_name, status, requested_at, started_at, progress_at, completed_at, duration_ms, done_bytes, total_bytes)
SELECT r2_key, database_name, 'passed', created_at, created_at + 1, verified_at, verified_at, 900, size_bytes, size_bytes
FROM backup_inventory ORDER BY id;

INSERT INTO alarms (cause, database_name, summary, opened_at, notified_at, resolved_at)
SELECT 'database_failed', database_name, 'The newest backup of ' || database_name || ' failed: ' || error_message || '.', completed_at, completed_at, completed_at + 86400
FROM backup_results WHERE status = 'failed' ORDER BY id;

INSERT INTO outbox (notice_id, channel, notice, created_at, attempts, delivered_at, last_status)
SELECT 'report-' || job_id, 'webhook', '{"type":"backup_report"}', completed_at, 1, completed_at, 200 FROM backup_jobs ORDER BY id;

INSERT INTO dead_letters (message_id, queue, body, job_id, database_name, error_message, attempts, first_seen_at, last_seen_at, resolution, resolved_at)
SELECT 'message-' || id, 'grove-backups-exports-dlq', json_object('job_id', job_id, 'database', database_name), job_id, database_name,
  error_message, attempts, completed_at, completed_at, 'discarded', completed_at + 3600
FROM backup_results WHERE status = 'failed' ORDER BY id;

INSERT INTO audit_log (at, actor, address, method, path, status)
SELECT completed_at, 'admin', '192.0.2.1', 'GET', '/download/' || backup_date || '/' || database_name, 200
FROM (SELECT created_at AS completed_at, backup_date, database_name FROM backup_inventory WHERE id % 10 = 0 ORDER BY id);

INSERT INTO janitor_state (name, value, updated_at) VALUES ('round', '{}', :now - 600);
