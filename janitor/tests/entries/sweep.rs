//! What got stuck.

use shared::native::Fault;

use crate::bench::{Bench, NOW, PLANNED};

const RESULTS: &str =
    "SELECT status, lease_token, lease_expires_at FROM backup_results ORDER BY id";

#[test]
fn a_result_queued_for_an_hour_gets_its_message_again_each_hour() {
    let bench = Bench::new();
    bench.job("job", &[("a", "queued"), ("b", "queued"), ("c", "success")]);
    bench.write(&format!(
        "UPDATE backup_results SET started_at = {} WHERE database_name = 'b'",
        NOW - 3599
    ));
    let before = bench.state();
    assert_eq!(bench.round().report.resent, 1);
    assert_eq!(bench.sent(), ["a".to_owned()].into());
    bench.exports.take();
    assert_eq!(bench.state(), before);
    bench.clock.advance(3600);
    assert_eq!(bench.round().report.resent, 2);
}

#[test]
fn an_hour_is_3600_seconds() {
    let bench = Bench::new();
    bench.job("job", &[("a", "queued")]);
    bench.write(&format!(
        "UPDATE backup_results SET started_at = {}",
        NOW - 3600
    ));
    assert_eq!(bench.round().report.resent, 1);
}

#[test]
fn a_queued_result_of_an_ended_job_gets_no_message() {
    let bench = Bench::new();
    bench.job("job", &[("a", "queued")]);
    bench.write("UPDATE backup_jobs SET status = 'failed'");
    assert_eq!(bench.round().report.resent, 0);
}

#[test]
fn a_round_sends_five_hundred_messages_at_most() {
    let bench = Bench::new();
    let names: Vec<String> = (0..510).map(|number| format!("d{number}")).collect();
    let results: Vec<_> = names.iter().map(|name| (name.as_str(), "queued")).collect();
    bench.job("job", &results);
    assert_eq!(bench.round().report.resent, 500);
}

#[test]
fn a_result_whose_lease_ended_a_minute_ago_is_queued_again_with_a_message() {
    let bench = Bench::new();
    bench.job("job", &[("a", "running"), ("b", "running")]);
    bench.lease("a", NOW - 60);
    bench.lease("b", NOW - 59);
    assert_eq!(bench.round().report.taken_back, 1);
    assert_eq!(bench.sent(), ["a".to_owned()].into());
    let kept = NOW - 59;
    assert_eq!(
        bench.read(RESULTS),
        format!("queued null null running token {kept}")
    );
}

#[test]
fn a_result_that_nobody_holds_for_an_hour_is_queued_again() {
    let bench = Bench::new();
    bench.job("job", &[("a", "running"), ("b", "running")]);
    bench.write(&format!(
        "UPDATE backup_results SET started_at = {} WHERE database_name = 'b'",
        NOW - 3599
    ));
    assert_eq!(bench.round().report.taken_back, 1);
    assert_eq!(bench.read(RESULTS), "queued null null running null null");
}

#[test]
fn a_message_that_was_lost_after_a_lease_is_sent_when_an_hour_has_passed() {
    let bench = Bench::new();
    bench.job("job", &[("a", "running")]);
    bench.lease("a", NOW - 60);
    bench.write(&format!(
        "UPDATE backup_results SET started_at = {}",
        NOW - 960
    ));
    bench.exports.faults().after(1, Fault::Before);
    assert_eq!(bench.round().failures.len(), 1);
    assert!(bench.sent().is_empty());
    bench.clock.advance(3600);
    bench.round();
    assert_eq!(bench.sent(), ["a".to_owned()].into());
}

#[test]
fn a_job_whose_event_was_lost_is_settled() {
    let bench = Bench::new();
    bench.job("lost", &[("a", "success"), ("b", "failed")]);
    bench.job("open", &[("a", "success"), ("b", "queued")]);
    assert_eq!(bench.round().report.settled, 1);
    let ended = PLANNED + 120;
    assert_eq!(
        bench.read("SELECT status, completed_at, error_message FROM backup_jobs ORDER BY id"),
        format!("failed {ended} 1 of 2 databases failed: b running null null")
    );
}

