//! The overall state in one sentence: the worst thing that is true, and good news only when nothing bad is.

use shared::time::Timestamp;

use super::Overview;
use crate::text::counted;

/// A run that is this late has not started: cron triggers fire within minutes.
const LATE_SECONDS: i64 = 3_600;

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
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

/// What the rest of the page does not show.
fn alarms(overview: &Overview<'_>) -> Option<String> {
    match overview.alarms {
        0 => None,
        1 => Some("An alarm is open: /alerts says which.".to_owned()),
        number => Some(format!("{number} alarms are open: /alerts says which.")),
    }
}

fn all_well(overview: &Overview<'_>) -> String {
    let oldest = overview
        .backups
        .iter()
        .map(|backup| &backup.backup_date)
        .min();
    let subject = match overview.registry.databases.len() {
        1 => "The database has".to_owned(),
        number => format!("All {number} databases have"),
    };
    match oldest {
        Some(oldest) => format!("{subject} a backup from {oldest} or later."),
        None => format!("{subject} a backup."),
    }
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
