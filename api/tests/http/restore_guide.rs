//! `/restore-guide/:db`.

use serde_json::{Value, json};

use crate::server::{DAY, SUNDAY, Server};

fn guide() -> Value {
    let server = Server::new();
    server.backup("groveauth", SUNDAY - 7 * DAY, "last-week");
    server.backup("groveauth", SUNDAY, "morning");
    server.backup("groveauth", SUNDAY + 3_600, "noon");
    server.get("/restore-guide/groveauth").json()
}

/// The steps of a method as one text.
fn steps(guide: &Value, method: &str) -> String {
    let steps = guide["restoreInstructions"][method]["steps"]
        .as_array()
        .unwrap();
    steps
        .iter()
        .map(|step| step.as_str().unwrap())
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn a_guide_names_the_database_as_the_registry_does() {
    let guide = guide();
    assert_eq!(guide["database"], "groveauth");
    assert_eq!(guide["databaseId"], "45eae4c7-8ae7-4078-9218-8e1677a4360f");
    assert_eq!(
        guide["description"],
        "Authentication, users, sessions, OAuth"
    );
    assert_eq!(guide["priority"], "critical");
}

#[test]
fn a_dump_that_is_stored_as_gzip_is_unpacked_first() {
    let server = Server::new();
    server.backup("groveauth", SUNDAY, "job-0");
    server.zip("groveauth", SUNDAY);
    let steps = steps(
        &server.get("/restore-guide/groveauth").json(),
        "method1_wrangler",
    );
    for expected in [
        "-o groveauth-2024-12-08.sql.gz http",
        "gunzip groveauth-2024-12-08.sql.gz; head",
        "--file=groveauth-2024-12-08.sql\n",
    ] {
        assert!(steps.contains(expected), "{steps}");
    }
}

#[test]
fn every_stored_backup_is_listed_with_an_address_of_its_own() {
    let address = "https://cache.example/download";
    assert_eq!(
        guide()["availableBackups"],
        json!([
            {
                "date": "2024-12-08", "size": "212 KB", "sizeBytes": 212_400, "jobId": "noon",
                "createdAt": "2024-12-08T04:00:00Z", "download": format!("{address}/2024-12-08/groveauth")
            },
            {
                "date": "2024-12-08", "size": "212 KB", "sizeBytes": 212_400, "jobId": "morning",
                "createdAt": "2024-12-08T03:00:00Z", "download": format!("{address}/2024-12-08/groveauth?job=morning")
            },
            {
                "date": "2024-12-01", "size": "212 KB", "sizeBytes": 212_400, "jobId": "last-week",
                "createdAt": "2024-12-01T03:00:00Z", "download": format!("{address}/2024-12-01/groveauth")
            }
        ])
    );
}

#[test]
fn the_download_step_brings_the_token_and_the_address_of_this_worker() {
    let guide = guide();
    for method in ["method1_wrangler", "method3_sqlite3"] {
        assert!(steps(&guide, method).contains(
            "curl -f -H \"Authorization: Bearer $API_TOKEN\" -o groveauth-2024-12-08.sql https://cache.example/download/2024-12-08/groveauth"
        ));
    }
}

#[test]
fn every_wrangler_command_that_executes_does_so_remotely_and_first_in_a_new_database() {
    let steps = steps(&guide(), "method1_wrangler");
    let executes: Vec<&str> = steps
        .split("npx wrangler")
        .filter(|command| command.contains("d1 execute"))
        .collect();
    assert_eq!(executes.len(), 3);
    assert!(executes.iter().all(|command| command.contains("--remote")));
    assert!(executes[0].contains("groveauth-restored --remote --file=groveauth-2024-12-08.sql"));
    assert!(executes[2].contains("execute groveauth --remote --file=groveauth-2024-12-08.sql"));
}

#[test]
fn time_travel_goes_to_the_moment_of_the_newest_backup() {
    assert!(
        steps(&guide(), "method2_timetravel")
            .contains("restore groveauth --timestamp=\"2024-12-08T04:00:00Z\"")
    );
}

#[test]
fn the_methods_have_the_names_of_the_specification() {
    let guide = guide();
    let methods = &guide["restoreInstructions"];
    assert_eq!(
        methods["method1_wrangler"]["name"],
        "Wrangler CLI (Recommended)"
    );
    assert_eq!(
        methods["method2_timetravel"]["name"],
        "D1 Time Travel (Last 30 days)"
    );
    assert!(
        methods["method1_wrangler"]["warning"]
            .as_str()
            .unwrap()
            .contains("DROP and recreate")
    );
    assert!(methods["method2_timetravel"]["note"].is_string());
}

#[test]
fn a_database_without_backups_has_a_guide_with_a_date_to_fill_in() {
    let guide = Server::new().get("/restore-guide/scout-db").json();
    assert_eq!(guide["availableBackups"], json!([]));
    assert!(steps(&guide, "method1_wrangler").contains("/download/YYYY-MM-DD/scout-db"));
}

#[test]
fn an_unknown_database_is_answered_with_the_known_ones() {
    let problem = Server::new()
        .get("/restore-guide/nobody")
        .problem(404, "no-such-database");
    assert!(
        problem["databases"]
            .as_array()
            .unwrap()
            .contains(&json!("groveauth"))
    );
}

#[test]
fn a_database_that_left_the_registry_still_has_its_guide() {
    let server = Server::new();
    server.backup("retired-db", SUNDAY, "last");
    server.job("last", SUNDAY, "completed", &[("retired-db", "success")]);
    let guide = server.get("/restore-guide/retired-db").json();
    assert_eq!(guide["databaseId"], "id of retired-db");
    assert!(steps(&guide, "method1_wrangler").contains("retired-db-2024-12-08.sql"));
}

#[test]
fn the_live_database_comes_after_a_new_one_and_its_bookmark() {
    let steps = steps(&guide(), "method1_wrangler");
    let at = |text: &str| steps.find(text).unwrap();
    assert!(at("execute groveauth-restored") < at("time-travel info groveauth"));
    assert!(at("time-travel info groveauth") < at("execute groveauth --remote"));
}

#[test]
fn there_is_a_way_for_some_tables_one_without_this_worker_and_one_without_the_token() {
    let guide = guide();
    for (method, expected) in [
        (
            "method4_tables",
            "-o groveauth-2024-12-08-tables.sql \"https://cache.example/download/2024-12-08/groveauth?table=TABLE\"",
        ),
        (
            "method4_tables",
            "d1 execute groveauth --remote --file=groveauth-2024-12-08-tables.sql",
        ),
        (
            "method5_bucket",
            "r2 object get \"grove-backups/2024-12-08/groveauth-noon.sql\" --remote --file=groveauth-2024-12-08.sql",
        ),
        (
            "method6_link",
            "POST -H \"Authorization: Bearer $API_TOKEN\" https://cache.example/backups/3/link",
        ),
    ] {
        let steps = steps(&guide, method);
        assert!(steps.contains(expected), "{steps}");
    }
}
