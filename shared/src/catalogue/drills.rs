//! Restore drills: which are wanted, how far each has come, and what its end means for the backup.
//!
//! A drill is open while it is `queued` or `running`; at most one is, of each dump. What ends one, or tells how far it is, does
//! so only while it is open: said again, it changes nothing.

use serde::Deserialize;

use super::leases::integer;
use crate::ports::Statement;
use crate::time::Timestamp;

/// Why nothing is proved of a backup that went before its drill came to an end.
const DELETED: &str = "the backup was deleted meanwhile";

/// Whether the dump `?1` is of a backup that is neither deleted nor being deleted, as an expression.
macro_rules! is_there {
    () => {
        "EXISTS (SELECT 1 FROM backup_inventory WHERE r2_key = ?1 AND deleted_at IS NULL AND deleted_because IS NULL)"
    };
}

/// Whether there never was a drill of the backup `b`, as an expression: one that was requested before is of another backup, which
/// had its key. A backup of the future (a clock was wrong) has none that was requested since.
macro_rules! undrilled {
    () => {
        "NOT EXISTS (SELECT 1 FROM drills d WHERE d.r2_key = b.r2_key AND (d.requested_at >= b.created_at OR b.created_at > ?1))"
    };
}

/// What begins every insertion of a drill: the moment is `?1`.
macro_rules! insert {
    ($($what:expr),+) => {
        concat!(
            "INSERT INTO drills (r2_key, database_name, status, requested_at, total_bytes) \
             SELECT b.r2_key, b.database_name, 'queued', ?1, b.size_bytes FROM ",
            $($what,)+
            " AND b.deleted_at IS NULL AND b.deleted_because IS NULL AND b.lost_at IS NULL \
             ON CONFLICT (r2_key) WHERE status IN ('queued', 'running') DO NOTHING"
        )
    };
}

/// The key of a dump.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Key {
    /// In the bucket.
    pub r2_key: String,
}

/// Requests a drill of the dump `key`, unless one is open, or the backup is deleted, being deleted or lost: `changes` is 1
/// when there is a new one.
pub fn request(key: &str, now: Timestamp) -> Statement {
    Statement::new(insert!("backup_inventory b WHERE b.r2_key = ?2"))
        .bind(now.seconds())
        .bind(key)
}

/// Requests the first drill of the backup that a job made of a database: none when it made none, or when there ever was one
/// of this backup.
pub fn request_first(job_id: &str, database: &str, now: Timestamp) -> Statement {
    Statement::new(insert!(
        "backup_results r JOIN backup_inventory b ON b.r2_key = r.r2_key \
         WHERE r.job_id = ?2 AND r.database_name = ?3 AND r.status = 'success' AND b.job_id = ?2 AND ",
        undrilled!()
    ))
    .bind(now.seconds())
    .bind(job_id)
    .bind(database)
}

/// The drill that is queued of the backup that a job made of a database: no or one [`Key`].
pub fn queued_of(job_id: &str, database: &str) -> Statement {
    Statement::new(
        "SELECT d.r2_key FROM backup_results r JOIN drills d ON d.r2_key = r.r2_key \
         WHERE r.job_id = ?1 AND r.database_name = ?2 AND d.status = 'queued'",
    )
    .bind(job_id)
    .bind(database)
}

/// The backups that are there and no drill was ever requested of, the newest of each database first: [`Key`]s. One that was
/// adopted with the outcome of a drill has had one.
pub fn wanted(now: Timestamp, limit: u32) -> Statement {
    Statement::new(concat!(
        "SELECT r2_key FROM (SELECT b.r2_key, b.created_at, row_number() OVER (PARTITION BY b.database_name \
         ORDER BY b.created_at DESC, b.id DESC) AS place FROM backup_inventory b \
         WHERE b.deleted_at IS NULL AND b.verified_at IS NULL AND b.drill_failed_at IS NULL \
         AND b.deleted_because IS NULL AND b.lost_at IS NULL AND ",
        undrilled!(),
        ") ORDER BY place, created_at DESC, r2_key LIMIT ?2",
    ))
    .bind(now.seconds())
    .bind(i64::from(limit))
}

/// The newest backup of each database that is there, where its newest drill ended at or before that moment and none is open:
/// [`Key`]s. The names are found one by one in the index of live backups, instead of reading all of them.
pub fn monthly(before: Timestamp, limit: u32) -> Statement {
    Statement::new(
        "WITH RECURSIVE names (name) AS (SELECT min(database_name) FROM backup_inventory WHERE deleted_at IS NULL \
         UNION ALL SELECT (SELECT min(database_name) FROM backup_inventory WHERE deleted_at IS NULL \
         AND database_name > names.name) FROM names WHERE names.name IS NOT NULL) \
         SELECT b.r2_key FROM names JOIN backup_inventory b ON b.id = (SELECT id FROM backup_inventory \
         WHERE database_name = names.name AND deleted_at IS NULL AND deleted_because IS NULL AND lost_at IS NULL \
         ORDER BY created_at DESC, id DESC LIMIT 1) \
         WHERE b.created_at <= ?1 AND coalesce(b.verified_at, 0) <= ?1 AND coalesce(b.drill_failed_at, 0) <= ?1 \
         AND NOT EXISTS (SELECT 1 FROM drills d WHERE d.r2_key = b.r2_key \
         AND (d.status IN ('queued', 'running') OR d.completed_at > ?1)) ORDER BY b.created_at, b.id LIMIT ?2",
    )
    .bind(before.seconds())
    .bind(i64::from(limit))
}

