//! Who sees the pages, who may send their forms, and what a refusal looks like in a browser.

use axum::http::Method;

use super::{ACCEPT, Browser, form_headers, title};
use crate::server::{NOW, Server};

const PAGES: [&str; 10] = [
    "/dashboard",
    "/dashboard/databases/groveauth",
    "/dashboard/restore/groveauth",
    "/dashboard/backups/1",
    "/dashboard/jobs",
    "/dashboard/jobs/job-0",
    "/dashboard/alarms",
    "/dashboard/dead-letters",
    "/dashboard/audit",
    "/dashboard/trigger",
];
const FORMS: [&str; 7] = [
    "/dashboard/trigger",
    "/dashboard/alarms/test",
    "/dashboard/backups/1/pin",
    "/dashboard/backups/1/unpin",
    "/dashboard/backups/1/drill",
    "/dashboard/dead-letters/1/redrive",
    "/dashboard/dead-letters/1/discard",
];

/// A system with something on every page.
fn server() -> Server {
    let server = Server::new();
    server.job("job-0", NOW - 60, "running", &[("groveauth", "running")]);
    server.backup("groveauth", NOW - 86_400, "before");
    server.dead_letter("grove-backups-events", r#"{"type":"round"}"#);
    server
}

#[test]
fn without_a_session_every_page_leads_to_the_way_in_and_from_there_back() {
    let server = server();
    for page in PAGES {
        let answer = server.ask(Method::GET, page, &[], "");
        assert_eq!(answer.status, 303, "{page}");
        let encoded = page.replace('/', "%2F");
        let expected = match page {
            "/dashboard" => "/sign-in".to_owned(),
            _ => format!("/sign-in?next={encoded}"),
        };
        assert_eq!(answer.header("location"), expected);
        let form = server.ask(Method::GET, &expected, &[], "").text();
        assert_eq!(
            form.contains(&format!(r#"value="{page}""#)),
            page != "/dashboard"
        );
    }
}

#[test]
fn signing_in_leads_to_a_page_of_ours_and_nowhere_else() {
    let server = server();
    let leads_to = |next: &str| {
        let form = format!("token=correct+horse+battery+staple&next={next}");
        let answer = server.ask(Method::POST, "/sign-in", &form_headers(None), &form);
        answer.header("location").to_owned()
    };
    assert_eq!(
        leads_to("%2Fdashboard%2Faudit%3Fbefore%3D3"),
        "/dashboard/audit?before=3"
    );
    for elsewhere in [
        "",
        "https%3A%2F%2Fevil.example",
        "%2F%2Fevil.example",
        "%2Fdashboard.evil.example",
        "%2Fdashboard%0D%0Aset-cookie:a",
        "%2Fstatus",
    ] {
        assert_eq!(leads_to(elsewhere), "/dashboard", "{elsewhere}");
    }
}

#[test]
fn every_page_has_its_title_its_landmarks_and_no_script() {
    let server = server();
    let browser = Browser::admin(&server);
    for path in PAGES {
        let page = browser.page(path);
        assert!(!title(&page).is_empty());
        for part in [
            r#"<html lang="en">"#,
            r##"<a class="skip" href="#main">"##,
            r#"<nav aria-label="Pages">"#,
            r#"<main id="main""#,
            "<h1",
            "<footer>",
        ] {
            assert!(page.contains(part), "{path} has no {part}");
        }
        assert_eq!(page.matches("<h1").count(), 1, "{path}");
        for part in ["<script", "style=", " on", "javascript:"] {
            assert!(
                !page.contains(&format!("{part}click")) && (part == " on" || !page.contains(part)),
                "{path} has {part}"
            );
        }
        assert_eq!(
            page.matches("<table").count(),
            page.matches("<caption").count()
        );
    }
}

#[test]
fn a_page_marks_where_it_is_in_the_navigation() {
    let server = server();
    let page = Browser::admin(&server).page("/dashboard/audit");
    assert!(page.contains(r#"<a href="/dashboard/audit" aria-current="page">Audit log</a>"#));
    assert_eq!(page.matches(r#"aria-current="page""#).count(), 1);
}

#[test]
fn a_reader_sees_every_page_and_no_form_that_changes_something() {
    let server = server();
    let reader = Browser::reader(&server);
    for path in PAGES {
        let page = reader.page(path);
        assert_eq!(page.matches("<form").count(), 1, "{path}");
        assert!(page.contains(r#"<form method="post" action="/sign-out">"#));
        assert!(!page.contains("Back up now</a>"), "{path}");
    }
}

#[test]
fn a_reader_who_sends_a_form_all_the_same_is_refused_on_a_page() {
    let server = server();
    let reader = Browser::reader(&server);
    for path in FORMS {
        let answer = reader.send(path, "database=groveauth");
        assert_eq!(answer.status, 403, "{path}");
        assert_eq!(title(&answer.text()), "Not with this token");
        assert!(answer.text().contains("Signed in as reader"));
    }
    assert!(server.exports.messages().is_empty() && server.events.messages().is_empty());
}

#[test]
fn a_form_of_another_site_changes_nothing() {
    let server = server();
    let browser = Browser::admin(&server);
    for path in FORMS {
        for site in ["cross-site", "same-site", "none"] {
            let mut headers = form_headers(Some(&browser.cookie));
            headers.retain(|(name, _)| *name != "sec-fetch-site");
            headers.push(("sec-fetch-site", site.to_owned()));
            let answer = server.ask(Method::POST, path, &headers, "database=groveauth");
            assert_eq!(answer.status, 403, "{path}");
            assert_eq!(title(&answer.text()), "Sent for another site");
        }
    }
    assert!(server.exports.messages().is_empty() && server.events.messages().is_empty());
}

#[test]
fn a_form_without_a_session_is_refused_on_a_page_that_leads_to_the_way_in() {
    let server = server();
    for path in FORMS {
        let answer = server.ask(Method::POST, path, &form_headers(None), "");
        assert_eq!(answer.status, 401, "{path}");
        let page = answer.text();
        assert!(page.contains(r#"<a href="/sign-in">"#) && !page.contains("<nav"));
    }
}

#[test]
fn what_there_is_not_is_a_page_for_a_browser_and_a_problem_for_a_program() {
    let server = server();
    let browser = Browser::admin(&server);
    for (path, words) in [
        ("/dashboard/nowhere", "No such address"),
        ("/dashboard/jobs/nothing", "No such job"),
        ("/dashboard/alarms?since=1", "Invalid parameter"),
    ] {
        let answer = browser.open(path);
        assert_eq!(title(&answer.text()), words);
        assert!(answer.text().contains("To the overview"));
        assert!(
            answer
                .header("content-security-policy")
                .contains("style-src")
        );
        assert!(answer.status.is_client_error());
        let program = server.get(path);
        assert_eq!(program.header("content-type"), "application/problem+json");
        assert_eq!(program.status, answer.status);
    }
}

#[test]
fn a_failure_of_ours_is_a_page_that_says_nothing_internal() {
    let server = server();
    let browser = Browser::admin(&server);
    server
        .catalogue
        .faults()
        .always(Some(shared::native::Fault::Before));
    let answer = browser.open("/dashboard");
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("retry-after"), "5");
    assert_eq!(title(&answer.text()), "Temporarily unavailable");
    assert!(!answer.text().contains("a fault of the test"));
    assert!(answer.logged.unwrap().contains("a fault of the test"));
}

#[test]
fn the_api_outside_the_dashboard_answers_a_browser_as_anybody() {
    let server = server();
    let headers = [(ACCEPT.0, ACCEPT.1.to_owned()), crate::server::bearer()];
    let answer = server.ask(Method::GET, "/jobs/nothing", &headers, "");
    answer.problem(404, "no-such-job");
}

#[test]
fn a_form_that_is_too_long_or_none_is_refused() {
    let server = server();
    let browser = Browser::admin(&server);
    let long = format!("reason={}", "x".repeat(70_000));
    assert_eq!(browser.send("/dashboard/trigger", &long).status, 413);
    let answer = server.ask(
        Method::POST,
        "/dashboard/trigger",
        &[
            crate::server::bearer(),
            ("content-type", "application/json".to_owned()),
        ],
        "{}",
    );
    answer.problem(422, "invalid-body");
}
