//! How a job ended is told once.

use serde_json::Value;

use crate::bench::Bench;

/// A bench whose channel wants to hear of everything.
fn all() -> Bench {
    let mut bench = Bench::telling();
    bench.ports.settings.on_success = Some("true".to_owned());
    bench
}

#[test]
fn a_job_that_failed_is_told_with_what_failed() {
    let bench = Bench::telling();
    bench.job("job", &[("groveauth", "success"), ("scout-db", "failed")]);
    bench.settled("job", "scout-db");
    bench.run_events();
    let sent = bench.webhooks.sent();
    let report: Value = serde_json::from_str(sent[0].body.as_deref().unwrap()).unwrap();
    assert_eq!(report["type"], "backup_failed");
    assert_eq!(report["summary"]["successful"], 1);
    assert_eq!(report["failures"][0]["database"], "scout-db");
}

#[test]
fn a_job_that_worked_is_told_to_who_wants_that() {
    let told = |bench: Bench| {
        bench.job("job", &[("groveauth", "success")]);
        bench.settled("job", "groveauth");
        bench.letters()
    };
    assert_eq!(told(Bench::telling()), ["heartbeat heartbeat success"]);
    assert_eq!(
        told(all()),
        ["webhook backup_completed", "heartbeat heartbeat success"]
    );
}

#[test]
fn a_job_that_runs_is_not_told() {
    let bench = all();
    bench.job("job", &[("groveauth", "success"), ("scout-db", "queued")]);
    bench.settled("job", "groveauth");
    assert_eq!(bench.letters(), ["heartbeat heartbeat start"]);
}

#[test]
fn an_end_is_told_once_however_often_it_is_looked_for() {
    let bench = all();
    bench.job("job", &[("groveauth", "success")]);
    for _ in 0..3 {
        bench.settled("job", "groveauth");
        bench.round();
    }
    assert_eq!(bench.letters().len(), 2);
}

#[test]
fn a_job_whose_mark_was_taken_off_is_told_when_it_ends_again() {
    let bench = all();
    bench.job("job", &[("groveauth", "success")]);
    bench.settled("job", "groveauth");
    bench.write("UPDATE backup_jobs SET reported_at = NULL, completed_at = completed_at + 60");
    bench.round();
    let reports = bench.letters().into_iter();
    assert_eq!(
        reports
            .filter(|letter| letter == "webhook backup_completed")
            .count(),
        2
    );
}

#[test]
fn a_job_that_ends_again_within_the_same_second_is_told_again() {
    let bench = all();
    bench.job("job", &[("groveauth", "failed")]);
    bench.settled("job", "groveauth");
    bench.write("UPDATE backup_results SET status = 'success', attempts = attempts + 1");
    bench.write("UPDATE backup_jobs SET reported_at = NULL, status = 'completed'");
    bench.round();
    let reports = bench.letters().into_iter();
    let reports: Vec<_> = reports
        .filter(|letter| letter.starts_with("webhook backup_"))
        .collect();
    assert_eq!(
        reports,
        ["webhook backup_failed", "webhook backup_completed"]
    );
}

#[test]
fn a_failure_that_was_reported_again_is_not_repeated_that_day() {
    let bench = Bench::telling();
    for (id, database) in [("one", "groveauth"), ("two", "groveauth")] {
        bench.job(id, &[(database, "failed")]);
        bench.settled(id, database);
        bench.clock.advance(86_000);
    }
    bench.round();
    let repeated = bench
        .read("SELECT notice -> '$.repeated' FROM outbox WHERE notice -> '$.repeated' <> '[]'");
    assert_eq!(repeated, "");
}

#[test]
fn who_wants_no_failures_is_told_none() {
    let mut bench = Bench::telling();
    bench.ports.settings.on_failure = Some("false".to_owned());
    bench.job("job", &[("groveauth", "failed")]);
    bench.settled("job", "groveauth");
    assert_eq!(bench.letters(), ["heartbeat heartbeat fail"]);
    assert_eq!(
        bench.read("SELECT cause FROM alarms ORDER BY id"),
        "job_failed database_failed"
    );
}

#[test]
fn a_heartbeat_begins_with_a_job_and_ends_with_it() {
    let bench = Bench::telling();
    bench.job("job", &[("groveauth", "queued")]);
    bench.round();
    bench.write("UPDATE backup_results SET status = 'success', completed_at = started_at");
    bench.settled("job", "groveauth");
    bench.run_events();
    let urls: Vec<String> = bench.webhooks.sent().into_iter().map(|it| it.url).collect();
    assert_eq!(
        urls,
        ["https://hc.example/beat/start", "https://hc.example/beat"]
    );
}

#[test]
fn a_start_that_was_not_delivered_is_given_up_when_the_job_has_ended() {
    let bench = Bench::telling();
    bench.webhooks.status(500);
    bench.job("job", &[("groveauth", "queued")]);
    bench.round();
    bench.write("UPDATE backup_results SET status = 'success', completed_at = started_at");
    bench.settled("job", "groveauth");
    bench.webhooks.take();
    bench.clock.advance(3600);
    bench.round();
    let urls: Vec<String> = bench.webhooks.sent().into_iter().map(|it| it.url).collect();
    assert_eq!(urls, ["https://hc.example/beat"]);
}

#[test]
fn a_job_by_hand_is_no_matter_of_the_heartbeat() {
    let bench = Bench::telling();
    bench.job("job", &[("groveauth", "success")]);
    bench.write("UPDATE backup_jobs SET trigger_type = 'manual'");
    bench.settled("job", "groveauth");
    assert_eq!(bench.letters(), [""; 0]);
}

#[test]
fn a_job_without_databases_says_why_it_failed() {
    let bench = Bench::telling();
    bench.job("empty", &[]);
    bench.round();
    let notice = bench.read("SELECT notice ->> '$.error' FROM outbox WHERE channel = 'webhook'");
    assert!(notice.starts_with("The job has no databases"), "{notice}");
}
