//! Comparing a new backup with the one before it.

use shared::catalogue::reconciliation::{self, Neighbours};
use shared::manifest::{Manifest, manifest_key};
use shared::ports::{Database, DatabaseError, ObjectStore, StoreError};
use shared::reconciliation::LARGEST_MANIFEST;
use shared::shrinking::shrunk;

use crate::ports::Ports;

/// A backup was not compared with the one before it.
#[derive(Debug, thiserror::Error)]
pub enum ShrinkingError {
    /// Nothing has happened.
    #[error("which backup comes before the new one was not read")]
    Read(#[source] DatabaseError),
    /// Nothing has happened.
    #[error("the manifest of a backup was not read")]
    Manifest(#[source] StoreError),
    /// It may or may not be recorded.
    #[error("what has become less since the backup before was not recorded")]
    Record(#[source] DatabaseError),
}

/// Compares the backup that a job made of a database with the one before it.
///
/// 1. Read which these are; a result that is no success, or the first backup, has nothing to compare. Reads only.
/// 2. Read both manifests: reads only. One that is gone or does not read is the reconciliation's matter.
/// 3. Record the outcome. It depends on the manifests alone: done again, it is the same.
pub(crate) async fn compare_with_the_one_before<P: Ports>(
    ports: &P,
    job_id: &str,
    database: &str,
) -> Result<(), ShrinkingError> {
    let [found] = ports
        .catalogue()
        .run([reconciliation::neighbours(job_id, database)])
        .await
        .map_err(ShrinkingError::Read)?;
    let found: Option<Neighbours> = found.first().map_err(ShrinkingError::Read)?;
    let Some(Neighbours {
        id,
        r2_key,
        before: Some(before),
    }) = found
    else {
        return Ok(());
    };
    let (Some(now), Some(before)) = (
        manifest(ports.bucket(), &r2_key).await?,
        manifest(ports.bucket(), &before).await?,
    ) else {
        return Ok(());
    };
    let record = reconciliation::shrunk(id, shrunk(&before, &now).as_deref());
    let recorded = ports.catalogue().run([record]).await;
    recorded.map(drop).map_err(ShrinkingError::Record)
}

async fn manifest<B: ObjectStore>(
    bucket: &B,
    dump_key: &str,
) -> Result<Option<Manifest>, ShrinkingError> {
    // One that is longer is cut and does not read.
    let most = u32::try_from(LARGEST_MANIFEST).unwrap_or(u32::MAX);
    let body = bucket.get_range(&manifest_key(dump_key), 0, most).await;
    let body = body.map_err(ShrinkingError::Manifest)?;
    Ok(body.and_then(|body| serde_json::from_slice(&body).ok()))
}
