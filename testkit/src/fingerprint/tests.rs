use rusqlite::Connection;

use super::*;
use crate::d1;

fn database(statements: &[&str]) -> Connection {
    let connection = d1::empty();
    for statement in statements {
        connection.execute_batch(statement).unwrap();
    }
    connection
}

fn compared(one: &[&str], other: &[&str]) -> Vec<String> {
    differences(&of(&database(one)), &of(&database(other)))
}

fn with_value(value: &str) -> Vec<String> {
    vec![
        "CREATE TABLE t (v)".to_owned(),
        format!("INSERT INTO t VALUES ({value})"),
    ]
}

#[test]
fn values_that_look_alike_are_different() {
    for (one, other) in [
        ("1", "1.0"),
        ("1", "'1'"),
        ("'a'", "X'61'"),
        ("NULL", "''"),
        ("''", "X''"),
        ("9007199254740993", "9007199254740992"),
        ("9e999", "1.7976931348623157e308"),
        ("0.1 + 0.2", "0.3"),
        ("CAST('-0.0' AS REAL)", "0.0"),
        ("'a' || char(0) || 'b'", "'a' || char(0) || 'c'"),
        ("'a' || char(0)", "'a'"),
        ("CAST(X'c328' AS TEXT)", "CAST(X'c329' AS TEXT)"),
        ("CAST(X'ff' AS TEXT)", "CAST(X'efbfbd' AS TEXT)"),
        (
            "zeroblob(600000)",
            "CAST(zeroblob(599999) || X'01' AS BLOB)",
        ),
    ] {
        let (one, other) = (with_value(one), with_value(other));
        let one: Vec<_> = one.iter().map(String::as_str).collect();
        let other: Vec<_> = other.iter().map(String::as_str).collect();
        assert_eq!(compared(&one, &other).len(), 1, "{one:?} {other:?}");
        assert_eq!(compared(&one, &one), [""; 0]);
    }
}

#[test]
fn objects_counters_and_rows_that_came_or_went_are_differences() {
    let table = "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, v)";
    let before = [
        table,
        "INSERT INTO t VALUES (1, 1)",
        "CREATE INDEX i ON t(v)",
    ];
    let after = [
        table,
        "INSERT INTO t VALUES (1, 1), (7, 1)",
        "CREATE TRIGGER g AFTER DELETE ON t BEGIN SELECT 1; END",
    ];
    assert_eq!(compared(&before, &after).len(), 4);
}

#[test]
fn a_lost_counter_is_a_difference_and_that_of_no_table_is_not() {
    let table = [
        "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT)",
        "INSERT INTO t VALUES (1)",
    ];
    let without = [table[0], table[1], "DELETE FROM sqlite_sequence"];
    let beside = [
        table[0],
        table[1],
        "INSERT INTO sqlite_sequence VALUES ('gone', 1)",
    ];
    assert_eq!(
        compared(&table, &without),
        ["the counter of \"t\" is missing"]
    );
    assert_eq!(compared(&table, &beside), [""; 0]);
}

#[test]
fn another_comment_in_the_sql_is_a_difference() {
    assert_eq!(
        compared(&["CREATE TABLE t (a)"], &["CREATE TABLE t (a /* x */)"]).len(),
        1
    );
}

#[test]
fn rows_count_as_often_as_they_are_there_and_in_no_order() {
    let table = "CREATE TABLE t (v)";
    let rows = |values| format!("INSERT INTO t VALUES {values}");
    let (twice, turned, other) = (
        rows("(1), (1), (2)"),
        rows("(2), (1), (1)"),
        rows("(1), (2), (2)"),
    );
    assert_eq!(compared(&[table, &twice], &[table, &turned]), [""; 0]);
    assert_eq!(compared(&[table, &twice], &[table, &other]).len(), 1);
}

#[test]
fn generated_columns_are_compared_and_row_numbers_are_not() {
    let rows = |number: u8, sign: char| {
        [
            format!("CREATE TABLE t (a, b AS (a {sign} 1))"),
            format!("INSERT INTO t (rowid, a) VALUES ({number}, 1)"),
        ]
    };
    let print = |rows: [String; 2]| of(&database(&[&rows[0], &rows[1]])).tables;
    assert_eq!(print(rows(1, '+')), print(rows(9, '+')));
    assert_ne!(print(rows(1, '+')), print(rows(1, '-')));
}

#[test]
fn row_numbers_are_compared_where_a_full_text_index_uses_them() {
    let build = |number: &str| {
        of(&database(&[
            "CREATE TABLE t (a)",
            &format!("INSERT INTO t (rowid, a) VALUES ({number}, 'word')"),
            "CREATE VIRTUAL TABLE f USING fts5(a, content='t')",
            "INSERT INTO f(f) VALUES ('rebuild')",
        ]))
    };
    assert_eq!(differences(&build("1"), &build("1")), [""; 0]);
    assert_ne!(differences(&build("1"), &build("9")), [""; 0]);
}

