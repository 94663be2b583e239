//! A result has ended.

use janitor::EventError;
use shared::delivery::Fate;
use shared::native::{Fault, NativeDatabase};

use crate::bench::{Bench, PLANNED};

const JOB: &str = "SELECT status, successful_count, failed_count, total_size_bytes, error_message FROM backup_jobs";
const LETTERS: &str =
    "SELECT queue, body, job_id, database_name, error_message, attempts FROM dead_letters";

#[test]
fn a_job_is_completed_when_its_last_result_has_ended() {
    let bench = Bench::new();
    bench.job("job", &[("a", "success"), ("b", "success")]);
    assert_eq!(bench.settled("job", "b"), Fate::Ack);
    assert_eq!(bench.read(JOB), "completed 2 0 200 null");
}

#[test]
fn a_job_with_a_failed_result_fails_and_names_it() {
    let bench = Bench::new();
    bench.job("job", &[("a", "failed"), ("b", "success"), ("c", "failed")]);
    bench.settled("job", "c");
    assert_eq!(
        bench.read(JOB),
        "failed 1 2 100 2 of 3 databases failed: a, c"
    );
}

#[test]
fn a_job_that_fails_at_everything_names_ten_databases() {
    let bench = Bench::new();
    let names: Vec<String> = (10..22).map(|number| format!("d{number}")).collect();
    let results: Vec<_> = names.iter().map(|name| (name.as_str(), "failed")).collect();
    bench.job("job", &results);
    bench.settled("job", "d21");
    assert_eq!(
        bench.read("SELECT error_message FROM backup_jobs"),
        "12 of 12 databases failed: d10, d11, d12, d13, d14, d15, d16, d17, d18, d19, …"
    );
}

#[test]
fn a_skipped_result_is_no_failure() {
    let bench = Bench::new();
    bench.job("job", &[("a", "skipped"), ("b", "success")]);
    bench.settled("job", "a");
    assert_eq!(bench.read(JOB), "completed 1 0 100 null");
}

#[test]
fn a_job_goes_on_while_a_result_is_open() {
    for open in ["queued", "running"] {
        let bench = Bench::new();
        bench.job("job", &[("a", "failed"), ("b", open)]);
        assert_eq!(bench.settled("job", "a"), Fate::Ack);
        assert_eq!(bench.read(JOB), "running 0 0 0 null");
    }
}

#[test]
fn another_job_goes_on() {
    let bench = Bench::new();
    bench.job("job", &[("a", "success")]);
    bench.job("other", &[("a", "success")]);
    bench.settled("job", "a");
    assert_eq!(
        bench.read("SELECT job_id, status FROM backup_jobs ORDER BY id"),
        "job completed other running"
    );
}

#[test]
fn a_job_ended_when_its_last_result_did_whenever_the_event_comes() {
    let read = "SELECT completed_at, duration_ms, typeof(completed_at), typeof(duration_ms) FROM backup_jobs";
    for late in [0, 86_400] {
        let bench = Bench::new();
        bench.job("job", &[("a", "success"), ("b", "success")]);
        bench.clock.advance(late);
        bench.settled("job", "a");
        let ended = PLANNED + 120;
        assert_eq!(bench.read(read), format!("{ended} 120000 integer integer"));
    }
}

#[test]
fn events_that_come_twice_or_out_of_order_leave_the_same() {
    let end = |events: &[&str]| {
        let bench = Bench::new();
        bench.job("job", &[("a", "success"), ("b", "failed")]);
        for database in events {
            bench.settled("job", database);
        }
        bench.state()
    };
    let once = end(&["a", "b"]);
    assert_eq!(end(&["b", "a"]), once);
    assert_eq!(end(&["b", "b", "a", "a", "b"]), once);
}

#[test]
fn a_job_that_has_ended_stays_as_it_is() {
    let bench = Bench::new();
    bench.job("job", &[("a", "success")]);
    bench.write("UPDATE backup_jobs SET status = 'failed', error_message = 'why'");
    bench.settled("job", "a");
    assert_eq!(bench.read(JOB), "failed 0 0 0 why");
}

#[test]
fn an_event_of_no_job_is_a_dead_letter() {
    let bench = Bench::new();
    assert_eq!(bench.settled("nobody", "a"), Fate::Ack);
    assert_eq!(
        bench.read(LETTERS),
        r#"grove-backups-events {"event":"result_settled","job_id":"nobody","database":"a"} nobody a "#
            .to_owned()
            + "The event names no job of the catalogue. 1"
    );
}

#[test]
fn what_is_no_event_is_a_dead_letter_and_once() {
    for body in [
        "",
        "{",
        "null",
        "17",
        r#""text""#,
        r#"{"event":"party"}"#,
        r#"{"job_id":"job","database":"a"}"#,
    ] {
        let bench = Bench::new();
        assert_eq!(bench.event(body).unwrap(), Fate::Ack, "{body}");
        assert_eq!(bench.event(body).unwrap(), Fate::Ack, "{body}");
        assert_eq!(
            bench.read("SELECT count(*), body, job_id FROM dead_letters"),
            format!("1 {body} null")
        );
    }
}

#[test]
fn an_event_waits_for_a_catalogue_that_is_unavailable() {
    let retry = Fate::Retry { after_seconds: 60 };
    for body in [
        r#"{"event":"result_settled","job_id":"job","database":"a"}"#,
        "{",
    ] {
        let bench = Bench::new();
        bench.catalogue.faults().next(Fault::Before);
        assert_eq!(bench.event(body).unwrap_err().fate(), retry, "{body}");
    }
}

#[test]
fn an_event_waits_longer_for_a_catalogue_without_its_tables() {
    let mut bench = Bench::new();
    bench.ports.catalogue = NativeDatabase::empty();
    let error = bench.event("{").unwrap_err();
    assert!(matches!(error, EventError::Record(_)));
    assert_eq!(error.fate(), Fate::Retry { after_seconds: 900 });
}
