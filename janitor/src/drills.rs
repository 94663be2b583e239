//! Who starts restore drills: the end of a backup, the hourly round, and who asks for one.

mod slice;

use shared::catalogue::drills::{self, Key};
use shared::ports::{Clock, Database, DatabaseError, DrillStartError, Drills, Outcome};
use shared::time::Timestamp;

pub use self::slice::{DrillRunError, Next, run_slice};
use crate::ports::Ports;

/// Backups of which a round requests the first drill, and as many of which it requests another; the rest waits an hour.
const REQUESTS: u32 = 20;
/// Drills that a round starts again.
const RESTARTS: u32 = 50;
/// How long a drill may stand still. One that is to try again does so earlier: see [`Next::Again`].
const PATIENCE_SECONDS: i64 = 3600;
/// After how long the newest backup of a database is drilled once more.
const MONTH_SECONDS: i64 = 30 * 86_400;

/// A drill was not requested or not started. The hourly round finds what is missing.
#[derive(Debug, thiserror::Error)]
pub enum DrillRequestError {
    /// Nothing has happened.
    #[error("which drills are wanted, or stand still, was not read")]
    Read(#[source] DatabaseError),
    /// They may or may not be requested; none is started.
    #[error("drills were not requested")]
    Request(#[source] DatabaseError),
    /// It is requested, and may or may not have begun.
    #[error("the drill of `{key}` was not started")]
    Start {
        /// The dump's key in the bucket.
        key: String,
        /// What was said.
        source: DrillStartError,
    },
}

/// What a round did for drills.
#[derive(Debug, Default)]
pub(crate) struct Drilled {
    /// Drills that were started, or started again.
    pub(crate) started: usize,
    /// What did not work. It comes up again in an hour.
    pub(crate) failures: Vec<DrillRequestError>,
}

/// Requests the drills that are wanted, and starts these and what stands still.
///
/// 1. Read the backups without a drill, the newest ones whose last drill is a month ago, and the open drills that stand
///    still. Reads only.
/// 2. Request the drills. One is open of each dump at most, and none is requested of what is deleted in the meantime: done
///    twice, there is one. A stop leaves them queued, and 1 finds them as standing still an hour later.
/// 3. Start each, whatever became of the others. One that runs already, or is over, is not disturbed by that.
pub(crate) async fn drill_what_is_wanted<P: Ports>(ports: &P, now: Timestamp) -> Drilled {
    let mut drilled = Drilled::default();
    let (wanted, still) = match find(ports, now).await {
        Ok(found) => found,
        Err(error) => {
            drilled.failures.push(DrillRequestError::Read(error));
            return drilled;
        }
    };
    let mut keys = still;
    match request(ports, &wanted, now).await {
        Ok(()) => keys.extend(wanted),
        Err(error) => drilled.failures.push(DrillRequestError::Request(error)),
    }
    for key in keys {
        match start(ports, key).await {
            Ok(()) => drilled.started += 1,
            Err(error) => drilled.failures.push(error),
        }
    }
    drilled
}

/// The dumps whose drills are wanted, and those whose drills stand still.
async fn find<P: Ports>(
    ports: &P,
    now: Timestamp,
) -> Result<(Vec<String>, Vec<String>), DatabaseError> {
    let statements = [
        drills::wanted(now, REQUESTS),
        drills::monthly(now.plus_seconds(-MONTH_SECONDS), REQUESTS),
        drills::to_restart(now.plus_seconds(-PATIENCE_SECONDS), RESTARTS),
    ];
    let [wanted, monthly, still] = ports.catalogue().run(statements).await?;
    let mut wanted = keys(wanted)?;
    for key in keys(monthly)? {
        // A backup of long ago may never have had one.
        if !wanted.contains(&key) {
            wanted.push(key);
        }
    }
    Ok((wanted, keys(still)?))
}

async fn request<P: Ports>(
    ports: &P,
    keys: &[String],
    now: Timestamp,
) -> Result<(), DatabaseError> {
    if keys.is_empty() {
        return Ok(());
    }
    let requests: Vec<_> = keys.iter().map(|key| drills::request(key, now)).collect();
    ports.catalogue().batch(&requests).await.map(drop)
}

/// Drills the backup that a job has just made of a database, if it made one.
///
/// 1. Request the first drill of this backup, and read whether it is queued: one transaction. An event that comes twice finds
///    that there was one. A stop before leaves a backup without a drill, which the round finds.
/// 2. Start it: done twice, or of one that runs or is over, it changes nothing. A stop before leaves it queued; the round
///    starts what stands still.
pub(crate) async fn drill_new_backup<P: Ports>(
    ports: &P,
    job_id: &str,
    database: &str,
) -> Result<(), DrillRequestError> {
    let statements = [
        drills::request_first(job_id, database, ports.clock().now()),
        drills::queued_of(job_id, database),
    ];
    let outcomes = ports.catalogue().run(statements).await;
    let queued = outcomes.and_then(|[_, queued]| keys(queued));
    for key in queued.map_err(DrillRequestError::Request)? {
        start(ports, key).await?;
    }
    Ok(())
}

/// Drills a backup because somebody asks for it.
///
/// 1. Request a drill, unless one is open, or the backup is gone.
/// 2. Start it, also when it was open: the answer to 1 may have been lost. Where none is open, that does nothing. An event
///    that comes again after the drill came to its end drills once more, which costs time and does no harm.
pub(crate) async fn drill_on_demand<P: Ports>(
    ports: &P,
    key: String,
) -> Result<(), DrillRequestError> {
    let requested = drills::request(&key, ports.clock().now());
    let requested = ports.catalogue().run([requested]).await;
    requested.map_err(DrillRequestError::Request)?;
    start(ports, key).await
}

async fn start<P: Ports>(ports: &P, key: String) -> Result<(), DrillRequestError> {
    let started = ports.drills().start(&key).await;
    started.map_err(|source| DrillRequestError::Start { key, source })
}

fn keys(found: Outcome) -> Result<Vec<String>, DatabaseError> {
    let found: Vec<Key> = found.read()?;
    Ok(found.into_iter().map(|row| row.r2_key).collect())
}
