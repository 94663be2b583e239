//! Everything but rows: counters, indexes, views, triggers, and definitions of any shape.

use shared::dump::DumpError;

use crate::bench::{Source, answer};

const COUNTERS: &str = "SELECT name, seq FROM sqlite_sequence ORDER BY name";

fn too_long(sql: &str) -> String {
    match Source::of(sql).try_dump() {
        Err(DumpError::StatementTooLong { object }) => object,
        other => panic!("{other:?}"),
    }
}

/// A list of 100 items.
fn hundred(item: impl Fn(usize) -> String) -> String {
    (0..100).map(item).collect::<Vec<_>>().join(", ")
}

/// The names of the rowid where columns have taken them, which orders the rows by nothing.
fn unnamed(n: usize) -> String {
    let names = ["rowid", "_rowid_", "oid"];
    names
        .get(n)
        .map_or_else(|| long_name(n), |name| (*name).to_owned())
}

fn long_name(n: usize) -> String {
    format!("\"{n:0>100}\"")
}

/// A row of 100 values, one of them too long for a statement.
fn wide_row(first: &str, eighth: &str) -> String {
    hundred(|n| match n {
        0 => first.to_owned(),
        1 => "zeroblob(60000)".to_owned(),
        7 => eighth.to_owned(),
        n => format!("'{n}' || char(13)"),
    })
}

#[test]
fn counters_stay_ahead_of_the_rows() {
    let source = Source::of(
        "CREATE TABLE ahead (id INTEGER PRIMARY KEY AUTOINCREMENT); CREATE TABLE emptied (id INTEGER PRIMARY KEY AUTOINCREMENT);
         CREATE TABLE fresh (id INTEGER PRIMARY KEY AUTOINCREMENT);
         INSERT INTO ahead VALUES (1), (50); DELETE FROM ahead WHERE id = 50; INSERT INTO emptied VALUES (9); DELETE FROM emptied;",
    );
    assert_eq!(source.restored_answer(COUNTERS), "ahead 50\nemptied 9");
    source.assert_restores();
}

#[test]
fn a_counter_is_what_it_was_whatever_was_written_to_it() {
    for change in [
        "DELETE FROM sqlite_sequence",
        "UPDATE sqlite_sequence SET seq = 2",
        "UPDATE sqlite_sequence SET seq = 9223372036854775807",
        "UPDATE sqlite_sequence SET seq = 'it''s text'",
        "UPDATE sqlite_sequence SET seq = NULL",
        "INSERT INTO sqlite_sequence VALUES ('t', 7)",
    ] {
        let table =
            "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO t VALUES (5);";
        Source::of(&format!("{table} {change}")).assert_restores();
    }
}

#[test]
fn the_next_row_gets_the_number_that_it_would_have_had() {
    let source = Source::of(
        "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a); INSERT INTO t VALUES (5, 1); DELETE FROM t;",
    );
    let copy = source.restored();
    copy.execute_batch("INSERT INTO t (a) VALUES (2)").unwrap();
    assert_eq!(answer(&copy, "SELECT id FROM t"), "6");
}

#[test]
fn a_live_counter_does_not_survive_where_the_backup_had_none() {
    Source::of("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT)")
        .assert_restores_over("INSERT INTO t VALUES (8)");
}

#[test]
fn triggers_do_not_fire_for_restored_rows() {
    let source = Source::of(
        "CREATE TABLE t (a); CREATE TABLE log (a);
         CREATE TRIGGER added AFTER INSERT ON t BEGIN INSERT INTO log VALUES (new.a); END;
         CREATE TRIGGER refused BEFORE DELETE ON t BEGIN SELECT raise(ABORT, 'never'); END;
         INSERT INTO t VALUES (1);",
    );
    source.assert_restores();
    source.assert_restores_over("INSERT INTO t VALUES (2)");
    let copy = source.restored();
    copy.execute_batch("INSERT INTO t VALUES (3)").unwrap();
    assert_eq!(answer(&copy, "SELECT a FROM log"), "1\n3");
}

