//! Every value comes back with its type and its bytes.

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use testkit::restore::with_shell;

use crate::bench::{Source, answer};

/// A value by its type and its exact bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Cell {
    Null,
    Integer(i64),
    /// The bits: -0.0 is not 0.0.
    Real(u64),
    Text(Vec<u8>),
    Blob(Vec<u8>),
}

fn real(value: f64) -> Cell {
    Cell::Real(value.to_bits())
}

fn text(bytes: impl AsRef<[u8]>) -> Cell {
    Cell::Text(bytes.as_ref().to_vec())
}

/// A table with these expressions as its rows.
fn source(expressions: &[&str]) -> Source {
    let rows: String = expressions
        .iter()
        .map(|expression| format!("INSERT INTO t (a) VALUES ({expression});"))
        .collect();
    Source::of(&format!(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a); {rows}"
    ))
}

fn cells(connection: &Connection) -> Vec<Cell> {
    let mut statement = connection.prepare("SELECT a FROM t ORDER BY id").unwrap();
    let found = statement.query_map([], |row| {
        Ok(match row.get_ref(0)? {
            ValueRef::Null => Cell::Null,
            ValueRef::Integer(value) => Cell::Integer(value),
            ValueRef::Real(value) => real(value),
            ValueRef::Text(bytes) => text(bytes),
            ValueRef::Blob(bytes) => Cell::Blob(bytes.to_vec()),
        })
    });
    found.unwrap().map(Result::unwrap).collect()
}

/// Fails unless each expression is restored, in every way, as the value beside it.
#[track_caller]
fn assert_comes_back(facts: &[(&str, Cell)]) {
    let expressions: Vec<&str> = facts.iter().map(|(expression, _)| *expression).collect();
    let source = source(&expressions);
    source.assert_restores();
    for ((expression, expected), found) in facts.iter().zip(cells(&source.restored())) {
        assert_eq!(&found, expected, "{expression}");
    }
}

/// How a dump writes the value of an expression.
fn written(expression: &str) -> String {
    let text = source(&[expression]).dump().text;
    let (_, rest) = text.split_once("VALUES (1, ").unwrap();
    rest.split_once(");\n\n").unwrap().0.to_owned()
}

#[test]
fn integers_keep_all_their_bits() {
    assert_comes_back(&[
        ("NULL", Cell::Null),
        ("0", Cell::Integer(0)),
        ("9223372036854775807", Cell::Integer(i64::MAX)),
        ("-9223372036854775808", Cell::Integer(i64::MIN)),
        ("9007199254740991", Cell::Integer((1 << 53) - 1)),
        ("9007199254740993", Cell::Integer((1 << 53) + 1)),
        ("-9007199254740993", Cell::Integer(-(1 << 53) - 1)),
    ]);
}

#[test]
fn reals_stay_reals_and_keep_all_their_bits() {
    assert_comes_back(&[
        ("1.0", real(1.0)),
        ("1", Cell::Integer(1)),
        ("9007199254740993.0", real(9_007_199_254_740_992.0)),
        ("9223372036854775808", real(9_223_372_036_854_775_808.0)),
        ("9e999", real(f64::INFINITY)),
        ("-9e999", real(f64::NEG_INFINITY)),
        ("0.0", real(0.0)),
        ("-0.0", real(-0.0)),
        ("4.9406564584124654e-324", real(5e-324)),
        (
            "-2.2250738585072009e-308",
            real(-2.225_073_858_507_201e-308),
        ),
        ("1.7976931348623157e308", real(f64::MAX)),
        ("0.1 + 0.2", real(0.300_000_000_000_000_04)),
        ("1e23", real(1e23)),
        ("123456789012345678.0", real(123_456_789_012_345_680.0)),
    ]);
}

