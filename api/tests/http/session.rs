//! A browser's session: in, around, and out.

use api::auth::{Role, Tokens};
use axum::http::Method;

use crate::server::{Answer, READ_TOKEN, Server, TOKEN, bearer};

type Headers = Vec<(&'static str, String)>;

/// What a browser sends with a form of this site.
fn form() -> Headers {
    vec![
        (
            "content-type",
            "application/x-www-form-urlencoded".to_owned(),
        ),
        ("sec-fetch-site", "same-origin".to_owned()),
    ]
}

fn sign_in(server: &Server, token: &str) -> Answer {
    let token = token.replace(' ', "+");
    server.ask(Method::POST, "/sign-in", &form(), &format!("token={token}"))
}

/// The cookie of a session, as the browser sends it back.
fn cookie(answer: &Answer) -> (&'static str, String) {
    let (pair, _) = answer.header("set-cookie").split_once(';').unwrap();
    ("cookie", pair.to_owned())
}

fn dashboard(server: &Server, cookie: (&'static str, String)) -> Answer {
    server.ask(Method::GET, "/dashboard", &[cookie], "")
}

#[test]
fn without_a_session_a_page_leads_to_the_way_in() {
    let answer = Server::new().ask(Method::GET, "/dashboard", &[], "");
    assert_eq!(answer.status, 303);
    assert_eq!(answer.header("location"), "/sign-in");
}

#[test]
fn a_token_opens_a_session_in_a_cookie_that_scripts_and_other_sites_never_see() {
    let server = Server::new();
    let answer = sign_in(&server, TOKEN);
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (303, "/dashboard")
    );
    let set = answer.header("set-cookie");
    assert!(set.starts_with("__Host-cache=admin."), "{set}");
    assert!(
        set.ends_with("; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure"),
        "{set}"
    );
    assert!(!set.contains(TOKEN));
    assert_eq!(dashboard(&server, cookie(&answer)).status, 200);
}

#[test]
fn a_session_ends_after_twelve_hours() {
    let server = Server::new();
    let cookie = cookie(&sign_in(&server, TOKEN));
    server.clock.advance(12 * 3600 - 1);
    assert_eq!(dashboard(&server, cookie.clone()).status, 200);
    server.clock.advance(1);
    assert_eq!(dashboard(&server, cookie).status, 303);
}

#[test]
fn a_session_ends_with_its_token() {
    let cookie = cookie(&sign_in(&Server::new(), TOKEN));
    let rotated = |tokens: Tokens| dashboard(&Server::with_tokens(tokens), cookie.clone()).status;
    let new = Tokens::default().with(Role::Admin, Some("new"));
    assert_eq!(rotated(new.clone()), 303);
    assert_eq!(rotated(new.with(Role::Admin, Some(TOKEN))), 200);
}

#[test]
fn a_cookie_that_was_made_up_or_changed_is_none() {
    let server = Server::new();
    let (_, good) = cookie(&sign_in(&server, READ_TOKEN));
    for bad in [
        good.replace("reader", "admin"),
        good.replace("=reader.1", "=reader.2"),
        good[..good.len() - 1].to_owned(),
        format!("{good}0"),
        "__Host-cache=".to_owned(),
        "__Host-cache=admin.9999999999.".to_owned(),
        "__Host-cache=admin".to_owned(),
        good.replace("__Host-cache", "cache"),
    ] {
        assert_eq!(
            dashboard(&server, ("cookie", bad.clone())).status,
            303,
            "{bad}"
        );
    }
    assert_eq!(
        dashboard(&server, ("cookie", format!("a=b; {good}; c"))).status,
        200
    );
}

#[test]
fn a_wrong_token_is_told_on_the_page_and_counted() {
    let server = Server::new();
    let answer = sign_in(&server, "<wrong>");
    assert_eq!(answer.status, 401);
    assert!(
        answer
            .text()
            .contains("This token is not one that is configured.")
    );
    assert!(!answer.text().contains("wrong&gt;") && !answer.text().contains("<wrong>"));
    assert_eq!(answer.header("set-cookie"), "");
    for _ in 0..9 {
        sign_in(&server, "wrong");
    }
    let answer = sign_in(&server, "wrong");
    assert_eq!(
        (answer.status.as_u16(), answer.header("retry-after")),
        (429, "60")
    );
}

#[test]
fn a_form_that_is_none_is_told_so() {
    let server = Server::new();
    for body in ["", "tokens=x", "token=a&token=b"] {
        assert_eq!(
            server.ask(Method::POST, "/sign-in", &form(), body).status,
            400,
            "{body}"
        );
    }
    let large = format!("token={}", "x".repeat(20_000));
    assert_eq!(
        server.ask(Method::POST, "/sign-in", &form(), &large).status,
        400
    );
}

#[test]
fn a_session_of_a_reader_only_looks() {
    let server = Server::new();
    let cookie = cookie(&sign_in(&server, READ_TOKEN));
    assert_eq!(dashboard(&server, cookie.clone()).status, 200);
    let mut headers = form();
    headers.push(cookie);
    server
        .ask(Method::POST, "/trigger", &headers, "")
        .problem(403, "forbidden");
}

#[test]
fn another_site_changes_nothing_with_a_session() {
    let server = Server::new();
    let cookie = cookie(&sign_in(&server, TOKEN));
    for (header, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", "none"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("x-other", "neither"),
    ] {
        let headers = [cookie.clone(), (header, value.to_owned())];
        for path in ["/trigger", "/sign-out"] {
            server
                .ask(Method::POST, path, &headers, "")
                .problem(403, "cross-site");
        }
    }
    assert!(server.exports.messages().is_empty());
    let headers = [cookie, ("origin", "https://cache.example".to_owned())];
    assert_eq!(
        server.ask(Method::POST, "/trigger", &headers, "").status,
        202
    );
}

#[test]
fn a_program_needs_no_such_headers() {
    assert_eq!(Server::new().post("/trigger", "").status, 202);
}

#[test]
fn signing_out_takes_the_cookie_away() {
    let server = Server::new();
    let mut headers = form();
    headers.push(cookie(&sign_in(&server, TOKEN)));
    let answer = server.ask(Method::POST, "/sign-out", &headers, "");
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (303, "/sign-in")
    );
    assert!(
        answer
            .header("set-cookie")
            .starts_with("__Host-cache=; Path=/; Max-Age=0;")
    );
}

