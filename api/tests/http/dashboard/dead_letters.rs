//! `/dashboard/dead-letters`.

use shared::message::{EVENTS_QUEUE, EXPORTS_QUEUE};

use super::{Browser, title};
use crate::server::{NOW, Server};

const ADDRESS: &str = "/dashboard/dead-letters";
const MESSAGE: &str = r#"{"job_id":"job-0","database":"groveauth"}"#;

/// A failed export and its letter.
fn server() -> Server {
    let server = Server::new();
    server.job("job-0", NOW - 60, "failed", &[("groveauth", "failed")]);
    server.dead_letter(EXPORTS_QUEUE, MESSAGE);
    server
}

#[test]
fn no_letter_is_good_news() {
    let page = Browser::admin(&Server::new()).page(ADDRESS);
    assert_eq!(title(&page), "No dead letter waits for a decision");
}

#[test]
fn a_letter_is_shown_with_its_message_and_why_it_was_given_up() {
    let server = server();
    let page = Browser::admin(&server).page(ADDRESS);
    assert_eq!(title(&page), "A dead letter waits for a decision");
    assert!(page.contains("the rows could not be read: D1 is overloaded"));
    assert!(page.contains("{&quot;job_id&quot;:&quot;job-0&quot;"));
    assert!(page.contains("4 times"));
}

#[test]
fn a_letter_is_sent_again_by_a_form_once() {
    let server = server();
    let browser = Browser::admin(&server);
    let redrive = "/dashboard/dead-letters/1/redrive";
    assert_eq!(
        browser.sent(redrive, ""),
        "/dashboard/dead-letters?done=redriven"
    );
    assert_eq!(server.exports.messages().len(), 1);
    let again = browser.send(redrive, "");
    assert_eq!(again.status, 409);
    assert_eq!(title(&again.text()), "The dead letter is dealt with");
    assert_eq!(server.exports.messages().len(), 1);
    assert!(
        browser
            .page("/dashboard/dead-letters?state=all")
            .contains("<strong>redriven</strong>")
    );
}

#[test]
fn a_letter_is_discarded_with_a_note() {
    let server = server();
    let browser = Browser::admin(&server);
    let to = browser.sent(
        "/dashboard/dead-letters/1/discard",
        "note=+not+<needed>+%26+gone+",
    );
    assert_eq!(to, "/dashboard/dead-letters?done=discarded");
    assert!(browser.page(&to).contains("There is none."));
    let all = browser.page("/dashboard/dead-letters?state=all");
    assert!(
        all.contains("<strong>discarded</strong>")
            && all.contains("<q>not &lt;needed&gt; &amp; gone</q>"),
        "{all}"
    );
    assert!(!all.contains("/redrive"));
}

#[test]
fn a_note_that_is_too_long_is_refused_and_the_letter_stays_open() {
    let server = server();
    let browser = Browser::admin(&server);
    let note = format!("note={}", "x".repeat(501));
    assert_eq!(
        browser
            .send("/dashboard/dead-letters/1/discard", &note)
            .status,
        422
    );
    assert!(browser.page(ADDRESS).contains("Letter 1"));
}

#[test]
fn a_letter_of_a_hostile_message_is_text() {
    let server = Server::new();
    server.dead_letter(EVENTS_QUEUE, "\"</pre><script>alert(1)</script>\"");
    let page = Browser::admin(&server).page(ADDRESS);
    assert!(page.contains("&lt;/pre&gt;&lt;script&gt;") && !page.contains("<script"));
}

#[test]
fn many_letters_are_turned_over_page_by_page() {
    let server = Server::new();
    for number in 0..30 {
        server.dead_letter(EVENTS_QUEUE, &format!("\"{number}\""));
    }
    let browser = Browser::admin(&server);
    let first = browser.page(ADDRESS);
    assert_eq!(title(&first), "Dead letters");
    assert!(first.contains(r#"href="/dashboard/dead-letters?before=6""#));
    let all = browser.page("/dashboard/dead-letters?state=all");
    assert!(all.contains(r#"href="/dashboard/dead-letters?state=all&amp;before=6""#));
    let second = browser.page("/dashboard/dead-letters?before=6");
    assert_eq!(second.matches("class=\"card\"").count(), 5);
}

#[test]
fn a_letter_that_there_is_not_is_a_page() {
    let server = Server::new();
    let answer = Browser::admin(&server).send("/dashboard/dead-letters/7/redrive", "");
    assert_eq!(answer.status, 404);
    assert_eq!(title(&answer.text()), "No such dead letter");
}