#[test]
fn a_column_decides_about_a_value_as_it_did() {
    let source = Source::of(
        "CREATE TABLE t (i INTEGER, r REAL, n NUMERIC, t TEXT, b BLOB, d DATETIME, a ANY);
         INSERT INTO t VALUES (1.0, 1, '1.0', 1, 1, '1e3', '1'), ('x', 'x', x'01', x'01', '1', 1.5, 1.0),
           (9e999, 9e999, 9e999, 9e999, 9e999, 9e999, 9e999), (-0.0, -0.0, -0.0, -0.0, -0.0, -0.0, -0.0);",
    );
    source.assert_restores();
    let types = "SELECT typeof(i), typeof(r), typeof(n), typeof(t), typeof(b), typeof(d), typeof(a) FROM t LIMIT 1";
    assert_eq!(
        source.restored_answer(types),
        "integer real integer text integer integer integer"
    );
}

#[test]
fn text_keeps_its_bytes() {
    assert_comes_back(&[
        ("''", text("")),
        (
            "'it''s \"quoted\" `here` [too]'",
            text("it's \"quoted\" `here` [too]"),
        ),
        ("'; -- /* ?1 :a @b $c %s'", text("; -- /* ?1 :a @b $c %s")),
        ("'123'", text("123")),
        ("'1.0'", text("1.0")),
        ("'NULL'", text("NULL")),
        (
            "'caf\u{e9} \u{1f333} e\u{301}'",
            text("caf\u{e9} \u{1f333} e\u{301}"),
        ),
        ("'\u{feff}mark'", text("\u{feff}mark")),
        ("'\u{2028}\u{85}\u{a0}'", text("\u{2028}\u{85}\u{a0}")),
        ("'\u{fffd}'", text("\u{fffd}")),
        ("'  blanks  '", text("  blanks  ")),
        (
            "'a' || char(10, 9, 11, 12, 27, 127) || 'b'",
            text("a\n\t\u{b}\u{c}\u{1b}\u{7f}b"),
        ),
    ]);
}

#[test]
fn text_keeps_a_nul_wherever_it_is() {
    assert_comes_back(&[
        ("char(0)", text("\0")),
        ("char(0) || 'a'", text("\0a")),
        ("'a' || char(0) || 'b'", text("a\0b")),
        ("'a' || char(0)", text("a\0")),
        ("'it''s' || char(0, 13, 0)", text("it's\0\r\0")),
    ]);
    assert_eq!(written("'a' || char(0) || 'b'"), "CAST(X'610062' AS TEXT)");
}

#[test]
fn text_that_is_no_utf_8_keeps_its_bytes() {
    assert_comes_back(&[
        ("CAST(x'ff' AS TEXT)", text(b"\xff")),
        ("CAST(x'61c3' AS TEXT)", text(b"a\xc3")),
        ("CAST(x'c0af' AS TEXT)", text(b"\xc0\xaf")),
        ("CAST(x'eda080' AS TEXT)", text(b"\xed\xa0\x80")),
        ("CAST(x'edbfbf' AS TEXT)", text(b"\xed\xbf\xbf")),
        ("CAST(x'f4908080' AS TEXT)", text(b"\xf4\x90\x80\x80")),
        ("CAST(x'80270d5c7200' AS TEXT)", text(b"\x80'\r\\r\0")),
        ("'\u{fffd}'", text("\u{fffd}")),
        ("'caf\u{e9}'", text("caf\u{e9}")),
        ("'plain'", text("plain")),
    ]);
    assert_eq!(written("CAST(x'61ff' AS TEXT)"), "CAST(X'61FF' AS TEXT)");
}

#[test]
fn beside_text_that_is_no_utf_8_plain_text_stays_readable() {
    let dumped = source(&["CAST(x'ff' AS TEXT)", "'plain'", "'caf\u{e9}'"]).dump();
    dumped.assert_has("(2, 'plain'),");
    dumped.assert_has("(3, CAST(X'636166C3A9' AS TEXT));");
}

