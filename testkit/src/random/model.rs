//! A table as the generator thinks of it.

use super::names::Names;
use super::values::Kind;
use crate::sql::{identifier, identifiers};

#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    /// The names of its columns.
    pub(super) names: Names,
    pub(super) identity: Identity,
    pub(super) strict: bool,
    pub(super) foreign_keys: Vec<ForeignKey>,
    /// Columns that are unique together, by a constraint or an index, and how a foreign key may name them.
    pub(super) keys: Vec<Key>,
    /// Constraints of the whole table, written out.
    pub(super) constraints: Vec<String>,
    /// Indexes that have to be there before the first row.
    pub(super) unique_indexes: Vec<Vec<String>>,
    /// A row with the largest number there is: SQLite would give the next one a random number.
    pub(super) full: bool,
    /// Whether D1 took it.
    pub(super) created: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: String,
    /// The type as declared, or nothing.
    pub(super) declared: String,
    pub(super) kind: Kind,
    pub(super) not_null: bool,
    /// Everything else that is declared, written out.
    pub(super) clauses: Vec<String>,
    /// Whether a row may leave it out: it has a default that is always the same.
    pub(super) optional: bool,
    /// Rows do not give it: it is calculated, or its default is what it should be.
    pub(super) withheld: bool,
    pub(super) key: bool,
}

/// What tells the rows of a table apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Identity {
    /// Only the row's number.
    RowNumber,
    /// A column that is the row's number.
    Integer { column: String, autoincrement: bool },
    /// Other columns, beside the row's number.
    Key(Vec<String>),
    /// Other columns in the place of the row's number.
    WithoutRowid(Vec<String>),
    /// Nothing that a statement could name: every name of the row's number is a column's.
    Hidden,
}

#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) columns: Vec<String>,
    /// Whether `REFERENCES t` without columns means it.
    pub(super) primary: bool,
    /// How it was made, for the features.
    pub(super) feature: &'static str,
}

#[derive(Debug, Clone)]
pub(super) struct ForeignKey {
    pub(super) columns: Vec<String>,
    /// The place of the parent among the tables.
    pub(super) parent: usize,
    pub(super) parent_columns: Vec<String>,
    pub(super) not_null: bool,
}

impl Table {
    pub(super) fn sql_name(&self) -> String {
        identifier(&self.name)
    }

    pub(super) fn column(&self, name: &str) -> &Column {
        self.columns
            .iter()
            .find(|column| column.name == name)
            .expect("a key has columns of its table")
    }

    pub(super) fn written(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| !column.withheld)
    }

    pub(super) fn foreign_key_of(&self, column: &str) -> Option<&ForeignKey> {
        self.foreign_keys
            .iter()
            .find(|key| key.columns.iter().any(|name| name == column))
    }

    /// A name of the row's number that is no column's.
    pub(super) fn row_number(&self) -> Option<&'static str> {
        if matches!(self.identity, Identity::WithoutRowid(_)) {
            return None;
        }
        ["rowid", "_rowid_", "oid"].into_iter().find(|name| {
            self.columns
                .iter()
                .all(|column| !column.name.eq_ignore_ascii_case(name))
        })
    }

    /// The expressions that tell its rows apart, for `ORDER BY` and `WHERE`.
    pub(super) fn address(&self) -> Option<String> {
        match (&self.identity, self.row_number()) {
            (Identity::WithoutRowid(columns), _) => Some(identifiers(columns)),
            (Identity::Integer { column, .. }, _) => Some(identifier(column)),
            (_, Some(number)) => Some(number.to_owned()),
            (Identity::Key(columns), None) => Some(identifiers(columns)),
            _ => None,
        }
    }

    /// `WHERE` the row at this place in the order of its rows.
    pub(super) fn at(&self, place: usize) -> Option<String> {
        let address = self.address()?;
        let table = self.sql_name();
        Some(format!(
            "({address}) = (SELECT {address} FROM {table} ORDER BY {address} LIMIT 1 OFFSET {place})"
        ))
    }

    /// Queries for the values of a key in the row at this place, one for each column.
    pub(super) fn key_at(&self, columns: &[String], place: usize) -> Vec<String> {
        let from = self.complete(columns);
        let order = identifiers(columns);
        columns
            .iter()
            .map(|column| {
                format!(
                    "(SELECT {} FROM {from} ORDER BY {order} LIMIT 1 OFFSET {place})",
                    identifier(column)
                )
            })
            .collect()
    }

    /// The same as one query of several columns.
    pub(super) fn whole_key_at(&self, columns: &[String], place: usize) -> String {
        let from = self.complete(columns);
        let order = identifiers(columns);
        format!("(SELECT {order} FROM {from} ORDER BY {order} LIMIT 1 OFFSET {place})")
    }

    /// The table, without the rows that have NULL in these columns.
    pub(super) fn complete(&self, columns: &[String]) -> String {
        let given: Vec<_> = columns
            .iter()
            .map(|column| format!("{} IS NOT NULL", identifier(column)))
            .collect();
        format!("{} WHERE {}", self.sql_name(), given.join(" AND "))
    }
}
