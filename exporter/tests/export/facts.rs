//! Facts about single messages.

use serde_json::json;
use shared::delivery::Fate;
use shared::manifest::Consistency;
use shared::message::{Event, ExportMessage};

use crate::bench::{Bench, DUMP, MANIFEST, assert_done, assert_retried, said};

#[test]
fn a_message_becomes_a_dump_with_a_manifest() {
    let bench = Bench::new();
    assert_done(&bench.deliver("job"));
    assert_eq!(bench.system.bucket.keys(), [MANIFEST, DUMP]);
    let dump = bench.dump(DUMP);
    assert!(dump.contains(r#"INSERT INTO "users" ("id", "name") VALUES (1, 'Wren'),"#));
    let manifest = bench.manifest(MANIFEST);
    assert_eq!((manifest.key.as_str(), manifest.total_rows), (DUMP, 2));
    assert_eq!(manifest.size_bytes, u64::try_from(dump.len()).unwrap());
    assert_eq!(manifest.consistency, Consistency::Snapshot);
}

#[test]
fn what_the_registry_leaves_out_is_not_in_the_dump() {
    let mut bench = Bench::new();
    for database in &mut bench.settings.registry.databases {
        database.omissions.leave_out = vec!["Users".into()];
    }
    assert_done(&bench.deliver("job"));
    assert!(bench.dump(DUMP).contains("-- Left out: users\n"));
    assert!(!bench.dump(DUMP).contains("Wren"));
    assert_eq!(bench.manifest(MANIFEST).left_out, ["users"]);
}

#[test]
fn both_rows_are_recorded_and_the_end_is_announced() {
    let bench = Bench::new();
    bench.deliver("job");
    assert_eq!(bench.result("job"), ("success".into(), 1, None));
    let rows = bench.read("SELECT backup_date AS a, r2_key AS b, row_count AS c, expires_at - created_at AS d FROM backup_inventory");
    let weeks_12 = 12 * 7 * 86_400;
    assert_eq!(rows, [json!(["2024-12-08", DUMP, 2, weeks_12])]);
    let settled = Event::ResultSettled {
        job_id: "job".into(),
        database: "groveauth".into(),
    };
    assert_eq!(bench.system.events.messages(), [settled]);
}

fn peak(bench: &Bench) -> Vec<serde_json::Value> {
    bench.read("SELECT peak_wasm_bytes AS a FROM backup_results")
}

#[test]
fn the_memory_that_an_export_took_is_recorded_where_it_is_known() {
    let bench = Bench::new();
    bench.deliver("job");
    assert_eq!(peak(&bench), [json!([null])]);
    let bench = Bench::new();
    bench.system.isolate.set_peak(3 << 20);
    bench.deliver("job");
    assert_eq!(peak(&bench), [json!([3 << 20])]);
}

#[test]
fn of_several_attempts_the_one_that_took_most_memory_counts() {
    let bench = Bench::new();
    bench.system.isolate.set_peak(5 << 20);
    bench.system.sources.unbind("GROVEAUTH_DB");
    bench.deliver("job");
    bench.system.isolate.set_peak(4 << 20);
    bench
        .system
        .sources
        .bind("GROVEAUTH_DB", bench.source.clone());
    assert_done(&bench.deliver("job"));
    assert_eq!(peak(&bench), [json!([5 << 20])]);
}

#[test]
fn an_export_that_fails_for_good_says_how_much_memory_it_took() {
    let mut bench = Bench::new();
    bench.settings.registry.databases.clear();
    bench.system.isolate.set_peak(2 << 20);
    bench.deliver("job");
    assert_eq!(peak(&bench), [json!([2 << 20])]);
}

#[test]
fn a_message_that_comes_twice_is_one_backup() {
    let bench = Bench::new();
    bench.deliver("job");
    assert_done(&bench.deliver("job"));
    assert_eq!(bench.system.bucket.keys().len(), 2);
    assert_eq!(bench.result("job").1, 1);
}

#[test]
fn a_second_backup_of_a_day_is_beside_the_first() {
    let bench = Bench::new();
    bench.deliver("job");
    let first = bench.dump(DUMP);
    bench.plan("other");
    assert_done(&bench.deliver("other"));
    assert!(
        bench
            .system
            .bucket
            .keys()
            .contains(&"2024-12-08/groveauth-other.sql".to_owned())
    );
    assert_eq!(bench.dump(DUMP), first);
}

#[test]
fn a_message_that_comes_while_its_result_is_held_goes_to_the_end_of_the_queue() {
    let bench = Bench::new();
    bench.read("UPDATE backup_results SET status = 'running', lease_token = 'x', lease_expires_at = 1733626801");
    assert_done(&bench.deliver("job"));
    let put_back = ExportMessage {
        job_id: "job".into(),
        database: "groveauth".into(),
    };
    assert_eq!(bench.system.exports.messages(), [put_back]);
}

#[test]
fn a_lease_that_ran_out_is_taken_over() {
    let bench = Bench::new();
    bench.read("UPDATE backup_results SET status = 'running', attempts = 1, lease_token = 'x', lease_expires_at = 1733626800");
    assert_done(&bench.deliver("job"));
    assert_eq!(bench.result("job"), ("success".into(), 2, None));
}

#[test]
fn a_database_is_exported_for_one_job_at_a_time() {
    let bench = Bench::new();
    bench.plan("other");
    bench.read("UPDATE backup_results SET status = 'running', lease_token = 'x', lease_expires_at = 1733626900 WHERE job_id = 'other'");
    assert_done(&bench.deliver("job"));
    assert_eq!(bench.result("job").0, "queued");
    assert_eq!(bench.system.exports.messages().len(), 1);
}

#[test]
fn a_message_that_does_not_parse_is_a_dead_letter() {
    let bench = Bench::new();
    for body in [
        "",
        "{}",
        "[1]",
        "\"\u{0}\"",
        r#"{"job_id":1,"database":"x"}"#,
    ] {
        assert_eq!(bench.deliver_body(body).fate, Fate::Ack);
    }
    let letters = bench.read("SELECT queue AS a, job_id AS b FROM dead_letters");
    assert_eq!(letters, [json!(["grove-backups-exports", null])]);
}

#[test]
fn a_message_of_an_unknown_job_or_database_is_a_dead_letter() {
    let bench = Bench::new();
    let exported = bench.deliver("no-such-job");
    assert_eq!(exported.fate, Fate::Ack);
    assert!(said(&exported.failures).contains("no-such-job"));
    let letters = bench.read("SELECT job_id AS a FROM dead_letters");
    assert_eq!(letters, [json!(["no-such-job"])]);
}

#[test]
fn a_dead_letter_that_cannot_be_recorded_comes_again() {
    let bench = Bench::new();
    bench
        .system
        .catalogue
        .faults()
        .next(shared::native::Fault::Before);
    assert_retried(&bench.deliver_body("{}"), "dead letter");
}

#[test]
fn a_missing_binding_is_retried_and_the_claim_given_back() {
    let bench = Bench::new();
    bench.system.sources.unbind("GROVEAUTH_DB");
    assert_retried(&bench.deliver("job"), "GROVEAUTH_DB");
    let (status, attempts, error) = bench.result("job");
    assert_eq!((status.as_str(), attempts), ("queued", 1));
    assert!(error.unwrap().contains("cargo xtask gen"));
}

#[test]
fn a_database_that_left_the_registry_fails_at_once() {
    let mut bench = Bench::new();
    bench.settings.registry.databases.clear();
    assert_eq!(bench.deliver("job").fate, Fate::Ack);
    assert_eq!(bench.result("job").0, "failed");
    assert_eq!(bench.system.events.messages().len(), 1);
}

/// The deadline and the registry were once asked before the bucket, so that a backup that was there had failed.
#[test]
fn a_committed_backup_is_recorded_however_late_the_next_attempt_comes() {
    for is_registered in [true, false] {
        let mut bench = Bench::new();
        bench.deliver("job");
        bench.read("UPDATE backup_results SET status = 'queued'");
        bench.read("DELETE FROM backup_inventory");
        bench.system.clock.advance(7 * 3600);
        if !is_registered {
            bench.settings.registry.databases.clear();
        }
        assert_done(&bench.deliver("job"));
        assert_eq!(bench.result("job").0, "success");
        assert_eq!(bench.read("SELECT 1 FROM backup_inventory").len(), 1);
    }
}

/// The reason why a backup fails that is begun two days after its job was planned.
fn overdue(settle: impl Fn(&mut Bench)) -> Option<String> {
    let mut bench = Bench::new();
    settle(&mut bench);
    bench.system.clock.advance(48 * 3600 + 1);
    bench.deliver("job");
    bench.result("job").2
}

fn give(bench: &mut Bench, hours: u32) {
    for database in &mut bench.settings.registry.databases {
        database.deadline_hours = Some(hours);
    }
}

#[test]
fn a_backup_that_comes_too_late_fails_and_says_what_to_raise() {
    for (settle, time, setting) in [
        (
            (|_| {}) as fn(&mut Bench),
            "6 hours",
            "deadline_hours under [backup] in databases.toml, or give this database its own",
        ),
        (
            |bench| bench.settings.registry.backup.deadline_hours = 1,
            "1 hour",
            "deadline_hours under [backup] in databases.toml, or give this database its own",
        ),
        (
            |bench| give(bench, 48),
            "48 hours",
            "deadline_hours of this database in databases.toml",
        ),
        (
            |bench| {
                give(bench, 168);
                bench.settings.deadline_seconds = Some(90);
            },
            "90 seconds",
            "the variable EXPORT_DEADLINE_SECONDS of the exporter",
        ),
    ] {
        let expected = format!(
            "the backup was not made within {time} of its job; raise {setting}, or find out what slows it down"
        );
        assert_eq!(overdue(settle), Some(expected));
    }
    assert_eq!(overdue(|bench| give(bench, 49)), None);
}

#[test]
fn a_database_that_no_dump_can_restore_fails_at_once_and_says_why() {
    let bench = Bench::new();
    let long = "x".repeat(60_000);
    let sql = format!(
        "CREATE TABLE grown (a); ALTER TABLE grown ADD b DEFAULT '{long}'; ALTER TABLE grown ADD c DEFAULT '{long}'"
    );
    bench.source.connection().execute_batch(&sql).unwrap();
    assert_eq!(bench.deliver("job").fate, Fate::Ack);
    let (status, _, error) = bench.result("job");
    assert_eq!(status, "failed");
    assert!(error.unwrap().contains("more than 100,000 bytes"));
}

#[test]
fn the_next_attempt_waits_longer_the_more_there_were() {
    let bench = Bench::new();
    bench.system.sources.unbind("GROVEAUTH_DB");
    let waits: Vec<u32> = (1..9)
        .map(|nth| match bench.deliver_again("job", nth).fate {
            Fate::Retry { after_seconds } => after_seconds,
            Fate::Ack => 0,
        })
        .collect();
    assert!(
        waits
            .iter()
            .zip(0..)
            .all(|(wait, n)| (1..=10 << n).contains(wait))
    );
    assert!(waits.iter().any(|wait| *wait > 100), "{waits:?}");
}

#[test]
fn a_manifest_that_is_none_is_not_written_over() {
    let bench = Bench::new();
    bench.system.bucket.place(MANIFEST, b"not ours");
    assert_eq!(bench.deliver("job").fate, Fate::Ack);
    assert!(bench.result("job").2.unwrap().contains("move it away"));
}

#[test]
fn a_foreign_object_keeps_its_key() {
    let bench = Bench::new();
    bench.system.bucket.place(DUMP, b"not ours");
    assert_done(&bench.deliver("job"));
    assert_eq!(bench.dump(DUMP), "not ours");
    assert!(
        bench
            .system
            .bucket
            .keys()
            .contains(&"2024-12-08/groveauth-job.sql".to_owned())
    );
}

#[test]
fn a_manifest_of_another_dump_of_the_same_job_is_replaced_with_that_dump() {
    let bench = Bench::new();
    bench.deliver("job");
    let committed = bench.manifest(MANIFEST);
    bench
        .system
        .bucket
        .place(DUMP, b"what another exporter of the job put there");
    bench.read("UPDATE backup_results SET status = 'queued'");
    assert_done(&bench.deliver("job"));
    assert_eq!(bench.manifest(MANIFEST).sha256, committed.sha256);
    assert!(bench.dump(DUMP).contains("Wren"));
}

#[test]
fn a_jobs_own_key_whose_backup_was_deleted_is_listed_again() {
    let bench = Bench::new();
    bench.deliver("job");
    bench.system.bucket.lose(DUMP);
    bench.system.bucket.lose(MANIFEST);
    bench.read("UPDATE backup_inventory SET deleted_at = 1");
    bench.read("UPDATE backup_results SET status = 'queued'");
    assert_done(&bench.deliver("job"));
    let rows = bench.read("SELECT r2_key AS a, job_id AS b, deleted_at AS c FROM backup_inventory");
    assert_eq!(rows, [json!([DUMP, "job", null])]);
}

#[test]
fn where_all_keys_are_taken_the_backup_fails_and_says_so() {
    let bench = Bench::new();
    bench.system.bucket.place(DUMP, b"not ours");
    bench
        .system
        .bucket
        .place("2024-12-08/groveauth-job.sql", b"not ours");
    assert_eq!(bench.deliver("job").fate, Fate::Ack);
    assert!(
        bench
            .result("job")
            .2
            .unwrap()
            .contains("taken by other objects")
    );
}

/// A deletion may be under way there, in another round too: found by the simulation, where a new backup went with an old one.
#[test]
fn a_key_that_another_jobs_backup_had_is_not_used_again() {
    for mark in ["deleted_because = 'its time is over'", "deleted_at = 1"] {
        let bench = Bench::new();
        assert_done(&bench.deliver("job"));
        bench.system.bucket.lose(MANIFEST);
        bench.system.bucket.lose(DUMP);
        bench.read(&format!("UPDATE backup_inventory SET {mark}"));
        bench.plan("second");
        assert_done(&bench.deliver("second"));
        let keys = ["manifest.json", "sql"].map(|end| format!("2024-12-08/groveauth-second.{end}"));
        assert_eq!(bench.system.bucket.keys(), keys, "{mark}");
    }
}
