//! Notices: what is told, in a form that no channel has yet, and what each channel makes of it.
//!
//! A notice lies in the outbox as JSON, so a new field needs a default: an older janitor may have written it.

pub mod address;
pub mod channels;
mod discord;
mod payload;
pub mod signature;
mod slack;
mod words;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// Something to tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Notice {
    /// A job ended, and all of it worked.
    BackupCompleted(Report),
    /// A job ended, and some or all of it failed.
    BackupFailed(Report),
    /// Alarms opened, are still open after a day, or are over.
    Alarms(Digest),
    /// Somebody wants to know whether notices arrive.
    Test {
        /// When it was asked for.
        at: Timestamp,
    },
    /// For a dead man's switch outside.
    Heartbeat {
        /// What has happened to the scheduled job.
        signal: Signal,
    },
}

impl Notice {
    /// As the outbox keeps it.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

/// What a scheduled job has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// It is planned.
    Start,
    /// All of it worked.
    Success,
    /// Some or all of it failed.
    Fail,
}

/// A job that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The job's UUID.
    pub job_id: String,
    /// When it ended.
    pub at: Timestamp,
    /// Databases that were backed up.
    pub successful: u64,
    /// Databases that were not.
    pub failed: u64,
    /// Databases that were to be.
    pub total: u64,
    /// What the dumps take, in bytes.
    pub size_bytes: u64,
    /// From its plan to its end, in milliseconds.
    pub duration_ms: i64,
    /// Why it failed as a whole.
    pub error: Option<String>,
    /// What became of each database.
    pub details: Vec<Detail>,
}

impl Report {
    /// The databases that were not backed up, with the reason.
    pub(crate) fn failures(&self) -> impl Iterator<Item = (&str, &str)> {
        let failed = self.details.iter().filter(|detail| detail.is_failure());
        failed.map(|detail| {
            let why = detail.error.as_deref().unwrap_or("It is not known why.");
            (detail.database.as_str(), why)
        })
    }
}

/// What became of a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// Its name.
    pub database: String,
    /// `success`, `failed` or `skipped`.
    pub status: String,
    /// The dump's size in bytes.
    pub size_bytes: Option<u64>,
    /// Why it failed.
    pub error: Option<String>,
}

impl Detail {
    fn is_failure(&self) -> bool {
        !matches!(self.status.as_str(), "success" | "skipped")
    }
}

/// What has changed about the alarms since the digest before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// When.
    pub at: Timestamp,
    /// They opened.
    #[serde(default)]
    pub opened: Vec<Told>,
    /// They are still open.
    #[serde(default)]
    pub repeated: Vec<Told>,
    /// They are over.
    #[serde(default)]
    pub resolved: Vec<Told>,
}

impl Digest {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.opened.is_empty() && self.repeated.is_empty() && self.resolved.is_empty()
    }
}

/// An alarm as it is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The cause, a word.
    pub cause: String,
    /// The database that it is about; empty when it is about none.
    pub database: String,
    /// What is the matter and what to do.
    pub summary: String,
    /// Since when.
    pub since: Timestamp,
}

#[cfg(test)]
mod tests;
