//! What the api reads of the catalogue: one function for each query, and the rows that it answers with.
//!
//! Every query reads a bounded number of rows by an index, however long the history is. Moments are Unix seconds, durations
//! milliseconds, sizes bytes. Counts of a running job are taken from its results; one that has ended has them itself.

use serde::Deserialize;

use crate::ports::Statement;

/// Finds out whether the catalogue answers and has its tables. Answers with at most one row, of no meaning.
pub fn probe() -> Statement {
    Statement::new("SELECT 1 AS found FROM backup_jobs LIMIT 1")
}

/// A job, with what its results came to so far.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct JobView {
    /// The job's UUID.
    pub job_id: String,
    /// `running`, `completed` or `failed`.
    pub status: String,
    /// `scheduled` or `manual`.
    pub trigger_type: String,
    /// Why somebody triggered it.
    pub reason: Option<String>,
    /// When it was planned.
    pub started_at: i64,
    /// When its last database was done.
    pub completed_at: Option<i64>,
    /// From the first to the second.
    pub duration_ms: Option<i64>,
    /// How many databases it is to back up.
    pub total_databases: u64,
    /// How many it has backed up.
    pub successful: u64,
    /// How many it could not back up.
    pub failed: u64,
    /// What its dumps take.
    pub size_bytes: u64,
    /// Why it failed as a whole.
    pub error_message: Option<String>,
}

/// `SELECT … FROM backup_jobs j` with the columns of a [`JobView`], and what follows.
macro_rules! jobs {
    ($rest:literal) => {
        concat!(
            "SELECT j.job_id, j.status, j.trigger_type, j.reason, j.started_at, j.completed_at, j.duration_ms, ",
            "j.total_databases, j.error_message, ",
            "CASE j.status WHEN 'running' THEN (SELECT count(*) FROM backup_results r WHERE r.job_id = j.job_id ",
            "AND r.status = 'success') ELSE j.successful_count END AS successful, ",
            "CASE j.status WHEN 'running' THEN (SELECT count(*) FROM backup_results r WHERE r.job_id = j.job_id ",
            "AND r.status = 'failed') ELSE j.failed_count END AS failed, ",
            "CASE j.status WHEN 'running' THEN (SELECT coalesce(sum(r.size_bytes), 0) FROM backup_results r ",
            "WHERE r.job_id = j.job_id AND r.status = 'success') ELSE j.total_size_bytes END AS size_bytes ",
            "FROM backup_jobs j ",
            $rest
        )
    };
}
pub(super) use jobs;

/// The job of that id: no or one [`JobView`].
pub fn job(job_id: &str) -> Statement {
    Statement::new(jobs!("WHERE j.job_id = ?1")).bind(job_id)
}

/// The newest jobs, newest first: [`JobView`]s.
pub fn recent_jobs(limit: u32) -> Statement {
    Statement::new(jobs!("ORDER BY j.started_at DESC, j.id DESC LIMIT ?1")).bind(i64::from(limit))
}

/// The newest job that has ended: no or one [`JobView`].
pub fn last_ended_job() -> Statement {
    Statement::new(jobs!(
        "WHERE j.status <> 'running' ORDER BY j.started_at DESC, j.id DESC LIMIT 1"
    ))
}

/// The newest job that is running: no or one [`JobView`].
pub fn running_job() -> Statement {
    Statement::new(jobs!(
        "WHERE j.status = 'running' ORDER BY j.started_at DESC, j.id DESC LIMIT 1"
    ))
}

/// What a job did with one database.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ResultView {
    /// The job's UUID.
    pub job_id: String,
    /// The database's name.
    pub database_name: String,
    /// The database's D1 id.
    pub database_id: String,
    /// `queued`, `running`, `success`, `failed` or `skipped`.
    pub status: String,
    /// How often an exporter began.
    pub attempts: u64,
    /// The dump's key in the bucket.
    pub r2_key: Option<String>,
    /// The dump's size.
    pub size_bytes: Option<u64>,
    /// Tables in the dump.
    pub table_count: Option<u64>,
    /// Rows in the dump.
    pub row_count: Option<u64>,
    /// When it was queued, then when an exporter last began.
    pub started_at: i64,
    /// When it ended.
    pub completed_at: Option<i64>,
    /// How long the export took.
    pub duration_ms: Option<i64>,
    /// Why it failed, or why the last attempt did.
    pub error_message: Option<String>,
    /// The most bytes of WebAssembly memory that an exporter of it had, as far as is known.
    pub peak_wasm_bytes: Option<u64>,
    /// Rows written so far of an export in pages.
    pub rows_so_far: Option<u64>,
    /// Bytes written so far of an export in pages.
    pub bytes_so_far: Option<u64>,
}

