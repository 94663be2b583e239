//! Finding the backups that are due to be deleted, and recording that they are.

use serde::Deserialize;

use crate::ports::Statement;
use crate::time::Timestamp;

/// A backup that is due to be deleted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Due {
    /// Its row.
    pub id: i64,
    /// The dump's key in the bucket.
    pub r2_key: String,
    /// Since when it is due, in Unix seconds.
    pub expires_at: i64,
}

/// A page of the backups that are due at `now`, longest due first, after the one that ended the page before: [`Due`].
///
/// The newest backup of a database is never among them, be it as old as it may.
pub fn due(now: Timestamp, after: Option<&Due>, limit: u32) -> Statement {
    Statement::new(
        "SELECT id, r2_key, expires_at FROM backup_inventory b WHERE b.deleted_at IS NULL AND b.expires_at <= ?1 \
         AND (?2 IS NULL OR (b.expires_at, b.id) > (?2, ?3)) \
         AND b.id <> (SELECT n.id FROM backup_inventory n WHERE n.database_name = b.database_name \
         AND n.deleted_at IS NULL ORDER BY n.created_at DESC, n.id DESC LIMIT 1) \
         ORDER BY b.expires_at, b.id LIMIT ?4",
    )
    .bind(now.seconds())
    .bind(after.map(|due| due.expires_at))
    .bind(after.map(|due| due.id))
    .bind(i64::from(limit))
}

/// Records that the backup of row `id` is gone; once only.
pub fn deleted(id: i64, now: Timestamp) -> Statement {
    Statement::new(
        "UPDATE backup_inventory SET deleted_at = ?2 WHERE id = ?1 AND deleted_at IS NULL",
    )
    .bind(id)
    .bind(now.seconds())
}
