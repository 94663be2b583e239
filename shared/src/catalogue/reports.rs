//! The jobs whose end nobody was told yet.

use serde::Deserialize;

use crate::ports::Statement;
use crate::time::Timestamp;

/// A job that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Unreported {
    /// The job's UUID.
    pub job_id: String,
    /// `completed` or `failed`.
    pub status: String,
    /// `scheduled` or `manual`.
    pub trigger_type: String,
    /// When it ended, in Unix seconds.
    pub ended_at: i64,
    /// From its plan to its end.
    pub duration_ms: Option<i64>,
    /// How many databases it was to back up.
    pub total_databases: u64,
    /// Why it failed.
    pub error_message: Option<String>,
    /// How often somebody tried to back up one of its databases.
    pub attempts: u64,
}

/// The longest finished of the jobs that are not reported: [`Unreported`].
pub fn unreported(limit: u32) -> Statement {
    Statement::new(
        "SELECT job_id, status, trigger_type, coalesce(completed_at, started_at) AS ended_at, duration_ms, \
         total_databases, error_message, (SELECT coalesce(sum(attempts), 0) FROM backup_results r \
         WHERE r.job_id = backup_jobs.job_id) AS attempts FROM backup_jobs INDEXED BY idx_backup_jobs_unreported \
         WHERE reported_at IS NULL AND status <> 'running' ORDER BY completed_at, id LIMIT ?1",
    )
    .bind(i64::from(limit))
}

/// What a job did with a database.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ReportedResult {
    /// The database's name.
    pub database_name: String,
    /// `success`, `failed` or `skipped`.
    pub status: String,
    /// The dump's size.
    pub size_bytes: Option<u64>,
    /// Why it failed.
    pub error_message: Option<String>,
}

/// What a job did with each of its databases: [`ReportedResult`]s.
pub fn results(job_id: &str) -> Statement {
    Statement::new(
        "SELECT database_name, status, size_bytes, substr(error_message, 1, 1000) AS error_message \
         FROM backup_results WHERE job_id = ?1 ORDER BY id",
    )
    .bind(job_id)
}

/// Puts a notice about an ended job into the outbox, while the job is not reported; once only.
pub fn tell(
    job_id: &str,
    notice_id: &str,
    channel: &str,
    notice: &str,
    now: Timestamp,
) -> Statement {
    Statement::new(
        "INSERT INTO outbox (notice_id, channel, notice, created_at, next_attempt_at) SELECT ?2, ?3, ?4, ?5, ?5 \
         WHERE EXISTS (SELECT 1 FROM backup_jobs WHERE job_id = ?1 AND reported_at IS NULL AND status <> 'running') \
         ON CONFLICT (notice_id, channel) DO NOTHING",
    )
    .bind(job_id)
    .bind(notice_id)
    .bind(channel)
    .bind(notice)
    .bind(now.seconds())
}

/// Records that the report of a job tells what the open alarms about it and about the databases that it failed for say:
/// until a day later they are not told again. While the job is not reported.
pub fn alarms_told(job_id: &str, now: Timestamp) -> Statement {
    Statement::new(
        "UPDATE alarms SET notified_at = max(notified_at, ?2) WHERE resolved_at IS NULL \
         AND (cause = 'job_failed' OR (cause = 'database_failed' AND database_name IN \
         (SELECT database_name FROM backup_results WHERE job_id = ?1 AND status = 'failed'))) \
         AND EXISTS (SELECT 1 FROM backup_jobs WHERE job_id = ?1 AND reported_at IS NULL AND status = 'failed')",
    )
    .bind(job_id)
    .bind(now.seconds())
}

/// Records that the end of a job was told. `changes` is 1 for the one who did.
pub fn reported(job_id: &str, now: Timestamp) -> Statement {
    Statement::new(
        "UPDATE backup_jobs SET reported_at = ?2 WHERE job_id = ?1 AND reported_at IS NULL AND status <> 'running'",
    )
    .bind(job_id)
    .bind(now.seconds())
}

/// A scheduled job that runs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Running {
    /// The job's UUID.
    pub job_id: String,
}

/// The scheduled jobs that run, and of whose start `channel` has no notice: [`Running`].
pub fn begun(channel: &str) -> Statement {
    Statement::new(
        "SELECT j.job_id FROM backup_jobs j WHERE j.status = 'running' AND j.trigger_type = 'scheduled' \
         AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.notice_id = 'start-' || j.job_id AND o.channel = ?1) LIMIT 20",
    )
    .bind(channel)
}

/// Puts the notice of a job's start into the outbox, while it runs; once only.
pub fn tell_start(job_id: &str, channel: &str, notice: &str, now: Timestamp) -> Statement {
    Statement::new(
        "INSERT INTO outbox (notice_id, channel, notice, created_at, next_attempt_at) \
         SELECT 'start-' || ?1, ?2, ?3, ?4, ?4 \
         WHERE EXISTS (SELECT 1 FROM backup_jobs WHERE job_id = ?1 AND status = 'running') \
         ON CONFLICT (notice_id, channel) DO NOTHING",
    )
    .bind(job_id)
    .bind(channel)
    .bind(notice)
    .bind(now.seconds())
}

/// Gives up the notice of a job's start that was not delivered: behind the end it would say the opposite.
pub fn supersede_start(job_id: &str) -> Statement {
    Statement::new(
        "UPDATE outbox SET next_attempt_at = NULL, last_error = 'The job had ended before its start was told.' \
         WHERE notice_id = 'start-' || ?1 AND delivered_at IS NULL",
    )
    .bind(job_id)
}
