//! How a statement that reads rows refers to their columns.

use super::limits::STATEMENT;
use super::rows::{Key, Rows};

/// The rows of a table as `t`, and how their columns are called there. Every name is qualified: one that is not would
/// become a string where there is no such column. <https://www.sqlite.org/quirks.html#dblquote>
#[derive(Debug, Clone)]
pub(super) struct Names {
    /// What stands after FROM.
    pub(super) from: String,
    /// The columns of [`Rows::columns`].
    pub(super) columns: Vec<String>,
    key: Key,
    /// The columns of the key, and the same columns as the table has them.
    key_columns: Vec<(String, String)>,
}

impl Names {
    /// What `write` makes with the table's own names or, where these make the statement too long for D1, with short
    /// ones. Not always the short ones: they cost a column, and a query has at most 100.
    pub(super) fn shortest_that_fits(rows: &Rows, write: impl Fn(&Self) -> String) -> String {
        let plain = write(&Self::plain(rows));
        if plain.len() <= STATEMENT {
            return plain;
        }
        write(&Self::short(rows))
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
            key: rows.key.clone(),
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
            key: rows.key.clone(),
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
        (self.key != Key::Nothing).then(|| columns.join(", "))
    }

    /// Whether the row `other` of the same table comes after the row of `t`; `None` when rows have no key.
    pub(super) fn comes_after_row(&self, other: &str) -> Option<String> {
        let (ours, theirs): (Vec<&str>, Vec<String>) = self
            .key_columns
            .iter()
            .map(|(ours, name)| (ours.as_str(), format!("{other}.{name}")))
            .unzip();
        (self.key != Key::Nothing)
            .then(|| format!("({}) > ({})", theirs.join(", "), ours.join(", ")))
    }
}