const INDEX: [&str; 2] = [
    "CREATE VIRTUAL TABLE f USING fts5(a)",
    "INSERT INTO f(rowid, a) VALUES (1, 'one word'), (2, 'two')",
];

#[test]
fn text_settings_and_row_numbers_of_a_full_text_index_are_compared() {
    for change in [
        "UPDATE f SET a = 'another' WHERE rowid = 2",
        "UPDATE f SET rowid = 3 WHERE rowid = 2",
        "INSERT INTO f(f, rank) VALUES ('pgsz', 64)",
    ] {
        assert_ne!(
            compared(&INDEX, &[INDEX[0], INDEX[1], change]),
            [""; 0],
            "{change}"
        );
    }
    assert_eq!(
        compared(
            &INDEX,
            &[INDEX[0], INDEX[1], "INSERT INTO f(f) VALUES ('optimize')"]
        ),
        [""; 0]
    );
}

#[test]
fn an_index_that_lost_step_with_its_table_is_a_difference_and_a_complaint() {
    let sound = [
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a)",
        "INSERT INTO t VALUES (1, 'word')",
        "CREATE VIRTUAL TABLE f USING fts5(a, content='t', content_rowid='id')",
        "INSERT INTO f(f) VALUES ('rebuild')",
    ];
    let lost = &sound[..3];
    assert_eq!(complaints(&database(&sound)), [""; 0]);
    assert_eq!(complaints(&database(lost)).len(), 1);
    let found = compared(&sound, lost);
    assert!(found[0].contains("was sound and is "), "{found:?}");
}

#[test]
fn a_broken_foreign_key_is_a_complaint() {
    let broken = database(&["CREATE TABLE t (a PRIMARY KEY, b REFERENCES t)"]);
    broken.pragma_update(None, "foreign_keys", false).unwrap();
    broken.execute_batch("INSERT INTO t VALUES (1, 2)").unwrap();
    assert_eq!(complaints(&broken), ["row 1 of t has no parent in t"]);
}

#[test]
fn a_table_that_is_only_called_like_a_part_of_an_index_is_compared() {
    let own = |value: &str| {
        of(&database(&[
            "CREATE TABLE f_content (x)",
            &format!("INSERT INTO f_content VALUES ({value})"),
            "CREATE TABLE t (a)",
            "CREATE VIRTUAL TABLE f USING fts5(a, con=[t])",
        ]))
    };
    assert_eq!(differences(&own("1"), &own("2")).len(), 1);
}

#[test]
fn of_parts_of_an_index_and_of_contentless_ones_only_the_existence_counts() {
    let print = of(&database(&INDEX));
    let part = ("table".to_owned(), "f_data".to_owned());
    assert_eq!(print.objects[&part], "a part of a full-text index");
    assert!(!print.tables.contains_key("f_content"));
    let contentless = "CREATE VIRTUAL TABLE f USING fts5(a, content='')";
    assert_eq!(
        compared(
            &[contentless],
            &[contentless, "INSERT INTO f(rowid, a) VALUES (1, 'x')"]
        ),
        [""; 0]
    );
}

#[test]
fn tables_of_sqlite_and_d1_are_not_compared_and_those_called_almost_so_are() {
    let print = of(&database(&[
        "CREATE TABLE _cf_KV (a)",
        "CREATE TABLE _cfx (a)",
        "CREATE TABLE scfg (a)",
        "CREATE TABLE sqlitewannabe (a UNIQUE)",
        "ANALYZE",
    ]));
    assert!(print.tables.keys().eq(["_cfx", "scfg", "sqlitewannabe"]));
    assert_eq!(print.objects.len(), 3);
}

#[test]
fn a_table_of_100_columns_and_its_row_numbers_have_a_fingerprint_under_the_limits_of_d1() {
    let columns: Vec<_> = (0..100).map(|n| format!("c{n}")).collect();
    let create = format!("CREATE TABLE wide ({})", columns.join(","));
    let print = of(&database(&[
        &create,
        "CREATE VIRTUAL TABLE f USING fts5(c1, content=wide)",
    ]));
    assert_eq!(print.tables["wide"].columns.len(), 101);
}

#[test]
fn an_index_whose_table_is_gone_is_read_as_that() {
    let sound = [
        "CREATE TABLE t (a)",
        "CREATE VIRTUAL TABLE f USING fts5(a, content=t)",
    ];
    let found = compared(&sound, &[sound[0], sound[1], "DROP TABLE t"]);
    assert!(
        found
            .iter()
            .any(|sentence| sentence.contains("\"f\" was readable and is ")),
        "{found:?}"
    );
}
