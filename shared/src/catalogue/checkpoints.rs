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

/// A checkpoint that nobody goes on from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Abandoned {
    /// The job's UUID.
    pub job_id: String,
    /// The database's name.
    pub database_name: String,
    /// The key of what was being uploaded, as the exporter saved it.
    pub key: Option<String>,
    /// The upload's id, likewise.
    pub upload: Option<String>,
}

/// Reads at most `limit` checkpoints, as [`Abandoned`], from which nobody goes on: their result has ended, or they were saved
/// at or before `before` and nobody holds it.
pub fn abandoned(before: Timestamp, now: Timestamp, limit: u32) -> Statement {
    Statement::new(
        "SELECT c.job_id, c.database_name, json_extract(c.state, '$.key') AS key, json_extract(c.state, '$.upload') AS upload \
         FROM export_checkpoints c WHERE NOT EXISTS (SELECT 1 FROM backup_results r WHERE r.job_id = c.job_id \
         AND r.database_name = c.database_name AND r.status IN ('queued', 'running') \
         AND (c.saved_at > ?1 OR r.lease_expires_at > ?2)) ORDER BY c.job_id, c.database_name LIMIT ?3",
    )
    .bind(before.seconds())
    .bind(now.seconds())
    .bind(i64::from(limit))
}

/// Forgets such a checkpoint, if it still is one.
pub fn discard(job_id: &str, database: &str, before: Timestamp, now: Timestamp) -> Statement {
    Statement::new(
        "DELETE FROM export_checkpoints WHERE job_id = ?1 AND database_name = ?2 AND NOT EXISTS (SELECT 1 FROM backup_results r \
         WHERE r.job_id = ?1 AND r.database_name = ?2 AND r.status IN ('queued', 'running') \
         AND (export_checkpoints.saved_at > ?3 OR r.lease_expires_at > ?4))",
    )
    .bind(job_id)
    .bind(database)
    .bind(before.seconds())
    .bind(now.seconds())
}
