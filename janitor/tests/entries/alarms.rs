//! What opens, is told again, and is over.

use std::cell::Cell;

use janitor::ports::System;
use pollster::block_on;
use shared::ports::{Database, DatabaseError, Outcome, Statement};

use crate::bench::{Bench, NOW};

const OPEN: &str = "SELECT cause, database_name FROM alarms WHERE resolved_at IS NULL ORDER BY id";
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// A janitor with fresh backups of all databases.
fn healthy() -> Bench {
    let bench = Bench::telling();
    for database in &bench.registry.databases {
        bench.backup(&database.name, NOW - HOUR, NOW + 90 * DAY);
    }
    bench
}

/// Types of what was told to the program.
fn told(bench: &Bench) -> Vec<String> {
    let mut letters = bench.letters();
    letters.retain(|letter| letter.starts_with("webhook"));
    letters
}

#[test]
fn all_is_well_with_fresh_backups() {
    let bench = healthy();
    bench.round();
    assert_eq!(bench.read(OPEN), "");
    assert_eq!(told(&bench), [""; 0]);
}

#[test]
fn a_database_that_is_late_opens_an_alarm_which_is_told_daily_until_it_is_over() {
    let bench = healthy();
    bench.write(&format!(
        "UPDATE backup_inventory SET created_at = {} WHERE database_name = 'groveauth'",
        NOW - 8 * DAY
    ));
    bench.round();
    assert_eq!(bench.read(OPEN), "overdue groveauth");
    bench.clock.advance(DAY - 1);
    bench.round();
    assert_eq!(told(&bench).len(), 1);
    bench.clock.advance(1);
    bench.round();
    assert_eq!(told(&bench).len(), 2);
    bench.backup("groveauth", NOW, NOW + 90 * DAY);
    bench.round();
    assert_eq!(bench.read(OPEN), "");
    bench.round();
    let notices = bench.read("SELECT notice -> '$.opened[0].cause', notice -> '$.repeated[0].cause', notice -> '$.resolved[0].cause' FROM outbox ORDER BY id");
    assert_eq!(
        notices,
        r#""overdue" null null null "overdue" null null null "overdue""#
    );
}

#[test]
fn all_databases_at_once_are_one_notice() {
    let bench = Bench::telling();
    bench.round();
    bench.clock.advance(8 * DAY);
    bench.round();
    assert_eq!(told(&bench), ["webhook alarms"]);
    let opened = bench.read("SELECT json_array_length(notice -> '$.opened') FROM outbox");
    assert_eq!(opened, bench.registry.databases.len().to_string());
}

#[test]
fn a_database_that_was_never_backed_up_is_known_from_the_first_round_on() {
    let bench = Bench::telling();
    bench.round();
    assert_eq!(bench.read(OPEN), "");
    // The next run is a week from now.
    bench.clock.advance(7 * DAY + 6 * HOUR - 1);
    bench.round();
    assert_eq!(bench.read(OPEN), "");
    bench.clock.advance(1);
    bench.round();
    assert!(
        bench
            .read(OPEN)
            .starts_with("never_backed_up autumnsgrove-git-stats")
    );
}

#[test]
fn a_database_that_left_the_registry_is_late_for_nobody() {
    let mut bench = healthy();
    bench.write(&format!(
        "UPDATE backup_inventory SET created_at = {}",
        NOW - 30 * DAY
    ));
    bench.registry.databases.clear();
    bench.round();
    assert_eq!(bench.read(OPEN), "");
}

#[test]
fn a_failure_is_told_by_its_report_and_again_when_it_lasts() {
    let bench = healthy();
    bench.job("job", &[("groveauth", "failed")]);
    bench.settled("job", "groveauth");
    assert_eq!(told(&bench), ["webhook backup_failed"]);
    assert_eq!(bench.read(OPEN), "job_failed  database_failed groveauth");
    bench.clock.advance(DAY);
    bench.round();
    assert_eq!(told(&bench), ["webhook backup_failed", "webhook alarms"]);
}

#[test]
fn a_job_that_runs_for_longer_than_the_longest_deadline_is_stuck() {
    let bench = healthy();
    bench.job("job", &[("groveauth", "running")]);
    bench.lease("groveauth", NOW + 30 * DAY);
    bench.clock.advance(5 * HOUR - 1);
    bench.round();
    assert_eq!(bench.read(OPEN), "");
    bench.clock.advance(1);
    bench.round();
    assert_eq!(bench.read(OPEN), "job_stuck ");
}

#[test]
fn a_job_that_was_sent_again_has_its_time_from_there() {
    let bench = healthy();
    bench.job("job", &[("groveauth", "running")]);
    bench.lease("groveauth", NOW + 30 * DAY);
    bench.write(&format!("UPDATE backup_results SET redriven_at = {NOW}"));
    bench.clock.advance(6 * HOUR);
    bench.round();
    assert_eq!(bench.read(OPEN), "");
}

