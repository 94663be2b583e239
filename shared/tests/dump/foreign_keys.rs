//! Rows that refer to each other come back whole, also over live data.

use testkit::fingerprint;
use testkit::restore::statement_by_statement;

use crate::bench::Source;

/// A chain of tables, each of which refers to the next.
fn chain_of_tables(length: usize, action: &str) -> String {
    let table = |n: usize| {
        format!(
            "CREATE TABLE t{n} (id INTEGER PRIMARY KEY, next INTEGER NOT NULL REFERENCES t{} {action});",
            n + 1
        )
    };
    let last = format!("CREATE TABLE t{length} (id INTEGER PRIMARY KEY);");
    let rows = (0..length)
        .rev()
        .map(|n| format!("INSERT INTO t{n} VALUES (1, 1), (2, 2);"));
    let parent = format!("INSERT INTO t{length} VALUES (1), (2);");
    (0..length)
        .map(table)
        .chain([last, parent])
        .chain(rows)
        .collect()
}

/// A table of rows each of which refers to the next, the last to none.
fn chain_of_rows(length: usize, action: &str) -> String {
    format!(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, next REFERENCES t {action});
         WITH RECURSIVE n(i) AS (SELECT {length} UNION ALL SELECT i - 1 FROM n WHERE i > 1)
         INSERT INTO t SELECT i, nullif(i + 1, {length} + 1) FROM n;"
    )
}

const ACTIONS: [&str; 7] = [
    "",
    "ON DELETE CASCADE",
    "ON DELETE RESTRICT",
    "ON DELETE SET NULL",
    "ON DELETE SET DEFAULT",
    "ON DELETE NO ACTION DEFERRABLE INITIALLY DEFERRED",
    "ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED",
];

const TWO_CIRCLES: &str =
    "CREATE TABLE a (id INTEGER PRIMARY KEY, b REFERENCES b ON DELETE CASCADE, c REFERENCES c, a REFERENCES a ON DELETE RESTRICT);
         CREATE TABLE b (id INTEGER PRIMARY KEY, a NOT NULL REFERENCES a ON DELETE CASCADE);
         CREATE TABLE c (id INTEGER PRIMARY KEY, a NOT NULL REFERENCES a);
         INSERT INTO a VALUES (2, NULL, NULL, NULL), (1, NULL, NULL, 2); INSERT INTO b VALUES (1, 1); INSERT INTO c VALUES (5, 1), (6, 2);
         UPDATE a SET b = 1, c = 7 - id;";

const TWO_NEED_EACH_OTHER: &str = "
    CREATE TABLE a (id INTEGER PRIMARY KEY, b NOT NULL REFERENCES b (id) DEFERRABLE INITIALLY DEFERRED);
    CREATE TABLE b (id INTEGER PRIMARY KEY, a NOT NULL REFERENCES a (id));
    BEGIN; INSERT INTO a VALUES (1, 1); INSERT INTO b VALUES (1, 1); COMMIT;";

#[test]
fn parents_are_dropped_after_their_children_and_filled_before_them() {
    let source = Source::of(
        "CREATE TABLE child (id, parent REFERENCES parent); CREATE TABLE parent (id INTEGER PRIMARY KEY);
         INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1, 1);",
    );
    source.dump().assert_in_order(&[
        "DROP TABLE IF EXISTS \"child\"",
        "DROP TABLE IF EXISTS \"parent\"",
        "CREATE TABLE parent",
        "CREATE TABLE child",
        "INSERT INTO \"parent\"",
        "INSERT INTO \"child\"",
    ]);
    source.assert_restores();
}

#[test]
fn whatever_is_done_when_a_parent_goes_its_children_come_back() {
    for action in ACTIONS {
        Source::of(&format!(
            "CREATE TABLE child (id, parent DEFAULT 1 REFERENCES parent {action}); CREATE TABLE parent (id INTEGER PRIMARY KEY);
             INSERT INTO parent VALUES (1), (2); INSERT INTO child VALUES (1, 1), (2, 2), (3, NULL);",
        ))
        .assert_restores();
    }
}

