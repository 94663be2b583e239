//! A result from its claim to its end, as the exporter writes it.
//!
//! Every write names the lease's token, so that an exporter whose lease was taken over changes nothing.

use serde::Deserialize;

use crate::manifest::Manifest;
use crate::ports::Statement;
use crate::time::Timestamp;

/// Keeps the highest peak of an export's invocations: `peak_wasm_bytes = …` of an UPDATE, with the parameter that has the
/// present one.
macro_rules! peak {
    ($parameter:literal) => {
        concat!(
            "peak_wasm_bytes = nullif(max(coalesce(peak_wasm_bytes, 0), coalesce(",
            $parameter,
            ", 0)), 0)"
        )
    };
}
pub(super) use peak;

/// Which result, and who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claimant<'a> {
    /// The job's UUID.
    pub job_id: &'a str,
    /// The database's name.
    pub database: &'a str,
    /// A token that no other claim has.
    pub token: &'a str,
}

impl Claimant<'_> {
    /// A statement whose first three parameters are the job, the database and the token.
    pub(super) fn statement(&self, sql: &'static str) -> Statement {
        Statement::new(sql)
            .bind(self.job_id)
            .bind(self.database)
            .bind(self.token)
    }
}

/// Takes a result that is queued or whose lease ran out, unless another job's export of the same database is under
/// way. `changes` is 1 for the one who has it now.
pub fn claim(claimant: &Claimant<'_>, now: Timestamp, until: Timestamp) -> Statement {
    claimant
        .statement(
            "UPDATE backup_results SET status = 'running', attempts = attempts + 1, started_at = ?4, \
             lease_token = ?3, lease_expires_at = ?5 WHERE job_id = ?1 AND database_name = ?2 \
             AND (status = 'queued' OR (status = 'running' AND lease_expires_at <= ?4)) \
             AND NOT EXISTS (SELECT 1 FROM backup_results o WHERE o.database_name = ?2 AND o.status = 'running' \
             AND o.job_id <> ?1 AND o.lease_expires_at > ?4)",
        )
        .bind(now.seconds())
        .bind(until.seconds())
}

/// A result as a claimant finds it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ResultState {
    /// `queued`, `running`, `success`, `failed` or `skipped`.
    pub status: String,
    /// How often it was claimed.
    pub attempts: u32,
    /// When its job was planned, Unix seconds.
    pub planned_at: i64,
    /// When it got another chance after its end, Unix seconds: its deadline counts from there.
    pub redriven_at: Option<i64>,
    /// What planned its job: `scheduled` or `manual`.
    pub trigger_type: String,
    /// Why somebody triggered it.
    pub reason: Option<String>,
    /// 1 when the first key that its backup could have is that of another job's, or was: such a backup may be being deleted, and
    /// what is put there anew would go with it.
    #[serde(default)]
    pub is_key_taken: u8,
}

/// The result as it is: no or one [`ResultState`].
pub fn state(job_id: &str, database: &str) -> Statement {
    Statement::new(
        "SELECT r.status, r.attempts, j.started_at AS planned_at, r.redriven_at, j.trigger_type, j.reason, \
         EXISTS (SELECT 1 FROM backup_inventory i WHERE i.r2_key IN (date(j.started_at, 'unixepoch') || '/' || r.database_name || '.sql', \
         date(j.started_at, 'unixepoch') || '/' || r.database_name || '.sql.gz') AND i.job_id IS NOT r.job_id) AS is_key_taken \
         FROM backup_results r JOIN backup_jobs j ON j.job_id = r.job_id WHERE r.job_id = ?1 AND r.database_name = ?2",
    )
    .bind(job_id)
    .bind(database)
}

/// Gives a claim back, so that the next delivery can take it. `error` stays as the reason why there was another; without
/// one, the export only goes on in another invocation. `peak` are the bytes of memory that this one had at most.
pub fn release(claimant: &Claimant<'_>, error: Option<&str>, peak: Option<u64>) -> Statement {
    claimant
        .statement(concat!(
            "UPDATE backup_results SET status = 'queued', lease_token = NULL, lease_expires_at = NULL, error_message = ?4, ",
            peak!("?5"),
            " WHERE job_id = ?1 AND database_name = ?2 AND status = 'running' AND lease_token = ?3",
        ))
        .bind(error)
        .bind(peak.map(integer))
}

