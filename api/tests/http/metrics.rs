//! `/metrics`. The format itself is tested where the text is made: `shared/src/metrics/tests.rs`.

use axum::http::Method;

use crate::server::{DAY, NOW, READ_TOKEN, SUNDAY, Server, bearer};

/// The lines that begin so.
fn lines(server: &Server, start: &str) -> Vec<String> {
    let text = server.get("/metrics").text();
    let lines = text.lines().filter(|line| line.starts_with(start));
    lines.map(ToOwned::to_owned).collect()
}

/// A Sunday on which one of two databases failed, a week after both were backed up.
fn server() -> Server {
    let server = Server::new();
    let both = [("groveauth", "success"), ("scout-db", "success")];
    server.job("job-1", SUNDAY - 7 * DAY, "completed", &both);
    server.backup("groveauth", SUNDAY - 7 * DAY, "job-1");
    server.backup("scout-db", SUNDAY - 7 * DAY, "job-1");
    let one = [("groveauth", "success"), ("scout-db", "failed")];
    server.job("job-2", SUNDAY, "failed", &one);
    server.backup("groveauth", SUNDAY, "job-2");
    server
}

#[test]
fn the_answer_is_text_of_prometheus() {
    let answer = Server::new().get("/metrics");
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("content-type"),
        "text/plain; version=0.0.4; charset=utf-8"
    );
    assert!(answer.text().ends_with('\n'));
}

#[test]
fn whoever_may_look_may_scrape() {
    let server = Server::new();
    let read = [("authorization", format!("Bearer {READ_TOKEN}"))];
    assert_eq!(server.ask(Method::GET, "/metrics", &read, "").status, 200);
    let answer = server.ask(Method::HEAD, "/metrics", &[bearer()], "");
    assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 0));
}

#[test]
fn a_new_system_claims_nothing() {
    let server = Server::new();
    assert_eq!(lines(&server, "cache_database_"), [""; 0]);
    assert_eq!(
        lines(&server, "backup_"),
        ["backup_databases_count 9", "backup_failures_24h 0"]
    );
}

#[test]
fn the_five_of_the_specification_are_there() {
    let completed = SUNDAY - 7 * DAY + 45;
    assert_eq!(
        lines(&server(), "backup_"),
        [
            &format!("backup_last_success_timestamp {completed}"),
            "backup_last_duration_ms 45000",
            "backup_total_size_bytes 424800",
            "backup_databases_count 9",
            "backup_failures_24h 0",
        ]
    );
}

#[test]
fn each_database_has_its_own_last_success() {
    let name = "cache_database_last_success_timestamp_seconds";
    assert_eq!(
        lines(&server(), name),
        [
            format!("{name}{{database=\"groveauth\"}} {SUNDAY}"),
            format!("{name}{{database=\"scout-db\"}} {}", SUNDAY - 7 * DAY),
        ]
    );
    let name = "cache_database_failures_in_a_row";
    assert_eq!(
        lines(&server(), name),
        [
            format!("{name}{{database=\"groveauth\"}} 0"),
            format!("{name}{{database=\"scout-db\"}} 1"),
        ]
    );
}

#[test]
fn a_failure_of_today_is_counted() {
    let server = server();
    server.sql(format!(
        "UPDATE backup_results SET started_at = {NOW} - 900, completed_at = {NOW} - 60 WHERE status = 'failed'"
    ));
    assert_eq!(lines(&server, "backup_failures"), ["backup_failures_24h 1"]);
}

#[test]
fn a_database_that_left_the_registry_is_not_measured() {
    let server = server();
    server.sql("UPDATE backup_results SET database_name = 'gone' WHERE database_name = 'scout-db'");
    server
        .sql("UPDATE backup_inventory SET database_name = 'gone' WHERE database_name = 'scout-db'");
    assert!(!server.get("/metrics").text().contains("gone"));
    assert_eq!(
        lines(&server, "backup_total_size"),
        ["backup_total_size_bytes 212400"]
    );
}

#[test]
fn metrics_of_a_catalogue_that_does_not_answer_are_no_metrics() {
    let server = server();
    server
        .catalogue
        .faults()
        .always(Some(shared::native::Fault::Before));
    server.get("/metrics").problem(503, "unavailable");
}