/// The open drills that did not go on since `since`, those that stand still for longest first: [`Key`]s.
pub fn to_restart(since: Timestamp, limit: u32) -> Statement {
    Statement::new(
        "SELECT d.r2_key FROM drills d WHERE d.status IN ('queued', 'running') \
         AND coalesce(d.progress_at, d.requested_at) <= ?1 \
         ORDER BY coalesce(d.progress_at, d.requested_at), d.id LIMIT ?2",
    )
    .bind(since.seconds())
    .bind(i64::from(limit))
}

/// A drill that goes on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Begun {
    /// When its first slice began, in Unix seconds.
    pub started_at: i64,
    /// Slices that were begun since the last that got on, with this one.
    pub failures: u32,
    /// Why the last of them did not.
    pub error_message: Option<String>,
}

/// Whether the backup of a drill is there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct There {
    /// 1 when it is neither deleted nor being deleted.
    pub is_there: u8,
}

/// Begins a slice of the open drill of `key`: no or one [`Begun`], then one [`There`]. The slice counts as failed until
/// [`progress`] says that it was not, so that one which ends the program counts too.
pub fn begin(key: &str, now: Timestamp) -> [Statement; 2] {
    let begun = Statement::new(
        "UPDATE drills SET status = 'running', started_at = coalesce(started_at, ?2), progress_at = ?2, \
         failures = failures + 1 WHERE r2_key = ?1 AND status IN ('queued', 'running') \
         RETURNING started_at, failures, error_message",
    )
    .bind(key)
    .bind(now.seconds());
    [begun, there(key)]
}

/// Records that a slice got on, and that so many bytes of text are restored.
pub fn progress(key: &str, done_bytes: u64, now: Timestamp) -> Statement {
    Statement::new(
        "UPDATE drills SET done_bytes = ?2, progress_at = ?3, failures = 0, error_message = NULL \
         WHERE r2_key = ?1 AND status IN ('queued', 'running')",
    )
    .bind(key)
    .bind(integer(done_bytes))
    .bind(now.seconds())
}

/// Records why a slice did not get on.
pub fn stumble(key: &str, error: &str) -> Statement {
    Statement::new(
        "UPDATE drills SET error_message = ?2 WHERE r2_key = ?1 AND status IN ('queued', 'running')",
    )
    .bind(key)
    .bind(error)
}

/// How a drill ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End<'a> {
    /// `passed`, `failed` or `unproved`.
    pub status: &'a str,
    /// The first error, or why nothing is proved.
    pub error: Option<&'a str>,
    /// When.
    pub now: Timestamp,
    /// Since its first slice.
    pub duration_ms: i64,
}

/// Ends the open drill of `key`; to be run as one transaction. First what it means for the backup: one that passed is
/// verified, one that failed is not good, and of others nothing is known that was not. Then the drill itself; where the
/// backup is deleted, or being deleted, it proves nothing, whatever it came to: what it read may have been gone by then. Then
/// one [`There`].
pub fn end(key: &str, end: &End<'_>) -> [Statement; 3] {
    let inventory = Statement::new(
        "UPDATE backup_inventory SET verified_at = iif(?2 = 'passed', ?3, verified_at), \
         drill_failed_at = iif(?2 = 'passed', NULL, ?3) WHERE r2_key = ?1 AND ?2 IN ('passed', 'failed') \
         AND deleted_at IS NULL AND deleted_because IS NULL \
         AND EXISTS (SELECT 1 FROM drills WHERE r2_key = ?1 AND status IN ('queued', 'running'))",
    )
    .bind(key)
    .bind(end.status)
    .bind(end.now.seconds());
    let drill = Statement::new(concat!(
        "UPDATE drills SET status = iif(",
        is_there!(),
        ", ?2, 'unproved'), error_message = iif(",
        is_there!(),
        ", ?3, ?4), completed_at = ?5, duration_ms = ?6, done_bytes = iif(?2 = 'passed', total_bytes, done_bytes) \
         WHERE r2_key = ?1 AND status IN ('queued', 'running')",
    ))
    .bind(key)
    .bind(end.status)
    .bind(end.error)
    .bind(DELETED)
    .bind(end.now.seconds())
    .bind(end.duration_ms);
    [inventory, drill, there(key)]
}

fn there(key: &str) -> Statement {
    Statement::new(concat!("SELECT ", is_there!(), " AS is_there")).bind(key)
}
