//! What can go wrong with a message, and whether trying again may help.

use shared::dump::DumpError;
use shared::ports::{DatabaseError, MissingBinding, QueueError};

use crate::deadline::Deadline;
use crate::store::StoringError;

/// Something went wrong with a message, which is to be logged.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The body is no message, or names what the catalogue does not know. Recorded as a dead letter.
    #[error("the message is not for this exporter: {0}")]
    Poison(String),
    /// The result was not claimed, or not found out about.
    #[error("the result could not be claimed")]
    Claim(#[source] DatabaseError),
    /// A message that makes no sense was not recorded.
    #[error("the message could not be recorded as a dead letter")]
    DeadLetter(#[source] DatabaseError),
    /// The message came too early and could not be sent to the end of the queue.
    #[error("the message could not be put back")]
    PutBack(#[source] QueueError),
    /// The registry no longer has the database.
    #[error("the registry no longer has the database; it was removed after the job was planned")]
    Unregistered,
    /// The Worker is not bound to the database.
    #[error(transparent)]
    Binding(#[from] MissingBinding),
    /// The dump was not made.
    #[error("the dump could not be made")]
    Dump(#[from] DumpError),
    /// The dump was not stored.
    #[error("the dump could not be stored")]
    Store(#[from] StoringError),
    /// The dump is stored, and the catalogue does not know it yet.
    #[error("the dump is stored but could not be recorded")]
    Record(#[source] DatabaseError),
    /// Somebody else has taken the result over.
    #[error("the lease ran out before the dump was recorded, and another exporter has taken over")]
    LeaseLost,
    /// The checkpoint was not saved, or not forgotten.
    #[error("the checkpoint could not be saved")]
    Save(#[source] DatabaseError),
    /// What is saved is no checkpoint of this version.
    #[error("the checkpoint is not one of this version; trigger a new backup")]
    Checkpoint(#[source] serde_json::Error),
    /// What makes the database's objects, or sets them, does not fit a part.
    #[error(
        "the definitions of the database's objects have {bytes} bytes, which is more than a part of the dump holds"
    )]
    PieceTooLarge {
        /// How many they have.
        bytes: usize,
    },
    /// The bucket takes no more parts.
    #[error("the dump has more parts than the bucket takes")]
    TooManyParts,
    /// It took too long.
    #[error("the backup was not made within {} of its job; raise {}, or find out what slows it down", .0.time(), .0.setting())]
    Overdue(Deadline),
    /// The rest could not be left to another invocation.
    #[error("the message for the rest of the export could not be sent")]
    HandOver(#[source] QueueError),
    /// The claim was not given back; it ends by itself.
    #[error("the claim could not be given back, so the next attempt has to wait for it to end")]
    Release(#[source] DatabaseError),
    /// The end of the result was not announced; the janitor finds it by itself.
    #[error("the end of the result could not be announced")]
    Announce(#[source] QueueError),
}

impl ExportError {
    /// Whether the same may succeed later. A failure to read from or write to anything may; so may a binding, which is
    /// there when a deployment that is under way is done.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Dump(error) => error.is_transient(),
            Self::Poison(_)
            | Self::Unregistered
            | Self::Checkpoint(_)
            | Self::PieceTooLarge { .. }
            | Self::TooManyParts
            | Self::Overdue(_) => false,
            Self::Store(error) => match error {
                StoringError::Bucket(_) | StoringError::Contended { .. } => true,
                StoringError::Encode(_)
                | StoringError::Compress(_)
                | StoringError::ForeignManifest { .. }
                | StoringError::Taken { .. } => false,
            },
            Self::Claim(_)
            | Self::DeadLetter(_)
            | Self::PutBack(_)
            | Self::Binding(_)
            | Self::Save(_)
            | Self::HandOver(_)
            | Self::Record(_)
            | Self::LeaseLost
            | Self::Release(_)
            | Self::Announce(_) => true,
        }
    }
}

/// An error with its causes, as the catalogue keeps it.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    let texts = std::iter::once(error.to_string()).chain(causes.map(ToString::to_string));
    texts.collect::<Vec<_>>().join(": ")
}
