//! `POST /trigger`.

use axum::http::Method;
use serde_json::{Value, json};
use shared::native::Fault;

use crate::server::{Answer, Server, bearer};

/// The databases for which a message was sent.
fn sent(server: &Server) -> Vec<String> {
    let messages = server.exports.messages().into_iter();
    messages.map(|message| message.database).collect()
}

fn with_key(server: &Server, key: &str, body: &str) -> Answer {
    let headers = [bearer(), ("idempotency-key", key.to_owned())];
    server.ask(Method::POST, "/trigger", &headers, body)
}

#[test]
fn an_empty_body_starts_a_backup_of_every_database() {
    for body in ["", " \n", "{}", r#"{"databases":null,"reason":null}"#] {
        let server = Server::new();
        let answer = server.post("/trigger", body);
        assert_eq!(answer.status, 202);
        let started = answer.json();
        assert_eq!(started["status"], "started");
        assert_eq!(started["databases"], 9);
        assert_eq!(
            started["message"],
            "Backup job started. Check /status for progress."
        );
        let id = started["jobId"].as_str().unwrap();
        assert!(uuid::Uuid::parse_str(id).is_ok());
        assert_eq!(answer.header("location"), format!("/jobs/{id}"));
        assert_eq!(sent(&server).len(), 9);
    }
}

#[test]
fn named_databases_are_backed_up_once_each() {
    let server = Server::new();
    let started = server
        .post(
            "/trigger",
            r#"{"databases":["scout-db","groveauth","scout-db"]}"#,
        )
        .json();
    assert_eq!(started["databases"], 2);
    assert_eq!(sent(&server), ["scout-db", "groveauth"]);
}

#[test]
fn the_started_job_is_found_with_its_reason() {
    let server = Server::new();
    let answer = server.post(
        "/trigger",
        r#"{"databases":["groveauth"],"reason":" Pre-deployment backup "}"#,
    );
    let job = server.get(answer.header("location")).json();
    assert_eq!(job["status"], "running");
    assert_eq!(job["trigger"], "manual");
    assert_eq!(job["reason"], "Pre-deployment backup");
    assert_eq!(job["results"][0]["status"], "queued");
    assert_eq!(server.get("/status").json()["currentStatus"], "running");
}

#[test]
fn every_trigger_is_a_job_of_its_own() {
    let server = Server::new();
    let first = server.post("/trigger", "").json();
    ended(&server);
    let second = server.post("/trigger", "").json();
    assert_ne!(first["jobId"], second["jobId"]);
}

/// Every backup that is under way succeeds.
fn ended(server: &Server) {
    server.sql("UPDATE backup_results SET status = 'success'");
}

