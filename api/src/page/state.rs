//! The overall state in one sentence: the worst thing that is true, and good news only when nothing bad is.

use shared::history::LATE_SECONDS;
use shared::time::Timestamp;

use super::overview::Overview;
use crate::text::counted;

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As it should be.
    Good,
    /// Not decided yet.
    Busy,
    /// Somebody has to look.
    Bad,
}

impl Tone {
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Busy => "busy",
            Self::Bad => "bad",
        }
    }

    pub(super) const fn mark(self) -> &'static str {
        match self {
            Self::Good => "✓",
            Self::Busy => "◐",
            Self::Bad => "✗",
        }
    }
}

/// The state and its tone.
pub(super) fn sentence(overview: &Overview<'_>) -> (Tone, String) {
    let bad = |sentence| (Tone::Bad, sentence);
    running(overview)
        .or_else(|| none_yet(overview))
        .or_else(|| failed(overview).map(bad))
        .or_else(|| missing(overview).map(bad))
        .or_else(|| overdue(overview).map(bad))
        .or_else(|| alarms(overview).map(bad))
        .unwrap_or_else(|| (Tone::Good, all_well(overview)))
}

/// A job that runs hides no failure.
fn running(overview: &Overview<'_>) -> Option<(Tone, String)> {
    let job = overview.running.as_ref()?;
    let done = job.successful.saturating_add(job.failed);
    let total = counted(job.total_databases, "database");
    let sentence = format!("A backup is running: {done} of {total} done.");
    Some(match failed(overview) {
        Some(failed) => (Tone::Bad, format!("{sentence} {failed}")),
        None => (Tone::Busy, sentence),
    })
}

fn none_yet(overview: &Overview<'_>) -> Option<(Tone, String)> {
    if !overview.jobs.is_empty() || !overview.backups.is_empty() {
        return None;
    }
    let sentence = match overview.registry.next_run(overview.now) {
        Some(first) => format!(
            "No backup has been made yet; the first is due on {}.",
            first.date()
        ),
        None => "No backup has been made yet, and none is scheduled.".to_owned(),
    };
    Some((Tone::Busy, sentence))
}

fn failed(overview: &Overview<'_>) -> Option<String> {
    let failed = names(overview, |database| {
        overview
            .result(database)
            .is_some_and(|result| result.status == "failed")
    })?;
    Some(format!("The newest backup failed for {failed}."))
}

fn missing(overview: &Overview<'_>) -> Option<String> {
    let missing = names(overview, |database| overview.backup(database).is_none())?;
    Some(format!("There is no backup of {missing}."))
}

fn overdue(overview: &Overview<'_>) -> Option<String> {
    let newest = overview.jobs.first()?;
    let due = overview
        .registry
        .next_run(Timestamp::from_seconds(newest.started_at))?;
    if due.plus_seconds(LATE_SECONDS) > overview.now {
        return None;
    }
    Some(format!(
        "The backup that was due on {} has not started.",
        due.date()
    ))
}

fn alarms(overview: &Overview<'_>) -> Option<String> {
    match overview.alarms.len() {
        0 => None,
        1 => Some("An alarm is open.".to_owned()),
        number => Some(format!("{number} alarms are open.")),
    }
}

fn all_well(overview: &Overview<'_>) -> String {
    let subject = match overview.registry.databases.len() {
        1 => "The database is backed up".to_owned(),
        number => format!("All {number} databases backed up"),
    };
    let all = overview.registry.databases.iter();
    let backups = all.filter_map(|database| overview.backup(&database.name));
    let unverified = backups
        .filter(|backup| backup.verified_at.is_none())
        .count();
    let verified = match unverified {
        0 => " and verified".to_owned(),
        1 => ", one of them not verified yet".to_owned(),
        number => format!(", {number} of them not verified yet"),
    };
    match overview.registry.next_run(overview.now) {
        Some(next) => format!("{subject}{verified}; next run {}.", run(next, overview.now)),
        None => format!("{subject}{verified}; the schedule does not fire again."),
    }
}

/// A run to come: by its weekday where that is enough.
fn run(next: Timestamp, now: Timestamp) -> String {
    let format = if next.seconds().saturating_sub(now.seconds()) <= 7 * 86_400 {
        "%A %H:%M UTC"
    } else {
        "%Y-%m-%d %H:%M UTC"
    };
    next.utc().format(format).to_string()
}

/// The databases that `which` picks, as a phrase: `x`, or `2 of 9 databases: x, y`.
fn names(overview: &Overview<'_>, which: impl Fn(&str) -> bool) -> Option<String> {
    let all = &overview.registry.databases;
    let names: Vec<&str> = all
        .iter()
        .map(|database| database.name.as_str())
        .filter(|name| which(name))
        .collect();
    match *names.as_slice() {
        [] => None,
        [name] => Some(name.to_owned()),
        _ => Some(format!(
            "{} of {} databases: {}",
            names.len(),
            all.len(),
            names.join(", ")
        )),
    }
}
