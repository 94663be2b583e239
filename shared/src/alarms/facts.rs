//! From facts to the alarms that should be open.

use std::collections::{BTreeMap, BTreeSet};

use super::{Cause, Wanted};
use crate::catalogue::alarms::{EndedJob, EndedResult, Faults, Known, Letters, StuckJob};
use crate::registry::Registry;
use crate::text::counted;
use crate::time::Timestamp;

const HOUR: i64 = 3600;
/// Less than this, a run that is late is not worth an alarm.
const LEAST_GRACE: i64 = 6 * HOUR;
/// Runs of the schedule among which the longest distance is looked for: a month of daily ones.
const RUNS: usize = 32;
/// Failures one after the other that are an alarm of their own.
const IN_A_ROW: usize = 3;

/// What is recorded, as one transaction saw it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The newest job that ended.
    pub job: Option<EndedJob>,
    /// The newest three ended results of each database of the registry, newest first.
    pub results: Vec<EndedResult>,
    /// What is known of each database of the registry.
    pub known: Vec<Known>,
    /// Jobs that run for too long, oldest first.
    pub stuck: Vec<StuckJob>,
    /// Backups whose objects are gone or differ.
    pub faults: Vec<Faults>,
    /// Open dead letters.
    pub letters: Vec<Letters>,
}

/// Since when a running job must have been planned to be stuck at `now`: the longest deadline of the registry, and an hour.
pub fn stuck_since(registry: &Registry, now: Timestamp) -> Timestamp {
    let own = registry.databases.iter().filter_map(|it| it.deadline_hours);
    let hours = own.fold(registry.backup.deadline_hours, u32::max);
    now.plus_seconds(-(i64::from(hours) + 1).saturating_mul(HOUR))
}

/// The longest distance between two of the runs to come, in seconds; `None` when the schedule never fires.
pub fn interval(registry: &Registry, now: Timestamp) -> Option<i64> {
    let runs: Vec<i64> = registry
        .runs(now)
        .take(RUNS)
        .map(Timestamp::seconds)
        .collect();
    let distances = runs.iter().zip(runs.iter().skip(1));
    distances.map(|(run, next)| next.saturating_sub(*run)).max()
}

/// How old the newest backup of a database may become, in seconds: the schedule's interval and a seventh of it, at least
/// six hours. Eight days for a weekly schedule, thirty hours for a daily one.
pub fn patience(registry: &Registry, now: Timestamp) -> Option<i64> {
    let interval = interval(registry, now)?;
    Some(interval.saturating_add(LEAST_GRACE.max(interval / 7)))
}

/// The alarms that should be open at `now`, each cause and database once, by cause.
pub fn wanted(facts: &Facts, registry: &Registry, now: Timestamp) -> Vec<Wanted> {
    let mut alarms = Alarms::default();
    if let Some(job) = facts.job.as_ref().filter(|job| job.status == "failed") {
        let why = job.error_message.as_deref().unwrap_or("It failed.");
        alarms.add(
            Cause::JobFailed,
            "",
            format!(
                "{} `GET /jobs/{}` says why; back them up again with `POST /trigger`.",
                sentence(why),
                job.job_id
            ),
        );
    }
    if let Some(oldest) = facts.stuck.first() {
        alarms.add(
            Cause::JobStuck,
            "",
            format!(
                "{} for longer than any export may, the oldest since {}. `GET /jobs/{}` says where it stands, the exporter's log why.",
                match facts.stuck.len() {
                    1 => "A job runs".to_owned(),
                    number => format!("{number} jobs run"),
                },
                Timestamp::from_seconds(oldest.started_at).rfc3339(),
                oldest.job_id
            ),
        );
    }
    let patience = patience(registry, now);
    for known in &facts.known {
        about_age(&mut alarms, known, registry, patience, now);
        about_newest(&mut alarms, known);
    }
    about_results(&mut alarms, &facts.results);
    about_objects(&mut alarms, &facts.faults);
    about_letters(&mut alarms, &facts.letters, registry);
    let mut alarms = alarms.0;
    alarms.sort();
    alarms
}

#[derive(Default)]
struct Alarms(Vec<Wanted>);

impl Alarms {
    fn add(&mut self, cause: Cause, database: &str, summary: String) {
        self.0.push(Wanted {
            cause,
            database: database.to_owned(),
            summary,
        });
    }
}

