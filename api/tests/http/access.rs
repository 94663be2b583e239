//! Who is let in, and what every answer has.

use axum::http::Method;
use shared::native::Fault;

use api::auth::{Role, Tokens};

use crate::server::{READ_TOKEN, Server, TOKEN, bearer};

const OPEN: [&str; 3] = ["/", "/health", "/sign-in"];
const PRIVATE: &[(Method, &str)] = &[
    (Method::GET, "/status"),
    (Method::GET, "/list"),
    (Method::POST, "/trigger"),
    (Method::GET, "/databases"),
    (Method::GET, "/databases/groveauth"),
    (Method::GET, "/jobs"),
    (Method::GET, "/jobs/none"),
    (Method::GET, "/download/2024-12-08/groveauth"),
    (Method::GET, "/restore-guide/groveauth"),
    (Method::GET, "/retention"),
    (Method::GET, "/backups/1"),
    (Method::POST, "/backups/1/pin"),
    (Method::POST, "/backups/1/unpin"),
    (Method::POST, "/backups/1/drill"),
    (Method::POST, "/backups/1/link"),
    (Method::GET, "/audit"),
    (Method::GET, "/metrics"),
    (Method::GET, "/openapi.json"),
    (Method::GET, "/alerts"),
    (Method::GET, "/alerts/deliveries"),
    (Method::POST, "/alerts/test"),
    (Method::GET, "/dead-letters"),
    (Method::GET, "/dead-letters/1"),
    (Method::POST, "/dead-letters/1/redrive"),
    (Method::POST, "/dead-letters/1/discard"),
    (Method::POST, "/reindex"),
    (Method::GET, "/no/such/path"),
    (Method::DELETE, "/status"),
];

/// What a browser asks for; tested in `session.rs`.
const BROWSERS: [&str; 2] = ["/dashboard", "/sign-out"];

