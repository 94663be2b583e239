//! What the api reads of the catalogue to show it: pages of jobs, every database at a glance, one backup with all that is known.
//!
//! Each query finds its rows by an index, and reads no more of them than a page, the newest of each database, or the last weeks of
//! each have, however long the history is. Moments are Unix seconds, durations milliseconds, sizes bytes.

use serde::Deserialize;

use super::views::{self, BackupView};
use crate::ports::{DatabaseError, Statement};
use crate::time::Timestamp;

/// How many jobs a page with filters looks through.
pub const LOOKED_THROUGH: u32 = 500;

/// So many backups of a database back is looked for a good or a verified one.
const FAR: i64 = 100;

/// Days in the history of a database, today's among them.
pub const HISTORY_DAYS: u16 = 84;

/// So many drills of a backup are read.
const DRILLS: i64 = 20;

/// Which jobs to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// Only of this status: `running`, `completed` or `failed`.
    pub status: Option<String>,
    /// Only those that this started: `scheduled` or `manual`.
    pub trigger: Option<String>,
    /// Only those that were to back up this database.
    pub database: Option<String>,
}

impl JobFilter {
    /// How many jobs a page of `limit` looks through.
    pub fn looked_through(&self, limit: u32) -> u32 {
        if *self == Self::default() {
            limit
        } else {
            LOOKED_THROUGH.max(limit)
        }
    }
}

/// A page of the jobs that pass, newest first, from behind the job `before`: [`JobView`](super::views::JobView)s. It looks through so
/// many as [`JobFilter::looked_through`] says, so it may have fewer than `limit` although there are more: see [`last_looked_at`].
pub fn jobs(filter: &JobFilter, before: Option<&str>, limit: u32) -> Statement {
    Statement::new(views::jobs!(
        "WHERE j.id IN (SELECT s.id FROM (SELECT * FROM backup_jobs INDEXED BY idx_backup_jobs_newest WHERE (started_at, id) < \
         (coalesce((SELECT started_at FROM backup_jobs WHERE job_id = ?1), 9007199254740991), \
         coalesce((SELECT id FROM backup_jobs WHERE job_id = ?1), 9007199254740991)) \
         ORDER BY started_at DESC, id DESC LIMIT ?2) s WHERE (?4 IS NULL OR s.status = ?4) AND (?5 IS NULL OR s.trigger_type = ?5) \
         AND (?6 IS NULL OR EXISTS (SELECT 1 FROM backup_results r WHERE r.job_id = s.job_id AND r.database_name = ?6)) \
         ORDER BY s.started_at DESC, s.id DESC LIMIT ?3) ORDER BY j.started_at DESC, j.id DESC"
    ))
    .bind(before)
    .bind(i64::from(filter.looked_through(limit)))
    .bind(i64::from(limit))
    .bind(filter.status.clone())
    .bind(filter.trigger.clone())
    .bind(filter.database.clone())
}

/// A job's id.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct JobId {
    /// The job's UUID.
    pub job_id: String,
}

/// The last job that a page looks at, where it looks at so many as it may: no or one [`JobId`]. From behind it the next page goes on
/// when this one is not full.
pub fn last_looked_at(filter: &JobFilter, before: Option<&str>, limit: u32) -> Statement {
    let most = filter.looked_through(limit);
    Statement::new(
        "SELECT job_id FROM backup_jobs INDEXED BY idx_backup_jobs_newest WHERE (started_at, id) < \
         (coalesce((SELECT started_at FROM backup_jobs WHERE job_id = ?1), 9007199254740991), \
         coalesce((SELECT id FROM backup_jobs WHERE job_id = ?1), 9007199254740991)) \
         ORDER BY started_at DESC, id DESC LIMIT 1 OFFSET ?2",
    )
    .bind(before)
    .bind(i64::from(most.saturating_sub(1)))
}

/// Whether the catalogue knows something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Known {
    /// 1 when it does.
    pub is_known: u8,
}

/// Whether there is a job of that id: one [`Known`].
pub fn is_job(job_id: Option<&str>) -> Statement {
    Statement::new("SELECT EXISTS (SELECT 1 FROM backup_jobs WHERE job_id = ?1) AS is_known")
        .bind(job_id)
}

/// Whether any job was to back up the database: one [`Known`].
pub fn was_backed_up(database: Option<&str>) -> Statement {
    Statement::new(
        "SELECT EXISTS (SELECT 1 FROM backup_results WHERE database_name = ?1) AS is_known",
    )
    .bind(database)
}

