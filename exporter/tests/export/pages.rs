//! A database that does not fit one transaction.

use serde_json::json;
use shared::delivery::Fate;
use shared::manifest::Consistency;
use shared::native::{Fault, MemoryObjects};
use testkit::{d1, fingerprint, restore};

use crate::bench::{Bench, DUMP, MANIFEST, adapters, assert_done, assert_retried, said};

/// A bench whose database is exported in pages of several parts.
fn large() -> Bench {
    Bench::new().in_pages(
            "WITH RECURSIVE n(x) AS (SELECT 3 UNION ALL SELECT x + 1 FROM n WHERE x < 9000) \
             INSERT INTO users SELECT x, 'walker ' || x || replace(hex(zeroblob(40)), '00', 'ü') FROM n; \
             CREATE TABLE paths (a TEXT, b TEXT, PRIMARY KEY (a COLLATE NOCASE DESC, b)) WITHOUT ROWID; \
             INSERT INTO paths SELECT 'p' || (id % 7), id FROM users; \
             INSERT INTO users VALUES (10000, replace(hex(zeroblob(12000)), '00', '🍂'))",
    )
}

/// The same, of which the first part is stored; each invocation stores one.
fn begun() -> Bench {
    let mut bench = large();
    bench.settings.budget_ms = 0;
    bench.deliver("job");
    bench
}

