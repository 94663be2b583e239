//! Backups that are due.

use shared::native::Fault;

use crate::bench::{Bench, NOW};

const LIVE: &str = "SELECT r2_key FROM backup_inventory WHERE deleted_at IS NULL ORDER BY id";

#[test]
fn a_backup_that_is_due_goes_with_its_manifest() {
    let bench = Bench::new();
    bench.backup("a", 1, NOW - 1);
    bench.backup("a", 2, NOW + 1);
    assert_eq!(bench.round().report.deleted, 1);
    assert_eq!(bench.bucket.keys(), ["2/a.manifest.json", "2/a.sql"]);
    assert_eq!(
        bench.read("SELECT deleted_at, typeof(deleted_at) FROM backup_inventory ORDER BY id"),
        format!("{NOW} integer null null")
    );
}

#[test]
fn a_backup_is_due_in_the_second_in_which_it_expires() {
    let bench = Bench::new();
    bench.backup("a", 1, NOW);
    bench.backup("a", 2, NOW + 1);
    bench.backup("a", 3, NOW + 999);
    bench.round();
    assert_eq!(bench.read(LIVE), "2/a.sql 3/a.sql");
}

#[test]
fn the_last_good_backup_of_a_database_stays_however_old() {
    let bench = Bench::new();
    bench.backup("a", 1, NOW - 3);
    bench.backup("a", 2, NOW - 2);
    bench.backup("b", 1, NOW - 9);
    assert_eq!(bench.round().report.deleted, 1);
    assert_eq!(bench.read(LIVE), "2/a.sql 1/b.sql");
}

#[test]
fn the_newest_is_the_last_even_when_another_expires_later() {
    let bench = Bench::new();
    bench.backup("a", 2, NOW - 5);
    bench.backup("a", 1, NOW - 1);
    bench.round();
    assert_eq!(bench.read(LIVE), "2/a.sql");
}

#[test]
fn of_two_backups_of_one_second_the_later_row_stays() {
    let bench = Bench::new();
    bench.backup("a", 1, NOW - 1);
    bench.backup("b", 1, NOW - 1);
    bench.write("UPDATE backup_inventory SET database_name = 'a'");
    bench.round();
    assert_eq!(bench.read(LIVE), "1/b.sql");
}

#[test]
fn a_deleted_backup_is_nobodys_last() {
    let bench = Bench::new();
    bench.backup("a", 1, NOW - 2);
    bench.backup("a", 2, NOW - 1);
    bench.write("UPDATE backup_inventory SET deleted_at = 7 WHERE created_at = 2");
    assert_eq!(bench.round().report.deleted, 0);
    assert_eq!(bench.read(LIVE), "1/a.sql");
}

#[test]
fn a_round_deletes_many_and_leaves_the_rest_to_the_next() {
    let bench = Bench::new();
    for created in 0..560 {
        bench.backup("a", created, NOW - created % 7);
    }
    let deleted: Vec<_> = (0..3).map(|_| bench.round().report.deleted).collect();
    assert_eq!(deleted, [300, 259, 0]);
    assert_eq!(bench.bucket.keys(), ["559/a.manifest.json", "559/a.sql"]);
}

#[test]
fn a_manifest_is_deleted_before_its_dump() {
    let bench = Bench::new();
    bench.backup("a", 1, NOW - 1);
    bench.backup("a", 2, NOW + 1);
    bench.bucket.faults().after(1, Fault::Before);
    assert_eq!(bench.round().report.deleted, 0);
    assert_eq!(
        bench.bucket.keys(),
        ["1/a.sql", "2/a.manifest.json", "2/a.sql"]
    );
    assert_eq!(bench.read(LIVE), "1/a.sql 2/a.sql");
}

#[test]
fn one_that_cannot_be_deleted_is_reported_and_stops_no_other() {
    let bench = Bench::new();
    for created in 1..=103 {
        bench.backup("a", created, NOW - 1);
    }
    bench.bucket.faults().next(Fault::Before);
    let round = bench.round();
    assert_eq!(round.report.deleted, 101);
    assert_eq!(round.failures.len(), 1);
    assert_eq!(bench.read(LIVE), "1/a.sql 103/a.sql");
}

#[test]
fn a_bucket_that_is_down_is_no_endless_round() {
    let bench = Bench::new();
    for created in 1..=150 {
        bench.backup("a", created, NOW - 1);
    }
    bench.bucket.faults().always(Some(Fault::Before));
    assert_eq!(bench.round().failures.len(), 149);
}

#[test]
fn every_deletion_is_recorded_with_its_reason() {
    let bench = Bench::new();
    bench.backup("a", 1, NOW - 1);
    bench.backup("a", 2, NOW + 1);
    bench.round();
    let because = bench.read("SELECT deleted_because FROM backup_inventory ORDER BY id");
    assert_eq!(because, "due since 2024-12-08 null");
}

#[test]
fn what_is_written_beside_a_backup_goes_with_it() {
    let bench = Bench::new();
    bench.backup("a", 1, NOW - 1);
    bench.backup("a", 2, NOW + 1);
    for beside in ["1/a.pin.json", "1/a.drill.json", "2/a.pin.json"] {
        bench.bucket.place(beside, b"{}");
    }
    bench.round();
    let left = ["2/a.manifest.json", "2/a.pin.json", "2/a.sql"];
    assert_eq!(bench.bucket.keys(), left);
}

