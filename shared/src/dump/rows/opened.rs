//! Columns that hold something else at first, so that their rows need no other, and are set when all rows are there.

use super::{AROUND_A_VALUE, Rows};
use crate::dump::limits::{LONGEST_KEY, STATEMENT};
use crate::dump::names::Names;
use crate::dump::range::Range;
use crate::dump::sql::{balanced, identifier, literal};

/// Rows that refer to a row of the same table: the columns that refer, each with the one that it refers to.
pub(in crate::dump) type Pairs = Vec<(String, String)>;

/// A column that is NULL in the INSERT, or refers to its own row, and is set afterwards.
#[derive(Debug, Clone)]
pub(super) struct Opened {
    /// Its place in [`Rows::columns`].
    column: usize,
    /// The place of the column whose value it has meanwhile; it is NULL where there is none.
    meanwhile: Option<usize>,
    /// Only in rows whose parent comes after them; otherwise in every row.
    later: Option<Pairs>,
    /// The table that is referred to.
    parent: String,
}

impl Rows {
    /// Leaves `column`, which refers to `parent`, NULL at first: in every row, or, with `later`, where the row referred to
    /// comes later.
    pub(in crate::dump) fn open(&mut self, column: &str, parent: &str, later: Option<Pairs>) {
        if let Some(column) = self.place(column) {
            self.opened.push(Opened {
                column,
                meanwhile: None,
                later,
                parent: parent.to_owned(),
            });
        }
    }

    /// Lets `column`, which cannot be NULL, refer to its own row at first, where the row that it refers to comes later:
    /// `own` is the column of the table, `parent`, that it refers to.
    pub(in crate::dump) fn open_to_itself(
        &mut self,
        column: &str,
        own: &str,
        parent: &str,
        later: Pairs,
    ) {
        if let (Some(column), Some(own)) = (self.place(column), self.place(own)) {
            self.opened.push(Opened {
                column,
                meanwhile: Some(own),
                later: Some(later),
                parent: parent.to_owned(),
            });
        }
    }

    /// The columns that are set afterwards, with what they hold before, as expressions.
    pub(in crate::dump) fn opened(&self) -> impl Iterator<Item = (&str, &str)> {
        let name = |place: usize| self.columns.get(place).map(String::as_str);
        self.opened.iter().filter_map(move |opened| {
            let meanwhile = opened.meanwhile.map_or(Some("NULL"), name);
            Some((name(opened.column)?, meanwhile?))
        })
    }

    /// Reads, paged as [`Rows::pages`], the statements that set the opened columns; NULL stands for one that is too long. A
    /// range is of rows that have such a column, or, without a rowid, of rows of which some have.
    pub(in crate::dump) fn updates(&self, range: Option<&Range>) -> Vec<String> {
        let names = Names::of(self, range);
        let found: Vec<String> = self
            .found_by
            .iter()
            .filter_map(|name| Some((name, self.columns.iter().position(|column| column == name)?)))
            .map(|(name, place)| {
                let value = self.value_as_it_is(&names, place);
                format!("{} || {value}", literal(&format!("{name} = ")))
            })
            .collect();
        let found = balanced(&found, "|| ' AND ' ||");
        self.opened
            .iter()
            .filter_map(|opened| Some((opened, self.columns.get(opened.column)?)))
            .map(|(opened, name)| {
                let set = format!("UPDATE {} SET {name} = ", self.table);
                let around: usize = self
                    .found_by
                    .iter()
                    .map(|name| name.len() + 2 * AROUND_A_VALUE)
                    .sum();
                let line = format!(
                    "CASE WHEN {} <= {} THEN {} || {} || ' WHERE ' || {found} || ';' END",
                    self.update_length(&names, opened),
                    STATEMENT.saturating_sub(set.len() + AROUND_A_VALUE + around) / 2,
                    literal(&set),
                    self.value_as_it_is(&names, opened.column),
                );
                let mut opened = opened.clone();
                opened.later = opened.later.filter(|_| !self.sets_all);
                self.paged(&names, &line, &self.condition(&names, &opened))
            })
            .collect()
    }