/// The dump but for when it was made, and how long that took.
fn content(bench: &Bench) -> String {
    let dump = bench.dump(DUMP);
    let end = dump.find("-- Backup Complete").unwrap();
    let lines = dump[..end].lines();
    lines
        .filter(|line| !line.starts_with("-- Generated"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Whether what is stored restores the source, and says of itself what it is.
#[track_caller]
fn assert_restores(bench: &Bench, case: &str) {
    assert_eq!(bench.system.bucket.keys(), [MANIFEST, DUMP], "{case}");
    let (dump, manifest) = (bench.dump(DUMP), bench.manifest(MANIFEST));
    assert_eq!(
        manifest.size_bytes,
        u64::try_from(dump.len()).unwrap(),
        "{case}"
    );
    let hash = shared::dump::hex(&shared::dump::sha256(dump.as_bytes()));
    assert_eq!(manifest.sha256, hash, "{case}");
    let restored = d1::empty();
    restore::statement_by_statement(&restored, &dump).unwrap();
    let source = fingerprint::of(bench.source.connection());
    let differences = fingerprint::differences(&source, &fingerprint::of(&restored));
    assert!(differences.is_empty(), "{case}: {differences:?}");
    let rows = bench.read("SELECT r2_key AS a, sha256 AS b FROM backup_inventory");
    assert_eq!(rows, [json!([DUMP, hash])], "{case}");
    assert_eq!(
        bench.read("SELECT 1 FROM export_checkpoints").len(),
        0,
        "{case}"
    );
}

#[test]
fn it_is_stored_in_parts_and_says_that_it_is_paged() {
    let bench = large();
    assert_done(&bench.deliver("job"));
    assert_restores(&bench, "");
    assert_eq!(bench.manifest(MANIFEST).consistency, Consistency::Paged);
    assert!(bench.dump(DUMP).contains("-- Consistency: paged\n"));
    assert!(bench.dump(DUMP).len() > 5 * bench.settings.part_bytes);
    assert_eq!(bench.system.bucket.unfinished(), 0);
}

#[test]
fn a_part_holds_whole_statements() {
    let bench = large();
    bench.deliver("job");
    let dump = bench.dump(DUMP);
    for end in (bench.settings.part_bytes..dump.len()).step_by(bench.settings.part_bytes) {
        let line = &dump[end..].lines().next().unwrap();
        assert!(dump[..end].ends_with('\n'));
        assert!(
            ["INSERT ", "DELETE ", "-- ", "PRAGMA ", ""]
                .iter()
                .any(|start| line.starts_with(start)),
            "{line:.80}"
        );
    }
}

#[test]
fn when_the_budget_is_spent_another_invocation_goes_on() {
    let mut bench = large();
    bench.settings.budget_ms = 0;
    let deliveries = bench.settle(30);
    assert!(deliveries > 4, "{deliveries}");
    assert_eq!(
        bench.system.exports.messages().len() + 1,
        deliveries as usize
    );
    assert_restores(&bench, "");
}

#[test]
fn so_it_does_when_the_runtime_is_about_to_end_this_one() {
    let bench = large();
    bench.system.isolate.set_near_cpu_limit(true);
    bench.deliver("job");
    assert_eq!(bench.system.exports.messages().len(), 1);
    bench.system.isolate.set_near_cpu_limit(false);
    assert_eq!(bench.settle(30), 1);
    assert_restores(&bench, "");
}

#[test]
fn an_export_in_several_invocations_is_the_same_as_in_one() {
    let (one, mut several) = (large(), large());
    one.deliver("job");
    several.settings.budget_ms = 0;
    several.settle(30);
    assert_eq!(content(&one), content(&several));
}

#[test]
fn how_far_it_has_come_is_in_the_catalogue() {
    let bench = begun();
    bench.deliver("job");
    let rows = bench.read("SELECT row_count > 0 AS a, size_bytes AS b FROM export_checkpoints");
    assert_eq!(rows, [json!([1, 2 * bench.settings.part_bytes])]);
}

#[test]
fn of_several_invocations_the_one_that_took_most_memory_counts() {
    let mut bench = large();
    bench.settings.budget_ms = 0;
    for megabytes in [7, 9, 8] {
        bench.system.isolate.set_peak(megabytes << 20);
        bench.deliver("job");
    }
    let peak = "SELECT peak_wasm_bytes AS a FROM backup_results";
    assert_eq!(bench.read(peak), [json!([9 << 20])]);
    bench.settle(30);
    assert_eq!(bench.read(peak), [json!([9 << 20])]);
}

#[test]
fn whatever_fails_once_the_end_is_the_same() {
    let undisturbed = large();
    undisturbed.deliver("job");
    let expected = content(&undisturbed);
    let mut injected = 0;
    for adapter in 0..5 {
        for fault in [Fault::Before, Fault::Despite] {
            for nth in 0.. {
                let mut bench = large();
                bench.settings.budget_ms = 100_000;
                let (name, faults) = adapters(&bench)[adapter].clone();
                faults.after(nth, fault);
                for _ in 0..8 {
                    bench.deliver("job");
                    bench.system.clock.advance(1_300);
                    if bench.result("job").0 == "success" {
                        break;
                    }
                }
                let not_reached = faults.clear();
                let case = format!("{name} {nth} {fault:?}");
                assert_restores(&bench, &case);
                assert!(content(&bench) == expected, "{case}: another dump");
                if not_reached {
                    break;
                }
                injected += 1;
            }
        }
    }
    assert!(injected > 100, "only {injected} effects failed");
}

#[test]
fn a_schema_that_changes_begins_the_export_anew() {
    let bench = begun();
    bench
        .source
        .connection()
        .execute_batch("CREATE INDEX later ON users (name)")
        .unwrap();
    assert_retried(&bench.deliver("job"), "SchemaChanged");
    assert_eq!(bench.system.bucket.unfinished(), 0);
    bench.settle(30);
    assert_restores(&bench, "");
}

#[test]
fn an_upload_that_is_gone_begins_the_export_anew() {
    let bench = begun();
    bench.system.bucket.forget_uploads();
    assert_retried(&bench.deliver("job"), "does not exist");
    bench.settle(30);
    assert_restores(&bench, "");
}

#[test]
fn a_key_that_somebody_takes_meanwhile_stays_theirs() {
    let bench = begun();
    bench.system.bucket.place(DUMP, b"not ours");
    bench.settle(30);
    assert_eq!(bench.dump(DUMP), "not ours");
    assert!(
        bench
            .dump("2024-12-08/groveauth-job.sql")
            .contains("-- Backup Complete")
    );
}

#[test]
fn an_export_that_takes_too_long_fails_and_leaves_nothing() {
    let bench = begun();
    bench.system.clock.advance(7 * 3600);
    let exported = bench.deliver("job");
    assert_eq!(exported.fate, Fate::Ack);
    assert!(said(&exported.failures).contains("not made within 6 hours of its job"));
    assert_eq!(bench.result("job").0, "failed");
    assert_eq!(bench.system.bucket.unfinished(), 0);
    assert_eq!(bench.read("SELECT 1 FROM export_checkpoints").len(), 0);
}

#[test]
fn rows_that_come_and_go_meanwhile_do_no_harm() {
    let bench = begun();
    bench
        .source
        .connection()
        .execute_batch("DELETE FROM users WHERE id < 400; INSERT INTO users VALUES (11000, 'late'); UPDATE users SET name = 'other' WHERE id > 800")
        .unwrap();
    bench.settle(30);
    let restored = d1::empty();
    restore::statement_by_statement(&restored, &bench.dump(DUMP)).unwrap();
    let last: i64 = restored
        .query_row("SELECT max(id) FROM users", [], |row| row.get(0))
        .unwrap();
    assert_eq!(last, 11_000);
}

/// The same bench with parts of another size.
fn with_parts_of(mut bench: Bench, bytes: usize) -> Bench {
    bench.system.bucket = MemoryObjects::with_parts_of(bytes);
    bench.settings.part_bytes = bytes;
    bench
}

/// The last part was once filled up like the others.
#[test]
fn nothing_comes_after_the_footer_wherever_a_part_ends() {
    // Parts of which the last one is nearly full.
    let one = with_parts_of(large(), 10_000_000);
    one.deliver("job");
    let least = one.dump(DUMP).len();
    for bytes in (0..60).map(|n| least / 2 + 400 * n) {
        let bench = with_parts_of(large(), bytes);
        bench.deliver("job");
        let dump = bench.dump(DUMP);
        assert!(dump.ends_with("====\n"), "{bytes}");
        let (_, footer) = dump.rsplit_once("-- Size: ").unwrap();
        let size = footer.split(' ').next().unwrap().replace(',', "");
        assert_eq!(size, dump.len().to_string(), "{bytes}");
    }
}

/// How a postponed range was read was once forgotten, and what a part begins with judged in two ways.
#[test]
fn an_export_is_the_same_in_several_invocations_wherever_a_part_ends() {
    let mixed = |bytes| {
        let bench = Bench::new().in_pages(
                "CREATE TABLE mixed (id INTEGER PRIMARY KEY, v); \
                 WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 600) INSERT INTO mixed \
                 SELECT x, CASE WHEN x % 10 = 0 THEN zeroblob(x * 7919 % 62000) WHEN x % 37 = 0 THEN CAST(x'ff' AS TEXT) ELSE x END FROM n",
        );
        with_parts_of(bench, bytes)
    };
    for bytes in (150_000..190_000).step_by(4_000) {
        let (one, mut several) = (mixed(bytes), mixed(bytes));
        one.deliver("job");
        several.settings.budget_ms = 0;
        assert!(several.settle(30) > 4);
        assert!(content(&one) == content(&several), "parts of {bytes}");
    }
}