#[test]
fn an_index_that_is_referred_to_is_made_before_the_rows_and_others_after_them() {
    let source = Source::of(
        "CREATE TABLE parent (id INTEGER PRIMARY KEY, a, b);
         CREATE INDEX by_id ON parent (id); CREATE UNIQUE INDEX key ON parent (b, a);
         CREATE UNIQUE INDEX partial ON parent (a) WHERE a > 0; CREATE UNIQUE INDEX of_an_expression ON parent (a + b);
         CREATE TABLE child (a, b, FOREIGN KEY (a, b) REFERENCES parent (a, b));
         INSERT INTO parent VALUES (1, 2, 3); INSERT INTO child VALUES (2, 3), (2, NULL);",
    );
    source.dump().assert_in_order(&[
        "CREATE UNIQUE INDEX key",
        "INSERT INTO \"parent\"",
        "CREATE INDEX by_id",
        "CREATE UNIQUE INDEX partial",
        "CREATE UNIQUE INDEX of_an_expression",
    ]);
    source.assert_restores();
}

#[test]
fn the_index_of_a_table_that_nothing_refers_to_is_made_after_its_rows() {
    let dumped =
        Source::of("CREATE TABLE t (a); CREATE UNIQUE INDEX i ON t (a); INSERT INTO t VALUES (1)")
            .dump();
    dumped.assert_in_order(&["INSERT INTO \"t\"", "CREATE UNIQUE INDEX i"]);
}

#[test]
fn only_rows_that_come_before_their_parent_are_linked_afterwards() {
    let source = Source::of(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, parent REFERENCES t); INSERT INTO t VALUES (2, NULL), (1, 2), (3, 3), (4, 1);",
    );
    source.dump().assert_in_order(&[
        "INSERT INTO \"t\" (\"id\", \"parent\") VALUES (1, NULL),",
        "(2, NULL),",
        "(3, 3),",
        "(4, 1);",
        "UPDATE \"t\" SET \"parent\" = 2 WHERE \"id\" = 1;",
        "PRAGMA foreign_keys=ON;",
    ]);
    assert_eq!(source.dump().text.matches("\" = 2 WHERE").count(), 1);
    source.assert_restores();
}

#[test]
fn a_row_that_is_linked_afterwards_is_found_by_whatever_names_it() {
    for (table, found_by) in [
        ("(a TEXT PRIMARY KEY, b, parent REFERENCES t)", "rowid = 1"),
        (
            "(a TEXT PRIMARY KEY, rowid, parent REFERENCES t)",
            "_rowid_ = 1",
        ),
        (
            "(a TEXT, b TEXT UNIQUE, parent REFERENCES t (b), PRIMARY KEY (b, a)) WITHOUT ROWID",
            "\"b\" = 'x' AND \"a\" = 'y'",
        ),
    ] {
        let rows = "('y', 'x', 'z'), ('z', 'z', NULL)";
        let source = Source::of(&format!(
            "CREATE TABLE t {table}; INSERT INTO t VALUES {rows};"
        ));
        source.dump().assert_has(&format!(
            "UPDATE \"t\" SET \"parent\" = 'z' WHERE {found_by};"
        ));
        source.assert_restores();
    }
}

#[test]
fn a_table_that_refers_to_itself_by_several_columns_comes_back() {
    Source::of(
        "CREATE TABLE t (a, b, up_a, up_b, PRIMARY KEY (a, b), FOREIGN KEY (up_a, up_b) REFERENCES t);
         INSERT INTO t VALUES (2, 1, NULL, NULL), (3, 1, NULL, 7), (1, 1, 2, 1), (4, 1, 4, 1), (5, 1, 6, 1), (6, 1, 5, 1);",
    )
    .assert_restores();
}

#[test]
fn rows_that_must_refer_to_a_later_one_refer_to_themselves_first() {
    for action in ACTIONS {
        let source = Source::of(&format!(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL REFERENCES t {action}); INSERT INTO t VALUES (2, 2), (1, 2), (3, 1);"
        ));
        let dumped = source.dump();
        dumped.assert_in_order(&[
            "UPDATE \"t\" SET \"parent\" = \"id\" WHERE \"parent\" IS NOT \"id\";",
            "INSERT INTO \"t\" (\"id\", \"parent\") VALUES (1, 1),",
            "(3, 1);",
            "UPDATE \"t\" SET \"parent\" = 2 WHERE \"id\" = 1;",
        ]);
        assert_eq!(dumped.manifest.deferred, [""; 0]);
        assert_eq!(dumped.manifest.warnings, [""; 0]);
        source.assert_restores();
    }
}

