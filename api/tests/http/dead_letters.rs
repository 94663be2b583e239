//! Dead letters and the rebuilding of the catalogue.

use shared::message::Event;
use shared::native::Fault;
use shared::ports::{Database, Statement};

use crate::server::{SUNDAY, Server};

const EXPORT: &str = r#"{"job_id":"job","database":"groveauth"}"#;

/// A job of which one database failed, and its dead letter with the number 1.
fn server(queue: &str, body: &str) -> Server {
    let server = Server::new();
    let results = [("groveauth", "failed"), ("scout-db", "success")];
    server.job("job", SUNDAY, "failed", &results);
    let letter = Statement::new(
        "INSERT INTO dead_letters (message_id, queue, body, error_message, attempts, first_seen_at, last_seen_at) \
         VALUES ('m', ?1, ?2, 'R2 is down', 4, 1733626800, 1733630400)",
    );
    pollster::block_on(server.catalogue.batch(&[letter.bind(queue).bind(body)])).unwrap();
    server
}

fn exports(body: &str) -> Server {
    server("grove-backups-exports-dlq", body)
}

fn one(server: &Server, sql: &'static str) -> String {
    let mut outcomes = pollster::block_on(server.catalogue.batch(&[Statement::new(sql)])).unwrap();
    let row = outcomes.remove(0).rows.remove(0);
    row.values().map(|value| format!("{value} ")).collect()
}

#[test]
fn a_letter_is_listed_and_read() {
    let server = exports(EXPORT);
    let list = server.get("/dead-letters").json();
    assert_eq!(list["deadLetters"][0], server.get("/dead-letters/1").json());
    let letter = &list["deadLetters"][0];
    assert_eq!(letter["error"], "R2 is down");
    assert_eq!(letter["firstSeenAt"], "2024-12-08T03:00:00Z");
    assert_eq!(
        (letter["attempts"].as_u64(), list["next"].as_u64()),
        (Some(4), None)
    );
}

#[test]
fn a_resolved_letter_is_listed_only_with_all() {
    let server = exports(EXPORT);
    let answer = server
        .post("/dead-letters/1/discard", r#"{"note":"known"}"#)
        .json();
    assert_eq!(
        (&answer["resolution"], &answer["note"]),
        (&"discarded".into(), &"known".into())
    );
    let count = |path| {
        server.get(path).json()["deadLetters"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(
        (count("/dead-letters"), count("/dead-letters?state=all")),
        (0, 1)
    );
    server
        .post("/dead-letters/1/discard", "")
        .problem(409, "already-resolved");
    server
        .post("/dead-letters/1/redrive", "")
        .problem(409, "already-resolved");
}

#[test]
fn a_redriven_export_is_the_same_jobs_result_with_a_new_deadline() {
    let server = exports(EXPORT);
    let answer = server.post("/dead-letters/1/redrive", "");
    assert_eq!(
        (
            answer.status.as_u16(),
            answer.json()["resolution"].as_str().unwrap()
        ),
        (202, "redriven")
    );
    let result = "SELECT redriven_at AS a, error_message AS b, status AS c FROM backup_results WHERE database_name = 'groveauth'";
    assert_eq!(one(&server, result), "1733918400 null \"queued\" ");
    assert_eq!(
        one(
            &server,
            "SELECT reported_at AS a, status AS b FROM backup_jobs"
        ),
        "null \"running\" "
    );
    assert_eq!(server.exports.messages()[0].database, "groveauth");
    server
        .post("/dead-letters/1/redrive", "")
        .problem(409, "already-resolved");
    assert_eq!(server.exports.messages().len(), 1);
}

#[test]
fn a_message_that_is_lost_leaves_a_queued_result_for_the_sweep() {
    let server = exports(EXPORT);
    server.exports.faults().always(Some(Fault::Before));
    server
        .post("/dead-letters/1/redrive", "")
        .problem(503, "unavailable");
    assert_eq!(
        one(
            &server,
            "SELECT status FROM backup_results WHERE database_name = 'groveauth'"
        ),
        "\"queued\" "
    );
}

#[test]
fn a_letter_that_would_come_to_nothing_is_not_sent() {
    for body in [
        "what?",
        r#"{"job_id":"none","database":"groveauth"}"#,
        r#"{"job_id":"job","database":"scout-db"}"#,
    ] {
        let server = exports(body);
        server
            .post("/dead-letters/1/redrive", "")
            .problem(409, "cannot-be-redriven");
        assert_eq!(server.exports.messages().len(), 0);
        assert_eq!(
            one(&server, "SELECT resolved_at FROM dead_letters"),
            "null "
        );
        assert_eq!(
            one(&server, "SELECT status FROM backup_jobs"),
            "\"failed\" "
        );
    }
}

/// What was sent to the janitor, but for asking it for the round that it never made here.
fn sent(server: &Server) -> Vec<Event> {
    let mut sent = server.events.messages();
    sent.retain(|event| *event != Event::Round);
    sent
}

#[test]
fn an_event_goes_to_the_events_queue_again() {
    let server = server("grove-backups-events", r#"{"event":"reconcile"}"#);
    assert_eq!(server.post("/dead-letters/1/redrive", "").status, 202);
    assert_eq!(sent(&server), [Event::Reconcile { after: None }]);
    assert_eq!(server.exports.messages().len(), 0);
}

#[test]
fn what_is_asked_for_badly_is_refused() {
    let server = exports(EXPORT);
    for path in ["/dead-letters/2", "/dead-letters/x", "/dead-letters/-1"] {
        server.get(path).problem(404, "no-such-dead-letter");
    }
    for path in [
        "/dead-letters?state=new",
        "/dead-letters?limit=0",
        "/dead-letters?x=1",
    ] {
        server.get(path).problem(400, "invalid-parameter");
    }
    let discard = "/dead-letters/1/discard";
    server.post(discard, "{").problem(400, "invalid-json");
    let long = format!(r#"{{"note":"{}"}}"#, "x".repeat(501));
    for body in [r#"{"note":1}"#, r#"{"why":"x"}"#, &long] {
        server.post(discard, body).problem(422, "invalid-body");
    }
    server
        .post(discard, &" ".repeat(20_000))
        .problem(413, "body-too-large");
}

#[test]
fn the_catalogue_is_reindexed_once_at_a_time() {
    let server = Server::new();
    assert_eq!(server.post("/reindex", "").status, 202);
    assert_eq!(sent(&server), [Event::Reconcile { after: None }]);
    server.post("/reindex", "").problem(409, "under-way");
}
