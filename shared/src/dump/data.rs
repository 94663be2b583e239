//! The rows of a database, read in one transaction, and what only the rows can tell about the plan.

use serde::Deserialize;

use super::DumpError;
use super::limits::{LONGEST_PLACE, LONGEST_STATEMENT, STATEMENT};
use super::plan::Plan;
use super::range::After;
use super::rows::{BETWEEN_LINES, Rows};
use super::schema::{self, Object};
use super::sql::{has_keyword, identifier, literal};
use crate::ports::{DatabaseError, Outcome, Statement};

/// Reads the AUTOINCREMENT counters: [`Pair`]s of literals.
pub(super) const COUNTERS: &str =
    "SELECT quote(name) AS name, quote(seq) AS value FROM sqlite_sequence ORDER BY rowid";

/// Reads what was set of a full-text table: [`Pair`]s of a name and a literal.
pub(super) fn settings_of(table: &str) -> String {
    format!(
        "SELECT k AS name, quote(v) AS value FROM {} WHERE k <> 'version' ORDER BY k",
        identifier(&format!("{table}_config"))
    )
}

/// Whose rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// Those of [`Plan::tables`] at this place.
    Table(usize),
    /// Those of [`Plan::virtuals`] at this place.
    Virtual(usize),
}

/// What one statement of the transaction is for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Read {
    Counters,
    Pages(Of),
    /// Always right after the pages that they interrupt.
    LongRows(Of),
    /// Whether values that are too long were left out already.
    Updates(Of, bool),
    /// Rows that come before their parent by this foreign key, `child -> parent`.
    Unordered(String),
    Settings(usize),
}

/// The rows of one table as text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct RowText {
    /// Whole statements, each ending in a line feed.
    pub(super) pages: Vec<String>,
    pub(super) rows: u64,
    /// How each statement of several rows begins; empty where there are none.
    pub(super) head: String,
    /// Whether values may be written in other ways than plainly or as hex.
    pub(super) has_forms: bool,
}

/// Everything of a database that is no schema.
#[derive(Debug, Clone, Default)]
pub(super) struct Data {
    /// As in [`Plan::tables`].
    pub(super) tables: Vec<RowText>,
    /// As in [`Plan::virtuals`].
    pub(super) virtuals: Vec<RowText>,
    /// As in [`Plan::virtuals`]: statements that set what was set.
    pub(super) settings: Vec<Vec<String>>,
    /// Statements that set the columns which were NULL at first, and whose.
    pub(super) updates: Vec<(Of, RowText)>,
    /// Statements that set the AUTOINCREMENT counters.
    pub(super) counters: Vec<Counter>,
    /// Foreign keys, `child -> parent`, with rows that come before their parent and cannot be NULL meanwhile.
    pub(super) unordered: Vec<String>,
}

/// How the reading ended.
#[derive(Debug)]
pub(super) enum Reading {
    /// All of it, at one instant.
    Complete(Data),
    /// The plan took something for granted that is not so, and now knows better: read again.
    PlanChanged,
    /// The schema is no longer the plan's.
    SchemaChanged,
}

