//! `/dashboard/alarms`.

use shared::message::Event;

use super::{Browser, title};
use crate::server::{NOW, Server};

fn alarm(server: &Server, cause: &str, database: &str, resolved: &str) {
    server.write_sql(&format!(
        "INSERT INTO alarms (cause, database_name, summary, opened_at, notified_at, resolved_at) \
         VALUES ('{cause}', '{database}', 'It is so. Back it up with `POST /trigger`.', {}, {NOW}, {resolved})",
        NOW - 7_200
    ));
}

fn page(server: &Server) -> String {
    Browser::admin(server).page("/dashboard/alarms")
}

#[test]
fn a_calm_system_says_so() {
    let page = page(&Server::new());
    assert_eq!(title(&page), "No alarm is open");
    assert!(page.contains("There has been none.") && page.contains("Nothing has been told"));
}

#[test]
fn an_open_alarm_says_since_when_what_to_do_and_where() {
    let server = Server::new();
    alarm(&server, "overdue", "scout-db", "NULL");
    let page = page(&server);
    assert_eq!(title(&page), "An alarm is open");
    assert!(page.contains("Overdue") && page.contains("2 hours ago"));
    assert!(page.contains("Back it up with <code>POST /trigger</code>."));
    assert!(page.contains(r#"href="/dashboard/databases/scout-db""#));
    assert!(page.contains(r#"href="/dashboard/trigger?database=scout-db""#));
}

#[test]
fn every_cause_leads_somewhere() {
    for cause in shared::alarms::Cause::ALL {
        for database in ["scout-db", ""] {
            let server = Server::new();
            alarm(&server, cause.as_str(), database, "NULL");
            let page = page(&server);
            let (_, links) = page.split_once(r#"<p class="links">"#).unwrap();
            let (links, _) = links.split_once("</p>").unwrap();
            assert!(links.contains("<a href="), "{cause:?}");
        }
    }
}

#[test]
fn an_alarm_that_is_over_is_kept_apart() {
    let server = Server::new();
    alarm(&server, "shrunk", "scout-db", &(NOW - 60).to_string());
    let page = page(&server);
    assert_eq!(title(&page), "No alarm is open");
    assert!(page.contains("Shrunk") && page.contains("1 minute ago"));
}

#[test]
fn a_delivery_says_how_it_stands() {
    let server = Server::new();
    for (channel, delivered, next, error) in [
        ("discord", "1", "NULL", "NULL"),
        ("slack", "NULL", "1733918460", "'answered 500'"),
        ("webhook", "NULL", "NULL", "'no such host'"),
    ] {
        server.write_sql(&format!(
            "INSERT INTO outbox (notice_id, channel, notice, created_at, attempts, next_attempt_at, delivered_at, last_error) \
             VALUES ('n', '{channel}', '{{\"type\":\"alarm_opened\"}}', 1, 3, {next}, {delivered}, {error})"
        ));
    }
    let answer = Browser::admin(&server).open("/dashboard/alarms");
    let page = answer.text();
    for word in [
        "delivered",
        "waiting",
        "given up",
        "alarm opened",
        "in 1 minute",
        "no such host",
    ] {
        assert!(page.contains(word), "{word}");
    }
    assert_ne!(answer.header("refresh"), "");
}

#[test]
fn a_test_of_the_channels_is_asked_for_by_a_form() {
    let server = Server::new();
    let browser = Browser::admin(&server);
    assert_eq!(
        browser.sent("/dashboard/alarms/test", ""),
        "/dashboard/alarms?done=test"
    );
    let events = server.events.messages();
    let tests = events
        .iter()
        .filter(|it| matches!(it, Event::TestNotice { .. }));
    assert_eq!(tests.count(), 1);
    assert!(
        browser
            .page("/dashboard/alarms?done=test")
            .contains("Every channel gets a test.")
    );
}

#[test]
fn a_notice_that_somebody_made_up_is_none() {
    let server = Server::new();
    let page = Browser::admin(&server).page("/dashboard/alarms?done=You+have+won");
    assert!(!page.contains("role=\"status\"") && !page.contains("won"));
}
