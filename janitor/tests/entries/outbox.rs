//! What becomes of letters.

use shared::native::Fault;
use shared::ports::{WebhookAnswer, WebhookError};

use crate::bench::{Bench, NOW};

const FATE: &str =
    "SELECT attempts, next_attempt_at, delivered_at, last_status FROM outbox ORDER BY id";

/// A letter that is due: a test.
fn with_letter() -> Bench {
    let bench = Bench::telling();
    bench
        .event(r#"{"event":"test_notice","id":"one"}"#)
        .unwrap();
    bench.events.take();
    bench
}

fn deliver(bench: &Bench) {
    bench.event(r#"{"event":"deliver"}"#).unwrap();
}

#[test]
fn a_letter_that_is_taken_is_delivered() {
    let bench = with_letter();
    deliver(&bench);
    deliver(&bench);
    assert_eq!(bench.webhooks.sent().len(), 1);
    assert_eq!(bench.read(FATE), format!("1 null {NOW} 204"));
    assert_eq!(bench.events.messages(), []);
}

#[test]
fn a_letter_that_is_refused_comes_again_by_a_message() {
    let bench = with_letter();
    bench.webhooks.status(500);
    deliver(&bench);
    assert_eq!(bench.read(FATE), format!("1 {} null 500", NOW + 5));
    assert_eq!(bench.events.messages().len(), 1);
    bench.clock.advance(5);
    deliver(&bench);
    assert_eq!(bench.read(FATE), format!("2 null {} 204", NOW + 5));
}

#[test]
fn a_letter_is_the_same_in_every_attempt() {
    let bench = with_letter();
    bench.webhooks.status(503);
    deliver(&bench);
    bench.clock.advance(5);
    deliver(&bench);
    let ids: Vec<String> = bench
        .webhooks
        .sent()
        .into_iter()
        .flat_map(|request| request.headers)
        .filter_map(|(name, value)| (name == "webhook-id").then_some(value))
        .collect();
    assert_eq!(ids, ["test-one", "test-one"]);
}

#[test]
fn a_redirect_is_not_followed() {
    let bench = with_letter();
    bench.webhooks.status(301);
    deliver(&bench);
    assert_eq!(bench.webhooks.sent().len(), 1);
    assert_eq!(
        bench.read("SELECT last_error FROM outbox"),
        "HTTP 301: a redirect, which is not followed"
    );
}

#[test]
fn who_asks_for_time_gets_it() {
    let bench = with_letter();
    bench.webhooks.answer(Ok(WebhookAnswer {
        status: 429,
        retry_after: Some("120".to_owned()),
        body: String::new(),
    }));
    deliver(&bench);
    assert_eq!(bench.read(FATE), format!("1 {} null 429", NOW + 120));
}

#[test]
fn letters_that_are_due_again_at_different_moments_have_a_message_each() {
    let bench = with_letter();
    bench
        .event(r#"{"event":"test_notice","id":"two"}"#)
        .unwrap();
    bench.events.take();
    bench.webhooks.status(500);
    bench.webhooks.answer(Ok(WebhookAnswer {
        status: 429,
        retry_after: Some("6".to_owned()),
        body: String::new(),
    }));
    deliver(&bench);
    assert_eq!(bench.events.messages().len(), 2);
}

#[test]
fn a_letter_that_nobody_takes_is_given_up_after_eight_attempts() {
    let bench = with_letter();
    for _ in 0..10 {
        bench.webhooks.status(500);
        deliver(&bench);
        bench.clock.advance(12 * 3600);
    }
    assert_eq!(bench.webhooks.sent().len(), 8);
    assert_eq!(bench.read(FATE), "8 null null 500");
}

#[test]
fn a_letter_whose_message_is_lost_is_delivered_by_the_hourly_round() {
    let bench = with_letter();
    let report = bench.round().report;
    assert_eq!((report.delivered, bench.webhooks.sent().len()), (1, 1));
}

#[test]
fn a_test_that_is_asked_for_twice_by_one_message_is_one() {
    let bench = with_letter();
    bench
        .event(r#"{"event":"test_notice","id":"one"}"#)
        .unwrap();
    assert_eq!(bench.letters(), ["webhook test"]);
}

#[test]
fn an_answer_that_is_lost_has_the_letter_sent_again() {
    let bench = with_letter();
    bench.webhooks.faults().next(Fault::Despite);
    deliver(&bench);
    bench.clock.advance(5);
    deliver(&bench);
    assert_eq!(bench.webhooks.sent().len(), 2);
    assert_eq!(bench.read(FATE), format!("2 null {} 204", NOW + 5));
}

#[test]
fn a_letter_to_a_channel_that_is_gone_is_given_up() {
    let mut bench = with_letter();
    bench.ports.settings.webhook = None;
    deliver(&bench);
    assert_eq!(bench.webhooks.sent().len(), 0);
    assert_eq!(bench.read(FATE), "1 null null null");
}

#[test]
fn a_letter_to_a_bad_address_waits_for_somebody_to_put_it_right_and_is_reported() {
    let mut bench = with_letter();
    bench.ports.settings.webhook = Some("http://hooks.example/".to_owned());
    assert_eq!(bench.round().report.failures, 1);
    assert_eq!(
        bench.read("SELECT last_error FROM outbox"),
        "no answer: WEBHOOK_URL cannot be sent to: it does not begin with https://"
    );
    bench.ports.settings.webhook = Some("https://hooks.example/".to_owned());
    bench.clock.advance(5);
    deliver(&bench);
    assert_eq!(bench.webhooks.sent().len(), 1);
}

#[test]
fn an_address_is_not_kept_with_what_went_wrong() {
    let bench = with_letter();
    bench.webhooks.answer(Err(WebhookError {
        message: "cannot reach https://hooks.example/all: it is down".to_owned(),
    }));
    deliver(&bench);
    assert_eq!(
        bench.read("SELECT last_error FROM outbox"),
        "no answer: cannot reach (its address): it is down"
    );
}

/// A channel of the catalogue.
fn configured(url: &str) -> Bench {
    let bench = Bench::new();
    bench.write(&format!(
        "INSERT INTO alert_config (webhook_url, created_at, updated_at) VALUES ('{url}', 1, 1)"
    ));
    bench
        .event(r#"{"event":"test_notice","id":"one"}"#)
        .unwrap();
    bench
}

#[test]
fn a_row_of_alert_config_is_a_channel() {
    let bench = configured("https://hooks.slack.com/services/x");
    deliver(&bench);
    assert_eq!(bench.letters(), ["config:1 test"]);
    assert!(
        bench.webhooks.sent()[0]
            .body
            .as_deref()
            .unwrap()
            .contains("\"blocks\"")
    );
}

#[test]
fn a_row_whose_receiver_is_gone_is_switched_off() {
    let bench = configured("https://hooks.example/gone");
    bench.webhooks.status(410);
    deliver(&bench);
    assert_eq!(
        bench.read("SELECT enabled, updated_at FROM alert_config"),
        format!("0 {NOW}")
    );
    assert_eq!(bench.read(FATE), "1 null null 410");
}

#[test]
fn a_row_that_is_switched_off_or_empty_is_no_channel() {
    let bench = Bench::new();
    bench.write("INSERT INTO alert_config (webhook_url, enabled, created_at, updated_at) VALUES ('https://hooks.example/', 0, 1, 1), (NULL, 1, 1, 1), ('', 1, 1, 1)");
    bench
        .event(r#"{"event":"test_notice","id":"one"}"#)
        .unwrap();
    assert_eq!(bench.letters(), [""; 0]);
}

#[test]
fn more_letters_than_one_step_takes_are_delivered_by_the_next() {
    let bench = Bench::telling();
    for number in 0..25 {
        bench
            .event(&format!(r#"{{"event":"test_notice","id":"{number}"}}"#))
            .unwrap();
    }
    bench.events.take();
    deliver(&bench);
    assert_eq!(bench.webhooks.sent().len(), 10);
    bench.run_events();
    assert_eq!(bench.webhooks.sent().len(), 25);
}

#[test]
fn a_notice_of_a_janitor_to_come_is_given_up_and_not_sent() {
    let bench = with_letter();
    bench.write(r#"UPDATE outbox SET notice = '{"type":"telepathy"}'"#);
    deliver(&bench);
    assert_eq!(bench.webhooks.sent(), []);
    assert_eq!(bench.read(FATE), "1 null null null");
}

#[test]
fn whatever_fails_at_the_catalogue_a_letter_is_delivered_in_the_end() {
    for fault in [Fault::Before, Fault::Despite] {
        for nth in 0..3 {
            let bench = with_letter();
            bench.catalogue.faults().after(nth, fault);
            drop(bench.event(r#"{"event":"deliver"}"#));
            bench.clock.advance(61);
            deliver(&bench);
            assert_eq!(
                bench.read("SELECT delivered_at IS NOT NULL FROM outbox"),
                "1",
                "{fault:?} {nth}"
            );
            assert!(bench.webhooks.sent().len() <= 2);
        }
    }
}

#[test]
fn who_stops_in_the_last_attempt_leaves_a_letter_that_is_given_up() {
    let bench = with_letter();
    bench.write("UPDATE outbox SET attempts = 7");
    bench.catalogue.faults().after(2, Fault::Before);
    deliver(&bench);
    bench.clock.advance(61);
    deliver(&bench);
    assert_eq!(bench.webhooks.sent().len(), 1);
    assert_eq!(bench.read(FATE), "8 null null null");
}
