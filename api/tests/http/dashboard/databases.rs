//! `/dashboard/databases/:name`, `/dashboard/restore/:db` and `/dashboard/jobs`.

use super::{Browser, title};
use crate::server::{DAY, NOW, SUNDAY, Server};

#[test]
fn a_day_without_its_run_is_a_gap_in_the_calendar_and_named_below_it() {
    let server = Server::new();
    server.job(
        "a",
        SUNDAY - 14 * DAY,
        "completed",
        &[("groveauth", "success")],
    );
    server.job("b", SUNDAY, "failed", &[("groveauth", "failed")]);
    let page = Browser::admin(&server).page("/dashboard/databases/groveauth");
    assert!(page.contains("Due, and none ran: 2024-12-01<"));
    assert!(page.contains("Failed: 2024-12-08<"));
    assert!(page.contains("2024-11-24: backed up"));
    assert_eq!(page.matches("<tr>").count(), 8);
}

#[test]
fn a_database_is_shown_with_its_backups_and_its_alarms_alone() {
    let server = Server::new();
    server.backup("groveauth", SUNDAY, "job-0");
    server.backup("scout-db", SUNDAY, "job-0");
    for name in ["groveauth", "scout-db"] {
        server.write_sql(&format!("INSERT INTO alarms (cause, database_name, summary, opened_at, notified_at) VALUES ('shrunk', '{name}', 'of {name}', 1, 1)"));
    }
    let page = Browser::admin(&server).page("/dashboard/databases/groveauth");
    assert!(
        page.contains(r#"href="/dashboard/backups/1""#) && !page.contains("/dashboard/backups/2")
    );
    assert!(page.contains("of groveauth") && !page.contains("of scout-db"));
}

#[test]
fn a_database_that_left_the_registry_is_shown_while_there_is_something_of_it() {
    let server = Server::new();
    server.backup("<i>former", SUNDAY, "job-0");
    let browser = Browser::admin(&server);
    let page = browser.page("/dashboard/databases/%3Ci%3Eformer");
    assert!(page.contains("No longer in the registry") && page.contains("&lt;i&gt;former"));
    let answer = browser.open("/dashboard/databases/nowhere");
    assert_eq!(title(&answer.text()), "No such database");
}

#[test]
fn the_restore_guide_has_its_commands_apart() {
    let server = Server::new();
    server.backup("groveauth", SUNDAY, "job-0");
    let page = Browser::admin(&server).page("/dashboard/restore/groveauth");
    assert_eq!(title(&page), "Restore groveauth");
    assert!(page.contains("<code>npx wrangler d1 create groveauth-restored</code>"));
}

#[test]
fn jobs_are_turned_over_page_by_page() {
    let server = Server::new();
    for number in 1..=60 {
        server.job(
            &format!("job-{number:03}"),
            NOW - 10_000 + number,
            "completed",
            &[("groveauth", "success")],
        );
    }
    let browser = Browser::admin(&server);
    let first = browser.page("/dashboard/jobs");
    assert!(first.contains(">job-060<") && !first.contains(">job-010<"));
    assert!(first.contains(r#"href="/dashboard/jobs?before=job-011""#));
    let second = browser.page("/dashboard/jobs?before=job-011");
    assert!(second.contains(">job-010<") && !second.contains("Older"));
    assert_eq!(browser.open("/dashboard/jobs?before=none").status, 404);
}
