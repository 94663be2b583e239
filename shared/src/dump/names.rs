//! How a statement that reads rows refers to their columns.

use super::limits::STATEMENT;
use super::range::{After, Range};
use super::rows::Rows;

/// How often a statement names a column at most, and what it has beside for each.
const USES: usize = 17;
const AROUND_A_NAME: usize = 600;
/// The columns that a query may have.
const MOST_COLUMNS: usize = 100;

/// The rows of a table as `t`, or a range of them, and how their columns are called there. Every name is qualified: one
/// that is not would become a string where there is no such column. <https://www.sqlite.org/quirks.html#dblquote>
#[derive(Debug, Clone)]
pub(super) struct Names {
    /// What stands after FROM.
    pub(super) from: String,
    /// The columns of [`Rows::columns`].
    pub(super) columns: Vec<String>,
    /// The rowid, and the same as the table has it; `None` when it cannot be named.
    rowid: Option<(String, &'static str)>,
    /// What holds for the rows of the range; empty when that is for `from` to say.
    condition: String,
    /// Their order and number, after all conditions.
    tail: String,
    /// Only a range is meant.
    is_range: bool,
}

impl Names {
    /// The table's own names or, where these would make a statement too long for D1, short ones. Not always the short
    /// ones: they may cost a column, and a query has at most 100. The same for every statement about a table, so that
    /// all mean the same rows.
    pub(super) fn of(rows: &Rows, range: Option<&Range>) -> Self {
        let length = rows.columns.iter().map(|name| name.len() + "t.".len());
        let length = length.sum::<usize>() * USES + rows.columns.len() * AROUND_A_NAME;
        let names = if length <= STATEMENT {
            Self::plain(rows, range)
        } else {
            Self::short(rows, range)
        };
        match range {
            Some(range) => names.narrowed(range),
            None => names,
        }
    }

    /// What the column at this place is called.
    pub(super) fn column(&self, place: usize) -> &str {
        self.columns.get(place).map_or("NULL", String::as_str)
    }

    /// Whether ranges can be told by the rowid.
    pub(super) fn has_rowid(&self) -> bool {
        self.rowid.is_some()
    }

    fn plain(rows: &Rows, range: Option<&Range>) -> Self {
        let rowid = rows.rowid.map(|name| (format!("t.{name}"), name));
        Self {
            from: base(rows, range.filter(|_| rowid.is_none()), "t"),
            columns: rows
                .columns
                .iter()
                .map(|name| format!("t.{name}"))
                .collect(),
            rowid,
            condition: String::new(),
            tail: String::new(),
            is_range: false,
        }
    }

    fn short(rows: &Rows, range: Option<&Range>) -> Self {
        let renamed: Vec<String> = rows
            .columns
            .iter()
            .enumerate()
            .map(|(n, name)| format!("u.{name} AS c{n}"))
            .collect();
        // One column more would be too many; without an order the rows come by their rowid all the same.
        let rowid = rows.rowid.filter(|_| rows.columns.len() < MOST_COLUMNS);
        let extra = rowid
            .map(|name| format!(", u.{name} AS k"))
            .unwrap_or_default();
        Self {
            from: format!(
                "(SELECT {}{extra} FROM {}) AS t",
                renamed.join(", "),
                base(rows, range.filter(|_| rowid.is_none()), "u")
            ),
            columns: (0..rows.columns.len()).map(|n| format!("t.c{n}")).collect(),
            rowid: rowid.map(|name| ("t.k".to_owned(), name)),
            condition: String::new(),
            tail: String::new(),
            is_range: false,
        }
    }

    fn narrowed(mut self, range: &Range) -> Self {
        self.is_range = true;
        if let Some((ours, _)) = &self.rowid {
            if let Some(After::Rowid(rowid)) = &range.after {
                self.condition = format!("{ours} > {rowid}");
            }
            self.tail = format!(" ORDER BY {ours} LIMIT {}", range.limit);
        }
        self
    }

    /// `SELECT` of an expression and, as `k`, of the place of each row for which the condition holds.
    pub(super) fn select(&self, rows: &Rows, expression: &str, condition: &str) -> String {
        let conditions: Vec<&str> = [self.condition.as_str(), condition]
            .into_iter()
            .filter(|condition| !condition.is_empty())
            .collect();
        let place = match &self.rowid {
            Some((ours, _)) => format!(", {ours} AS k"),
            None if self.is_range => format!(", {} AS k", rows.place_of(self)),
            None => String::new(),
        };
        let filter = if conditions.is_empty() {
            String::new()
        } else {
            format!(" WHERE {}", conditions.join(" AND "))
        };
        format!(
            "SELECT {expression}{place} FROM {}{filter}{}",
            self.from, self.tail
        )
    }

    /// The columns of [`Names::select`] that are more than the expression, the ORDER BY of them, and where the next range
    /// begins, as expressions over what is numbered `n`.
    pub(super) fn order(&self) -> (&'static str, &'static str, &'static str) {
        match (&self.rowid, self.is_range) {
            (Some(_), true) => (", k", "ORDER BY k ", "CAST(max(k) AS TEXT)"),
            (Some(_), false) => (", k", "ORDER BY k ", "NULL"),
            (None, true) => (", k", "", "substr(max(format('%012d', n) || k), 13)"),
            (None, false) => ("", "", "NULL"),
        }
    }

    /// The rows whose `length` is over `most`, after FROM, with their numbers in the order of the rowid as `r.n`; `None`
    /// when it cannot be named.
    pub(super) fn numbered(&self, rows: &Rows, length: &str, most: usize) -> Option<String> {
        let (ours, _) = self.rowid.as_ref()?;
        Some(format!(
            "(SELECT k, row_number() OVER (ORDER BY k) AS n FROM ({}) WHERE l > {most}) AS r JOIN {} ON {ours} = r.k",
            self.select(rows, &format!("{length} AS l"), ""),
            self.from
        ))
    }

    /// Whether the row `other` of the same table comes after the row of `t`; `None` when they have no rowid to tell by.
    pub(super) fn comes_after_row(&self, other: &str) -> Option<String> {
        let (ours, name) = self.rowid.as_ref()?;
        Some(format!("{other}.{name} > {ours}"))
    }
}

/// The table after FROM; with a range, only its rows. Without an order, an index that has all columns might be read in
/// place of the table, here in one statement and there not.
fn base(rows: &Rows, range: Option<&Range>, alias: &str) -> String {
    let table = &rows.table;
    match range {
        None if rows.rowid.is_some() => format!("{table} AS {alias}"),
        None => format!("{table} AS {alias} NOT INDEXED"),
        Some(range) => format!("({}) AS {alias}", range.select(table, &rows.key)),
    }
}