fn with(authorization: &str) -> [(&'static str, String); 1] {
    [("authorization", authorization.to_owned())]
}

#[test]
fn every_endpoint_is_either_open_or_private() {
    for (endpoint, _) in api::ENDPOINTS {
        let (method, path) = endpoint.split_once(' ').unwrap();
        let stem = path.split(":").next().unwrap();
        let known = OPEN.contains(&path)
            || BROWSERS.contains(&path)
            || PRIVATE
                .iter()
                .any(|(verb, private)| verb == method && private.starts_with(stem) && stem != "/");
        assert!(known, "{endpoint}");
    }
}

#[test]
fn the_front_page_and_the_health_check_need_no_token() {
    for server in [Server::new(), Server::with_token(None)] {
        for path in OPEN {
            assert_eq!(server.ask(Method::GET, path, &[], "").status, 200, "{path}");
        }
    }
}

#[test]
fn nothing_else_answers_without_the_token() {
    let server = Server::new();
    for (method, path) in PRIVATE {
        let answer = server.ask(method.clone(), path, &[], "");
        answer.problem(401, "unauthorized");
        assert_ne!(answer.header("www-authenticate"), "", "{path}");
    }
}

#[test]
fn a_wrong_token_is_refused_everywhere() {
    for wrong in [
        "Bearer wrong".to_owned(),
        format!("Bearer {TOKEN}."),
        "Bearer ".to_owned(),
        TOKEN.to_owned(),
        format!("Basic {TOKEN}"),
        String::new(),
    ] {
        for (method, path) in PRIVATE {
            let answer = Server::new().ask(method.clone(), path, &with(&wrong), "");
            answer.problem(401, "unauthorized");
        }
    }
}

#[test]
fn after_ten_wrong_tokens_in_a_minute_an_address_has_to_wait() {
    let server = Server::new();
    let wrong = |address: &str| {
        let headers = [
            ("authorization", "Bearer wrong".to_owned()),
            ("cf-connecting-ip", address.to_owned()),
        ];
        server.ask(Method::GET, "/status", &headers, "")
    };
    for _ in 0..10 {
        wrong("192.0.2.1").problem(401, "unauthorized");
    }
    let answer = wrong("192.0.2.1");
    answer.problem(429, "too-many-requests");
    assert_eq!(answer.header("retry-after"), "60");
    wrong("192.0.2.2").problem(401, "unauthorized");
    server.limiter.begin_anew();
    wrong("192.0.2.1").problem(401, "unauthorized");
}

#[test]
fn a_wrong_token_is_refused_although_nobody_can_count_it() {
    let server = Server::new();
    server.limiter.faults().always(Some(Fault::Before));
    let answer = server.ask(Method::GET, "/status", &with("Bearer wrong"), "");
    answer.problem(401, "unauthorized");
    assert!(answer.logged.unwrap().contains("a fault of the test"));
}

#[test]
fn a_reader_sees_everything_but_dumps_and_changes_nothing() {
    let server = Server::new();
    let read = with(&format!("Bearer {READ_TOKEN}"));
    for path in [
        "/status",
        "/list",
        "/restore-guide/groveauth",
        "/dashboard",
        "/audit",
    ] {
        assert_eq!(
            server.ask(Method::GET, path, &read, "").status,
            200,
            "{path}"
        );
    }
    for (method, path) in [
        (Method::POST, "/trigger"),
        (Method::GET, "/download/2024-12-08/groveauth"),
        (Method::HEAD, "/download/2024-12-08/groveauth"),
        (Method::DELETE, "/status"),
    ] {
        assert_eq!(server.ask(method, path, &read, "").status, 403, "{path}");
    }
    server
        .ask(Method::POST, "/trigger", &read, "")
        .problem(403, "forbidden");
    assert!(server.exports.messages().is_empty());
}

#[test]
fn an_old_token_and_its_successor_are_valid_together() {
    let server = Server::with_tokens(
        Tokens::default()
            .with(Role::Admin, Some("new"))
            .with(Role::Admin, Some("old")),
    );
    for (token, status) in [("new", 200), ("old", 200), ("older", 401)] {
        let answer = server.ask(
            Method::GET,
            "/status",
            &with(&format!("Bearer {token}")),
            "",
        );
        assert_eq!(answer.status, status, "{token}");
    }
}

#[test]
fn a_token_to_look_with_alone_opens_nothing() {
    let server = Server::with_tokens(Tokens::default().with(Role::Reader, Some(READ_TOKEN)));
    let answer = server.ask(
        Method::GET,
        "/status",
        &with(&format!("Bearer {READ_TOKEN}")),
        "",
    );
    answer.problem(503, "not-configured");
}

#[test]
fn a_refused_trigger_leaves_no_trace() {
    let server = Server::new();
    server.ask(Method::POST, "/trigger", &with("Bearer wrong"), "");
    server.ask(
        Method::POST,
        "/trigger",
        &with("Bearer wrong"),
        &"x".repeat(100_000),
    );
    assert!(server.exports.messages().is_empty());
    assert_eq!(
        server.get("/status").json()["recentJobs"],
        serde_json::json!([])
    );
}

#[test]
fn the_name_of_the_scheme_may_be_written_in_any_case() {
    let server = Server::new();
    for scheme in ["bearer", "BEARER", "Bearer"] {
        let answer = server.ask(
            Method::GET,
            "/status",
            &with(&format!("{scheme} {TOKEN}")),
            "",
        );
        assert_eq!(answer.status, 200);
    }
}

#[test]
fn without_a_configured_token_everything_private_says_how_to_set_one() {
    for token in [None, Some(""), Some(" \n")] {
        let server = Server::with_token(token);
        for (method, path) in PRIVATE {
            for sent in ["Bearer ", "Bearer x", &bearer().1] {
                let problem = server
                    .ask(method.clone(), path, &with(sent), "")
                    .problem(503, "not-configured");
                let detail = problem["detail"].as_str().unwrap();
                assert!(detail.contains("wrangler secret put API_TOKEN -c wrangler/api.jsonc"));
            }
        }
    }
}

#[test]
fn blanks_around_the_configured_token_do_not_count() {
    let server = Server::with_token(Some(&format!(" {TOKEN}\n")));
    assert_eq!(server.get("/status").status, 200);
}

#[test]
fn every_answer_forbids_to_keep_guess_frame_and_refer() {
    let server = Server::new();
    for path in [
        "/",
        "/health",
        "/status",
        "/dashboard",
        "/none",
        "/list?limit=x",
    ] {
        for answer in [server.get(path), server.ask(Method::GET, path, &[], "")] {
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
            assert_eq!(answer.header("referrer-policy"), "no-referrer");
            assert_eq!(answer.header("cache-control"), "no-store");
            let policy = answer.header("content-security-policy");
            assert!(policy.starts_with("default-src 'none'"), "{path}");
        }
    }
}

#[test]
fn an_unknown_address_is_a_problem_that_says_where_to_look() {
    let problem = Server::new().get("/backups").problem(404, "no-such-path");
    assert!(problem["detail"].as_str().unwrap().contains("`/backups`"));
}

#[test]
fn a_wrong_method_is_a_problem_with_the_right_ones() {
    let server = Server::new();
    for (method, path, allowed) in [
        (Method::POST, "/status", "GET,HEAD"),
        (Method::GET, "/trigger", "POST"),
        (Method::DELETE, "/list", "GET,HEAD"),
        (Method::POST, "/", "GET,HEAD"),
    ] {
        let answer = server.ask(method, path, &[bearer()], "");
        answer.problem(405, "method-not-allowed");
        assert_eq!(answer.header("allow"), allowed, "{path}");
    }
}

#[test]
fn a_head_request_is_a_get_without_the_body() {
    let server = Server::new();
    for path in ["/", "/health", "/status", "/list", "/dashboard"] {
        let answer = server.ask(Method::HEAD, path, &[bearer()], "");
        assert_eq!(answer.status, 200);
        assert!(answer.body.is_empty());
    }
}

#[test]
fn the_front_page_has_the_fields_of_the_specification() {
    let page = Server::new().get("/").json();
    assert_eq!(page["name"], "Cache");
    assert_eq!(
        page["description"],
        "Automated D1 database backup system for Grove"
    );
    assert_eq!(page["schedule"], "Every Sunday at 3:00 AM UTC");
    assert_eq!(page["retention"], "12 weeks");
    assert_eq!(page["databases"], 9);
    assert_eq!(page["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(page["endpoints"]["GET /"], "This documentation");
    assert_eq!(
        page["endpoints"].as_object().unwrap().len(),
        api::ENDPOINTS.len()
    );
}

#[test]
fn the_health_check_says_whether_the_catalogue_answers_and_nothing_else() {
    let server = Server::new();
    assert_eq!(server.get("/health").text(), r#"{"status":"ok"}"#);
    server.catalogue.faults().always(Some(Fault::Before));
    let answer = server.get("/health");
    answer.problem(503, "unavailable");
    assert!(!answer.text().contains("a fault of the test"));
    assert!(answer.logged.unwrap().contains("a fault of the test"));
}

#[test]
fn a_catalogue_without_its_tables_is_not_healthy() {
    let server = Server::new();
    server.sql("DROP TABLE backup_results");
    server.sql("DROP TABLE backup_jobs");
    server.get("/health").problem(503, "unavailable");
}

#[test]
fn a_failure_of_ours_is_logged_and_never_told() {
    let server = Server::new();
    server.sql("DROP TABLE backup_inventory");
    for path in [
        "/status",
        "/list",
        "/dashboard",
        "/download/2024-12-08/groveauth",
        "/restore-guide/groveauth",
    ] {
        let answer = server.get(path);
        answer.problem(500, "internal");
        assert!(!answer.text().contains("backup_inventory"));
        assert!(answer.logged.unwrap().contains("backup_inventory"));
    }
}

#[test]
fn a_catalogue_that_does_not_answer_is_worth_another_try() {
    let server = Server::new();
    server.catalogue.faults().always(Some(Fault::Before));
    let answer = server.get("/status");
    answer.problem(503, "unavailable");
    assert_eq!(answer.header("retry-after"), "5");
}