/// Ends a result that no other attempt would save.
pub fn fail(claimant: &Claimant<'_>, error: &str, peak: Option<u64>, now: Timestamp) -> Statement {
    claimant
        .statement(concat!(
            "UPDATE backup_results SET status = 'failed', lease_token = NULL, lease_expires_at = NULL, error_message = ?4, ",
            "completed_at = ?5, duration_ms = (?5 - started_at) * 1000, ",
            peak!("?6"),
            " WHERE job_id = ?1 AND database_name = ?2 AND status = 'running' AND lease_token = ?3",
        ))
        .bind(error)
        .bind(now.seconds())
        .bind(peak.map(integer))
}

/// A dump that is stored, with what the catalogue keeps of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredDump<'a> {
    /// What is beside it in the bucket.
    pub manifest: &'a Manifest,
    /// The UTC date of the backup, `YYYY-MM-DD`.
    pub date: &'a str,
    /// When it is recorded.
    pub now: Timestamp,
    /// When it may be deleted, where its manifest does not say so.
    pub expires: Timestamp,
    /// How long the export took.
    pub duration_ms: i64,
    /// The most bytes of memory that the exporter had, where it knows.
    pub peak_bytes: Option<u64>,
}

/// Records a stored dump: its row of the inventory (a row of a backup that was deleted from the same key becomes this
/// one's, without its marks), then the end of its result. What its manifest says of the moments goes before `stored`,
/// so that the row is the same whoever records it, and whenever. To be run as one transaction; the
/// second statement's `changes` is 1 when the lease was still held, else neither changed anything.
pub fn record(claimant: &Claimant<'_>, stored: &StoredDump<'_>) -> [Statement; 2] {
    let manifest = stored.manifest;
    let origin = manifest.origin.as_ref();
    let tables = count(manifest.tables.len());
    let inventory = claimant
        .statement(
            "INSERT INTO backup_inventory (r2_key, database_name, backup_date, size_bytes, table_count, row_count, \
             created_at, expires_at, job_id, sha256, consistency) SELECT ?4, ?2, ?5, ?6, ?7, ?8, ?9, ?10, ?1, ?11, ?12 \
             WHERE EXISTS (SELECT 1 FROM backup_results WHERE job_id = ?1 AND database_name = ?2 \
             AND status = 'running' AND lease_token = ?3) ON CONFLICT (r2_key) DO UPDATE SET size_bytes = excluded.size_bytes, \
             table_count = excluded.table_count, row_count = excluded.row_count, created_at = excluded.created_at, \
             expires_at = excluded.expires_at, job_id = excluded.job_id, sha256 = excluded.sha256, \
             consistency = excluded.consistency, deleted_at = NULL, deleted_because = NULL, locked_at = NULL, lost_at = NULL, damage = NULL, \
             pinned_at = iif(job_id IS excluded.job_id, pinned_at, NULL), \
             pin_note = iif(job_id IS excluded.job_id, pin_note, NULL), \
             verified_at = iif(job_id IS excluded.job_id, verified_at, NULL), \
             drill_failed_at = iif(job_id IS excluded.job_id, drill_failed_at, NULL), \
             shrunk = iif(job_id IS excluded.job_id, shrunk, NULL)",
        )
        .bind(manifest.key.as_str())
        .bind(stored.date)
        .bind(integer(manifest.size_bytes))
        .bind(tables)
        .bind(integer(manifest.total_rows))
        .bind(origin.map_or(stored.now.seconds(), |origin| origin.created_at))
        .bind(origin.map_or(stored.expires.seconds(), |origin| origin.expires_at))
        .bind(manifest.sha256.as_str())
        .bind(manifest.consistency.as_str());
    let result = claimant
        .statement(concat!(
            "UPDATE backup_results SET status = 'success', lease_token = NULL, lease_expires_at = NULL, error_message = NULL, ",
            "r2_key = ?4, size_bytes = ?5, table_count = ?6, row_count = ?7, completed_at = ?8, duration_ms = ?9, ",
            peak!("?10"),
            " WHERE job_id = ?1 AND database_name = ?2 AND status = 'running' AND lease_token = ?3",
        ))
        .bind(manifest.key.as_str())
        .bind(integer(manifest.size_bytes))
        .bind(tables)
        .bind(integer(manifest.total_rows))
        .bind(stored.now.seconds())
        .bind(stored.duration_ms)
        .bind(stored.peak_bytes.map(integer));
    [inventory, result]
}

pub(super) fn integer(value: u64) -> i64 {
    value.try_into().unwrap_or(i64::MAX)
}

fn count(length: usize) -> i64 {
    length.try_into().unwrap_or(i64::MAX)
}
