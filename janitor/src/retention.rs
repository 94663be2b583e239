//! Retention: what the plan of `shared::retention` lets go is deleted, one database after the other.

use shared::catalogue::retention::{self, Latest, Name};
use shared::manifest::{drill_key, manifest_key, pin_key};
use shared::ports::{Database, DatabaseError, ObjectStore, StoreError};
use shared::registry::Registry;
use shared::retention::{Backup, Decision, MOST_BACKUPS, Verdict, plan};
use shared::time::Timestamp;

/// Databases looked at in a round, with two queries each, and backups deleted in one, with two queries each: together
/// below the 1,000 that D1 takes from one invocation, with room for the other parts of a round. What is left waits an hour.
/// <https://developers.cloudflare.com/d1/platform/limits/>
const MOST_DATABASES: usize = 100;
/// See [`MOST_DATABASES`].
const MOST_DELETIONS: usize = 300;

/// Retention did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    /// Nothing has happened.
    #[error("the databases with backups that are due were not read")]
    Read(#[source] DatabaseError),
    /// Nothing of this database was deleted.
    #[error("the backups of `{database}` were not read")]
    Backups {
        /// The database's name.
        database: String,
        /// What the catalogue said.
        source: DatabaseError,
    },
    /// Nothing of it is deleted, and it may be marked as being deleted: the next round goes on with it.
    #[error("the deletion of the backup `{key}` was not begun")]
    Begin {
        /// The dump's key in the bucket.
        key: String,
        /// What the catalogue said.
        source: DatabaseError,
    },
    /// The dump is still there, and its manifest may be gone.
    #[error("the manifest of a backup that is due was not deleted")]
    Manifest(#[source] StoreError),
    /// The manifest is gone.
    #[error("the dump of a backup that is due was not deleted")]
    Dump(#[source] StoreError),
    /// Manifest and dump are gone; what was written about them may be there.
    #[error("what was written beside a backup that is due was not deleted")]
    Beside(#[source] StoreError),
    /// The objects are gone.
    #[error("the backup `{key}` is deleted, which was not recorded")]
    Record {
        /// The dump's key in the bucket.
        key: String,
        /// What the catalogue said.
        source: DatabaseError,
    },
    /// A lock kept it; it is asked again in an hour, not in a day.
    #[error("a lock of the bucket keeps the backup `{key}`, which was not recorded")]
    RecordLock {
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
    /// Backups that a lock of the bucket kept this time.
    pub(crate) locked: u64,
    /// What did not work. Each comes up again in an hour.
    pub(crate) failures: Vec<RetentionError>,
}

/// How the deletion of one backup ended.
enum Outcome {
    Deleted,
    Locked,
    /// Somebody pinned it, or a backup of its database failed, since it was planned.
    Stays,
}

/// Deletes what goes at `now`.
///
/// 1. Find the databases that have something due. Each hour begins with another one, so that none waits for ever behind
///    those that take all of a round.
/// 2. Read the backups of one and how its latest backup ended, at one instant, and plan. What is recorded in the meantime
///    is newer: it makes others old, and none young.
/// 3. Delete what the plan lets go, whatever became of the others; see [`delete`].
pub(crate) async fn retention<C: Database, B: ObjectStore>(
    catalogue: &C,
    bucket: &B,
    registry: &Registry,
    now: Timestamp,
) -> Retention {
    let mut retention = Retention::default();
    let names = match names(catalogue, now).await {
        Ok(names) => names,
        Err(error) => {
            retention.failures.push(RetentionError::Read(error));
            return retention;
        }
    };
    let mut tried = 0;
    for name in names {
        let decisions = match decisions(catalogue, registry, &name, now).await {
            Ok(decisions) => decisions,
            Err(source) => {
                retention.failures.push(RetentionError::Backups {
                    database: name,
                    source,
                });
                continue;
            }
        };
        // Oldest first: a stop leaves the newer ones.
        let goes = decisions
            .iter()
            .rev()
            .filter(|decision| decision.verdict == Verdict::Delete);
        for decision in goes {
            if tried == MOST_DELETIONS {
                return retention;
            }
            tried += 1;
            match delete(catalogue, bucket, decision, now).await {
                Ok(Outcome::Deleted) => retention.deleted += 1,
                Ok(Outcome::Locked) => retention.locked += 1,
                Ok(Outcome::Stays) => {}
                Err(error) => retention.failures.push(error),
            }
        }
    }
    retention
}

async fn names<C: Database>(catalogue: &C, now: Timestamp) -> Result<Vec<String>, DatabaseError> {
    let [due] = catalogue.run([retention::databases_with_due(now)]).await?;
    let names: Vec<Name> = due.read()?;
    let mut names: Vec<String> = names.into_iter().map(|name| name.database_name).collect();
    let step = if names.len() > MOST_DATABASES {
        MOST_DATABASES
    } else {
        1
    };
    let hour = usize::try_from(now.seconds() / 3600).unwrap_or_default();
    let first = hour.wrapping_mul(step).checked_rem(names.len());
    names.rotate_left(first.unwrap_or_default());
    names.truncate(MOST_DATABASES);
    Ok(names)
}

async fn decisions<C: Database>(
    catalogue: &C,
    registry: &Registry,
    name: &str,
    now: Timestamp,
) -> Result<Vec<Decision>, DatabaseError> {
    let [live, latest] = catalogue
        .run([retention::live(name, MOST_BACKUPS), retention::latest(name)])
        .await?;
    let live: Vec<Backup> = live.read()?;
    let latest: Option<Latest> = latest.first()?;
    let failed = latest.is_some_and(|latest| latest.failed());
    Ok(plan(live, failed, &registry.keep_rules(name), now))
}

/// Deletes one backup.
///
/// 1. Mark it as being deleted, if nobody has pinned it and its database's latest backup has not failed: one statement
///    compares and sets, so either the pin is first and the backup stays, or it comes later and is refused. A failure that is
///    recorded after this step comes too late for this one backup, as does a drill that fails on the floor between the plan
///    and here; the floor of the plan itself is still there. A stop leaves the mark: the next round goes on with it, and until
///    then it counts as half gone. The same again changes nothing.
/// 2. The manifest goes first: a dump without one does not count, so a stop from here on leaves nothing that looks like a
///    backup and is none. Deleting what is gone succeeds, so every step may happen twice. Where a lock refuses and
///    the manifest is still there, nothing is gone: the mark is taken away.
/// 3. The dump, then what was written beside it. A stop leaves the row, which is found again in an hour. What a lock keeps
///    here waits as half gone.
/// 4. The row says that it is deleted, once all are gone. A stop before leaves a row that is found again.
async fn delete<C: Database, B: ObjectStore>(
    catalogue: &C,
    bucket: &B,
    decision: &Decision,
    now: Timestamp,
) -> Result<Outcome, RetentionError> {
    let Backup { id, r2_key, .. } = &decision.backup;
    let key = || r2_key.clone();
    let [begun] = catalogue
        .run([retention::begin(*id, &decision.because())])
        .await
        .map_err(|source| RetentionError::Begin { key: key(), source })?;
    if begun.changes == 0 {
        return Ok(Outcome::Stays);
    }
    type Named = fn(StoreError) -> RetentionError;
    let objects: [(String, Named); 4] = [
        (manifest_key(r2_key), RetentionError::Manifest),
        (key(), RetentionError::Dump),
        (pin_key(r2_key), RetentionError::Beside),
        (drill_key(r2_key), RetentionError::Beside),
    ];
    for (object, named) in objects {
        match bucket.delete(&object).await {
            Ok(()) => {}
            Err(error) if error.is_locked => {
                // While the manifest is there, nothing has gone: also not by a round before this one.
                let manifest = bucket.head(&manifest_key(r2_key)).await;
                let is_whole = manifest.map_err(RetentionError::Manifest)?.is_some();
                catalogue
                    .run([retention::locked(*id, is_whole, now)])
                    .await
                    .map_err(|source| RetentionError::RecordLock { key: key(), source })?;
                return Ok(Outcome::Locked);
            }
            Err(error) => return Err(named(error)),
        }
    }
    catalogue
        .run([retention::deleted(*id, now)])
        .await
        .map_err(|source| RetentionError::Record { key: key(), source })?;
    Ok(Outcome::Deleted)
}