    /// Counts, as `found`, the rows whose parent in the same table comes after them.
    pub(in crate::dump) fn unordered(&self, pairs: &Pairs) -> Option<String> {
        let (column, _) = pairs.first()?;
        let opened = Opened {
            column: self.place(column)?,
            meanwhile: None,
            later: Some(pairs.clone()),
            parent: String::new(),
        };
        let names = Names::of(self, None);
        let condition = self.condition(&names, &opened);
        Some(format!(
            "SELECT count(*) AS found FROM {} WHERE {condition}",
            names.from
        ))
    }

    /// For each opened column, the table that it refers to, and a statement that counts, as `found`, the rows in which it
    /// should be opened but something is too long.
    pub(in crate::dump) fn long_keys(&self) -> Vec<(&str, String)> {
        let names = Names::of(self, None);
        let count = |opened: &Opened| {
            format!(
                "SELECT count(*) AS found FROM {} WHERE {} > {LONGEST_KEY} AND {}",
                names.from,
                self.update_length(&names, opened),
                self.should_be_open(&names, opened)
            )
        };
        self.opened
            .iter()
            .map(|opened| (opened.parent.as_str(), count(opened)))
            .collect()
    }

    /// Whether its rows can be told by a rowid.
    pub(in crate::dump) fn has_rowid(&self) -> bool {
        Names::of(self, None).has_rowid()
    }

    /// Counts the rows of a range, as `rows`, and reads the place of its last one, as `last`, where they have no rowid: a
    /// range of [`Rows::updates`] is then one of all rows, of which only some are in it.
    pub(in crate::dump) fn scanned(&self, range: &Range) -> String {
        let names = Names::of(self, Some(range));
        format!(
            "SELECT rows, last FROM (SELECT row_number() OVER () AS rows, {} AS last FROM {}) ORDER BY rows DESC LIMIT 1",
            self.place_of(&names),
            names.from
        )
    }

    /// For which rows a column is opened; never NULL.
    fn condition(&self, names: &Names, opened: &Opened) -> String {
        let condition = self.should_be_open(names, opened);
        if !self.has_long_keys {
            return condition;
        }
        let length = self.update_length(names, opened);
        format!("({length} <= {LONGEST_KEY} AND {condition})")
    }

    /// The bytes of the values in a statement that sets a column, as an expression.
    fn update_length(&self, names: &Names, opened: &Opened) -> String {
        let found_by = self
            .columns
            .iter()
            .zip(&names.columns)
            .filter(|(column, _)| self.found_by.contains(column));
        let values = found_by.map(|(_, name)| name.as_str());
        let lengths: Vec<String> = std::iter::once(names.column(opened.column))
            .chain(values)
            .map(|name| format!("ifnull(octet_length({name}), 0)"))
            .collect();
        balanced(&lengths, "+")
    }

    fn should_be_open(&self, names: &Names, opened: &Opened) -> String {
        let has_value = format!(
            "{} IS NOT NULL",
            names
                .columns
                .get(opened.column)
                .map_or("NULL", String::as_str)
        );
        let (Some(pairs), Some(after)) = (&opened.later, names.comes_after_row("p")) else {
            return has_value;
        };
        let mut conditions: Vec<String> = pairs
            .iter()
            .filter_map(|(child, parent)| {
                let child = names.columns.get(self.place(child)?)?;
                Some(format!("p.{} = {child}", identifier(parent)))
            })
            .collect();
        conditions.push(after);
        format!(
            "EXISTS (SELECT 1 FROM {} AS p WHERE {})",
            self.table,
            conditions.join(" AND ")
        )
    }

    /// The value of a column, but where it is opened, what it holds meanwhile: `null`, or the value of another.
    pub(super) fn unless_opened(
        &self,
        names: &Names,
        column: usize,
        null: &str,
        value: impl Fn(usize) -> String,
    ) -> String {
        let opened: Vec<&Opened> = self
            .opened
            .iter()
            .filter(|opened| opened.column == column)
            .collect();
        let Some(first) = opened.first() else {
            return value(column);
        };
        let open = first.meanwhile.map_or_else(|| null.to_owned(), &value);
        let conditions: Vec<String> = opened
            .iter()
            .map(|opened| self.condition(names, opened))
            .collect();
        format!(
            "CASE WHEN {} THEN {open} ELSE {} END",
            conditions.join(" OR "),
            value(column)
        )
    }
}
