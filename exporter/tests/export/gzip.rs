//! Dumps that are stored as gzip.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use serde_json::json;
use shared::dump::{hex, sha256};
use shared::native::Fault;
use testkit::{d1, fingerprint, restore};

use crate::bench::{Bench, DUMP, MANIFEST, adapters, assert_done};

const ZIPPED: &str = "2024-12-08/groveauth.sql.gz";

/// A bench that stores dumps as gzip.
fn zipping() -> Bench {
    let mut bench = Bench::new();
    let groveauth = bench.settings.registry.databases.iter_mut();
    for database in groveauth.filter(|database| database.name == "groveauth") {
        database.gzip = true;
    }
    bench
}

/// The same with a database of which gzip makes several parts.
fn large() -> Bench {
    let words: Vec<String> = (1..20)
        .map(|n| {
            format!(
                "printf('%08x', x * {} % 4294967291)",
                2_654_435_761_u64 + 2 * n
            )
        })
        .collect();
    let sql = format!(
        "CREATE TABLE noise (x INTEGER PRIMARY KEY, word TEXT); \
         WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 8000) \
         INSERT INTO noise SELECT x, {} FROM n",
        words.join(" || ")
    );
    zipping().in_pages(&sql)
}

fn text(bench: &Bench) -> String {
    let (object, mut text) = (bench.object(ZIPPED), String::new());
    MultiGzDecoder::new(object.as_slice())
        .read_to_string(&mut text)
        .unwrap();
    text
}

#[track_caller]
fn assert_restores(bench: &Bench, case: &str) {
    assert_eq!(bench.system.bucket.keys(), [MANIFEST, ZIPPED], "{case}");
    let (text, manifest) = (text(bench), bench.manifest(MANIFEST));
    assert_eq!(manifest.key, ZIPPED, "{case}");
    assert_eq!(manifest.sha256, hex(&sha256(text.as_bytes())), "{case}");
    let gzip = manifest.gzip.unwrap();
    let stored = u64::try_from(bench.object(ZIPPED).len()).unwrap();
    assert_eq!(gzip.size_bytes, stored, "{case}");
    let restored = d1::empty();
    restore::statement_by_statement(&restored, &text).unwrap();
    let source = fingerprint::of(bench.source.connection());
    let differences = fingerprint::differences(&source, &fingerprint::of(&restored));
    assert!(differences.is_empty(), "{case}: {differences:?}");
    let rows = bench.read("SELECT r2_key AS a, size_bytes AS b FROM backup_inventory");
    assert_eq!(rows, [json!([ZIPPED, text.len()])], "{case}");
}

#[test]
fn the_text_is_the_same_as_without() {
    let (plain, zipped) = (Bench::new(), zipping());
    assert_done(&plain.deliver("job"));
    assert_done(&zipped.deliver("job"));
    assert_eq!(text(&zipped), plain.dump(DUMP));
    assert_restores(&zipped, "");
    let sha256_of_object = hex(&sha256(&zipped.object(ZIPPED)));
    let gzip = zipped.manifest(MANIFEST).gzip.unwrap();
    assert_eq!(gzip.sha256, Some(sha256_of_object));
}

#[test]
fn a_message_that_comes_again_finds_the_backup() {
    let bench = zipping();
    bench.deliver("job");
    bench.read("UPDATE backup_results SET status = 'queued'");
    assert_done(&bench.deliver("job"));
    assert_restores(&bench, "");
}

#[test]
fn it_is_found_also_when_the_registry_says_otherwise_by_then() {
    let mut bench = zipping();
    bench.deliver("job");
    bench.read("UPDATE backup_results SET status = 'queued'");
    bench.settings.gzip = Some(false);
    assert_done(&bench.deliver("job"));
    assert_restores(&bench, "");
}

#[test]
fn parts_hold_whole_members_and_are_of_one_size() {
    let bench = large();
    assert_done(&bench.deliver("job"));
    assert_restores(&bench, "");
    let object = bench.object(ZIPPED);
    let parts = object.chunks(bench.settings.part_bytes);
    assert!(parts.len() > 4, "{}", object.len());
    for part in parts {
        let mut text = String::new();
        MultiGzDecoder::new(part).read_to_string(&mut text).unwrap();
        assert!(text.ends_with('\n'));
    }
}

#[test]
fn in_several_invocations_it_is_the_same_object_as_in_one() {
    let (one, mut several) = (large(), large());
    one.deliver("job");
    several.settings.budget_ms = 0;
    assert!(several.settle(30) > 4);
    assert_restores(&several, "");
    // The last part has the time that the export took.
    let common = one.object(ZIPPED).len() / one.settings.part_bytes * one.settings.part_bytes;
    assert!(one.object(ZIPPED)[..common] == several.object(ZIPPED)[..common]);
}

#[test]
fn whatever_fails_once_the_end_is_the_same() {
    let mut injected = 0;
    for adapter in 0..5 {
        for fault in [Fault::Before, Fault::Despite] {
            for nth in (0..).step_by(3) {
                let bench = large();
                let (name, faults) = adapters(&bench)[adapter].clone();
                faults.after(nth, fault);
                bench.settle(1_300);
                let not_reached = faults.clear();
                assert_restores(&bench, &format!("{name} {nth} {fault:?}"));
                if not_reached {
                    break;
                }
                injected += 1;
            }
        }
    }
    assert!(injected > 20, "only {injected} effects failed");
}
