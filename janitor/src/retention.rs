//! Retention: backups that are due are deleted, the last good one of a database never.

use shared::catalogue::retention::{self, Due};
use shared::manifest::manifest_key;
use shared::ports::{Database, DatabaseError, ObjectStore, StoreError};
use shared::time::Timestamp;

/// Backups read at a time.
const PAGE: u32 = 100;
/// Pages a round: with a query for every backup, well below the 1,000 that D1 takes from one invocation. What is left
/// waits an hour.
const PAGES: u32 = 5;

/// A backup that is due and still there, in part at least.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    /// Nothing has happened to those that were not read.
    #[error("the backups that are due were not read")]
    Read(#[source] DatabaseError),
    /// The dump is still there, and its manifest may be gone.
    #[error("the manifest of a backup that is due was not deleted")]
    Manifest(#[source] StoreError),
    /// The manifest is gone.
    #[error("the dump of a backup that is due was not deleted")]
    Dump(#[source] StoreError),
    /// The objects are gone.
    #[error("the backup `{key}` is deleted, which was not recorded")]
    Record {
        /// The dump's key in the bucket.
        key: String,
        /// What the catalogue said.
        source: DatabaseError,
    },
}

/// What retention came to.
#[derive(Debug, Default)]
pub(crate) struct Retention {
    /// Backups that are gone, and recorded to be.
    pub(crate) deleted: u64,
    /// What did not work. Each comes up again in an hour.
    pub(crate) failures: Vec<RetentionError>,
}

/// Deletes the backups that are due at `now`, page by page.
///
/// 1. Read a page after the one before, so that a backup which cannot be deleted does not hide the others. The newest
///    backup of a database is not among them; one that is recorded in the meantime only makes more of them old.
/// 2. Delete each, whatever became of the others; see [`delete`].
pub(crate) async fn retention<C: Database, B: ObjectStore>(
    catalogue: &C,
    bucket: &B,
    now: Timestamp,
) -> Retention {
    let mut retention = Retention::default();
    let mut last: Option<Due> = None;
    for _ in 0..PAGES {
        let page = match page(catalogue, now, last.as_ref()).await {
            Ok(page) => page,
            Err(error) => {
                retention.failures.push(RetentionError::Read(error));
                break;
            }
        };
        for due in &page {
            match delete(catalogue, bucket, due, now).await {
                Ok(()) => retention.deleted += 1,
                Err(error) => retention.failures.push(error),
            }
        }
        last = page.into_iter().next_back();
        if last.is_none() {
            break;
        }
    }
    retention
}

async fn page<C: Database>(
    catalogue: &C,
    now: Timestamp,
    after: Option<&Due>,
) -> Result<Vec<Due>, DatabaseError> {
    let [due] = catalogue.run([retention::due(now, after, PAGE)]).await?;
    due.read()
}

/// Deletes one backup.
///
/// 1. The manifest goes first: a dump without one does not count, so a stop from here on leaves nothing that looks like a
///    backup and is none. Deleting what is gone succeeds, so every step may happen twice.
/// 2. The dump. A stop leaves the row, which is found again in an hour.
/// 3. The row says that it is deleted, once both are gone. A stop before leaves a row that is found again.
async fn delete<C: Database, B: ObjectStore>(
    catalogue: &C,
    bucket: &B,
    due: &Due,
    now: Timestamp,
) -> Result<(), RetentionError> {
    bucket
        .delete(&manifest_key(&due.r2_key))
        .await
        .map_err(RetentionError::Manifest)?;
    bucket
        .delete(&due.r2_key)
        .await
        .map_err(RetentionError::Dump)?;
    catalogue
        .run([retention::deleted(due.id, now)])
        .await
        .map_err(|source| RetentionError::Record {
            key: due.r2_key.clone(),
            source,
        })?;
    Ok(())
}
