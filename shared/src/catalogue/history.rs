//! What ran in the last weeks, added up by week, so that little is read of a long history.
//!
//! The days of one database are in [`overview::history`](super::overview::history). Results are found by their database and moment in `idx_backup_results_db`. Moments are Unix seconds, sizes bytes.

use serde::Deserialize;

use crate::ports::Statement;
use crate::time::Timestamp;

/// A week of a database in which something ran.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct WeekRow {
    /// The database's name.
    pub database_name: String,
    /// Which week, from 0.
    pub week: i64,
    /// On how many of its days a backup was made.
    pub success: u64,
    /// How many failed.
    pub failed: u64,
    /// How many are queued or running.
    pub unfinished: u64,
    /// The size of the newest backup.
    pub size_bytes: Option<u64>,
}

/// The weeks from `since` on of each of `names`, a JSON array: [`WeekRow`]s. A result counts where its last attempt began.
///
/// D1 binds every number as a REAL, hence the cast: it divides to whole numbers.
///
/// The size is of the row with the newest moment, as SQLite promises beside a maximum:
/// <https://www.sqlite.org/lang_select.html#bareagg>.
pub fn weeks(names: &str, since: Timestamp) -> Statement {
    Statement::new(
        "SELECT database_name, week, success, failed, unfinished, iif(newest IS NULL, NULL, size_bytes) AS size_bytes FROM (\
         SELECT r.database_name, (r.started_at - CAST(?2 AS INTEGER)) / 604800 AS week, \
         count(DISTINCT iif(r.status = 'success', (r.started_at - CAST(?2 AS INTEGER)) / 86400, NULL)) AS success, \
         count(iif(r.status = 'failed', 1, NULL)) AS failed, \
         count(iif(r.status IN ('queued', 'running'), 1, NULL)) AS unfinished, \
         max(iif(r.status = 'success', r.started_at, NULL)) AS newest, r.size_bytes \
         FROM json_each(?1) n CROSS JOIN backup_results r ON r.database_name = n.value AND r.started_at >= ?2 \
         GROUP BY r.database_name, week)",
    )
    .bind(names)
    .bind(since.seconds())
}

/// Since when the registry has a database.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct KnownRow {
    /// The database's name.
    pub database_name: String,
    /// When it was first seen.
    pub first_seen_at: i64,
}

/// Since when each of `names`, a JSON array, is known: [`KnownRow`]s of those that are.
pub fn known(names: &str) -> Statement {
    Statement::new(
        "SELECT k.database_name, k.first_seen_at FROM json_each(?1) n CROSS JOIN registered_databases k \
         ON k.database_name = n.value",
    )
    .bind(names)
}
