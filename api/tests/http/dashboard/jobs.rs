//! `/dashboard/jobs/:id`.

use super::{Browser, title};
use crate::server::{DAY, NOW, Server};

#[test]
fn a_running_job_renews_its_page_and_says_how_far_each_database_is() {
    let server = Server::new();
    server.backup("scout-db", NOW - DAY, "before");
    let results = [
        ("groveauth", "success"),
        ("scout-db", "running"),
        ("your-site-posts", "queued"),
    ];
    server.job("now", NOW - 60, "running", &results);
    server.sql("INSERT INTO export_checkpoints VALUES ('now', 'scout-db', 1, 700, 106200, '{}')");
    let browser = Browser::admin(&server);
    let answer = browser.open("/dashboard/jobs/now");
    assert_eq!(answer.header("refresh"), "5; url=/dashboard/jobs/now");
    let page = answer.text();
    assert_eq!(title(&page), "Backing up: 1 of 3 databases done");
    assert!(page.contains(r#"<progress value="1" max="3" aria-label="Databases done">"#));
    assert!(
        page.contains(r#"<progress value="106200" max="212400""#),
        "{page}"
    );
    assert!(page.contains("700 rows, 106 KB so far; the last backup has 212 KB"));
    assert!(page.contains("its first backup"));
}

#[test]
fn a_page_that_renews_itself_can_be_told_not_to() {
    let server = Server::new();
    server.job("now", NOW - 60, "running", &[("groveauth", "running")]);
    let browser = Browser::admin(&server);
    assert!(
        browser
            .page("/dashboard/jobs/now")
            .contains(r#"href="/dashboard/jobs/now?live=off">Stop that"#)
    );
    let still = browser.open("/dashboard/jobs/now?live=off");
    assert_eq!(still.header("refresh"), "");
    assert!(
        still
            .text()
            .contains(r#"href="/dashboard/jobs/now">Renew this page by itself"#)
    );
}

#[test]
fn a_job_that_has_ended_stays_as_it_is_and_leads_to_its_backups() {
    let server = Server::new();
    server.job(
        "done",
        NOW - 60,
        "completed",
        &[("groveauth", "success"), ("scout-db", "success")],
    );
    server.backup("groveauth", NOW - 60, "done");
    server.sql("UPDATE backup_inventory SET verified_at = 5");
    let answer = Browser::admin(&server).open("/dashboard/jobs/done");
    assert_eq!(answer.header("refresh"), "");
    let page = answer.text();
    assert_eq!(title(&page), "Completed: 2 databases backed up");
    assert!(
        page.contains(r#"<a href="/dashboard/backups/1" aria-label="The backup of groveauth">"#)
    );
    assert!(page.contains("deleted since"));
    assert_eq!(page.matches("✓</span> verified").count(), 1);
}

#[test]
fn a_job_that_failed_says_why_in_full() {
    let server = Server::new();
    server.job(
        "bad",
        NOW - 60,
        "failed",
        &[("groveauth", "success"), ("scout-db", "failed")],
    );
    let long = "x".repeat(20_000);
    server.write_sql(&format!(
        "UPDATE backup_results SET error_message = '<b>{long}' WHERE status = 'failed'"
    ));
    let page = Browser::admin(&server).page("/dashboard/jobs/bad");
    assert_eq!(title(&page), "Failed: 1 of 2 databases");
    assert!(page.contains(&format!("&lt;b&gt;{long}")));
}

#[test]
fn a_job_that_never_had_databases_is_a_page_too() {
    let server = Server::new();
    server.job("empty", NOW - 60, "failed", &[]);
    let page = Browser::admin(&server).page("/dashboard/jobs/empty");
    assert!(page.contains("It has no databases."));
}

#[test]
fn what_people_wrote_is_shown_and_not_run() {
    let server = Server::new();
    server.job(
        "now",
        NOW - 60,
        "running",
        &[("<script>alert(1)</script>", "running")],
    );
    server.sql("UPDATE backup_jobs SET reason = '\"><script>alert(2)</script>'");
    let page = Browser::admin(&server).page("/dashboard/jobs/now");
    assert!(!page.contains("<script"));
    assert!(page.contains("%3Cscript%3Ealert%281%29%3C%2Fscript%3E"));
    assert!(page.contains("&quot;&gt;&lt;script&gt;alert(2)"));
}
