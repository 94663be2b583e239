//! The catalogue and the bucket, compared.

use pollster::block_on;
use serde_json::json;
use shared::dump::{hex, sha256};
use shared::native::{Fault, MemoryObjects};
use shared::ports::{ObjectStore, PutOptions};
use shared::retention::pin::Pin;

use crate::bench::{Bench, NOW};

const DAY: i64 = 86_400;
const ROW: &str = "SELECT backup_date, size_bytes, table_count, row_count, created_at, expires_at, job_id, sha256, consistency FROM backup_inventory ORDER BY r2_key";

/// A bench whose bucket lists two objects at a time.
fn bench() -> Bench {
    let mut bench = Bench::new();
    bench.ports.bucket = MemoryObjects::default().listing(2);
    bench
}

/// Puts a dump with its manifest, as the exporter does.
fn store(bench: &Bench, database: &str, job: &str) -> String {
    let key = format!("2024-12-01/{database}.sql");
    let dump = format!("-- {database}");
    let manifest = json!({
        "format": 1, "tool": "Cache", "database": database, "databaseId": "id", "jobId": job, "key": key,
        "generated": "2024-12-01T03:00:02.000Z", "consistency": "snapshot", "sizeBytes": dump.len(),
        "sha256": hex(&sha256(dump.as_bytes())), "schemaSha256": "", "totalRows": 3,
        "tables": [{ "name": "t", "rows": 3, "offset": 0, "bytes": 1, "sha256": "" }],
        "origin": { "plannedAt": NOW - 7 * DAY, "trigger": "manual", "reason": "before a migration", "date": "2024-12-01",
            "createdAt": NOW - 7 * DAY + 5, "expiresAt": NOW + 77 * DAY },
    });
    put(bench, &key, dump.as_bytes());
    put(
        bench,
        &manifest_key(database),
        manifest.to_string().as_bytes(),
    );
    key
}

fn manifest_key(database: &str) -> String {
    format!("2024-12-01/{database}.manifest.json")
}

fn put(bench: &Bench, key: &str, body: &[u8]) {
    let options = PutOptions {
        content_type: "application/json",
        sha256: sha256(body),
        owner: "job".to_owned(),
    };
    block_on(bench.bucket.put_new(key, body, &options)).unwrap();
}

/// A day later: a run, to its end.
fn reconcile(bench: &Bench) -> Vec<String> {
    bench.clock.advance(DAY);
    assert!(bench.round().report.reconciling);
    let failures = bench.deliver_events();
    let state = bench
        .read("SELECT value ->> '$.finishedAt' FROM janitor_state WHERE name = 'reconciliation'");
    assert_ne!(state, "null");
    failures
}

/// A count of the last run.
fn counted(bench: &Bench, what: &str) -> String {
    bench.read(&format!(
        "SELECT value ->> '$.{what}' FROM janitor_state WHERE name = 'reconciliation'"
    ))
}

#[test]
fn a_wiped_catalogue_is_rebuilt_from_the_bucket() {
    let bench = bench();
    for database in ["a", "a-b", "a.b", "b"] {
        store(&bench, database, "job");
    }
    assert_eq!(reconcile(&bench), [] as [String; 0]);
    assert_eq!(counted(&bench, "adopted"), "4");
    let before = bench.read(ROW);
    assert!(before.starts_with(&format!(
        "2024-12-01 6 1 3 {} {} job {} snapshot",
        NOW - 7 * DAY + 5,
        NOW + 77 * DAY,
        hex(&sha256(b"-- a-b"))
    )));
    let job = "SELECT status, trigger_type, reason, total_databases, successful_count, failed_count, total_size_bytes FROM backup_jobs";
    assert_eq!(
        bench.read(job),
        "completed manual before a migration 4 4 0 20"
    );
    bench.write("DELETE FROM backup_inventory; DELETE FROM backup_results; DELETE FROM backup_jobs; DELETE FROM janitor_state");
    reconcile(&bench);
    assert_eq!(bench.read(ROW), before);
    assert_eq!(
        bench.read(job),
        "completed manual before a migration 4 4 0 20"
    );
}

