-- Which databases have a backup under way: who asks for another one is told so.
CREATE INDEX idx_backup_results_unfinished ON backup_results(database_name) WHERE status IN ('queued', 'running');
