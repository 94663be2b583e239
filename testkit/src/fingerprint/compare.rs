//! What differs between two databases, one sentence each.

use std::collections::BTreeMap;
use std::fmt::Debug;

use super::cells::show;
use super::{Fingerprint, FulltextPrint, TablePrint};

/// Rows of a table that a report shows.
const SHOWN: usize = 3;

/// What differs, one sentence each; empty when nothing does.
pub fn differences(expected: &Fingerprint, found: &Fingerprint) -> Vec<String> {
    let mut sentences = Vec::new();
    let object = |(kind, name): &(String, String)| format!("the {kind} {name:?}");
    maps(&mut sentences, object, &expected.objects, &found.objects);
    let counter = |name: &String| format!("the counter of {name:?}");
    maps(
        &mut sentences,
        counter,
        &shown(&expected.counters),
        &shown(&found.counters),
    );
    for (name, table) in &expected.tables {
        if let Some(other) = found.tables.get(name) {
            tables(&mut sentences, name, table, other);
        }
    }
    for (name, index) in &expected.indexes {
        if let Some(other) = found.indexes.get(name) {
            indexes(&mut sentences, name, index, other);
        }
    }
    sentences
}

fn shown(counters: &BTreeMap<String, Vec<Vec<u8>>>) -> BTreeMap<String, Vec<String>> {
    let show_all = |values: &Vec<Vec<u8>>| values.iter().map(|value| show(value)).collect();
    counters
        .iter()
        .map(|(name, values)| (name.clone(), show_all(values)))
        .collect()
}

fn maps<K: Ord, V: PartialEq + Debug>(
    sentences: &mut Vec<String>,
    what: impl Fn(&K) -> String,
    expected: &BTreeMap<K, V>,
    found: &BTreeMap<K, V>,
) {
    for (key, value) in expected {
        match found.get(key) {
            None => sentences.push(format!("{} is missing", what(key))),
            Some(other) if other != value => {
                sentences.push(format!("{} was {value:?} and is {other:?}", what(key)));
            }
            Some(_) => {}
        }
    }
    for key in found.keys().filter(|key| !expected.contains_key(*key)) {
        sentences.push(format!("{} was not there before", what(key)));
    }
}

fn tables(sentences: &mut Vec<String>, name: &str, expected: &TablePrint, found: &TablePrint) {
    if expected.unreadable != found.unreadable {
        let state = |table: &TablePrint| {
            table
                .unreadable
                .clone()
                .unwrap_or_else(|| "readable".to_owned())
        };
        sentences.push(format!(
            "{name:?} was {} and is {}",
            state(expected),
            state(found)
        ));
        return;
    }
    if expected.columns != found.columns {
        sentences.push(format!(
            "{name:?} had the columns {:?} and has {:?}",
            expected.columns, found.columns
        ));
    }
    let missing = without(&expected.rows, &found.rows);
    let added = without(&found.rows, &expected.rows);
    if missing.is_empty() && added.is_empty() {
        return;
    }
    sentences.push(format!(
        "{name:?} had {} rows and has {}; missing {}: {:#?}; added {}: {:#?}",
        expected.rows.len(),
        found.rows.len(),
        missing.len(),
        missing
            .iter()
            .take(SHOWN)
            .map(|row| show(row))
            .collect::<Vec<_>>(),
        added.len(),
        added
            .iter()
            .take(SHOWN)
            .map(|row| show(row))
            .collect::<Vec<_>>(),
    ));
}

/// The rows of one sorted list that the other has not, each as often as it is missing.
fn without<'a>(rows: &'a [Vec<u8>], others: &[Vec<u8>]) -> Vec<&'a [u8]> {
    let mut others = others.iter().peekable();
    let mut rest = Vec::new();
    for row in rows {
        while others.next_if(|other| *other < row).is_some() {}
        if others.next_if(|other| *other == row).is_none() {
            rest.push(row.as_slice());
        }
    }
    rest
}

fn indexes(
    sentences: &mut Vec<String>,
    name: &str,
    expected: &FulltextPrint,
    found: &FulltextPrint,
) {
    if expected.broken != found.broken {
        let state = |broken: &Option<String>| broken.clone().unwrap_or_else(|| "sound".to_owned());
        sentences.push(format!(
            "the full-text index {name:?} was {} and is {}",
            state(&expected.broken),
            state(&found.broken)
        ));
    }
    let setting = |key: &String| format!("the setting {key} of the full-text index {name:?}");
    let readable = |settings: &BTreeMap<String, Vec<u8>>| -> BTreeMap<String, String> {
        settings
            .iter()
            .map(|(key, value)| (key.clone(), show(value)))
            .collect()
    };
    maps(
        sentences,
        setting,
        &readable(&expected.configuration),
        &readable(&found.configuration),
    );
    let missing = without(&expected.vocabulary, &found.vocabulary);
    let added = without(&found.vocabulary, &expected.vocabulary);
    for (rows, state) in [(missing, "lost"), (added, "got")] {
        if !rows.is_empty() {
            let terms: Vec<_> = rows.iter().take(SHOWN).map(|row| show(row)).collect();
            sentences.push(format!(
                "the full-text index {name:?} {state} {} terms: {terms:?}",
                rows.len()
            ));
        }
    }
    for (term, rows) in &expected.matches {
        if let Some(other) = found.matches.get(term)
            && rows != other
        {
            sentences.push(format!(
                "{term:?} was found by {name:?} in rows {rows} and is in {other}"
            ));
        }
    }
}
