//! `/status` and `/jobs/:id`.

use serde_json::{Value, json};

use crate::server::{DAY, NOW, SUNDAY, Server};

#[test]
fn a_new_system_is_idle_and_knows_its_next_run() {
    assert_eq!(
        Server::new().get("/status").json(),
        json!({
            "currentStatus": "idle",
            "lastBackup": null,
            "nextScheduled": "2024-12-15T03:00:00Z",
            "recentJobs": [],
            "storage": {
                "totalBackups": 0, "totalSize": "0 B", "totalSizeBytes": 0, "oldestBackup": null, "newestBackup": null
            },
            "alarms": 0
        })
    );
}

#[test]
fn the_status_has_the_fields_of_the_specification() {
    let server = Server::new();
    server.job(
        "job-1",
        SUNDAY,
        "completed",
        &[("groveauth", "success"), ("scout-db", "success")],
    );
    server.backup("groveauth", SUNDAY - 7 * DAY, "job-0");
    server.backup("groveauth", SUNDAY, "job-1");
    server.backup("scout-db", SUNDAY, "job-1");
    assert_eq!(
        server.get("/status").json(),
        json!({
            "currentStatus": "idle",
            "lastBackup": {
                "jobId": "job-1", "date": "2024-12-08", "status": "completed", "trigger": "scheduled",
                "successful": 2, "failed": 0, "totalSize": "425 KB", "totalSizeBytes": 424_800,
                "duration": "45s", "durationMs": 45_000, "completedAt": "2024-12-08T03:00:45Z"
            },
            "nextScheduled": "2024-12-15T03:00:00Z",
            "recentJobs": [{
                "jobId": "job-1", "date": "2024-12-08", "status": "completed", "trigger": "scheduled",
                "startedAt": "2024-12-08T03:00:00Z", "databases": { "successful": 2, "failed": 0, "total": 2 }
            }],
            "storage": {
                "totalBackups": 3, "totalSize": "637 KB", "totalSizeBytes": 637_200,
                "oldestBackup": "2024-12-01", "newestBackup": "2024-12-08"
            },
            "alarms": 0
        })
    );
}

#[test]
fn a_running_job_is_counted_as_it_goes_and_is_not_the_last_backup() {
    let server = Server::new();
    server.job(
        "old",
        SUNDAY,
        "failed",
        &[("groveauth", "success"), ("scout-db", "failed")],
    );
    server.job(
        "new",
        NOW - 60,
        "running",
        &[
            ("groveauth", "success"),
            ("scout-db", "running"),
            ("grovemusic-db", "queued"),
        ],
    );
    let status = server.get("/status").json();
    assert_eq!(status["currentStatus"], "running");
    assert_eq!(status["lastBackup"]["jobId"], "old");
    assert_eq!(status["lastBackup"]["status"], "failed");
    assert_eq!(status["lastBackup"]["failed"], 1);
    assert_eq!(
        status["recentJobs"][0]["databases"],
        json!({ "successful": 1, "failed": 0, "total": 3 })
    );
}

#[test]
fn the_ten_newest_jobs_come_newest_first() {
    let server = Server::new();
    for n in 0..12 {
        server.job(
            &format!("job-{n}"),
            SUNDAY - n * DAY,
            "completed",
            &[("groveauth", "success")],
        );
    }
    let status = server.get("/status").json();
    let ids: Vec<&str> = status["recentJobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| job["jobId"].as_str().unwrap())
        .collect();
    assert_eq!(ids, (0..10).map(|n| format!("job-{n}")).collect::<Vec<_>>());
}

#[test]
fn what_was_deleted_is_not_stored() {
    let server = Server::new();
    server.backup("groveauth", SUNDAY, "job-1");
    server.sql("UPDATE backup_inventory SET deleted_at = 1");
    assert_eq!(server.get("/status").json()["storage"]["totalBackups"], 0);
}

#[test]
fn a_job_shows_what_it_did_with_each_database() {
    let server = Server::new();
    server.job(
        "job-1",
        SUNDAY,
        "failed",
        &[("groveauth", "success"), ("scout-db", "failed")],
    );
    assert_eq!(
        server.get("/jobs/job-1").json(),
        json!({
            "jobId": "job-1", "date": "2024-12-08", "status": "failed", "trigger": "scheduled", "reason": null,
            "databases": 2, "successful": 1, "failed": 1, "totalSize": "212 KB", "totalSizeBytes": 212_400,
            "startedAt": "2024-12-08T03:00:00Z", "completedAt": "2024-12-08T03:00:45Z", "duration": "45s", "durationMs": 45_000,
            "error": null,
            "results": [
                {
                    "database": "groveauth", "databaseId": "id of groveauth", "status": "success", "attempts": 1,
                    "r2Key": "2024-12-08/groveauth.sql", "size": "212 KB", "sizeBytes": 212_400, "tables": 15, "rows": 1234,
                    "startedAt": "2024-12-08T03:00:00Z", "completedAt": "2024-12-08T03:00:05Z", "durationMs": 5_000, "peakWasmBytes": 12 << 20, "error": null
                },
                {
                    "database": "scout-db", "databaseId": "id of scout-db", "status": "failed", "attempts": 1,
                    "r2Key": null, "size": null, "sizeBytes": null, "tables": null, "rows": null,
                    "startedAt": "2024-12-08T03:00:00Z", "completedAt": null, "durationMs": null, "peakWasmBytes": null,
                    "error": "the database refused the statement"
                }
            ]
        })
    );
}

#[test]
fn a_job_that_does_not_exist_is_a_problem() {
    let server = Server::new();
    for id in [
        "none",
        "%20",
        "%FF",
        "' OR 1=1 --".replace(' ', "%20").as_str(),
    ] {
        let problem: Value = server
            .get(&format!("/jobs/{id}"))
            .problem(404, "no-such-job");
        assert!(problem["detail"].as_str().unwrap().contains("/status"));
    }
}

#[test]
fn a_large_database_shows_how_far_its_export_has_come() {
    let server = Server::new();
    server.job("slow", SUNDAY, "running", &[("groveauth", "running")]);
    server
        .sql("INSERT INTO export_checkpoints VALUES ('slow', 'groveauth', 0, 1200, 8388608, '{}')");
    let job = server.get("/jobs/slow").json();
    let expected = json!({ "rows": 1200, "size": "8.4 MB", "sizeBytes": 8_388_608 });
    assert_eq!(job["results"][0]["progress"], expected);
}
