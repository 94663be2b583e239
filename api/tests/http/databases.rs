//! `/databases` and `/databases/:name`.

use serde_json::{Value, json};

use crate::server::{DAY, SUNDAY, Server};

fn of(server: &Server, name: &str) -> Value {
    server.get(&format!("/databases/{name}")).json()
}

/// The names of a page, and the next one.
fn names(server: &Server, query: &str) -> (Vec<String>, Value) {
    let page = server.get(&format!("/databases{query}")).json();
    let databases = page["databases"].as_array().unwrap().iter();
    let names = databases.map(|it| it["database"].as_str().unwrap().to_owned());
    (names.collect(), page["next"].clone())
}

#[test]
fn a_new_system_lists_its_databases_without_backups() {
    let page = Server::new().get("/databases").json();
    assert_eq!((&page["total"], &page["next"]), (&json!(9), &Value::Null));
    assert_eq!(
        page["databases"][0],
        json!({
            "database": "groveauth", "inRegistry": true, "databaseId": "45eae4c7-8ae7-4078-9218-8e1677a4360f",
            "description": "Authentication, users, sessions, OAuth", "priority": "critical", "retentionWeeks": 12,
            "nextRun": "2024-12-15T03:00:00Z", "lastGood": null, "lastVerified": null, "newestResult": null, "alarms": [],
            "stored": { "backups": 0, "size": "0 B", "sizeBytes": 0, "oldestAt": null, "newestAt": null }, "history": []
        })
    );
}

#[test]
fn a_database_has_its_last_backup_and_what_became_of_it_since() {
    let server = Server::new();
    server.job(
        "old",
        SUNDAY - 7 * DAY,
        "completed",
        &[("groveauth", "success")],
    );
    server.backup("groveauth", SUNDAY - 7 * DAY, "old");
    server.job("new", SUNDAY, "failed", &[("groveauth", "failed")]);
    let database = of(&server, "groveauth");
    assert_eq!(database["lastGood"]["jobId"], "old");
    assert_eq!(database["newestResult"]["jobId"], "new");
    assert_eq!(
        database["newestResult"]["error"],
        "the database refused the statement"
    );
    assert_eq!(
        database["stored"],
        json!({
            "backups": 1, "size": "212 KB", "sizeBytes": 212_400,
            "oldestAt": "2024-12-01T03:00:00Z", "newestAt": "2024-12-01T03:00:00Z"
        })
    );
}

#[test]
fn a_backup_that_is_not_good_is_not_the_last_one() {
    let server = Server::new();
    server.backup("groveauth", SUNDAY - 7 * DAY, "old");
    server.backup("groveauth", SUNDAY, "new");
    server.sql("UPDATE backup_inventory SET verified_at = 1733630000 WHERE id = 1");
    assert_eq!(of(&server, "groveauth")["lastGood"]["id"], 2);
    server.sql("UPDATE backup_inventory SET drill_failed_at = 1733630000 WHERE id = 2");
    let database = of(&server, "groveauth");
    assert_eq!(
        (&database["lastGood"]["id"], &database["lastVerified"]["id"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        database["lastVerified"]["verifiedAt"],
        "2024-12-08T03:53:20Z"
    );
}

#[test]
fn the_history_has_the_size_of_each_day_also_of_what_is_deleted() {
    let server = Server::new();
    for (job, weeks) in [("a", 1), ("b", 0)] {
        server.job(
            job,
            SUNDAY - weeks * 7 * DAY,
            "completed",
            &[("groveauth", "success")],
        );
    }
    let size =
        |date: &str| json!({ "date": date, "size": "212 KB", "sizeBytes": 212_400, "rows": 1234 });
    let expected = json!([size("2024-12-01"), size("2024-12-08")]);
    assert_eq!(of(&server, "groveauth")["history"], expected);
}

#[test]
fn a_database_by_name_tells_what_was_done_on_each_day() {
    let server = Server::new();
    server.job(
        "a",
        SUNDAY,
        "failed",
        &[("groveauth", "failed"), ("scout-db", "success")],
    );
    let database = of(&server, "groveauth");
    assert_eq!(database["daysFrom"], "2024-09-19");
    assert_eq!(
        database["days"],
        json!([{
            "date": "2024-12-08", "successful": 0, "failed": 1, "skipped": 0, "unfinished": 0,
            "size": null, "sizeBytes": null, "rows": null
        }])
    );
}

#[test]
fn open_alarms_are_with_their_database() {
    let server = Server::new();
    server.sql(
        "INSERT INTO alarms (cause, database_name, summary, opened_at, notified_at, resolved_at) VALUES \
         ('overdue', 'groveauth', 'late', 1, 1, NULL), ('shrunk', 'groveauth', 'less', 1, 1, 2), ('job_failed', '', 'all', 1, 1, NULL)",
    );
    let causes = |name: &str| -> Vec<Value> {
        let database = of(&server, name);
        let alarms = database["alarms"].as_array().unwrap().iter();
        alarms.map(|alarm| alarm["cause"].clone()).collect()
    };
    assert_eq!(causes("groveauth"), ["overdue"]);
    assert_eq!(causes("scout-db"), [""; 0]);
}

#[test]
fn a_database_that_left_the_registry_is_there_while_a_backup_of_it_is_stored() {
    let server = Server::new();
    server.backup("former-db", SUNDAY, "job");
    let database = of(&server, "former-db");
    assert_eq!(
        (&database["inRegistry"], &database["nextRun"]),
        (&json!(false), &Value::Null)
    );
    assert_eq!(names(&server, "").0.last().unwrap(), "former-db");
    server.sql("UPDATE backup_inventory SET deleted_at = 1");
    assert_eq!(names(&server, "").0.len(), 9);
    server
        .get("/databases/former-db")
        .problem(404, "no-such-database");
}

#[test]
fn pages_of_databases_follow_each_other() {
    let server = Server::new();
    server.backup("former-db", SUNDAY, "job");
    let (first, next) = names(&server, "?limit=6");
    let (second, end) = names(
        &server,
        &format!("?limit=6&after={}", next.as_str().unwrap()),
    );
    assert_eq!((first.len(), second.len(), end), (6, 4, Value::Null));
    assert_eq!([first, second].concat(), names(&server, "").0);
    assert_eq!(names(&server, "?after=former-db"), (vec![], Value::Null));
}

#[test]
fn an_unknown_database_is_a_problem_that_names_the_known_ones() {
    let server = Server::new();
    for (path, field) in [
        ("/databases/nobody", "name"),
        ("/databases/%FF", "name"),
        ("/databases/%20", "name"),
        ("/databases?after=nobody", "after"),
        ("/databases?after=", "after"),
    ] {
        let problem = server.get(path).problem(404, "no-such-database");
        assert_eq!(problem["field"], field, "{path}");
    }
    for query in ["?limit=0", "?limit=201", "?page=2"] {
        server
            .get(&format!("/databases{query}"))
            .problem(400, "invalid-parameter");
    }
}
