//! Shorthand for the backups of a database, and for a plan as text.

use chrono::NaiveDateTime;
use shared::registry::KeepRules;
use shared::retention::{Backup, Decision, plan};
use shared::time::Timestamp;

pub(crate) const DAY: i64 = 86_400;

/// `2025-01-01`, or `2025-01-01 03:00`, in Unix seconds.
pub(crate) fn at(text: &str) -> i64 {
    let text = if text.len() == 10 {
        format!("{text} 00:00")
    } else {
        text.to_owned()
    };
    let parsed = NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M").unwrap();
    parsed.and_utc().timestamp()
}

/// A whole backup of that moment without a drill, whose time is over after so many days.
pub(crate) fn backup(id: i64, created_at: i64, days: i64) -> Backup {
    Backup {
        id,
        r2_key: format!("{id}.sql"),
        created_at,
        expires_at: created_at + days * DAY,
        verified_at: None,
        drill_failed_at: None,
        pinned_at: None,
        pin_note: None,
        lost_at: None,
        locked_at: None,
        deleted_because: None,
    }
}

/// The backups of a database that a scenario is about, and what holds for them.
pub(crate) struct History {
    now: i64,
    days: i64,
    backups: Vec<Backup>,
    rules: KeepRules,
    latest_failed: bool,
}

impl History {
    /// None yet, looked at on that day.
    pub(crate) fn on(now: &str) -> Self {
        Self {
            now: at(now),
            days: 84,
            backups: Vec::new(),
            rules: KeepRules::default(),
            latest_failed: false,
        }
    }

    /// The backups from here on are kept for so many days; 84 unless told.
    pub(crate) fn kept_for(mut self, days: i64) -> Self {
        self.days = days;
        self
    }

    /// Backups of these days.
    pub(crate) fn made(mut self, dates: &[&str]) -> Self {
        for date in dates {
            let id = i64::try_from(self.backups.len()).unwrap() + 1;
            self.backups.push(backup(id, at(date), self.days));
        }
        self
    }

    /// So many backups at a distance of so many days, the last on that day.
    pub(crate) fn every(mut self, days: i64, count: i64, last: &str) -> Self {
        for nth in (0..count).rev() {
            let id = i64::try_from(self.backups.len()).unwrap() + 1;
            let created = at(last) - nth * days * DAY;
            self.backups.push(backup(id, created, self.days));
        }
        self
    }

    /// Changes the backups of that day.
    pub(crate) fn with(mut self, date: &str, change: impl Fn(&mut Backup)) -> Self {
        let mut changed = 0;
        for backup in &mut self.backups {
            if backup.created_at == at(date) {
                change(backup);
                changed += 1;
            }
        }
        assert!(changed > 0, "there is no backup of {date}");
        self
    }

    pub(crate) fn verified(self, date: &str) -> Self {
        self.with(date, |backup| backup.verified_at = Some(backup.created_at))
    }
    pub(crate) fn drill_failed(self, date: &str) -> Self {
        self.with(date, |backup| {
            backup.drill_failed_at = Some(backup.created_at);
        })
    }
    pub(crate) fn pinned(self, date: &str, note: Option<&str>) -> Self {
        self.with(date, |backup| {
            backup.pinned_at = Some(backup.created_at);
            backup.pin_note = note.map(ToOwned::to_owned);
        })
    }
    pub(crate) fn lost(self, date: &str) -> Self {
        self.with(date, |backup| backup.lost_at = Some(backup.created_at))
    }
    pub(crate) fn locked(self, date: &str, at_moment: &str) -> Self {
        self.with(date, |backup| backup.locked_at = Some(at(at_moment)))
    }
    pub(crate) fn begun(self, date: &str) -> Self {
        self.with(date, |backup| {
            backup.deleted_because = Some("due since some day".to_owned());
        })
    }

    pub(crate) fn latest_failed(mut self) -> Self {
        self.latest_failed = true;
        self
    }
    pub(crate) fn last(mut self, count: u32) -> Self {
        self.rules.last = Some(count);
        self
    }
    pub(crate) fn daily(mut self, count: u32) -> Self {
        self.rules.daily = Some(count);
        self
    }
    pub(crate) fn weekly(mut self, count: u32) -> Self {
        self.rules.weekly = Some(count);
        self
    }
    pub(crate) fn monthly(mut self, count: u32) -> Self {
        self.rules.monthly = Some(count);
        self
    }
    pub(crate) fn yearly(mut self, count: u32) -> Self {
        self.rules.yearly = Some(count);
        self
    }

    /// The plan, a line for each backup, newest first.
    pub(crate) fn plan(self) -> String {
        let now = Timestamp::from_seconds(self.now);
        let decisions = plan(self.backups, self.latest_failed, &self.rules, now);
        let lines: Vec<_> = decisions.iter().map(line).collect();
        lines.join("\n")
    }
}

fn line(decision: &Decision) -> String {
    let created = Timestamp::from_seconds(decision.backup.created_at).utc();
    format!(
        "{} {:6} {}",
        created.format("%Y-%m-%d %H:%M"),
        decision.verdict.as_str(),
        decision.because()
    )
}
