//! `/backups/:id/drill`.

use serde_json::json;
use shared::message::Event;
use shared::native::Fault;

use crate::server::{SUNDAY, Server};

/// One backup, of the id 1.
fn server() -> Server {
    let server = Server::new();
    server.backup("groveauth", SUNDAY, "job-0");
    server
}

/// The dumps of which a drill was asked for.
fn asked(server: &Server) -> Vec<String> {
    let events = server.events.take().into_iter();
    let asked = events.filter_map(|event| match event {
        Event::Drill { key } => Some(key),
        _ => None,
    });
    asked.collect()
}

#[test]
fn a_drill_is_asked_for() {
    let server = server();
    let answer = server.post("/backups/1/drill", "");
    assert_eq!(answer.status, 202);
    let answer = answer.json();
    let key = "2024-12-08/groveauth.sql";
    assert_eq!(
        (&answer["r2Key"], &answer["status"]),
        (&json!(key), &json!("requested"))
    );
    assert_eq!(asked(&server), [key]);
}

#[test]
fn a_backup_that_is_gone_is_not_drilled() {
    for mark in ["deleted_at", "deleted_because", "lost_at"] {
        let server = server();
        server.sql(format!("UPDATE backup_inventory SET {mark} = 7"));
        let answer = server.post("/backups/1/drill", "");
        assert_eq!(answer.status, 409, "{mark}");
        let detail = String::from_utf8(answer.body).unwrap();
        assert!(detail.contains("cannot be restored"), "{detail}");
        assert!(asked(&server).is_empty());
    }
}

#[test]
fn what_is_no_id_of_a_backup_is_not_found() {
    for id in ["2", "0", "01", "-1", "x", "99999999999", "%ff"] {
        let answer = server().post(&format!("/backups/{id}/drill"), "");
        assert_eq!(answer.status, 404, "{id}");
    }
}

#[test]
fn a_queue_that_is_down_is_told() {
    let server = server();
    server.events.faults().next(Fault::Before);
    assert_eq!(server.post("/backups/1/drill", "").status, 503);
}
