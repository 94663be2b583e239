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
fn a_round_goes_through_many_pages_and_leaves_the_rest_to_the_next() {
    let bench = Bench::new();
    for created in 0..560 {
        bench.backup("a", created, NOW - created % 7);
    }
    let deleted: Vec<_> = (0..3).map(|_| bench.round().report.deleted).collect();
    assert_eq!(deleted, [500, 59, 0]);
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
