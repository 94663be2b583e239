//! `/list`.

use serde_json::json;

use crate::server::{DAY, SUNDAY, Server};

/// Two databases, three Sundays.
fn six_backups() -> Server {
    let server = Server::new();
    for week in [2, 1, 0] {
        for database in ["groveauth", "scout-db"] {
            server.backup(database, SUNDAY - week * 7 * DAY, &format!("job-{week}"));
        }
    }
    server
}

/// `database date` of each backup listed.
fn listed(server: &Server, query: &str) -> Vec<String> {
    let list = server.get(&format!("/list{query}")).json();
    list["backups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|backup| {
            format!(
                "{} {}",
                backup["database"].as_str().unwrap(),
                backup["date"].as_str().unwrap()
            )
        })
        .collect()
}

#[test]
fn a_listed_backup_has_the_fields_of_the_specification() {
    let server = Server::new();
    server.backup("groveauth", SUNDAY, "job-0");
    assert_eq!(
        server.get("/list").json(),
        json!({
            "backups": [{
                "id": 1, "database": "groveauth", "date": "2024-12-08", "r2Key": "2024-12-08/groveauth.sql", "jobId": "job-0",
                "size": "212 KB", "sizeBytes": 212_400, "tables": 15, "rows": 1234,
                "sha256": "00".repeat(32), "consistency": "snapshot",
                "createdAt": "2024-12-08T03:00:00Z", "expiresAt": "2025-03-02T03:00:00Z",
                "pinned": false, "verifiedAt": null
            }],
            "total": 1, "filtered": 1, "limit": 1000, "offset": 0
        })
    );
}

#[test]
fn all_backups_are_listed_newest_first() {
    assert_eq!(
        listed(&six_backups(), ""),
        [
            "scout-db 2024-12-08",
            "groveauth 2024-12-08",
            "scout-db 2024-12-01",
            "groveauth 2024-12-01",
            "scout-db 2024-11-24",
            "groveauth 2024-11-24",
        ]
    );
}

#[test]
fn filters_narrow_the_list_and_the_totals_tell_both_numbers() {
    let server = six_backups();
    let list = server
        .get("/list?database=groveauth&date=2024-12-01")
        .json();
    assert_eq!(list["total"], 6);
    assert_eq!(list["filtered"], 1);
    assert_eq!(listed(&server, "?database=groveauth").len(), 3);
    assert_eq!(listed(&server, "?date=2024-12-08").len(), 2);
    assert_eq!(listed(&server, "?date=1999-01-01"), Vec::<String>::new());
}

#[test]
fn pages_follow_each_other_and_keep_the_totals() {
    let server = six_backups();
    let pages: Vec<String> = ["?limit=4", "?limit=4&offset=4", "?limit=4&offset=8"]
        .into_iter()
        .flat_map(|query| listed(&server, query))
        .collect();
    assert_eq!(pages, listed(&server, ""));
    let list = server.get("/list?limit=2&offset=4").json();
    assert_eq!(
        (&list["filtered"], &list["limit"], &list["offset"]),
        (&json!(6), &json!(2), &json!(4))
    );
}

#[test]
fn what_was_deleted_is_not_listed() {
    let server = six_backups();
    server.sql("UPDATE backup_inventory SET deleted_at = 1 WHERE backup_date < '2024-12-01'");
    assert_eq!(listed(&server, "").len(), 4);
    assert_eq!(server.get("/list").json()["total"], 4);
}

#[test]
fn a_bad_value_is_a_problem_that_names_the_field() {
    let server = Server::new();
    for (query, field) in [
        ("?limit=0", "limit"),
        ("?limit=1001", "limit"),
        ("?limit=-1", "limit"),
        ("?limit=many", "limit"),
        ("?limit=", "limit"),
        ("?limit=5&limit=6", "limit"),
        ("?offset=-1", "offset"),
        ("?offset=1e9", "offset"),
        ("?offset=99999999999", "offset"),
        ("?date=2024-13-01", "date"),
        ("?date=yesterday", "date"),
        ("?date=2024-12-8", "date"),
        ("?databse=groveauth", "databse"),
    ] {
        let problem = server
            .get(&format!("/list{query}"))
            .problem(400, "invalid-parameter");
        assert_eq!(problem["field"], field, "{query}");
    }
}

#[test]
fn an_unknown_database_is_answered_with_the_known_ones() {
    let problem = Server::new()
        .get("/list?database=nobody")
        .problem(404, "no-such-database");
    assert_eq!(problem["field"], "database");
    assert_eq!(problem["databases"].as_array().unwrap().len(), 9);
}

#[test]
fn a_database_that_left_the_registry_is_listed_while_a_backup_of_it_is_stored() {
    let server = Server::new();
    server.backup("former-db", SUNDAY, "job-0");
    assert_eq!(
        listed(&server, "?database=former-db"),
        ["former-db 2024-12-08"]
    );
    assert_eq!(
        listed(&server, "?database=former-db&date=2024-12-01"),
        Vec::<String>::new()
    );
}
