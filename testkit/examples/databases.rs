//! Random databases as files, and files compared, for tests that are not written in Rust:
//!
//! - `write FOLDER FROM COUNT` writes `SEED.sqlite` and its statements `SEED.json` for so many seeds;
//! - `compare EXPECTED FOUND …` prints what differs within each pair of files, as JSON: a list of sentences for each.

use std::collections::VecDeque;
use std::error::Error;
use std::fs;
use std::path::Path;

use rusqlite::Connection;
use testkit::fingerprint::{complaints, differences, of};
use testkit::{d1, random};

const USAGE: &str = "usage: write FOLDER FROM COUNT, or compare EXPECTED FOUND …";

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments: VecDeque<String> = std::env::args().skip(1).collect();
    let command = arguments.pop_front().ok_or(USAGE)?;
    match (command.as_str(), arguments.make_contiguous()) {
        ("write", [folder, from, count]) => write(Path::new(folder), from.parse()?, count.parse()?),
        ("compare", files) => compare(files),
        _ => Err(USAGE.into()),
    }
}

fn write(folder: &Path, from: u64, count: u64) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    for seed in from..from + count {
        let made = random::database(seed);
        let connection = Connection::open(folder.join(format!("{seed}.sqlite")))?;
        d1::strict(&connection);
        made.fill(&connection);
        let statements = serde_json::to_vec(&made.statements)?;
        fs::write(folder.join(format!("{seed}.json")), statements)?;
    }
    Ok(())
}

fn compare(files: &[String]) -> Result<(), Box<dyn Error>> {
    let (pairs, []) = files.as_chunks() else {
        return Err(USAGE.into());
    };
    let found: Result<Vec<_>, _> = pairs.iter().map(faults).collect();
    println!("{}", serde_json::to_string(&found?)?);
    Ok(())
}

/// What differs, and what SQLite finds wrong with the second that is not wrong with the first.
fn faults([expected, found]: &[String; 2]) -> Result<Vec<String>, rusqlite::Error> {
    let (expected, found) = (Connection::open(expected)?, Connection::open(found)?);
    let known = complaints(&expected);
    let new = complaints(&found)
        .into_iter()
        .filter(|complaint| !known.contains(complaint));
    Ok(differences(&of(&expected), &of(&found))
        .into_iter()
        .chain(new)
        .collect())
}
