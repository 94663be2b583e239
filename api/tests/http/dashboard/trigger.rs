//! `/dashboard/trigger`.

use super::{Browser, title};
use crate::server::Server;

fn chosen(page: &str) -> usize {
    page.matches(" checked").count()
}

#[test]
fn all_databases_are_chosen_unless_the_address_names_one() {
    let server = Server::new();
    let browser = Browser::admin(&server);
    assert_eq!(chosen(&browser.page("/dashboard/trigger")), 9);
    let page = browser.page("/dashboard/trigger?database=scout-db");
    assert_eq!(chosen(&page), 1);
    assert!(page.contains(r#"value="scout-db" checked"#));
}

#[test]
fn the_form_starts_a_job_of_what_was_chosen_and_leads_to_it() {
    let server = Server::new();
    let browser = Browser::admin(&server);
    let to = browser.sent(
        "/dashboard/trigger",
        "key=k1&database=scout-db&database=groveauth&reason=before+the+move",
    );
    assert!(
        to.starts_with("/dashboard/jobs/") && to.ends_with("?done=started"),
        "{to}"
    );
    let page = browser.page(&to);
    assert_eq!(title(&page), "Backing up: 0 of 2 databases done");
    assert!(page.contains("before the move") && page.contains("The backup is queued."));
    assert_eq!(server.exports.messages().len(), 2);
}

#[test]
fn a_form_that_is_sent_twice_is_one_job() {
    let server = Server::new();
    let browser = Browser::admin(&server);
    let first = browser.sent("/dashboard/trigger", "key=k1&database=groveauth");
    assert_eq!(
        browser.sent("/dashboard/trigger", "key=k1&database=groveauth"),
        first
    );
    let other = browser.page("/dashboard/trigger");
    assert_ne!(
        other,
        browser.page("/dashboard/trigger"),
        "each form has a key of its own"
    );
}

#[test]
fn a_database_that_is_being_backed_up_is_refused_on_a_page_that_leads_to_its_job() {
    let server = Server::new();
    let browser = Browser::admin(&server);
    let first = browser.sent("/dashboard/trigger", "key=k1&database=groveauth");
    let answer = browser.send("/dashboard/trigger", "key=k2&database=groveauth");
    assert_eq!(answer.status, 409);
    let page = answer.text();
    assert_eq!(title(&page), "A backup is under way");
    let (job, _) = first.split_once('?').unwrap();
    assert!(page.contains(&format!(r#"href="{job}""#)));
}

#[test]
fn nothing_chosen_is_told_and_starts_nothing() {
    let server = Server::new();
    let answer = Browser::admin(&server).send("/dashboard/trigger", "key=k1&reason=x");
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains("<code>databases</code> is empty"));
    assert!(server.exports.messages().is_empty());
}

#[test]
fn a_database_that_there_is_not_is_named_and_escaped() {
    let server = Server::new();
    let answer = Browser::admin(&server).send("/dashboard/trigger", "database=%3Cscript%3E");
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains("&lt;script&gt;"));
}
