//! Restore drills: who starts one, and shorthand for what becomes of it.

use janitor::{DrillRunError, Next};
use pollster::block_on;
use shared::drill::Engine;
use shared::dump::{DumpRequest, dump};
use shared::manifest::{drill_key, manifest_key};
use shared::native::{Fault, NativeDatabase, NativeEngine};
use shared::ports::ObjectStore;
use shared::registry::Omissions;

use crate::bench::{Bench, NOW};

pub(crate) const KEY: &str = "2024-12-08/groveauth.sql";
const DAY: i64 = 86_400;

/// A bench with a backup of a real database, by a job that has just ended.
fn backed_up() -> Bench {
    let bench = Bench::new();
    let source = NativeDatabase::empty();
    let rows = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO users VALUES (1, 'Ada'), (2, 'Bob');";
    source.connection().execute_batch(rows).unwrap();
    let request = DumpRequest {
        database: "groveauth",
        database_id: "id",
        job_id: "job",
        omissions: &Omissions::default(),
    };
    let mut dump = block_on(dump(&source, &bench.clock, &request, u64::MAX)).unwrap();
    KEY.clone_into(&mut dump.manifest.key);
    bench.bucket.place(KEY, &dump.body);
    let manifest = serde_json::to_vec(&dump.manifest).unwrap();
    bench.bucket.place(&manifest_key(KEY), &manifest);
    bench.job("job", &[("groveauth", "success")]);
    bench.write(&format!(
        "INSERT INTO backup_inventory (r2_key, database_name, backup_date, size_bytes, created_at, expires_at, job_id) \
         VALUES ('{KEY}', 'groveauth', '2024-12-08', {}, {NOW}, {NOW} + 90 * {DAY}, 'job'); \
         UPDATE backup_results SET r2_key = '{KEY}'",
        dump.manifest.size_bytes
    ));
    bench
}

/// The same, with a drill that is queued.
pub(crate) fn queued() -> Bench {
    let bench = backed_up();
    ask(&bench);
    assert_eq!(bench.drills.take(), [KEY]);
    bench
}