#[test]
fn every_change_and_every_download_is_in_the_log() {
    let server = Server::new();
    let with = |token: &str| {
        [
            ("authorization", format!("Bearer {token}")),
            ("cf-connecting-ip", "192.0.2.1".to_owned()),
        ]
    };
    server.backup("groveauth", crate::server::SUNDAY, "job-0");
    server.ask(Method::POST, "/trigger", &with(TOKEN), "");
    server.ask(
        Method::GET,
        "/download/2024-12-08/groveauth?job=job-0",
        &with(TOKEN),
        "",
    );
    server.ask(Method::POST, "/trigger", &with(TOKEN), "{");
    // Neither of these did anything.
    server.ask(Method::GET, "/status", &with(TOKEN), "");
    server.ask(Method::POST, "/trigger", &with(READ_TOKEN), "");
    server.ask(Method::POST, "/trigger", &with("wrong"), "");
    let log = server.get("/audit").json();
    let lines = log["entries"].as_array().unwrap().iter();
    let lines: Vec<_> = lines
        .map(|line| {
            assert_eq!(
                (&line["actor"], &line["address"]),
                (&"admin".into(), &"192.0.2.1".into())
            );
            assert_eq!(line["at"], "2024-12-11T12:00:00Z");
            format!(
                "{} {} {}",
                line["method"].as_str().unwrap(),
                line["path"].as_str().unwrap(),
                line["status"]
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            "POST /trigger 400",
            "GET /download/2024-12-08/groveauth?job=job-0 200",
            "POST /trigger 202",
        ]
    );
}

#[test]
fn nothing_is_done_that_cannot_be_recorded() {
    let server = Server::new();
    server.sql("DROP TABLE audit_log");
    server.post("/trigger", "").problem(500, "internal");
    assert!(server.exports.messages().is_empty());
}

#[test]
fn the_log_comes_in_pages() {
    let server = Server::new();
    for _ in 0..5 {
        server.post("/trigger", "");
    }
    let mut seen = Vec::new();
    let mut next = "/audit?limit=2".to_owned();
    loop {
        let page = server.ask(Method::GET, &next, &[bearer()], "").json();
        seen.extend(
            page["entries"]
                .as_array()
                .unwrap()
                .iter()
                .map(|line| line["id"].as_i64().unwrap()),
        );
        match page["next"].as_i64() {
            Some(before) => next = format!("/audit?limit=2&before={before}"),
            None => break,
        }
    }
    assert_eq!(seen, [5, 4, 3, 2, 1]);
}
