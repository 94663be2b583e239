//! Random databases of which random tables are left out, or taken without their rows.

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use shared::manifest::Manifest;
use testkit::random::RandomDatabase;
use testkit::restore::{as_one_batch, statement_by_statement};
use testkit::{d1, fingerprint};

use crate::bench::{Dumped, Source};

/// Tables that can be emptied by a DELETE.
const TABLES: &str = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*' \
    AND name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow') \
    AND (sql NOT LIKE 'CREATE VIRTUAL%' OR sql LIKE '%fts5(%' AND sql NOT LIKE '%=%') ORDER BY rowid";
/// Who refers to whom.
pub(super) const LINKS: &str = "SELECT DISTINCT m.name, lower(k.\"table\") FROM sqlite_schema m JOIN pragma_foreign_key_list(m.name) k WHERE m.type = 'table'";
/// Indexes that no foreign key can refer to.
const OTHER_INDEXES: &str = "SELECT i.name FROM sqlite_schema m JOIN pragma_index_list(m.name) i WHERE m.type = 'table' AND i.origin = 'c' \
    AND (NOT i.\"unique\" OR i.partial OR EXISTS (SELECT 1 FROM pragma_index_info(i.name) WHERE cid = -2))";
/// Full-text tables that may have their text from elsewhere.
const INDEXES: &str = "SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL%fts5%=%'";

/// Everything that is wrong with dumps without some tables: what they make of an empty database, and of one that they made, is
/// not the source without these, or a live table that is left out is not as it was.
pub(super) fn faults(made: &RandomDatabase) -> Vec<String> {
    let source = Source::of("");
    made.fill(source.connection());
    let (left_out, without_rows) = omissions(source.connection(), made.seed);
    let source = source.without(&borrowed(&left_out), &borrowed(&without_rows));
    let dumps = [
        source.try_dump().map(Dumped::from),
        source.try_dump_in_pages(1_000 << (made.seed % 8)),
    ];
    let mut faults = Vec::new();
    for dumped in dumps {
        match dumped {
            Ok(dumped) => {
                let restored = || {
                    let restored = d1::empty();
                    as_one_batch(&restored, &dumped.text).unwrap();
                    restored
                };
                let expected = reduced(made, &dumped.manifest);
                faults.extend(dumped.faults(&expected, Some(&restored)));
                faults.extend(losses(made, &dumped));
            }
            Err(error) => faults.push(format!("{error:?}")),
        }
    }
    faults
}

fn borrowed(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

/// Some tables to leave out and some to take without rows; of what refers to one of them, the rows are not taken.
fn omissions(source: &Connection, seed: u64) -> (Vec<String>, Vec<String>) {
    let links = pairs(source, LINKS);
    let (mut left_out, mut without_rows) = (Vec::new(), Vec::new());
    for (n, (table, _)) in (seed..).zip(pairs(source, TABLES)) {
        match n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 61 {
            0 | 1 => left_out.push(table),
            2 | 3 => without_rows.push(table),
            _ => {}
        }
    }
    while let Some((child, _)) = links.iter().find(|(child, parent)| {
        let is_parent = |name: &String| name.eq_ignore_ascii_case(parent);
        let mut omitted = left_out.iter().chain(&without_rows);
        omitted.any(is_parent) && !left_out.contains(child) && !without_rows.contains(child)
    }) {
        without_rows.push(child.clone());
    }
    (left_out, without_rows)
}

/// The database as a dump should make it.
fn reduced(made: &RandomDatabase, manifest: &Manifest) -> Connection {
    let database = made.build();
    let run = |sql: &str| {
        let ran = database.execute_batch(sql);
        ran.unwrap_or_else(|error| panic!("seed {}: {error}: {sql}", made.seed));
    };
    database
        .set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false)
        .unwrap();
    run("PRAGMA foreign_keys = OFF");
    let triggers = pairs(
        &database,
        "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY rowid",
    );
    let owners = pairs(
        &database,
        "SELECT name, tbl_name FROM sqlite_schema WHERE type = 'trigger' ORDER BY rowid",
    );
    for (trigger, _) in &triggers {
        run(&format!("DROP TRIGGER {}", quoted(trigger)));
    }
    for table in &manifest.without_rows {
        run(&format!("DELETE FROM {}", quoted(table)));
    }
    let links = pairs(&database, LINKS);
    let mut staying: Vec<&String> = Vec::new();
    while let Some(next) = manifest.left_out.iter().find(|table| {
        let mut links = links.iter();
        !staying.contains(table)
            && links.any(|(child, parent)| {
                let is_there = !manifest.left_out.contains(child) || staying.contains(&child);
                is_there && table.eq_ignore_ascii_case(parent)
            })
    }) {
        staying.push(next);
    }
    for table in manifest.left_out.iter().rev() {
        if !staying.contains(&table) {
            run(&format!("DROP TABLE {}", quoted(table)));
            continue;
        }
        run(&format!("DELETE FROM {}", quoted(table)));
        for (index, _) in pairs(
            &database,
            &format!("{OTHER_INDEXES} AND m.name = {}", literal(table)),
        ) {
            run(&format!("DROP INDEX {}", quoted(&index)));
        }
    }
    if !pairs(
        &database,
        "SELECT name FROM sqlite_schema WHERE name = 'sqlite_sequence'",
    )
    .is_empty()
    {
        for table in &manifest.left_out {
            run(&format!(
                "DELETE FROM sqlite_sequence WHERE name = {}",
                literal(table)
            ));
        }
    }
    for (index, _) in pairs(&database, INDEXES) {
        let named = index.replace(char::is_control, " ");
        let is_empty = format!("The full-text table `{named}` takes its text from");
        let mut warnings = manifest.warnings.iter();
        let command = match warnings.any(|warning| warning.starts_with(&is_empty)) {
            true => "delete-all",
            false => "rebuild",
        };
        // One without content has nothing to be made again from, and was empty before.
        let name = quoted(&index);
        let _ =
            database.execute_batch(&format!("INSERT INTO {name} ({name}) VALUES ('{command}')"));
    }
    for ((_, sql), (_, owner)) in triggers.iter().zip(&owners) {
        if !manifest.left_out.contains(owner) {
            run(sql);
        }
    }
    // A table that looked like a part of an index that is gone still does, until the schema is read again.
    run("PRAGMA foreign_keys = ON; PRAGMA writable_schema = RESET");
    database
}

/// Live tables that are left out and are not as they were after a restore over them, whether or not it came to its end.
fn losses(made: &RandomDatabase, dumped: &Dumped) -> Vec<String> {
    let live = made.build();
    let before = fingerprint::of(&live);
    let restored = statement_by_statement(&live, &dumped.text);
    let after = fingerprint::of(&live);
    let left_out = dumped.manifest.left_out.iter();
    left_out
        .filter(|table| before.tables.get(*table) != after.tables.get(*table))
        .map(|table| format!("live {table} is not as it was: {restored:?}"))
        .collect()
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The rows of a query that has one column or two.
pub(super) fn pairs(connection: &Connection, sql: &str) -> Vec<(String, String)> {
    let mut statement = connection.prepare(sql).unwrap();
    let last = statement.column_count() - 1;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(last)?)));
    rows.unwrap().map(Result::unwrap).collect()
}
