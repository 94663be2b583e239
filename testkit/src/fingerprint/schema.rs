//! The objects of a database, and which tables can be read.

use std::collections::BTreeMap;

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::cells;
use super::fulltext::{Content, Fulltext};
use crate::sql::literal;

/// A table of any kind.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// How it was declared, where it is a full-text index.
    pub(super) fulltext: Option<Fulltext>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Ordinary,
    Virtual,
    /// A full-text index keeps its parts in it.
    Shadow,
}

impl Table {
    /// A contentless index has nothing to read, and a vocabulary is read from its index.
    pub(super) fn readable(&self) -> bool {
        match (&self.kind, &self.fulltext) {
            (Kind::Ordinary, _) => true,
            (Kind::Virtual, Some(index)) => index.content != Content::None,
            _ => false,
        }
    }
}

/// All tables but SQLite's own and D1's.
pub(super) fn tables(connection: &Connection) -> Vec<Table> {
    let found = rows(
        connection,
        "SELECT m.name, m.sql, l.type FROM sqlite_schema m
         JOIN pragma_table_list l ON l.schema = 'main' AND l.name = m.name
         WHERE m.type = 'table' AND m.name NOT GLOB 'sqlite_*' AND m.name NOT GLOB '_cf_*' ORDER BY m.name",
    );
    let indexes: BTreeMap<_, _> = found
        .iter()
        .filter(|row| row[2] == "virtual")
        .filter_map(|row| Some((row[0].clone(), Fulltext::declared(&row[1])?)))
        .collect();
    found
        .into_iter()
        .map(|mut row| Table {
            kind: match row[2].as_str() {
                "virtual" => Kind::Virtual,
                // SQLite goes by the name alone. An index without rows of its own leaves that name to others.
                "shadow" if !is_foreign(&row[0], &indexes) => Kind::Shadow,
                _ => Kind::Ordinary,
            },
            fulltext: indexes.get(&row[0]).cloned(),
            name: std::mem::take(&mut row[0]),
        })
        .collect()
}

/// Whether a table is only named like a part of an index, and is somebody's own.
fn is_foreign(name: &str, indexes: &BTreeMap<String, Fulltext>) -> bool {
    indexes.iter().any(|(index, declared)| {
        let part = name
            .split_at_checked(index.len())
            .filter(|(start, _)| start.eq_ignore_ascii_case(index))
            .map(|(_, part)| part.to_ascii_lowercase());
        match part.as_deref() {
            Some("_content") => !declared.keeps_rows(),
            Some("_docsize") => !declared.keeps_sizes,
            _ => false,
        }
    })
}

/// The objects by type and name, each with its table and its SQL. Blanks at the very end of the SQL do not count: wrangler
/// takes them from every statement.
pub(super) fn objects(
    connection: &Connection,
    tables: &[Table],
) -> BTreeMap<(String, String), String> {
    let shadow = |name: &str| {
        tables
            .iter()
            .any(|table| table.kind == Kind::Shadow && table.name == name)
    };
    let found = rows(
        connection,
        "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema
         WHERE name NOT GLOB 'sqlite_*' AND name NOT GLOB '_cf_*'",
    );
    found
        .into_iter()
        .map(|row| {
            let [kind, name, table, sql] = row.try_into().unwrap();
            let described = if kind == "table" && shadow(&name) {
                "a part of a full-text index".to_owned()
            } else {
                format!(
                    "on {table:?}: {}",
                    sql.trim_end_matches([' ', '\t', '\n', '\r', '\u{c}'])
                )
            };
            ((kind, name), described)
        })
        .collect()
}

/// The counters of the tables that exist, however often and with whatever value a table is named.
pub(super) fn counters(
    connection: &Connection,
    tables: &[Table],
) -> BTreeMap<String, Vec<Vec<u8>>> {
    let mut counters: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    if rows(
        connection,
        "SELECT name FROM sqlite_schema WHERE name = 'sqlite_sequence'",
    )
    .is_empty()
    {
        return counters;
    }
    let mut statement = connection
        .prepare("SELECT name, seq FROM sqlite_sequence")
        .expect("the counters can be read");
    let mut found = statement.query([]).expect("the counters can be read");
    while let Some(row) = found.next().expect("a counter can be read") {
        let name = row.get_ref(0).expect("a counter has a name");
        let seq = cells::cell(row.get_ref(1).expect("a counter has a value"));
        let name = name
            .as_bytes()
            .map(String::from_utf8_lossy)
            .unwrap_or_default();
        if tables.iter().any(|table| table.name == name) {
            counters.entry(name.into_owned()).or_default().push(seq);
        }
    }
    counters.values_mut().for_each(|values| values.sort());
    counters
}

/// The tables whose row numbers are data, with the expression that reads them: full-text indexes, and tables that an
/// index finds its text in by a row number that no column holds.
pub(super) fn numbered(connection: &Connection, tables: &[Table]) -> BTreeMap<String, String> {
    let mut numbered = BTreeMap::new();
    for table in tables {
        let Some(index) = &table.fulltext else {
            continue;
        };
        // An index has a hidden column of its own name.
        let hides = table.name.eq_ignore_ascii_case("rowid");
        numbered.insert(
            table.name.clone(),
            if hides { "oid" } else { "rowid" }.to_owned(),
        );
        let Content::Of(source) = &index.content else {
            continue;
        };
        let Some(source) = tables
            .iter()
            .find(|other| other.name.eq_ignore_ascii_case(source))
        else {
            continue;
        };
        let number = index.row_number.to_ascii_lowercase();
        let declared = rows(
            connection,
            &format!(
                "SELECT name FROM pragma_table_xinfo({}) WHERE lower(name) = {}",
                literal(&source.name),
                literal(&number)
            ),
        );
        if declared.is_empty() && ["rowid", "_rowid_", "oid"].contains(&number.as_str()) {
            numbered.insert(source.name.clone(), number);
        }
    }
    numbered
}

/// What SQLite says of pages and foreign keys.
pub(super) fn complaints(connection: &Connection) -> Vec<String> {
    let mut found: Vec<String> = rows(connection, "PRAGMA quick_check(10)")
        .into_iter()
        .map(|row| row[0].clone())
        .filter(|message| message != "ok")
        .collect();
    let broken = "SELECT \"table\", coalesce(rowid, 'without number'), parent FROM pragma_foreign_key_check LIMIT 10";
    match try_rows(connection, broken) {
        Ok(rows) => found.extend(
            rows.iter()
                .map(|row| format!("row {} of {} has no parent in {}", row[1], row[0], row[2])),
        ),
        // Such as a parent without a unique index.
        Err(error) => found.push(error.to_string()),
    }
    found
}

fn rows(connection: &Connection, sql: &str) -> Vec<Vec<String>> {
    try_rows(connection, sql).unwrap_or_else(|error| panic!("{error}: {sql}"))
}

/// All rows of a query as texts.
fn try_rows(connection: &Connection, sql: &str) -> Result<Vec<Vec<String>>, rusqlite::Error> {
    let mut statement = connection.prepare(sql)?;
    let columns = statement.column_count();
    let mut found = statement.query([])?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        let text = |column| row.get_ref(column).map(text);
        rows.push((0..columns).map(text).collect::<Result<_, _>>()?);
    }
    Ok(rows)
}

fn text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Integer(number) => number.to_string(),
        other => String::from_utf8_lossy(other.as_bytes().unwrap_or_default()).into_owned(),
    }
}
