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
        let alias = |n: usize| format!("t.c{n}");
        // With the rowid there may be one column more than a query has: that one is looked up by the rowid.
        let (renamed, others) = rows
            .columns
            .split_at_checked(MOST_COLUMNS)
            .unwrap_or((&rows.columns, &[]));
        let selected: Vec<String> = renamed
            .iter()
            .enumerate()
            .map(|(n, name)| format!("u.{name} AS c{n}"))
            .collect();
        let place = |column: &str| renamed.iter().position(|found| found == column);
        let mut extra = String::new();
        let key_columns = match &rows.key {
            Key::Rowid(name) => match place(name) {
                Some(n) => vec![(alias(n), (*name).to_owned())],
                // One column more would be too many; without an order the rows come by their rowid all the same.
                None if renamed.len() >= MOST_COLUMNS => Vec::new(),
                None => {
                    extra = format!(", u.{name} AS k");
                    vec![("t.k".to_owned(), (*name).to_owned())]
                }
            },
            Key::Columns(columns) => columns
                .iter()
                .filter_map(|column| Some((alias(place(column)?), column.clone())))
                .collect(),
            Key::Nothing => Vec::new(),
        };
        let table = &rows.table;
        let mut from = format!(
            "(SELECT {}{extra} FROM {table} AS u) AS t",
            selected.join(", ")
        );
        if let (false, [(rowid, name)]) = (others.is_empty(), key_columns.as_slice()) {
            from.push_str(&format!(" JOIN {table} AS v ON v.{name} = {rowid}"));
        }
        Self {
            from,
            columns: (0..renamed.len())
                .map(alias)
                .chain(others.iter().map(|name| format!("v.{name}")))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The names in a full-text table of so many columns, each with a name of `length`.
    fn names(count: usize, length: usize) -> Names {
        let columns: Vec<String> = (0..count).map(|n| format!("{n:0>length$}")).collect();
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        Names::of(&Rows::of_full_text("f", &columns))
    }

    #[test]
    fn a_table_is_read_by_its_own_names() {
        let names = names(2, 1);
        assert_eq!(names.from, "\"f\" AS t");
        assert_eq!(names.columns, ["t.rowid", "t.\"0\"", "t.\"1\""]);
        assert_eq!(names.order().as_deref(), Some("t.rowid"));
    }

    #[test]
    fn names_that_would_make_a_statement_too_long_are_written_once() {
        let names = names(2, 3_000);
        assert_eq!(names.columns, ["t.c0", "t.c1", "t.c2"]);
        assert_eq!(names.order().as_deref(), Some("t.c0"));
        assert_eq!(
            names.comes_after_row("p").as_deref(),
            Some("(p.rowid) > (t.c0)")
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
