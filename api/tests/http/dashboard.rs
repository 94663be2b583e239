//! `/dashboard`.

use crate::server::{DAY, NOW, SUNDAY, Server};

const NAMES: [&str; 9] = [
    "groveauth",
    "scout-db",
    "grove-engine-db",
    "grovemusic-db",
    "library-enhancer-db",
    "autumnsgrove-posts",
    "autumnsgrove-git-stats",
    "grove-domain-jobs",
    "your-site-posts",
];

/// Every database backed up on that day.
fn all_well(started: i64) -> Server {
    let server = Server::new();
    server.job(
        "job-0",
        started,
        "completed",
        &NAMES.map(|name| (name, "success")),
    );
    for name in NAMES {
        server.backup(name, started, "job-0");
    }
    server
}

fn page(server: &Server) -> String {
    let answer = server.get("/dashboard");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    answer.text()
}

/// The state as the page's title has it.
fn state(server: &Server) -> String {
    let page = page(server);
    let (_, rest) = page.split_once("<title>Cache: ").unwrap();
    rest.split_once("</title>").unwrap().0.to_owned()
}

#[test]
fn a_new_system_says_when_the_first_backup_is_due() {
    assert_eq!(
        state(&Server::new()),
        "No backup has been made yet; the first is due on 2024-12-15."
    );
}

#[test]
fn all_is_well_when_every_database_has_a_backup() {
    assert_eq!(
        state(&all_well(SUNDAY)),
        "All 9 databases have a backup from 2024-12-08 or later."
    );
}

#[test]
fn a_running_job_says_how_far_it_is() {
    let server = all_well(SUNDAY);
    let results = [("groveauth", "success"), ("scout-db", "running")];
    server.job("now", NOW, "running", &results);
    assert_eq!(
        state(&server),
        "A backup is running: 1 of 2 databases done."
    );
}

#[test]
fn a_running_job_hides_no_failure() {
    let server = all_well(SUNDAY);
    server.job("before", NOW - DAY, "failed", &[("scout-db", "failed")]);
    server.job("now", NOW, "running", &[("groveauth", "running")]);
    assert_eq!(
        state(&server),
        "A backup is running: 0 of 1 database done. The newest backup failed for scout-db."
    );
}

#[test]
fn a_failed_database_is_named() {
    let server = all_well(SUNDAY);
    server.job("again", NOW - DAY, "failed", &[("scout-db", "failed")]);
    assert_eq!(state(&server), "The newest backup failed for scout-db.");
    server.job("and-again", NOW - 60, "failed", &[("groveauth", "failed")]);
    assert_eq!(
        state(&server),
        "The newest backup failed for 2 of 9 databases: groveauth, scout-db."
    );
}

#[test]
fn a_later_success_ends_a_failure() {
    let server = all_well(SUNDAY);
    server.job("again", NOW - DAY, "failed", &[("scout-db", "failed")]);
    server.job("better", NOW - 60, "completed", &[("scout-db", "success")]);
    assert!(state(&server).starts_with("All 9 databases"));
}

#[test]
fn a_database_without_a_backup_is_named() {
    let server = all_well(SUNDAY);
    server.sql("UPDATE backup_inventory SET deleted_at = 1 WHERE database_name = 'scout-db'");
    assert_eq!(state(&server), "There is no backup of scout-db.");
}

#[test]
fn a_run_that_never_started_is_not_passed_over() {
    assert_eq!(
        state(&all_well(SUNDAY - 7 * DAY)),
        "The backup that was due on 2024-12-08 has not started."
    );
}

#[test]
fn every_database_is_shown_with_its_last_backup() {
    let page = page(&all_well(SUNDAY));
    for name in NAMES {
        assert!(page.contains(name), "{name}");
    }
    assert!(page.contains("2024-12-08 03:00 UTC"));
    assert!(page.contains("3 days ago"));
    assert!(page.contains("212 KB"));
}

#[test]
fn what_people_wrote_is_shown_and_not_run() {
    let server = Server::new();
    server
        .post("/trigger", r#"{"reason":"<script>alert(1)</script>"}"#)
        .json();
    let page = page(&server);
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(!page.contains("<script"));
}

#[test]
fn the_page_may_use_its_own_style_only() {
    let server = Server::new();
    let answer = server.get("/dashboard");
    let policy = answer.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    assert!(!answer.text().contains("style="));
}

#[test]
fn an_open_alarm_is_the_state_when_nothing_else_is_the_matter() {
    let server = all_well(SUNDAY);
    server.sql("INSERT INTO alarms (cause, database_name, summary, opened_at, notified_at) VALUES ('shrunk', 'groveauth', '', 1, 1)");
    assert_eq!(state(&server), "An alarm is open: /alerts says which.");
}