#[test]
fn triggers_keep_the_order_in_which_they_fire() {
    let trigger = |name: &str| {
        format!(
            "CREATE TRIGGER {name} AFTER INSERT ON t BEGIN INSERT INTO log VALUES ('{name}'); END;"
        )
    };
    let source = Source::of(&format!(
        "CREATE TABLE t (a); CREATE TABLE log (a); {} {} {}",
        trigger("b"),
        trigger("c"),
        trigger("a")
    ));
    let fired = |database: &rusqlite::Connection| {
        database.execute_batch("INSERT INTO t VALUES (1)").unwrap();
        answer(database, "SELECT group_concat(a) FROM log")
    };
    assert_eq!(fired(&source.restored()), fired(source.connection()));
}

#[test]
fn views_on_views_and_their_triggers_come_back() {
    let source = Source::of(
        "CREATE VIEW early AS SELECT a FROM later; CREATE TABLE t (a); CREATE VIEW later AS SELECT a FROM t;
         CREATE TRIGGER g INSTEAD OF INSERT ON early BEGIN INSERT INTO t VALUES (new.a); END;
         CREATE VIEW broken AS SELECT b FROM nowhere; INSERT INTO t VALUES (1);",
    );
    assert_eq!(source.restored_answer("SELECT a FROM early"), "1");
    source.assert_restores();
}

#[test]
fn indexes_of_every_kind_come_back() {
    Source::of(
        "CREATE TABLE t (a, b COLLATE NOCASE, c, UNIQUE (a, b), PRIMARY KEY (c DESC));
         CREATE INDEX expression ON t (lower(a), b || c); CREATE INDEX part ON t (a) WHERE b IS NOT NULL AND c > 1;
         CREATE UNIQUE INDEX sorted ON t (a DESC, b COLLATE BINARY); CREATE INDEX \"an \"\"index\"\"\" ON t (c);
         INSERT INTO t VALUES (1, 'x', 1), (1, 'y', 2), (2, 'X', 3);",
    )
    .assert_restores();
}

#[test]
fn a_unique_index_is_made_again_over_live_rows_that_break_it() {
    Source::of(
        "CREATE TABLE t (a); CREATE UNIQUE INDEX i ON t (a); INSERT INTO t VALUES (1), (2);",
    )
    .assert_restores_over("DROP INDEX i; UPDATE t SET a = 1; CREATE INDEX other ON t (a);");
}

#[test]
fn definitions_come_back_as_they_were_written_also_where_they_end_in_a_comment() {
    Source::of(
        "CREATE TABLE t (a -- the only column
         , b DEFAULT ';' /* ; */); CREATE VIEW line AS SELECT a FROM t -- ends here
         ; CREATE VIEW block AS SELECT a FROM t /* ends; here */; CREATE INDEX i ON t (a) -- DROP TABLE t; --
         ; CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT ';' /* END; */; -- END;
         END; INSERT INTO t (a) VALUES (1);",
    )
    .assert_restores();
}

#[test]
fn a_comment_that_nothing_closes_is_closed_and_swallows_nothing() {
    let source = Source::of("CREATE TABLE t (a); CREATE VIEW v AS SELECT 7 /* DROP TABLE t");
    source
        .dump()
        .assert_has("CREATE VIEW v AS SELECT 7 /* DROP TABLE t*/;");
    assert_eq!(
        source.restored_answer("SELECT * FROM v, (SELECT count(*) FROM t)"),
        "7 0"
    );
}

#[test]
fn tables_of_every_kind_come_back() {
    Source::of(
        "CREATE TABLE strict (a ANY, b INT) STRICT; CREATE TABLE \"without\" (a, b, PRIMARY KEY (b, a)) WITHOUT ROWID;
         CREATE TABLE generated (a AS (b + 1), b, c AS (b || a) STORED); CREATE TABLE copied AS SELECT 1 AS a, 'x' AS b;
         CREATE TABLE \"order\" (\"group\", [select], `from`, \"a\"\"b\", \"\", \"caf\u{e9}\", \"new
line\"); CREATE TABLE old (a); ALTER TABLE old RENAME TO renamed; ALTER TABLE renamed ADD COLUMN b DEFAULT x'00';
         INSERT INTO strict VALUES (1.0, 1), ('1', 2); INSERT INTO \"without\" VALUES (1, 2); INSERT INTO generated VALUES (1);
         INSERT INTO \"order\" VALUES (1, 2, 3, 4, 5, 6, 7); INSERT INTO renamed (a) VALUES (1);",
    )
    .assert_restores();
}

