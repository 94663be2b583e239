//! Full-text indexes: how they were declared, and what they find.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use super::cells;
use crate::sql::{identifier, literal};

/// Terms of an index that are looked for.
const SEARCHED: usize = 8;

/// What an FTS5 index was declared with, as far as it decides where its text is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fulltext {
    pub(super) content: Content,
    /// The column of the content's table that numbers its rows.
    pub(super) row_number: String,
    /// Whether it has a table for the lengths of its rows.
    pub(super) keeps_sizes: bool,
    keeps_unindexed: bool,
}

/// Where an index has its text from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    Own,
    Of(String),
    None,
}

/// What an index finds, and how it is configured. Empty for an index that keeps no text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FulltextPrint {
    /// What its own check complains of.
    pub broken: Option<String>,
    /// `pgsz`, `rank` and others that were set, without the version of the format.
    pub configuration: BTreeMap<String, Vec<u8>>,
    /// Each term with the number of its rows and of its occurrences.
    pub vocabulary: Vec<Vec<u8>>,
    /// The rows that hold a term, for a few terms.
    pub matches: BTreeMap<String, String>,
}

impl Fulltext {
    /// What a `CREATE VIRTUAL TABLE` says, unless it makes something else than an FTS5 index.
    pub(super) fn declared(sql: &str) -> Option<Self> {
        let arguments = arguments(sql)?;
        let mut declared = Self {
            content: Content::Own,
            row_number: "rowid".to_owned(),
            keeps_sizes: true,
            keeps_unindexed: false,
        };
        for (key, value) in arguments.iter().filter_map(|argument| option(argument)) {
            match full_key(&key) {
                Some("content") if value.is_empty() => declared.content = Content::None,
                Some("content") => declared.content = Content::Of(value),
                Some("content_rowid") => declared.row_number = value,
                Some("columnsize") => declared.keeps_sizes = value != "0",
                Some("contentless_unindexed") => declared.keeps_unindexed = value == "1",
                _ => {}
            }
        }
        Some(declared)
    }

    /// Whether it has a table of rows of its own.
    pub(super) fn keeps_rows(&self) -> bool {
        self.content == Content::Own || self.keeps_unindexed
    }
}

/// FTS5 takes any beginning of an option's name, and the first option that begins so.
fn full_key(key: &str) -> Option<&'static str> {
    let keys = [
        "prefix",
        "tokenize",
        "content",
        "contentless_delete",
        "contentless_unindexed",
        "content_rowid",
        "columnsize",
        "locale",
        "detail",
        "tokendata",
    ];
    let key = key.to_ascii_lowercase();
    keys.into_iter().find(|full| full.starts_with(&key))
}

/// `key = value`. What has its key between quotes is a column.
fn option(argument: &str) -> Option<(String, String)> {
    let (key, value) = argument.split_once('=')?;
    let key = key.trim();
    let bare = !key.is_empty() && key.chars().all(|c| c == '_' || c.is_ascii_alphanumeric());
    bare.then(|| (key.to_owned(), unquoted(value.trim())))
}

fn unquoted(value: &str) -> String {
    let Some(open) = value.chars().next() else {
        return String::new();
    };
    let close = if open == '[' { ']' } else { open };
    match value[open.len_utf8()..].strip_suffix(close) {
        Some(inner) if "'\"`[".contains(open) => {
            inner.replace(&format!("{close}{close}"), &close.to_string())
        }
        _ => value.to_owned(),
    }
}

/// The arguments between the brackets after `USING fts5`.
fn arguments(sql: &str) -> Option<Vec<String>> {
    let tokens = tokens(sql);
    let using = tokens
        .iter()
        .position(|token| token.eq_ignore_ascii_case("using"))?;
    let mut after = tokens[using + 1..]
        .iter()
        .filter(|token| !token.trim().is_empty());
    if !unquoted(after.next()?).eq_ignore_ascii_case("fts5") || *after.next()? != "(" {
        return None;
    }
    let open = using + 1 + tokens[using + 1..].iter().position(|token| *token == "(")?;
    let mut arguments = vec![String::new()];
    for token in &tokens[open + 1..] {
        match *token {
            ")" => break,
            "," => arguments.push(String::new()),
            other => arguments.last_mut().unwrap().push_str(other),
        }
    }
    Some(
        arguments
            .iter()
            .map(|argument| argument.trim().to_owned())
            .collect(),
    )
}

