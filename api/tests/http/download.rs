//! `/download/:date/:db`.

use axum::http::Method;
use serde_json::json;

use crate::server::{Answer, DAY, SUNDAY, Server, bearer};

const DUMP: &str = "/download/2024-12-08/groveauth";

fn stored() -> Server {
    let server = Server::new();
    server.backup("groveauth", SUNDAY, "job-0");
    server
}

fn get_with(server: &Server, path: &str, header: &'static str, value: &str) -> Answer {
    server.ask(
        Method::GET,
        path,
        &[bearer(), (header, value.to_owned())],
        "",
    )
}

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
        "attachment; filename=\"groveauth-2024-12-08.sql\"; filename*=UTF-8''groveauth-2024-12-08.sql"
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
        "attachment; filename=\"groveauth-2024-12-08.sql.gz\"; filename*=UTF-8''groveauth-2024-12-08.sql.gz"
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

#[test]
fn a_part_comes_with_its_place_and_the_digest_of_the_whole() {
    let server = stored();
    let whole = server.get(DUMP);
    let part = get_with(&server, DUMP, "range", "bytes=3-11");
    assert_eq!(part.status, 206);
    assert_eq!(part.text(), "groveauth");
    assert_eq!(part.header("content-range"), "bytes 3-11/22");
    assert_eq!(part.header("content-length"), "9");
    assert_eq!(part.header("accept-ranges"), "bytes");
    assert_eq!(
        part.header("repr-digest"),
        "sha-256=:XGzN2djPJlrfBFrdMJRaAwxlXW/5Hcxw+D2uXdA+U38=:"
    );
    for header in ["etag", "repr-digest", "last-modified"] {
        assert_eq!(part.header(header), whole.header(header), "{header}");
    }
    assert_eq!(
        part.header("last-modified"),
        "Sun, 08 Dec 2024 03:00:00 GMT"
    );
}

#[test]
fn a_broken_download_goes_on_only_with_the_same_dump() {
    let server = stored();
    let etag = server.get(DUMP).header("etag").to_owned();
    let go_on = |etag: &str| {
        let headers = [
            bearer(),
            ("range", "bytes=20-".to_owned()),
            ("if-range", etag.to_owned()),
        ];
        server.ask(Method::GET, DUMP, &headers, "")
    };
    assert_eq!(go_on(&etag).status, 206);
    let other = go_on("\"other\"");
    assert_eq!((other.status.as_u16(), other.text().len()), (200, 22));
}

#[test]
fn who_has_the_dump_is_told_so() {
    let server = stored();
    let etag = server.get(DUMP).header("etag").to_owned();
    let answer = get_with(&server, DUMP, "if-none-match", &etag);
    assert_eq!(answer.status, 304);
    assert!(answer.body.is_empty());
    assert_eq!(answer.header("etag"), etag);
}

#[test]
fn who_wants_another_dump_or_bytes_that_are_not_there_is_refused() {
    let server = stored();
    get_with(&server, DUMP, "if-match", "\"other\"").problem(412, "precondition-failed");
    let answer = get_with(&server, DUMP, "range", "bytes=22-");
    answer.problem(416, "range-not-satisfiable");
    assert_eq!(answer.header("content-range"), "bytes */22");
}

#[test]
fn a_head_request_has_no_ranges() {
    let server = stored();
    let headers = [bearer(), ("range", "bytes=0-1".to_owned())];
    let head = server.ask(Method::HEAD, DUMP, &headers, "");
    assert_eq!(head.status, 200);
    assert_eq!(head.header("content-length"), "22");
}

#[test]
fn an_envelope_makes_one_transaction_of_a_dump() {
    let server = stored();
    let path = format!("{DUMP}?envelope=transaction");
    let answer = server.get(&path);
    let expected = "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n-- groveauth by job-0\nCOMMIT;\nPRAGMA foreign_keys=ON;\n";
    assert_eq!(answer.text(), expected);
    assert_eq!(answer.header("content-length"), expected.len().to_string());
    assert_eq!(answer.header("repr-digest"), "");
    assert_ne!(answer.header("etag"), server.get(DUMP).header("etag"));
    let part = get_with(&server, &path, "range", "bytes=40-70");
    assert_eq!(part.text(), expected[40..71]);
}

#[test]
fn an_envelope_around_gzip_is_gzip() {
    let server = stored();
    server.zip("groveauth", SUNDAY);
    let answer = server.get(&format!("{DUMP}?envelope=transaction"));
    let members = answer
        .body
        .windows(2)
        .filter(|bytes| *bytes == [0x1f, 0x8b]);
    assert_eq!(members.count(), 3);
}

#[test]
fn an_unknown_envelope_is_refused() {
    let problem = stored()
        .get(&format!("{DUMP}?envelope=letter"))
        .problem(400, "invalid-parameter");
    assert_eq!(problem["field"], "envelope");
}
