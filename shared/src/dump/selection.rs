//! Some tables of a dump: which runs of its bytes, and what is written around them.
//!
//! Only the manifest is read. Over a live database it is more difficult than the whole: tables that are not selected stay,
//! with rows that refer to those which are dropped. ON DELETE CASCADE fires also while checks are deferred
//! (<https://www.sqlite.org/foreignkeys.html#fk_schemacommands>), so a row's key is changed before it goes, and then nothing
//! refers to it; when the rows are back, what referred to them does again. What that cannot be done for is stopped by a
//! SELECT that fails, before anything has changed.

use std::ops::Range;

use super::header::grouped;
use super::script::{AFTER, BEFORE, RULE, SCRATCH};
use super::sql::{comment, identifier, literal, same_name};
use crate::manifest::{Encoding, Manifest, Places, Reference, Span, TableEntry, TablePlaces};

/// How many tables are selected at most: each is several runs of the object, and each run a read of the bucket.
/// <https://developers.cloudflare.com/workers/platform/limits/#subrequests>
pub const MOST_TABLES: usize = 100;

/// How every CREATE TABLE begins, and CREATE UNIQUE INDEX, as SQLite stores it. <https://www.sqlite.org/schematab.html>
const CREATE_TABLE: &str = "CREATE TABLE ";
const CREATE_INDEX: &str = "CREATE UNIQUE INDEX ";
/// Where SQLite looks whether rows refer to something.
const IS_CHECKED: &str = "(SELECT foreign_keys FROM pragma_foreign_keys)";
const IS_DEFERRED: &str = "(SELECT defer_foreign_keys FROM pragma_defer_foreign_keys)";

/// A run of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Run {
    /// This text.
    Text(String),
    /// Those at this place of the dump.
    Stored(Range<u64>),
}

/// Some tables of a dump.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// Their names as the database writes them, in the order of the dump.
    pub tables: Vec<String>,
    /// The dump of them, one run after the other.
    pub runs: Vec<Run>,
}

/// Tables cannot be taken out of a dump.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// Its manifest does not say where they are: an older version wrote it.
    #[error("the manifest does not say where the statements of a table are")]
    NotWrittenDown,
    /// It is stored as gzip, in which places of the text are none of the object.
    #[error("the dump is stored as gzip")]
    Compressed,
    /// It has no such table.
    #[error("the dump has no table `{table}`")]
    Unknown {
        /// The name that is none.
        table: String,
        /// Those that are.
        tables: Vec<String>,
    },
    /// They are more than [`MOST_TABLES`].
    #[error("more than {MOST_TABLES} tables")]
    TooMany,
}

/// Takes tables out of a dump. Names are matched as SQLite does, and one that comes twice is taken once.
pub fn select(manifest: &Manifest, names: &[String]) -> Result<Selection, SelectionError> {
    let places = manifest
        .places
        .as_ref()
        .ok_or(SelectionError::NotWrittenDown)?;
    if Encoding::of_key(&manifest.key) == Encoding::Gzip {
        return Err(SelectionError::Compressed);
    }
    let is_there = |name: &&String| places.tables.iter().any(|table| is(table, name));
    if let Some(unknown) = names.iter().find(|name| !is_there(name)) {
        let tables = places.tables.iter().map(|table| table.name.clone());
        return Err(SelectionError::Unknown {
            table: unknown.clone(),
            tables: tables.collect(),
        });
    }
    let is_wanted = |table: &&TablePlaces| names.iter().any(|name| is(table, name));
    let chosen: Vec<&TablePlaces> = places.tables.iter().filter(is_wanted).collect();
    if chosen.len() > MOST_TABLES {
        return Err(SelectionError::TooMany);
    }
    let chosen = Chosen {
        manifest,
        places,
        tables: chosen,
    };
    Ok(Selection {
        tables: chosen.names().cloned().collect(),
        runs: chosen.runs(),
    })
}

fn is(table: &TablePlaces, name: &str) -> bool {
    same_name(&table.name, name)
}

