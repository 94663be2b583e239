//! How a statement that reads rows refers to their columns.

use super::limits::STATEMENT;
use super::range::{After, Range};
use super::rows::Rows;

/// How often a statement names a column at most, and what it has beside for each.
const USES: usize = 17;
const AROUND_A_NAME: usize = 600;
/// The columns that a query may have.
pub(super) const MOST_COLUMNS: usize = 100;

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
        // With the rowid there may be one column more than a query has: that one is looked up by the rowid.
        let columns = rows.columns.as_slice();
        let (renamed, others) = columns
            .split_at_checked(MOST_COLUMNS)
            .unwrap_or((columns, &[]));
        let mut selected: Vec<String> = renamed
            .iter()
            .enumerate()
            .map(|(n, name)| format!("u.{name} AS c{n}"))
            .collect();
        let kept = |name: &str| renamed.iter().position(|column| column == name);
        let rowid = match rows.rowid {
            Some(name) => match kept(name) {
                Some(n) => Some((format!("t.c{n}"), name)),
                // One column more would be too many; without an order the rows come by their rowid all the same.
                None if renamed.len() >= MOST_COLUMNS => None,
                None => {
                    selected.push(format!("u.{name} AS k"));
                    Some(("t.k".to_owned(), name))
                }
            },
            None => None,
        };
        let mut from = format!(
            "(SELECT {} FROM {}) AS t",
            selected.join(", "),
            base(rows, range.filter(|_| rowid.is_none()), "u")
        );
        if let (false, Some((ours, name))) = (others.is_empty(), &rowid) {
            from.push_str(&format!(" JOIN {} AS v ON v.{name} = {ours}", rows.table));
        }
        let ours = (0..renamed.len()).map(|n| format!("t.c{n}"));
        Self {
            from,
            columns: ours
                .chain(others.iter().map(|name| format!("v.{name}")))
                .collect(),
            rowid,
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
            None if self.is_range && rows.has_cut_pages() => {
                format!(", {} AS k", rows.place_of(self))
            }
            None => String::new(),
        };
        let filter = if conditions.is_empty() {
            String::new()
        } else {
            format!(" WHERE {}", conditions.join(" AND "))
        };
        // In the order of the rowid also without a range: it costs nothing, and the rows lie like that.
        let tail = match &self.rowid {
            Some((ours, _)) if self.tail.is_empty() => format!(" ORDER BY {ours}"),
            Some(_) => self.tail.clone(),
            // Or SQLite looks through to the expression, and makes it anew wherever it is named. An order does the same.
            None => " LIMIT -1".to_owned(),
        };
        format!(
            "SELECT {expression}{place} FROM {}{filter}{tail}",
            self.from
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
            "{} JOIN (SELECT k, row_number() OVER (ORDER BY k) AS n FROM ({}) WHERE l > {most}) AS r ON {ours} = r.k",
            self.from,
            self.select(rows, &format!("{length} AS l"), "")
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The names in a full-text table of so many columns, each with a name of `length`.
    fn names(count: usize, length: usize) -> Names {
        let columns: Vec<String> = (0..count).map(|n| format!("{n:0>length$}")).collect();
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        Names::of(&Rows::of_full_text("f", &columns), None)
    }

    #[test]
    fn a_table_is_read_by_its_own_names() {
        let names = names(2, 1);
        assert_eq!(names.from, "\"f\" AS t");
        assert_eq!(names.columns, ["t.rowid", "t.\"0\"", "t.\"1\""]);
        assert_eq!(names.rowid, Some(("t.rowid".to_owned(), "rowid")));
    }

    #[test]
    fn names_that_would_make_a_statement_too_long_are_written_once() {
        let names = names(2, 3_000);
        assert_eq!(names.columns, ["t.c0", "t.c1", "t.c2"]);
        assert_eq!(names.rowid, Some(("t.c0".to_owned(), "rowid")));
        assert_eq!(
            names.comes_after_row("p").as_deref(),
            Some("p.rowid > t.c0")
        );
    }

    #[test]
    fn no_query_has_more_than_100_columns() {
        let names = names(100, 100);
        assert_eq!(names.from.matches(" AS c").count(), 100);
        assert!(
            names
                .from
                .ends_with(" AS t JOIN \"f\" AS v ON v.rowid = t.c0")
        );
        assert_eq!(names.columns[100], format!("v.\"{:0>100}\"", 99));
    }

    #[test]
    fn a_column_that_is_not_there_is_null() {
        assert_eq!(names(1, 1).column(2), "NULL");
    }
}