#[test]
fn what_others_found_about_backups_is_an_alarm() {
    let bench = healthy();
    bench.write("UPDATE backup_inventory SET shrunk = 'rows: 100, were 900' WHERE database_name = 'groveauth'");
    bench.write("UPDATE backup_inventory SET lost_at = 1 WHERE database_name = 'scout-db'");
    bench
        .write("UPDATE backup_inventory SET damage = 'size' WHERE database_name = 'grovemusic-db'");
    bench.write("INSERT INTO drills (r2_key, database_name, status, requested_at, error_message) VALUES ('x', 'groveauth', 'passed', 1, NULL), ('x', 'groveauth', 'failed', 2, 'no such table')");
    bench.round();
    assert_eq!(
        bench.read(OPEN),
        "overdue scout-db shrunk groveauth drill_failed groveauth object_lost scout-db object_damaged grovemusic-db"
    );
}

#[test]
fn a_drill_that_passed_afterwards_ends_the_alarm_and_one_that_runs_does_not() {
    let bench = healthy();
    let drill = |status: &str| {
        bench.write(&format!("INSERT INTO drills (r2_key, database_name, status, requested_at) VALUES ('x', 'groveauth', '{status}', 1)"))
    };
    drill("failed");
    drill("running");
    bench.round();
    assert_eq!(bench.read(OPEN), "drill_failed groveauth");
    drill("passed");
    bench.round();
    assert_eq!(bench.read(OPEN), "");
}

#[test]
fn a_dead_letter_is_an_alarm_until_somebody_decides() {
    let bench = healthy();
    bench.dead_letter("\"nonsense\"").unwrap();
    bench.round();
    assert_eq!(bench.read(OPEN), "dead_letter ");
    bench.write("UPDATE dead_letters SET resolved_at = 1, resolution = 'discarded'");
    bench.round();
    assert_eq!(bench.read(OPEN), "");
}

#[test]
fn an_alarm_that_says_something_else_is_written_and_not_told() {
    let bench = healthy();
    bench.dead_letter("\"nonsense\"").unwrap();
    bench.round();
    bench.write("INSERT INTO dead_letters (message_id, queue, body, error_message, attempts, first_seen_at, last_seen_at) VALUES ('m', 'q', '', 'e', 1, 1, 1)");
    bench.round();
    assert!(
        bench
            .read("SELECT summary FROM alarms")
            .starts_with("2 messages")
    );
    assert_eq!(told(&bench).len(), 1);
}

#[test]
fn a_round_says_when_it_was() {
    let bench = healthy();
    bench.event(r#"{"event":"round"}"#).unwrap();
    let made = bench.read("SELECT updated_at FROM janitor_state WHERE name = 'round'");
    assert_eq!(made, NOW.to_string());
}

/// A catalogue in which somebody else looks for alarms before the statement of that number.
struct Meddled<'b> {
    bench: &'b Bench,
    calls: Cell<u32>,
    at: u32,
}

impl Database for Meddled<'_> {
    async fn batch(&self, statements: &[Statement]) -> Result<Vec<Outcome>, DatabaseError> {
        let call = self.calls.replace(self.calls.get() + 1);
        if call == self.at {
            // What they find is not what was read before them.
            self.bench.write("INSERT INTO dead_letters (message_id, queue, body, error_message, attempts, first_seen_at, last_seen_at) VALUES ('m', 'q', '', 'e', 1, 1, 1)");
            drop(self.bench.round());
        }
        self.bench.catalogue.batch(statements).await
    }
}

#[test]
fn of_two_that_look_at_once_one_tells_whatever_the_order() {
    for at in 0..12 {
        let bench = healthy();
        bench.job("job", &[("groveauth", "failed")]);
        bench.write("UPDATE backup_inventory SET shrunk = 'rows' WHERE database_name = 'scout-db'");
        let meddled = System {
            catalogue: Meddled {
                bench: &bench,
                calls: Cell::new(0),
                at,
            },
            bucket: bench.bucket.clone(),
            exports: bench.exports.clone(),
            events: bench.events.clone(),
            clock: bench.clock.clone(),
            webhooks: bench.webhooks.clone(),
            drills: bench.drills.clone(),
            settings: bench.settings.clone(),
        };
        drop(block_on(janitor::round(&meddled, &bench.registry)));
        bench.round();
        let mut open: Vec<_> = bench
            .table("alarms")
            .into_iter()
            .map(|row| row["cause"].clone())
            .collect();
        open.sort_by_key(ToString::to_string);
        assert_eq!(
            open,
            ["database_failed", "dead_letter", "job_failed", "shrunk"],
            "{at}"
        );
        let told = bench.read("SELECT e.value ->> '$.cause' FROM outbox o, json_each(o.notice, '$.opened') e ORDER BY 1");
        assert_eq!(told, "dead_letter shrunk", "{at}");
        let reports = bench.letters().into_iter();
        assert_eq!(
            reports.filter(|it| it == "webhook backup_failed").count(),
            1,
            "{at}"
        );
    }
}