/// Somebody asks for a drill.
fn ask(bench: &Bench) {
    bench
        .event(&format!(r#"{{"event":"drill","key":"{KEY}"}}"#))
        .unwrap();
}

pub(crate) fn slice(bench: &Bench, engine: &impl Engine) -> Result<Next, DrillRunError> {
    let (catalogue, bucket) = (&bench.catalogue, &bench.bucket);
    block_on(janitor::run_slice(
        engine,
        catalogue,
        bucket,
        &bench.clock,
        KEY,
        0,
    ))
}

/// Runs the drill as its object does, whatever fails, until it is over.
pub(crate) fn run(bench: &Bench) {
    let engine = NativeEngine::empty();
    for _ in 0..100 {
        match slice(bench, &engine) {
            Ok(Next::Done) => return,
            Ok(Next::Continue | Next::Again { .. }) | Err(_) => {}
        }
    }
    let open = bench.read("SELECT status FROM drills WHERE completed_at IS NULL");
    assert_eq!(open, "", "the drill has no end");
}

/// How the drills ended, and what that means for the backup.
pub(crate) fn outcome(bench: &Bench) -> String {
    let drills = bench.read("SELECT status, error_message FROM drills ORDER BY id");
    let backup = bench.read("SELECT verified_at, drill_failed_at FROM backup_inventory");
    format!("{drills}; {backup}")
}

pub(crate) fn note(bench: &Bench) -> Option<String> {
    let note = block_on(bench.bucket.get(&drill_key(KEY))).unwrap();
    note.map(|note| String::from_utf8(note).unwrap())
}

fn drills(bench: &Bench) -> usize {
    bench.table("drills").len()
}

#[test]
fn a_new_backup_is_drilled_once_however_often_the_event_comes() {
    let bench = backed_up();
    bench.settled("job", "groveauth");
    assert_eq!(bench.drills.take(), [KEY]);
    bench.settled("job", "groveauth");
    assert_eq!((bench.drills.take().len(), drills(&bench)), (1, 1));
    run(&bench);
    bench.settled("job", "groveauth");
    assert_eq!((bench.drills.take().len(), drills(&bench)), (0, 1));
}

#[test]
fn what_failed_is_not_drilled() {
    let bench = backed_up();
    bench.write("UPDATE backup_results SET status = 'failed'");
    bench.settled("job", "groveauth");
    assert_eq!(drills(&bench), 0);
}

#[test]
fn a_backup_of_another_job_at_the_same_key_is_not_drilled_for_this_one() {
    let bench = backed_up();
    bench.write("UPDATE backup_inventory SET job_id = 'other'");
    bench.settled("job", "groveauth");
    assert_eq!(drills(&bench), 0);
}

#[test]
fn a_drill_that_cannot_be_started_stops_nothing_and_is_started_by_a_round() {
    for fault in [Fault::Before, Fault::Despite] {
        let bench = backed_up();
        bench.drills.faults().next(fault);
        bench.settled("job", "groveauth");
        bench.drills.take();
        let status = bench.read("SELECT status FROM backup_jobs");
        assert_eq!(status, "completed");
        bench.clock.advance(3600);
        let report = bench.round().report;
        assert_eq!((report.drilled, report.failures), (1, 0));
        assert_eq!(bench.drills.take(), [KEY]);
    }
}

#[test]
fn a_round_drills_what_was_never_drilled() {
    let bench = backed_up();
    assert_eq!(bench.round().report.drilled, 1);
    assert_eq!(bench.drills.take(), [KEY]);
    assert_eq!(bench.round().report.drilled, 0);
    assert_eq!(drills(&bench), 1);
}

#[test]
fn a_round_starts_the_newest_backups_of_all_databases_first_and_no_more_than_twenty() {
    let bench = Bench::new();
    for (database, backups) in [("a", 30), ("b", 1), ("c", 1)] {
        for created in 1..=backups {
            bench.backup(database, created, NOW + DAY);
        }
    }
    assert_eq!(bench.round().report.drilled, 20);
    let started = bench.drills.take();
    assert_eq!(started[..4], ["30/a.sql", "1/b.sql", "1/c.sql", "29/a.sql"]);
    assert_eq!(bench.round().report.drilled, 12);
    bench.drills.take();
    assert_eq!(bench.round().report.drilled, 0);
}

#[test]
fn a_backup_that_is_deleted_or_lost_is_not_drilled() {
    for mark in ["deleted_at", "deleted_because", "lost_at"] {
        let bench = backed_up();
        bench.write(&format!("UPDATE backup_inventory SET {mark} = 1"));
        bench.round();
        ask(&bench);
        bench.settled("job", "groveauth");
        assert_eq!(drills(&bench), 0, "{mark}");
    }
}

#[test]
fn a_backup_that_was_adopted_with_the_outcome_of_a_drill_is_not_drilled_at_once() {
    for mark in ["verified_at", "drill_failed_at"] {
        let bench = backed_up();
        bench.write(&format!("UPDATE backup_inventory SET {mark} = {NOW}"));
        assert_eq!(bench.round().report.drilled, 0);
        bench.clock.advance(30 * DAY);
        assert_eq!(bench.round().report.drilled, 1);
    }
}

#[test]
fn the_newest_backup_of_each_database_is_drilled_every_month() {
    let bench = Bench::new();
    for (database, created) in [("a", 1), ("a", 2), ("b", 1)] {
        bench.backup(database, created, NOW + 90 * DAY);
    }
    bench.round();
    let end = format!("UPDATE drills SET status = 'unproved', completed_at = {NOW}");
    bench.write(&end);
    bench.drills.take();
    bench.clock.advance(30 * DAY - 1);
    assert_eq!(bench.round().report.drilled, 0);
    bench.clock.advance(1);
    bench.round();
    let mut started = bench.drills.take();
    started.sort();
    assert_eq!(started, ["1/b.sql", "2/a.sql"]);
    assert_eq!(bench.round().report.drilled, 0);
}

#[test]
fn a_drill_that_stands_still_for_an_hour_is_started_again() {
    let bench = queued();
    slice(&bench, &NativeEngine::empty()).unwrap();
    bench.clock.advance(3599);
    assert_eq!(bench.round().report.drilled, 0);
    bench.clock.advance(1);
    assert_eq!(bench.round().report.drilled, 1);
    assert_eq!(bench.drills.take(), [KEY]);
}

#[test]
fn a_drill_on_demand_comes_also_after_one_that_passed() {
    let bench = queued();
    run(&bench);
    ask(&bench);
    ask(&bench);
    assert_eq!(drills(&bench), 2);
    run(&bench);
    assert_eq!(
        outcome(&bench),
        format!("passed null passed null; {NOW} null")
    );
}

#[test]
fn a_backup_of_the_future_that_is_unproved_is_not_drilled_again_and_again() {
    let bench = backed_up();
    bench.write(&format!(
        "UPDATE backup_inventory SET created_at = {NOW} + {DAY}"
    ));
    assert_eq!(bench.round().report.drilled, 1);
    bench.write(&format!(
        "UPDATE drills SET status = 'unproved', completed_at = {NOW}"
    ));
    assert_eq!(bench.round().report.drilled, 0);
    bench.settled("job", "groveauth");
    assert_eq!(drills(&bench), 1);
}

#[test]
fn a_new_backup_at_the_key_of_one_that_was_deleted_has_a_drill_of_its_own() {
    let bench = queued();
    run(&bench);
    bench.clock.advance(DAY);
    bench.write(&format!(
        "UPDATE backup_inventory SET created_at = {NOW} + {DAY}, verified_at = NULL"
    ));
    assert_eq!(bench.round().report.drilled, 1);
}
