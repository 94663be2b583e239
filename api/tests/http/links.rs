//! `POST /backups/:id/link`, and following what it makes.

use api::auth::{Role, Tokens};
use axum::http::Method;
use serde_json::{Value, json};

use crate::server::{Answer, NOW, READ_TOKEN, SUNDAY, Server, TOKEN};

const LINK: &str = "/backups/1/link";
const HOST: &str = "https://cache.example";

fn stored() -> Server {
    let server = Server::new();
    server.dumped(
        "groveauth",
        SUNDAY,
        "job-0",
        "CREATE TABLE users (name); CREATE TABLE \"a & b\" (x); INSERT INTO users VALUES ('Ada')",
    );
    server
}

#[track_caller]
fn made(server: &Server, body: &str) -> Value {
    let answer = server.post(LINK, body);
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()
}

/// The address of a new link, behind the host.
#[track_caller]
fn link(server: &Server, body: &str) -> String {
    let made = made(server, body);
    made["url"]
        .as_str()
        .unwrap()
        .strip_prefix(HOST)
        .unwrap()
        .to_owned()
}

fn follow(server: &Server, link: &str) -> Answer {
    server.ask(Method::GET, link, &[], "")
}

#[test]
fn a_link_opens_its_dump_without_a_token_for_an_hour() {
    let server = stored();
    let answer = made(&server, "");
    assert_eq!(answer["expiresAt"], "2024-12-11T13:00:00Z");
    assert_eq!(answer["database"], "groveauth");
    assert_eq!(answer["date"], "2024-12-08");
    let link = link(&server, "");
    let dump = follow(&server, &link);
    assert_eq!(dump.status, 200);
    assert_eq!(dump.body, server.get("/download/2024-12-08/groveauth").body);
    server.clock.advance(3_599);
    assert_eq!(follow(&server, &link).status, 200);
    server.clock.advance(1);
    let problem = follow(&server, &link).problem(410, "link-expired");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("2024-12-11T13:00:00Z")
    );
}

#[test]
fn a_link_answers_as_the_download_does() {
    let server = stored();
    let link = link(&server, "{}");
    let whole = follow(&server, &link);
    let head = server.ask(Method::HEAD, &link, &[], "");
    assert_eq!((head.status.as_u16(), &head.headers), (200, &whole.headers));
    let part = server.ask(Method::GET, &link, &[("range", "bytes=10-".to_owned())], "");
    assert_eq!(
        (part.status.as_u16(), &part.body[..]),
        (206, &whole.body[10..])
    );
    assert_eq!(whole.header("referrer-policy"), "no-referrer");
}

#[test]
fn a_link_may_be_for_some_tables_in_an_envelope() {
    let server = stored();
    let link = link(
        &server,
        r#"{"table": ["a & b", "users"], "envelope": "transaction", "expiresIn": "7d"}"#,
    );
    let expected =
        server.get("/download/2024-12-08/groveauth?table=users&table=a+%26+b&envelope=transaction");
    assert_eq!(follow(&server, &link).body, expected.body);
    assert!(expected.text().contains("BEGIN TRANSACTION"));
}

#[test]
fn whatever_is_changed_of_a_link_closes_it() {
    let server = stored();
    let link = link(&server, r#"{"table": "users"}"#);
    let later = link.replace(
        &format!("expires={}", NOW + 3_600),
        &format!("expires={}", NOW + 9_999),
    );
    assert_ne!(later, link);
    for changed in [
        later,
        link.replace("groveauth", "scout-db"),
        link.replace("2024-12-08", "2024-12-01"),
        link.replace("table=users", "table=a"),
        link.replace("&table=users", ""),
        link.replace("?job", "?envelope=transaction&job"),
        format!("{link}0"),
        link[..link.len() - 1].to_owned(),
        link[..link.len() - 64].to_owned(),
        link.replace("&expires", "&signature=x&expires"),
    ] {
        follow(&server, &changed).problem(403, "invalid-link");
        server.limiter.begin_anew();
    }
    assert_eq!(follow(&server, &link).status, 200);
    let unsigned = &link[..link.find("&signature").unwrap()];
    follow(&server, unsigned).problem(401, "unauthorized");
    let other = link.replace("/download/2024-12-08/groveauth", "/status");
    follow(&server, &other).problem(401, "unauthorized");
    server
        .ask(Method::DELETE, &link, &[], "")
        .problem(401, "unauthorized");
}

#[test]
fn wrong_links_count_as_wrong_tokens() {
    let server = stored();
    let wrong = format!("{}0", link(&server, ""));
    for _ in 0..10 {
        follow(&server, &wrong).problem(403, "invalid-link");
    }
    follow(&server, &wrong).problem(429, "too-many-requests");
}

#[test]
fn a_link_ends_with_the_token_that_signed_it() {
    let server = stored();
    let link = link(&server, "");
    let with = |tokens: Tokens| {
        let server = Server::with_tokens(tokens);
        server.dumped("groveauth", SUNDAY, "job-0", "CREATE TABLE users (name)");
        follow(&server, &link)
    };
    let new = Tokens::default().with(Role::Admin, Some("a new token"));
    with(new.clone()).problem(403, "invalid-link");
    let rotated = new.clone().with(Role::Admin, Some(TOKEN));
    assert_eq!(with(rotated).status, 200);
    // A reader's token signs nothing.
    with(new.with(Role::Reader, Some(TOKEN))).problem(403, "invalid-link");
}

#[test]
fn making_a_link_and_each_use_is_in_the_audit_log_without_its_signature() {
    let server = stored();
    let link = link(&server, "");
    follow(&server, &link);
    follow(&server, &format!("{link}0"));
    let log = server.get("/audit").json();
    let entries: Vec<(&str, &str)> = log["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            (
                entry["actor"].as_str().unwrap(),
                entry["path"].as_str().unwrap(),
            )
        })
        .collect();
    let unsigned = &link[..link.find("&signature").unwrap()];
    assert_eq!(entries, [("link", unsigned), ("admin", LINK)]);
}

