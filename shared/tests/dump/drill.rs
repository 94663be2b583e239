//! Restore drills: what passes, and what does not.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use pollster::block_on;
use shared::drill::{DrillError, Progress, Verdict, advance};
use shared::manifest::{Gzip, Manifest};
use shared::native::{Fault, MemoryObjects, NativeEngine};
use testkit::fingerprint::differences;
use testkit::random::RandomDatabase;
use testkit::restore::statement_by_statement;

use crate::bench::{Dumped, Source, clock};

const KEY: &str = "2024-12-08/groveauth.sql";
const TABLES: &str = "
    CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, data BLOB, weight REAL);
    CREATE TABLE notes (id INTEGER PRIMARY KEY, user INTEGER REFERENCES users (id), text TEXT);
    CREATE INDEX names ON users (name);
    CREATE TRIGGER kept BEFORE DELETE ON notes BEGIN SELECT raise(IGNORE); END;
    INSERT INTO users (name, data, weight) VALUES ('Ada', x'00ff', 1.5), ('it''s', NULL, -0.5), ('caf\u{e9}', x'', 1e300);
    INSERT INTO notes VALUES (1, 1, 'first'), (2, 1, 'second; third'), (3, 2, NULL);";

fn slice(
    engine: &NativeEngine,
    bucket: &MemoryObjects,
    manifest: &Manifest,
) -> Result<Progress, DrillError> {
    block_on(advance(engine, bucket, &clock(), manifest, 0))
}

/// The verdict about a text, by slices as short as can be.
fn verdict_on(text: &[u8], manifest: &Manifest) -> Verdict {
    let bucket = MemoryObjects::default();
    bucket.place(KEY, text);
    let engine = NativeEngine::empty();
    loop {
        match slice(&engine, &bucket, manifest) {
            Ok(Progress::Continues(_)) => {}
            Ok(Progress::Ended(verdict)) => return verdict,
            // As when the drill is tried again and again in vain.
            Err(error) => return Verdict::Failed(format!("could not be finished: {error:?}")),
        }
    }
}

fn stored(mut dumped: Dumped) -> Dumped {
    KEY.clone_into(&mut dumped.manifest.key);
    dumped
}

/// Whatever keeps the dumps of a random database from passing.
pub(crate) fn false_alarms(made: &RandomDatabase) -> Vec<String> {
    let source = Source::of("");
    made.fill(source.connection());
    let room = 1_000 << (made.seed % 8);
    let at_once = source.try_dump().map(Dumped::from);
    let dumps = [at_once, source.try_dump_in_pages(room)];
    let mut alarms = Vec::new();
    for dumped in dumps.into_iter().flatten().map(stored) {
        if let Verdict::Failed(why) = verdict_on(dumped.text.as_bytes(), &dumped.manifest) {
            alarms.push(format!("{:?}: {why}", dumped.manifest.consistency));
        }
    }
    alarms
}

/// A thousand places of a text and bits in them, always the same.
fn changes(length: usize) -> impl Iterator<Item = (usize, usize)> {
    let step = 6_364_136_223_846_793_005_usize;
    let next = move |seed: &usize| Some(seed.wrapping_mul(step).wrapping_add(1));
    let seeds = std::iter::successors(Some(42), next).skip(1).take(1_000);
    seeds.map(move |seed| ((seed >> 16) % length, (seed >> 8) % 8))
}

#[test]
fn a_good_backup_passes() {
    let source = Source::of(TABLES);
    for dumped in [source.dump(), source.try_dump_in_pages(1_000).unwrap()] {
        let dumped = stored(dumped);
        let verdict = verdict_on(dumped.text.as_bytes(), &dumped.manifest);
        assert_eq!(verdict, Verdict::Passed);
    }
}

#[test]
fn a_byte_that_changed_fails_the_drill() {
    let dumped = stored(Source::of(TABLES).dump());
    let changes = changes(dumped.text.len());
    for (at, bit) in changes {
        let mut text = dumped.text.clone().into_bytes();
        text[at] ^= 1 << bit;
        let verdict = verdict_on(&text, &dumped.manifest);
        assert!(matches!(verdict, Verdict::Failed(_)), "byte {at}");
    }
}

#[test]
fn a_byte_of_the_data_is_noticed_although_the_hash_of_the_text_is_right() {
    let dumped = stored(Source::of(TABLES).dump());
    for (from, to) in [
        ("'Ada'", "'Bda'"),
        ("X'00FF'", "X'01FF'"),
        ("-0.5", "-0.6"),
        ("'second", "'sekond"),
        ("(3, 2, NULL)", "(3, 1, NULL)"),
        ("('users', 3)", "('users', 4)"),
        ("ON users (name)", "ON users (data)"),
        ("raise(IGNORE)", "raise(ABORT, 'no')"),
    ] {
        let text = dumped.text.replacen(from, to, 1);
        assert_ne!(text, dumped.text, "{from}");
        let mut manifest = dumped.manifest.clone();
        manifest.size_bytes = u64::try_from(text.len()).unwrap();
        manifest.sha256 = shared::dump::hex(&shared::dump::sha256(text.as_bytes()));
        let verdict = verdict_on(text.as_bytes(), &manifest);
        assert!(matches!(verdict, Verdict::Failed(_)), "{from}: {verdict:?}");
    }
}

