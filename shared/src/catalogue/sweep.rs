//! Finding the results that got stuck: queued without a message, or claimed by an exporter that is gone.

use serde::Deserialize;

use crate::ports::Statement;
use crate::time::Timestamp;

/// A result for which a message is to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Waiting {
    /// The job's UUID.
    pub job_id: String,
    /// The database's name.
    pub database_name: String,
}

/// The results of running jobs that are queued since `since` or longer, longest first: [`Waiting`].
pub fn queued_since(since: Timestamp, limit: u32) -> Statement {
    Statement::new(
        "SELECT r.job_id, r.database_name FROM backup_results r JOIN backup_jobs j ON j.job_id = r.job_id \
         WHERE r.status = 'queued' AND r.started_at <= ?1 AND j.status = 'running' \
         ORDER BY r.started_at, r.id LIMIT ?2",
    )
    .bind(since.seconds())
    .bind(i64::from(limit))
}

/// Queues the running results whose lease ended at or before `lease_ended_by`, or that nobody holds although they were
/// claimed at or before `claimed_by`: [`Waiting`]. One statement compares and sets, so an exporter that claims a result
/// in the meantime keeps it.
pub fn take_back(lease_ended_by: Timestamp, claimed_by: Timestamp, limit: u32) -> Statement {
    Statement::new(
        "UPDATE backup_results SET status = 'queued', lease_token = NULL, lease_expires_at = NULL \
         WHERE id IN (SELECT id FROM backup_results WHERE status = 'running' AND (lease_expires_at <= ?1 \
         OR (lease_expires_at IS NULL AND started_at <= ?2)) LIMIT ?3) \
         RETURNING job_id, database_name",
    )
    .bind(lease_ended_by.seconds())
    .bind(claimed_by.seconds())
    .bind(i64::from(limit))
}

/// Ends as failed the queued results of running jobs whose time is over since `over_since` or longer. It counts from when the job was
/// planned, or the result got another chance, and is of so many seconds: `seconds` has those of databases by name, a JSON object;
/// `of_others` is everybody else's. `changes` is how many.
pub fn end_overdue(
    seconds: String,
    of_others: i64,
    over_since: Timestamp,
    now: Timestamp,
    limit: u32,
) -> Statement {
    Statement::new(
        "UPDATE backup_results SET status = 'failed', completed_at = ?4, duration_ms = max(0, (?4 - started_at) * 1000), \
         lease_token = NULL, lease_expires_at = NULL, error_message = 'No exporter finished it before its deadline was over \
         (deadline_hours in databases.toml). See whether the exporter is deployed, whether its queue is paused or full, and what \
         `npx wrangler tail -c wrangler/exporter.jsonc` says; then trigger a new backup.' \
         || coalesce(' The last attempt: ' || error_message, '') \
         WHERE id IN (SELECT r.id FROM backup_results r JOIN backup_jobs j ON j.job_id = r.job_id \
         WHERE j.status = 'running' AND r.status = 'queued' AND coalesce(r.redriven_at, j.started_at) \
         + coalesce((SELECT d.value FROM json_each(?1) d WHERE d.key = r.database_name), ?2) <= ?3 \
         ORDER BY r.started_at, r.id LIMIT ?5)",
    )
    .bind(seconds)
    .bind(of_others)
    .bind(over_since.seconds())
    .bind(now.seconds())
    .bind(i64::from(limit))
}
