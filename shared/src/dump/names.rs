//! How a statement that reads rows refers to their columns.

use super::limits::STATEMENT;
use super::rows::Rows;

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
    /// The rowid, and the same as the table has it; `None` when it cannot be named.
    rowid: Option<(String, &'static str)>,
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
        Self {
            from: format!("{} AS t{}", rows.table, as_they_lie(rows)),
            columns: rows
                .columns
                .iter()
                .map(|name| format!("t.{name}"))
                .collect(),
            rowid: rows.rowid.map(|name| (format!("t.{name}"), name)),
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
        // One column more would be too many; without an order the rows come by their rowid all the same.
        let rowid = rows.rowid.filter(|_| rows.columns.len() < MOST_COLUMNS);
        let extra = rowid
            .map(|name| format!(", u.{name} AS k"))
            .unwrap_or_default();
        Self {
            from: format!(
                "(SELECT {}{extra} FROM {} AS u{}) AS t",
                renamed.join(", "),
                rows.table,
                as_they_lie(rows)
            ),
            columns: (0..rows.columns.len())
                .map(|n| format!("t.{}", alias(n)))
                .collect(),
            rowid: rowid.map(|name| ("t.k".to_owned(), name)),
        }
    }

    /// The rowid as `, … AS k`, and the ORDER BY of it; both empty when it cannot be named.
    pub(super) fn key(&self) -> (String, &'static str) {
        match &self.rowid {
            Some((ours, _)) => (format!(", {ours} AS k"), "ORDER BY k "),
            None => (String::new(), ""),
        }
    }

    /// The rows that pass, after FROM, with their numbers in the order of the rowid as `r.n`; `None` when it cannot be
    /// named.
    pub(super) fn numbered(&self, condition: &str) -> Option<String> {
        let (ours, _) = self.rowid.as_ref()?;
        Some(format!(
            "(SELECT k, row_number() OVER (ORDER BY k) AS n FROM (SELECT {ours} AS k FROM {from} WHERE {condition})) AS r \
             JOIN {from} ON {ours} = r.k",
            from = self.from
        ))
    }

    /// Whether the row `other` of the same table comes after the row of `t`; `None` when they have no rowid to tell by.
    pub(super) fn comes_after_row(&self, other: &str) -> Option<String> {
        let (ours, name) = self.rowid.as_ref()?;
        Some(format!("{other}.{name} > {ours}"))
    }
}

/// Without an order, an index that has all columns might be read in place of the table, here in one statement and there
/// not.
fn as_they_lie(rows: &Rows) -> &'static str {
    if rows.rowid.is_none() {
        " NOT INDEXED"
    } else {
        ""
    }
}
