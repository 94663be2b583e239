//! Every effect of an export fails once, before or although it happened; the end is always the same.

use serde_json::json;
use shared::delivery::Fate;
use shared::native::Fault;

use crate::bench::{Bench, DUMP, MANIFEST, adapters};

/// Longer than any lease.
const HOUR: i64 = 3600;

/// Delivers until the result has ended, as the queue would.
fn settle(bench: &Bench) {
    for _ in 0..6 {
        let fate = bench.deliver("job").fate;
        bench.system.clock.advance(HOUR);
        if fate == Fate::Ack && bench.result("job").0 == "success" {
            return;
        }
    }
    panic!("not settled: {:?}", bench.result("job"));
}

#[test]
fn whatever_fails_once_there_is_one_backup_in_the_end() {
    let mut injected = 0;
    for adapter in 0..5 {
        for fault in [Fault::Before, Fault::Despite] {
            for nth in 0..8 {
                let bench = Bench::new();
                let (name, faults) = adapters(&bench)[adapter].clone();
                faults.after(nth, fault);
                settle(&bench);
                injected += u32::from(!faults.clear());
                let case = format!("{name} {nth} {fault:?}");
                assert_eq!(bench.system.bucket.keys(), [MANIFEST, DUMP], "{case}");
                assert_eq!(bench.result("job").0, "success", "{case}");
                let rows = bench.read("SELECT r2_key AS a, sha256 AS b FROM backup_inventory");
                let manifest = bench.manifest(MANIFEST);
                assert_eq!(rows, [json!([DUMP, manifest.sha256])], "{case}");
                let dump = bench.dump(DUMP);
                let hash: String = shared::dump::sha256(dump.as_bytes())
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect();
                assert_eq!(hash, manifest.sha256, "{case}");
            }
        }
    }
    assert!(injected >= 18, "only {injected} effects failed");
}