/// The real data that lies beside this repository, where it does.
fn chinook() -> Option<Source> {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/data/chinook.sqlite"
    );
    if !std::path::Path::new(file).exists() {
        return None;
    }
    let source = Source::of("");
    let connection = source.connection();
    let attach = format!("PRAGMA foreign_keys = OFF; ATTACH '{file}' AS c");
    connection.execute_batch(&attach).unwrap();
    for (kind, name, sql) in objects_of(connection) {
        connection.execute_batch(&sql).unwrap();
        if kind == "table" {
            let copy = format!("INSERT INTO main.\"{name}\" SELECT * FROM c.\"{name}\"");
            connection.execute_batch(&copy).unwrap();
        }
    }
    connection
        .execute_batch("DETACH c; PRAGMA foreign_keys = ON")
        .unwrap();
    Some(source)
}

/// Kind, name and definition of what is in the attached database `c`, tables first.
fn objects_of(connection: &rusqlite::Connection) -> Vec<(String, String, String)> {
    let sql = "SELECT type, name, sql FROM c.sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite~_%' ESCAPE '~' \
               ORDER BY type <> 'table'";
    let mut read = connection.prepare(sql).unwrap();
    let rows = read.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    rows.unwrap().map(Result::unwrap).collect()
}

/// The changes of single bytes that a drill lets pass, although the restored database is another one. That the hash of the
/// text is another one too is not looked at: the manifest has that of the changed text.
fn unnoticed(source: &Source, changes: impl Iterator<Item = (usize, usize)>) -> Vec<String> {
    let dumped = stored(source.dump());
    let expected = testkit::fingerprint::of(source.connection());
    let mut unnoticed = Vec::new();
    for (at, bit) in changes {
        let mut text = dumped.text.clone().into_bytes();
        text[at] ^= 1 << bit;
        let mut manifest = dumped.manifest.clone();
        manifest.sha256 = shared::dump::hex(&shared::dump::sha256(&text));
        if matches!(verdict_on(&text, &manifest), Verdict::Failed(_)) {
            continue;
        }
        let restored = testkit::d1::empty();
        // A NUL in a comment: some read on behind it, some do not.
        if text.contains(&0) {
            continue;
        }
        // What is no UTF-8 can only be in a comment here.
        let text = String::from_utf8_lossy(&text);
        let differences = match statement_by_statement(&restored, &text) {
            Ok(()) => differences(&expected, &testkit::fingerprint::of(&restored)),
            Err(error) => vec![error.to_string()],
        };
        unnoticed.extend(
            differences
                .first()
                .map(|first| format!("byte {at}, bit {bit}: {first}")),
        );
    }
    unnoticed
}

#[test]
fn every_byte_that_changes_data_or_schema_is_noticed_without_the_hash_of_the_text() {
    let source = Source::of(TABLES);
    let length = source.dump().text.len();
    assert_eq!(unnoticed(&source, changes(length)), [""; 0]);
}

#[test]
fn a_byte_that_changed_in_real_data_is_noticed_without_the_hash_of_the_text() {
    let Some(source) = chinook() else {
        println!("chinook.sqlite is not there");
        return;
    };
    let few = if std::env::var_os("CACHE_TEST_FULL").is_some() {
        1_000
    } else {
        60
    };
    let dumped = stored(source.dump());
    assert_eq!(
        verdict_on(dumped.text.as_bytes(), &dumped.manifest),
        Verdict::Passed
    );
    assert_eq!(
        unnoticed(&source, changes(dumped.text.len()).take(few)),
        [""; 0]
    );
}

/// The same dump as gzip, a member for every few lines.
fn zipped(dumped: &Dumped) -> (Vec<u8>, Manifest) {
    let mut object = Vec::new();
    let lines: Vec<&str> = dumped.text.split_inclusive(";\n").collect();
    for some in lines.chunks(3) {
        let mut member = GzEncoder::new(Vec::new(), Compression::default());
        member.write_all(some.concat().as_bytes()).unwrap();
        object.extend(member.finish().unwrap());
    }
    let mut manifest = dumped.manifest.clone();
    manifest.key = format!("{KEY}.gz");
    manifest.gzip = Some(Gzip {
        size_bytes: u64::try_from(object.len()).unwrap(),
        sha256: None,
    });
    (object, manifest)
}

