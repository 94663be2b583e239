//! How far an export in pages has come.

use serde::Deserialize;

use super::leases::{Claimant, integer, peak};
use crate::ports::Statement;
use crate::time::Timestamp;

/// What an export in pages has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint<'a> {
    /// Rows written so far.
    pub rows: u64,
    /// Bytes written so far.
    pub bytes: u64,
    /// What the exporter goes on from, JSON.
    pub state: &'a str,
    /// The most bytes of memory that the exporter had, where it knows.
    pub peak_bytes: Option<u64>,
}

/// Saves a checkpoint over the one before and makes the lease last until `until`; to be run as one transaction. The
/// second statement's `changes` is 1 when the lease was still held, else neither changed anything.
pub fn save(
    claimant: &Claimant<'_>,
    checkpoint: &Checkpoint<'_>,
    now: Timestamp,
    until: Timestamp,
) -> [Statement; 2] {
    let saved = claimant
        .statement(
            "INSERT INTO export_checkpoints (job_id, database_name, saved_at, row_count, size_bytes, state) \
             SELECT ?1, ?2, ?4, ?5, ?6, ?7 WHERE EXISTS (SELECT 1 FROM backup_results \
             WHERE job_id = ?1 AND database_name = ?2 AND status = 'running' AND lease_token = ?3) \
             ON CONFLICT (job_id, database_name) DO UPDATE SET saved_at = excluded.saved_at, \
             row_count = excluded.row_count, size_bytes = excluded.size_bytes, state = excluded.state",
        )
        .bind(now.seconds())
        .bind(integer(checkpoint.rows))
        .bind(integer(checkpoint.bytes))
        .bind(checkpoint.state);
    let extended = claimant
        .statement(concat!(
            "UPDATE backup_results SET lease_expires_at = ?4, ",
            peak!("?5"),
            " WHERE job_id = ?1 AND database_name = ?2 AND status = 'running' AND lease_token = ?3",
        ))
        .bind(until.seconds())
        .bind(checkpoint.peak_bytes.map(integer));
    [saved, extended]
}

/// A row of [`find`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Found {
    /// What was saved, JSON.
    pub state: String,
}

/// The checkpoint of a result: no or one [`Found`].
pub fn find(job_id: &str, database: &str) -> Statement {
    Statement::new("SELECT state FROM export_checkpoints WHERE job_id = ?1 AND database_name = ?2")
        .bind(job_id)
        .bind(database)
}

/// Forgets the checkpoint of a result that has ended, or that begins anew, unless somebody else holds the result.
pub fn forget(claimant: &Claimant<'_>) -> Statement {
    claimant.statement(
        "DELETE FROM export_checkpoints WHERE job_id = ?1 AND database_name = ?2 AND NOT EXISTS (SELECT 1 \
         FROM backup_results WHERE job_id = ?1 AND database_name = ?2 AND status = 'running' AND lease_token <> ?3)",
    )
}
