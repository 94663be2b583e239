//! `docs/API.md` is true: every example in it is asked of the api, and names everything there is.
//!
//! An example is a block of `http` with a request, the status that it is answered with in backquotes, and a block with
//! the answer. `UPDATE_DOCS=1 cargo test -p api --test http documentation` writes the statuses and answers anew.

use api::problem::Kind;
use axum::http::Method;

use crate::server::{DAY, SUNDAY, Server, bearer};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/API.md");

/// What the examples are about: two Sundays of two databases, of which one failed the second time.
fn server() -> Server {
    let server = Server::new();
    let earlier = "0c1f6a70-52a8-4b43-8d6e-0f8f2a1b7c11";
    let later = "550e8400-e29b-41d4-a716-446655440000";
    let both = [("groveauth", "success"), ("scout-db", "success")];
    server.job(earlier, SUNDAY - 7 * DAY, "completed", &both);
    server.job(
        later,
        SUNDAY,
        "failed",
        &[("groveauth", "success"), ("scout-db", "failed")],
    );
    server.backup("groveauth", SUNDAY - 7 * DAY, earlier);
    server.dumped(
        "scout-db",
        SUNDAY - 7 * DAY,
        earlier,
        "CREATE TABLE trees (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE visits (tree REFERENCES trees (id) ON DELETE CASCADE, at TEXT); \
         CREATE INDEX by_name ON trees (name); INSERT INTO trees VALUES (1, 'oak'), (2, 'elm')",
    );
    server.backup("groveauth", SUNDAY, later);
    let manifest = serde_json::json!({
        "format": 1, "tool": "0.1.0", "database": "groveauth", "databaseId": "45eae4c7-8ae7-4078-9218-8e1677a4360f",
        "jobId": later, "key": "2024-12-08/groveauth.sql", "generated": "2024-12-08T03:00:01.250Z",
        "consistency": "snapshot", "sizeBytes": 212_400, "sha256": "00".repeat(32), "schemaSha256": "11".repeat(32),
        "totalRows": 1234,
        "tables": [{ "name": "users", "rows": 1234, "offset": 900, "bytes": 210_000, "sha256": "22".repeat(32) }]
    });
    let key = "2024-12-08/groveauth.manifest.json";
    server.objects.place(key, manifest.to_string().as_bytes());
    server.sql(
        "INSERT INTO drills (r2_key, database_name, status, requested_at, started_at, completed_at, duration_ms, done_bytes, total_bytes) \
         VALUES ('2024-12-08/groveauth.sql', 'groveauth', 'passed', 1733626810, 1733626811, 1733626812, 900, 212400, 212400)",
    );
    server.sql(
        "INSERT INTO alarms (cause, database_name, summary, opened_at, notified_at, resolved_at) VALUES \
         ('database_failed', 'scout-db', 'The newest backup of scout-db failed: the database refused the statement. Once that is put right, `POST /trigger`.', 1733626845, 1733886845, NULL)",
    );
    server.sql(
        "INSERT INTO outbox (notice_id, channel, notice, created_at, attempts, next_attempt_at, delivered_at, last_status, last_error) VALUES \
         ('report-550e8400-e29b-41d4-a716-446655440000-1733626845-3', 'discord', '{\"type\":\"backup_failed\"}', 1733626845, 1, NULL, 1733626846, 200, NULL), \
         ('report-550e8400-e29b-41d4-a716-446655440000-1733626845-3', 'webhook', '{\"type\":\"backup_failed\"}', 1733626845, 8, NULL, NULL, 503, 'HTTP 503: no healthy upstream')",
    );
    let body = format!(r#"{{"job_id":"{later}","database":"scout-db"}}"#);
    server.dead_letter("grove-backups-exports-dlq", &body);
    server.dead_letter("grove-backups-exports", "not JSON");
    server
}

/// Asks what a block of `http` says; the answer as the documentation shows it.
fn answer(server: &Server, request: &str) -> String {
    let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
    let mut lines = head.lines();
    let (method, path) = lines.next().unwrap().split_once(' ').unwrap();
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let mut headers: Vec<(&str, String)> = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name, value.to_owned()))
        .collect();
    if !headers.iter().any(|(name, _)| *name == "Authorization") {
        headers.push(bearer());
    }
    let answer = server.ask(method, path, &headers, body.trim());
    let status = answer.status;
    let (language, text) = match answer.header("content-type") {
        "application/json" | "application/problem+json" => ("json", indented(&answer.body)),
        metrics if metrics == shared::metrics::CONTENT_TYPE => {
            ("text", answer.text().trim_end().to_owned())
        }
        _ => ("sql", answer.text().trim_end().to_owned()),
    };
    format!("`{status}`\n\n```{language}\n{text}\n```\n")
}

fn indented(json: &[u8]) -> String {
    let mut text = Vec::new();
    let mut from = serde_json::Deserializer::from_slice(json);
    let mut to = serde_json::Serializer::pretty(&mut text);
    serde_transcode::transcode(&mut from, &mut to).unwrap();
    String::from_utf8(text).unwrap()
}

/// The document with every example answered anew.
fn answered(document: &str) -> String {
    let server = server();
    let mut parts = document.split("```http\n");
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        let (request, rest) = part.split_once("\n```\n").unwrap();
        // The old status and answer end with the second fence.
        let after = rest.splitn(3, "```").nth(2).unwrap();
        let answer = answer(&server, request);
        text += &format!(
            "```http\n{request}\n```\n\n{answer}\n{}",
            after.trim_start()
        );
    }
    text
}

#[test]
fn every_example_is_answered_as_it_says() {
    let document = std::fs::read_to_string(PATH).unwrap();
    let true_document = answered(&document);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(PATH, &true_document).unwrap();
    } else {
        for (line, (written, answered)) in document.lines().zip(true_document.lines()).enumerate() {
            assert_eq!(written, answered, "docs/API.md, line {}", line + 1);
        }
        assert_eq!(document, true_document);
    }
}

#[test]
fn every_endpoint_has_a_section() {
    let document = std::fs::read_to_string(PATH).unwrap();
    for (endpoint, _) in api::ENDPOINTS {
        assert!(
            document.contains(&format!("\n## `{endpoint}`\n")),
            "{endpoint}"
        );
    }
}

#[test]
fn every_kind_of_problem_is_explained() {
    let document = std::fs::read_to_string(PATH).unwrap();
    for kind in Kind::ALL {
        let row = format!("| `{}` | {} |", kind.slug(), kind.status().as_u16());
        assert!(document.contains(&row), "{row}");
    }
}
