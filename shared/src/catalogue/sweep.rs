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