fn verdict_on_gzip(object: &[u8], manifest: &Manifest) -> Verdict {
    let bucket = MemoryObjects::default();
    bucket.place(&manifest.key, object);
    let engine = NativeEngine::empty();
    loop {
        if let Progress::Ended(verdict) = slice(&engine, &bucket, manifest).unwrap() {
            return verdict;
        }
    }
}

#[test]
fn a_good_backup_passes_as_gzip_too() {
    let source = Source::of(TABLES);
    for dumped in [source.dump(), source.try_dump_in_pages(1_000).unwrap()] {
        let (object, manifest) = zipped(&stored(dumped));
        assert_eq!(verdict_on_gzip(&object, &manifest), Verdict::Passed);
    }
}

#[test]
fn a_byte_of_gzip_that_changed_fails_the_drill() {
    let (object, manifest) = zipped(&stored(Source::of(TABLES).dump()));
    let plain = verdict_on_gzip(&object, &manifest);
    assert_eq!(plain, Verdict::Passed);
    let changed = changes(object.len()).take(200).filter(|(at, bit)| {
        let mut object = object.clone();
        object[*at] ^= 1 << bit;
        verdict_on_gzip(&object, &manifest) == Verdict::Passed
    });
    // What nobody reads: the moment and the system in a member's head.
    for (at, bit) in changed {
        let mut text = Vec::new();
        let mut object = object.clone();
        object[at] ^= 1 << bit;
        MultiGzDecoder::new(object.as_slice())
            .read_to_end(&mut text)
            .unwrap();
        assert_eq!(
            shared::dump::hex(&shared::dump::sha256(&text)),
            manifest.sha256
        );
    }
}

#[test]
fn a_drill_that_fails_half_way_at_any_step_ends_the_same() {
    let source = Source::of(TABLES);
    let dumped = stored(source.try_dump_in_pages(1_000).unwrap());
    for fault in [Fault::Before, Fault::Despite] {
        let bucket = MemoryObjects::default();
        bucket.place(KEY, dumped.text.as_bytes());
        let engine = NativeEngine::empty();
        let mut failures = 0;
        loop {
            // Each slice fails once before it works.
            engine.faults().next(fault);
            failures += usize::from(slice(&engine, &bucket, &dumped.manifest).is_err());
            engine.faults().clear();
            if let Progress::Ended(verdict) = slice(&engine, &bucket, &dumped.manifest).unwrap() {
                assert_eq!(verdict, Verdict::Passed);
                break;
            }
        }
        assert!(failures > 1);
    }
}

#[test]
fn what_is_gone_or_cut_off_fails() {
    let dumped = stored(Source::of(TABLES).dump());
    let half = &dumped.text.as_bytes()[..dumped.text.len() / 2];
    for text in [half, b""] {
        let verdict = verdict_on(text, &dumped.manifest);
        assert!(matches!(verdict, Verdict::Failed(_)), "{verdict:?}");
    }
    let gone = slice(
        &NativeEngine::empty(),
        &MemoryObjects::default(),
        &dumped.manifest,
    );
    assert!(matches!(gone, Ok(Progress::Ended(Verdict::Failed(_)))));
}

#[test]
fn a_circle_of_tables_is_opened_at_the_same_key_when_it_is_restored() {
    let source = Source::of(
        "CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a (id));
         CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER REFERENCES b (id));
         INSERT INTO b VALUES (1, NULL), (2, NULL);
         INSERT INTO a VALUES (5, 1), (6, 2);
         UPDATE b SET a = id + 4;",
    );
    let dumped = stored(source.dump());
    let verdict = verdict_on(dumped.text.as_bytes(), &dumped.manifest);
    assert_eq!(verdict, Verdict::Passed);
}

#[test]
fn a_backup_that_needs_a_table_which_is_left_out_is_unproved() {
    let source = Source::of(
        "CREATE TABLE big (a); CREATE TABLE log (a);
         CREATE TRIGGER logged AFTER INSERT ON log BEGIN INSERT INTO big VALUES (1); END;
         CREATE VIEW all_of_big AS SELECT * FROM big;",
    );
    let dumped = stored(source.without(&["big"], &[]).dump());
    let verdict = verdict_on(dumped.text.as_bytes(), &dumped.manifest);
    // What uses a missing table may be made all the same.
    assert!(!matches!(verdict, Verdict::Failed(_)), "{verdict:?}");
    let text = dumped.text.replace(
        "CREATE TABLE log",
        "INSERT INTO big VALUES (1);\nCREATE TABLE log",
    );
    let unproved = verdict_on(text.as_bytes(), &dumped.manifest);
    assert!(matches!(unproved, Verdict::Unproved(_)), "{unproved:?}");
    let broken = text.replace("INTO big", "INTO bigger");
    let failed = verdict_on(broken.as_bytes(), &dumped.manifest);
    assert!(matches!(failed, Verdict::Failed(_)), "{failed:?}");
}
