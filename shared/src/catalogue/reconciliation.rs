//! Where the comparison with the bucket has come to, the rows that it compares, and what it finds.
//!
//! There is one run at a time, in one row of `janitor_state`. That row decides from where a run goes on; messages only wake it.

use serde::{Deserialize, Serialize};

use super::leases::integer;
use super::settlement;
use crate::ports::Statement;
use crate::reconciliation::Adopted;
use crate::time::Timestamp;

/// The name of the row.
const NAME: &str = "reconciliation";

/// How long a run may stand still before it is woken again, or another may begin.
pub const PATIENCE_SECONDS: i64 = 3600;

/// A run, as far as it has come.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// When it was begun, Unix seconds.
    pub started_at: i64,
    /// When it was through, Unix seconds.
    pub finished_at: Option<i64>,
    /// The key after which it goes on.
    pub after: Option<String>,
    /// Slices compared.
    pub slices: u64,
    /// Rows that are as they are to be.
    pub in_order: u64,
    /// Backups that got a row.
    pub adopted: u64,
    /// Rows whose objects are gone.
    pub lost: u64,
    /// Rows whose objects are there again.
    pub found_again: u64,
    /// Rows whose objects are not as recorded.
    pub damaged: u64,
    /// Manifests that were not adopted.
    pub unfit: u64,
    /// Dumps that no manifest commits.
    pub strays: u64,
    /// Objects that are none of Cache's.
    pub foreign: u64,
}

/// A row of [`find`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct State {
    /// The [`Run`], JSON.
    pub value: String,
    /// When it last went on, Unix seconds.
    pub updated_at: i64,
}

/// The last run: no or one [`State`].
pub fn find() -> Statement {
    Statement::new("SELECT value, updated_at FROM janitor_state WHERE name = ?1").bind(NAME)
}

/// Begins a run, unless one is under way that went on within [`PATIENCE_SECONDS`], or one was begun at or after `since`.
/// `changes` is 1 when it is begun.
pub fn begin(now: Timestamp, since: Option<Timestamp>) -> Statement {
    let run = Run {
        started_at: now.seconds(),
        ..Run::default()
    };
    // D1 binds numbers as reals, which JSON made by SQLite would show: the text is made here. It always can be.
    let run = serde_json::to_string(&run).unwrap_or_default();
    Statement::new(
        "INSERT INTO janitor_state (name, value, updated_at) VALUES (?1, ?2, ?3) ON CONFLICT (name) DO UPDATE \
         SET value = excluded.value, updated_at = excluded.updated_at \
         WHERE (json_extract(value, '$.finishedAt') IS NOT NULL OR updated_at <= ?4) \
         AND (?5 IS NULL OR json_extract(value, '$.startedAt') < ?5)",
    )
    .bind(NAME)
    .bind(run)
    .bind(now.seconds())
    .bind(now.plus_seconds(-PATIENCE_SECONDS).seconds())
    .bind(since.map(Timestamp::seconds))
}

/// Goes on from `before` to `after`, both as stored, unless somebody else did; `changes` is 1 for who did it.
pub fn advance(before: &str, after: &str, now: Timestamp) -> Statement {
    Statement::new(
        "UPDATE janitor_state SET value = ?3, updated_at = ?4 WHERE name = ?1 AND value = ?2",
    )
    .bind(NAME)
    .bind(before)
    .bind(after)
    .bind(now.seconds())
}

/// The live rows after one key and up to another, in their order: [`crate::reconciliation::KnownBackup`].
pub fn rows(after: Option<&str>, up_to: Option<&str>, limit: u32) -> Statement {
    Statement::new(
        "SELECT id, r2_key, size_bytes, sha256, lost_at, damage FROM backup_inventory INDEXED BY sqlite_autoindex_backup_inventory_1 \
         WHERE r2_key > coalesce(?1, '') AND r2_key <= coalesce(?2, char(1114111)) AND deleted_at IS NULL ORDER BY r2_key LIMIT ?3",
    )
    .bind(after)
    .bind(up_to)
    .bind(i64::from(limit))
}

/// Marks a live row as lost, once. What retention has begun to delete is not lost, however long it waits for its end.
pub fn lost(id: i64, now: Timestamp) -> Statement {
    Statement::new(
        "UPDATE backup_inventory SET lost_at = ?2 \
         WHERE id = ?1 AND lost_at IS NULL AND deleted_at IS NULL AND deleted_because IS NULL",
    )
    .bind(id)
    .bind(now.seconds())
}

/// Takes that mark away.
pub fn found_again(id: i64) -> Statement {
    Statement::new("UPDATE backup_inventory SET lost_at = NULL WHERE id = ?1").bind(id)
}

/// Writes down what of a row's objects disagrees with it, or that nothing does.
pub fn damage(id: i64, damage: Option<&str>) -> Statement {
    Statement::new("UPDATE backup_inventory SET damage = ?2 WHERE id = ?1")
        .bind(id)
        .bind(damage)
}

/// The marks of an adopted backup that are written beside it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Marks {
    /// When it was pinned, Unix seconds.
    pub pinned_at: Option<i64>,
    /// Why.
    pub pin_note: Option<String>,
    /// When a drill last restored it, Unix seconds.
    pub verified_at: Option<i64>,
    /// When a drill last failed, Unix seconds.
    pub drill_failed_at: Option<i64>,
}