#[test]
fn text_keeps_its_carriage_returns() {
    assert_comes_back(&[
        ("char(13)", text("\r")),
        ("'a' || char(13, 10) || 'b'", text("a\r\nb")),
        ("'it''s' || char(13)", text("it's\r")),
        ("'a\\r' || char(13)", text("a\\r\r")),
        ("'\\' || char(13) || 'r'", text("\\\rr")),
        ("'\\r'", text("\\r")),
    ]);
    assert_eq!(
        written("'a' || char(13) || '''b'"),
        "replace('a\\r''b', '\\r', char(13))"
    );
    assert_eq!(written("'\\r' || char(13)"), "CAST(X'5C720D' AS TEXT)");
    assert_eq!(written("'\\r'"), "'\\r'");
}

#[test]
fn text_keeps_what_looks_like_a_transaction() {
    assert_comes_back(&[
        ("'BEGIN TRANSACTION;'", text("BEGIN TRANSACTION;")),
        ("'COMMIT;'", text("COMMIT;")),
        (
            "'begin transaction; commit;'",
            text("begin transaction; commit;"),
        ),
        ("'PRAGMA foreign_keys=ON;'", text("PRAGMA foreign_keys=ON;")),
        ("';' || char(10) || '.quit' || char(10)", text(";\n.quit\n")),
    ]);
    assert_eq!(written("'COMMIT;'"), "CAST(X'434F4D4D49543B' AS TEXT)");
}

#[test]
fn blobs_stay_blobs() {
    assert_comes_back(&[
        ("x''", Cell::Blob(vec![])),
        ("x'00'", Cell::Blob(vec![0])),
        ("x'000102ff'", Cell::Blob(vec![0, 1, 2, 255])),
        ("CAST('text' AS BLOB)", Cell::Blob(b"text".to_vec())),
        ("CAST('' AS BLOB)", Cell::Blob(vec![])),
    ]);
}

#[test]
fn a_value_comes_back_whatever_its_length() {
    // On both sides of what fits a statement, of what fits a piece, and of what D1 takes.
    let lengths = [
        199, 200, 201, 48_999, 49_000, 49_001, 49_890, 49_930, 49_970, 50_000, 90_000, 97_999,
        98_000, 98_001, 99_999, 100_000, 100_001, 101_000,
    ];
    let values = |value: &str| {
        lengths.map(|length| format!("({length}, {})", value.replace("$n", &length.to_string())))
    };
    for value in [
        "zeroblob($n)",
        "replace(hex(zeroblob(($n + 1) / 2)), '0', 'x')",
        "replace(hex(zeroblob($n / 2)), '0', '''')",
    ] {
        let rows = values(value).join(", ");
        Source::of(&format!(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a); INSERT INTO t VALUES {rows};"
        ))
        .assert_restores();
    }
}

#[test]
fn long_text_comes_back_whatever_is_in_it() {
    let long = |character: &str| format!("replace(hex(zeroblob(60000)), '00', {character})");
    let expressions = [
        "char(0)",
        "char(13)",
        "''''",
        "'\u{1f333}'",
        "CAST(x'ff' AS TEXT)",
        "'\\r' || char(13)",
        "'COMMIT;'",
    ]
    .map(long);
    source(&expressions.each_ref().map(String::as_str)).assert_restores();
}

#[test]
fn values_of_nearly_two_megabytes_come_back() {
    let source = source(&["zeroblob(1900000)", "1", "hex(zeroblob(950000))"]);
    source.assert_restores();
    assert_eq!(
        source.restored_answer("SELECT length(a) FROM t"),
        "1900000\n1\n1900000"
    );
}

