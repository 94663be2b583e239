//! How a statement that reads rows refers to their columns.

use super::limits::STATEMENT;
use super::rows::{Key, Rows};

/// How often a statement names a column at most, and what it has beside for each.
const USES: usize = 17;
const AROUND_A_NAME: usize = 600;
/// The columns that a query may have.
const MOST_COLUMNS: usize = 100;

/// The rows of a table as `t`, and how their columns are called there. Every name is qualified: one that is not would
/// become a string where there is no such column. <https://www.sqlite.org/quirks.html#dblquote>
#[derive(Debug, Clone)]
pub(super) struct Names {
    /// What stands after FROM.
    pub(super) from: String,
    /// The columns of [`Rows::columns`].
    pub(super) columns: Vec<String>,
    /// The columns of the key, and the same columns as the table has them; empty when rows have no key.
    key_columns: Vec<(String, String)>,
}

impl Names {
    /// The table's own names or, where these would make a statement too long for D1, short ones. Not always the short
    /// ones: they may cost a column, and a query has at most 100. The same for every statement about a table, so that
    /// all mean the same rows.
    pub(super) fn of(rows: &Rows) -> Self {
        let names: usize = rows
            .columns
            .iter()
            .map(|name| name.len() + "t.".len())
            .sum();
        if names * USES + rows.columns.len() * AROUND_A_NAME <= STATEMENT {
            Self::plain(rows)
        } else {
            Self::short(rows)
        }
    }

    /// What the column at this place is called.
    pub(super) fn column(&self, place: usize) -> &str {
        self.columns.get(place).map_or("NULL", String::as_str)
    }

    fn plain(rows: &Rows) -> Self {
        let key_columns = match &rows.key {
            Key::Rowid(name) => vec![(*name).to_owned()],
            Key::Columns(columns) => columns.clone(),
            Key::Nothing => Vec::new(),
        };
        Self {
            from: format!("{} AS t", rows.table),
            columns: rows
                .columns
                .iter()
                .map(|name| format!("t.{name}"))
                .collect(),
            key_columns: key_columns
                .into_iter()
                .map(|name| (format!("t.{name}"), name))
                .collect(),
        }
    }

    fn short(rows: &Rows) -> Self {
        let alias = |n: usize| format!("c{n}");
        let renamed: Vec<String> = rows
            .columns
            .iter()
            .enumerate()
            .map(|(n, name)| format!("u.{name} AS {}", alias(n)))
            .collect();
        let (extra, key_columns) = match &rows.key {
            // One column more would be too many; without an order the rows come by their rowid all the same.
            Key::Rowid(_) if rows.columns.len() >= MOST_COLUMNS => (String::new(), Vec::new()),
            Key::Rowid(name) => (
                format!(", u.{name} AS k"),
                vec![("t.k".to_owned(), (*name).to_owned())],
            ),
            Key::Columns(columns) => {
                let place = |column| rows.columns.iter().position(|found| found == column);
                let key = columns
                    .iter()
                    .filter_map(|column| {
                        Some((format!("t.{}", alias(place(column)?)), column.clone()))
                    })
                    .collect();
                (String::new(), key)
            }
            Key::Nothing => (String::new(), Vec::new()),
        };
        Self {
            from: format!(
                "(SELECT {}{extra} FROM {} AS u) AS t",
                renamed.join(", "),
                rows.table
            ),
            columns: (0..rows.columns.len())
                .map(|n| format!("t.{}", alias(n)))
                .collect(),
            key_columns,
        }
    }

    /// What the rows are ordered by; `None` when they have no key.
    pub(super) fn order(&self) -> Option<String> {
        let columns: Vec<&str> = self
            .key_columns
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        (!self.key_columns.is_empty()).then(|| columns.join(", "))
    }

    /// Whether the row `other` of the same table comes after the row of `t`; `None` when rows have no key.
    pub(super) fn comes_after_row(&self, other: &str) -> Option<String> {
        let (ours, theirs): (Vec<&str>, Vec<String>) = self
            .key_columns
            .iter()
            .map(|(ours, name)| (ours.as_str(), format!("{other}.{name}")))
            .unzip();
        (!self.key_columns.is_empty())
            .then(|| format!("({}) > ({})", theirs.join(", "), ours.join(", ")))
    }
}
