//! Uploads of exports that ended without them.

use pollster::block_on;
use shared::native::Fault;
use shared::ports::ObjectStore;

use crate::bench::{Bench, NOW};

/// When the checkpoint was saved: not yet a day ago.
const SAVED: i64 = NOW - 86_399;

/// A bench with an unfinished upload and its checkpoint, of a result that is `status`.
fn uploading(status: &str) -> Bench {
    let bench = Bench::new();
    let upload = block_on(
        bench
            .bucket
            .begin_upload("1/a.sql", "application/sql", "job"),
    )
    .unwrap();
    bench.write(&format!(
        "INSERT INTO backup_jobs (job_id, started_at, status, trigger_type, total_databases) VALUES ('job', {NOW}, 'running', 'manual', 1);
         INSERT INTO backup_results (job_id, database_name, database_id, status, started_at, lease_token, lease_expires_at) \
         VALUES ('job', 'a', 'a', '{status}', 1, 'token', 9999999999);
         INSERT INTO export_checkpoints (job_id, database_name, saved_at, row_count, size_bytes, state) \
         VALUES ('job', 'a', {SAVED}, 1, 1, '{{\"key\":\"1/a.sql\",\"upload\":\"{upload}\"}}')"
    ));
    bench
}

fn checkpoints(bench: &Bench) -> usize {
    bench.read("SELECT job_id FROM export_checkpoints").len() / "job".len()
}

#[test]
fn the_upload_of_an_export_that_failed_is_aborted() {
    let bench = uploading("failed");
    assert_eq!(bench.round().report.aborted, 1);
    assert_eq!((bench.bucket.unfinished(), checkpoints(&bench)), (0, 0));
    assert_eq!(bench.round().report.aborted, 0);
}

#[test]
fn an_export_that_may_go_on_keeps_its_upload() {
    for status in ["queued", "running"] {
        let bench = uploading(status);
        assert_eq!(bench.round().report.aborted, 0);
        assert_eq!((bench.bucket.unfinished(), checkpoints(&bench)), (1, 1));
    }
}

#[test]
fn an_upload_that_is_gone_already_is_forgotten() {
    let bench = uploading("failed");
    bench.bucket.forget_uploads();
    assert_eq!(bench.round().report.aborted, 1);
    assert_eq!(checkpoints(&bench), 0);
}

#[test]
fn a_checkpoint_that_names_no_upload_is_forgotten() {
    let bench = uploading("failed");
    bench.write("UPDATE export_checkpoints SET state = '{}'");
    assert_eq!(bench.round().report.aborted, 1);
    assert_eq!(checkpoints(&bench), 0);
}

#[test]
fn what_fails_is_reported_and_comes_up_again() {
    for fault in [Fault::Before, Fault::Despite] {
        let bench = uploading("failed");
        bench.bucket.faults().after(0, fault);
        assert_eq!(bench.round().failures.len(), 1);
        assert_eq!(checkpoints(&bench), 1);
        assert_eq!(bench.round().report.aborted, 1);
        assert_eq!((bench.bucket.unfinished(), checkpoints(&bench)), (0, 0));
    }
}

#[test]
fn an_export_that_stands_still_for_a_day_loses_its_upload() {
    let bench = uploading("queued");
    bench.write("UPDATE backup_results SET lease_expires_at = NULL");
    assert_eq!(bench.round().report.aborted, 0);
    bench.clock.advance(1);
    assert_eq!(bench.round().report.aborted, 1);
    assert_eq!((bench.bucket.unfinished(), checkpoints(&bench)), (0, 0));
}

#[test]
fn an_export_that_somebody_holds_keeps_its_upload_however_old() {
    let bench = uploading("running");
    bench.clock.advance(86_400);
    assert_eq!(bench.round().report.aborted, 0);
    assert_eq!((bench.bucket.unfinished(), checkpoints(&bench)), (1, 1));
}