#[test]
fn whatever_names_a_row_it_can_refer_to_itself() {
    for table in [
        "(id TEXT PRIMARY KEY NOT NULL, parent NOT NULL REFERENCES t)",
        "(id TEXT PRIMARY KEY, parent TEXT NOT NULL REFERENCES t) WITHOUT ROWID",
        "(id TEXT PRIMARY KEY NOT NULL, parent TEXT NOT NULL REFERENCES t, long TEXT DEFAULT (hex(zeroblob(70000)))) STRICT",
    ] {
        let source = Source::of(&format!(
            "CREATE TABLE t {table}; INSERT INTO t (id, parent) VALUES ('b', 'b'), ('a', 'b'), ('it''s', 'a');"
        ));
        if !table.ends_with("ROWID") {
            source
                .connection()
                .execute_batch(
                    "INSERT INTO t (id, parent) VALUES ('y', 'b'), ('x', 'z'), ('z', 'y');",
                )
                .unwrap();
        }
        assert_eq!(source.dump().manifest.deferred, [""; 0], "{table}");
        source.assert_restores();
    }
}

#[test]
fn rows_that_cannot_refer_to_themselves_for_a_while_are_deferred() {
    for table in [
        "(id INTEGER PRIMARY KEY, parent NOT NULL UNIQUE REFERENCES t)",
        "(id INTEGER PRIMARY KEY, parent NOT NULL REFERENCES t CHECK (parent > 0))",
        "(id INTEGER PRIMARY KEY, parent TEXT NOT NULL REFERENCES t)",
        "(id UNIQUE, parent NOT NULL REFERENCES t (id))",
    ] {
        let source = Source::of(&format!(
            "CREATE TABLE t {table}; INSERT INTO t VALUES (1, 2), (2, 3), (3, 4), (4, 5), (5, 1);"
        ));
        assert_eq!(source.dump().manifest.deferred, ["t -> t"], "{table}");
        source.assert_restores();
    }
}

#[test]
fn rows_that_must_refer_to_their_table_and_come_after_their_parent_need_nothing() {
    let source = Source::of(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, parent NOT NULL REFERENCES t); INSERT INTO t VALUES (1, 1), (2, 1);",
    );
    assert_eq!(source.dump().manifest.deferred, [""; 0]);
    source.assert_restores();
}

#[test]
fn rows_that_nothing_names_cannot_be_linked_afterwards() {
    let source = Source::of(
        "CREATE TABLE t (rowid UNIQUE, _rowid_, oid REFERENCES t (rowid)); INSERT INTO t VALUES (2, 1, NULL), (1, 1, 2);",
    );
    assert_eq!(source.dump().manifest.deferred, ["t -> t"]);
    source.assert_restores();
}

#[test]
fn keys_too_long_for_a_statement_of_their_own_are_deferred() {
    let source = Source::of(
        "CREATE TABLE t (id TEXT PRIMARY KEY, up REFERENCES t); CREATE TABLE a (id TEXT PRIMARY KEY, b REFERENCES b);
         CREATE TABLE b (id TEXT PRIMARY KEY, a NOT NULL REFERENCES a);
         INSERT INTO t VALUES ('child', NULL), (hex(zeroblob(60000)), NULL); UPDATE t SET up = hex(zeroblob(60000)) WHERE id = 'child';
         INSERT INTO a VALUES (hex(zeroblob(60000)), NULL), ('short', NULL); INSERT INTO b SELECT id, id FROM a; UPDATE a SET b = id;",
    );
    let dumped = source.dump();
    assert_eq!(dumped.manifest.deferred, ["t -> t", "a -> b"]);
    dumped.assert_has("UPDATE \"a\" SET \"b\" = 'short' WHERE rowid = 2;");
    source.assert_restores();
}