/// Whether its newest backup is as young as the schedule promises.
fn about_age(
    alarms: &mut Alarms,
    known: &Known,
    registry: &Registry,
    patience: Option<i64>,
    now: Timestamp,
) {
    let database = &known.database_name;
    if known.was_backed_up == 0 {
        let first_run = registry.next_run(Timestamp::from_seconds(known.first_seen_at));
        if first_run.is_some_and(|run| run.plus_seconds(LEAST_GRACE) <= now) {
            alarms.add(
                Cause::NeverBackedUp,
                database,
                format!(
                    "{database} is in the registry since {} and has never been backed up. Deploy the exporter with its binding, then `POST /trigger`.",
                    Timestamp::from_seconds(known.first_seen_at).date()
                ),
            );
        }
        return;
    }
    let Some(patience) = patience else { return };
    match known.newest_at {
        None => alarms.add(
            Cause::Overdue,
            database,
            format!("No backup of {database} is left. Back it up now with `POST /trigger`, then look where they went."),
        ),
        Some(newest) if now.seconds().saturating_sub(newest) >= patience => alarms.add(
            Cause::Overdue,
            database,
            format!(
                "The newest backup of {database} is from {}; one was due since. Look at the producer's cron and `GET /status`, and back it up with `POST /trigger`.",
                Timestamp::from_seconds(newest).rfc3339()
            ),
        ),
        Some(_) => {}
    }
}

/// What comparing and restoring its newest backup found.
fn about_newest(alarms: &mut Alarms, known: &Known) {
    let database = &known.database_name;
    if let Some(shrunk) = &known.shrunk {
        alarms.add(
            Cause::Shrunk,
            database,
            format!(
                "The newest backup of {database} has less than the one before: {} If nobody deleted that, pin the older backup and restore from it.",
                sentence(shrunk)
            ),
        );
    }
    if known.drill_status.as_deref() == Some("failed") {
        let why = known
            .drill_error
            .as_deref()
            .unwrap_or("It is not known why.");
        alarms.add(
            Cause::DrillFailed,
            database,
            format!(
                "A backup of {database} could not be restored: {} Do not rely on it; back up again with `POST /trigger`.",
                sentence(why)
            ),
        );
    }
}

fn about_results(alarms: &mut Alarms, results: &[EndedResult]) {
    let mut by_database: BTreeMap<&str, Vec<&EndedResult>> = BTreeMap::new();
    for result in results {
        let of_database = by_database.entry(&result.database_name).or_default();
        of_database.push(result);
    }
    for (database, results) in by_database {
        let failures = results
            .iter()
            .take(IN_A_ROW)
            .take_while(|result| result.status == "failed")
            .count();
        let Some(newest) = results.first().filter(|_| failures > 0) else {
            continue;
        };
        let why = newest
            .error_message
            .as_deref()
            .unwrap_or("It is not known why.");
        alarms.add(
            Cause::DatabaseFailed,
            database,
            format!(
                "The newest backup of {database} failed: {} Once that is put right, `POST /trigger`.",
                sentence(why)
            ),
        );
        if failures == IN_A_ROW {
            alarms.add(
                Cause::Failing,
                database,
                format!("The last {IN_A_ROW} backups of {database} failed. It will not go away by itself: {}", sentence(why)),
            );
        }
    }
}

fn about_objects(alarms: &mut Alarms, faults: &[Faults]) {
    for Faults {
        database_name,
        lost,
        lost_key,
        damaged,
        damaged_key,
        damage,
    } in faults
    {
        if *lost > 0 {
            alarms.add(
                Cause::ObjectLost,
                database_name,
                format!(
                    "{} of {database_name} went from the bucket unasked, among them `{}`. Find out who deletes there, and back up again with `POST /trigger`.",
                    counted(*lost, "backup"),
                    lost_key.as_deref().unwrap_or_default()
                ),
            );
        }
        if *damaged > 0 {
            alarms.add(
                Cause::ObjectDamaged,
                database_name,
                format!(
                    "{} of {database_name} changed since it was stored, among them `{}`: {} Do not restore from it; back up again with `POST /trigger`.",
                    counted(*damaged, "backup"),
                    damaged_key.as_deref().unwrap_or_default(),
                    sentence(damage.as_deref().unwrap_or("it differs"))
                ),
            );
        }
    }
}

fn about_letters(alarms: &mut Alarms, letters: &[Letters], registry: &Registry) {
    let names: BTreeSet<&str> = registry
        .databases
        .iter()
        .map(|database| database.name.as_str())
        .collect();
    let mut by_database: BTreeMap<&str, u64> = BTreeMap::new();
    for letters in letters {
        // A message may name anything.
        let named = letters.database_name.as_deref();
        let database = named
            .filter(|name| names.contains(name))
            .unwrap_or_default();
        let count = by_database.entry(database).or_default();
        *count = count.saturating_add(letters.letters);
    }
    for (database, count) in by_database {
        let about = match database {
            "" => String::new(),
            name => format!(" about {name}"),
        };
        alarms.add(
            Cause::DeadLetter,
            database,
            format!(
                "{}{about} could not be processed and {} for a decision. Put the cause right, then send it again or discard it.",
                counted(count, "message"),
                if count == 1 { "waits" } else { "wait" }
            ),
        );
    }
}

/// `text` on one line, with an end.
fn sentence(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.chars().next_back() {
        Some('.' | '!' | '?' | '…') => line,
        _ => format!("{line}."),
    }
}

#[cfg(test)]
mod tests;
