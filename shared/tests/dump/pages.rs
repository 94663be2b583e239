//! Dumps in pages, each read by another invocation.

use crate::bench::Source;

#[track_caller]
fn assert_restores_in_pages(sql: &str) {
    let source = Source::of(sql);
    let dumped = source.try_dump_in_pages(1).unwrap();
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
