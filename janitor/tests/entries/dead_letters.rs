//! A message that no retry saved.

use shared::delivery::Fate;
use shared::native::Fault;

use crate::bench::{Bench, NOW, PLANNED, export};

const RESULTS: &str = "SELECT status, error_message FROM backup_results ORDER BY id";
const LETTER: &str = "SELECT job_id, database_name, attempts, error_message FROM dead_letters";
const NOT_PROCESSED: &str = "The message was not processed in 4 deliveries";

#[test]
fn its_result_fails_and_its_job_ends() {
    let bench = Bench::new();
    bench.job("job", &[("a", "running"), ("b", "success")]);
    assert_eq!(bench.dead("job", "a").unwrap(), Fate::Ack);
    assert_eq!(
        bench.read("SELECT status, completed_at, duration_ms, typeof(completed_at), typeof(duration_ms) FROM backup_results WHERE database_name = 'a'"),
        format!("failed {NOW} {} integer integer", (NOW - PLANNED) * 1000)
    );
    assert_eq!(
        bench.read("SELECT status, successful_count, failed_count FROM backup_jobs"),
        "failed 1 1"
    );
}

#[test]
fn the_job_goes_on_while_another_result_is_open() {
    let bench = Bench::new();
    bench.job("job", &[("a", "running"), ("b", "queued")]);
    bench.dead("job", "a").unwrap();
    assert_eq!(bench.read("SELECT status FROM backup_jobs"), "running");
    assert_eq!(
        bench.read("SELECT status FROM backup_results ORDER BY id"),
        "failed queued"
    );
}

#[test]
fn what_the_exporter_wrote_is_the_reason() {
    let bench = Bench::new();
    bench.job("job", &[("a", "running")]);
    bench.write("UPDATE backup_results SET attempts = 3, error_message = 'D1 is overloaded'");
    bench.dead("job", "a").unwrap();
    assert_eq!(bench.read(LETTER), "job a 3 D1 is overloaded");
    assert_eq!(bench.read(RESULTS), "failed D1 is overloaded");
}

#[test]
fn without_a_reason_it_says_how_often_the_message_came() {
    let bench = Bench::new();
    bench.job("job", &[("a", "queued")]);
    bench.dead("job", "a").unwrap();
    let reason = format!("{NOT_PROCESSED}; the exporter's log says why.");
    assert_eq!(bench.read(LETTER), format!("job a 0 {reason}"));
    assert_eq!(bench.read(RESULTS), format!("failed {reason}"));
}

#[test]
fn a_second_delivery_says_when_it_came_and_changes_nothing_else() {
    let bench = Bench::new();
    bench.job("job", &[("a", "running")]);
    bench.dead("job", "a").unwrap();
    let results = bench.table("backup_results");
    bench.clock.advance(900);
    assert_eq!(bench.dead("job", "a").unwrap(), Fate::Ack);
    assert_eq!(
        bench.read("SELECT count(*), first_seen_at, last_seen_at FROM dead_letters"),
        format!("1 {NOW} {}", NOW + 900)
    );
    assert_eq!(bench.table("backup_results"), results);
}

#[test]
fn a_result_that_has_ended_stays_as_it_is() {
    for status in ["success", "failed", "skipped"] {
        let bench = Bench::new();
        bench.job("job", &[("a", status)]);
        let results = bench.table("backup_results");
        assert_eq!(bench.dead("job", "a").unwrap(), Fate::Ack);
        assert_eq!(bench.table("backup_results"), results);
        assert_eq!(bench.read("SELECT count(*) FROM dead_letters"), "1");
    }
}

#[test]
fn a_result_that_an_exporter_holds_is_left_until_its_lease_ends() {
    let bench = Bench::new();
    bench.job("job", &[("a", "running")]);
    bench.lease("a", NOW + 90);
    let retry = Fate::Retry { after_seconds: 90 };
    assert_eq!(bench.dead("job", "a").unwrap(), retry);
    assert_eq!(
        bench.read("SELECT status, lease_token FROM backup_results"),
        "running token"
    );
    bench.clock.advance(90);
    assert_eq!(bench.dead("job", "a").unwrap(), Fate::Ack);
    assert_eq!(
        bench.read("SELECT status, lease_token, lease_expires_at FROM backup_results"),
        "failed null null"
    );
}

#[test]
fn an_exporter_that_succeeds_at_last_keeps_its_success() {
    let bench = Bench::new();
    bench.job("job", &[("a", "running")]);
    bench.lease("a", NOW + 90);
    bench.dead("job", "a").unwrap();
    bench.write("UPDATE backup_results SET status = 'success', completed_at = started_at");
    assert_eq!(bench.dead("job", "a").unwrap(), Fate::Ack);
    assert_eq!(bench.read("SELECT status FROM backup_jobs"), "completed");
}

#[test]
fn another_database_of_the_job_is_left_alone() {
    let bench = Bench::new();
    bench.job("job", &[("a", "running"), ("b", "running")]);
    bench.job("other", &[("a", "running")]);
    bench.dead("job", "a").unwrap();
    assert_eq!(
        bench.read("SELECT status FROM backup_results ORDER BY id"),
        "failed running running"
    );
}

#[test]
fn one_of_no_job_or_database_is_recorded() {
    for (job, database) in [("nobody", "a"), ("job", "nothing"), ("", "")] {
        let bench = Bench::new();
        bench.job("job", &[("a", "running")]);
        assert_eq!(bench.dead(job, database).unwrap(), Fate::Ack);
        assert_eq!(
            bench.read(LETTER),
            format!(
                "{job} {database} 1 {NOT_PROCESSED}. It names no database of a job in the catalogue."
            )
        );
        assert_eq!(bench.read("SELECT status FROM backup_results"), "running");
    }
}

#[test]
fn what_is_no_message_is_recorded_as_it_came() {
    let long = format!(r#"{{"job_id":"{}"}}"#, "x".repeat(128 * 1024));
    for body in [
        "",
        "{",
        "null",
        "[1]",
        "undefined",
        r#"{"job_id":7,"database":"a"}"#,
        &long,
    ] {
        let bench = Bench::new();
        assert_eq!(bench.dead_letter(body).unwrap(), Fate::Ack);
        assert_eq!(
            bench.read("SELECT body, job_id, attempts FROM dead_letters"),
            format!("{body} null 1")
        );
    }
}

#[test]
fn what_is_wrong_with_a_long_body_is_said_briefly() {
    let bench = Bench::new();
    let body = format!("\"{}\"", "x".repeat(128 * 1024));
    bench.dead_letter(&body).unwrap();
    let error = bench.read("SELECT error_message FROM dead_letters");
    assert!(
        error.starts_with(NOT_PROCESSED) && error.len() < 400,
        "{error}"
    );
}

#[test]
fn it_waits_for_a_catalogue_that_is_unavailable() {
    for batch in [0, 1] {
        let bench = Bench::new();
        bench.job("job", &[("a", "running")]);
        bench.catalogue.faults().after(batch, Fault::Before);
        let error = bench.dead_letter(&export("job", "a")).unwrap_err();
        assert_eq!(error.fate(), Fate::Retry { after_seconds: 900 });
    }
}
