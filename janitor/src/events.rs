//! Events: a result has ended, so its job may be complete.

use shared::catalogue::dead_letters::{self, DeadLetter};
use shared::catalogue::settlement;
use shared::delivery::{Fate, Received, brief};
use shared::message::{EVENTS_QUEUE, Event};
use shared::ports::{Clock, Database, DatabaseError};
use shared::registry::Registry;

use crate::ports::Ports;
use crate::reconciliation::{Compared, ReconciliationError, compare_slice};
use crate::shrinking::{ShrinkingError, compare_with_the_one_before};

/// An event that was not processed.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// The job may or may not have ended.
    #[error("the job was not settled")]
    Settle(#[source] DatabaseError),
    /// The event makes no sense, and may or may not be recorded.
    #[error("a senseless event was not recorded as a dead letter")]
    Record(#[source] DatabaseError),
    /// Of the comparison with the backup before.
    #[error(transparent)]
    Shrinking(#[from] ShrinkingError),
    /// Of a reconciliation.
    #[error(transparent)]
    Reconcile(#[from] ReconciliationError),
}

impl EventError {
    /// What becomes of the event. After its last delivery the hourly sweep settles the job.
    pub const fn fate(&self) -> Fate {
        let cause = match self {
            Self::Settle(cause) | Self::Record(cause) => cause,
            Self::Shrinking(ShrinkingError::Read(cause) | ShrinkingError::Record(cause)) => cause,
            Self::Shrinking(ShrinkingError::Manifest(_)) => {
                return Fate::Retry { after_seconds: 60 };
            }
            Self::Reconcile(error) => return error.fate(),
        };
        match cause {
            DatabaseError::Unavailable { .. } => Fate::Retry { after_seconds: 60 },
            // A migration that is not applied yet, most likely.
            DatabaseError::Refused { .. }
            | DatabaseError::TooBig { .. }
            | DatabaseError::Shape { .. } => Fate::Retry { after_seconds: 900 },
        }
    }
}

/// Settles the job of a result that has ended, or lets a reconciliation go on.
///
/// 1. Settle: one update, which ends the job only while it runs and when each of its results has ended. An event that
///    comes twice, or before those of other results, changes nothing; when its answer is lost it comes again.
/// 2. Compare the backup with the one before it; see [`compare_with_the_one_before`]. The job is settled whatever comes of that.
/// 3. Compare a slice of the bucket with the catalogue; see [`compare_slice`].
/// 4. What is no event, or names no job, is recorded under the message's id, so that a second delivery adds no row.
pub async fn process_event<P: Ports>(
    ports: &P,
    registry: &Registry,
    received: Received<'_>,
) -> Result<Compared, EventError> {
    let done = |fate| Compared {
        fate,
        failures: Vec::new(),
    };
    let (job_id, database) = match serde_json::from_str(received.body) {
        Ok(Event::ResultSettled { job_id, database }) => (job_id, database),
        Ok(Event::Reconcile { after }) => return Ok(compare_slice(ports, registry, after).await?),
        Err(error) => {
            let error = format!("The body is no event: {}.", brief(&error));
            return record(ports, received, None, &error).await.map(done);
        }
    };
    let statements = [settlement::settle(&job_id), settlement::job_exists(&job_id)];
    let [_, job] = ports
        .catalogue()
        .run(statements)
        .await
        .map_err(EventError::Settle)?;
    if !job.rows.is_empty() {
        compare_with_the_one_before(ports, &job_id, &database).await?;
        return Ok(done(Fate::Ack));
    }
    let error = "The event names no job of the catalogue.";
    record(ports, received, Some((&job_id, &database)), error)
        .await
        .map(done)
}

/// Records an event that no retry will make sense of. `names` is the job and the database that it names.
async fn record<P: Ports>(
    ports: &P,
    received: Received<'_>,
    names: Option<(&str, &str)>,
    error: &str,
) -> Result<Fate, EventError> {
    let letter = DeadLetter {
        message_id: received.id,
        queue: EVENTS_QUEUE,
        body: received.body,
        job_id: names.map(|(job_id, _)| job_id),
        database: names.map(|(_, database)| database),
        error,
        attempts: received.deliveries(),
        now: ports.clock().now(),
    };
    ports
        .catalogue()
        .run([dead_letters::record(&letter)])
        .await
        .map_err(EventError::Record)?;
    Ok(Fate::Ack)
}