/// Gives a backup its row, and its job and result theirs, as far as they have none; to be run as one transaction. The last
/// statement's `changes` tells nothing; the first one's is 1 when the row is new.
///
/// A result that waits or runs is its exporter's: it will record the backup itself, and nothing changes. One that has failed becomes
/// the success that it is. A job of which the catalogue knew nothing is not told of any more.
pub fn adopt(backup: &Adopted, marks: &Marks, now: Timestamp) -> [Statement; 6] {
    let manifest = &backup.manifest;
    let tables = integer(manifest.tables.len().try_into().unwrap_or(u64::MAX));
    let of_result = |sql: &'static str| {
        Statement::new(sql)
            .bind(manifest.job_id.as_str())
            .bind(manifest.database.as_str())
    };
    let inventory = of_result(
        "INSERT INTO backup_inventory (r2_key, database_name, backup_date, size_bytes, table_count, row_count, created_at, \
         expires_at, job_id, sha256, consistency, pinned_at, pin_note, verified_at, drill_failed_at, damage) \
         SELECT ?3, ?2, ?4, ?5, ?6, ?7, ?8, ?9, ?1, ?10, ?11, ?12, ?13, ?14, ?15, ?16 WHERE NOT EXISTS (SELECT 1 \
         FROM backup_results WHERE job_id = ?1 AND database_name = ?2 AND status IN ('queued', 'running')) \
         ON CONFLICT (r2_key) DO UPDATE SET database_name = excluded.database_name, backup_date = excluded.backup_date, \
         size_bytes = excluded.size_bytes, table_count = excluded.table_count, row_count = excluded.row_count, \
         created_at = excluded.created_at, expires_at = excluded.expires_at, job_id = excluded.job_id, \
         sha256 = excluded.sha256, consistency = excluded.consistency, pinned_at = excluded.pinned_at, \
         pin_note = excluded.pin_note, verified_at = excluded.verified_at, drill_failed_at = excluded.drill_failed_at, \
         damage = excluded.damage, lost_at = NULL, deleted_at = NULL, deleted_because = NULL WHERE deleted_at IS NOT NULL",
    )
    .bind(manifest.key.as_str())
    .bind(backup.date.as_str())
    .bind(integer(manifest.size_bytes))
    .bind(tables)
    .bind(integer(manifest.total_rows))
    .bind(backup.created_at)
    .bind(backup.expires_at)
    .bind(manifest.sha256.as_str())
    .bind(manifest.consistency.as_str())
    .bind(marks.pinned_at)
    .bind(marks.pin_note.clone())
    .bind(marks.verified_at)
    .bind(marks.drill_failed_at)
    .bind(backup.damage.clone());
    let job = Statement::new(
        "INSERT INTO backup_jobs (job_id, started_at, status, trigger_type, total_databases, reason, reported_at) \
         VALUES (?1, ?2, 'running', ?3, 0, ?4, ?5) ON CONFLICT (job_id) DO NOTHING",
    )
    .bind(manifest.job_id.as_str())
    .bind(backup.planned_at)
    .bind(backup.trigger)
    .bind(backup.reason.clone())
    .bind(now.seconds());
    let result = of_result(
        "INSERT INTO backup_results (job_id, database_name, database_id, status, r2_key, size_bytes, table_count, row_count, \
         started_at, completed_at, attempts) VALUES (?1, ?2, ?3, 'success', ?4, ?5, ?6, ?7, ?8, ?9, 1) \
         ON CONFLICT (job_id, database_name) DO UPDATE SET status = 'success', r2_key = excluded.r2_key, \
         size_bytes = excluded.size_bytes, table_count = excluded.table_count, row_count = excluded.row_count, \
         completed_at = excluded.completed_at, error_message = NULL WHERE status = 'failed'",
    )
    .bind(manifest.database_id.as_str())
    .bind(manifest.key.as_str())
    .bind(integer(manifest.size_bytes))
    .bind(tables)
    .bind(integer(manifest.total_rows))
    .bind(backup.planned_at)
    .bind(backup.created_at);
    let whole = Statement::new(
        "UPDATE backup_jobs SET total_databases = max(total_databases, (SELECT count(*) FROM backup_results r \
         WHERE r.job_id = ?1)) WHERE job_id = ?1",
    )
    .bind(manifest.job_id.as_str());
    [
        inventory,
        job,
        result,
        whole,
        settlement::reopen(&manifest.job_id),
        settlement::settle(&manifest.job_id),
    ]
}

/// The keys of a job's backup of a database and of the live one before it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Neighbours {
    /// The row of the backup.
    pub id: i64,
    /// The key of its dump.
    pub r2_key: String,
    /// The key of the dump before it; `None` when it is the first.
    pub before: Option<String>,
}

/// A job's live backup of a database, and the one before it that is there: no or one [`Neighbours`].
pub fn neighbours(job_id: &str, database: &str) -> Statement {
    Statement::new(
        "SELECT b.id, b.r2_key, (SELECT o.r2_key FROM backup_inventory o WHERE o.database_name = b.database_name \
         AND o.deleted_at IS NULL AND o.lost_at IS NULL AND (o.created_at, o.id) < (b.created_at, b.id) \
         ORDER BY o.created_at DESC, o.id DESC LIMIT 1) AS before FROM backup_results r \
         JOIN backup_inventory b ON b.r2_key = r.r2_key WHERE r.job_id = ?1 AND r.database_name = ?2 \
         AND r.status = 'success' AND b.job_id = ?1 AND b.deleted_at IS NULL",
    )
    .bind(job_id)
    .bind(database)
}

/// Writes down what has become less since the backup before, or that nothing has.
pub fn shrunk(id: i64, shrunk: Option<&str>) -> Statement {
    Statement::new("UPDATE backup_inventory SET shrunk = ?2 WHERE id = ?1")
        .bind(id)
        .bind(shrunk)
}
