//! `/retention`.

use serde_json::{Value, json};

use crate::server::{DAY, NOW, SUNDAY, Server};

/// Two backups of which the older is due, and one that is young.
fn server() -> Server {
    let server = Server::new();
    server.backup("groveauth", NOW - 90 * DAY, "job-0");
    server.backup("groveauth", SUNDAY, "job-1");
    server.backup("scout-db", SUNDAY, "job-1");
    server
}

fn of<'a>(plan: &'a Value, name: &str) -> &'a Value {
    let mut databases = plan["databases"].as_array().unwrap().iter();
    databases.find(|found| found["database"] == name).unwrap()
}

#[test]
fn a_plan_says_what_goes_what_stays_and_why() {
    let plan = server().get("/retention?database=groveauth").json();
    assert_eq!(
        plan,
        json!({
            "at": "2024-12-11T12:00:00Z", "keep": 1, "delete": 1,
            "databases": [{
                "database": "groveauth",
                "policy": {
                    "retentionWeeks": 12, "keepLast": 0, "keepDaily": 0, "keepWeekly": 0, "keepMonthly": 0, "keepYearly": 0
                },
                "latestFailed": false, "keep": 1, "delete": 1,
                "backups": [
                    {
                        "id": 2, "r2Key": "2024-12-08/groveauth.sql", "createdAt": "2024-12-08T03:00:00Z",
                        "expiresAt": "2025-03-02T03:00:00Z", "verdict": "keep",
                        "reasons": ["kept until 2025-03-02", "the newest good backup, while none is verified"]
                    },
                    {
                        "id": 1, "r2Key": "2024-09-12/groveauth.sql", "createdAt": "2024-09-12T12:00:00Z",
                        "expiresAt": "2024-12-05T12:00:00Z", "verdict": "delete", "reasons": ["due since 2024-12-05"]
                    }
                ],
                "truncated": false
            }]
        })
    );
}

#[test]
fn without_a_database_all_are_counted_and_those_that_go_are_listed() {
    let plan = server().get("/retention").json();
    assert_eq!((&plan["keep"], &plan["delete"]), (&json!(2), &json!(1)));
    assert_eq!(plan["databases"].as_array().unwrap().len(), 9);
    let goes = &of(&plan, "groveauth")["backups"];
    assert_eq!(goes.as_array().unwrap().len(), 1);
    assert_eq!(of(&plan, "scout-db")["backups"], json!([]));
}

#[test]
fn a_pin_and_a_failed_backup_show_in_the_plan() {
    let server = server();
    server
        .post("/backups/1/pin", r#"{"note": "for good"}"#)
        .json();
    server.job("job-2", NOW - DAY, "failed", &[("groveauth", "failed")]);
    let plan = server.get("/retention?database=groveauth").json();
    let planned = of(&plan, "groveauth");
    assert_eq!(planned["latestFailed"], true);
    let reasons = &planned["backups"][1]["reasons"];
    let failed = "the latest backup failed, so nothing is deleted";
    assert_eq!(*reasons, json!(["pinned: for good", failed]));
}

#[test]
fn a_database_that_left_the_registry_is_planned_with_the_common_policy() {
    let server = server();
    server.backup("gone-db", NOW - 90 * DAY, "job-0");
    let plan = server.get("/retention?database=gone-db").json();
    assert_eq!(of(&plan, "gone-db")["policy"]["retentionWeeks"], 12);
    let reason = "the newest good backup, while none is verified";
    assert_eq!(
        of(&plan, "gone-db")["backups"][0]["reasons"],
        json!([reason])
    );
}

#[test]
fn a_long_list_is_cut_and_says_so() {
    let server = Server::new();
    for day in 0..25 {
        server.backup("groveauth", NOW - (90 + day) * DAY, "job-0");
    }
    let plan = server.get("/retention").json();
    let planned = of(&plan, "groveauth");
    assert_eq!(planned["backups"].as_array().unwrap().len(), 20);
    assert_eq!(
        (&planned["delete"], &planned["truncated"]),
        (&json!(24), &json!(true))
    );
}

#[test]
fn a_plan_changes_nothing() {
    let server = server();
    let before = server.objects.keys();
    server.get("/retention").json();
    assert_eq!(server.objects.keys(), before);
    assert_eq!(server.get("/list").json()["total"], 3);
}

#[test]
fn a_database_that_nobody_knows_is_a_problem() {
    for query in ["?database=nobody", "?database="] {
        let answer = server().get(&format!("/retention{query}"));
        assert_eq!(answer.problem(404, "no-such-database")["field"], "database");
    }
    for query in ["?databse=groveauth", "?database=a&database=b"] {
        let answer = server().get(&format!("/retention{query}"));
        answer.problem(400, "invalid-parameter");
    }
}