#[test]
fn the_sweep_settles_a_job_exactly_as_an_event_does() {
    let jobs = || {
        let bench = Bench::new();
        bench.job(
            "job",
            &[("a", "success"), ("b", "skipped"), ("c", "failed")],
        );
        bench
    };
    let (by_event, by_sweep) = (jobs(), jobs());
    by_event.settled("job", "a");
    by_sweep.round();
    assert_eq!(by_event.state(), by_sweep.state());
}

#[test]
fn a_job_without_results_ends_after_an_hour_and_says_why() {
    let bench = Bench::new();
    bench.job("old", &[]);
    bench.job("young", &[]);
    bench.write(&format!(
        "UPDATE backup_jobs SET started_at = {} WHERE job_id = 'young'",
        NOW - 3599
    ));
    assert_eq!(bench.round().report.given_up, 1);
    assert_eq!(
        bench.read("SELECT status, completed_at, duration_ms, typeof(duration_ms) FROM backup_jobs ORDER BY id"),
        format!("failed {NOW} 7200000 integer running null null null")
    );
    assert!(
        bench
            .read("SELECT error_message FROM backup_jobs")
            .contains("Trigger a new backup")
    );
}

#[test]
fn a_system_in_order_is_left_alone() {
    let bench = Bench::new();
    bench.job("ended", &[("a", "success")]);
    bench.settled("ended", "a");
    bench.backup("a", 1, NOW + 1);
    bench.write("UPDATE backup_inventory SET verified_at = 1733626800");
    let before = bench.state();
    assert!(bench.round().report.reconciling);
    assert_eq!(bench.round().report, janitor::Report::default());
    assert_eq!(bench.state(), before);
}

#[test]
fn a_result_that_nobody_took_is_ended_an_hour_after_its_deadline() {
    let bench = Bench::new();
    bench.job("job", &[("a", "queued"), ("b", "success")]);
    // Planned two hours ago; the deadline is six hours after that.
    bench.clock.advance(5 * 3600 - 1);
    assert_eq!(bench.round().report.overdue, 0);
    bench.clock.advance(1);
    bench.exports.take();
    let report = bench.round().report;
    assert_eq!((report.overdue, report.settled, report.resent), (1, 1, 0));
    let result =
        bench.read("SELECT status, error_message FROM backup_results WHERE database_name = 'a'");
    assert!(
        result.starts_with("failed No exporter finished it"),
        "{result}"
    );
    let job = bench.read("SELECT status, successful_count, failed_count FROM backup_jobs");
    assert_eq!(job, "failed 1 1");
    assert_eq!(bench.round().report, janitor::Report::default());
}

#[test]
fn a_redriven_result_has_its_whole_time_again() {
    let bench = Bench::new();
    bench.job("job", &[("a", "queued")]);
    bench.write(&format!(
        "UPDATE backup_results SET redriven_at = {}",
        NOW + 4 * 3600
    ));
    bench.clock.advance(11 * 3600 - 1);
    assert_eq!(bench.round().report.overdue, 0);
    bench.clock.advance(1);
    assert_eq!(bench.round().report.overdue, 1);
}

#[test]
fn a_result_that_an_exporter_holds_is_not_overdue() {
    let bench = Bench::new();
    bench.job("job", &[("a", "queued")]);
    bench.lease("a", NOW + 100 * 3600);
    bench.clock.advance(50 * 3600);
    assert_eq!(bench.round().report.overdue, 0);
}

#[test]
fn a_jobs_end_is_the_same_whatever_the_order_of_events() {
    let ends = ["a b c", "a c b", "b a c", "b c a", "c a b", "c b a"].map(|order| {
        let bench = Bench::new();
        bench.job("job", &[("a", "queued"), ("b", "queued"), ("c", "queued")]);
        for (nth, database) in order.split(' ').enumerate() {
            let status = if database == "b" { "failed" } else { "success" };
            bench.write(&format!(
                "UPDATE backup_results SET status = '{status}', completed_at = {} + unicode(database_name), size_bytes = 7 \
                 WHERE database_name = '{database}'", PLANNED
            ));
            for _ in 0..=nth {
                bench.settled("job", database);
            }
        }
        bench.read("SELECT status, completed_at, duration_ms, successful_count, failed_count, total_size_bytes, error_message FROM backup_jobs")
    });
    assert!(ends[0].starts_with("failed"));
    assert!(ends.iter().all(|end| *end == ends[0]), "{ends:#?}");
}
