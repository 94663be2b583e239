//! Finding the backups that are due to be deleted, recording what became of them, and pins.

use serde::Deserialize;

use crate::ports::Statement;
use crate::time::Timestamp;

/// The status of the newest result of a database that has ended well or badly, as an expression: a database whose backup
/// is running is judged by the one before.
macro_rules! latest_status {
    ($database:literal) => {
        concat!(
            "(SELECT r.status FROM backup_results r WHERE r.database_name = ",
            $database,
            " AND r.status IN ('success', 'failed') ORDER BY r.started_at DESC, r.id DESC LIMIT 1)"
        )
    };
}

/// A database that has backups.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Name {
    /// Its name.
    pub database_name: String,
}

/// The databases with a live backup whose time is over at `now`, by name: [`Name`]s. The plus sign keeps SQLite from reading
/// the index of all live backups, which has the names in order: <https://sqlite.org/optoverview.html#disqualifying_where_clause_terms_using_unary_>
pub fn databases_with_due(now: Timestamp) -> Statement {
    Statement::new(
        "SELECT DISTINCT +database_name AS database_name FROM backup_inventory \
         WHERE deleted_at IS NULL AND expires_at <= ?1 ORDER BY 1",
    )
    .bind(now.seconds())
}

/// The databases with a live backup, by name: [`Name`]s.
pub fn databases(limit: u32) -> Statement {
    Statement::new(
        "SELECT DISTINCT database_name FROM backup_inventory WHERE deleted_at IS NULL ORDER BY database_name LIMIT ?1",
    )
    .bind(i64::from(limit))
}

/// The newest `limit` live backups of a database, newest first: [`Backup`](crate::retention::Backup)s.
pub fn live(database: &str, limit: u32) -> Statement {
    Statement::new(
        "SELECT id, r2_key, created_at, expires_at, verified_at, drill_failed_at, pinned_at, pin_note, lost_at, locked_at, \
         deleted_because FROM backup_inventory WHERE database_name = ?1 AND deleted_at IS NULL \
         ORDER BY created_at DESC, id DESC LIMIT ?2",
    )
    .bind(database)
    .bind(i64::from(limit))
}

/// How the latest backup of a database ended.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Latest {
    /// `success` or `failed`; `None` when none has ended.
    pub status: Option<String>,
}

impl Latest {
    /// Whether it failed.
    pub fn failed(&self) -> bool {
        self.status.as_deref() == Some("failed")
    }
}

/// How the latest backup of a database ended: one [`Latest`].
pub fn latest(database: &str) -> Statement {
    Statement::new(concat!("SELECT ", latest_status!("?1"), " AS status")).bind(database)
}

/// Begins to delete the backup of row `id`, for that reason: `changes` is 1 when it may go on, 0 when the backup is gone,
/// has been pinned in the meantime, or the latest backup of its database has failed. From then on it cannot be pinned.
/// The same again changes nothing but the reason.
pub fn begin(id: i64, because: &str) -> Statement {
    Statement::new(concat!(
        "UPDATE backup_inventory SET deleted_because = ?2 WHERE id = ?1 AND deleted_at IS NULL AND pinned_at IS NULL ",
        "AND coalesce(",
        latest_status!("backup_inventory.database_name"),
        ", '') <> 'failed'"
    ))
    .bind(id)
    .bind(because)
}

/// Records that a lock of the bucket refused to let the backup go. One that `is_whole` is none that is being deleted.
pub fn locked(id: i64, is_whole: bool, now: Timestamp) -> Statement {
    Statement::new(
        "UPDATE backup_inventory SET locked_at = ?2, deleted_because = iif(?3 = 1, NULL, deleted_because) \
         WHERE id = ?1 AND deleted_at IS NULL",
    )
    .bind(id)
    .bind(now.seconds())
    .bind(i64::from(is_whole))
}

/// Records that the backup of row `id` is gone; once only.
pub fn deleted(id: i64, now: Timestamp) -> Statement {
    Statement::new(
        "UPDATE backup_inventory SET deleted_at = ?2 WHERE id = ?1 AND deleted_at IS NULL",
    )
    .bind(id)
    .bind(now.seconds())
}

/// What decides whether a backup can be pinned.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Pinnable {
    /// Its row.
    pub id: i64,
    /// The database's name.
    pub database_name: String,
    /// The dump's key in the bucket.
    pub r2_key: String,
    /// The UTC date of the backup, `YYYY-MM-DD`.
    pub backup_date: String,
    /// The job that made it.
    pub job_id: Option<String>,
    /// When it was pinned, in Unix seconds.
    pub pinned_at: Option<i64>,
    /// Why.
    pub pin_note: Option<String>,
    /// When it was deleted, in Unix seconds.
    pub deleted_at: Option<i64>,
    /// Why it is deleted, or being deleted.
    pub deleted_because: Option<String>,
    /// When its objects were found to be gone, in Unix seconds.
    pub lost_at: Option<i64>,
}

/// The backup of row `id`, also when it is gone: no or one [`Pinnable`].
pub fn pinnable(id: i64) -> Statement {
    Statement::new(
        "SELECT id, database_name, r2_key, backup_date, job_id, pinned_at, pin_note, deleted_at, deleted_because, lost_at \
         FROM backup_inventory WHERE id = ?1",
    )
    .bind(id)
}

/// Pins the backup of row `id`, or gives its pin another note; `changes` is 0 when it is deleted, being deleted, or lost.
pub fn pin(id: i64, note: Option<&str>, pinned_at: i64) -> Statement {
    Statement::new(
        "UPDATE backup_inventory SET pinned_at = ?2, pin_note = ?3 \
         WHERE id = ?1 AND deleted_at IS NULL AND deleted_because IS NULL AND lost_at IS NULL",
    )
    .bind(id)
    .bind(pinned_at)
    .bind(note)
}

/// Takes the pin of row `id` away.
pub fn unpin(id: i64) -> Statement {
    Statement::new("UPDATE backup_inventory SET pinned_at = NULL, pin_note = NULL WHERE id = ?1")
        .bind(id)
}