/// `SELECT` with the columns of a [`ResultView`], and what follows.
macro_rules! results {
    ($rest:literal) => {
        concat!(
            "SELECT r.job_id, r.database_name, r.database_id, r.status, r.attempts, r.r2_key, r.size_bytes, ",
            "r.table_count, r.row_count, r.started_at, r.completed_at, r.duration_ms, r.error_message, r.peak_wasm_bytes, ",
            "(SELECT c.row_count FROM export_checkpoints c WHERE c.job_id = r.job_id ",
            "AND c.database_name = r.database_name AND r.status IN ('queued', 'running')) AS rows_so_far, ",
            "(SELECT c.size_bytes FROM export_checkpoints c WHERE c.job_id = r.job_id ",
            "AND c.database_name = r.database_name AND r.status IN ('queued', 'running')) AS bytes_so_far ",
            $rest
        )
    };
}

/// What a job did with each of its databases, in the order in which they were queued: [`ResultView`]s.
pub fn results(job_id: &str) -> Statement {
    Statement::new(results!(
        "FROM backup_results r WHERE r.job_id = ?1 ORDER BY r.id"
    ))
    .bind(job_id)
}

/// A backup that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Unfinished {
    /// The job's UUID.
    pub job_id: String,
    /// The database's name.
    pub database_name: String,
}

/// The backups of the databases of `names`, a JSON array, that are queued or running for another job than `job_id`:
/// [`Unfinished`].
pub fn unfinished(names: &str, job_id: &str) -> Statement {
    Statement::new(
        "SELECT r.job_id, r.database_name FROM json_each(?1) n JOIN backup_results r INDEXED BY idx_backup_results_unfinished \
         ON r.database_name = n.value AND r.status IN ('queued', 'running') WHERE r.job_id <> ?2 ORDER BY r.id",
    )
    .bind(names)
    .bind(job_id)
}

/// The newest result of a database: no or one [`ResultView`].
pub fn newest_result(database: &str) -> Statement {
    Statement::new(results!(
        "FROM backup_results r WHERE r.database_name = ?1 ORDER BY r.started_at DESC, r.id DESC LIMIT 1"
    ))
    .bind(database)
}

/// The newest result of each database of `names`, a JSON array: [`ResultView`]s.
pub fn newest_results(names: &str) -> Statement {
    Statement::new(results!(
        "FROM json_each(?1) n JOIN backup_results r ON r.id = (SELECT id FROM backup_results \
         WHERE database_name = n.value ORDER BY started_at DESC, id DESC LIMIT 1)"
    ))
    .bind(names)
}

/// A dump that is in the bucket, as far as the catalogue knows.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct BackupView {
    /// Its row.
    pub id: i64,
    /// The database's name.
    pub database_name: String,
    /// The UTC date of the backup, `YYYY-MM-DD`.
    pub backup_date: String,
    /// The dump's key in the bucket.
    pub r2_key: String,
    /// The job that made it.
    pub job_id: Option<String>,
    /// The size of its text.
    pub size_bytes: u64,
    /// Tables in it.
    pub table_count: Option<u64>,
    /// Rows in it.
    pub row_count: Option<u64>,
    /// SHA-256 of its text, lower-case hex.
    pub sha256: Option<String>,
    /// `snapshot` when one transaction read it all, else `paged`.
    pub consistency: Option<String>,
    /// When it was recorded.
    pub created_at: i64,
    /// When it is due to be deleted.
    pub expires_at: i64,
    /// When somebody pinned it.
    pub pinned_at: Option<i64>,
    /// When a restore drill last restored it.
    pub verified_at: Option<i64>,
}

/// `SELECT` with the columns of a [`BackupView`], and what follows.
macro_rules! backups {
    ($rest:literal) => {
        concat!(
            "SELECT b.id, b.database_name, b.backup_date, b.r2_key, b.job_id, b.size_bytes, b.table_count, b.row_count, ",
            "b.sha256, b.consistency, b.created_at, b.expires_at, b.pinned_at, b.verified_at ",
            $rest
        )
    };
}

/// Which backups to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BackupFilter {
    /// Only this database's.
    pub database: Option<String>,
    /// Only this date's, `YYYY-MM-DD`.
    pub date: Option<String>,
}

