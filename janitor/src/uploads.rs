//! Uploads of exports that ended without them, or that stand still for a day.

use shared::catalogue::checkpoints::{self, Abandoned};
use shared::ports::{Database, DatabaseError, ObjectStore, StoreError};
use shared::time::Timestamp;

/// Uploads a round; the rest waits an hour.
const UPLOADS: u32 = 100;
/// How long an export may stand still before its upload is given up; it would begin anew.
const PATIENCE_SECONDS: i64 = 86_400;

/// An upload that nobody goes on with is still there. It comes up again in an hour, and R2 forgets it after seven days.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// Nothing has happened.
    #[error("the checkpoints of exports that have ended were not read")]
    Read(#[source] DatabaseError),
    /// Its parts may still be there.
    #[error("the upload of an export that has ended was not aborted")]
    Abort(#[source] StoreError),
    /// Its parts are gone.
    #[error("the upload of an export that has ended is aborted, which was not recorded")]
    Record(#[source] DatabaseError),
}

/// What became of the uploads.
#[derive(Debug, Default)]
pub(crate) struct Uploads {
    /// Those that are gone.
    pub(crate) aborted: u64,
    /// What did not work.
    pub(crate) failures: Vec<UploadError>,
}

/// Aborts the uploads of exports that were given up where no exporter could: when their message became a dead letter.
///
/// 1. Read the checkpoints whose result has ended, or that were saved a day ago and that nobody holds. An exporter that takes
///    one of these at this moment finds its upload gone, and begins anew.
/// 2. Abort the upload of each. One that is gone, or completed, is left as it is.
/// 3. Forget the checkpoint. A stop before that repeats 2.
pub(crate) async fn abort_uploads<C: Database, B: ObjectStore>(
    catalogue: &C,
    bucket: &B,
    now: Timestamp,
) -> Uploads {
    let mut uploads = Uploads::default();
    let found = match abandoned(catalogue, now).await {
        Ok(found) => found,
        Err(error) => {
            uploads.failures.push(UploadError::Read(error));
            return uploads;
        }
    };
    for upload in &found {
        match abort(catalogue, bucket, upload, now).await {
            Ok(()) => uploads.aborted += 1,
            Err(error) => uploads.failures.push(error),
        }
    }
    uploads
}

async fn abandoned<C: Database>(
    catalogue: &C,
    now: Timestamp,
) -> Result<Vec<Abandoned>, DatabaseError> {
    let before = now.plus_seconds(-PATIENCE_SECONDS);
    let found = checkpoints::abandoned(before, now, UPLOADS);
    let [found] = catalogue.run([found]).await?;
    found.read()
}

async fn abort<C: Database, B: ObjectStore>(
    catalogue: &C,
    bucket: &B,
    upload: &Abandoned,
    now: Timestamp,
) -> Result<(), UploadError> {
    if let (Some(key), Some(id)) = (&upload.key, &upload.upload) {
        let aborted = bucket.abort_upload(key, id).await;
        aborted.map_err(UploadError::Abort)?;
    }
    let discard = checkpoints::discard(
        &upload.job_id,
        &upload.database_name,
        now.plus_seconds(-PATIENCE_SECONDS),
        now,
    );
    let discarded = catalogue.run([discard]).await;
    discarded.map(drop).map_err(UploadError::Record)
}
