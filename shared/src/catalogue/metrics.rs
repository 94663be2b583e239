//! What the metrics are made of: three queries, however long the history is.
//!
//! Each looks at the newest rows of each database of the registry by an index, and no farther back than a hundred of them. A
//! monitor asks every minute, and D1 bills the rows that are read. Moments are Unix seconds, durations milliseconds,
//! sizes bytes. Nothing is counted over a whole history.

use serde::Deserialize;

use crate::ports::Statement;
use crate::time::Timestamp;

/// So many jobs, results or drills back is looked for one of a kind.
const FAR: i64 = 100;
/// So many of what is open are counted.
const MOST: i64 = 1000;

/// What is known of one database of the registry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct DatabaseRow {
    /// Its name.
    pub database_name: String,
    /// When its newest backup that is still there was recorded.
    pub succeeded_at: Option<i64>,
    /// The size of the text of that backup.
    pub size_bytes: Option<u64>,
    /// Rows in it.
    pub row_count: Option<u64>,
    /// How long its export took; `None` also when the result of it is gone.
    pub duration_ms: Option<u64>,
    /// When a drill last restored a backup of it.
    pub verified_at: Option<i64>,
    /// The status of its newest drill.
    pub drill_status: Option<String>,
    /// How many of its newest results failed one after the other, up to a hundred; `None` when none has ended.
    pub failures_in_a_row: Option<u64>,
    /// How many of its results failed since the moment that was asked for.
    pub failures: u64,
}

/// One [`DatabaseRow`] for each of `names`, a JSON array, with the failures after `since`. What failed since then was
/// begun after `begun`.
pub fn databases(names: &str, since: Timestamp, begun: Timestamp) -> Statement {
    Statement::new(
        "SELECT n.value AS database_name, b.created_at AS succeeded_at, b.size_bytes, b.row_count, max(0, r.duration_ms) AS duration_ms, \
         (SELECT completed_at FROM (SELECT completed_at, status FROM drills WHERE database_name = n.value \
         ORDER BY id DESC LIMIT ?4) WHERE status = 'passed' LIMIT 1) AS verified_at, \
         (SELECT status FROM drills WHERE database_name = n.value ORDER BY id DESC LIMIT 1) AS drill_status, \
         iif(EXISTS (SELECT 1 FROM backup_results WHERE database_name = n.value AND status IN ('success', 'failed')), \
         (SELECT count(*) FROM (SELECT 1 FROM backup_results WHERE database_name = n.value AND status = 'failed' \
         AND started_at > coalesce((SELECT started_at FROM (SELECT started_at, status FROM backup_results \
         WHERE database_name = n.value ORDER BY started_at DESC LIMIT ?4) WHERE status = 'success' LIMIT 1), -1) \
         ORDER BY started_at DESC LIMIT ?4)), NULL) AS failures_in_a_row, \
         (SELECT count(*) FROM backup_results WHERE database_name = n.value AND started_at > ?3 \
         AND status = 'failed' AND completed_at > ?2) AS failures \
         FROM json_each(?1) n LEFT JOIN backup_inventory b ON b.id = (SELECT id FROM backup_inventory \
         WHERE database_name = n.value AND deleted_at IS NULL AND lost_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 1) \
         LEFT JOIN backup_results r ON r.job_id = b.job_id AND r.database_name = b.database_name",
    )
    .bind(names)
    .bind(since.seconds())
    .bind(begun.seconds())
    .bind(FAR)
}

/// What is known of Cache as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct TotalsRow {
    /// When the newest job ended that backed up every database it was to.
    pub succeeded_at: Option<i64>,
    /// How long the newest job that ended took.
    pub duration_ms: Option<u64>,
    /// When the janitor began its last round.
    pub round_at: Option<i64>,
    /// Dead letters that nobody has decided about, up to a thousand.
    pub open_letters: u64,
}

/// One [`TotalsRow`].
pub fn totals() -> Statement {
    Statement::new(
        "SELECT (SELECT completed_at FROM (SELECT completed_at, status FROM backup_jobs INDEXED BY idx_backup_jobs_started \
         ORDER BY started_at DESC LIMIT ?1) WHERE status = 'completed' LIMIT 1) AS succeeded_at, \
         (SELECT max(0, duration_ms) FROM (SELECT duration_ms, status FROM backup_jobs INDEXED BY idx_backup_jobs_started \
         ORDER BY started_at DESC LIMIT ?1) WHERE status <> 'running' LIMIT 1) AS duration_ms, \
         (SELECT updated_at FROM janitor_state WHERE name = 'round') AS round_at, \
         (SELECT count(*) FROM (SELECT 1 FROM dead_letters WHERE resolved_at IS NULL LIMIT ?2)) AS open_letters",
    )
    .bind(FAR)
    .bind(MOST)
}

/// An alarm that is open.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AlarmRow {
    /// Its cause, a word.
    pub cause: String,
    /// The database that it is about; empty when it is about none.
    pub database_name: String,
}

/// The open alarms by cause and database, each once: [`AlarmRow`]s.
pub fn alarms() -> Statement {
    Statement::new(
        "SELECT cause, database_name FROM alarms WHERE resolved_at IS NULL ORDER BY cause, database_name LIMIT ?1",
    )
    .bind(MOST)
}

#[cfg(test)]
mod tests;