#[test]
fn a_reader_makes_no_link() {
    let headers = [("authorization", format!("Bearer {READ_TOKEN}"))];
    let answer = stored().ask(Method::POST, LINK, &headers, "");
    answer.problem(403, "forbidden");
}

#[test]
fn a_token_counts_more_than_the_link_beside_it() {
    let server = stored();
    let link = link(&server, "");
    assert_eq!(server.get(&link).status, 200);
    let headers = [("authorization", format!("Bearer {READ_TOKEN}"))];
    server
        .ask(Method::GET, &link, &headers, "")
        .problem(403, "forbidden");
}

#[test]
fn a_backup_that_is_deleted_meanwhile_is_answered_as_by_the_download() {
    let server = stored();
    let link = link(&server, "");
    server.sql("UPDATE backup_inventory SET deleted_at = 1");
    follow(&server, &link).problem(404, "no-such-backup");
    server.post(LINK, "").problem(409, "backup-gone");
}

#[test]
fn what_could_not_be_followed_is_not_made() {
    let server = stored();
    server
        .post("/backups/7/link", "")
        .problem(404, "no-such-backup");
    let problem = server
        .post(LINK, r#"{"table": ["nobody"]}"#)
        .problem(404, "no-such-table");
    assert_eq!(problem["tables"], json!(["users", "a & b"]));
    server.objects.lose("2024-12-08/groveauth.sql");
    server.post(LINK, "").problem(410, "dump-lost");
}

#[test]
fn a_whole_number_of_seconds_may_have_a_point() {
    let server = stored();
    let made = |body| server.post(LINK, body).status.as_u16();
    assert_eq!(made(r#"{"expiresIn": 3600.0}"#), 201);
    assert_eq!(made(r#"{"expiresIn": 3600.5}"#), 422);
}

#[test]
fn a_wish_that_makes_no_sense_names_its_field() {
    let server = stored();
    for (body, field) in [
        (r#"{"expiresIn": 59}"#, "expiresIn"),
        (r#"{"expiresIn": 604801}"#, "expiresIn"),
        (r#"{"expiresIn": "8d"}"#, "expiresIn"),
        (r#"{"expiresIn": "h"}"#, "expiresIn"),
        (r#"{"expiresIn": ""}"#, "expiresIn"),
        (r#"{"expiresIn": "1 ü"}"#, "expiresIn"),
        (r#"{"expiresIn": "99999999999999999d"}"#, "expiresIn"),
        (r#"{"expiresIn": -3600}"#, "expiresIn"),
        (r#"{"expiresIn": 1e3000}"#, "body"),
        (r#"{"expiresIn": 90.5}"#, "expiresIn"),
        (r#"{"table": []}"#, "table"),
        (r#"{"table": [1]}"#, "table"),
        (r#"{"table": {}}"#, "table"),
        (r#"{"envelope": "letter"}"#, "envelope"),
        (r#"{"envelope": true}"#, "envelope"),
        (r#"{"expires": 60}"#, "expires"),
        ("[]", "body"),
    ] {
        let answer = server.post(LINK, body);
        let found: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(found["field"], field, "{body}: {found}");
        assert!(answer.status.is_client_error());
    }
    for body in [
        r#"{"expiresIn": 60}"#,
        r#"{"expiresIn": "604800"}"#,
        r#"{"expiresIn": "90m", "table": null}"#,
    ] {
        made(&server, body);
    }
    server
        .post(LINK, &" ".repeat(65 * 1024))
        .problem(413, "body-too-large");
}
