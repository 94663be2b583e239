//! The last twelve weeks of a database, by the schedule: where a backup was due and there is one, where it failed, and where
//! nothing ran at all. A gap is nobody's row in the catalogue, so it is found by comparing what there is with the schedule.

use crate::catalogue::history::WeekRow;
use crate::catalogue::overview;
use crate::registry::Registry;
use crate::time::Timestamp;

/// How many weeks there are.
pub const WEEKS: u8 = 12;
/// So long after it was due, a run of which there is nothing has not happened: cron triggers fire within minutes.
pub const LATE_SECONDS: i64 = 3_600;

const DAY: i64 = 86_400;
const WEEK: i64 = 7 * DAY;
const SPAN: i64 = WEEKS as i64 * WEEK;
/// 1970-01-01 was a Thursday: so long after the Monday before.
const EPOCH_IN_WEEK: i64 = 3 * DAY;

/// What became of the runs of a day, or of a week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// None was due, and none ran.
    NotDue,
    /// Each that was due left a backup, or one was made although none was due.
    Success,
    /// So many left a backup, of so many that were due.
    Partly(u64, u64),
    /// What ran failed.
    Failed,
    /// At least one was due, and nothing ran.
    Gap,
    /// It is under way.
    Running,
}

/// How many days of a time had a backup, a failure, and something that has not ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Tally {
    success: u64,
    failed: u64,
    unfinished: u64,
}

impl Tally {
    /// What it means where so many runs were due.
    const fn outcome(self, due: u64) -> Outcome {
        if self.success > 0 && self.success >= due {
            Outcome::Success
        } else if self.unfinished > 0 {
            Outcome::Running
        } else if self.success > 0 {
            Outcome::Partly(self.success, due)
        } else if self.failed > 0 {
            Outcome::Failed
        } else if due > 0 {
            Outcome::Gap
        } else {
            Outcome::NotDue
        }
    }
}

/// A week of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Week {
    /// When it began.
    pub from: Timestamp,
    /// What became of its runs.
    pub outcome: Outcome,
    /// The size of its newest backup.
    pub size_bytes: Option<u64>,
}

/// The runs that were due in the last twelve weeks, for all databases.
///
/// These weeks begin and end with a run, so that a week of a weekly schedule is one run and all that came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weeks {
    since: i64,
    due: Vec<i64>,
}

impl Weeks {
    /// Those that end at the next run, or now when it is farther away than a week.
    pub fn until(registry: &Registry, now: Timestamp) -> Self {
        let next = registry.next_run(now).map(Timestamp::seconds);
        let end = next.filter(|next| next.saturating_sub(now.seconds()) <= WEEK);
        let since = end.unwrap_or(now.seconds()).saturating_sub(SPAN);
        Self {
            since,
            due: due(registry, since, now),
        }
    }

    /// When the first of them began.
    pub const fn since(&self) -> Timestamp {
        Timestamp::from_seconds(self.since)
    }

    const fn from(&self, week: i64) -> i64 {
        self.since.saturating_add(week.saturating_mul(WEEK))
    }

    /// Those of one database, oldest first, from the rows that are about it. Nothing was due before it was `known`, or in and
    /// before the first week in which something ran.
    pub fn of<'a>(
        &self,
        rows: impl Iterator<Item = &'a WeekRow> + Clone,
        known: Option<i64>,
    ) -> Vec<Week> {
        let first = rows.clone().map(|row| row.week).min();
        let known = earliest(known, first.map(|week| self.from(week.saturating_add(1))));
        let weeks = (0..WEEKS).map(|number| {
            let from = self.from(number.into());
            let row = rows.clone().find(|row| row.week == i64::from(number));
            let tally = row.map_or_else(Tally::default, |row| Tally {
                success: row.success,
                failed: row.failed,
                unfinished: row.unfinished,
            });
            Week {
                from: Timestamp::from_seconds(from),
                outcome: tally.outcome(count(&self.due, from, WEEK, known)),
                size_bytes: row.and_then(|row| row.size_bytes),
            }
        });
        weeks.collect()
    }
}

/// A day of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// Its first moment, by UTC.
    pub from: Timestamp,
    /// What became of its runs; `None` of a day to come.
    pub outcome: Option<Outcome>,
}

/// Twelve weeks of days of one database, oldest first, each from Monday to Sunday by UTC; the last is this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calendar {
    since: i64,
}

impl Calendar {
    /// The one that ends with the week of `now`.
    pub const fn until(now: Timestamp) -> Self {
        let into_week = now.seconds().saturating_add(EPOCH_IN_WEEK).rem_euclid(WEEK);
        let monday = now.seconds().saturating_sub(into_week);
        Self {
            since: monday.saturating_sub(SPAN - WEEK),
        }
    }

    /// Its first Monday.
    pub const fn since(&self) -> Timestamp {
        Timestamp::from_seconds(self.since)
    }

    /// The days, from the rows about the database. Nothing was due before it was `known`, or before something ran.
    pub fn days(
        &self,
        registry: &Registry,
        rows: &[overview::Day],
        known: Option<i64>,
        now: Timestamp,
    ) -> Vec<Vec<Day>> {
        let due = due(registry, self.since, now);
        let first = (0..SPAN / DAY)
            .map(|number| self.since.saturating_add(number * DAY))
            .find(|from| row_of(rows, *from).is_some());
        let known = earliest(known, first);
        let day = |from: i64| {
            let tally = row_of(rows, from).map_or_else(Tally::default, |row| Tally {
                success: row.successful.min(1),
                failed: row.failed,
                unfinished: row.unfinished,
            });
            let is_to_come = from > now.seconds();
            Day {
                from: Timestamp::from_seconds(from),
                outcome: (!is_to_come).then(|| tally.outcome(count(&due, from, DAY, known))),
            }
        };
        let weeks = (0..WEEKS).map(|week| {
            let monday = self.since.saturating_add(i64::from(week) * WEEK);
            let days = (0..7).map(|number| day(monday.saturating_add(number * DAY)));
            days.collect()
        });
        weeks.collect()
    }
}

fn row_of(rows: &[overview::Day], from: i64) -> Option<&overview::Day> {
    let date = Timestamp::from_seconds(from).date();
    rows.iter().find(|row| row.date == date)
}

/// The runs that were due from `since` on and are late by now, the first of each day from that moment.
fn due(registry: &Registry, since: i64, now: Timestamp) -> Vec<i64> {
    let over = now.seconds().saturating_sub(LATE_SECONDS);
    let mut runs = Vec::new();
    let mut after = since.saturating_sub(1);
    while let Some(run) = registry.next_run(Timestamp::from_seconds(after)) {
        let run = run.seconds();
        if run > over {
            break;
        }
        runs.push(run);
        let into_day = run.saturating_sub(since).rem_euclid(DAY);
        after = run.saturating_add(DAY - 1).saturating_sub(into_day);
    }
    runs
}

/// How many of the runs are in a time, and not before the database was known; none of one that never was.
fn count(due: &[i64], from: i64, seconds: i64, known: Option<i64>) -> u64 {
    let Some(known) = known else { return 0 };
    let until = from.saturating_add(seconds);
    let runs = due.iter().filter(|run| **run >= from && **run < until);
    runs.filter(|run| **run >= known)
        .fold(0, |count, _| count + 1)
}

fn earliest(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests;
