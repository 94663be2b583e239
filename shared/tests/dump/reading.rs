//! How a database is read: at one instant, or with an error that says what to do about it.

use shared::dump::{DumpError, LARGEST_SNAPSHOT};
use shared::native::Fault;
use shared::ports::DatabaseError;

use crate::bench::{Dumped, Source};
use crate::watched::Watched;

/// A change before one batch.
fn at(batch: usize, change: &'static str) -> impl Fn(usize) -> String {
    move |number| {
        if number == batch {
            change.to_owned()
        } else {
            String::new()
        }
    }
}

/// Each time another schema.
fn new_table(batch: usize) -> String {
    format!("CREATE TABLE t{batch} (a)")
}

#[test]
fn one_batch_describes_a_database_and_another_reads_all_of_it() {
    let source =
        Source::of("CREATE TABLE a (x); CREATE TABLE b (x); CREATE VIRTUAL TABLE c USING fts5(x);");
    let watched = Watched::new(&source);
    watched.dump().unwrap();
    assert_eq!(watched.batches.borrow().len(), 2);
}

#[test]
fn rows_that_are_not_as_expected_are_read_again_and_the_schema_is_not() {
    let source = Source::of(
        "CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(100000)), (CAST(x'ff' AS TEXT))",
    );
    let watched = Watched::new(&source);
    watched.dump().unwrap();
    let batches: Vec<usize> = watched.batches.borrow().iter().map(Vec::len).collect();
    assert_eq!(batches, [6, 2, 3]);
}

#[test]
fn a_schema_that_changes_before_the_rows_are_read_is_read_again() {
    let source = Source::of("CREATE TABLE t (a); INSERT INTO t VALUES (1)");
    let watched = Watched::new(&source).changing(at(1, "ALTER TABLE t ADD COLUMN b DEFAULT 'new'"));
    let dump = watched.dump().unwrap();
    assert_eq!(
        dump.manifest.schema_sha256,
        source.dump().manifest.schema_sha256
    );
    Dumped::from(dump).assert_has("INSERT INTO \"t\" (\"a\", \"b\") VALUES (1, 'new');");
}

#[test]
fn rows_that_change_between_two_readings_are_those_of_the_last() {
    let source = Source::of("CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(100000))");
    let watched = Watched::new(&source).changing(at(2, "UPDATE t SET a = CAST(x'ff' AS TEXT)"));
    let dumped = Dumped::from(watched.dump().unwrap());
    dumped.assert_has("INSERT INTO \"t\" (\"a\") VALUES (CAST(X'FF' AS TEXT));");
    assert_eq!(watched.batches.borrow().len(), 4);
}

#[test]
fn a_schema_that_never_stands_still_is_an_error_after_eight_readings() {
    let source = Source::of("CREATE TABLE t (a)");
    let watched = Watched::new(&source).changing(new_table);
    assert_eq!(watched.dump(), Err(DumpError::SchemaKeepsChanging));
    assert_eq!(watched.batches.borrow().len(), 16);
}

#[test]
fn a_database_of_the_largest_size_is_read_and_a_larger_one_refused() {
    let source = Source::of("CREATE TABLE t (a)");
    let watched = Watched::new(&source);
    watched.size_bytes.set(Some(LARGEST_SNAPSHOT));
    assert!(watched.dump().is_ok());
    let bytes = LARGEST_SNAPSHOT + 1;
    watched.size_bytes.set(Some(bytes));
    assert_eq!(watched.dump(), Err(DumpError::TooLarge { bytes }));
}

#[test]
fn a_database_that_fails_ends_the_dump_and_the_error_says_when() {
    let source = Source::of("CREATE TABLE t (a)");
    source.database.faults().next(Fault::Before);
    assert!(matches!(
        source.try_dump(),
        Err(DumpError::Introspect(DatabaseError::Unavailable { .. }))
    ));
    source.database.faults().after(1, Fault::Before);
    assert!(matches!(
        source.try_dump(),
        Err(DumpError::ReadRows(DatabaseError::Unavailable { .. }))
    ));
}

#[test]
fn a_missing_result_ends_the_dump() {
    let source = Source::of("CREATE TABLE t (a)");
    let lost = |batch| Watched::new(&source).losing(batch).dump().unwrap_err();
    assert!(matches!(
        lost(0),
        DumpError::Introspect(DatabaseError::Shape { .. })
    ));
    assert!(matches!(
        lost(1),
        DumpError::ReadRows(DatabaseError::Shape { .. })
    ));
}

#[test]
fn only_what_may_pass_is_worth_another_attempt() {
    let message = String::new;
    let refused = DatabaseError::Refused { message: message() };
    for (error, is_transient) in [
        (
            DumpError::Introspect(DatabaseError::Unavailable { message: message() }),
            true,
        ),
        (
            DumpError::ReadRows(DatabaseError::TooBig { message: message() }),
            true,
        ),
        (DumpError::ReadRows(refused), true),
        (DumpError::SchemaKeepsChanging, true),
        (
            DumpError::ReadRows(DatabaseError::Shape { message: message() }),
            false,
        ),
        (
            DumpError::StatementTooLong {
                object: String::new(),
            },
            false,
        ),
        (DumpError::TooLarge { bytes: 1 }, false),
    ] {
        assert_eq!(error.is_transient(), is_transient, "{error}");
    }
}
