//! Random tables of random databases.

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use shared::manifest::Places;
use testkit::damage::damage;
use testkit::fingerprint::Fingerprint;
use testkit::random::RandomDatabase;
use testkit::restore::{
    ForeignKeys, as_one_batch, statement_by_statement, statement_by_statement_with,
};
use testkit::{d1, fingerprint};

use super::omissions::{LINKS, pairs, quoted};
use crate::bench::{Dumped, Source};

/// Everything that is wrong with some tables of dumps: into an empty database they do not come as they were, or over a live one
/// anything else changes.
pub(super) fn faults(made: &RandomDatabase) -> Vec<String> {
    let source = Source::of("");
    made.fill(source.connection());
    let dumps = [
        ("whole", source.try_dump().map(Dumped::from)),
        ("paged", source.try_dump_in_pages(1_000 << (made.seed % 8))),
    ];
    let mut faults = Vec::new();
    for (way, dumped) in dumps {
        let mut found = match dumped {
            Ok(dumped) => of(made, &dumped),
            Err(error) => vec![format!("{error:?}")],
        };
        found
            .iter_mut()
            .for_each(|fault| fault.insert_str(0, &format!("{way}, ")));
        faults.extend(found);
    }
    faults
}

fn of(made: &RandomDatabase, dumped: &Dumped) -> Vec<String> {
    let source = made.build();
    let places = dumped.manifest.places.as_ref().unwrap();
    let all: Vec<&str> = places
        .tables
        .iter()
        .map(|table| table.name.as_str())
        .collect();
    let any = with_texts(places, chosen(&all, made.seed));
    let closed = with_parents(&source, &all, any.clone());
    let mut faults = Vec::new();
    for (tables, foreign_keys) in [
        (&any, ForeignKeys::AsTheDumpSays),
        (&closed, ForeignKeys::AlwaysOn),
    ] {
        let text = dumped.selected(tables).unwrap();
        let expected = fingerprint::of(&reduced(made, &all, tables));
        let empty = d1::empty();
        let ended = match foreign_keys {
            ForeignKeys::AlwaysOn if dumped.manifest.deferred.is_empty() => {
                statement_by_statement(&empty, &text)
            }
            ForeignKeys::AlwaysOn => as_one_batch(&empty, &text),
            ForeignKeys::AsTheDumpSays => statement_by_statement_with(&empty, &text, foreign_keys),
        };
        match ended {
            Ok(()) => faults.extend(differences("empty", &expected, &fingerprint::of(&empty))),
            Err(error) => faults.push(format!("empty, {tables:?}: {error}")),
        }
        faults.extend(over_live(made, &text, &changing(places, tables)));
    }
    faults
}

/// What changes in a live database besides what is restored, or changes although the restore failed.
fn over_live(made: &RandomDatabase, text: &str, changing: &[&str]) -> Vec<String> {
    let mut faults = Vec::new();
    for is_damaged in [false, true] {
        let live = made.build();
        d1::strict(&live);
        if is_damaged {
            damage(&live, made.seed);
        }
        let before = fingerprint::of(&live);
        let ended = as_one_batch(&live, text);
        let after = fingerprint::of(&live);
        faults.extend(match (ended, is_damaged) {
            (Ok(()), true) => differences(
                "damaged",
                &without(&before, changing),
                &without(&after, changing),
            ),
            (Ok(()), false) => differences("live", &before, &after),
            (Err(_), _) => differences("refused", &before, &after),
        });
    }
    let live = made.build();
    d1::strict(&live);
    let before = without(&fingerprint::of(&live), changing);
    drop(statement_by_statement(&live, text));
    let after = without(&fingerprint::of(&live), changing);
    faults.extend(differences("one by one", &before, &after));
    faults
}