/// The tables that were asked for.
struct Chosen<'a> {
    manifest: &'a Manifest,
    places: &'a Places,
    tables: Vec<&'a TablePlaces>,
}

/// Runs one after the other.
#[derive(Default)]
struct Runs(Vec<Run>);

impl Runs {
    fn text(&mut self, text: &str) {
        match self.0.last_mut() {
            Some(Run::Text(last)) => last.push_str(text),
            _ if text.is_empty() => {}
            _ => self.0.push(Run::Text(text.to_owned())),
        }
    }

    fn stored(&mut self, span: Span) {
        let range = span.0..span.0.saturating_add(span.1);
        match self.0.last_mut() {
            _ if range.is_empty() => {}
            Some(Run::Stored(last)) if last.end == range.start => last.end = range.end,
            _ => self.0.push(Run::Stored(range)),
        }
    }

    /// A statement that begins with `first_words`, made to do nothing where its object is there.
    fn unless_there(&mut self, first_words: &str, span: Span) {
        self.text(&format!("{first_words}IF NOT EXISTS "));
        let skipped = u64::try_from(first_words.len()).unwrap_or_default();
        self.stored(Span(
            span.0.saturating_add(skipped),
            span.1.saturating_sub(skipped),
        ));
    }
}

impl<'a> Chosen<'a> {
    fn names(&self) -> impl Iterator<Item = &'a String> {
        self.tables.iter().map(|table| &table.name)
    }

    fn has(&self, name: &str) -> bool {
        self.tables.iter().any(|table| is(table, name))
    }

    /// The tables that have rows of their own; the others are virtual.
    fn ordinary(&self) -> impl DoubleEndedIterator<Item = &'a TablePlaces> {
        let tables = self.tables.iter().copied();
        tables.filter(|table| !table.make.is_empty())
    }

    fn rows(&self, table: &TablePlaces) -> Option<&'a TableEntry> {
        let mut entries = self.manifest.tables.iter();
        entries.find(|entry| entry.name == table.name)
    }

    fn runs(&self) -> Vec<Run> {
        let mut runs = Runs::default();
        runs.text(&self.header());
        runs.text(BEFORE);
        runs.text(&self.guards());
        let stand_ins: Vec<_> = self.places.stand_ins.iter().collect();
        let stand_ins: Vec<_> = stand_ins
            .into_iter()
            .filter(|found| self.refer_to(&found.name))
            .collect();
        for found in &stand_ins {
            runs.stored(found.place);
        }
        self.let_go(&mut runs);
        self.make(&mut runs);
        self.fill(&mut runs);
        if let Some(scratch) = &self.places.scratch {
            runs.text(&format!("\nDROP TABLE {};\n", identifier(scratch)));
        }
        for found in &stand_ins {
            runs.text(&format!(
                "DROP TABLE IF EXISTS {};\n",
                identifier(&found.name)
            ));
        }
        runs.text(&self.rebuilt());
        runs.text("\n");
        runs.text(AFTER);
        runs.text(&format!(
            "\n{RULE}-- Backup Complete\n-- Total Rows: {}\n{RULE}",
            grouped(self.total_rows())
        ));
        runs.0
    }

    fn total_rows(&self) -> u64 {
        let rows = self.tables.iter().filter_map(|table| self.rows(table));
        rows.map(|entry| entry.rows).sum()
    }

    fn header(&self) -> String {
        let manifest = self.manifest;
        let names: Vec<&str> = self.names().map(String::as_str).collect();
        let mut lines = vec![
            format!(
                "Grove Backup: {}, and of it only {}",
                manifest.database,
                names.join(", ")
            ),
            format!("Generated: {}", manifest.generated),
            format!("Job ID: {}", manifest.job_id),
            format!("Tables: {}", names.len()),
            format!("Total Rows: {}", grouped(self.total_rows())),
            format!("Format: {}", manifest.format),
            format!("Consistency: {}", manifest.consistency.as_str()),
            format!("Written by: {}", manifest.tool),
        ];
        lines.extend(self.notes().into_iter().map(|note| format!("Note: {note}")));
        let warnings = manifest.warnings.iter();
        lines.extend(warnings.map(|warning| format!("Warning: {warning}")));
        let lines: String = lines
            .iter()
            .map(|line| format!("-- {}\n", comment(line)))
            .collect();
        format!("{RULE}{lines}{RULE}\n")
    }

    /// What a person should know of tables that are not here.
    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        for table in &self.tables {
            for parent in self.missing_parents(table) {
                notes.push(format!(
                    "Rows of {} may refer to rows of {parent}, which are not here: D1 takes them only where those are.",
                    table.name
                ));
            }
            if let Some(text) = table.text_from.as_ref().filter(|text| !self.has(text)) {
                notes.push(format!(
                    "The full-text table {} is filled from {text}, as that is where this is restored.",
                    table.name
                ));
            }
        }
        let indexes = self.places.tables.iter().filter(|other| {
            let text = other.text_from.as_ref();
            text.is_some_and(|text| self.has(text)) && !self.has(&other.name)
        });
        notes.extend(indexes.map(|index| {
            format!(
                "The full-text table {} takes its text from a table that is restored here, and knows nothing of that: take it too, or \
                 rebuild it.",
                index.name
            )
        }));
        notes
    }

    /// Tables that rows of `table` may refer to and that have to be there already.
    fn missing_parents(&self, table: &'a TablePlaces) -> Vec<&'a String> {
        let mut missing: Vec<&String> = Vec::new();
        if self.rows(table).is_none_or(|entry| entry.rows == 0) {
            return missing;
        }
        for Reference { table: name, .. } in &table.references {
            let mut stand_ins = self.places.stand_ins.iter();
            let is_here = self.has(name) || stand_ins.any(|found| same_name(&found.name, name));
            if !is_here && !missing.iter().any(|other| same_name(other, name)) {
                missing.push(name);
            }
        }
        missing
    }

    /// Whether any of the tables refers to this one.
    fn refer_to(&self, name: &str) -> bool {
        let mut references = self.tables.iter().flat_map(|table| &table.references);
        references.any(|reference| same_name(&reference.table, name))
    }

    /// The foreign keys to a table from tables that are not selected, as they were when the backup was made.
    fn outside_keys(&self, table: &str) -> impl Iterator<Item = &'a Reference> {
        let outside = self.places.tables.iter();
        outside
            .filter(|other| !self.has(&other.name))
            .flat_map(|other| &other.references)
            .filter(move |reference| same_name(&reference.table, table))
    }

    /// The columns of a table whose values are changed before its rows go, one of each key that rows follow which are to stay.
    /// None where these would follow such a change too.
    fn hidden(&self, table: &'a TablePlaces) -> Vec<&'a String> {
        let mut hidden: Vec<&String> = Vec::new();
        if self
            .outside_keys(&table.name)
            .any(|key| key.follows_changes)
        {
            return hidden;
        }
        for key in self.outside_keys(&table.name) {
            let columns = if key.columns.is_empty() {
                &table.key
            } else {
                &key.columns
            };
            let is_hidden = |column: &String| hidden.iter().any(|other| same_name(other, column));
            if key.follows_deletion && !columns.iter().any(is_hidden) {
                hidden.extend(columns.first());
            }
        }
        hidden
    }

    /// SELECTs that fail, and say why, where the restore could not go on, or would cost rows that are to stay.
    fn guards(&self) -> String {
        let mut guards = String::new();
        for table in &self.tables {
            for parent in self.missing_parents(table) {
                let reason = format!(
                    "rows of {} refer to rows of {}, a table that is not there: restore that first, or both together; ",
                    comment(&table.name),
                    comment(parent)
                );
                guards.push_str(&format!(
                    "SELECT json_extract('{{}}', {} || foreign_keys) FROM pragma_foreign_keys WHERE foreign_keys AND NOT EXISTS (SELECT 1 \
                     FROM sqlite_schema WHERE type = 'table' AND name = {} COLLATE NOCASE);\n",
                    literal(&reason),
                    literal(parent)
                ));
            }
        }
        let ordinary: Vec<&TablePlaces> = self.ordinary().collect();
        if ordinary.is_empty() {
            return guards;
        }
        let mut followed = Vec::new();
        for table in &ordinary {
            let hidden = self.hidden(table);
            let name = literal(&table.name);
            let follows = |action| format!("k.{action} NOT IN ('NO ACTION', 'RESTRICT')");
            if hidden.is_empty() {
                followed.push(format!(
                    "k.\"table\" = {name} COLLATE NOCASE AND {}",
                    follows("on_delete")
                ));
                continue;
            }
            let is_key = table
                .key
                .iter()
                .any(|column| hidden.iter().any(|other| same_name(other, column)));
            let unnamed = if is_key { "1" } else { "0" };
            followed.push(format!(
                "k.\"table\" = {name} COLLATE NOCASE AND ({} OR {} AND NOT EXISTS (SELECT 1 FROM pragma_foreign_key_list(m.name) AS x \
                 WHERE x.id = k.id AND coalesce(x.\"to\" COLLATE NOCASE IN ({}), {unnamed})))",
                follows("on_update"),
                follows("on_delete"),
                list(&hidden)
            ));
        }
        let names: Vec<&String> = ordinary.iter().map(|table| &table.name).collect();
        let outside = format!(
            "FROM sqlite_schema AS m JOIN pragma_foreign_key_list(m.name) AS k WHERE m.type = 'table' AND m.name NOT GLOB '_cf_*' \
             AND m.name COLLATE NOCASE NOT IN ({})",
            list(&names)
        );
        for condition in followed {
            guards.push_str(&format!(
                "SELECT json_extract('{{}}', 'rows of ' || m.name || ' would go or change with those of ' || k.\"table\" || ': take \
                 both tables, or restore into a new database; ') {outside} AND {condition} AND {IS_CHECKED};\n"
            ));
        }
        guards.push_str(&format!(
            "SELECT json_extract('{{}}', 'rows of ' || m.name || ' refer to rows of ' || k.\"table\" || ', and this is not run as one \
             transaction: take both tables, or restore into a new database; ') {outside} AND k.\"table\" COLLATE NOCASE IN ({}) \
             AND {IS_CHECKED} AND NOT {IS_DEFERRED};\n",
            list(&names)
        ));
        let changed: Vec<&TablePlaces> = self.changed().collect();
        if !changed.is_empty() {
            let names: Vec<&String> = changed.iter().map(|table| &table.name).collect();
            let triggers: Vec<&String> = changed.iter().flat_map(|table| &table.triggers).collect();
            guards.push_str(&format!(
                "SELECT json_extract('{{}}', 'the trigger ' || name || ' of ' || tbl_name || ' was made since the backup and would fire: \
                 drop it first; ') FROM sqlite_schema WHERE type = 'trigger' AND tbl_name COLLATE NOCASE IN ({}) AND name COLLATE NOCASE \
                 NOT IN ({}) AND {IS_CHECKED};\n",
                list(&names),
                list(&triggers)
            ));
        }
        guards
    }

    /// The tables whose rows are changed before they go.
    fn changed(&self) -> impl Iterator<Item = &'a TablePlaces> {
        self.ordinary()
            .filter(|table| !table.unlink.is_empty() || !self.hidden(table).is_empty())
    }

    /// Has rows that are about to go let go of each other, and those that stay let go of them.
    fn let_go(&self, runs: &mut Runs) {
        let changed: Vec<&TablePlaces> = self.changed().collect();
        for table in &changed {
            for trigger in &table.triggers {
                runs.text(&format!(
                    "DROP TRIGGER IF EXISTS {};\n",
                    identifier(trigger)
                ));
            }
        }
        let is_needed = |table: &&TablePlaces| {
            changed.iter().any(|other| other.name == table.name) || self.refer_to(&table.name)
        };
        let needed = self.ordinary().filter(is_needed);
        let needed: Vec<&TablePlaces> = needed.filter(|_| !changed.is_empty()).collect();
        for table in needed {
            let first_words = std::iter::once(CREATE_TABLE).chain(std::iter::repeat(CREATE_INDEX));
            for (span, first_words) in table.make.iter().zip(first_words) {
                runs.unless_there(first_words, *span);
            }
        }
        for table in changed {
            for span in &table.unlink {
                runs.stored(*span);
            }
            for column in self.hidden(table) {
                runs.text(&hide(&table.name, column));
            }
        }
    }

    /// Drops the tables, children before parents, and makes each again at once: where SQLite follows a row that goes, all
    /// tables that its followers refer to have to be there.
    fn make(&self, runs: &mut Runs) {
        let virtuals = self.tables.iter().rev();
        for table in virtuals.filter(|table| table.make.is_empty()) {
            runs.text(&format!(
                "DROP TABLE IF EXISTS {};\n",
                identifier(&table.name)
            ));
        }
        let scratch = self.places.scratch.as_deref().map(identifier);
        if let Some(scratch) = &scratch {
            runs.text(&format!("DROP TABLE IF EXISTS {scratch};\n"));
        }
        for table in self.ordinary().rev() {
            runs.text(&format!(
                "DROP TABLE IF EXISTS {};\n",
                identifier(&table.name)
            ));
            for span in &table.make {
                runs.stored(*span);
            }
        }
        if let Some(scratch) = &scratch {
            runs.text(&format!("CREATE TABLE {scratch} {SCRATCH};\n"));
        }
    }

    /// Rows and all that comes after them, in the order of the dump.
    fn fill(&self, runs: &mut Runs) {
        let mut spans: Vec<(Span, Option<&TableEntry>)> = Vec::new();
        for table in &self.tables {
            spans.extend(table.rest.iter().map(|span| (*span, None)));
            let rows = self.rows(table);
            spans.extend(rows.map(|entry| (Span(entry.offset, entry.bytes), Some(entry))));
        }
        spans.sort_by_key(|(span, _)| (span.0, span.1));
        for (span, rows) in spans {
            if let Some(entry) = rows {
                runs.text(&format!(
                    "\n-- Table: {}\n-- Rows: {}\n",
                    comment(&entry.name),
                    entry.rows
                ));
            }
            runs.stored(span);
        }
    }

    /// Fills full-text tables from their text, where that is there.
    fn rebuilt(&self) -> String {
        let indexes = self.tables.iter();
        let indexes =
            indexes.filter_map(|table| Some((identifier(&table.name), table.text_from.as_ref()?)));
        let statements = indexes.map(|(name, text)| {
            format!(
                "INSERT INTO {name} ({name}) SELECT 'rebuild' WHERE EXISTS (SELECT 1 FROM sqlite_schema WHERE type IN ('table', 'view') \
                 AND name = {} COLLATE NOCASE);\n",
                literal(text)
            )
        });
        statements.collect()
    }
}

/// Gives the rows of a table other keys, each one that no other has and that nothing refers to. Where foreign keys are not looked
/// at nothing follows a row, and it stays as it is.
fn hide(table: &str, column: &str) -> String {
    /// Half of the numbers of each sign: what is not further from zero than this changes its sign, and stays different from all others.
    const FAR: i64 = 1 << 62;
    let (table, column) = (identifier(table), identifier(column));
    format!(
        "UPDATE {table} SET {column} = CASE typeof({column}) WHEN 'integer' THEN {column} + CASE WHEN {column} < 0 THEN {FAR} ELSE -{FAR} END \
         WHEN 'real' THEN -1.0 - {column} WHEN 'text' THEN 'cache_restore ' || {column} WHEN 'blob' \
         THEN CAST('cache_restore ' || {column} AS BLOB) END WHERE {IS_CHECKED};\n"
    )
}

/// Names as string literals, with commas between them.
fn list(names: &[&String]) -> String {
    let literals: Vec<String> = names.iter().map(|name| literal(name)).collect();
    literals.join(", ")
}
