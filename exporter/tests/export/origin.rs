//! What a manifest says of where its backup comes from.

use pollster::block_on;
use serde_json::json;
use shared::catalogue::reconciliation::{Marks, adopt as record};
use shared::ports::{Clock, Database, Listed};
use shared::reconciliation::adopt;

use crate::bench::{Bench, DUMP, MANIFEST};

const ROW: &str = "SELECT json_array(r2_key, database_name, backup_date, size_bytes, table_count, row_count, created_at, expires_at, \
    job_id, sha256, consistency, deleted_at, pinned_at, verified_at, lost_at, damage) AS a FROM backup_inventory";
const RESULT: &str = "SELECT json_array(job_id, database_name, database_id, status, r2_key, size_bytes, table_count, row_count, \
    error_message) AS a FROM backup_results";

#[test]
fn a_row_adopted_from_the_manifest_is_the_one_that_the_exporter_wrote() {
    let bench = Bench::new();
    bench.deliver("job");
    let before = [bench.read(ROW), bench.read(RESULT)];
    assert_eq!(before[0].len(), 1);
    bench.read("DELETE FROM backup_inventory");
    bench.read("DELETE FROM backup_results");
    bench.read("DELETE FROM backup_jobs");
    let dump = Listed {
        key: DUMP.to_owned(),
        size: bench.object(DUMP).len().try_into().unwrap(),
    };
    let adopted = adopt(&bench.object(MANIFEST), &dump, |_| 0).unwrap();
    assert_eq!(adopted.damage, None);
    bench.system.clock.advance(86_400);
    let later = bench.system.clock.now();
    let statements = record(&adopted, &Marks::default(), later);
    block_on(bench.system.catalogue.batch(&statements)).unwrap();
    assert_eq!([bench.read(ROW), bench.read(RESULT)], before);
    let job = bench
        .read("SELECT status AS a, total_databases AS b, successful_count AS c FROM backup_jobs");
    assert_eq!(job, [json!(["completed", 1, 1])]);
}

#[test]
fn the_deadline_of_a_redriven_result_counts_from_there() {
    let bench = Bench::new();
    bench.system.clock.advance(100 * 3600);
    let now = bench.system.clock.now().seconds();
    bench.read(&format!("UPDATE backup_results SET redriven_at = {now}"));
    bench.deliver("job");
    assert_eq!(bench.result("job").0, "success");
    assert!(bench.system.bucket.keys().contains(&DUMP.to_owned()));
}
