//! A message of any of the janitor's queues.

use shared::delivery::{Fate, Received};
use shared::message::{DEAD_LETTER_QUEUE, EVENTS_QUEUE};
use shared::registry::Registry;

use crate::dead_letters::{DeadLetterError, process_dead_letter};
use crate::events::{EventError, Processed, process_event};
use crate::notices::{Look, tell_soon};
use crate::ports::Ports;
use crate::round::RoundError;

/// A message was not processed.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// The Worker consumes a queue that it knows nothing about.
    #[error("the janitor does not know the queue `{0}`; run `cargo xtask gen` and deploy it again")]
    Queue(String),
    /// An event was not processed.
    #[error(transparent)]
    Event(#[from] EventError),
    /// A dead letter was not processed.
    #[error(transparent)]
    DeadLetter(#[from] DeadLetterError),
}

impl MessageError {
    /// What becomes of the message.
    pub const fn fate(&self) -> Fate {
        match self {
            // Until somebody deploys.
            Self::Queue(_) => Fate::Retry { after_seconds: 900 },
            Self::Event(error) => error.fate(),
            Self::DeadLetter(error) => error.fate(),
        }
    }
}

/// Processes a message of the queue of that name. A dead letter is told of at once; what fails of that the hourly round does
/// again. Why the steps may happen twice or stop half-way says whoever does them.
pub async fn process_message<P: Ports>(
    ports: &P,
    registry: &Registry,
    queue: &str,
    received: Received<'_>,
) -> Result<Processed, MessageError> {
    match queue {
        EVENTS_QUEUE => Ok(process_event(ports, registry, received).await?),
        DEAD_LETTER_QUEUE => {
            let deliveries = registry.backup.max_retries.saturating_add(1);
            let fate = process_dead_letter(ports, deliveries, received).await?;
            let told = tell_soon(ports, registry, Look::Changes).await;
            Ok(Processed {
                fate,
                failures: told.into_iter().map(RoundError::from).collect(),
            })
        }
        other => Err(MessageError::Queue(other.to_owned())),
    }
}
