//! `/alerts` and what is behind it, and the look at the janitor's rounds.

use axum::http::Method;
use serde_json::json;
use shared::message::Event;
use shared::native::Fault;

use crate::server::{NOW, Server, bearer};

fn with_alarms() -> Server {
    let server = Server::new();
    server.sql(
        "INSERT INTO alarms (cause, database_name, summary, opened_at, notified_at, resolved_at) VALUES \
         ('overdue', 'groveauth', 'It is late.', 1733626800, 1733713200, NULL), \
         ('job_failed', '', 'It failed.', 1733540400, 1733540400, 1733626800)",
    );
    server
}

#[test]
fn alarms_are_listed_open_ones_apart() {
    assert_eq!(
        with_alarms().get("/alerts").json(),
        json!({
            "open": [{ "cause": "overdue", "database": "groveauth", "summary": "It is late.", "openedAt": "2024-12-08T03:00:00Z",
                "toldAt": "2024-12-09T03:00:00Z", "resolvedAt": null }],
            "recent": [{ "cause": "job_failed", "database": null, "summary": "It failed.", "openedAt": "2024-12-07T03:00:00Z",
                "toldAt": "2024-12-07T03:00:00Z", "resolvedAt": "2024-12-08T03:00:00Z" }],
        })
    );
}

#[test]
fn the_status_counts_open_alarms() {
    assert_eq!(with_alarms().get("/status").json()["alarms"], 1);
    assert_eq!(Server::new().get("/status").json()["alarms"], 0);
}

#[test]
fn deliveries_say_what_became_of_them_and_not_where_they_went() {
    let server = Server::new();
    server.sql(
        "INSERT INTO outbox (notice_id, channel, notice, created_at, attempts, next_attempt_at, delivered_at, last_status, last_error) \
         VALUES ('n', 'discord', '{\"type\":\"alarms\"}', 1733626800, 1, NULL, 1733626801, 204, NULL), \
         ('n', 'config:7', '{\"type\":\"alarms\"}', 1733626800, 2, 1733627100, NULL, 500, 'HTTP 500'), \
         ('n', 'slack', '{\"type\":\"alarms\"}', 1733626800, 8, NULL, NULL, NULL, 'no answer: timed out')",
    );
    let answer = server.get("/alerts/deliveries").json();
    let deliveries = answer["deliveries"].as_array().unwrap();
    let of = |member: &str| {
        deliveries
            .iter()
            .map(|it| it[member].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(of("status"), ["given_up", "waiting", "delivered"]);
    assert_eq!(of("channel"), ["slack", "config:7", "discord"]);
    assert_eq!(deliveries[1]["nextAttemptAt"], "2024-12-08T03:05:00Z");
    assert_eq!(deliveries[2]["lastStatus"], 204);
    assert!(!answer.to_string().contains("https"));
}

#[test]
fn a_test_is_asked_of_the_janitor_and_the_same_key_is_the_same_test() {
    let server = Server::new();
    server.sql(
        "INSERT INTO janitor_state (name, value, updated_at) VALUES ('round', '', 1733918400)",
    );
    let key = ("idempotency-key", "mine".to_owned());
    let ask = || server.ask(Method::POST, "/alerts/test", &[bearer(), key.clone()], "");
    let (first, second) = (ask(), ask());
    assert_eq!(first.status, 202);
    assert_eq!(first.json(), second.json());
    let events = server.events.messages();
    assert_eq!(events[0], events[1]);
    let Event::TestNotice { id } = &events[0] else {
        panic!("{events:?}");
    };
    assert_eq!(first.json()["noticeId"], format!("test-{id}"));
}

#[test]
fn a_test_that_could_not_be_asked_for_is_a_problem() {
    let server = Server::new();
    server.events.faults().next(Fault::Before);
    server.post("/alerts/test", "").problem(503, "unavailable");
}

/// The janitor's last round was that many seconds ago.
fn round_made(seconds_ago: i64) -> Server {
    let server = Server::new();
    server.write_sql(&format!(
        "INSERT INTO janitor_state (name, value, updated_at) VALUES ('round', '', {})",
        NOW - seconds_ago
    ));
    server
}

#[test]
fn a_janitor_that_is_silent_for_two_hours_is_asked_for_a_round_once_an_hour() {
    let server = round_made(7200);
    for _ in 0..3 {
        server.get("/status").json();
    }
    assert_eq!(server.events.take(), [Event::Round]);
    server.write_sql(&format!(
        "UPDATE janitor_state SET updated_at = {} WHERE name = 'round_asked'",
        NOW - 3600
    ));
    server.get("/status").json();
    assert_eq!(server.events.take(), [Event::Round]);
}

#[test]
fn a_janitor_that_makes_its_rounds_is_asked_for_none() {
    let server = round_made(7199);
    server.get("/status").json();
    assert_eq!(server.events.messages(), []);
}

#[test]
fn a_janitor_that_never_made_a_round_is_asked_for_one() {
    let server = Server::new();
    server.get("/list").json();
    assert_eq!(server.events.messages(), [Event::Round]);
}

#[test]
fn who_has_no_token_has_the_janitor_asked_for_nothing() {
    let server = Server::new();
    for path in ["/", "/health", "/status", "/nothing"] {
        server.ask(Method::GET, path, &[], "");
    }
    assert_eq!(server.events.messages(), []);
}

#[test]
fn a_janitor_that_cannot_be_asked_changes_no_answer_and_is_logged() {
    let server = Server::new();
    server.events.faults().next(Fault::Before);
    let answer = server.get("/status");
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.logged.as_deref(),
        Some("the janitor was not asked for a round")
    );
}
