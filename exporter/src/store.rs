//! Where a dump goes in the bucket, and how it is committed there.
//!
//! A dump counts when its manifest is beside it. The first backup of a database on a day has the plain key
//! `2024-12-08/groveauth.sql`; where another job has that, the key names the job. Nothing that is committed is ever
//! overwritten: both puts are create-only.

use shared::dump::Dump;
use shared::manifest::{Manifest, manifest_key};
use shared::ports::{ObjectStore, Put, PutOptions, StoreError};

/// How often a key may be found taken by what this job left there itself, before the attempt is given up.
const MOST_TRIES: u32 = 3;

/// Whose backup it is, and of which day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot<'a> {
    /// The database's name.
    pub(crate) database: &'a str,
    /// The UTC date of the backup, `YYYY-MM-DD`.
    pub(crate) date: &'a str,
    /// The job's UUID.
    pub(crate) job_id: &'a str,
}

impl Slot<'_> {
    /// The keys that the dump may have, the preferred one first.
    fn keys(&self) -> [String; 2] {
        let Self {
            database,
            date,
            job_id,
        } = self;
        [
            format!("{date}/{database}.sql"),
            format!("{date}/{database}-{job_id}.sql"),
        ]
    }
}

/// A dump could not be stored, or not be committed.
#[derive(Debug, thiserror::Error)]
pub enum StoringError {
    /// The bucket did not do what it was asked.
    #[error(transparent)]
    Bucket(#[from] StoreError),
    /// The manifest does not turn into JSON; it always does.
    #[error("the manifest could not be written as JSON")]
    Encode(#[source] serde_json::Error),
    /// Something else is where a manifest belongs.
    #[error(
        "`{key}` is in the bucket but is no manifest of this version; move it away, so that the backup beside it can be judged"
    )]
    ForeignManifest {
        /// Its key.
        key: String,
        /// Why it does not read.
        source: serde_json::Error,
    },
    /// Somebody else keeps putting objects there.
    #[error("the key `{key}` was taken again and again while the dump was stored")]
    Contended {
        /// The key.
        key: String,
    },
}

/// What is at a key.
enum Found {
    /// A backup that this job committed.
    Ours(Box<Manifest>),
    /// Somebody else's object, or manifest.
    Taken,
    /// Nothing that counts.
    Free,
}

/// The backup that an earlier attempt of this job committed; `None` when there is none yet.
pub(crate) async fn committed<B: ObjectStore>(
    bucket: &B,
    slot: &Slot<'_>,
) -> Result<Option<Manifest>, StoringError> {
    for key in slot.keys() {
        match look(bucket, slot, &key).await? {
            Found::Ours(manifest) => return Ok(Some(*manifest)),
            // The later key is only ever used when the earlier one was taken.
            Found::Free => return Ok(None),
            Found::Taken => {}
        }
    }
    Ok(None)
}

/// Stores a dump and commits it; returns its manifest, with its key.
///
/// 1. Look at the key. A manifest of this job there is a backup that an earlier attempt committed: it is the result. A
///    dump of this job without a manifest is what a crash left; it was never a backup, and is deleted.
/// 2. Put the dump, if nothing is there. Its answer may be lost: then the next attempt finds it in 1.
/// 3. Put the manifest, if there is none. Its answer may be lost: then the next attempt finds it in 1.
///
/// An exporter whose lease was taken over may be doing the same at the same time. Whichever manifest is there first is
/// the backup, and both record that one.
pub(crate) async fn store<B: ObjectStore>(
    bucket: &B,
    slot: &Slot<'_>,
    dump: &Dump,
) -> Result<Manifest, StoringError> {
    let mut last = String::new();
    for key in slot.keys() {
        for _ in 0..MOST_TRIES {
            match look(bucket, slot, &key).await? {
                Found::Ours(manifest) => return Ok(*manifest),
                Found::Taken => break,
                Found::Free => {}
            }
            let options = PutOptions {
                content_type: "application/sql",
                sha256: dump.sha256,
                owner: slot.job_id.to_owned(),
            };
            if bucket.put_new(&key, &dump.body, &options).await? == Put::Exists {
                continue;
            }
            let manifest = Manifest {
                key: key.clone(),
                ..dump.manifest.clone()
            };
            if commit(bucket, slot, &manifest).await? == Put::Created {
                return Ok(manifest);
            }
        }
        last = key;
    }
    Err(StoringError::Contended { key: last })
}

async fn commit<B: ObjectStore>(
    bucket: &B,
    slot: &Slot<'_>,
    manifest: &Manifest,
) -> Result<Put, StoringError> {
    let body = serde_json::to_vec_pretty(manifest).map_err(StoringError::Encode)?;
    let options = PutOptions {
        content_type: "application/json",
        sha256: shared::dump::sha256(&body),
        owner: slot.job_id.to_owned(),
    };
    let key = manifest_key(&manifest.key);
    Ok(bucket.put_new(&key, &body, &options).await?)
}

async fn look<B: ObjectStore>(
    bucket: &B,
    slot: &Slot<'_>,
    key: &str,
) -> Result<Found, StoringError> {
    let manifest_key = manifest_key(key);
    if let Some(body) = bucket.get(&manifest_key).await? {
        let manifest: Manifest =
            serde_json::from_slice(&body).map_err(|source| StoringError::ForeignManifest {
                key: manifest_key,
                source,
            })?;
        return Ok(if manifest.job_id == slot.job_id {
            Found::Ours(Box::new(manifest))
        } else {
            Found::Taken
        });
    }
    match bucket.head(key).await? {
        None => Ok(Found::Free),
        Some(object) if object.owner.as_deref() == Some(slot.job_id) => {
            bucket.delete(key).await?;
            Ok(Found::Free)
        }
        Some(_) => Ok(Found::Taken),
    }
}