#[derive(Debug, Deserialize)]
pub(super) struct PageRow {
    pub(super) text: Option<String>,
    rows: u64,
    /// Rows without a line that are not in the text.
    long: u64,
    /// Bytes of the longest line.
    longest: usize,
    /// The place of its last row, when a range was read.
    pub(super) last: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct LongRow {
    row: u64,
    pub(super) text: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Pair {
    name: String,
    value: String,
}

/// A statement about an AUTOINCREMENT counter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Counter {
    /// The table that it counts, where that is one of the dump.
    pub(super) table: Option<String>,
    pub(super) sql: String,
}

/// A number of rows.
#[derive(Debug, Deserialize)]
pub(super) struct Count {
    pub(super) found: u64,
}

/// The statements of the transaction, in order.
fn reads(plan: &Plan) -> Vec<(Read, String)> {
    let mut reads = Vec::new();
    if plan.schema.has_counters {
        reads.push((Read::Counters, COUNTERS.to_owned()));
    }
    let pages = |reads: &mut Vec<(Read, String)>, of, rows: &Rows| {
        reads.push((Read::Pages(of), rows.pages(None)));
        if rows.found.long_rows {
            reads.push((Read::LongRows(of), rows.long_rows(&plan.scratch, None)));
        }
    };
    for (n, table) in plan.filled() {
        pages(&mut reads, Of::Table(n), &table.rows);
        let updates = table.rows.updates(None);
        reads.extend(
            updates
                .into_iter()
                .map(|sql| (Read::Updates(Of::Table(n), table.rows.has_long_keys), sql)),
        );
    }
    reads.extend(plan.counts().map(|(key, sql)| (Read::Unordered(key), sql)));
    for (n, found) in plan.virtuals.iter().enumerate() {
        if found.has_settings {
            reads.push((Read::Settings(n), settings_of(&found.name)));
        }
        if let Some(rows) = &found.rows {
            pages(&mut reads, Of::Virtual(n), rows);
        }
    }
    reads
}

/// The transaction that reads what the plan asks for.
pub(super) fn statements(plan: &Plan) -> Result<Vec<Statement>, DumpError> {
    let mut statements = vec![schema::objects()];
    for (read, sql) in reads(plan) {
        statements.push(statement(sql, || plan.object_of(&read))?);
    }
    Ok(statements)
}

/// A statement that reads an object, unless it is too long for D1.
pub(super) fn statement(
    sql: String,
    object: impl FnOnce() -> String,
) -> Result<Statement, DumpError> {
    if sql.len() > LONGEST_STATEMENT {
        return Err(DumpError::StatementTooLong {
            object: identifier(&object()),
        });
    }
    Ok(Statement::new(sql))
}

/// Takes the outcomes of [`statements`], or corrects the plan.
pub(super) fn collect(plan: &mut Plan, outcomes: Vec<Outcome>) -> Result<Reading, DumpError> {
    let reads = reads(plan);
    let mut data = Data {
        tables: vec![RowText::default(); plan.tables.len()],
        virtuals: vec![RowText::default(); plan.virtuals.len()],
        settings: vec![Vec::new(); plan.virtuals.len()],
        ..Data::default()
    };
    let mut changed = false;
    let mut outcomes = Outcomes::from(outcomes);
    if outcomes.next()?.read::<Object>()? != plan.schema.objects {
        return Ok(Reading::SchemaChanged);
    }
    // Pages stay here until the long rows that interrupt them are read, which is next.
    let mut pages: Vec<PageRow> = Vec::new();
    for (read, _) in reads {
        let outcome = outcomes.next()?;
        match read {
            Read::Counters => data.counters = counters(plan, outcome.read()?),
            Read::Pages(of) => {
                pages = outcome.read()?;
                let rows = plan.rows_mut(of)?;
                let read_too = rows.found.long_rows;
                changed |= reveals(&pages, rows);
                changed |= reveals_long_rows(&pages, rows)?;
                if !read_too {
                    let text = merge(rows, std::mem::take(&mut pages), Vec::new());
                    *data.text_mut(of)? = text;
                }
            }
            Read::LongRows(of) => {
                let long: Vec<LongRow> = outcome.read()?;
                let texts = long.iter().map(|row| row.text.as_str());
                let rows = plan.rows_mut(of)?;
                changed |= rows.learns_from(texts);
                *data.text_mut(of)? = merge(rows, std::mem::take(&mut pages), long);
            }
            Read::Updates(of, without_long_keys) => {
                let updates: Vec<PageRow> = outcome.read()?;
                let rows = plan.rows_mut(of)?;
                let too_long = updates.iter().any(PageRow::has_long_rows);
                if too_long && without_long_keys {
                    return Err(DumpError::StatementTooLong {
                        object: rows.table.clone(),
                    });
                } else if too_long {
                    rows.has_long_keys = true;
                    changed = true;
                } else {
                    changed |= reveals(&updates, rows);
                    data.updates.push((of, lines(updates)));
                }
            }
            Read::Unordered(key) => {
                let found: Vec<Count> = outcome.read()?;
                if found.iter().any(|row| row.found > 0) && !data.unordered.contains(&key) {
                    data.unordered.push(key);
                }
            }
            Read::Settings(n) => {
                if let (Some(found), Some(set)) = (plan.virtuals.get(n), data.settings.get_mut(n)) {
                    *set = settings(&found.name, outcome.read()?);
                }
            }
        }
    }
    Ok(if changed {
        Reading::PlanChanged
    } else {
        Reading::Complete(data)
    })
}

/// The outcomes of a transaction, one after the other.
#[derive(Debug)]
pub(super) struct Outcomes(std::vec::IntoIter<Outcome>);

impl From<Vec<Outcome>> for Outcomes {
    fn from(outcomes: Vec<Outcome>) -> Self {
        Self(outcomes.into_iter())
    }
}

impl Outcomes {
    /// That of the next statement.
    pub(super) fn next(&mut self) -> Result<Outcome, DatabaseError> {
        self.0.next().ok_or_else(|| DatabaseError::Shape {
            message: "a statement without a result".to_owned(),
        })
    }
}

impl RowText {
    /// Bytes of text.
    pub(super) fn bytes(&self) -> usize {
        self.pages.iter().map(String::len).sum()
    }
}

impl Plan {
    /// What a statement reads.
    fn object_of(&self, read: &Read) -> String {
        match read {
            Read::Counters => "sqlite_sequence".to_owned(),
            Read::Pages(of) | Read::LongRows(of) | Read::Updates(of, _) => {
                self.name(*of).to_owned()
            }
            Read::Unordered(key) => key.clone(),
            Read::Settings(n) => self.name(Of::Virtual(*n)).to_owned(),
        }
    }

