//! How a dump looks, and what its manifest says of it.

use shared::dump::sha256;

use crate::bench::{Dumped, Source};
use crate::watched::Watched;

/// A small database with objects of every kind.
const SMALL: &str = "
    CREATE TABLE users (
      id TEXT PRIMARY KEY,
      email TEXT UNIQUE NOT NULL,
      name TEXT,
      invited_by TEXT REFERENCES users (id),
      created_at INTEGER NOT NULL
    );
    CREATE TABLE sessions (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
      token BLOB,
      weight REAL,
      is_long AS (length(token) > 2)
    );
    CREATE TABLE settings (key TEXT, value ANY, PRIMARY KEY (key)) STRICT, WITHOUT ROWID;
    CREATE TABLE \"empty table\" (\"a column\");
    CREATE VIRTUAL TABLE posts USING fts5(title, body, tokenize='porter');
    CREATE VIRTUAL TABLE names USING fts5(name, content='users');
    CREATE INDEX sessions_by_user ON sessions (user_id);
    CREATE VIEW active AS SELECT users.name, count(*) AS sessions FROM users JOIN sessions ON user_id = users.id GROUP BY 1;
    INSERT INTO users VALUES
      ('usr_1', 'ada@example.com', 'Ada', 'usr_2', 1702100000),
      ('usr_2', 'bob@example.com', 'Bob''s
second line', NULL, 1702200000),
      ('usr_3', 'caf\u{e9}@example.com', NULL, 'usr_1', 1702300000);
    INSERT INTO sessions (id, user_id, token, weight) VALUES (7, 'usr_1', x'00ff', 1.0), (9, 'usr_2', NULL, -0.5);
    DELETE FROM sessions WHERE id = 9;
    INSERT INTO settings VALUES ('a', 1), ('b', 'text' || char(0)), ('c', 'line' || char(13, 10));
    INSERT INTO posts VALUES ('Hello', 'the first post');
    INSERT INTO names (names) VALUES ('rebuild');
    CREATE TRIGGER no_logout BEFORE DELETE ON sessions BEGIN SELECT raise(IGNORE); END;";

/// The bytes of a dump that are the rows of a table, by its manifest.
fn rows_of<'dump>(dumped: &'dump Dumped, table: &str) -> &'dump str {
    let mut entries = dumped.manifest.tables.iter();
    let entry = entries.find(|entry| entry.name == table).unwrap();
    let start = usize::try_from(entry.offset).unwrap();
    &dumped.text[start..start + usize::try_from(entry.bytes).unwrap()]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn schema_sha256(sql: &str) -> String {
    Source::of(sql).dump().manifest.schema_sha256
}

#[test]
fn a_dump_is_a_text_that_a_person_can_read() {
    let source = Source::of(SMALL);
    insta::assert_snapshot!(source.dump().text);
    source.assert_restores();
}

#[test]
fn a_restore_that_stopped_anywhere_is_done_again() {
    Source::of(SMALL).assert_restores_after_any_stop();
}

#[test]
fn a_manifest_names_what_is_in_the_dump() {
    insta::assert_json_snapshot!(Source::of(SMALL).dump().manifest);
}

#[test]
fn an_unchanged_database_has_the_same_dump_again() {
    let source = Source::of(SMALL);
    assert_eq!(source.try_dump().unwrap(), source.try_dump().unwrap());
}

#[test]
fn an_empty_database_has_a_dump_too() {
    let source = Source::of("");
    assert_eq!(source.dump().statements().len(), 3);
    source.assert_restores();
}

#[test]
fn the_manifest_has_the_size_and_the_hash_of_the_text() {
    let dump = Source::of(SMALL).try_dump().unwrap();
    assert_eq!(
        dump.manifest.size_bytes,
        u64::try_from(dump.body.len()).unwrap()
    );
    assert_eq!(dump.sha256, sha256(&dump.body));
    assert_eq!(dump.manifest.sha256, hex(&dump.sha256));
}