#[test]
fn a_database_that_is_being_backed_up_is_refused_with_the_job() {
    let server = Server::new();
    let first = server
        .post("/trigger", r#"{"databases":["groveauth"]}"#)
        .json();
    for status in ["queued", "running"] {
        server.sql(format!("UPDATE backup_results SET status = '{status}'"));
        let problem = server
            .post("/trigger", r#"{"databases":["scout-db","groveauth"]}"#)
            .problem(409, "already-running");
        assert_eq!(problem["jobId"], first["jobId"]);
        assert_eq!(
            problem["underWay"],
            json!([{ "database": "groveauth", "jobId": first["jobId"] }])
        );
    }
    assert_eq!(sent(&server), ["groveauth"]);
    assert_eq!(
        server
            .post("/trigger", r#"{"databases":["scout-db"]}"#)
            .status,
        202
    );
    for status in ["success", "failed"] {
        server.sql(format!("UPDATE backup_results SET status = '{status}'"));
        assert_eq!(
            server
                .post("/trigger", r#"{"databases":["groveauth"]}"#)
                .status,
            202,
            "{status}"
        );
    }
}

#[test]
fn triggers_with_one_idempotency_key_are_one_job() {
    let server = Server::new();
    let body = r#"{"databases":["groveauth"]}"#;
    let first = with_key(&server, "deploy-42", body).json();
    let second = with_key(&server, "deploy-42", body).json();
    ended(&server);
    let other = with_key(&server, "deploy-43", body).json();
    assert_eq!(first, second);
    assert_ne!(first["jobId"], other["jobId"]);
    assert_eq!(
        server.get("/status").json()["recentJobs"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn an_idempotency_key_with_another_order_is_refused() {
    let server = Server::new();
    with_key(&server, "deploy-42", r#"{"databases":["groveauth"]}"#).json();
    let problem = with_key(&server, "deploy-42", r#"{"databases":["scout-db"]}"#)
        .problem(422, "idempotency-key-reused");
    assert_eq!(problem["field"], "Idempotency-Key");
    assert_eq!(sent(&server), ["groveauth"]);
}

#[test]
fn an_idempotency_key_has_to_be_short_and_not_empty() {
    let server = Server::new();
    for key in ["", "  ", &"x".repeat(256)] {
        let problem = with_key(&server, key, "").problem(400, "invalid-parameter");
        assert_eq!(problem["field"], "Idempotency-Key");
    }
    assert_eq!(with_key(&server, &"x".repeat(255), "").status, 202);
}

/// The order is refused, with this field, and nothing was started.
#[track_caller]
fn refused(body: &str, status: u16, kind: &str, field: &str) -> Value {
    let server = Server::new();
    let problem = server.post("/trigger", body).problem(status, kind);
    assert_eq!(problem["field"], field);
    assert_eq!(sent(&server), Vec::<String>::new());
    assert_eq!(server.get("/status").json()["recentJobs"], json!([]));
    problem
}

#[test]
fn what_is_no_json_is_refused_with_its_place() {
    for body in [
        "{",
        "databases=groveauth",
        r#"{"databases":["groveauth"]"#,
        "{}{}",
        "\u{feff}{}",
    ] {
        let problem = refused(body, 400, "invalid-json", "body");
        assert!(
            problem["detail"].as_str().unwrap().contains("column"),
            "{problem}"
        );
    }
}

#[test]
fn json_that_is_no_object_is_refused() {
    for body in ["[]", "null", "7", r#""groveauth""#, r#"["groveauth"]"#] {
        refused(body, 422, "invalid-body", "body");
    }
}

#[test]
fn an_unknown_field_is_refused_and_named() {
    let problem = refused(
        r#"{"database":"groveauth"}"#,
        422,
        "invalid-body",
        "database",
    );
    assert!(problem["detail"].as_str().unwrap().contains("`databases`"));
}

#[test]
fn an_empty_list_is_refused() {
    let problem = refused(r#"{"databases":[]}"#, 422, "invalid-body", "databases");
    assert!(problem["detail"].as_str().unwrap().contains("leave it out"));
}

#[test]
fn what_is_no_list_of_names_is_refused() {
    for list in [
        r#""groveauth""#,
        "7",
        "{}",
        "[7]",
        r#"["groveauth",null]"#,
        "true",
    ] {
        refused(
            &format!(r#"{{"databases":{list}}}"#),
            422,
            "invalid-body",
            "databases",
        );
    }
}

#[test]
fn a_reason_that_is_no_short_text_is_refused() {
    let long = "x".repeat(501);
    for reason in ["7", "[]", &format!("\"{long}\"")] {
        refused(
            &format!(r#"{{"reason":{reason}}}"#),
            422,
            "invalid-body",
            "reason",
        );
    }
}

#[test]
fn one_unknown_database_refuses_the_whole_order_and_names_the_known_ones() {
    let body = r#"{"databases":["groveauth","nobody","GROVEAUTH"]}"#;
    let problem = refused(body, 422, "unknown-database", "databases");
    assert_eq!(problem["unknown"], json!(["nobody", "GROVEAUTH"]));
    assert_eq!(problem["databases"].as_array().unwrap().len(), 9);
}

#[test]
fn a_body_over_64_kilobytes_is_refused_before_it_is_read_as_json() {
    let padded = |length: usize| format!("{{}}{}", " ".repeat(length - 2));
    let server = Server::new();
    server
        .post("/trigger", &padded(65_537))
        .problem(413, "body-too-large");
    assert_eq!(sent(&server), Vec::<String>::new());
    assert_eq!(server.post("/trigger", &padded(65_536)).status, 202);
}

#[test]
fn a_queue_that_does_not_take_the_messages_is_told_with_the_id_of_the_job() {
    let server = Server::new();
    server.exports.faults().next(Fault::Before);
    let answer = server.post("/trigger", "");
    let problem = answer.problem(503, "unavailable");
    assert!(!answer.text().contains("a fault of the test"));
    let id = problem["jobId"].as_str().unwrap();
    assert_eq!(
        server.get(&format!("/jobs/{id}")).json()["status"],
        "running"
    );
}

#[test]
fn a_trigger_with_a_key_that_failed_half_way_is_completed_by_sending_it_again() {
    for fault in [Fault::Before, Fault::Despite] {
        let server = Server::new();
        server.exports.faults().next(fault);
        with_key(&server, "deploy-42", "").problem(503, "unavailable");
        assert_eq!(with_key(&server, "deploy-42", "").status, 202);
        assert!(sent(&server).len() >= 9);
        let jobs = &server.get("/status").json()["recentJobs"];
        assert_eq!(jobs.as_array().unwrap().len(), 1);
    }
}
