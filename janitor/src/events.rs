//! Events: a result has ended, so its job may be complete; letters are due; somebody asks for a round or a test.

use shared::catalogue::dead_letters::{self, DeadLetter};
use shared::catalogue::settlement::{self, JobStatus};
use shared::delivery::{Fate, Received, brief};
use shared::message::{EVENTS_QUEUE, Event};
use shared::ports::{Clock, Database, DatabaseError, Queue};
use shared::registry::Registry;

use crate::drills::{DrillRequestError, drill_new_backup, drill_on_demand};
use crate::notices::{Look, NoticeError, tell_soon, tell_test};
use crate::outbox::{DeliveryError, deliver};
use crate::ports::Ports;
use crate::reconciliation::{ReconciliationError, compare_slice};
use crate::round::{RoundError, round};
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
    /// Nothing was sent.
    #[error(transparent)]
    Deliver(#[from] DeliveryError),
    /// The test may or may not be in the outbox, and nobody may be on the way to deliver it.
    #[error("the test was not written")]
    Test(#[source] NoticeError),
    /// The job is settled, and what has come of it may be told.
    #[error(transparent)]
    Shrinking(#[from] ShrinkingError),
    /// The drill that somebody asked for may or may not be requested.
    #[error(transparent)]
    Drill(#[from] DrillRequestError),
    /// A slice of a reconciliation was not made, or not to its end.
    #[error(transparent)]
    Reconcile(#[from] ReconciliationError),
}

/// What an event came to.
#[derive(Debug)]
pub struct Processed {
    /// What becomes of it.
    pub fate: Fate,
    /// What did not work and needs no other delivery of it: the hourly round does it again. To be reported.
    pub failures: Vec<RoundError>,
}

impl From<Fate> for Processed {
    fn from(fate: Fate) -> Self {
        Self {
            fate,
            failures: Vec::new(),
        }
    }
}

impl EventError {
    /// What becomes of the event. After its last delivery the hourly sweep settles the job.
    pub const fn fate(&self) -> Fate {
        match self {
            Self::Settle(DatabaseError::Unavailable { .. })
            | Self::Record(DatabaseError::Unavailable { .. })
            | Self::Shrinking(
                ShrinkingError::Manifest(_)
                | ShrinkingError::Read(DatabaseError::Unavailable { .. })
                | ShrinkingError::Record(DatabaseError::Unavailable { .. }),
            )
            | Self::Deliver(_)
            | Self::Drill(_)
            | Self::Test(_) => Fate::Retry { after_seconds: 60 },
            Self::Reconcile(error) => error.fate(),
            // A migration that is not applied yet, most likely.
            Self::Settle(
                DatabaseError::Refused { .. }
                | DatabaseError::TooBig { .. }
                | DatabaseError::Shape { .. },
            )
            | Self::Record(
                DatabaseError::Refused { .. }
                | DatabaseError::TooBig { .. }
                | DatabaseError::Shape { .. },
            )
            | Self::Shrinking(ShrinkingError::Read(_) | ShrinkingError::Record(_)) => {
                Fate::Retry { after_seconds: 900 }
            }
        }
    }
}

/// Does what an event asks for. Each function that does says why its steps may happen twice or stop half-way; what is no
/// event is recorded under the message's id, so that a second delivery adds no row.
pub async fn process_event<P: Ports>(
    ports: &P,
    registry: &Registry,
    received: Received<'_>,
) -> Result<Processed, EventError> {
    match serde_json::from_str(received.body) {
        Ok(Event::ResultSettled { job_id, database }) => {
            settle(ports, registry, received, &job_id, &database).await
        }
        Ok(Event::Reconcile { after }) => {
            let compared = compare_slice(ports, registry, after).await?;
            Ok(Processed {
                fate: compared.fate,
                failures: compared
                    .failures
                    .into_iter()
                    .map(RoundError::from)
                    .collect(),
            })
        }
        Ok(Event::Deliver) => {
            let failures = deliver(ports).await?.failures.into_iter();
            Ok(Processed {
                fate: Fate::Ack,
                failures: failures.map(RoundError::from).collect(),
            })
        }
        Ok(Event::Drill { key }) => {
            drill_on_demand(ports, key).await?;
            Ok(Fate::Ack.into())
        }
        Ok(Event::Round) => Ok(Processed {
            fate: Fate::Ack,
            failures: round(ports, registry).await.failures,
        }),
        Ok(Event::TestNotice { id }) => {
            // The message is sent also where the letters were written before: its first one may be lost.
            tell_test(ports, &id).await.map_err(EventError::Test)?;
            let sent = ports.events().send(&[Event::Deliver]).await;
            sent.map_err(|error| EventError::Test(NoticeError::Send(error)))?;
            Ok(Fate::Ack.into())
        }
        Err(error) => {
            let error = format!("The body is no event: {}.", brief(&error));
            Ok(record(ports, received, None, &error).await?.into())
        }
    }
}

/// Settles the job of a result that has ended, and tells what has come of it.
///
/// 1. Settle: one update, which ends the job only while it runs and when each of its results has ended. An event that
///    comes twice, or before those of other results, changes nothing; when its answer is lost it comes again.
/// 2. An event that names no job is recorded under the message's id, so that a second delivery adds no row.
/// 3. Compare the backup with the one before it; see [`compare_with_the_one_before`]. What fails of that does not keep 4
///    and 5 from being done; then the event comes again.
/// 4. Begin its restore drill; see [`drill_new_backup`]. What fails of that the hourly round does again.
/// 5. Tell: what fails of it, or is not come to, the hourly round finds in the catalogue. Alarms wait for the job's end, so
///    that what happens to all of its databases is one notice.
async fn settle<P: Ports>(
    ports: &P,
    registry: &Registry,
    received: Received<'_>,
    job_id: &str,
    database: &str,
) -> Result<Processed, EventError> {
    let statements = [settlement::settle(job_id), settlement::job_exists(job_id)];
    let [_, job] = ports
        .catalogue()
        .run(statements)
        .await
        .map_err(EventError::Settle)?;
    let Some(job) = job.first::<JobStatus>().map_err(EventError::Settle)? else {
        let error = "The event names no job of the catalogue.";
        let fate = record(ports, received, Some((job_id, database)), error).await?;
        return Ok(fate.into());
    };
    let compared = compare_with_the_one_before(ports, job_id, database).await;
    let drilled = drill_new_backup(ports, job_id, database).await;
    let look = match job.status.as_str() {
        "running" => Look::Jobs,
        _ => Look::Changes,
    };
    let told = tell_soon(ports, registry, look).await.into_iter();
    compared?;
    let drilled = drilled.err().map(RoundError::from).into_iter();
    Ok(Processed {
        fate: Fate::Ack,
        failures: drilled.chain(told.map(RoundError::from)).collect(),
    })
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