#[test]
fn the_footer_has_the_size_of_the_text_with_itself_whatever_its_digits() {
    let of = |value: &str| {
        let sql = format!("CREATE TABLE t (a); INSERT INTO t VALUES ('{value}')");
        Source::of(&sql).dump()
    };
    let least = of("").text.len();
    for size in (992..1_008).chain(9_992..10_008) {
        let dumped = of(&"x".repeat(size - least));
        let (_, footer) = dumped.text.rsplit_once("-- Size: ").unwrap();
        let (named, _) = footer.split_once(" bytes").unwrap();
        assert_eq!(named.replace(',', ""), dumped.text.len().to_string());
    }
}

#[test]
fn each_table_of_the_manifest_is_exactly_the_rows_of_that_table() {
    let dumped = Source::of(SMALL).dump();
    for entry in &dumped.manifest.tables {
        let insert = format!("INSERT INTO \"{}\" (", entry.name);
        let own: Vec<&str> = dumped
            .statements()
            .into_iter()
            .filter(|sql| sql.starts_with(&insert))
            .collect();
        let cut = testkit::restore::statements(rows_of(&dumped, &entry.name));
        assert_eq!(cut, own);
    }
}

#[test]
fn the_rows_of_the_manifest_have_the_pieces_of_long_values_too() {
    let dumped =
        Source::of("CREATE TABLE t (a); INSERT INTO t VALUES (1), (zeroblob(100000)), (2)").dump();
    let statements = testkit::restore::statements(rows_of(&dumped, "t"));
    let beginnings: Vec<&str> = statements.iter().map(|sql| &sql[..15]).collect();
    let piece = "INSERT INTO \"ca";
    assert_eq!(
        beginnings,
        [
            "INSERT INTO \"t\"",
            piece,
            piece,
            piece,
            "INSERT INTO \"t\"",
            "DELETE FROM \"ca",
            "INSERT INTO \"t\""
        ]
    );
    assert_eq!(dumped.manifest.total_rows, 3);
}

#[test]
fn the_same_schema_has_the_same_hash_whatever_the_rows() {
    let schema = "CREATE TABLE t (a); CREATE VIEW v AS SELECT a FROM t;";
    let filled = format!("{schema} INSERT INTO t VALUES (zeroblob(200000)), (1);");
    assert_eq!(schema_sha256(schema), schema_sha256(&filled));
}

#[test]
fn another_schema_has_another_hash() {
    let of = |object: &str| schema_sha256(&format!("CREATE TABLE t (a); {object}"));
    let hashes = [
        of(""),
        of("CREATE TABLE u (a)"),
        of("CREATE INDEX i ON t (a)"),
        of("CREATE UNIQUE INDEX i ON t (a)"),
        of("CREATE VIEW v AS SELECT a FROM t"),
        of("CREATE TRIGGER g INSERT ON t BEGIN SELECT 1; END"),
        of("CREATE VIRTUAL TABLE f USING fts5(a)"),
        of("ALTER TABLE t ADD COLUMN b"),
    ];
    let different: std::collections::BTreeSet<&String> = hashes.iter().collect();
    assert_eq!(different.len(), hashes.len());
}

#[test]
fn no_name_ends_a_comment() {
    let name = "a\nDROP TABLE kept;\r-- \u{2028}DROP TABLE kept;\u{85}";
    let source = Source::of(&format!(
        "CREATE TABLE kept (a); INSERT INTO kept VALUES (1);
         CREATE TABLE \"{name}\" (id INTEGER PRIMARY KEY, \"{name}\" NOT NULL UNIQUE REFERENCES \"{name} 2\" (\"{name}\"));
         CREATE TABLE \"{name} 2\" (\"{name}\" NOT NULL UNIQUE REFERENCES \"{name}\" (\"{name}\"));
         CREATE VIRTUAL TABLE \"{name} 3\" USING fts5(a, content='');"
    ));
    let dumped = source.dump();
    assert_eq!(
        (
            dumped.manifest.deferred.len(),
            dumped.manifest.warnings.len()
        ),
        (1, 2)
    );
    assert!(
        !dumped
            .statements()
            .iter()
            .any(|sql| sql.starts_with("DROP TABLE kept"))
    );
    source.assert_restores();
}

#[test]
fn a_comment_keeps_to_its_line() {
    let dumped = Source::of("CREATE TABLE \"a\nb\u{1}c\td\" (a)").dump();
    dumped.assert_has("-- Table: a b c d");
}

