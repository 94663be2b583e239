//! `/dashboard/backups/:id`.

use shared::message::Event;

use super::{Browser, title};
use crate::server::{SUNDAY, Server};

const PAGE: &str = "/dashboard/backups/1";

fn server() -> Server {
    let server = Server::new();
    server.backup("groveauth", SUNDAY, "job-0");
    server
}

#[test]
fn a_backup_leads_to_its_dump_and_an_admin_alone_sees_the_way() {
    let server = server();
    let page = Browser::admin(&server).page(PAGE);
    assert!(page.contains("groveauth of 2024-12-08: stored, not verified yet"));
    assert!(page.contains(r#"href="/download/2024-12-08/groveauth?job=job-0" download"#));
    assert!(page.contains("The bucket has no <code>"));
    assert!(!Browser::reader(&server).page(PAGE).contains("/download/"));
}

#[test]
fn a_backup_is_pinned_with_a_note_and_unpinned() {
    let server = server();
    let browser = Browser::admin(&server);
    let to = browser.sent("/dashboard/backups/1/pin", "note=%3Cb%3Ekeep");
    assert_eq!(to, "/dashboard/backups/1?done=pinned");
    assert!(browser.page(&to).contains("<q>&lt;b&gt;keep</q>"));
    let to = browser.sent("/dashboard/backups/1/unpin", "");
    assert!(browser.page(&to).contains("It is not pinned"));
}

#[test]
fn a_drill_is_asked_for_and_waited_for() {
    let server = server();
    let browser = Browser::admin(&server);
    let to = browser.sent("/dashboard/backups/1/drill", "");
    let events = server.events.messages();
    assert!(
        events
            .iter()
            .any(|event| matches!(event, Event::Drill { .. }))
    );
    assert!(browser.open(&to).header("refresh").contains(PAGE));
}

#[test]
fn a_drill_that_failed_says_why() {
    let server = server();
    server.write_sql(&format!(
        "INSERT INTO drills (r2_key, database_name, status, requested_at, error_message) \
         VALUES ('2024-12-08/groveauth.sql', 'groveauth', 'failed', {SUNDAY}, 'its hash is another')"
    ));
    server.sql("UPDATE backup_inventory SET drill_failed_at = 1");
    let page = Browser::admin(&server).page(PAGE);
    assert!(page.contains("does not restore") && page.contains("its hash is another"));
}

#[test]
fn a_deleted_backup_has_no_forms_and_cannot_be_pinned() {
    let server = server();
    server.sql("UPDATE backup_inventory SET deleted_at = 1, deleted_because = 'expired'");
    let browser = Browser::admin(&server);
    let page = browser.page(PAGE);
    assert_eq!(page.matches("<form").count(), 1);
    let answer = browser.send("/dashboard/backups/1/pin", "");
    assert_eq!(answer.status, 409);
    assert_eq!(title(&answer.text()), "The backup is gone");
}

#[test]
fn a_backup_that_there_is_not_is_a_page() {
    let server = Server::new();
    let answer = Browser::admin(&server).open("/dashboard/backups/7");
    assert_eq!(answer.status, 404);
    assert_eq!(title(&answer.text()), "No such backup");
}
