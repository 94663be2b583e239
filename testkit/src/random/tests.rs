use std::collections::BTreeMap;

use super::*;
use crate::fingerprint::{complaints, differences, of};
use crate::restore::as_one_batch;

#[test]
fn every_database_builds_and_is_sound() {
    for seed in 0..2000 {
        let made = database(seed);
        assert_eq!(complaints(&made.build()), [""; 0], "seed {seed}");
    }
}

#[test]
fn a_seed_gives_the_same_database_again() {
    for seed in 0..300 {
        let (one, other) = (database(seed), database(seed));
        assert_eq!(one.statements, other.statements);
        assert_eq!(
            differences(&of(&one.build()), &of(&other.build())),
            [""; 0],
            "seed {seed}"
        );
    }
}

/// What has to occur, and in how many of 1,000 databases at least.
const OFTEN: usize = 100;
const NOW_AND_THEN: usize = 12;
const EXPECTED: [(usize, &[&str]); 3] = [
    (
        OFTEN,
        &[
            "ADD COLUMN",
            "ANALYZE",
            "AUTOINCREMENT",
            "CASCADE",
            "CHECK",
            "DEFAULT",
            "DEFERRABLE",
            "INTEGER PRIMARY KEY",
            "NO ACTION",
            "RESTRICT",
            "SET DEFAULT",
            "SET NULL",
            "STRICT",
            "UNIQUE",
            "WITHOUT ROWID",
            "byte order mark",
            "circle of rows in one table",
            "column without a type",
            "commands of the shell",
            "comment at the end of SQL",
            "comment in SQL",
            "carriage return in SQL",
            "composite foreign key",
            "composite key that is half NULL",
            "deleted rows",
            "emptied table",
            "empty blob",
            "empty text",
            "ends of 64 bits",
            "extreme reals",
            "foreign key to a primary key",
            "foreign key to a unique column",
            "foreign key to a unique index",
            "foreign key to the same table",
            "fts5 setting",
            "fts5 tokenizer",
            "fts5 with its own text",
            "generated column first",
            "index on an expression",
            "index with DESC",
            "index with a collation",
            "infinity",
            "integers about 2^53",
            "invalid UTF-8",
            "key with DESC",
            "key with a collation",
            "long invalid UTF-8",
            "long text of quotes",
            "long text with NUL",
            "name like one of SQLite's or D1's",
            "name of over 200 characters",
            "name that is a keyword",
            "name with a comment",
            "name with a line end",
            "name with a placeholder",
            "name with a semicolon",
            "name with emoji",
            "name with quotes",
            "names that differ in the case of other than ASCII letters",
            "negative zero",
            "numbers as text",
            "partial index",
            "primary key beside the row number",
            "reference in other capitals",
            "reference without columns",
            "renamed table",
            "replacement character",
            "row number without a name",
            "row numbers at the ends of 64 bits",
            "row numbers of its own",
            "row of several long values",
            "row that refers to itself",
            "row whose parent comes later",
            "stored generated column",
            "table without a primary key",
            "text beyond ASCII",
            "text that looks like SQL",
            "text with NUL",
            "text with a carriage return",
            "text with a line end",
            "text with backslashes",
            "text with quotes",
            "trigger",
            "trigger of a view",
            "unique index",
            "view",
            "view of a view",
            "virtual generated column",
            "whole reals",
            "words of transactions",
            "altered late",
            "values of 10 KB",
            "values of 44 to 60 KB",
            "circle of rows over several tables",
        ],
    ),
    (
        NOW_AND_THEN,
        &[
            "2,000 rows",
            "100 columns",
            "CREATE TABLE AS",
            "DROP COLUMN",
            "NOT NULL key to the same table",
            "NOT NULL keys in a circle of tables",
            "chain of over ten rows",
            "counter ahead of its rows",
            "counter of an emptied table",
            "edited counter",
            "empty database",
            "foreign key to nothing",
            "fts5 UNINDEXED",
            "fts5 columnsize=0",
            "fts5 contentless",
            "fts5 contentless_delete",
            "fts5 detail",
            "fts5 on a table with a number",
            "fts5 on a table without a number",
            "fts5 on a view",
            "fts5 prefix",
            "fts5 option cut short",
            "fts5vocab col",
            "fts5vocab instance",
            "fts5vocab row",
            "key that is a foreign key",
            "key that differs from its parent in capitals",
            "one column",
            "over 50 columns",
            "renamed column",
            "renamed full-text index",
            "table called like a part of an index",
            "triggers that keep an index in step",
            "values of 90 to 101 KB",
            "view of nothing",
            "trigger that uses nothing",
        ],
    ),
    (4, &["values of 1 to 2 MB"]),
];

#[test]
fn what_a_dump_may_get_wrong_occurs_often_enough() {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..1000 {
        for feature in database(seed).features {
            *counts.entry(feature).or_default() += 1;
        }
    }
    for (least, features) in EXPECTED {
        for feature in features {
            let count = counts.get(feature).copied().unwrap_or_default();
            assert!(
                count >= least,
                "{feature} occurs in {count} of 1,000 databases"
            );
        }
    }
}

#[test]
fn few_statements_are_made_up_in_vain() {
    let (mut kept, mut refused) = (0, 0);
    for seed in 0..100 {
        let mut generator = Generator::new(seed);
        generator.run();
        kept += generator.statements.len();
        refused += generator.refused;
    }
    assert!(refused * 4 < kept, "{refused} refused, {kept} kept");
}

#[test]
fn the_statements_as_one_text_restore_to_the_same_database() {
    let sound = |made: &RandomDatabase| {
        made.statements
            .iter()
            .all(|sql| !sql.contains("BEGIN TRANSACTION"))
    };
    for made in (0..300).map(database).filter(sound) {
        let dump = format!(
            "PRAGMA defer_foreign_keys=TRUE;\n{}",
            made.statements.join("\n;\n")
        );
        let restored = d1::empty();
        as_one_batch(&restored, &dump).unwrap();
        assert_eq!(
            differences(&of(&made.build()), &of(&restored)),
            [""; 0],
            "seed {}",
            made.seed
        );
    }
}
