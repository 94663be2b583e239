//! `/dashboard/audit`, and that forms are in the log.

use super::Browser;
use crate::server::Server;

#[test]
fn an_empty_log_says_so() {
    let page = Browser::admin(&Server::new()).page("/dashboard/audit");
    assert!(page.contains("There is nothing in it yet."));
}

#[test]
fn a_change_by_a_form_is_in_the_log_like_any_other() {
    let server = Server::new();
    let browser = Browser::admin(&server);
    browser.sent("/dashboard/trigger", "database=groveauth");
    let page = browser.page("/dashboard/audit");
    assert!(
        page.contains("POST /dashboard/trigger") && page.contains("303"),
        "{page}"
    );
}

#[test]
fn the_log_is_turned_over_page_by_page() {
    let server = Server::new();
    for number in 1..=60 {
        server.write_sql(&format!(
            "INSERT INTO audit_log (at, actor, address, method, path) VALUES (1, 'admin', '', 'POST', '/n/{number}')"
        ));
    }
    let browser = Browser::admin(&server);
    let first = browser.page("/dashboard/audit");
    assert!(first.contains("/n/60<") && !first.contains("/n/10<"));
    assert!(first.contains(r#"<a href="/dashboard/audit?before=11">"#));
    let second = browser.page("/dashboard/audit?before=11");
    assert!(second.contains("/n/10<") && second.contains("← Newest") && !second.contains("Older"));
}
