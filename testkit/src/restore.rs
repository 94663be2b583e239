//! A dump run as others run it: statement by statement, as one batch, and by the `sqlite3` shell.

mod splitter;
#[cfg(test)]
mod tests;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use rusqlite::Connection;
use thiserror::Error;

use crate::d1::LONGEST_STATEMENT;
use splitter::{first_word, split};

/// Why a dump did not go in. Everything before the statement may have.
#[derive(Debug, Error)]
pub enum RestoreError {
    /// SQLite refused a statement.
    #[error("statement {number} was refused: {message}: {statement}")]
    Refused {
        number: usize,
        statement: String,
        message: String,
    },
    /// D1 refuses a statement for its kind or its length.
    #[error("D1 does not take statement {number}, which {reason}: {statement}")]
    NotForD1 {
        number: usize,
        statement: String,
        reason: &'static str,
    },
    /// Keys that were to be checked at the end were not all right then.
    #[error("the batch could not be committed: {message}")]
    Commit { message: String },
    /// wrangler refuses a file that seems to hold transactions.
    #[error(
        "the dump holds the words BEGIN TRANSACTION, which wrangler takes for a transaction: …{around}…"
    )]
    TransactionWords { around: String },
    /// The shell could not be started.
    #[error("the sqlite3 shell could not be run")]
    NoShell(#[source] std::io::Error),
    /// The shell found fault with the dump.
    #[error("the sqlite3 shell complained: {complaints}")]
    Shell { complaints: String },
}

/// What becomes of `PRAGMA foreign_keys=OFF`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForeignKeys {
    /// As D1 has them: the statement is accepted and does nothing.
    AlwaysOn,
    /// As the dump wants them.
    AsTheDumpSays,
}

/// Statements that D1 does not take.
const REFUSED: [&str; 9] = [
    "BEGIN",
    "COMMIT",
    "END",
    "ROLLBACK",
    "SAVEPOINT",
    "RELEASE",
    "ATTACH",
    "DETACH",
    "VACUUM",
];

/// The pragmas that D1 takes.
const PRAGMAS: [&str; 16] = [
    "case_sensitive_like",
    "data_version",
    "defer_foreign_keys",
    "foreign_key_check",
    "foreign_key_list",
    "foreign_keys",
    "ignore_check_constraints",
    "index_info",
    "index_list",
    "index_xinfo",
    "legacy_alter_table",
    "optimize",
    "quick_check",
    "recursive_triggers",
    "table_info",
    "table_xinfo",
];

/// The statements of a dump, where wrangler ends them.
pub fn statements(dump: &str) -> Vec<&str> {
    split(dump)
}

/// Each statement in a transaction of its own, with foreign keys on, as an import does.
pub fn statement_by_statement(connection: &Connection, dump: &str) -> Result<(), RestoreError> {
    statement_by_statement_with(connection, dump, ForeignKeys::AlwaysOn)
}

/// The same, where the dump may switch foreign keys off.
pub fn statement_by_statement_with(
    connection: &Connection,
    dump: &str,
    foreign_keys: ForeignKeys,
) -> Result<(), RestoreError> {
    switch_on(connection);
    let ran = run_all(connection, dump, foreign_keys);
    switch_on(connection);
    ran
}

/// All statements in one transaction, with foreign keys on, as `wrangler d1 execute --local --file` does.
pub fn as_one_batch(connection: &Connection, dump: &str) -> Result<(), RestoreError> {
    if let Some(at) = dump.find("BEGIN TRANSACTION") {
        let around = dump[..at].chars().rev().take(60).collect::<Vec<_>>();
        let around: String = around
            .into_iter()
            .rev()
            .chain(dump[at..].chars().take(60))
            .collect();
        return Err(RestoreError::TransactionWords { around });
    }
    switch_on(connection);
    let transaction = connection
        .unchecked_transaction()
        .expect("a transaction can begin");
    run_all(connection, dump, ForeignKeys::AlwaysOn)?;
    transaction.commit().map_err(|error| RestoreError::Commit {
        message: error.to_string(),
    })
}

/// Feeds a dump to the `sqlite3` shell for the database at `path`. `None` where there is no shell.
pub fn with_shell(path: &Path, dump: &str) -> Option<Result<(), RestoreError>> {
    let spawned = Command::new("sqlite3")
        .args(["-batch", "-init", "/dev/null"])
        .arg(path)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let mut shell = match spawned {
        Ok(shell) => shell,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => return Some(Err(RestoreError::NoShell(error))),
    };
    let mut input = shell.stdin.take().expect("the shell has an input");
    let dump = dump.to_owned();
    // From a thread of its own: the shell may complain before it has read everything.
    let writer = std::thread::spawn(move || input.write_all(dump.as_bytes()));
    let output = shell.wait_with_output();
    let written = writer.join().expect("the writer does not panic");
    Some(match (output, written) {
        (Err(error), _) | (_, Err(error)) => Err(RestoreError::NoShell(error)),
        (Ok(output), Ok(())) if output.status.success() && output.stderr.is_empty() => Ok(()),
        (Ok(output), Ok(())) => Err(RestoreError::Shell {
            complaints: String::from_utf8_lossy(&output.stderr).into_owned(),
        }),
    })
}

fn switch_on(connection: &Connection) {
    connection
        .pragma_update(None, "foreign_keys", true)
        .expect("SQLite checks foreign keys");
}

fn run_all(
    connection: &Connection,
    dump: &str,
    foreign_keys: ForeignKeys,
) -> Result<(), RestoreError> {
    for (index, statement) in split(dump).into_iter().enumerate() {
        let number = index + 1;
        let named = || statement.chars().take(200).collect::<String>();
        if let Some(reason) = not_for_d1(statement) {
            return Err(RestoreError::NotForD1 {
                number,
                statement: named(),
                reason,
            });
        }
        if foreign_keys == ForeignKeys::AlwaysOn
            && pragma(statement).as_deref() == Some("foreign_keys")
        {
            continue;
        }
        run(connection, statement).map_err(|error| RestoreError::Refused {
            number,
            statement: named(),
            message: error.to_string(),
        })?;
    }
    Ok(())
}

/// Why D1 would not take a statement.
fn not_for_d1(statement: &str) -> Option<&'static str> {
    if statement.len() > LONGEST_STATEMENT {
        return Some("is longer than 100,000 bytes");
    }
    if REFUSED.contains(&first_word(statement).to_ascii_uppercase().as_str()) {
        return Some("is about transactions or other databases");
    }
    match pragma(statement) {
        Some(name) if !PRAGMAS.contains(&name.as_str()) => Some("is a PRAGMA that is refused"),
        _ => None,
    }
}

/// The name of the pragma that a statement is.
fn pragma(statement: &str) -> Option<String> {
    let word = first_word(statement);
    if !word.eq_ignore_ascii_case("pragma") {
        return None;
    }
    // The word is a part of the statement, so where it ends is a place in it.
    let after = word.as_ptr().addr() - statement.as_ptr().addr() + word.len();
    Some(first_word(&statement[after..]).to_ascii_lowercase())
}

fn run(connection: &Connection, statement: &str) -> Result<(), rusqlite::Error> {
    let mut prepared = connection.prepare(statement)?;
    let mut rows = prepared.raw_query();
    while rows.next()?.is_some() {}
    Ok(())
}
