//! Which backups of a database stay, which go, and why: decided from what the catalogue has of them, and nothing else.
//!
//! A backup goes when its time is over and nothing keeps it. What keeps it: a keep rule of the registry, a floor (the
//! newest verified backup of the database, or its newest good one while none is verified), a pin, a date in the future
//! (a clock was wrong, so nothing may be concluded from it), or that the latest backup of the database failed. Every
//! reason that holds is told, not only the first.

pub mod pin;
mod reason;
mod rules;

use serde::Deserialize;

pub use reason::{Reason, Rule};

use crate::registry::KeepRules;
use crate::time::Timestamp;

/// The most live backups of one database that are looked at, newest first. Older ones stay until there are fewer.
pub const MOST_BACKUPS: u32 = 10_000;

/// For how long a backup that a bucket lock has kept is left alone, in seconds: a day.
pub const LOCK_PAUSE: i64 = 86_400;

/// A live backup as the catalogue has it. Moments are Unix seconds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Backup {
    /// Its row.
    pub id: i64,
    /// The dump's key in the bucket.
    pub r2_key: String,
    /// When it was recorded.
    pub created_at: i64,
    /// When its time is over. Fixed when it is made: another `retention_weeks` holds for backups from then on.
    pub expires_at: i64,
    /// When a drill last restored it.
    pub verified_at: Option<i64>,
    /// When a drill last failed; `None` after one that passed.
    pub drill_failed_at: Option<i64>,
    /// When somebody pinned it.
    pub pinned_at: Option<i64>,
    /// Why.
    pub pin_note: Option<String>,
    /// When its objects were found to be gone.
    pub lost_at: Option<i64>,
    /// When a bucket lock last refused to let it go.
    pub locked_at: Option<i64>,
    /// Set when its deletion has begun: a part of it may be gone.
    pub deleted_because: Option<String>,
}

impl Backup {
    /// Whether it is all there, as far as anybody knows.
    fn is_whole(&self) -> bool {
        self.lost_at.is_none() && self.deleted_because.is_none()
    }

    /// Whether no drill has failed on it either.
    fn is_good(&self) -> bool {
        self.is_whole() && self.drill_failed_at.is_none()
    }

    fn is_future(&self, now: Timestamp) -> bool {
        self.created_at > now.seconds()
    }
}

/// What becomes of a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It stays.
    Keep,
    /// It goes.
    Delete,
}

impl Verdict {
    /// The word of answers: `keep` or `delete`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Delete => "delete",
        }
    }
}

/// What becomes of one backup, with every reason that holds; one at least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// It.
    pub backup: Backup,
    /// What becomes of it.
    pub verdict: Verdict,
    /// Why.
    pub reasons: Vec<Reason>,
}

impl Decision {
    /// The reasons as one sentence for people.
    pub fn because(&self) -> String {
        let reasons: Vec<_> = self.reasons.iter().map(ToString::to_string).collect();
        reasons.join("; ")
    }
}

/// What becomes of the live backups of one database at `now`, newest first. The order of `backups` does not matter;
/// `latest_failed` says whether the latest result of the database that has ended is a failure.
pub fn plan(
    mut backups: Vec<Backup>,
    latest_failed: bool,
    rules: &KeepRules,
    now: Timestamp,
) -> Vec<Decision> {
    backups.sort_by_key(|backup| std::cmp::Reverse((backup.created_at, backup.id)));
    let floor = floor(&backups, now);
    let mut kept_by = rules::kept_by(&backups, rules, now).into_iter();
    let decide = |backup: Backup| {
        let mut reasons = keeps(&backup, now);
        reasons.extend(kept_by.next().unwrap_or_default());
        reasons.extend(
            floor
                .as_ref()
                .filter(|(id, _)| *id == backup.id)
                .map(|(_, reason)| reason.clone()),
        );
        if latest_failed {
            reasons.push(Reason::LatestFailed);
        }
        let verdict = if reasons.is_empty() {
            reasons.push(Reason::due(&backup));
            Verdict::Delete
        } else {
            Verdict::Keep
        };
        if verdict == Verdict::Delete
            && let Some(locked_until) = locked_until(&backup, now)
        {
            return Decision {
                backup,
                verdict: Verdict::Keep,
                reasons: vec![Reason::Locked(locked_until)],
            };
        }
        Decision {
            backup,
            verdict,
            reasons,
        }
    };
    backups.into_iter().map(decide).collect()
}

/// What keeps a backup whatever others there are. A deletion that has begun is brought to its end: neither time nor a pin
/// makes whole again what is half gone, and a pin is refused by then.
fn keeps(backup: &Backup, now: Timestamp) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if backup.pinned_at.is_some() {
        reasons.push(Reason::Pinned(backup.pin_note.clone()));
    }
    if backup.is_future(now) {
        reasons.push(Reason::Future(Timestamp::from_seconds(backup.created_at)));
    }
    if now.seconds() < backup.expires_at && backup.deleted_because.is_none() {
        reasons.push(Reason::Until(Timestamp::from_seconds(backup.expires_at)));
    }
    reasons
}

/// The backup that must stay, by its row: the newest verified one; while none is verified the newest good one; when none is
/// good the newest that is there at all.
fn floor(newest_first: &[Backup], now: Timestamp) -> Option<(i64, Reason)> {
    let there = || {
        newest_first
            .iter()
            .filter(|backup| backup.lost_at.is_none() && !backup.is_future(now))
    };
    let verified = there().find(|backup| backup.is_good() && backup.verified_at.is_some());
    let good = || there().find(|backup| backup.is_good());
    let whole = || there().find(|backup| backup.is_whole());
    None.or_else(|| verified.map(|backup| (backup.id, Reason::NewestVerified)))
        .or_else(|| good().map(|backup| (backup.id, Reason::NewestGood)))
        .or_else(|| {
            let last = whole().or_else(|| there().next());
            last.map(|backup| (backup.id, Reason::NewestLeft))
        })
}

/// Until when a backup is left alone because a lock of the bucket kept it.
fn locked_until(backup: &Backup, now: Timestamp) -> Option<Timestamp> {
    let until = backup.locked_at?.saturating_add(LOCK_PAUSE);
    (now.seconds() < until).then(|| Timestamp::from_seconds(until))
}