#[test]
fn a_run_begins_once_a_day() {
    let bench = bench();
    assert!(bench.round().report.reconciling);
    bench.deliver_events();
    assert!(!bench.round().report.reconciling);
    bench.clock.advance(DAY);
    assert!(bench.round().report.reconciling);
}

#[test]
fn an_object_deleted_by_hand_is_marked_once_and_found_again() {
    let bench = bench();
    let key = store(&bench, "a", "job");
    reconcile(&bench);
    bench.bucket.lose(&key);
    reconcile(&bench);
    assert_eq!(counted(&bench, "lost"), "1");
    let marked = bench.read("SELECT lost_at FROM backup_inventory");
    assert_eq!(marked, (NOW + 2 * DAY).to_string());
    reconcile(&bench);
    assert_eq!(counted(&bench, "lost"), "0");
    assert_eq!(bench.read("SELECT lost_at FROM backup_inventory"), marked);
    put(&bench, &key, b"-- a");
    reconcile(&bench);
    assert_eq!(bench.read("SELECT lost_at FROM backup_inventory"), "null");
}

#[test]
fn a_dump_with_a_byte_changed_is_marked_within_a_week() {
    let bench = bench();
    let key = store(&bench, "a", "job");
    reconcile(&bench);
    bench.bucket.lose(&key);
    put(&bench, &key, b"-- b");
    for _ in 0..7 {
        reconcile(&bench);
    }
    let damage = "SELECT damage FROM backup_inventory";
    assert!(bench.read(damage).starts_with("The SHA-256 of the dump"));
    bench.bucket.lose(&key);
    put(&bench, &key, b"-- a");
    reconcile(&bench);
    assert_eq!(bench.read(damage), "null");
}

#[test]
fn a_dump_of_another_size_is_marked_at_once() {
    let bench = bench();
    let key = store(&bench, "a", "job");
    reconcile(&bench);
    bench.bucket.place(&key, b"cut");
    reconcile(&bench);
    let damage = bench.read("SELECT damage FROM backup_inventory");
    assert_eq!(
        damage,
        "The dump has 3 bytes in the bucket; the catalogue says 4."
    );
}

#[test]
fn pins_and_drills_beside_a_backup_come_back_with_it() {
    let bench = bench();
    store(&bench, "a", "job");
    let pin = Pin {
        pinned_at: 1_733_097_600,
        note: Some("before the move".to_owned()),
    };
    put(
        &bench,
        "2024-12-01/a.pin.json",
        &serde_json::to_vec(&pin).unwrap(),
    );
    put(
        &bench,
        "2024-12-01/a.drill.json",
        br#"{"status":"passed","completedAt":"2024-12-03T00:00:00Z","more":1}"#,
    );
    reconcile(&bench);
    let marks = "SELECT pinned_at, pin_note, verified_at, drill_failed_at FROM backup_inventory";
    assert_eq!(
        bench.read(marks),
        "1733097600 before the move 1733184000 null"
    );
}

#[test]
fn a_pin_of_no_believable_moment_pins_since_it_was_found() {
    let bench = bench();
    store(&bench, "a", "job");
    put(
        &bench,
        "2024-12-01/a.pin.json",
        br#"{"pinnedAt":-1,"note":"odd"}"#,
    );
    reconcile(&bench);
    let marks = "SELECT pinned_at, pin_note FROM backup_inventory";
    assert_eq!(bench.read(marks), format!("{} odd", NOW + DAY));
}

#[test]
fn a_pin_that_cannot_be_read_pins_all_the_same() {
    let bench = bench();
    store(&bench, "a", "job");
    put(&bench, "2024-12-01/a.pin.json", b"\xff");
    put(&bench, "2024-12-01/a.drill.json", b"[]");
    reconcile(&bench);
    let marks = "SELECT pinned_at, pin_note, verified_at, drill_failed_at FROM backup_inventory";
    assert_eq!(bench.read(marks), format!("{} null null null", NOW + DAY));
}

