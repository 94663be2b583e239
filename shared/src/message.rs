//! What travels through the queues. Messages name rows of the catalogue and carry no state of their own,
//! so that one which comes twice, late or out of order does no harm.

use serde::{Deserialize, Serialize};

/// Queue of [`ExportMessage`]s, consumed by the exporter.
pub const EXPORTS_QUEUE: &str = "grove-backups-exports";
/// Where the exports queue puts what no retry saved, consumed by the janitor.
pub const DEAD_LETTER_QUEUE: &str = "grove-backups-exports-dlq";
/// Queue of [`Event`]s, consumed by the janitor.
pub const EVENTS_QUEUE: &str = "grove-backups-events";

/// Asks for the backup of one database as part of one job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportMessage {
    /// The job's UUID.
    pub job_id: String,
    /// The database's name in the registry.
    pub database: String,
}

/// Something happened that the janitor may have to act on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// One result of a job reached its end: the job may be complete.
    ResultSettled {
        /// The job's UUID.
        job_id: String,
        /// The database's name in the registry.
        database: String,
    },
    /// Letters of the outbox may be due.
    Deliver,
    /// The janitor made no round for long: its cron may have stopped.
    Round,
    /// Somebody wants to know whether notices arrive.
    TestNotice {
        /// What tells it from any other.
        id: String,
    },
    /// Somebody asks for a restore drill of a backup.
    Drill {
        /// The dump's key in the bucket.
        key: String,
    },
    /// The comparison of the catalogue with the bucket is to go on. The catalogue knows from where; see
    /// [`crate::catalogue::reconciliation`].
    Reconcile {
        /// The key after which it goes on; `None` at the beginning.
        #[serde(default)]
        after: Option<String>,
    },
}
