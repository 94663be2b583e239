//! Dumps in pages, each read by another invocation.

use pollster::block_on;
use shared::dump::PagedDump;
use shared::time::Timestamp;

use crate::bench::{Source, request};
use crate::watched::Watched;

#[track_caller]
fn assert_restores_in_pages(sql: &str) {
    assert_restores_in_pages_of(1, sql);
}

/// The same in pages of about so many bytes; of 1, each has a row.
#[track_caller]
fn assert_restores_in_pages_of(room: usize, sql: &str) {
    let source = Source::of(sql);
    let dumped = source.try_dump_in_pages(room).unwrap();
    let faults = source.faults_of(&dumped, None);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// As a literal the key is longer than a value may be, and reading its place once failed.
#[test]
fn a_key_of_a_megabyte_is_counted_and_not_compared_with() {
    assert_restores_in_pages(
        "CREATE TABLE t (k BLOB PRIMARY KEY, v) WITHOUT ROWID; \
         INSERT INTO t VALUES (x'00', 1), (zeroblob(1200000), 2), (x'01', 3), (x'02', 4)",
    );
}

/// The statement names the last row's key up to six times, and once was too long for D1.
#[test]
fn a_key_that_makes_the_statement_too_long_is_counted_and_not_compared_with() {
    assert_restores_in_pages(
        "CREATE TABLE t (k TEXT, n INTEGER, v TEXT, PRIMARY KEY (k, n)) WITHOUT ROWID; \
         INSERT INTO t SELECT replace(hex(zeroblob(9000)), '0', 'k'), value, \
         replace(hex(zeroblob(60000)), '0', 'v') FROM json_each('[1,2,3,4,5]')",
    );
}

/// A CAST has an affinity, which would turn the numbers of the column into text if it won over the column's.
#[test]
fn a_key_without_a_type_is_compared_as_it_is() {
    assert_restores_in_pages(
        "CREATE TABLE t (k PRIMARY KEY) WITHOUT ROWID; \
         WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 100) INSERT INTO t SELECT x FROM n; \
         INSERT INTO t SELECT CAST(CAST('!' || k AS BLOB) || x'00' AS TEXT) FROM t; \
         INSERT INTO t VALUES (-5.5), ('7'), (x'00'), (x'31')",
    );
}

/// How many statements read a database in pages as large as they come.
fn statements_for(sql: &str) -> usize {
    let source = Source::of(sql);
    let watched = Watched::new(&source);
    let now = Timestamp::from_seconds(0);
    let mut dump = block_on(PagedDump::begin(&watched, request(&source.omissions), now)).unwrap();
    while let Some(piece) = block_on(dump.read(8 << 20, now)).unwrap() {
        let rendered = dump.render(&piece);
        dump.accept(rendered);
    }
    watched.asked().len()
}

#[test]
fn a_few_long_rows_leave_the_others_as_fast_as_they_are() {
    let statements = statements_for(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, v);
         WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 20000) INSERT INTO t SELECT x, x FROM n;
         UPDATE t SET v = zeroblob(1500000) WHERE id IN (1, 9000)",
    );
    assert!(statements < 100, "{statements}");
}

#[test]
fn columns_that_are_set_afterwards_are_read_in_ranges_too() {
    for table in [
        "(id INTEGER PRIMARY KEY, up REFERENCES t, v)",
        "(id TEXT PRIMARY KEY, up REFERENCES t, v) WITHOUT ROWID",
        "(a INTEGER, id TEXT UNIQUE, up REFERENCES t (id), v, PRIMARY KEY (a DESC, id)) WITHOUT ROWID",
        "(id TEXT PRIMARY KEY, rowid, oid, _rowid_, up REFERENCES t, v)",
    ] {
        let column = if table.contains("(a ") { "a, id" } else { "id" };
        let value = if table.contains("(a ") {
            "x % 7, x"
        } else {
            "x"
        };
        let sql = format!(
            "CREATE TABLE t {table};
             WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 600) INSERT INTO t ({column}) SELECT {value} FROM n;
             UPDATE t SET up = CAST(id AS INTEGER) + 1 WHERE CAST(id AS INTEGER) % 5 = 0 AND CAST(id AS INTEGER) > 300 AND CAST(id AS INTEGER) < 600"
        );
        assert_restores_in_pages(&sql.replace(
            "CAST(id AS INTEGER) + 1",
            "(SELECT o.id FROM t AS o WHERE CAST(o.id AS INTEGER) = CAST(t.id AS INTEGER) + 1)",
        ));
    }
}

/// Read at once, the statements that set them were once more than a value holds.
#[test]
fn long_keys_that_are_set_afterwards_are_read_few_at_a_time() {
    assert_restores_in_pages_of(
        8 << 20,
        "CREATE TABLE t (id TEXT PRIMARY KEY, up REFERENCES t);
         WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 400)
         INSERT INTO t (id) SELECT replace(hex(zeroblob(4900)), '0', 'k') || x FROM n;
         UPDATE t SET up = (SELECT o.id FROM t AS o WHERE o.rowid = t.rowid + 1)",
    );
}

/// The dump in pages of a database in which `change` happens when all rows are read.
fn changed_meanwhile(sql: &str, change: &str) -> rusqlite::Connection {
    let source = Source::of(sql);
    let now = Timestamp::from_seconds(0);
    let request = request(&source.omissions);
    let mut dump = block_on(PagedDump::begin(&source.database, request, now)).unwrap();
    let (mut text, mut has_changed) = (String::new(), false);
    while let Some(piece) = block_on(dump.read(8 << 20, now)).unwrap() {
        let rendered = dump.render(&piece);
        text.push_str(&dump.accept(rendered));
        if text.contains("INSERT INTO") && !has_changed {
            source.connection().execute_batch(change).unwrap();
            has_changed = true;
        }
    }
    let restored = testkit::d1::empty();
    testkit::restore::statement_by_statement(&restored, &text).unwrap();
    restored
}

/// It once had the value with which its row was inserted, which the source never had.
#[test]
fn a_column_that_is_set_afterwards_and_has_changed_since_is_set_to_what_it_is_then() {
    for constraint in ["", "NOT NULL"] {
        let restored = changed_meanwhile(
            &format!(
                "CREATE TABLE t (id INTEGER PRIMARY KEY, up INTEGER {constraint} REFERENCES t); INSERT INTO t VALUES (1, 1), (2, 3), (3, 1);"
            ),
            "UPDATE t SET up = 1 WHERE id = 2",
        );
        let up: i64 = restored
            .query_row("SELECT up FROM t WHERE id = 2", [], |row| row.get(0))
            .unwrap();
        assert_eq!(up, 1, "{constraint}");
    }
}

#[test]
fn a_dump_says_of_which_tables_rows_were_counted() {
    let of = |sql: &str| {
        Source::of(sql)
            .try_dump_in_pages(1)
            .unwrap()
            .manifest
            .warnings
    };
    let warnings = of(
        "CREATE TABLE \"long\nkeys\" (k BLOB PRIMARY KEY) WITHOUT ROWID; \
         INSERT INTO \"long\nkeys\" SELECT CAST(printf('%024003d', value) AS BLOB) FROM json_each('[1,2,3]')",
    );
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].contains("`long keys`"), "{warnings:?}");
    let none = [""; 0];
    assert_eq!(
        of("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2), (3)"),
        none
    );
    assert_eq!(of("CREATE TABLE t (rowid, _rowid_, oid)"), none);
}
