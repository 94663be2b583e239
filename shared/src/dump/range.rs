//! A range of a table's rows: so many, after a certain one.

use serde::{Deserialize, Serialize};

use super::schema::KeyColumn;
use super::sql::identifier;

/// So many rows, after a certain one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Range {
    /// After which row; `None` for the first ones.
    pub(super) after: Option<After>,
    pub(super) limit: u32,
}

/// A row that was the last of a range.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum After {
    /// Its rowid, as SQLite writes it: a number of 64 bits is none for JSON.
    Rowid(String),
    /// The literals of its key.
    Key(Vec<String>),
    /// How many rows came so far, where they have no key or one that is too long.
    Offset(u64),
}

impl Range {
    /// Reads the rows of a table whose rowid cannot be named, in the order of its key.
    pub(super) fn select(&self, table: &str, key: &[KeyColumn]) -> String {
        let (condition, offset) = match &self.after {
            Some(After::Key(values)) => (format!(" WHERE {}", after(key, values)), 0),
            Some(After::Offset(rows)) => (String::new(), *rows),
            Some(After::Rowid(_)) | None => (String::new(), 0),
        };
        let order: Vec<String> = key
            .iter()
            .map(|column| {
                let direction = if column.is_descending { " DESC" } else { "" };
                format!("{}{direction}", collated(column))
            })
            .collect();
        let order = if order.is_empty() {
            String::new()
        } else {
            format!(" ORDER BY {}", order.join(", "))
        };
        format!(
            "SELECT * FROM {table} AS v NOT INDEXED{condition}{order} LIMIT {} OFFSET {offset}",
            self.limit
        )
    }
}

/// Whether a row comes after the one with these values, as its key's index orders them: each column with its own
/// collation and direction. The first column alone bounds the range, so that it is found in the index.
fn after(key: &[KeyColumn], values: &[String]) -> String {
    let beyond = |column: &KeyColumn| if column.is_descending { "<" } else { ">" };
    let pairs: Vec<(&KeyColumn, &String)> = key.iter().zip(values).collect();
    let condition = pairs
        .iter()
        .rev()
        .fold(String::new(), |rest, (column, value)| {
            let name = collated(column);
            let further = format!("{name} {} {value}", beyond(column));
            if rest.is_empty() {
                further
            } else {
                format!("({further} OR {name} = {value} AND {rest})")
            }
        });
    match pairs.as_slice() {
        [(first, value), _, ..] => {
            format!(
                "{} {}= {value} AND {condition}",
                collated(first),
                beyond(first)
            )
        }
        _ => condition,
    }
}

fn collated(column: &KeyColumn) -> String {
    format!(
        "v.{} COLLATE {}",
        identifier(&column.name),
        identifier(&column.collation)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, is_descending: bool, collation: &str) -> KeyColumn {
        KeyColumn {
            name: name.to_owned(),
            is_descending,
            collation: collation.to_owned(),
        }
    }

    #[test]
    fn each_column_has_its_own_direction_and_collation() {
        let key = [column("a", false, "NOCASE"), column("b", true, "BINARY")];
        assert_eq!(
            after(&key, &["1".to_owned(), "'x'".to_owned()]),
            "v.\"a\" COLLATE \"NOCASE\" >= 1 AND (v.\"a\" COLLATE \"NOCASE\" > 1 \
             OR v.\"a\" COLLATE \"NOCASE\" = 1 AND v.\"b\" COLLATE \"BINARY\" < 'x')"
        );
    }

    #[test]
    fn a_single_column_needs_no_more_than_itself() {
        let key = [column("a", true, "BINARY")];
        assert_eq!(
            after(&key, &["1".to_owned()]),
            "v.\"a\" COLLATE \"BINARY\" < 1"
        );
    }
}
