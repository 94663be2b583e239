//! The sweep: what got stuck between two steps goes on.

use shared::catalogue::settlement;
use shared::catalogue::sweep::{self, Waiting};
use shared::message::ExportMessage;
use shared::ports::{Database, DatabaseError, Outcome, Queue, QueueError, Statement};
use shared::registry::Registry;
use shared::time::Timestamp;

/// How long a result may wait for an exporter, and a job for its results.
const PATIENCE_SECONDS: i64 = 3600;
/// How long after its end a lease is left alone: its holder may be about to write.
const GRACE_SECONDS: i64 = 60;
/// Results a step; the rest waits an hour.
const RESULTS: u32 = 500;

/// A step of the sweep that did not work. All of them come again in an hour.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// Nothing has happened.
    #[error("the results that are queued for long were not read")]
    Queued(#[source] DatabaseError),
    /// Some messages may be sent.
    #[error("the messages of results that are queued for long were not sent")]
    Resend(#[source] QueueError),
    /// The results may or may not be queued again.
    #[error("the results whose lease has ended were not taken back")]
    TakeBack(#[source] DatabaseError),
    /// The results are queued again, and some messages may be sent.
    #[error("the messages of results that were taken back were not sent")]
    Redrive(#[source] QueueError),
    /// The results may or may not have ended.
    #[error("the results whose deadline is over were not ended")]
    EndOverdue(#[source] DatabaseError),
    /// The jobs may or may not have ended.
    #[error("the jobs whose results have ended were not settled")]
    Settle(#[source] DatabaseError),
    /// The jobs may or may not have ended.
    #[error("the jobs without results were not ended")]
    GiveUp(#[source] DatabaseError),
}

/// What a sweep came to.
#[derive(Debug, Default)]
pub(crate) struct Sweep {
    /// Queued results whose message was sent again.
    pub(crate) resent: usize,
    /// Results that were taken from an exporter that is gone.
    pub(crate) taken_back: usize,
    /// Results that no exporter finished in time, and that were ended.
    pub(crate) overdue: u64,
    /// Jobs that were settled.
    pub(crate) settled: u64,
    /// Jobs without results that were ended.
    pub(crate) given_up: u64,
    /// What did not work.
    pub(crate) failures: Vec<SweepError>,
}

/// Finds what got stuck and lets it go on. Each step runs whatever became of those before.
///
/// 1. Send the message of every result that is queued for long: its first one was never sent, or is lost. A result that
///    has a message gets a second, which finds it claimed. Nothing is written, so it is sent every hour until an
///    exporter comes.
/// 2. Queue the results whose exporter is gone, by compare-and-set, then send their messages. A stop in between leaves
///    them to 1.
/// 3. End the queued results that no exporter would take any more, by one update: an hour after their deadline, so that an
///    exporter can say itself why. One that has ended is not found again. It comes before 1, which would send a message for them,
///    and they are settled by 4.
/// 4. Settle the jobs whose results have all ended, when no event did. An event that comes later changes nothing.
/// 5. End the jobs that never got a result. Once ended, they are not found again.
pub(crate) async fn sweep<C: Database, Q: Queue<ExportMessage>>(
    catalogue: &C,
    exports: &Q,
    registry: &Registry,
    now: Timestamp,
) -> Sweep {
    let mut failures = Vec::new();
    let overdue = run(catalogue, end_overdue(registry, now)).await;
    let overdue = or_default(overdue.map_err(SweepError::EndOverdue), &mut failures);
    let resent = resend(catalogue, exports, now).await;
    let resent = or_default(resent, &mut failures);
    let taken_back = take_back(catalogue, exports, now).await;
    let taken_back = or_default(taken_back, &mut failures);
    let settled = run(catalogue, settlement::settle_all()).await;
    let settled = or_default(settled.map_err(SweepError::Settle), &mut failures);
    let given_up = settlement::give_up_empty(now.plus_seconds(-PATIENCE_SECONDS), now);
    let given_up = run(catalogue, given_up).await;
    let given_up = or_default(given_up.map_err(SweepError::GiveUp), &mut failures);
    Sweep {
        resent,
        taken_back,
        overdue: overdue.changes,
        settled: settled.changes,
        given_up: given_up.changes,
        failures,
    }
}

/// The end of what no exporter took before the deadline that the registry sets.
fn end_overdue(registry: &Registry, now: Timestamp) -> Statement {
    let own = registry.databases.iter().filter_map(|database| {
        let seconds = i64::from(database.deadline_hours?) * 3600;
        Some((database.name.clone(), seconds.into()))
    });
    let own = serde_json::Value::Object(own.collect());
    let of_others = i64::from(registry.backup.deadline_hours) * 3600;
    let over_since = now.plus_seconds(-PATIENCE_SECONDS);
    sweep::end_overdue(own.to_string(), of_others, over_since, now, RESULTS)
}

async fn resend<C: Database, Q: Queue<ExportMessage>>(
    catalogue: &C,
    exports: &Q,
    now: Timestamp,
) -> Result<usize, SweepError> {
    let queued = sweep::queued_since(now.plus_seconds(-PATIENCE_SECONDS), RESULTS);
    let messages = messages(run(catalogue, queued).await).map_err(SweepError::Queued)?;
    exports.send(&messages).await.map_err(SweepError::Resend)?;
    Ok(messages.len())
}

async fn take_back<C: Database, Q: Queue<ExportMessage>>(
    catalogue: &C,
    exports: &Q,
    now: Timestamp,
) -> Result<usize, SweepError> {
    let abandoned = sweep::take_back(
        now.plus_seconds(-GRACE_SECONDS),
        now.plus_seconds(-PATIENCE_SECONDS),
        RESULTS,
    );
    let messages = messages(run(catalogue, abandoned).await).map_err(SweepError::TakeBack)?;
    exports.send(&messages).await.map_err(SweepError::Redrive)?;
    Ok(messages.len())
}

async fn run<C: Database>(catalogue: &C, statement: Statement) -> Result<Outcome, DatabaseError> {
    let [outcome] = catalogue.run([statement]).await?;
    Ok(outcome)
}

fn messages(waiting: Result<Outcome, DatabaseError>) -> Result<Vec<ExportMessage>, DatabaseError> {
    let waiting: Vec<Waiting> = waiting?.read()?;
    let message = |waiting: Waiting| ExportMessage {
        job_id: waiting.job_id,
        database: waiting.database_name,
    };
    Ok(waiting.into_iter().map(message).collect())
}

/// What a step came to; nothing, and its error among the failures, when it did not work.
fn or_default<T: Default>(step: Result<T, SweepError>, failures: &mut Vec<SweepError>) -> T {
    step.unwrap_or_else(|error| {
        failures.push(error);
        T::default()
    })
}
