//! Why a backup stays or goes, as a sentence for people.

use std::fmt;

use super::Backup;
use crate::time::Timestamp;

/// A keep rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// The newest backups.
    Last,
    /// One of a day.
    Daily,
    /// One of a week.
    Weekly,
    /// One of a month.
    Monthly,
    /// One of a year.
    Yearly,
}

impl Rule {
    /// Its name in the registry.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Last => "keep_last",
            Self::Daily => "keep_daily",
            Self::Weekly => "keep_weekly",
            Self::Monthly => "keep_monthly",
            Self::Yearly => "keep_yearly",
        }
    }
}

/// Why a backup stays or goes. `Display` is the sentence; days are of UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// It is pinned, with this note.
    Pinned(Option<String>),
    /// It was made later than now.
    Future(Timestamp),
    /// Its time is not over before then.
    Until(Timestamp),
    /// A keep rule covers it, as the backup of this period (or of this number, from the newest on).
    Rule(Rule, String),
    /// It is the floor: verified.
    NewestVerified,
    /// It is the floor: none is verified.
    NewestGood,
    /// It is the floor: none is good.
    NewestLeft,
    /// The latest backup of the database failed.
    LatestFailed,
    /// A lock of the bucket keeps it; it is tried again after then.
    Locked(Timestamp),
    /// Its time is over since then, and nothing keeps it.
    Due(Timestamp),
    /// Its deletion has begun for the reason that is recorded.
    Begun(String),
}

impl Reason {
    /// Why nothing keeps the backup.
    pub(super) fn due(backup: &Backup) -> Self {
        match &backup.deleted_because {
            Some(because) => Self::Begun(because.clone()),
            None => Self::Due(Timestamp::from_seconds(backup.expires_at)),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pinned(None) => write!(out, "pinned"),
            Self::Pinned(Some(note)) => write!(out, "pinned: {note}"),
            Self::Future(at) => write!(out, "dated in the future: {}", at.rfc3339()),
            Self::Until(at) => write!(out, "kept until {}", at.date()),
            Self::Rule(rule, period) => write!(out, "{}: {period}", rule.as_str()),
            Self::NewestVerified => write!(out, "the newest verified backup"),
            Self::NewestGood => write!(out, "the newest good backup, while none is verified"),
            Self::NewestLeft => write!(out, "the newest backup there is, while none is good"),
            Self::LatestFailed => write!(out, "the latest backup failed, so nothing is deleted"),
            Self::Locked(until) => write!(
                out,
                "a lock of the bucket keeps it; tried again after {}",
                until.rfc3339()
            ),
            Self::Due(since) => write!(out, "due since {}", since.date()),
            Self::Begun(because) => write!(out, "{because}"),
        }
    }
}