#[test]
fn chains_longer_than_d1_follows_come_back_over_live_data() {
    for action in ACTIONS {
        Source::of(&chain_of_rows(30, action)).assert_restores();
        Source::of(&chain_of_tables(13, action)).assert_restores();
    }
}

#[test]
fn a_circle_of_tables_is_opened_and_closed_by_updates() {
    for action in ACTIONS {
        let source = Source::of(&format!(
            "CREATE TABLE a (id INTEGER PRIMARY KEY, b REFERENCES b {action}); CREATE TABLE b (id INTEGER PRIMARY KEY, a NOT NULL REFERENCES a {action});
             INSERT INTO a VALUES (1, NULL), (2, NULL); INSERT INTO b VALUES (1, 2), (2, 1); UPDATE a SET b = id;"
        ));
        source.dump().assert_in_order(&[
            "INSERT INTO \"a\" (\"id\", \"b\") VALUES (1, NULL),",
            "INSERT INTO \"b\" (\"id\", \"a\") VALUES (1, 2),",
            "UPDATE \"a\" SET \"b\" = 1 WHERE \"id\" = 1;",
            "UPDATE \"a\" SET \"b\" = 2 WHERE \"id\" = 2;",
        ]);
        source.assert_restores();
    }
}

#[test]
fn a_circle_of_three_tables_is_opened_where_a_column_may_be_null() {
    for action in ACTIONS {
        let source = Source::of(&format!(
            "CREATE TABLE a (id INTEGER PRIMARY KEY, b NOT NULL REFERENCES b {action}); CREATE TABLE b (id INTEGER PRIMARY KEY, c REFERENCES c {action});
             CREATE TABLE c (id INTEGER PRIMARY KEY, a NOT NULL REFERENCES a {action});
             INSERT INTO b VALUES (1, NULL); INSERT INTO a VALUES (1, 1); INSERT INTO c VALUES (1, 1); UPDATE b SET c = 1;"
        ));
        source
            .dump()
            .assert_has("UPDATE \"b\" SET \"c\" = 1 WHERE \"id\" = 1;");
        assert_eq!(source.dump().manifest.deferred, [""; 0]);
        source.assert_restores();
    }
}

#[test]
fn two_circles_and_a_table_that_refers_to_itself_come_back() {
    Source::of(TWO_CIRCLES).assert_restores();
}

#[test]
fn a_column_that_something_looks_at_is_not_opened() {
    for seen in [
        "b REFERENCES b CHECK (b > 0)",
        "b UNIQUE REFERENCES b, g AS (b) NOT NULL",
        "b UNIQUE REFERENCES b, g AS (b) UNIQUE",
    ] {
        let source = Source::of(&format!(
            "CREATE TABLE a (id INTEGER PRIMARY KEY, {seen}); CREATE TABLE b (id INTEGER PRIMARY KEY, a REFERENCES a);
             INSERT INTO b VALUES (1, NULL); INSERT INTO a (id, b) VALUES (1, 1); UPDATE b SET a = 1;"
        ));
        source
            .dump()
            .assert_has("UPDATE \"b\" SET \"a\" = 1 WHERE \"id\" = 1;");
        source.assert_restores();
    }
}

#[test]
fn a_column_that_is_referred_to_itself_is_not_opened() {
    let source = Source::of(
        "CREATE TABLE a (id INTEGER PRIMARY KEY, b UNIQUE REFERENCES b); CREATE TABLE b (id INTEGER PRIMARY KEY, a REFERENCES a);
         CREATE TABLE c (b REFERENCES a (B));
         INSERT INTO b VALUES (1, NULL); INSERT INTO a VALUES (1, 1); INSERT INTO c VALUES (1); UPDATE b SET a = 1;",
    );
    source
        .dump()
        .assert_has("UPDATE \"b\" SET \"a\" = 1 WHERE \"id\" = 1;");
    source.assert_restores();
}

#[test]
fn a_circle_that_cannot_be_opened_is_named_and_restores_as_one_batch() {
    let source = Source::of(TWO_NEED_EACH_OTHER);
    let dumped = source.dump();
    assert_eq!(dumped.manifest.deferred, ["a -> b"]);
    dumped.assert_has("-- Deferred foreign key: a -> b");
    assert!(
        dumped.manifest.warnings[0].starts_with("The foreign key a -> b closes a circle"),
        "{:?}",
        dumped.manifest.warnings
    );
    source.assert_restores();
}