#[test]
fn a_row_is_one_line_where_its_values_are() {
    let dumped = Source::of(SMALL).dump();
    assert_eq!(rows_of(&dumped, "sessions").lines().count(), 1);
    assert_eq!(rows_of(&dumped, "users").lines().count(), 4);
}

#[test]
fn rows_come_in_the_order_of_their_key() {
    let dumped = Source::of(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a UNIQUE); INSERT INTO t VALUES (3, 1), (-1, 2), (2, 3);
         CREATE TABLE w (a, b, PRIMARY KEY (b, a)) WITHOUT ROWID; INSERT INTO w VALUES (1, 2), (2, 1), (3, 0);",
    )
    .dump();
    assert_eq!(
        rows_of(&dumped, "t"),
        "INSERT INTO \"t\" (\"id\", \"a\") VALUES (-1, 2),\n(2, 3),\n(3, 1);\n"
    );
    assert_eq!(
        rows_of(&dumped, "w"),
        "INSERT INTO \"w\" (\"a\", \"b\") VALUES (3, 0),\n(2, 1),\n(1, 2);\n"
    );
}

#[test]
fn a_statement_has_as_many_rows_as_d1_takes() {
    let source = Source::of(
        "CREATE TABLE t (a, b); WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 30000)
         INSERT INTO t SELECT x, 'row ' || x FROM n;",
    );
    let dumped = source.dump();
    let statements = testkit::restore::statements(rows_of(&dumped, "t"));
    assert_eq!(rows_of(&dumped, "t").lines().count(), 30_000);
    assert_eq!(statements.len(), 7);
    assert!(statements[..6].iter().all(|sql| sql.len() > 99_000));
    source.assert_restores();
}

/// Whoever cuts a dump into statements may take the comment above the first row for a part of the statement.
#[test]
fn a_statement_with_the_name_of_its_table_above_it_is_no_longer_than_d1_takes() {
    for length in [1, 1_000, 20_000] {
        let source = Source::of(&format!(
            "CREATE TABLE {0} (a TEXT); WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 20000)
             INSERT INTO {0} SELECT 'row ' || x FROM n;",
            "t".repeat(length)
        ));
        source.assert_restores();
    }
}

/// The comments of tables without rows come above the first row of the next table.
#[test]
fn nor_is_one_with_the_names_of_empty_tables_above_it() {
    let empty: String = (0..300)
        .map(|n| format!("CREATE TABLE empty_{n} (a);"))
        .collect();
    let source = Source::of(&format!(
        "{empty} CREATE TABLE t (a TEXT); WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 20000)
         INSERT INTO t SELECT 'row ' || x FROM n;"
    ));
    source.assert_restores();
}

#[test]
fn a_row_of_a_hundred_columns_beside_a_rowid_has_a_statement_of_its_own() {
    let columns: Vec<String> = (0..100).map(|n| format!("c{n}")).collect();
    let source = Source::of(&format!(
        "CREATE TABLE t ({}); INSERT INTO t (c7) VALUES (1), (2), (3); CREATE VIEW v AS SELECT rowid FROM t;",
        columns.join(", ")
    ));
    assert_eq!(
        rows_of(&source.dump(), "t").matches("INSERT INTO").count(),
        3
    );
    source.assert_restores();
}

#[test]
fn a_table_of_many_pages_has_every_row_once() {
    let source = Source::of(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1234)
         INSERT INTO t SELECT i, hex(zeroblob(iif(i % 100 = 0, 30000, 500))) FROM n;",
    );
    let dumped = source.dump();
    dumped.assert_has("-- Total Rows: 1,234");
    dumped.assert_has("-- Rows: 1234");
    source.assert_restores();
}

#[test]
fn a_dump_is_dated_when_its_rows_were_read_and_took_as_long_as_all_readings() {
    let source = Source::of("CREATE TABLE t (a)");
    let dump = Watched::new(&source).dump().unwrap();
    assert_eq!(dump.manifest.generated, "2024-12-08T03:00:01.000Z");
    let text = String::from_utf8(dump.body).unwrap();
    assert!(text.contains("-- Duration: 2.000s\n"));
}