/// A database's name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Name {
    /// The name.
    pub database_name: String,
}

/// The databases of which a backup is stored, by name: at most `limit` [`Name`]s.
pub fn stored_databases(limit: u32) -> Statement {
    Statement::new(
        "SELECT database_name FROM stored_totals WHERE backups > 0 ORDER BY database_name LIMIT ?1",
    )
    .bind(i64::from(limit))
}

/// A backup to point at.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Landmark {
    /// It.
    #[serde(flatten)]
    pub backup: BackupView,
    /// 1 when it is the newest good one: all of it is there as it was recorded, and its newest drill that came to an end has
    /// not failed.
    pub is_good: u8,
    /// 1 when it is the newest of the good ones that a drill has restored.
    pub is_verified: u8,
}

/// The newest good and the newest verified backup of each database of `names`, a JSON array, among the newest hundred of each: up to
/// two [`Landmark`]s of a database.
pub fn landmarks(names: &str) -> Statement {
    macro_rules! newest {
        ($($condition:literal)?) => {
            concat!(
                "(SELECT id FROM (SELECT id, deleted_because, lost_at, damage, drill_failed_at, verified_at FROM backup_inventory WHERE database_name = n.value AND deleted_at IS NULL \
                 ORDER BY created_at DESC, id DESC LIMIT ?2) WHERE deleted_because IS NULL AND lost_at IS NULL \
                 AND damage IS NULL AND drill_failed_at IS NULL",
                $($condition,)?
                " LIMIT 1)"
            )
        };
    }
    Statement::new(concat!(
        "WITH newest AS (SELECT ",
        newest!(),
        " AS good, ",
        newest!(" AND verified_at IS NOT NULL"),
        " AS verified FROM json_each(?1) n) \
         SELECT b.id, b.database_name, b.backup_date, b.r2_key, b.job_id, b.size_bytes, b.table_count, b.row_count, \
         b.sha256, b.consistency, b.created_at, b.expires_at, b.pinned_at, b.verified_at, \
         b.id = w.good AS is_good, coalesce(b.id = w.verified, 0) AS is_verified \
         FROM newest w JOIN backup_inventory b ON b.id IN (w.good, w.verified)",
    ))
    .bind(names)
    .bind(FAR)
}

/// What is stored of a database.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Stored {
    /// The database's name.
    pub database_name: String,
    /// How many backups.
    pub backups: u64,
    /// What they take as text.
    pub size_bytes: u64,
    /// When the oldest one was recorded.
    pub oldest_at: Option<i64>,
    /// When the newest one was recorded.
    pub newest_at: Option<i64>,
}

/// What is stored of each database of `names`, a JSON array: one [`Stored`] of each, in their order.
pub fn stored(names: &str) -> Statement {
    Statement::new(
        "SELECT n.value AS database_name, coalesce(t.backups, 0) AS backups, coalesce(t.size_bytes, 0) AS size_bytes, \
         (SELECT min(created_at) FROM backup_inventory WHERE database_name = n.value AND deleted_at IS NULL) AS oldest_at, \
         (SELECT max(created_at) FROM backup_inventory WHERE database_name = n.value AND deleted_at IS NULL) AS newest_at \
         FROM json_each(?1) n LEFT JOIN stored_totals t ON t.database_name = n.value ORDER BY n.key",
    )
    .bind(names)
}

/// The last weeks of a database.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct History {
    /// The database's name.
    pub database_name: String,
    /// A JSON array, which [`History::days`] reads.
    pub days: String,
}

/// What became of a database on one day.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Day {
    /// The UTC date on which the exports began, `YYYY-MM-DD`.
    pub date: String,
    /// How many of its backups succeeded.
    pub successful: u64,
    /// How many failed.
    pub failed: u64,
    /// How many were skipped.
    pub skipped: u64,
    /// How many are queued or running.
    pub unfinished: u64,
    /// The size of the newest one that succeeded.
    pub size_bytes: Option<u64>,
    /// The rows in it.
    pub row_count: Option<u64>,
}

impl History {
    /// The days on which something was done, oldest first.
    pub fn days(&self) -> Result<Vec<Day>, DatabaseError> {
        serde_json::from_str(&self.days).map_err(|error| DatabaseError::Shape {
            message: format!("the history of `{}`: {error}", self.database_name),
        })
    }
}

