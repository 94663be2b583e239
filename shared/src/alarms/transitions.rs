//! What has changed between the alarms that are open and those that should be.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{REPEAT_SECONDS, Wanted};
use crate::catalogue::alarms::AlarmRow;
use crate::notice::{Digest, Told};
use crate::time::Timestamp;

/// An alarm that is still open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeated {
    /// As it was.
    pub alarm: AlarmRow,
    /// What it says now.
    pub summary: String,
}

/// What has changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// To be opened.
    pub opened: Vec<Wanted>,
    /// Open for so long that it is to be told again.
    pub repeated: Vec<Repeated>,
    /// Open and told lately, and says something else now.
    pub reworded: Vec<Repeated>,
    /// No longer true.
    pub resolved: Vec<AlarmRow>,
}

impl Changes {
    /// The same without what is only told again: of that, what it says is kept up.
    #[must_use]
    pub fn without_repetition(mut self) -> Self {
        let repeated = self.repeated.drain(..);
        let reworded = repeated.filter(|repeated| repeated.summary != repeated.alarm.summary);
        self.reworded.extend(reworded);
        self
    }

    /// Whether nothing has changed.
    pub fn is_empty(&self) -> bool {
        self.opened.is_empty()
            && self.repeated.is_empty()
            && self.reworded.is_empty()
            && self.resolved.is_empty()
    }
}

impl Changes {
    /// The mark that an evaluation leaves which found the mark `read` and these changes at `now`: the same for the same, so
    /// that two which decide alike do no harm to each other, and different for any other.
    pub fn mark(&self, read: &str, now: Timestamp) -> String {
        let name = format!("urn:cache:alarms:{read}:{}:{self:?}", now.millis());
        Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()).to_string()
    }

    /// What of it is told.
    pub fn digest(&self, now: Timestamp) -> Digest {
        let told = |cause: &str, database: &str, summary: &str, since| Told {
            cause: cause.to_owned(),
            database: database.to_owned(),
            summary: summary.to_owned(),
            since,
        };
        let since = |alarm: &AlarmRow| Timestamp::from_seconds(alarm.opened_at);
        Digest {
            at: now,
            opened: self
                .opened
                .iter()
                .map(|it| told(it.cause.as_str(), &it.database, &it.summary, now))
                .collect(),
            repeated: self
                .repeated
                .iter()
                .map(|Repeated { alarm, summary }| {
                    told(&alarm.cause, &alarm.database_name, summary, since(alarm))
                })
                .collect(),
            resolved: self
                .resolved
                .iter()
                .map(|it| told(&it.cause, &it.database_name, &it.summary, since(it)))
                .collect(),
        }
    }
}

/// What makes the alarms that are wanted of those that are open.
pub fn changes(open: Vec<AlarmRow>, wanted: Vec<Wanted>, now: Timestamp) -> Changes {
    let mut wanted: BTreeMap<(String, String), Wanted> = wanted
        .into_iter()
        .map(|alarm| {
            let key = (alarm.cause.as_str().to_owned(), alarm.database.clone());
            (key, alarm)
        })
        .collect();
    let mut changes = Changes::default();
    for alarm in open {
        let key = (alarm.cause.clone(), alarm.database_name.clone());
        let Some(Wanted { summary, .. }) = wanted.remove(&key) else {
            changes.resolved.push(alarm);
            continue;
        };
        let is_due = now.seconds().saturating_sub(alarm.notified_at) >= REPEAT_SECONDS;
        let is_reworded = summary != alarm.summary;
        let repeated = Repeated { alarm, summary };
        if is_due {
            changes.repeated.push(repeated);
        } else if is_reworded {
            changes.reworded.push(repeated);
        }
    }
    changes.opened = wanted.into_values().collect();
    changes.opened.sort();
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alarms::Cause;

    const NOW: i64 = 1_733_626_800;

    fn open(database: &str, told: i64) -> AlarmRow {
        AlarmRow {
            id: 1,
            cause: "overdue".to_owned(),
            database_name: database.to_owned(),
            summary: "old".to_owned(),
            opened_at: told,
            notified_at: told,
            resolved_at: None,
        }
    }

    fn want(database: &str, summary: &str) -> Wanted {
        Wanted {
            cause: Cause::Overdue,
            database: database.to_owned(),
            summary: summary.to_owned(),
        }
    }

    /// How many are opened, repeated, reworded and resolved.
    fn counts(open: Vec<AlarmRow>, wanted: Vec<Wanted>) -> [usize; 4] {
        let changes = changes(open, wanted, Timestamp::from_seconds(NOW));
        [
            changes.opened.len(),
            changes.repeated.len(),
            changes.reworded.len(),
            changes.resolved.len(),
        ]
    }

    #[test]
    fn what_is_wanted_and_not_open_opens() {
        assert_eq!(counts(vec![], vec![want("a", "old")]), [1, 0, 0, 0]);
    }

    #[test]
    fn what_is_open_and_not_wanted_resolves() {
        assert_eq!(counts(vec![open("a", NOW)], vec![]), [0, 0, 0, 1]);
    }

    #[test]
    fn what_is_open_and_wanted_is_told_again_after_a_day_and_not_before() {
        let told = |at| counts(vec![open("a", at)], vec![want("a", "old")]);
        assert_eq!(told(NOW - 86_399), [0, 0, 0, 0]);
        assert_eq!(told(NOW - 86_400), [0, 1, 0, 0]);
    }

    #[test]
    fn what_is_not_told_again_keeps_up_what_it_says() {
        let quiet = |summary| {
            let open = vec![open("a", NOW - REPEAT_SECONDS)];
            changes(open, vec![want("a", summary)], Timestamp::from_seconds(NOW))
                .without_repetition()
        };
        assert!(quiet("old").is_empty());
        let reworded = quiet("new").reworded;
        assert_eq!(reworded[0].alarm.notified_at, NOW - REPEAT_SECONDS);
    }

    #[test]
    fn what_says_something_else_is_written_and_not_told() {
        let changed = counts(vec![open("a", NOW)], vec![want("a", "new")]);
        assert_eq!(changed, [0, 0, 1, 0]);
    }

    #[test]
    fn alarms_of_different_databases_have_nothing_to_do_with_each_other() {
        let changed = counts(vec![open("a", NOW)], vec![want("b", "old")]);
        assert_eq!(changed, [1, 0, 0, 1]);
    }

    #[test]
    fn what_is_wanted_twice_opens_once() {
        let twice = vec![want("a", "one"), want("a", "two")];
        assert_eq!(counts(vec![], twice), [1, 0, 0, 0]);
    }

    #[test]
    fn a_clock_that_goes_backwards_repeats_nothing() {
        let ahead = vec![open("a", NOW + 1_000_000)];
        assert_eq!(counts(ahead, vec![want("a", "old")]), [0, 0, 0, 0]);
    }
}
