//! Uploads of exports that ended without them.

use shared::catalogue::checkpoints::{self, Abandoned};
use shared::ports::{Database, DatabaseError, ObjectStore, StoreError};

/// Uploads a round; the rest waits an hour.
const UPLOADS: u32 = 100;

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
/// 1. Read the checkpoints whose result has ended. Nobody goes on from one of those.
/// 2. Abort the upload of each. One that is gone, or completed, is left as it is.
/// 3. Forget the checkpoint. A stop before that repeats 2.
pub(crate) async fn abort_uploads<C: Database, B: ObjectStore>(
    catalogue: &C,
    bucket: &B,
) -> Uploads {
    let mut uploads = Uploads::default();
    let found = match abandoned(catalogue).await {
        Ok(found) => found,
        Err(error) => {
            uploads.failures.push(UploadError::Read(error));
            return uploads;
        }
    };
    for upload in &found {
        match abort(catalogue, bucket, upload).await {
            Ok(()) => uploads.aborted += 1,
            Err(error) => uploads.failures.push(error),
        }
    }
    uploads
}

async fn abandoned<C: Database>(catalogue: &C) -> Result<Vec<Abandoned>, DatabaseError> {
    let [found] = catalogue.run([checkpoints::abandoned(UPLOADS)]).await?;
    found.read()
}

async fn abort<C: Database, B: ObjectStore>(
    catalogue: &C,
    bucket: &B,
    upload: &Abandoned,
) -> Result<(), UploadError> {
    if let (Some(key), Some(id)) = (&upload.key, &upload.upload) {
        let aborted = bucket.abort_upload(key, id).await;
        aborted.map_err(UploadError::Abort)?;
    }
    let discard = checkpoints::discard(&upload.job_id, &upload.database_name);
    let discarded = catalogue.run([discard]).await;
    discarded.map(drop).map_err(UploadError::Record)
}
