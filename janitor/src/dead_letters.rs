//! Dead letters: the exports that no retry saved.

use shared::catalogue::dead_letters::{self, DeadLetter};
use shared::catalogue::settlement::{self, Progress};
use shared::delivery::{Fate, Received, brief};
use shared::message::{DEAD_LETTER_QUEUE, ExportMessage};
use shared::ports::{Clock, Database, DatabaseError, Outcome, Statement};

use crate::ports::Ports;

/// A dead letter that was not processed.
#[derive(Debug, thiserror::Error)]
pub enum DeadLetterError {
    /// Nothing has happened.
    #[error("the result that the dead letter names was not read")]
    Read(#[source] DatabaseError),
    /// The letter may or may not be recorded and its result ended, both or neither.
    #[error("the dead letter was not recorded")]
    Record(#[source] DatabaseError),
}

impl DeadLetterError {
    /// What becomes of the letter. Nothing comes after its last delivery, so these are spread over more than a day.
    pub const fn fate(&self) -> Fate {
        let (Self::Read(cause) | Self::Record(cause)) = self;
        match cause {
            DatabaseError::Unavailable { .. }
            | DatabaseError::Refused { .. }
            | DatabaseError::TooBig { .. }
            | DatabaseError::Shape { .. } => Fate::Retry { after_seconds: 900 },
        }
    }
}

/// Records a message that the exporter did not process in `deliveries` deliveries, ends its result as failed, and
/// settles the job.
///
/// 1. Read what the exporter wrote about its last attempt. Nothing has happened yet.
/// 2. Record, fail and settle in one transaction: a stop leaves all of it undone. Done twice, the letter keeps its row, a
///    result that has ended stays as it is, and a job that has ended too.
/// 3. A result that an exporter holds at this moment may still become a backup: it stays, and the letter comes again when
///    the lease has ended.
pub async fn process_dead_letter<P: Ports>(
    ports: &P,
    deliveries: u32,
    received: Received<'_>,
) -> Result<Fate, DeadLetterError> {
    let (catalogue, now) = (ports.catalogue(), ports.clock().now());
    let letter = DeadLetter {
        message_id: received.id,
        queue: DEAD_LETTER_QUEUE,
        body: received.body,
        job_id: None,
        database: None,
        error: "",
        attempts: received.deliveries(),
        now,
    };
    let message: ExportMessage = match serde_json::from_str(received.body) {
        Ok(message) => message,
        Err(error) => {
            let error = &format!(
                "The message was not processed in {deliveries} deliveries. Its body is no order to export: {}.",
                brief(&error)
            );
            record(catalogue, &DeadLetter { error, ..letter }, Vec::new()).await?;
            return Ok(Fate::Ack);
        }
    };
    let ExportMessage { job_id, database } = &message;
    let letter = DeadLetter {
        job_id: Some(job_id),
        database: Some(database),
        ..letter
    };
    let [before] = catalogue
        .run([settlement::progress(job_id, database)])
        .await
        .map_err(DeadLetterError::Read)?;
    let before: Option<Progress> = before.first().map_err(DeadLetterError::Read)?;
    let Some(before) = before else {
        let error = &format!(
            "The message was not processed in {deliveries} deliveries. It names no database of a job in the catalogue."
        );
        record(catalogue, &DeadLetter { error, ..letter }, Vec::new()).await?;
        return Ok(Fate::Ack);
    };
    let error = &before.error_message.unwrap_or_else(|| {
        format!(
            "The message was not processed in {deliveries} deliveries; the exporter's log says why."
        )
    });
    let letter = DeadLetter {
        error,
        attempts: before.attempts,
        ..letter
    };
    let end = vec![
        settlement::fail(job_id, database, error, now),
        settlement::settle(job_id),
        settlement::progress(job_id, database),
    ];
    let after = record(catalogue, &letter, end).await?;
    let after: Option<Progress> = after.first().map_err(DeadLetterError::Record)?;
    Ok(match after.and_then(|after| after.held_for(now)) {
        Some(seconds) => Fate::Retry {
            after_seconds: u32::try_from(seconds).unwrap_or(u32::MAX),
        },
        None => Fate::Ack,
    })
}

/// Records the letter and does `more`, as one transaction; what its last statement came to.
async fn record<C: Database>(
    catalogue: &C,
    letter: &DeadLetter<'_>,
    more: Vec<Statement>,
) -> Result<Outcome, DeadLetterError> {
    let mut statements = vec![dead_letters::record(letter)];
    statements.extend(more);
    let mut outcomes = catalogue
        .batch(&statements)
        .await
        .map_err(DeadLetterError::Record)?;
    Ok(outcomes.pop().unwrap_or_default())
}
