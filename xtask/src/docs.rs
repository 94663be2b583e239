//! The documentation names no file that is not there: a map is only good while it is true.

use std::path::PathBuf;

use crate::workspace::{path, relative, root};

/// Folders of the checkout whose paths the documentation names.
const FOLDERS: [&str; 11] = [
    "api",
    "contract",
    "docs",
    "exporter",
    "janitor",
    "migrations",
    "producer",
    "shared",
    "tests",
    "wrangler",
    "xtask",
];

/// The documents, by path.
fn documents() -> Vec<PathBuf> {
    let inside = |folder: PathBuf| {
        std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|file| file.extension().is_some_and(|kind| kind == "md"))
    };
    inside(root().to_owned())
        .chain(inside(path("docs")))
        .collect()
}

/// What stands between backquotes on one line and looks like a path of ours.
fn paths(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2).filter(|quoted| {
        quoted.split_once('/').is_some_and(|(folder, rest)| {
            FOLDERS.contains(&folder) && !rest.contains(['*', ' ', '<', ':'])
        }) && !quoted.contains("NNN")
    })
}

#[test]
fn every_path_in_the_documentation_exists() {
    let mut missing = Vec::new();
    for document in documents() {
        let text = std::fs::read_to_string(&document).unwrap();
        for (number, line) in text.lines().enumerate() {
            for named in paths(line).filter(|named| !path(named).exists()) {
                missing.push(format!("{}:{}: {named}", relative(&document), number + 1));
            }
        }
    }
    assert!(
        missing.is_empty(),
        "these are not there:\n{}",
        missing.join("\n")
    );
}

#[test]
fn a_path_is_told_from_other_code() {
    let line =
        "`shared/src/time.rs`, `YYYY-MM-DD/name.sql`, `docs/`, `wrangler/*.jsonc`, `GET /status`";
    assert_eq!(
        paths(line).collect::<Vec<_>>(),
        ["shared/src/time.rs", "docs/"]
    );
}