#[test]
fn nothing_goes_of_a_database_whose_latest_backup_failed() {
    let bench = Bench::new();
    bench.job(
        "job",
        &[("a", "failed"), ("b", "success"), ("c", "running")],
    );
    for database in ["a", "b", "c"] {
        bench.backup(database, 1, NOW - 1);
        bench.backup(database, 2, NOW - 1);
    }
    bench.round();
    assert_eq!(bench.read(LIVE), "1/a.sql 2/a.sql 2/b.sql 2/c.sql");
}

#[test]
fn a_failure_counts_until_a_later_backup_succeeds() {
    let bench = Bench::new();
    bench.job("job", &[("a", "failed")]);
    bench.job("running", &[("a", "running")]);
    bench.backup("a", 1, NOW - 1);
    bench.backup("a", 2, NOW - 1);
    assert_eq!(bench.round().report.deleted, 0);
    bench.write("UPDATE backup_results SET status = 'success' WHERE job_id = 'running'");
    assert_eq!(bench.round().report.deleted, 1);
}

#[test]
fn the_newest_verified_backup_stays_and_newer_unverified_ones_go() {
    let bench = Bench::new();
    for created in 1..=3 {
        bench.backup("a", created, NOW - 1);
    }
    bench.write("UPDATE backup_inventory SET verified_at = 5 WHERE created_at < 3");
    bench.round();
    assert_eq!(bench.read(LIVE), "2/a.sql");
}

#[test]
fn a_keep_rule_of_the_registry_keeps_what_is_due() {
    let mut bench = Bench::new();
    bench.registry.backup.keep.last = Some(2);
    for created in 1..=3 {
        bench.backup("a", created, NOW - 1);
    }
    bench.round();
    assert_eq!(bench.read(LIVE), "2/a.sql 3/a.sql");
}

#[test]
fn a_pin_that_comes_between_plan_and_deletion_wins() {
    let bench = Bench::new();
    for created in 1..=3 {
        bench.backup("a", created, NOW - 1);
    }
    // As if somebody pinned the second while the first is being deleted.
    bench.write(
        "CREATE TRIGGER pin AFTER UPDATE OF deleted_at ON backup_inventory WHEN new.created_at = 1 \
         BEGIN UPDATE backup_inventory SET pinned_at = 1 WHERE created_at = 2; END",
    );
    assert_eq!(bench.round().report.deleted, 1);
    assert_eq!(bench.read(LIVE), "2/a.sql 3/a.sql");
    assert_eq!(bench.bucket.keys().len(), 4);
}

#[test]
fn a_failure_that_comes_between_plan_and_deletion_wins() {
    let bench = Bench::new();
    bench.job("job", &[("a", "success")]);
    for created in 1..=3 {
        bench.backup("a", created, NOW - 1);
    }
    bench.write(
        "CREATE TRIGGER fails AFTER UPDATE OF deleted_at ON backup_inventory \
         BEGIN UPDATE backup_results SET status = 'failed'; END",
    );
    assert_eq!(bench.round().report.deleted, 1);
    assert_eq!(bench.read(LIVE), "2/a.sql 3/a.sql");
}

#[test]
fn what_a_lock_keeps_is_counted_and_left_alone_for_a_day() {
    let bench = Bench::new();
    bench.backup("a", 1, NOW - 1);
    bench.backup("a", 2, NOW + 9_999_999);
    bench.bucket.lock("1/");
    let locked: Vec<_> = [0, 3600, 82_799, 1]
        .map(|later| {
            bench.clock.advance(later);
            let report = bench.round().report;
            (report.locked, report.deleted, report.failures)
        })
        .into();
    assert_eq!(locked, [(1, 0, 0), (0, 0, 0), (0, 0, 0), (1, 0, 0)]);
    let row = bench.read("SELECT deleted_because, deleted_at FROM backup_inventory WHERE id = 1");
    assert_eq!(row, "null null");
}

#[test]
fn a_dump_that_a_lock_keeps_without_its_manifest_goes_when_the_lock_is_over() {
    let bench = Bench::new();
    bench.backup("a", 1, NOW - 1);
    bench.backup("a", 2, NOW + 1);
    bench.bucket.lock("1/a.sql");
    bench.round();
    let row = bench
        .read("SELECT locked_at, deleted_because, deleted_at FROM backup_inventory WHERE id = 1");
    assert_eq!(row, format!("{NOW} due since 2024-12-08 null"));
}

#[test]
fn a_deletion_that_was_begun_is_no_floor_and_comes_to_its_end() {
    let bench = Bench::new();
    bench.backup("a", 1, NOW - 1);
    bench.backup("a", 2, NOW - 1);
    bench.write("UPDATE backup_inventory SET deleted_because = 'begun' WHERE created_at = 2");
    bench.round();
    assert_eq!(bench.read(LIVE), "1/a.sql");
    let because = bench.read("SELECT deleted_because FROM backup_inventory WHERE id = 2");
    assert_eq!(because, "begun");
}

#[test]
fn more_databases_than_a_round_looks_at_are_done_in_the_next() {
    let bench = Bench::new();
    for number in 0..120 {
        bench.backup(&format!("a{number}"), 1, NOW - 1);
        bench.backup(&format!("a{number}"), 2, NOW + 1);
    }
    assert_eq!(bench.round().report.deleted, 100);
    assert_eq!(bench.round().report.deleted, 20);
}