/// A page of the stored backups that pass, newest first: [`BackupView`]s.
///
/// A statement for each combination, because a condition that may not be there keeps SQLite from using an index for it.
pub fn backups(filter: &BackupFilter, limit: u32, offset: u32) -> Statement {
    let statement = match (&filter.database, &filter.date) {
        (None, None) => Statement::new(backups!(
            "FROM backup_inventory b WHERE b.deleted_at IS NULL \
             ORDER BY b.created_at DESC, b.id DESC LIMIT ?1 OFFSET ?2"
        )),
        (Some(_), None) => Statement::new(backups!(
            "FROM backup_inventory b WHERE b.deleted_at IS NULL AND b.database_name = ?3 \
             ORDER BY b.created_at DESC, b.id DESC LIMIT ?1 OFFSET ?2"
        )),
        (None, Some(_)) => Statement::new(backups!(
            "FROM backup_inventory b WHERE b.deleted_at IS NULL AND b.backup_date = ?3 \
             ORDER BY b.created_at DESC, b.id DESC LIMIT ?1 OFFSET ?2"
        )),
        (Some(_), Some(_)) => Statement::new(backups!(
            "FROM backup_inventory b WHERE b.deleted_at IS NULL AND b.database_name = ?3 AND b.backup_date = ?4 \
             ORDER BY b.created_at DESC, b.id DESC LIMIT ?1 OFFSET ?2"
        )),
    };
    filter.bind(statement.bind(i64::from(limit)).bind(i64::from(offset)))
}

/// How many backups pass: one [`Count`]. Only a date has its rows counted.
pub fn backup_count(filter: &BackupFilter) -> Statement {
    filter.bind(Statement::new(match (&filter.database, &filter.date) {
        (None, None) => "SELECT coalesce(sum(backups), 0) AS count FROM stored_totals",
        (Some(_), None) => {
            "SELECT coalesce(sum(backups), 0) AS count FROM stored_totals WHERE database_name = ?1"
        }
        (None, Some(_)) => {
            "SELECT count(*) AS count FROM backup_inventory b WHERE b.deleted_at IS NULL AND b.backup_date = ?1"
        }
        (Some(_), Some(_)) => {
            "SELECT count(*) AS count FROM backup_inventory b WHERE b.deleted_at IS NULL \
             AND b.database_name = ?1 AND b.backup_date = ?2"
        }
    }))
}

impl BackupFilter {
    /// Binds what it asks for, in this order, behind what is bound already.
    fn bind(&self, statement: Statement) -> Statement {
        let wanted = [&self.database, &self.date];
        let wanted = wanted.into_iter().flatten();
        wanted.fold(statement, |statement, value| statement.bind(value.as_str()))
    }
}

/// A number of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Count {
    /// The number.
    pub count: u64,
}

/// The newest stored backup of a database on a date, or the one that `job_id` made then: no or one [`BackupView`].
pub fn backup_on(database: &str, date: &str, job_id: Option<&str>) -> Statement {
    Statement::new(backups!(
        "FROM backup_inventory b WHERE b.deleted_at IS NULL AND b.database_name = ?1 AND b.backup_date = ?2 \
         AND (?3 IS NULL OR b.job_id = ?3) ORDER BY b.created_at DESC, b.id DESC LIMIT 1"
    ))
    .bind(database)
    .bind(date)
    .bind(job_id)
}

/// The newest `limit` stored backups of a database, newest first: [`BackupView`]s.
pub fn backups_of(database: &str, limit: u32) -> Statement {
    Statement::new(backups!(
        "FROM backup_inventory b WHERE b.deleted_at IS NULL AND b.database_name = ?1 \
         ORDER BY b.created_at DESC, b.id DESC LIMIT ?2"
    ))
    .bind(database)
    .bind(i64::from(limit))
}

/// The newest stored backup of each database of `names`, a JSON array: [`BackupView`]s.
pub fn newest_backups(names: &str) -> Statement {
    Statement::new(backups!(
        "FROM json_each(?1) n JOIN backup_inventory b ON b.id = (SELECT id FROM backup_inventory \
         WHERE database_name = n.value AND deleted_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 1)"
    ))
    .bind(names)
}

/// All stored backups together, and what is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StorageView {
    /// How many there are.
    pub total_backups: u64,
    /// What they take.
    pub size_bytes: u64,
    /// The oldest one's date; `None` when there is none.
    pub oldest: Option<String>,
    /// The newest one's date; `None` when there is none.
    pub newest: Option<String>,
    /// How many alarms are open.
    pub open_alarms: u64,
}

/// What is stored: one [`StorageView`].
pub fn storage() -> Statement {
    Statement::new(
        "SELECT coalesce(sum(backups), 0) AS total_backups, coalesce(sum(size_bytes), 0) AS size_bytes, \
         (SELECT min(backup_date) FROM backup_inventory WHERE deleted_at IS NULL) AS oldest, \
         (SELECT max(backup_date) FROM backup_inventory WHERE deleted_at IS NULL) AS newest, \
         (SELECT count(*) FROM alarms WHERE resolved_at IS NULL) AS open_alarms FROM stored_totals",
    )
}