#[test]
fn rowids_are_kept_where_a_view_or_a_trigger_names_them() {
    for object in [
        "CREATE VIEW v AS SELECT RowId AS number, a FROM t",
        "CREATE VIEW v AS SELECT \"oid\", a FROM t",
        "CREATE TRIGGER g AFTER DELETE ON t BEGIN DELETE FROM t WHERE _rowid_ = old._rowid_ + 1; END",
    ] {
        let source = Source::of(&format!(
            "CREATE TABLE t (a); {object}; INSERT INTO t (rowid, a) VALUES (7, 1), (-9, 2);"
        ));
        assert_eq!(
            source.restored_answer("SELECT rowid, a FROM t"),
            "-9 2\n7 1"
        );
        source.assert_restores();
    }
}

#[test]
fn rowids_that_nothing_names_are_not_written() {
    let dumped = Source::of("CREATE TABLE t (a); INSERT INTO t (rowid, a) VALUES (7, 1)").dump();
    dumped.assert_has("INSERT INTO \"t\" (\"a\") VALUES (1);");
}

#[test]
fn a_primary_key_that_is_no_rowid_is_none() {
    let source = Source::of(
        "CREATE TABLE t (id INTEGER PRIMARY KEY DESC, a); CREATE VIEW v AS SELECT rowid FROM t; INSERT INTO t (rowid, id) VALUES (5, 1), (4, 2), (3, NULL);",
    );
    assert_eq!(
        source.restored_answer("SELECT id FROM t WHERE _rowid_ = 4"),
        "2"
    );
    source.assert_restores();
}

#[test]
fn a_table_of_100_columns_with_long_names_comes_back_whatever_its_key_is() {
    let key = format!("PRIMARY KEY ({}, {})", long_name(99), long_name(7));
    for end in [
        ")",
        &format!(", {key})"),
        &format!(", {key}) WITHOUT ROWID"),
    ] {
        let table = format!(
            "CREATE TABLE t ({}, UNIQUE ({}){end}",
            hundred(long_name),
            long_name(7)
        );
        let rows = format!(
            "INSERT INTO t VALUES ({}), ({});",
            wide_row("'b'", "'a'"),
            wide_row("NULL", "'b'")
        );
        let refers = format!("{} REFERENCES t ({})", long_name(0), long_name(7));
        Source::of(&format!("{table}; {rows}")).assert_restores();
        Source::of(&format!(
            "{}; {rows}",
            table.replacen(&long_name(0), &refers, 1)
        ))
        .assert_restores();
    }
}

#[test]
fn a_table_of_100_columns_with_long_names_and_no_rowid_to_name_comes_back() {
    let table = format!("CREATE TABLE t ({})", hundred(unnamed));
    Source::of(&format!(
        "{table}; INSERT INTO t VALUES ({}), ({});",
        wide_row("1", "2"),
        wide_row("1", "2")
    ))
    .assert_restores();
}

#[test]
fn a_definition_that_d1_would_not_take_ends_the_dump() {
    let view = format!(
        "CREATE VIEW \"a \"\"view\"\"\" AS SELECT '{}' AS a",
        "x".repeat(100_000)
    );
    assert_eq!(too_long(&view), "\"a \"\"view\"\"\"");
}

#[test]
fn a_table_whose_names_leave_no_room_ends_the_dump() {
    // For values in an INSERT, and for reading them.
    for length in [980, 800] {
        let columns = hundred(|n| format!("\"{n:0>length$}\""));
        assert_eq!(too_long(&format!("CREATE TABLE t ({columns})")), "\"t\"");
    }
}