    /// The name of a table.
    pub(super) fn name(&self, of: Of) -> &str {
        let name = match of {
            Of::Table(n) => self.tables.get(n).map(|table| &table.name),
            Of::Virtual(n) => self.virtuals.get(n).map(|found| &found.name),
        };
        name.map_or("", String::as_str)
    }

    /// The statements that count, as [`Count`], rows for whose foreign key, `child -> parent`, there is no order.
    pub(super) fn counts(&self) -> impl Iterator<Item = (String, String)> {
        self.filled().flat_map(|(_, table)| {
            let name = &table.name;
            let within = table
                .unordered
                .iter()
                .cloned()
                .map(move |sql| (format!("{name} -> {name}"), sql));
            let long = table
                .rows
                .long_keys()
                .into_iter()
                .filter(|_| table.rows.has_long_keys);
            let long = long.map(move |(parent, sql)| (format!("{name} -> {parent}"), sql));
            within.chain(long.collect::<Vec<_>>())
        })
    }

    /// Has all rows read in pages that are cut by bytes; whether any were not.
    pub(super) fn cut(&mut self) -> bool {
        let tables = self.tables.iter_mut().map(|table| &mut table.rows);
        let virtuals = self
            .virtuals
            .iter_mut()
            .filter_map(|found| found.rows.as_mut());
        let changed = tables
            .chain(virtuals)
            .filter_map(|rows| rows.cut().then_some(()));
        changed.count() > 0
    }

    /// The rows of a table.
    pub(super) fn rows(&self, of: Of) -> Result<&Rows, DatabaseError> {
        let found = match of {
            Of::Table(n) => self.tables.get(n).map(|table| &table.rows),
            Of::Virtual(n) => self.virtuals.get(n).and_then(|found| found.rows.as_ref()),
        };
        found.ok_or_else(unplanned)
    }

    /// The same, to be corrected.
    pub(super) fn rows_mut(&mut self, of: Of) -> Result<&mut Rows, DatabaseError> {
        let found = match of {
            Of::Table(n) => self.tables.get_mut(n).map(|table| &mut table.rows),
            Of::Virtual(n) => self
                .virtuals
                .get_mut(n)
                .and_then(|found| found.rows.as_mut()),
        };
        found.ok_or_else(unplanned)
    }
}

impl Data {
    fn text_mut(&mut self, of: Of) -> Result<&mut RowText, DatabaseError> {
        let found = match of {
            Of::Table(n) => self.tables.get_mut(n),
            Of::Virtual(n) => self.virtuals.get_mut(n),
        };
        found.ok_or_else(unplanned)
    }
}

fn unplanned() -> DatabaseError {
    DatabaseError::Shape {
        message: "a result for no table of the plan".to_owned(),
    }
}

/// Corrects what was taken for granted of a table's text; whether there was anything to correct.
pub(super) fn reveals(pages: &[PageRow], rows: &mut Rows) -> bool {
    rows.learns_from(pages.iter().filter_map(|page| page.text.as_deref()))
}

/// The same of the length of its rows.
pub(super) fn reveals_long_rows(pages: &[PageRow], rows: &mut Rows) -> Result<bool, DumpError> {
    let before = rows.found;
    let fits = pages.iter().all(|page| rows.fits(page.longest));
    if !fits && before.long_rows {
        return Err(DumpError::StatementTooLong {
            object: rows.table.clone(),
        });
    }
    rows.found.long_rows |= !fits || pages.iter().any(PageRow::has_long_rows);
    Ok(before != rows.found)
}

impl PageRow {
    /// The last row of the page, by what the next range is told; `None` where rows have to be counted.
    pub(super) fn place(&self, rows: &Rows) -> Option<After> {
        if rows.key.is_empty() {
            return self.last.clone().map(After::Rowid);
        }
        match (&self.last, &self.text) {
            (Some(last), _) => place_of(last),
            (None, Some(text)) => rows.place_in(text.rsplit(BETWEEN_LINES).next()?),
            (None, None) => None,
        }
    }