/// What may be another when the tables are restored, or their restore stopped half-way: they, full-text tables that are indexes
/// of one, and what is there only meanwhile.
fn changing<'a>(places: &'a Places, tables: &[&'a str]) -> Vec<&'a str> {
    let is_one = |name: &String| tables.iter().any(|table| table.eq_ignore_ascii_case(name));
    let indexes = places
        .tables
        .iter()
        .filter(|table| table.text_from.as_ref().is_some_and(is_one));
    let indexes = indexes.map(|table| table.name.as_str());
    let meanwhile = places
        .stand_ins
        .iter()
        .map(|found| &found.name)
        .chain(&places.scratch);
    let meanwhile = meanwhile.map(String::as_str);
    tables
        .iter()
        .copied()
        .chain(indexes)
        .chain(meanwhile)
        .collect()
}

fn differences(place: &str, expected: &Fingerprint, found: &Fingerprint) -> Vec<String> {
    let differences = fingerprint::differences(expected, found).into_iter();
    differences
        .map(|fault| format!("{place}: {fault}"))
        .collect()
}

/// About half of the tables, and one at least.
fn chosen<'a>(all: &[&'a str], seed: u64) -> Vec<&'a str> {
    let chosen = (seed..)
        .zip(all)
        .filter(|(n, _)| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 63 == 0);
    let mut chosen: Vec<&str> = chosen.map(|(_, name)| *name).collect();
    chosen.extend(all.first().filter(|_| chosen.is_empty()));
    chosen
}

/// The same with the tables that have the text of full-text tables; those whose text is in a view are not taken.
fn with_texts<'a>(places: &'a Places, mut chosen: Vec<&'a str>) -> Vec<&'a str> {
    for table in &places.tables {
        let Some(text) = table
            .text_from
            .as_ref()
            .filter(|_| chosen.contains(&table.name.as_str()))
        else {
            continue;
        };
        match places
            .tables
            .iter()
            .find(|other| other.name.eq_ignore_ascii_case(text))
        {
            Some(text) if chosen.contains(&text.name.as_str()) => {}
            Some(text) => chosen.push(&text.name),
            None => chosen.retain(|name| **name != table.name),
        }
    }
    chosen
}

/// The same with all that their rows could refer to.
fn with_parents<'a>(
    source: &Connection,
    all: &[&'a str],
    mut chosen: Vec<&'a str>,
) -> Vec<&'a str> {
    let links = pairs(source, LINKS);
    while let Some(parent) = links.iter().find_map(|(child, parent)| {
        let parent = all.iter().find(|name| name.eq_ignore_ascii_case(parent))?;
        (chosen.contains(&child.as_str()) && !chosen.contains(parent)).then_some(*parent)
    }) {
        chosen.push(parent);
    }
    chosen
}

/// The database without views and all other tables.
fn reduced(made: &RandomDatabase, all: &[&str], tables: &[&str]) -> Connection {
    let database = made.build();
    database
        .set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false)
        .unwrap();
    let run = |sql: &str| {
        let ran = database.execute_batch(sql);
        ran.unwrap_or_else(|error| panic!("seed {}: {error}: {sql}", made.seed));
    };
    run("PRAGMA foreign_keys = OFF");
    for (view, _) in pairs(
        &database,
        "SELECT name, sql FROM sqlite_schema WHERE type = 'view'",
    ) {
        run(&format!("DROP VIEW {}", quoted(&view)));
    }
    for table in all.iter().rev().filter(|table| !tables.contains(table)) {
        run(&format!("DROP TABLE IF EXISTS {}", quoted(table)));
    }
    // A table that looked like a part of an index that is gone still does, until the schema is read again.
    run("PRAGMA foreign_keys = ON; PRAGMA writable_schema = RESET");
    database
}

/// What is known of a database, but for some of its tables.
fn without(print: &Fingerprint, tables: &[&str]) -> Fingerprint {
    let is_one = |name: &str| tables.iter().any(|table| table.eq_ignore_ascii_case(name));
    let is_part = |name: &str| {
        let parts = ["_data", "_idx", "_content", "_docsize", "_config"];
        parts
            .iter()
            .any(|part| name.strip_suffix(part).is_some_and(is_one))
    };
    let is_on = |described: &str| {
        let described = described.to_ascii_lowercase();
        let mut tables = tables.iter();
        tables.any(|table| described.starts_with(&format!("on {:?}: ", table.to_ascii_lowercase())))
    };
    let mut print = print.clone();
    print
        .objects
        .retain(|(_, name), described| !is_on(described) && !is_part(name));
    print.tables.retain(|name, _| !is_one(name));
    print.counters.retain(|name, _| !is_one(name));
    print.indexes.retain(|name, _| !is_one(name));
    print
}