#[test]
fn a_reference_in_other_letters_is_the_same() {
    let source = Source::of(
        "CREATE TABLE Child (id, parent REFERENCES PARENT (ID)); CREATE TABLE Parent (Id INTEGER PRIMARY KEY, Up REFERENCES parent);
         INSERT INTO parent VALUES (1, NULL); INSERT INTO child VALUES (1, 1); UPDATE parent SET up = 1;",
    );
    source
        .dump()
        .assert_in_order(&["INSERT INTO \"Parent\"", "INSERT INTO \"Child\""]);
    source.assert_restores();
}

#[test]
fn a_dump_restores_where_a_parent_is_gone() {
    for schema in [
        "CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (id, a REFERENCES a); INSERT INTO a VALUES (1); INSERT INTO b VALUES (1, 1);",
        "CREATE TABLE a (id INTEGER PRIMARY KEY, b REFERENCES b); CREATE TABLE b (id INTEGER PRIMARY KEY, a REFERENCES a);
         INSERT INTO a VALUES (1, NULL); INSERT INTO b VALUES (1, 1); UPDATE a SET b = 1;",
    ] {
        let source = Source::of(schema);
        source.assert_restores_over("PRAGMA foreign_keys = OFF; DROP TABLE a;");
        source.assert_restores_over("PRAGMA foreign_keys = OFF; DROP TABLE b;");
    }
}

#[test]
fn a_dump_restores_over_rows_that_other_tables_refer_to() {
    let source =
        Source::of("CREATE TABLE a (id INTEGER PRIMARY KEY); INSERT INTO a VALUES (1), (2);");
    source.assert_restores_over("DELETE FROM a WHERE id = 1; INSERT INTO a VALUES (3);");
}

#[test]
fn a_table_that_refers_to_one_that_never_was_comes_back() {
    let source = Source::of("CREATE TABLE t (a, b REFERENCES missing)");
    assert!(!source.dump().text.contains("\"missing\""));
    source.assert_restores();
}

#[test]
fn rows_that_refer_to_nothing_come_back_where_the_table_referred_to_is_gone() {
    let source = Source::of(
        "CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 2);
         ALTER TABLE t ADD COLUMN c REFERENCES missing; ALTER TABLE t ADD COLUMN d REFERENCES Missing (\"an id\");
         CREATE TABLE pairs (a, b, FOREIGN KEY (a, b) REFERENCES gone (x, y), FOREIGN KEY (a, b) REFERENCES gone);
         CREATE TABLE gone (x, y, PRIMARY KEY (x, y), UNIQUE (x, y)); INSERT INTO pairs VALUES (NULL, 1); DROP TABLE gone;",
    );
    source.assert_restores();
    source.assert_restores_over("DROP TABLE t; DROP TABLE pairs;");
}

#[test]
fn a_restore_that_stopped_anywhere_is_done_again() {
    let missing = "CREATE TABLE t (a); INSERT INTO t VALUES (1); ALTER TABLE t ADD COLUMN b REFERENCES missing;";
    for database in [
        missing,
        TWO_CIRCLES,
        &chain_of_rows(3, "ON DELETE RESTRICT"),
        &chain_of_tables(3, "ON DELETE RESTRICT"),
    ] {
        Source::of(database).assert_restores_after_any_stop();
    }
}

#[test]
fn a_restore_does_nothing_to_a_live_table_that_was_missing() {
    let source = Source::of(
        "CREATE TABLE t (a); INSERT INTO t VALUES (1); ALTER TABLE t ADD COLUMN b REFERENCES missing;",
    );
    let live = source.restored();
    live.execute_batch("CREATE TABLE missing (id INTEGER PRIMARY KEY); INSERT INTO missing VALUES (7); INSERT INTO t VALUES (2, 7);").unwrap();
    let before = fingerprint::of(&live);
    let error = statement_by_statement(&live, &source.dump().text).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("no such column: cache_restore_scratch"),
        "{error}"
    );
    assert_eq!(fingerprint::of(&live), before);
}
