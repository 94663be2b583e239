//! A new backup, compared with the one before it.

use serde_json::json;
use shared::native::Fault;

use crate::bench::{Bench, NOW};

/// A backup of job `job` with so many rows in its only table.
fn backup(bench: &Bench, job: &str, created: i64, rows: u64) {
    let key = format!("{created}/a.sql");
    bench.write(&format!(
        "INSERT INTO backup_jobs (job_id, started_at, status, trigger_type, total_databases) VALUES ('{job}', {created}, 'running', 'manual', 1);
         INSERT INTO backup_results (job_id, database_name, database_id, status, started_at, completed_at, r2_key) \
         VALUES ('{job}', 'a', 'id', 'success', {created}, {created}, '{key}');
         INSERT INTO backup_inventory (r2_key, database_name, backup_date, size_bytes, created_at, expires_at, job_id) \
         VALUES ('{key}', 'a', '2024-12-08', 1, {created}, {NOW} + 999999999, '{job}')"
    ));
    let manifest = json!({
        "format": 1, "tool": "", "database": "a", "databaseId": "", "jobId": job, "key": key, "generated": "",
        "consistency": "snapshot", "sizeBytes": 1, "sha256": "", "schemaSha256": "", "totalRows": rows,
        "tables": [{ "name": "t", "rows": rows, "offset": 0, "bytes": 1, "sha256": "" }],
    });
    let body = manifest.to_string();
    bench
        .bucket
        .place(&format!("{created}/a.manifest.json"), body.as_bytes());
}

const SHRUNK: &str = "SELECT shrunk FROM backup_inventory ORDER BY created_at";

#[test]
fn rows_that_fell_by_half_are_recorded_at_the_event() {
    let bench = Bench::new();
    backup(&bench, "first", 1, 1000);
    backup(&bench, "second", 2, 500);
    backup(&bench, "third", 3, 499);
    for job in ["first", "second", "third"] {
        bench.settled(job, "a");
    }
    let recorded = "null Since the backup before, the rows fell from 1000 to 500. null";
    assert_eq!(bench.read(SHRUNK), recorded);
}

#[test]
fn a_backup_without_a_readable_one_before_it_is_settled_all_the_same() {
    for broken in ["lost", "cut"] {
        let bench = Bench::new();
        backup(&bench, "first", 1, 1000);
        backup(&bench, "second", 2, 500);
        match broken {
            "lost" => bench.bucket.lose("1/a.manifest.json"),
            _ => bench.bucket.place("1/a.manifest.json", b"{"),
        }
        bench.settled("second", "a");
        assert_eq!(bench.read(SHRUNK), "null null", "{broken}");
    }
}

#[test]
fn a_bucket_that_fails_once_is_asked_again() {
    let event = r#"{"event":"result_settled","job_id":"second","database":"a"}"#;
    for nth in 0..2 {
        let bench = Bench::new();
        backup(&bench, "first", 1, 1000);
        backup(&bench, "second", 2, 500);
        bench.bucket.faults().after(nth, Fault::Before);
        assert!(bench.event(event).is_err());
        assert_eq!(
            bench.read("SELECT status FROM backup_jobs WHERE job_id = 'second'"),
            "completed"
        );
        bench.event(event).unwrap();
        assert!(bench.read(SHRUNK).contains("from 1000 to 500"));
    }
}