/// The moment at which the history of [`HISTORY_DAYS`] begins.
pub fn history_begins(now: Timestamp) -> Timestamp {
    const DAY: i64 = 86_400;
    let days = now.seconds().div_euclid(DAY) - i64::from(HISTORY_DAYS) + 1;
    Timestamp::from_seconds(days * DAY)
}

/// What became of each database of `names`, a JSON array, day by day since then: one [`History`] of each, in their order. It is from
/// the results, so it also tells of backups that are deleted by now.
pub fn history(names: &str, since: Timestamp) -> Statement {
    // Beside max(), SQLite takes the other columns from the row that has it: https://sqlite.org/lang_select.html#bareagg
    Statement::new(
        "SELECT n.value AS database_name, (SELECT json_group_array(json_array(day, successful, failed, skipped, unfinished, \
         iif(successful > 0, size_bytes, NULL), iif(successful > 0, row_count, NULL)) ORDER BY day) FROM (\
         SELECT date(started_at, 'unixepoch') AS day, sum(status = 'success') AS successful, sum(status = 'failed') AS failed, \
         sum(status = 'skipped') AS skipped, sum(status IN ('queued', 'running')) AS unfinished, \
         max(iif(status = 'success', started_at, NULL)), size_bytes, row_count FROM backup_results \
         WHERE database_name = n.value AND started_at >= ?2 GROUP BY day)) AS days FROM json_each(?1) n ORDER BY n.key",
    )
    .bind(names)
    .bind(since.seconds())
}

/// All that the catalogue has of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct BackupDetails {
    /// What every list has.
    #[serde(flatten)]
    pub backup: BackupView,
    /// Why somebody pinned it.
    pub pin_note: Option<String>,
    /// When a lock of the bucket last refused to let it go.
    pub locked_at: Option<i64>,
    /// When it was deleted.
    pub deleted_at: Option<i64>,
    /// Why it is deleted, or being deleted.
    pub deleted_because: Option<String>,
    /// When a drill of it last failed; `None` after one that passed.
    pub drill_failed_at: Option<i64>,
    /// When its objects were found to be gone.
    pub lost_at: Option<i64>,
    /// What of its objects disagrees with its row.
    pub damage: Option<String>,
    /// What it has less than the backup before.
    pub shrunk: Option<String>,
}

/// The backup of row `id`, also when it is gone: no or one [`BackupDetails`].
pub fn backup(id: i64) -> Statement {
    Statement::new(
        "SELECT id, database_name, backup_date, r2_key, job_id, size_bytes, table_count, row_count, sha256, consistency, created_at, \
         expires_at, pinned_at, verified_at, pin_note, locked_at, deleted_at, deleted_because, drill_failed_at, lost_at, damage, shrunk \
         FROM backup_inventory WHERE id = ?1",
    )
    .bind(id)
}

/// A restore drill of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DrillView {
    /// Its row.
    pub id: i64,
    /// `queued`, `running`, `passed`, `failed`, or `unproved` when no drill can restore the dump alone.
    pub status: String,
    /// When it was asked for.
    pub requested_at: i64,
    /// When it began.
    pub started_at: Option<i64>,
    /// When it was last seen to go on.
    pub progress_at: Option<i64>,
    /// When it ended.
    pub completed_at: Option<i64>,
    /// From the beginning to the end.
    pub duration_ms: Option<i64>,
    /// How much of the text is restored.
    pub done_bytes: u64,
    /// How much text there is.
    pub total_bytes: u64,
    /// The first error, why nothing is proved, or why it did not get on so far.
    pub error_message: Option<String>,
}

/// The newest drills of the backup of row `id`, newest first: [`DrillView`]s. One that was requested before is of another backup,
/// which had its key; a backup of the future (a clock was wrong) has none that was requested since.
pub fn drills_of(id: i64, now: Timestamp) -> Statement {
    Statement::new(
        "SELECT d.id, d.status, d.requested_at, d.started_at, d.progress_at, d.completed_at, d.duration_ms, d.done_bytes, d.total_bytes, \
         d.error_message FROM backup_inventory b JOIN drills d ON d.r2_key = b.r2_key \
         WHERE b.id = ?1 AND (d.requested_at >= b.created_at OR b.created_at > ?2) ORDER BY d.id DESC LIMIT ?3",
    )
    .bind(id)
    .bind(now.seconds())
    .bind(DRILLS)
}

#[cfg(test)]
mod tests;
