//! From what the catalogue knows to Prometheus' text format.
//! <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>
//!
//! Five names are those of the specification, with its units. All others begin with `cache_` and have base units, as
//! <https://prometheus.io/docs/practices/naming/> asks. What is not known has no sample: a 0 would be a claim.

mod exposition;

use self::exposition::Exposition;
use crate::alarms::{interval, stuck_since};
use crate::catalogue::metrics::{AlarmRow, DatabaseRow, TotalsRow};
use crate::registry::Registry;
use crate::time::Timestamp;

/// The media type of [`render`].
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

const DAY: i64 = 24 * 3600;
/// What a drill's status may be, in the order of its life.
const DRILLS: [&str; 5] = ["queued", "running", "passed", "failed", "unproved"];

/// The moment after which failures count at `now`, and one before which none of those was begun: their longest deadline
/// earlier, and a day in which the janitor may have been late to end them.
pub fn failures_since(registry: &Registry, now: Timestamp) -> (Timestamp, Timestamp) {
    let since = now.plus_seconds(-DAY);
    (since, stuck_since(registry, since.plus_seconds(-DAY)))
}

/// What is recorded, as one transaction saw it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Each database of the registry.
    pub databases: Vec<DatabaseRow>,
    /// Cache as a whole.
    pub totals: TotalsRow,
    /// The open alarms.
    pub alarms: Vec<AlarmRow>,
}

/// The metrics at `now`, a text that ends with a line feed.
pub fn render(recorded: &Recorded, registry: &Registry, now: Timestamp) -> String {
    let mut text = Exposition::default();
    specified(&mut text, recorded, registry);
    each_database(&mut text, &recorded.databases);
    whole(&mut text, recorded, registry, now);
    text.finish()
}

/// The five of the specification.
fn specified(text: &mut Exposition, recorded: &Recorded, registry: &Registry) {
    let Recorded {
        databases, totals, ..
    } = recorded;
    text.gauge(
        "backup_last_success_timestamp",
        "When the newest job ended that backed up every database it was to, in Unix seconds.",
    )
    .sample(totals.succeeded_at);
    text.gauge(
        "backup_last_duration_ms",
        "How long the newest job that has ended took, in milliseconds.",
    )
    .sample(totals.duration_ms);
    text.gauge(
        "backup_total_size_bytes",
        "The newest backup of each database together, in bytes of SQL text.",
    )
    .sample(total(databases.iter().filter_map(|it| it.size_bytes)));
    text.gauge("backup_databases_count", "Databases in the registry.")
        .sample(Some(registry.databases.len()));
    text.gauge(
        "backup_failures_24h",
        "Backups of single databases that failed within 24 hours.",
    )
    .sample(total(databases.iter().map(|it| it.failures)));
}

/// The sum, or nothing of nothing.
fn total(numbers: impl Iterator<Item = u64>) -> Option<u64> {
    numbers.reduce(u64::saturating_add)
}

fn each_database(text: &mut Exposition, databases: &[DatabaseRow]) {
    let mut family = |name, help, value: fn(&DatabaseRow) -> Option<String>| {
        let mut gauge = text.gauge(name, help);
        for row in databases {
            gauge.labelled(&[("database", &row.database_name)], value(row));
        }
    };
    family(
        "cache_database_last_success_timestamp_seconds",
        "When the newest backup of the database that is still there was recorded.",
        |row| row.succeeded_at.map(|it| it.to_string()),
    );
    family(
        "cache_database_last_verified_timestamp_seconds",
        "When a drill last restored a backup of the database.",
        |row| row.verified_at.map(|it| it.to_string()),
    );
    family(
        "cache_database_backup_size_bytes",
        "The newest backup of the database, in bytes of SQL text.",
        |row| row.size_bytes.map(|it| it.to_string()),
    );
    family(
        "cache_database_backup_rows",
        "Rows in the newest backup of the database.",
        |row| row.row_count.map(|it| it.to_string()),
    );
    family(
        "cache_database_backup_duration_seconds",
        "How long the export of the newest backup of the database took.",
        |row| row.duration_ms.map(seconds),
    );
    family(
        "cache_database_failures_in_a_row",
        "How many of the newest backups of the database failed one after the other, up to 100.",
        |row| row.failures_in_a_row.map(|it| it.to_string()),
    );
}

fn seconds(millis: u64) -> String {
    format!("{}.{:03}", millis / 1000, millis % 1000)
}

fn whole(text: &mut Exposition, recorded: &Recorded, registry: &Registry, now: Timestamp) {
    text.gauge(
        "cache_expected_interval_seconds",
        "The longest time between two runs of the schedule.",
    )
    .sample(interval(registry, now));
    let mut alarms = text.gauge(
        "cache_alarms_open",
        "Alarms that are open; the database is empty when an alarm is about none.",
    );
    for AlarmRow {
        cause,
        database_name,
    } in &recorded.alarms
    {
        alarms.labelled(&[("cause", cause), ("database", database_name)], Some(1));
    }
    text.gauge(
        "cache_dead_letters_open",
        "Messages that no retry saved and that wait for a decision, up to 1000.",
    )
    .sample(Some(recorded.totals.open_letters));
    text.gauge(
        "cache_janitor_last_round_timestamp_seconds",
        "When the janitor began its last round.",
    )
    .sample(recorded.totals.round_at);
    let mut drills = text.gauge(
        "cache_drills",
        "Databases by the status of their newest restore drill.",
    );
    for status in DRILLS {
        let is_so = |row: &&DatabaseRow| row.drill_status.as_deref() == Some(status);
        let databases = recorded.databases.iter().filter(is_so).count();
        drills.labelled(&[("status", status)], Some(databases));
    }
}

#[cfg(test)]
mod tests;
