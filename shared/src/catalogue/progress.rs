//! What a person wants to see beside the results of a job: what it made, and what there was before.

use serde::Deserialize;

use crate::ports::Statement;

/// A backup that a job made, and that is there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Made {
    /// Its row.
    pub id: i64,
    /// The database's name.
    pub database_name: String,
    /// When a restore drill last restored it, in Unix seconds.
    pub verified_at: Option<i64>,
}

/// The backups that a job made: [`Made`]. Each is found by its key, which its result has.
pub fn made(job_id: &str) -> Statement {
    Statement::new(
        "SELECT b.id, b.database_name, b.verified_at FROM backup_results r JOIN backup_inventory b ON b.r2_key = r.r2_key \
         WHERE r.job_id = ?1 AND r.status = 'success' AND b.deleted_at IS NULL",
    )
    .bind(job_id)
}

/// What there is of a database that is being backed up.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Previous {
    /// The database's name.
    pub database_name: String,
    /// The size of the text of its newest backup, in bytes.
    pub size_bytes: u64,
}

/// The newest stored backup of each database that a job is not done with: [`Previous`].
pub fn previous(job_id: &str) -> Statement {
    Statement::new(
        "SELECT b.database_name, b.size_bytes FROM backup_results r JOIN backup_inventory b ON b.id = \
         (SELECT id FROM backup_inventory WHERE database_name = r.database_name AND deleted_at IS NULL \
         ORDER BY created_at DESC, id DESC LIMIT 1) WHERE r.job_id = ?1 AND r.status IN ('queued', 'running')",
    )
    .bind(job_id)
}
