//! Writing down what is to be backed up.

use serde::{Deserialize, Serialize};

use crate::ports::Statement;
use crate::time::Timestamp;

/// Inserts a running job; nothing when there is one of that id. `changes` tells which.
pub fn insert(
    job_id: &str,
    trigger: &'static str,
    reason: Option<&str>,
    databases: u32,
    now: Timestamp,
) -> Statement {
    Statement::new(
        "INSERT INTO backup_jobs (job_id, started_at, status, trigger_type, total_databases, reason) \
         VALUES (?1, ?2, 'running', ?3, ?4, ?5) ON CONFLICT (job_id) DO NOTHING",
    )
    .bind(job_id)
    .bind(now.seconds())
    .bind(trigger)
    .bind(i64::from(databases))
    .bind(reason)
}

/// A database of a job that is to be inserted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Planned<'registry> {
    /// Its name.
    pub name: &'registry str,
    /// Its D1 id.
    pub id: &'registry str,
}

/// Inserts a queued result for each of `databases`, a JSON array of [`Planned`]; nothing when the job has any result.
/// So a job keeps the databases that it was first planned with.
pub fn insert_results(job_id: &str, databases: String, now: Timestamp) -> Statement {
    Statement::new(
        "INSERT INTO backup_results (job_id, database_name, database_id, status, started_at) \
         SELECT ?1, json_extract(value, '$.name'), json_extract(value, '$.id'), 'queued', ?3 FROM json_each(?2) \
         WHERE NOT EXISTS (SELECT 1 FROM backup_results WHERE job_id = ?1) ORDER BY key",
    )
    .bind(job_id)
    .bind(databases)
    .bind(now.seconds())
}

/// A database for which a job has a queued result.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Queued {
    /// Its name.
    pub database_name: String,
}

/// The databases of a job that no exporter has begun with, in the order in which they were planned: [`Queued`].
pub fn queued(job_id: &str) -> Statement {
    Statement::new(
        "SELECT database_name FROM backup_results WHERE job_id = ?1 AND status = 'queued' ORDER BY id",
    )
    .bind(job_id)
}
