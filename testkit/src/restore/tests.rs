use super::*;
use crate::d1;
use crate::fingerprint::{differences, of};

const DUMP: &str = "PRAGMA foreign_keys=OFF;
CREATE TABLE child (a REFERENCES parent);
CREATE TABLE parent (id INTEGER PRIMARY KEY);
INSERT INTO parent VALUES (1);
INSERT INTO child VALUES (1); -- the end
";

const BACKWARDS: &str = "PRAGMA foreign_keys=OFF;
CREATE TABLE parent (id INTEGER PRIMARY KEY);
CREATE TABLE child (a REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
INSERT INTO child VALUES (1);
INSERT INTO parent VALUES (1);";

fn refused(dump: &str) -> String {
    let one = statement_by_statement(&d1::empty(), dump)
        .unwrap_err()
        .to_string();
    let batch = as_one_batch(&d1::empty(), dump).unwrap_err().to_string();
    assert_eq!(one, batch);
    one
}

#[test]
fn all_ways_of_restoring_come_to_the_same() {
    let (one, other) = (d1::empty(), d1::empty());
    statement_by_statement(&one, DUMP).unwrap();
    as_one_batch(&other, DUMP).unwrap();
    let parents = one.query_row("SELECT count(*) FROM parent", [], |row| {
        row.get::<_, i64>(0)
    });
    assert_eq!(parents, Ok(1));
    assert_eq!(differences(&of(&one), &of(&other)), [""; 0]);
}

#[test]
fn a_child_before_its_parent_passes_only_where_keys_wait_or_are_off() {
    assert!(statement_by_statement(&d1::empty(), BACKWARDS).is_err());
    as_one_batch(&d1::empty(), BACKWARDS).unwrap();
    let connection = d1::empty();
    statement_by_statement_with(&connection, BACKWARDS, ForeignKeys::AsTheDumpSays).unwrap();
    let checked = connection.pragma_query_value(None, "foreign_keys", |row| row.get::<_, bool>(0));
    assert_eq!(checked, Ok(true));
}

#[test]
fn a_batch_that_fails_leaves_nothing() {
    let connection = d1::empty();
    as_one_batch(
        &connection,
        "CREATE TABLE t (a); INSERT INTO t VALUES (1, 2);",
    )
    .unwrap_err();
    assert_eq!(of(&connection), of(&d1::empty()));
}

#[test]
fn an_error_names_the_statement_and_what_sqlite_says() {
    let message = refused("CREATE TABLE t (a);\nINSERT INTO t VALUES (1, 2);");
    assert_eq!(
        message,
        "statement 2 was refused: table t has 1 columns but 2 values were supplied: INSERT INTO t VALUES (1, 2)"
    );
}

#[test]
fn what_d1_does_not_take_is_refused() {
    for statement in [
        "BEGIN",
        "-- x\ncommit",
        "/* x */ SAVEPOINT a",
        "END",
        "VACUUM",
        "ATTACH 'x' AS y",
        "PRAGMA user_version = 1",
        "PRAGMA writable_schema=ON",
    ] {
        assert!(
            refused(statement).starts_with("D1 does not take statement 1"),
            "{statement}"
        );
    }
}

#[test]
fn a_statement_of_100_000_bytes_is_taken_and_one_byte_more_is_not() {
    let statement = |length: usize| format!("SELECT '{}'", "x".repeat(length - 9));
    statement_by_statement(&d1::empty(), &statement(LONGEST_STATEMENT)).unwrap();
    assert!(refused(&statement(LONGEST_STATEMENT + 1)).contains("longer than 100,000 bytes"));
}

#[test]
fn the_words_of_a_transaction_are_refused_in_a_batch_wherever_they_are() {
    let error = as_one_batch(&d1::empty(), "SELECT 'BEGIN TRANSACTION;';").unwrap_err();
    assert!(matches!(error, RestoreError::TransactionWords { .. }));
}

#[test]
fn the_shell_restores_and_complains() {
    let path = std::env::temp_dir().join(format!("testkit-shell-{}.sqlite", std::process::id()));
    let Some(restored) = with_shell(&path, DUMP) else {
        return;
    };
    restored.unwrap();
    let expected = d1::empty();
    statement_by_statement(&expected, DUMP).unwrap();
    let found = of(&Connection::open(&path).unwrap());
    assert_eq!(differences(&of(&expected), &found), [""; 0]);
    let again = with_shell(&path, DUMP).unwrap().unwrap_err();
    assert!(again.to_string().contains("table child already exists"));
    std::fs::remove_file(path).unwrap();
}
