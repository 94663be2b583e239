//! What the specification's sketch of an exporter gets wrong, row by row of the table in `docs/ARCHITECTURE.md`.

use testkit::d1;
use testkit::restore::as_one_batch;

use crate::bench::{Source, answer};
use crate::watched::Watched;

/// What the words of a transaction are refused as, or removed from.
const TRANSACTION_WORDS: [&str; 2] = ["BEGIN TRANSACTION", "COMMIT;"];

#[test]
fn errata_2_no_statement_is_about_transactions_and_no_value_looks_like_one() {
    let source = Source::of(
        "CREATE TABLE notes (a); INSERT INTO notes VALUES ('BEGIN TRANSACTION; COMMIT;'), ('commit;'), ('COMMIT');",
    );
    let text = source.dump().text;
    assert!(!TRANSACTION_WORDS.iter().any(|words| text.contains(words)));
    source.assert_restores();
}

#[test]
fn errata_2_words_in_a_definition_that_wrangler_refuses_are_warned_of() {
    let source = Source::of("CREATE VIEW \"a\nview\" AS SELECT 'BEGIN TRANSACTION' AS a");
    let warnings = source.dump().manifest.warnings;
    assert_eq!(
        warnings,
        [
            "The view `a view` has the words BEGIN TRANSACTION in its definition: `wrangler d1 execute --local` refuses them."
        ]
    );
}

#[test]
fn errata_3_a_restore_over_live_data_keeps_what_cascades() {
    let source = Source::of(
        "CREATE TABLE sessions (id INTEGER PRIMARY KEY, user_id NOT NULL REFERENCES users ON DELETE CASCADE);
         CREATE TABLE users (id TEXT PRIMARY KEY);
         INSERT INTO users VALUES ('ada'); INSERT INTO sessions VALUES (1, 'ada'), (2, 'ada');",
    );
    let live = source.restored();
    as_one_batch(&live, &source.dump().text).unwrap();
    assert_eq!(answer(&live, "SELECT count(*) FROM sessions"), "2");
    source.assert_restores();
}

#[test]
fn errata_4_indexes_triggers_views_and_counters_come_back() {
    let source = Source::of(
        "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a);
         CREATE INDEX by_a ON t (a); CREATE VIEW v AS SELECT a FROM t;
         CREATE TRIGGER g AFTER DELETE ON t BEGIN INSERT INTO t (a) VALUES ('again'); END;
         INSERT INTO t VALUES (41, 'x'); DELETE FROM t;",
    );
    let objects =
        "SELECT name FROM sqlite_schema WHERE type IN ('index', 'trigger', 'view') ORDER BY 1";
    assert_eq!(source.restored_answer(objects), "by_a\ng\nv");
    assert_eq!(
        source.restored_answer("SELECT seq FROM sqlite_sequence"),
        "42"
    );
    source.assert_restores();
}

#[test]
fn errata_5_values_that_javascript_changes_are_the_same() {
    let source = Source::of(
        "CREATE TABLE t (a); INSERT INTO t VALUES (9007199254740993), (1.0), (9e999), (x'00ff'), (CAST(x'ff' AS TEXT));",
    );
    let values = source.restored_answer("SELECT typeof(a), quote(a), hex(a) FROM t");
    assert_eq!(
        values,
        "integer 9007199254740993 39303037313939323534373430393933\nreal 1.0 312E30\n\
         real 9.0e+999 496E66\nblob X'00FF' 00FF\ntext '\u{fffd}' FF"
    );
    source.assert_restores();
}

#[test]
fn errata_6_tables_that_only_look_reserved_are_in_the_dump() {
    let source = Source::of(
        "CREATE TABLE scfg (a); CREATE TABLE sqlitewannabe (a); CREATE TABLE xcf_kv (a); CREATE TABLE _CF (a);
         INSERT INTO scfg VALUES (1);",
    );
    let tables = source.dump().manifest.tables;
    let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
    assert_eq!(names, ["scfg", "sqlitewannabe", "xcf_kv", "_CF"]);
    source.assert_restores();
}

#[test]
fn errata_6_tables_of_d1_and_of_sqlite_are_not() {
    let source = Source::of(
        "CREATE TABLE _cf_KV (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID; INSERT INTO _cf_KV VALUES ('secret', 1);
         CREATE TABLE t (a); CREATE INDEX i ON t (a); INSERT INTO t VALUES (1); ANALYZE;",
    );
    let text = source.dump().text;
    assert!(!text.contains("_cf_KV") && !text.contains("secret") && !text.contains("sqlite_stat1"));
    source.assert_restores();
}

#[test]
fn errata_7_no_statement_is_longer_than_d1_takes() {
    let source = Source::of(
        "CREATE TABLE t (a, b); INSERT INTO t VALUES (zeroblob(1900000), NULL), (hex(zeroblob(950000)), 1);",
    );
    let dumped = source.dump();
    let longest = dumped
        .statements()
        .iter()
        .map(|sql| sql.len())
        .max()
        .unwrap();
    assert!(
        (98_000..=d1::LONGEST_STATEMENT).contains(&longest),
        "{longest}"
    );
    source.assert_restores();
}

#[test]
fn errata_8_every_table_is_read_once_in_the_order_of_its_key() {
    let source = Source::of(
        "CREATE TABLE t (a); CREATE TABLE w (a PRIMARY KEY) WITHOUT ROWID; INSERT INTO t VALUES (1); INSERT INTO w VALUES (1);",
    );
    let watched = Watched::new(&source);
    watched.dump().unwrap();
    let asked = watched.asked();
    for (table, order) in [
        ("\"t\" AS t", "t.rowid AS k "),
        ("\"w\" AS t", " NOT INDEXED"),
    ] {
        let reads: Vec<&String> = asked
            .iter()
            .filter(|sql| sql.contains(&format!("FROM {table}")))
            .collect();
        assert!(reads.len() == 1 && reads[0].contains(order), "{reads:?}");
    }
    let has_range = |sql: &String| sql.replace("LIMIT -1", "").contains("LIMIT");
    assert!(!asked.iter().any(has_range));
}

#[test]
fn errata_10_full_text_tables_are_made_again_and_their_parts_left_out() {
    let source = Source::of(
        "CREATE VIRTUAL TABLE docs USING fts5(a); INSERT INTO docs (rowid, a) VALUES (7, 'some words');",
    );
    let dumped = source.dump();
    assert!(!dumped.text.contains("docs_"));
    assert_eq!(
        source.restored_answer("SELECT rowid FROM docs('words')"),
        "7"
    );
    source.assert_restores();
}

#[test]
fn errata_16_sizes_are_bytes() {
    let dumped =
        Source::of("CREATE TABLE t (a); INSERT INTO t VALUES ('\u{1f333}\u{1f333}')").dump();
    assert!(dumped.text.encode_utf16().count() < dumped.text.len());
    assert_eq!(
        dumped.manifest.size_bytes,
        u64::try_from(dumped.text.len()).unwrap()
    );
    dumped.assert_has(&format!("-- Size: {} bytes", dumped.text.len()));
}