    /// Whether a row has no line.
    pub(super) const fn has_long_rows(&self) -> bool {
        self.text.is_none() || self.long > 0
    }
}

/// The pages as statements, with the long rows where they interrupt them.
pub(super) fn merge(rows: &Rows, pages: Vec<PageRow>, long: Vec<LongRow>) -> RowText {
    let (head, most) = (rows.head(), rows.longest_statement());
    let mut merged = RowText {
        has_forms: rows.found.has_forms() || !long.is_empty(),
        ..RowText::default()
    };
    let mut long = long.into_iter().peekable();
    for page in pages {
        merged.rows += page.rows;
        match page.text {
            Some(text) => merged.pages.push(statements_of(&head, most, &text)),
            None => {
                let Some(row) = long.peek().map(|next| next.row) else {
                    continue;
                };
                while let Some(mut next) = long.next_if(|next| next.row == row) {
                    next.text.push('\n');
                    merged.pages.push(next.text);
                }
            }
        }
    }
    merged.head = head;
    merged
}

/// Pages whose lines are statements already.
pub(super) fn lines(pages: Vec<PageRow>) -> RowText {
    let mut lines = RowText::default();
    for page in pages {
        lines.rows += page.rows;
        if let Some(text) = page.text {
            let mut text = text.replace(BETWEEN_LINES, "\n");
            text.push('\n');
            lines.pages.push(text);
        }
    }
    lines
}

/// Rows as statements, each of as many rows as come to at most `most` bytes, and of one at least. Each row begins a line.
fn statements_of(head: &str, most: usize, rows: &str) -> String {
    const NEXT: &str = "),\n(";
    const END: &str = ");\n";
    let statements = rows.len() / STATEMENT + 1;
    let mut text =
        String::with_capacity(rows.len() + rows.len() / 16 + statements * 2 * head.len());
    let mut start = None;
    for row in rows.split(BETWEEN_LINES) {
        match start {
            Some(start) if text.len() - start + NEXT.len() + row.len() + END.len() <= most => {
                text.push_str(NEXT);
            }
            _ => {
                if start.is_some() {
                    text.push_str(END);
                }
                start = Some(text.len());
                text.push_str(head);
            }
        }
        text.push_str(row);
    }
    text.push_str(END);
    text
}

/// The place of a row that has a key, as SQLite was asked for it; `None` where the key is longer than a place may be.
pub(super) fn place_of(last: &str) -> Option<After> {
    let values: Vec<String> = serde_json::from_str(last).ok()?;
    (last.len() <= LONGEST_PLACE).then_some(After::Key(values))
}

/// Also of a table whose counter is gone: then there is none after the restore.
pub(super) fn counters(plan: &Plan, counters: Vec<Pair>) -> Vec<Counter> {
    let counted = || {
        let tables = plan.tables.iter();
        tables.filter(|table| has_keyword(&table.sql, "autoincrement"))
    };
    let cleared = counted().map(|table| Counter {
        table: Some(table.name.clone()),
        sql: format!(
            "DELETE FROM sqlite_sequence WHERE name = {};\n",
            literal(&table.name)
        ),
    });
    let kept = counters.into_iter().filter(|Pair { name, .. }| {
        let mut left_out = plan.left_out.iter();
        !left_out.any(|table| literal(table) == *name)
    });
    let set = kept.map(|Pair { name, value }| {
        let table = counted().find(|table| literal(&table.name) == name);
        Counter {
            table: table.map(|table| table.name.clone()),
            sql: format!("INSERT INTO sqlite_sequence (name, seq) VALUES ({name}, {value});\n"),
        }
    });
    cleared.chain(set).collect()
}

pub(super) fn settings(table: &str, settings: Vec<Pair>) -> Vec<String> {
    let table = identifier(table);
    settings
        .into_iter()
        .map(|Pair { name, value }| {
            format!(
                "INSERT INTO {table} ({table}, rank) VALUES ({}, {value});\n",
                literal(&name)
            )
        })
        .collect()
}