#[test]
fn a_hostile_manifest_is_reported_and_stops_nothing() {
    let bench = bench();
    store(&bench, "good", "job");
    for (database, job) in [
        ("Bad", "job"),
        ("fine", "../../x"),
        ("a..b", "job"),
        ("x.sql", "job"),
    ] {
        store(&bench, database, job);
    }
    put(&bench, "2024-12-01/other.sql", b"x");
    let stolen = block_on(bench.bucket.get(&manifest_key("good")))
        .unwrap()
        .unwrap();
    put(&bench, &manifest_key("other"), &stolen);
    put(&bench, "2024-12-01/text.sql", b"x");
    put(&bench, &manifest_key("text"), b"<html>");
    put(&bench, "2024-12-01/huge.sql", b"x");
    put(
        &bench,
        &manifest_key("huge"),
        &vec![b' '; 4 * 1024 * 1024 + 1],
    );
    assert_eq!(reconcile(&bench).len(), 7);
    assert_eq!(
        (counted(&bench, "adopted"), counted(&bench, "unfit")),
        ("1".into(), "7".into())
    );
    assert_eq!(
        bench.read("SELECT database_name FROM backup_inventory"),
        "good"
    );
}

#[test]
fn a_backup_whose_export_is_under_way_is_left_to_its_exporter() {
    let bench = bench();
    bench.job("job", &[("a", "queued")]);
    bench.lease("a", NOW + 2 * DAY);
    store(&bench, "a", "job");
    reconcile(&bench);
    assert_eq!(bench.table("backup_inventory").len(), 0);
    let result = bench.read("SELECT status FROM backup_results");
    assert_eq!(result, "running");
}

#[test]
fn a_failed_result_whose_backup_is_there_is_a_success() {
    let bench = bench();
    bench.job("job", &[("a", "failed"), ("b", "success")]);
    bench.settled("job", "a");
    store(&bench, "a", "job");
    reconcile(&bench);
    assert_eq!(
        bench.read("SELECT status FROM backup_results"),
        "success success"
    );
    let job = "SELECT status, successful_count, failed_count, total_size_bytes, error_message FROM backup_jobs";
    assert_eq!(bench.read(job), "completed 2 0 104 null");
}

/// Its deletion waits while the latest backup of its database failed.
#[test]
fn a_backup_whose_deletion_has_begun_is_not_lost() {
    let bench = bench();
    store(&bench, "a", "job");
    reconcile(&bench);
    bench.write("UPDATE backup_inventory SET deleted_because = 'due since 2024-12-01'");
    bench.write("UPDATE backup_results SET status = 'failed'");
    for key in bench.bucket.keys() {
        block_on(bench.bucket.delete(&key)).unwrap();
    }
    reconcile(&bench);
    assert_eq!(counted(&bench, "lost"), "0");
    assert_eq!(bench.read("SELECT lost_at FROM backup_inventory"), "null");
}

#[test]
fn a_message_that_is_lost_is_sent_again_after_an_hour() {
    let bench = bench();
    store(&bench, "a", "job");
    bench.round();
    bench.events.take();
    bench.round();
    assert_eq!(bench.events.take().len(), 0);
    bench.clock.advance(3600);
    bench.round();
    bench.deliver_events();
    assert_eq!(bench.table("backup_inventory").len(), 1);
}

#[test]
fn whatever_fails_once_a_run_finds_the_same() {
    for nth in 0..12 {
        for fault in [Fault::Before, Fault::Despite] {
            for at_bucket in [false, true] {
                let bench = bench();
                store(&bench, "a", "job");
                store(&bench, "b", "job");
                bench.round();
                let faults = if at_bucket {
                    bench.bucket.faults()
                } else {
                    bench.catalogue.faults()
                };
                faults.after(nth, fault);
                for _ in 0..40 {
                    // A message comes again until it is done, and the hour wakes what stands still.
                    let event = r#"{"event":"reconcile","after":null}"#;
                    let _ = bench.event(event);
                    bench.clock.advance(60);
                }
                faults.clear();
                bench.deliver_events();
                let case = format!("{nth} {fault:?} {at_bucket}");
                assert_eq!(
                    bench.read("SELECT r2_key FROM backup_inventory ORDER BY r2_key"),
                    "2024-12-01/a.sql 2024-12-01/b.sql",
                    "{case}"
                );
                assert_eq!(
                    bench.read("SELECT status, successful_count FROM backup_jobs"),
                    "completed 2",
                    "{case}"
                );
            }
        }
    }
}