#[test]
fn a_row_of_100_long_columns_comes_back() {
    let list = |column: &dyn Fn(u32) -> String| (0..100).map(column).collect::<Vec<_>>().join(", ");
    let (columns, values) = (
        list(&|n| format!("c{n}")),
        list(&|n| format!("'{n}' || hex(zeroblob(1000))")),
    );
    let source = Source::of(&format!(
        "CREATE TABLE t ({columns}); INSERT INTO t VALUES ({values}); INSERT INTO t (c99) VALUES (1);"
    ));
    source.assert_restores();
    assert_eq!(
        source.restored_answer("SELECT length(c0), length(c99) FROM t"),
        "2001 2002\nNULL 1"
    );
}

#[test]
fn no_constraint_sees_a_part_of_a_long_value() {
    Source::of(
        "CREATE TABLE t (
           id INTEGER PRIMARY KEY,
           a TEXT NOT NULL UNIQUE CHECK (length(a) = 120001),
           b BLOB NOT NULL CHECK (octet_length(b) = 60000),
           c ANY,
           length INTEGER AS (length(a)) STORED,
           ending TEXT AS (substr(a, -1)) NOT NULL UNIQUE
         ) STRICT;
         INSERT INTO t (a, b, c) VALUES
           (hex(zeroblob(60000)) || 'a', zeroblob(60000), zeroblob(70000)),
           (hex(zeroblob(60000)) || 'b', zeroblob(60000), hex(zeroblob(70000)));",
    )
    .assert_restores();
}

#[test]
fn long_rows_come_back_whatever_their_key_is() {
    for table in [
        "(a, b, c)",
        "(a PRIMARY KEY, b, c) WITHOUT ROWID",
        "(a, b, c, PRIMARY KEY (c, a)) WITHOUT ROWID",
        "(a, b, c, PRIMARY KEY (c, a))",
        "(a, b, c INTEGER PRIMARY KEY DESC)",
        "(a, rowid, oid)",
        "(rowid, _rowid_, oid)",
        "(rowid, _rowid_, oid PRIMARY KEY)",
    ] {
        let long = "(hex(zeroblob(60000)), 1, 2), ('b', zeroblob(60000), 1), ('c', 2, 3), (hex(zeroblob(60001)), 3, 0)";
        Source::of(&format!(
            "CREATE TABLE t {table}; INSERT INTO t VALUES {long};"
        ))
        .assert_restores();
    }
}

#[test]
fn rows_that_are_the_same_stay_as_many() {
    let source = Source::of(
        "CREATE TABLE t (rowid, _rowid_, oid); INSERT INTO t VALUES (1, 2, 3), (1, 2, 3), (1, 2, zeroblob(60000)), (1, 2, zeroblob(60000));",
    );
    source.assert_restores();
    assert_eq!(source.dump().manifest.total_rows, 4);
}

#[test]
fn a_table_of_the_scratch_tables_name_keeps_its_rows() {
    let source = Source::of(
        "CREATE TABLE cache_restore_scratch (a); INSERT INTO cache_restore_scratch VALUES (zeroblob(60000)), (2);
         CREATE VIEW Cache_Restore_Scratch_ AS SELECT 1;",
    );
    source
        .dump()
        .assert_in_order(&["CREATE TABLE \"cache_restore_scratch__\""]);
    source.assert_restores();
}

#[test]
fn the_sqlite3_shell_restores_every_value() {
    let source = source(&[
        "char(13, 10)",
        "'\\r' || char(13)",
        "char(0)",
        "CAST(x'ff' AS TEXT)",
        "-0.0",
        "9e999",
        "zeroblob(120000)",
        "';' || char(10) || '.quit'",
    ]);
    let path = std::env::temp_dir().join(format!("cache-values-{}.sqlite", std::process::id()));
    let Some(restored) = with_shell(&path, &source.dump().text) else {
        return;
    };
    restored.unwrap();
    let copy = Connection::open(&path).unwrap();
    assert_eq!(cells(&copy), cells(source.connection()));
    assert_eq!(answer(&copy, "SELECT count(*) FROM sqlite_schema"), "1");
    std::fs::remove_file(path).unwrap();
}
