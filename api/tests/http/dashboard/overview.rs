//! `/dashboard`.

use super::{Browser, title};
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
    Browser::admin(server).page("/dashboard")
}

/// The state as the page's title has it.
fn state(server: &Server) -> String {
    title(&page(server)).to_owned()
}

/// A run and its result, as the exporter would leave them.
fn ran(server: &Server, database: &str, at: i64, status: &str) {
    server.job(
        &format!("{database} {at}"),
        at,
        "completed",
        &[(database, status)],
    );
}

fn known(server: &Server, since: i64) {
    for name in NAMES {
        server.write_sql(&format!(
            "INSERT INTO registered_databases VALUES ('{name}', {since})"
        ));
    }
}

/// The row of a database.
fn row(page: &str, database: &str) -> String {
    let start = format!(r#"<a href="/dashboard/databases/{database}">{database}</a><small>"#);
    let (_, rest) = page.split_once(&start).unwrap();
    rest.split_once("</tr>").unwrap().0.to_owned()
}

#[test]
fn a_new_system_says_when_the_first_backup_is_due() {
    assert_eq!(
        state(&Server::new()),
        "No backup has been made yet; the first is due on 2024-12-15."
    );
}

#[test]
fn all_is_well_when_every_database_has_a_verified_backup() {
    let server = all_well(SUNDAY);
    server.sql("UPDATE backup_inventory SET verified_at = created_at + 60");
    assert_eq!(
        state(&server),
        "All 9 databases backed up and verified; next run Sunday 03:00 UTC."
    );
}

#[test]
fn a_backup_that_no_drill_has_restored_yet_is_not_called_verified() {
    let server = all_well(SUNDAY);
    server.sql("UPDATE backup_inventory SET verified_at = 1 WHERE database_name <> 'scout-db'");
    assert_eq!(
        state(&server),
        "All 9 databases backed up, one of them not verified yet; next run Sunday 03:00 UTC."
    );
    server.sql("UPDATE backup_inventory SET verified_at = NULL");
    assert!(state(&server).contains(", 9 of them not verified yet;"));
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
    assert!(page.contains("2024-12-08 03:00</time>"));
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
fn open_alarms_are_listed_with_what_to_do() {
    let server = all_well(SUNDAY);
    server.sql("INSERT INTO alarms (cause, database_name, summary, opened_at, notified_at) VALUES ('shrunk', 'groveauth', 'It has less.', 1, 1)");
    assert_eq!(state(&server), "An alarm is open.");
    assert!(page(&server).contains("It has less."));
    server.sql("INSERT INTO alarms (cause, database_name, summary, opened_at, notified_at) VALUES ('dead_letter', '', 'A message waits.', 1, 1)");
    assert_eq!(state(&server), "2 alarms are open.");
    assert!(page(&server).contains(r#"<a href="/dashboard/dead-letters">The dead letters</a>"#));
}

#[test]
fn a_backup_that_does_not_restore_is_not_shown_as_verified() {
    let server = all_well(SUNDAY);
    server.sql("UPDATE backup_inventory SET verified_at = 1");
    server.sql("INSERT INTO alarms (cause, database_name, summary, opened_at, notified_at) VALUES ('drill_failed', 'groveauth', '', 1, 1)");
    let page = page(&server);
    assert!(row(&page, "groveauth").contains("does not restore"));
    assert!(row(&page, "scout-db").contains("verified"));
}

#[test]
fn a_week_in_which_nothing_ran_is_a_gap_in_the_strip_and_in_the_line() {
    let server = Server::new();
    known(&server, 1);
    for week in (0..12).filter(|week| *week != 3) {
        ran(&server, "groveauth", SUNDAY - week * 7 * DAY, "success");
    }
    ran(&server, "scout-db", SUNDAY, "failed");
    let page = page(&server);
    let row_of_one = row(&page, "groveauth");
    assert_eq!(row_of_one.matches("cell good").count(), 11);
    assert!(
        row_of_one.contains("Week from 2024-11-17: due, and none ran"),
        "{row_of_one}"
    );
    assert!(
        row_of_one.contains("backed up in 11 of 12 weeks; week from 2024-11-17: due, and none ran")
    );
    assert_eq!(row_of_one.matches("<polyline").count(), 2);
    let row_of_other = row(&page, "scout-db");
    assert_eq!(row_of_other.matches("cell gap").count(), 11);
    assert_eq!(row_of_other.matches("cell bad").count(), 1);
}

#[test]
fn before_the_registry_had_a_database_nothing_was_due() {
    let server = Server::new();
    known(&server, SUNDAY - 8 * DAY);
    let page = page(&server);
    let row = row(&page, "groveauth");
    assert_eq!(row.matches("cell gap").count(), 2);
    assert_eq!(row.matches("cell none").count(), 10);
}

#[test]
fn the_line_of_sizes_says_them_in_words() {
    let server = Server::new();
    ran(&server, "groveauth", SUNDAY - 7 * DAY, "success");
    ran(&server, "groveauth", SUNDAY, "success");
    server.write_sql(&format!(
        "UPDATE backup_results SET size_bytes = 424800 WHERE started_at = {SUNDAY}"
    ));
    let page = page(&server);
    assert!(
        row(&page, "groveauth")
            .contains(r#"aria-label="From 212 KB to 425 KB, at least 212 KB, at most 425 KB""#)
    );
}

#[test]
fn a_failed_run_says_why_in_full_on_the_page() {
    let server = all_well(SUNDAY);
    server.job("again", NOW - DAY, "failed", &[("scout-db", "failed")]);
    let long = "a very long error ".repeat(500);
    server.write_sql(&format!(
        "UPDATE backup_results SET error_message = '{long}' WHERE status = 'failed'"
    ));
    assert!(page(&server).contains(&long));
}

#[test]
fn the_page_renews_itself_only_while_a_job_runs() {
    let server = all_well(SUNDAY);
    assert_eq!(
        Browser::admin(&server).open("/dashboard").header("refresh"),
        ""
    );
    server.job("now", NOW, "running", &[("groveauth", "running")]);
    let answer = Browser::admin(&server).open("/dashboard");
    assert_eq!(answer.header("refresh"), "5; url=/dashboard");
    assert!(
        answer
            .text()
            .contains(r#"<a href="/dashboard/jobs/now">Watch this job</a>"#)
    );
}
