//! Where a dump goes in the bucket, and how it is committed there.
//!
//! A dump counts when its manifest is beside it. The first backup of a database on a day has the plain key
//! `2024-12-08/groveauth.sql`, or `.sql.gz`; where another job has that, the key names the job. Nothing that is committed is ever
//! overwritten: both puts are create-only.

use shared::dump::{Dump, hex, sha256};
use shared::manifest::{Encoding, Gzip, Manifest, manifest_key};
use shared::ports::{ObjectInfo, ObjectStore, Put, PutOptions, StoreError};

use crate::encoding::member;

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
    /// How its dump is to be stored.
    pub(crate) encoding: Encoding,
    /// Whether another job has or had the preferred key: then nothing new is put there, since the janitor may be deleting what
    /// was there before.
    pub(crate) is_key_taken: bool,
}

impl Slot<'_> {
    /// The keys that the dump may have, the preferred one first.
    fn keys(&self) -> [String; 2] {
        let Self {
            database,
            date,
            job_id,
            encoding,
            is_key_taken: _,
        } = self;
        let ending = encoding.ending();
        [
            format!("{date}/{database}{ending}"),
            format!("{date}/{database}-{job_id}{ending}"),
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
    /// The text was not compressed; into memory it always is.
    #[error("the dump could not be compressed")]
    Compress(#[source] std::io::Error),
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
    /// Somebody else's objects are at every key that the dump may have.
    #[error("`{keys}` are taken by other objects; move them away")]
    Taken {
        /// The keys.
        keys: String,
    },
    /// Somebody else keeps putting objects there.
    #[error("the key `{key}` was taken again and again while the dump was stored")]
    Contended {
        /// The key.
        key: String,
    },
}

/// Where the backup of a slot is, or can be.
pub(crate) enum Place {
    /// An earlier attempt of this job committed it.
    Committed(Box<Manifest>),
    /// Nothing that counts is at this key.
    Free(String),
}

/// Finds the backup that an earlier attempt of this job committed, or the key for it.
///
/// A dump of this job without a manifest, or with one that is not its own, is what a crash left. It was never a backup,
/// and is deleted: only who holds the job's lease comes here.
pub(crate) async fn find<B: ObjectStore>(
    bucket: &B,
    slot: &Slot<'_>,
) -> Result<Place, StoringError> {
    let keys = slot.keys();
    for (place, free) in keys.iter().enumerate() {
        let is_anothers = slot.is_key_taken && place == 0;
        let at_manifest = manifest_key(free);
        let manifest = bucket.get(&at_manifest).await?;
        let manifest = manifest.map(|body| read(&at_manifest, &body)).transpose()?;
        if manifest.as_ref().is_some_and(|manifest| {
            manifest.job_id != slot.job_id || manifest_key(&manifest.key) != at_manifest
        }) {
            continue;
        }
        // How dumps are stored may have changed since. What was left without a manifest before that is not looked for.
        let key = match &manifest {
            Some(manifest) => manifest.key.clone(),
            None => free.clone(),
        };
        let dump = bucket.head(&key).await?;
        match (manifest, dump) {
            (Some(manifest), Some(dump)) if is_of(&manifest, &dump) => {
                return Ok(Place::Committed(Box::new(manifest)));
            }
            _ if is_anothers => {}
            (None, None) => return Ok(Place::Free(free.clone())),
            (None, Some(dump)) if dump.owner.as_deref() != Some(slot.job_id) => {}
            (manifest, dump) => {
                if manifest.is_some() {
                    bucket.delete(&at_manifest).await?;
                }
                if dump.is_some() {
                    bucket.delete(&key).await?;
                }
                return Ok(Place::Free(free.clone()));
            }
        }
    }
    Err(StoringError::Taken {
        keys: keys.join("` and `"),
    })
}

/// Whether a manifest is of this object. Of one that came in parts the bucket knows only the size.
fn is_of(manifest: &Manifest, object: &ObjectInfo) -> bool {
    let (size, sha256) = match &manifest.gzip {
        Some(gzip) => (gzip.size_bytes, gzip.sha256.as_deref()),
        None => (manifest.size_bytes, Some(manifest.sha256.as_str())),
    };
    let is_same = |hash: [u8; 32]| sha256.is_none_or(|sha256| hex(&hash) == sha256);
    object.size == size && object.sha256.is_none_or(is_same)
}

/// Stores a dump at a key that [`find`] found free, and commits it; returns its manifest, with its key.
///
/// 1. Put the dump, if nothing is there. Its answer may be lost: then the next attempt finds a dump without a manifest.
/// 2. Put the manifest, if there is none. Its answer may be lost: then the next attempt finds the backup.
///
/// Whenever something is there after all, look again.
pub(crate) async fn store<B: ObjectStore>(
    bucket: &B,
    slot: &Slot<'_>,
    key: String,
    dump: Dump,
) -> Result<Manifest, StoringError> {
    let mut key = key;
    let stored = Stored::of(dump, slot.encoding)?;
    for _ in 0..MOST_TRIES {
        let manifest = Manifest {
            key: key.clone(),
            ..stored.manifest.clone()
        };
        if put(bucket, slot, &manifest, &stored).await? {
            return Ok(manifest);
        }
        match find(bucket, slot).await? {
            Place::Committed(manifest) => return Ok(*manifest),
            Place::Free(free) => key = free,
        }
    }
    Err(StoringError::Contended { key })
}

/// A dump as it is to be stored.
struct Stored {
    body: Vec<u8>,
    sha256: [u8; 32],
    manifest: Manifest,
}

impl Stored {
    fn of(dump: Dump, encoding: Encoding) -> Result<Self, StoringError> {
        let mut stored = Self {
            body: dump.body,
            sha256: dump.sha256,
            manifest: dump.manifest,
        };
        if encoding == Encoding::Gzip {
            stored.body = member(&stored.body).map_err(StoringError::Compress)?;
            stored.sha256 = sha256(&stored.body);
            stored.manifest.gzip = Some(Gzip {
                size_bytes: u64::try_from(stored.body.len()).unwrap_or(u64::MAX),
                sha256: Some(hex(&stored.sha256)),
            });
        }
        Ok(stored)
    }
}

/// Puts dump and manifest; `false` when something was there.
async fn put<B: ObjectStore>(
    bucket: &B,
    slot: &Slot<'_>,
    manifest: &Manifest,
    stored: &Stored,
) -> Result<bool, StoringError> {
    let options = PutOptions {
        content_type: slot.encoding.content_type(),
        sha256: stored.sha256,
        owner: slot.job_id.to_owned(),
    };
    if bucket
        .put_new(&manifest.key, &stored.body, &options)
        .await?
        == Put::Exists
    {
        return Ok(false);
    }
    Ok(put_manifest(bucket, slot, manifest).await? == Put::Created)
}

async fn put_manifest<B: ObjectStore>(
    bucket: &B,
    slot: &Slot<'_>,
    manifest: &Manifest,
) -> Result<Put, StoringError> {
    let body = serde_json::to_vec_pretty(manifest).map_err(StoringError::Encode)?;
    let options = PutOptions {
        content_type: "application/json",
        sha256: sha256(&body),
        owner: slot.job_id.to_owned(),
    };
    let key = manifest_key(&manifest.key);
    Ok(bucket.put_new(&key, &body, &options).await?)
}

/// Commits a dump that is in the bucket already; returns the manifest that counts, which an earlier attempt may have put.
pub(crate) async fn commit<B: ObjectStore>(
    bucket: &B,
    slot: &Slot<'_>,
    manifest: &Manifest,
) -> Result<Manifest, StoringError> {
    if put_manifest(bucket, slot, manifest).await? == Put::Created {
        return Ok(manifest.clone());
    }
    let key = manifest_key(&manifest.key);
    match bucket
        .get(&key)
        .await?
        .map(|body| read(&key, &body))
        .transpose()?
    {
        Some(found) if found == *manifest => Ok(found),
        _ => Err(StoringError::Contended { key }),
    }
}

fn read(key: &str, body: &[u8]) -> Result<Manifest, StoringError> {
    serde_json::from_slice(body).map_err(|source| StoringError::ForeignManifest {
        key: key.to_owned(),
        source,
    })
}
