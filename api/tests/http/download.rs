//! `/download/:date/:db`.

use axum::http::Method;
use serde_json::json;

use crate::server::{DAY, SUNDAY, Server, bearer};

#[test]
fn a_dump_comes_as_it_is_stored_and_as_a_file() {
    let server = Server::new();
    server.backup("groveauth", SUNDAY, "job-0");
    let answer = server.get("/download/2024-12-08/groveauth");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.text(), "-- groveauth by job-0\n");
    assert_eq!(answer.header("content-type"), "application/sql");
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"groveauth-2024-12-08.sql\""
    );
    assert_eq!(answer.header("content-length"), "22");
    assert_eq!(answer.header("cache-control"), "no-store");
    let etag = answer.header("etag");
    assert!(
        etag.len() > 2 && etag.starts_with('"') && etag.ends_with('"'),
        "{etag}"
    );
}

#[test]
fn a_dump_that_is_stored_as_gzip_comes_as_such() {
    let server = Server::new();
    server.backup("groveauth", SUNDAY, "job-0");
    server.zip("groveauth", SUNDAY);
    let answer = server.get("/download/2024-12-08/groveauth");
    assert_eq!(answer.header("content-type"), "application/gzip");
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"groveauth-2024-12-08.sql.gz\""
    );
    assert_eq!(answer.header("content-length"), "2");
}

#[test]
fn a_head_request_tells_the_same_without_opening_the_dump() {
    let server = Server::new();
    server.backup("groveauth", SUNDAY, "job-0");
    let get = server.get("/download/2024-12-08/groveauth");
    let head = server.ask(
        Method::HEAD,
        "/download/2024-12-08/groveauth",
        &[bearer()],
        "",
    );
    assert_eq!(head.headers, get.headers);
    assert!(head.body.is_empty());
}

#[test]
fn the_newest_of_a_day_comes_unless_a_job_is_named() {
    let server = Server::new();
    server.backup("groveauth", SUNDAY, "morning");
    server.backup("groveauth", SUNDAY + 3_600, "noon");
    let text = |query| {
        server
            .get(&format!("/download/2024-12-08/groveauth{query}"))
            .text()
    };
    assert_eq!(text(""), "-- groveauth by noon\n");
    assert_eq!(text("?job=morning"), "-- groveauth by morning\n");
    assert_eq!(text("?job=noon"), "-- groveauth by noon\n");
}

#[test]
fn a_job_that_left_no_backup_that_day_is_answered_with_those_that_did() {
    let server = Server::new();
    server.backup("groveauth", SUNDAY, "morning");
    let problem = server
        .get("/download/2024-12-08/groveauth?job=none")
        .problem(404, "no-such-backup");
    assert_eq!(problem["jobs"], json!(["morning"]));
}

#[test]
fn a_date_that_is_no_date_is_a_problem() {
    let server = Server::new();
    for date in [
        "yesterday",
        "2024-13-01",
        "2023-02-29",
        "2024-12-8",
        "%FF",
        "..%2F..",
    ] {
        server
            .get(&format!("/download/{date}/groveauth"))
            .problem(400, "invalid-parameter");
    }
}

#[test]
fn a_date_without_a_backup_is_answered_with_the_dates_that_have_one() {
    let server = Server::new();
    server.backup("groveauth", SUNDAY - 7 * DAY, "job-1");
    server.backup("groveauth", SUNDAY, "job-0");
    server.backup("groveauth", SUNDAY + 3_600, "again");
    let problem = server
        .get("/download/2024-12-02/groveauth")
        .problem(404, "no-such-backup");
    assert_eq!(problem["dates"], json!(["2024-12-08", "2024-12-01"]));
}

#[test]
fn a_database_without_backups_says_so() {
    let problem = Server::new()
        .get("/download/2024-12-08/groveauth")
        .problem(404, "no-such-backup");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("POST /trigger")
    );
    assert_eq!(problem["dates"], json!([]));
}

#[test]
fn an_unknown_database_is_answered_with_the_known_ones() {
    let problem = Server::new()
        .get("/download/2024-12-08/nobody")
        .problem(404, "no-such-database");
    assert_eq!(problem["databases"].as_array().unwrap().len(), 9);
}

#[test]
fn a_database_that_left_the_registry_is_downloaded_while_a_backup_of_it_is_stored() {
    let server = Server::new();
    server.backup("former-db", SUNDAY, "job-0");
    assert_eq!(
        server.get("/download/2024-12-08/former-db").text(),
        "-- former-db by job-0\n"
    );
    server
        .get("/download/2024-12-01/former-db")
        .problem(404, "no-such-backup");
}

#[test]
fn an_expired_and_deleted_backup_is_not_served() {
    let server = Server::new();
    server.backup("groveauth", SUNDAY, "job-0");
    server.sql("UPDATE backup_inventory SET deleted_at = 1");
    server
        .get("/download/2024-12-08/groveauth")
        .problem(404, "no-such-backup");
}

#[test]
fn a_listed_dump_that_the_bucket_lost_is_gone_and_is_logged() {
    let server = Server::new();
    server.backup("groveauth", SUNDAY, "job-0");
    server.objects.lose("2024-12-08/groveauth.sql");
    for method in [Method::GET, Method::HEAD] {
        let answer = server.ask(method, "/download/2024-12-08/groveauth", &[bearer()], "");
        assert_eq!(answer.status, 410);
        assert!(answer.logged.unwrap().contains("2024-12-08/groveauth.sql"));
    }
    server
        .get("/download/2024-12-08/groveauth")
        .problem(410, "dump-lost");
}

#[test]
fn an_unknown_parameter_is_refused_rather_than_ignored() {
    let server = Server::new();
    server.backup("groveauth", SUNDAY, "job-0");
    let problem = server
        .get("/download/2024-12-08/groveauth?jobs=x")
        .problem(400, "invalid-parameter");
    assert_eq!(problem["field"], "jobs");
}
