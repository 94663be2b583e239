//! Alarms: from what is recorded to what should be open, and from there to what has changed.
//!
//! An alarm rests on facts of the catalogue and never on what one invocation remembers, so a crash silences none.

mod facts;
mod transitions;

pub use facts::{Facts, interval, patience, stuck_since, wanted};
pub use transitions::{Changes, Repeated, changes};

/// How long after it was last told an alarm that is still open is told again.
pub const REPEAT_SECONDS: i64 = 24 * 3600;

/// Why there is an alarm. At most one is open for each cause and database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// The newest job that ended failed, in whole or in part.
    JobFailed,
    /// The newest result of a database failed.
    DatabaseFailed,
    /// The newest three results of a database failed.
    Failing,
    /// A database has no backup that is as young as the schedule promises.
    Overdue,
    /// A database of the registry never had a backup.
    NeverBackedUp,
    /// A job runs for longer than any export may.
    JobStuck,
    /// The newest backup of a database has much less than the one before.
    Shrunk,
    /// The newest restore drill of a database failed.
    DrillFailed,
    /// Objects of a backup are gone from the bucket.
    ObjectLost,
    /// Objects of a backup are not what was recorded.
    ObjectDamaged,
    /// Messages that no retry saved wait for a decision.
    DeadLetter,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 11] = [
        Self::JobFailed,
        Self::DatabaseFailed,
        Self::Failing,
        Self::Overdue,
        Self::NeverBackedUp,
        Self::JobStuck,
        Self::Shrunk,
        Self::DrillFailed,
        Self::ObjectLost,
        Self::ObjectDamaged,
        Self::DeadLetter,
    ];

    /// The word of the catalogue and of every answer.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::JobFailed => "job_failed",
            Self::DatabaseFailed => "database_failed",
            Self::Failing => "failing",
            Self::Overdue => "overdue",
            Self::NeverBackedUp => "never_backed_up",
            Self::JobStuck => "job_stuck",
            Self::Shrunk => "shrunk",
            Self::DrillFailed => "drill_failed",
            Self::ObjectLost => "object_lost",
            Self::ObjectDamaged => "object_damaged",
            Self::DeadLetter => "dead_letter",
        }
    }

    /// The cause that `word` names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.as_str() == word)
    }
}

/// Whether the report of a job says what an alarm of this cause says: its opening is told by the report, and who wants to
/// hear of no failed job hears nothing of it at all.
pub fn is_told_by_report(cause: &str) -> bool {
    matches!(
        Cause::from_word(cause),
        Some(Cause::JobFailed | Cause::DatabaseFailed)
    )
}

/// An alarm that should be open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    /// Its cause.
    pub cause: Cause,
    /// The database that it is about; empty when it is about none.
    pub database: String,
    /// What is the matter and what to do, a sentence or two.
    pub summary: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_read_as_it_is_written() {
        for cause in Cause::ALL {
            assert_eq!(Cause::from_word(cause.as_str()), Some(cause));
        }
        assert_eq!(Cause::from_word("rain"), None);
    }
}
