//! `/backups/:id`.

use serde_json::{Value, json};

use crate::server::{SUNDAY, Server};

fn manifest() -> Value {
    json!({
        "format": 1, "tool": "0.1.0", "database": "groveauth", "databaseId": "an id", "jobId": "job", "key": "2024-12-08/groveauth.sql",
        "generated": "2024-12-08T03:00:01.250Z", "consistency": "snapshot", "sizeBytes": 212_400, "sha256": "00".repeat(32),
        "schemaSha256": "11".repeat(32), "totalRows": 3,
        "tables": [{ "name": "users", "rows": 3, "offset": 500, "bytes": 120, "sha256": "22".repeat(32) }]
    })
}

/// One backup, with its manifest.
fn server() -> Server {
    let server = Server::new();
    server.backup("groveauth", SUNDAY, "job");
    let text = manifest().to_string();
    server
        .objects
        .place("2024-12-08/groveauth.manifest.json", text.as_bytes());
    server
}

#[test]
fn a_backup_has_its_row_its_tables_and_its_drills() {
    let server = server();
    server.sql(
        "INSERT INTO drills (r2_key, database_name, status, requested_at, started_at, completed_at, duration_ms, done_bytes, total_bytes) \
         VALUES ('2024-12-08/groveauth.sql', 'groveauth', 'passed', 1733626810, 1733626811, 1733626812, 900, 212400, 212400)",
    );
    assert_eq!(
        server.get("/backups/1").json(),
        json!({
            "id": 1, "database": "groveauth", "date": "2024-12-08", "r2Key": "2024-12-08/groveauth.sql", "jobId": "job", "state": "stored",
            "size": "212 KB", "sizeBytes": 212_400, "tables": 15, "rows": 1234, "sha256": "00".repeat(32), "consistency": "snapshot",
            "createdAt": "2024-12-08T03:00:00Z", "expiresAt": "2025-03-02T03:00:00Z", "pinned": false, "pinnedAt": null, "pinNote": null,
            "verifiedAt": null, "drillFailedAt": null, "lostAt": null, "damage": null, "shrunk": null, "lockedAt": null,
            "deletedAt": null, "deletedBecause": null,
            "manifest": {
                "format": 1, "tool": "0.1.0", "generatedAt": "2024-12-08T03:00:01.250Z", "schemaSha256": "11".repeat(32), "totalRows": 3,
                "tables": [{ "name": "users", "rows": 3, "size": "120 B", "sizeBytes": 120, "sha256": "22".repeat(32) }],
                "leftOut": [], "withoutRows": [], "deferred": [], "warnings": [], "gzipBytes": null
            },
            "manifestMissing": null,
            "drills": [{
                "id": 1, "status": "passed", "requestedAt": "2024-12-08T03:00:10Z", "startedAt": "2024-12-08T03:00:11Z", "progressAt": null,
                "completedAt": "2024-12-08T03:00:12Z", "duration": "900ms", "durationMs": 900, "doneBytes": 212_400, "totalBytes": 212_400,
                "error": null
            }]
        })
    );
}

#[test]
fn the_state_is_one_word_and_the_worst_that_is_true() {
    let server = server();
    for (change, state) in [
        ("pinned_at = 1733700000, pin_note = 'why'", "pinned"),
        ("lost_at = 1733700000", "lost"),
        ("deleted_because = 'due since 2024-12-08'", "deleting"),
        ("deleted_at = 1733700000", "deleted"),
    ] {
        server.sql(format!("UPDATE backup_inventory SET {change}"));
        assert_eq!(server.get("/backups/1").json()["state"], state);
    }
    let backup = server.get("/backups/1").json();
    assert_eq!(
        (&backup["pinned"], &backup["pinNote"]),
        (&json!(true), &json!("why"))
    );
    assert_eq!(backup["deletedBecause"], "due since 2024-12-08");
}

#[test]
fn without_a_manifest_that_reads_it_says_why() {
    let server = server();
    let missing = |server: &Server| {
        let backup = server.get("/backups/1").json();
        assert_eq!(backup["manifest"], Value::Null);
        backup["manifestMissing"].as_str().unwrap().to_owned()
    };
    let key = "2024-12-08/groveauth.manifest.json";
    server.objects.place(key, b"{\"format\":1}");
    assert!(missing(&server).contains("does not read: missing field"));
    server.objects.place(key, &vec![b' '; 5 << 20]);
    assert!(missing(&server).contains("more than any manifest"));
    let other = Server::new();
    other.backup("groveauth", SUNDAY, "job");
    assert!(missing(&other).contains("The bucket has no `2024-12-08/groveauth.manifest.json`"));
    server.sql("UPDATE backup_inventory SET deleted_at = 1733700000");
    assert!(missing(&server).contains("is deleted"));
}

#[test]
fn a_backup_that_does_not_exist_is_a_problem() {
    let server = server();
    for id in [
        "2",
        "0",
        "01",
        "-1",
        "1.0",
        "one",
        "%FF",
        "99999999999999999999",
    ] {
        let answer = server.get(&format!("/backups/{id}"));
        answer.problem(404, "no-such-backup");
    }
}

#[test]
fn a_bucket_that_does_not_answer_is_worth_another_try() {
    let server = server();
    server
        .objects
        .faults()
        .always(Some(shared::native::Fault::Before));
    server.get("/backups/1").problem(503, "unavailable");
}
