//! `/backups/:id/pin` and `/backups/:id/unpin`.

use serde_json::json;
use shared::native::Fault;
use shared::ports::ObjectStore;

use crate::server::{DAY, SUNDAY, Server};

const PIN: &str = "2024-12-08/groveauth.pin.json";
const NOTED: &str = r#"{"note": "before the migration"}"#;

/// One backup, of the id 1.
fn server() -> Server {
    let server = Server::new();
    server.backup("groveauth", SUNDAY, "job-0");
    server
}

/// What the bucket says of the pin.
fn object(server: &Server) -> String {
    let object = pollster::block_on(server.objects.get(PIN)).unwrap();
    String::from_utf8(object.unwrap()).unwrap()
}

fn is_pinned(server: &Server) -> (bool, bool) {
    let listed = &server.get("/list").json()["backups"][0];
    let row = listed["pinned"].as_bool().unwrap();
    (row, server.objects.keys().contains(&PIN.to_owned()))
}

#[test]
fn a_backup_is_pinned_in_the_catalogue_and_in_the_bucket() {
    let server = server();
    assert_eq!(
        server.post("/backups/1/pin", NOTED).json(),
        json!({
            "id": 1, "database": "groveauth", "r2Key": "2024-12-08/groveauth.sql", "pinned": true,
            "pinnedAt": "2024-12-11T12:00:00Z", "note": "before the migration"
        })
    );
    assert_eq!(is_pinned(&server), (true, true));
}

#[test]
fn the_object_says_when_and_why() {
    let server = server();
    server.post("/backups/1/pin", NOTED).json();
    assert_eq!(
        object(&server),
        r#"{"pinnedAt":1733918400,"note":"before the migration"}"#
    );
}

#[test]
fn a_pin_needs_no_body_and_no_note() {
    for body in ["", " ", "{}", r#"{"note": null}"#, r#"{"note": " "}"#] {
        let answer = server().post("/backups/1/pin", body).json();
        assert_eq!(
            (&answer["pinned"], &answer["note"]),
            (&json!(true), &json!(null))
        );
    }
}

#[test]
fn another_note_replaces_the_first_and_the_moment_stays() {
    let server = server();
    server.post("/backups/1/pin", NOTED).json();
    server.clock.advance(DAY);
    let answer = server
        .post("/backups/1/pin", r#"{"note": "for good"}"#)
        .json();
    assert_eq!(answer["pinnedAt"], "2024-12-11T12:00:00Z");
    let object = object(&server);
    assert_eq!(object, r#"{"pinnedAt":1733918400,"note":"for good"}"#);
}

#[test]
fn to_unpin_takes_row_and_object_away_and_may_be_repeated() {
    let server = server();
    server.post("/backups/1/pin", NOTED).json();
    for _ in 0..2 {
        let answer = server.post("/backups/1/unpin", "").json();
        assert_eq!(
            (&answer["pinned"], &answer["pinnedAt"]),
            (&json!(false), &json!(null))
        );
        assert_eq!(is_pinned(&server), (false, false));
    }
}

#[test]
fn an_id_that_no_backup_has_is_a_problem() {
    for id in [
        "2",
        "0",
        "-1",
        "01",
        "1.0",
        "x",
        "99999999999999999999",
        "%FF",
        "%27",
    ] {
        for verb in ["pin", "unpin"] {
            let path = format!("/backups/{id}/{verb}");
            server().post(&path, "").problem(404, "no-such-backup");
        }
    }
}

#[test]
fn what_is_deleted_being_deleted_or_lost_cannot_be_pinned() {
    for gone in [
        "UPDATE backup_inventory SET deleted_at = 7",
        "UPDATE backup_inventory SET deleted_because = 'due'",
        "UPDATE backup_inventory SET lost_at = 7",
    ] {
        let server = server();
        server.sql(gone);
        server
            .post("/backups/1/pin", NOTED)
            .problem(409, "backup-gone");
        assert!(!server.objects.keys().contains(&PIN.to_owned()));
    }
}

#[test]
fn a_deletion_that_begins_meanwhile_refuses_the_pin_and_leaves_no_object() {
    let server = server();
    // As if the janitor came between the look at the row and the pin.
    server.sql(
        "CREATE TRIGGER janitor BEFORE UPDATE OF pinned_at ON backup_inventory BEGIN \
         SELECT RAISE(IGNORE); END",
    );
    server
        .post("/backups/1/pin", NOTED)
        .problem(409, "backup-gone");
    assert_eq!(is_pinned(&server), (false, false));
}

#[test]
fn a_body_that_is_no_note_is_a_problem_that_names_the_field() {
    let long = format!(r#"{{"note": "{}"}}"#, "x".repeat(501));
    for (body, status, kind, field) in [
        ("{", 400, "invalid-json", "body"),
        ("[]", 422, "invalid-body", "body"),
        (r#"{"note": 1}"#, 422, "invalid-body", "note"),
        (r#"{"nota": "x"}"#, 422, "invalid-body", "nota"),
        (long.as_str(), 422, "invalid-body", "note"),
    ] {
        let problem = server().post("/backups/1/pin", body).problem(status, kind);
        assert_eq!(problem["field"], field, "{body}");
    }
    let huge = " ".repeat(17 * 1024);
    server()
        .post("/backups/1/pin", &huge)
        .problem(413, "body-too-large");
}

#[test]
fn a_note_may_have_five_hundred_characters_of_any_size() {
    let note = "ü".repeat(500);
    let answer = server().post("/backups/1/pin", &json!({ "note": note }).to_string());
    assert_eq!(answer.json()["note"], note);
}

/// Whatever fails, and whenever: the same request once more ends as if nothing had failed, and a row is never pinned
/// without its object, nor is a pin that was answered with success lost.
#[test]
fn each_effect_may_fail_and_the_request_be_repeated() {
    let noted = |server: &Server, verb| server.post(&format!("/backups/1/{verb}"), NOTED);
    for (verb, before) in [("pin", None), ("pin", Some("")), ("unpin", Some(""))] {
        for (fault, nth) in [Fault::Before, Fault::Despite]
            .into_iter()
            .flat_map(|fault| (0..4).map(move |nth| (fault, nth)))
        {
            let server = server();
            if let Some(body) = before {
                server.post("/backups/1/pin", body).json();
            }
            server.objects.faults().after(nth, fault);
            let first = noted(&server, verb);
            let failed = !server.objects.faults().clear();
            assert_eq!(failed, !first.status.is_success(), "{verb} {fault:?} {nth}");
            noted(&server, verb).json();
            let pinned = verb == "pin";
            assert_eq!(
                is_pinned(&server),
                (pinned, pinned),
                "{verb} {fault:?} {nth}"
            );
        }
    }
}

#[test]
fn a_catalogue_that_fails_pins_nothing_for_good() {
    for nth in 0..8 {
        let server = server();
        server.catalogue.faults().after(nth, Fault::Before);
        let failed = !server.post("/backups/1/pin", NOTED).status.is_success();
        server.catalogue.faults().clear();
        let (row, object) = is_pinned(&server);
        assert!(object || !row, "a row without its object, {nth}");
        assert!(failed || row, "{nth}");
    }
}

#[test]
fn a_lock_of_the_bucket_does_not_keep_a_backup_from_being_unpinned() {
    let server = server();
    server.post("/backups/1/pin", "").json();
    server.objects.lock("2024-12-08/");
    server.post("/backups/1/unpin", "").json();
    assert_eq!(is_pinned(&server), (false, true));
}
