//! `/download/:date/:db?table=`.

use axum::http::Method;
use serde_json::json;

use crate::server::{SUNDAY, Server, bearer};

const DUMP: &str = "/download/2024-12-08/groveauth";
const SQL: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); CREATE INDEX by_name ON users (name); \
    CREATE TABLE \"größe \"\"x\"\"\" (a); CREATE TABLE sessions (user REFERENCES users); INSERT INTO users VALUES (1, 'Ada'), (2, 'Bob'); \
    INSERT INTO sessions VALUES (2)";

fn stored() -> Server {
    let server = Server::new();
    server.dumped("groveauth", SUNDAY, "job-0", SQL);
    server
}

#[test]
fn a_table_comes_with_its_rows_and_indexes_and_no_other() {
    let answer = stored().get(&format!("{DUMP}?table=users"));
    assert_eq!(answer.status, 200);
    let text = answer.text();
    for line in [
        "-- Grove Backup: groveauth, and of it only users",
        "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);",
        "(2, 'Bob');",
        "CREATE INDEX by_name ON users (name);",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "no {line} in\n{text}"
        );
    }
    assert!(!text.contains("CREATE TABLE sessions"), "{text}");
    assert_eq!(answer.header("content-type"), "application/sql");
    assert_eq!(answer.header("content-length"), text.len().to_string());
    assert_eq!(answer.header("repr-digest"), "");
}

#[test]
fn each_selection_has_a_tag_of_its_own() {
    let server = stored();
    let tag = |query: &str| {
        server
            .get(&format!("{DUMP}{query}"))
            .header("etag")
            .to_owned()
    };
    let mut tags = vec![
        tag(""),
        tag("?table=users"),
        tag("?table=sessions"),
        tag("?table=sessions&table=users"),
        tag("?table=users&envelope=transaction"),
    ];
    assert_eq!(tag("?table=users&table=sessions"), tags[3]);
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 5, "{tags:?}");
    assert!(tags.iter().all(|tag| tag.starts_with('"')), "{tags:?}");
}

#[test]
fn every_part_of_a_selection_is_a_part_of_it() {
    let server = stored();
    let path = format!("{DUMP}?table=users&table=sessions");
    let whole = server.get(&path);
    let etag = whole.header("etag").to_owned();
    for start in (0..whole.body.len()).step_by(97) {
        let headers = [
            bearer(),
            ("range", format!("bytes={start}-")),
            ("if-range", etag.clone()),
        ];
        let part = server.ask(Method::GET, &path, &headers, "");
        assert_eq!(part.status, 206);
        assert_eq!(part.body, whole.body[start..]);
    }
}

#[test]
fn a_head_request_tells_of_a_selection_what_a_get_does() {
    let server = stored();
    let path = format!("{DUMP}?table=users");
    let head = server.ask(Method::HEAD, &path, &[bearer()], "");
    assert_eq!(head.headers, server.get(&path).headers);
    assert!(head.body.is_empty());
}

#[test]
fn an_envelope_is_around_a_selection() {
    let text = stored()
        .get(&format!("{DUMP}?table=users&envelope=transaction"))
        .text();
    assert!(
        text.starts_with("PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n"),
        "{text}"
    );
    assert!(
        text.ends_with("COMMIT;\nPRAGMA foreign_keys=ON;\n"),
        "{text}"
    );
}

#[test]
fn the_name_of_the_file_says_which_table_it_is_where_that_is_a_plain_name() {
    let server = stored();
    for (query, name) in [
        ("table=users", "groveauth-2024-12-08-users.sql"),
        (
            "table=gr%C3%B6%C3%9Fe+%22x%22",
            "groveauth-2024-12-08-1-tables.sql",
        ),
        (
            "table=users&table=sessions",
            "groveauth-2024-12-08-2-tables.sql",
        ),
    ] {
        let answer = server.get(&format!("{DUMP}?{query}"));
        let expected = format!("attachment; filename=\"{name}\"; filename*=UTF-8''{name}");
        assert_eq!(answer.header("content-disposition"), expected);
    }
}

#[test]
fn an_unknown_table_is_answered_with_those_of_the_dump() {
    let problem = stored()
        .get(&format!("{DUMP}?table=users&table=nobody"))
        .problem(404, "no-such-table");
    assert_eq!(problem["field"], "table");
    assert_eq!(
        problem["tables"],
        json!(["users", "größe \"x\"", "sessions"])
    );
    stored()
        .get(&format!("{DUMP}?table="))
        .problem(404, "no-such-table");
}

#[test]
fn a_dump_without_a_usable_manifest_comes_as_a_whole_only() {
    let manifest = "2024-12-08/groveauth.manifest.json";
    for change in [
        |server: &Server| server.objects.lose("2024-12-08/groveauth.manifest.json"),
        |server: &Server| {
            server
                .objects
                .place("2024-12-08/groveauth.manifest.json", b"{}")
        },
        |server: &Server| {
            server
                .objects
                .place("2024-12-08/groveauth.sql", b"-- another\n")
        },
        |server: &Server| {
            let text = server.object("2024-12-08/groveauth.manifest.json");
            let mut manifest: serde_json::Value = serde_json::from_slice(&text).unwrap();
            manifest.as_object_mut().unwrap().remove("places");
            server.objects.place(
                "2024-12-08/groveauth.manifest.json",
                manifest.to_string().as_bytes(),
            );
        },
    ] {
        let server = stored();
        change(&server);
        let problem = server
            .get(&format!("{DUMP}?table=users"))
            .problem(409, "whole-only");
        assert_eq!(problem["field"], "table", "{manifest}");
        assert_eq!(server.get(DUMP).status, 200);
    }
}

#[test]
fn a_dump_that_is_stored_as_gzip_comes_as_a_whole_only() {
    let server = stored();
    server.zip("groveauth", SUNDAY);
    let manifest = server.object("2024-12-08/groveauth.manifest.json");
    let manifest = String::from_utf8(manifest).unwrap();
    let manifest = manifest.replace("groveauth.sql\"", "groveauth.sql.gz\"");
    server
        .objects
        .place("2024-12-08/groveauth.manifest.json", manifest.as_bytes());
    let problem = server
        .get(&format!("{DUMP}?table=users"))
        .problem(409, "whole-only");
    assert!(problem["detail"].as_str().unwrap().contains("gzip"));
}