/// SQL in its words, quoted texts, and single other characters. Comments are blanks.
fn tokens(sql: &str) -> Vec<&str> {
    let word = |c: char| c == '_' || c == '$' || c.is_alphanumeric() || !c.is_ascii();
    let mut tokens = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' | '"' | '`' => quoted(rest, first),
            '[' => rest.find(']').map_or(rest.len(), |end| end + 1),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest[2..].find("*/").map_or(rest.len(), |end| end + 4),
            c if word(c) => rest.find(|c| !word(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let (token, others) = rest.split_at(length);
        let comment = token.starts_with("--") || token.starts_with("/*");
        tokens.push(if comment { " " } else { token });
        rest = others;
    }
    tokens
}

fn quoted(text: &str, quote: char) -> usize {
    let mut end = 1;
    while let Some(found) = text[end..].find(quote) {
        end += found + 1;
        if !text[end..].starts_with(quote) {
            return end;
        }
        end += 1;
    }
    text.len()
}

/// Lets an index compare itself with its text.
pub(super) fn check(
    connection: &Connection,
    name: &str,
    index: &Fulltext,
) -> Result<(), rusqlite::Error> {
    let table = identifier(name);
    let with_content = i32::from(index.content != Content::None);
    connection
        .execute(
            &format!(
                "INSERT INTO {table}({table}, rank) VALUES ('integrity-check', {with_content})"
            ),
            [],
        )
        .map(|_| ())
}

/// What an index finds.
pub(super) fn print(connection: &Connection, name: &str, index: &Fulltext) -> FulltextPrint {
    if index.content == Content::None {
        return FulltextPrint::default();
    }
    let vocabulary = vocabulary(connection, name);
    let step = (vocabulary.len() / SEARCHED).max(1);
    let terms = vocabulary
        .iter()
        .step_by(step)
        .filter_map(|(term, _)| String::from_utf8(term.clone()).ok());
    FulltextPrint {
        broken: check(connection, name, index)
            .err()
            .map(|error| error.to_string()),
        configuration: configuration(connection, name),
        matches: terms
            .map(|term| (term.clone(), matches(connection, name, &term)))
            .collect(),
        vocabulary: vocabulary.into_iter().map(|(_, row)| row).collect(),
    }
}

/// The terms, and each as cells with its counts.
fn vocabulary(connection: &Connection, name: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
    let made = format!(
        "CREATE VIRTUAL TABLE temp.testkit_vocabulary USING fts5vocab(main, {}, row)",
        literal(name)
    );
    connection
        .execute_batch(&made)
        .expect("an index has a vocabulary");
    let read = || -> Result<Vec<_>, rusqlite::Error> {
        let mut statement =
            connection.prepare("SELECT term, doc, cnt FROM temp.testkit_vocabulary")?;
        let mut found = statement.query([])?;
        let mut terms = Vec::new();
        while let Some(row) = found.next()? {
            let term = row.get_ref(0)?.as_bytes().unwrap_or_default().to_vec();
            let mut cells = cells::cell(row.get_ref(0)?);
            cells.extend(cells::cell(row.get_ref(1)?));
            cells.extend(cells::cell(row.get_ref(2)?));
            terms.push((term, cells));
        }
        Ok(terms)
    };
    // An index that is broken has no vocabulary; its check says so.
    let terms = read().unwrap_or_default();
    connection
        .execute_batch("DROP TABLE temp.testkit_vocabulary")
        .expect("the vocabulary can be dropped");
    terms
}

/// The numbers of the rows that match, or why there are none.
fn matches(connection: &Connection, name: &str, term: &str) -> String {
    // An index has a hidden column of its own name.
    let number = if name.eq_ignore_ascii_case("rowid") {
        "oid"
    } else {
        "rowid"
    };
    let sql = format!(
        "SELECT {number} FROM {}(?1) ORDER BY {number}",
        identifier(name)
    );
    let find = || -> Result<Vec<String>, rusqlite::Error> {
        let mut statement = connection.prepare(&sql)?;
        let found = statement.query_map(params![identifier(term)], |row| row.get(0))?;
        found
            .map(|number| number.map(|number: i64| number.to_string()))
            .collect()
    };
    find().map_or_else(|error| error.to_string(), |numbers| numbers.join(", "))
}

fn configuration(connection: &Connection, name: &str) -> BTreeMap<String, Vec<u8>> {
    let sql = format!(
        "SELECT k, v FROM {} WHERE k <> 'version'",
        identifier(&format!("{name}_config"))
    );
    let mut statement = connection
        .prepare(&sql)
        .expect("an index has a configuration");
    let found = statement
        .query_map([], |row| Ok((row.get(0)?, cells::cell(row.get_ref(1)?))))
        .expect("a configuration can be read");
    found
        .map(|row| row.expect("a setting can be read"))
        .collect()
}
