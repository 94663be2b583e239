//! The text of a dump, in the order in which its statements work one by one, and its manifest.

use serde::{Deserialize, Serialize};

use super::canonical;
use super::data::{Counter, Data, RowText};
use super::hash::Sha256;
use super::header::{self, grouped};
use super::places::{self, Part, Place};
use super::plan::{Plan, TablePlan, VirtualPlan};
use super::references::{standing, stub};
use super::schema::Object;
use super::sql::{comment, identifier, same_name, terminated};
use super::{About, Dump, hex};
use crate::manifest::{Consistency, Manifest, TableEntry};

pub(super) const RULE: &str = "-- ================================================\n";
/// Foreign keys are not looked at where that can be turned off, and at the end where it cannot.
pub(super) const BEFORE: &str = "PRAGMA foreign_keys=OFF;\nPRAGMA defer_foreign_keys=TRUE;\n";
pub(super) const AFTER: &str = "PRAGMA foreign_keys=ON;\n";
/// The columns of the scratch table.
pub(super) const SCRATCH: &str =
    "(c INTEGER NOT NULL, n INTEGER NOT NULL, d BLOB NOT NULL, PRIMARY KEY (c, n)) WITHOUT ROWID";
/// What closes circles of foreign keys.
const UPDATES: &str = "Foreign keys that were left open above";
/// Inserting rows has moved them.
const COUNTERS: &str = "AUTOINCREMENT counters";

/// Whether what stands in for a dropped table stays until it is made again.
fn stays(plan: &Plan, table: &TablePlan) -> bool {
    plan.is_followed() && !table.stub.is_empty()
}

/// What is written so far of a dump; as JSON it is what a later invocation goes on from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Written {
    /// Bytes of text.
    pub(super) bytes: u64,
    /// Rows in it.
    pub(super) rows: u64,
    hash: Sha256,
    /// The table whose rows are being written.
    open: Option<OpenTable>,
    tables: Vec<TableEntry>,
    /// Of what is no row and no schema.
    #[serde(default)]
    rest: Sha256,
    /// Where the statements of single tables are; not of a dump that an older version began.
    #[serde(default)]
    places: Option<Vec<Place>>,
}

impl Default for Written {
    fn default() -> Self {
        Self {
            bytes: 0,
            rows: 0,
            hash: Sha256::default(),
            open: None,
            tables: Vec::new(),
            rest: Sha256::default(),
            places: Some(Vec::new()),
        }
    }
}

/// A table some of whose rows are written.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct OpenTable {
    name: String,
    rows: u64,
    offset: u64,
    hash: Sha256,
}

/// The text of a dump, or a part of it, as it is written.
pub(super) struct Script<'plan> {
    plan: &'plan Plan,
    pub(super) written: Written,
    pub(super) body: String,
}

impl<'plan> Script<'plan> {
    /// Goes on with what is written of a dump.
    pub(super) fn after(plan: &'plan Plan, written: Written) -> Self {
        Self {
            plan,
            written,
            body: String::new(),
        }
    }

    /// Writes a whole dump of what one transaction read.
    pub(super) fn whole(plan: &'plan Plan, data: Data, about: &About<'_>) -> Dump {
        let mut script = Self::after(plan, Written::default());
        let texts = data.tables.iter().chain(&data.virtuals);
        let rows: u64 = texts.map(|text| text.rows).sum();
        let mut manifest = about.manifest(plan, Consistency::Snapshot);
        manifest.deferred.extend(data.unordered);
        let filled = plan
            .tables
            .iter()
            .zip(&data.tables)
            .filter(|(_, text)| text.rows > 0);
        let missing = plan.missing(filled.map(|(table, _)| table));
        let texts = data.tables.iter().chain(&data.virtuals);
        script.body.reserve(texts.map(RowText::bytes).sum());
        script.begin(&manifest, Some(rows), &missing);
        for (table, text) in plan.tables.iter().zip(data.tables) {
            if table.has_rows {
                script.table(&table.name, text);
            }
        }
        let mut is_titled = false;
        for (of, text) in &data.updates {
            is_titled |= script.updates(plan.name(*of), &text.pages, is_titled);
        }
        script.counters(&data.counters);
        script.drop_stand_ins(&missing);
        for ((found, text), settings) in plan.virtuals.iter().zip(data.virtuals).zip(data.settings)
        {
            script.virtual_table(found, &settings);
            if found.rows.is_some() {
                script.table(&found.name, text);
            }
        }
        script.end(about.duration_ms);
        script.written.complete(plan, &mut manifest);
        Dump {
            sha256: script.written.hash.finish(),
            body: script.body.into_bytes(),
            manifest,
        }
    }

    fn push(&mut self, text: &str) {
        self.body.push_str(text);
        self.written.bytes += length(text.len());
        self.written.hash.update(text);
    }

    /// Writes down that what was written since `start` is about one table.
    fn record(&mut self, table: &str, part: Part, start: u64) {
        let end = self.written.bytes;
        if let Some(found) = &mut self.written.places {
            places::record(found, table, part, start, end);
        }
    }

    /// Header and everything before the first row. `rows` are those of the whole dump, where they are known; `missing` the
    /// tables that are not there and that rows could refer to.
    pub(super) fn begin(&mut self, manifest: &Manifest, rows: Option<u64>, missing: &[&String]) {
        self.header(manifest, rows);
        self.push(BEFORE);
        self.guards(false);
        self.stand_ins(missing);
        self.parents();
        self.guards(true);
        self.drops();
        self.creates();
    }

    fn header(&mut self, manifest: &Manifest, rows: Option<u64>) {
        let lines = header::lines(self.plan, manifest, rows);
        self.push(RULE);
        for line in lines {
            self.note(&line);
        }
        self.push(RULE);
        self.push("\n");
    }

    /// A comment of one line.
    fn note(&mut self, text: &str) {
        self.push(&format!("-- {}\n", comment(text)));
    }

    /// A statement of the schema, which makes `sql` and belongs to `table`.
    fn object(&mut self, table: &str, part: Part, sql: &str) {
        let start = self.written.bytes;
        self.push(&terminated(sql));
        self.record(table, part, start);
    }

    /// Everything that is about to be made goes away first, what depends before what it depends on: dropping a table
    /// later would delete rows that refer to it. <https://www.sqlite.org/foreignkeys.html#fk_schemacommands>
    fn drops(&mut self) {
        let plan = self.plan;
        let named = |kind| plan.schema.of_kind(kind).rev().map(|object| &object.name);
        self.drop_all("TRIGGER", named("trigger"));
        self.drop_all("VIEW", named("view"));
        self.drop_all("TABLE", plan.virtuals.iter().rev().map(|found| &found.name));
        let scratch = std::iter::once(&plan.scratch);
        self.drop_all("TABLE", scratch.filter(|_| plan.uses_scratch()));
        self.forget_parts();
        self.unlink();
        self.drop_tables();
        self.push("\n");
    }

    /// Dropping what a table refers to by ON DELETE CASCADE deletes its rows, and one that is left out does not get them
    /// back. Where a live database has it still and foreign keys are looked at, the restore ends here, and says why. What a
    /// restore made itself is no reason while it is empty.
    fn guards(&mut self, is_made: bool) {
        let plan = self.plan;
        let exposed = plan.exposed.iter();
        for exposed in exposed.filter(|exposed| plan.is_made(&exposed.table) == is_made) {
            self.push(&exposed.guard(is_made));
        }
    }

    /// A table that is left out but referred to has to be there before rows that could refer to it. It stays as it is.
    fn parents(&mut self) {
        for object in &self.plan.parents {
            for first_words in ["CREATE TABLE ", "CREATE UNIQUE INDEX "] {
                self.unless_there(first_words, &object.sql);
            }
        }
    }

    /// A row is refused where a table that it could refer to is missing, even a row that refers to nothing. So there is
    /// one for as long as rows are restored. A live database may have a table of that name by now, which would be lost
    /// with its rows: lacking the column, it ends the restore before anything else happened.
    fn stand_ins(&mut self, missing: &[&String]) {
        let mark = identifier(&self.plan.scratch);
        for name in missing {
            let columns = stub(&self.plan.schema, name);
            let start = self.written.bytes;
            let quoted = identifier(name);
            self.push(&format!(
                "CREATE TABLE IF NOT EXISTS {quoted} ({mark}, {columns});\nUPDATE {quoted} SET {mark} = NULL;\n"
            ));
            self.record(name, Part::StandIn, start);
        }
    }

    /// When all rows are there.
    pub(super) fn drop_stand_ins(&mut self, missing: &[&String]) {
        if missing.is_empty() {
            return;
        }
        self.push("\n");
        self.note("Tables that were missing already");
        self.drop_all("TABLE", missing.iter().copied());
    }

    /// Where there is a circle, some table is dropped after one that it refers to. Deleting its rows, SQLite may want that
    /// one to be there, whatever is in it.
    fn drop_tables(&mut self) {
        let plan = self.plan;
        let mut stubs = Vec::new();
        for (n, table) in plan.tables.iter().enumerate().rev() {
            self.drop_all("TABLE", std::iter::once(&table.name));
            let mut rest = plan.tables.iter().take(n);
            let is_needed = rest.any(|other| {
                other
                    .refers_to
                    .iter()
                    .any(|name| same_name(name, &table.name))
            });
            if is_needed || stays(plan, table) {
                let name = identifier(&table.name);
                let definition = if stays(plan, table) {
                    standing(&plan.schema, &table.name)
                } else {
                    table.stub.clone()
                };
                self.push(&format!("CREATE TABLE {name} ({definition});\n"));
                stubs.push(table);
            }
        }
        let stubs = stubs.into_iter().filter(|table| !stays(plan, table));
        let stubs = stubs.map(|table| &table.name);
        self.drop_all("TABLE", stubs);
    }

    fn drop_all<'name>(&mut self, kind: &str, names: impl Iterator<Item = &'name String>) {
        for name in names {
            let name = identifier(name);
            self.push(&format!("DROP {kind} IF EXISTS {name};\n"));
        }
    }

    /// A table that SQLite takes for a part of a virtual table cannot be dropped. It stops to think so when the virtual
    /// table is gone and the schema is read again, which changing a column makes it do.
    fn forget_parts(&mut self) {
        let schema = &self.plan.schema;
        if schema.tables.iter().any(|table| table.looks_like_a_part) {
            let scratch = identifier(&self.plan.scratch);
            self.push(&format!(
                "CREATE TABLE {scratch} (c);\nALTER TABLE {scratch} RENAME COLUMN c TO d;\nDROP TABLE {scratch};\n"
            ));
        }
    }

    /// Dropping a table deletes its rows, with what follows from that: a row may be kept from going by one that refers
    /// to it, and a chain of more than ten rows is more than D1 follows. Where rows refer to each other in a circle, or
    /// to rows of their own table, no order of the tables helps; so they let go of each other first. For that, and for
    /// the drops after it, everything that is referred to has to be there, which after a mishap it may not be. Where a
    /// circle cannot be opened nothing of this helps.
    fn unlink(&mut self) {
        let plan = self.plan;
        let linked: Vec<_> = plan
            .tables
            .iter()
            .filter(|table| !table.rows.found_by.is_empty())
            .collect();
        if (linked.is_empty() && !plan.is_followed()) || plan.is_locked {
            return;
        }
        let tables = plan
            .tables
            .iter()
            .filter(|table| !table.rows.found_by.is_empty() || plan.is_parent(&table.name));
        for table in tables {
            self.unless_there("CREATE TABLE ", &table.sql);
        }
        let (keys, _) = plan.indexes();
        for index in keys {
            self.unless_there("CREATE UNIQUE INDEX ", &index.sql);
        }
        for table in linked {
            let name = &table.rows.table;
            for (column, meanwhile) in table.rows.opened() {
                let start = self.written.bytes;
                self.push(&format!(
                    "UPDATE {name} SET {column} = {meanwhile} WHERE {column} IS NOT {meanwhile};\n"
                ));
                self.record(&table.name, Part::Unlink, start);
            }
        }
    }

    /// SQLite stores the first words of a definition always alike. <https://www.sqlite.org/schematab.html>
    fn unless_there(&mut self, first_words: &str, sql: &str) {
        if let Some(rest) = sql.strip_prefix(first_words) {
            let sql = terminated(&format!("{first_words}IF NOT EXISTS {rest}"));
            self.push(&sql);
        }
    }

    /// All tables, before any row: a row whose parent's table is missing is refused. With them the indexes without which
    /// a reference refers to nothing.
    fn creates(&mut self) {
        let plan = self.plan;
        for table in &plan.tables {
            let stub = std::iter::once(&table.name).filter(|_| stays(plan, table));
            self.drop_all("TABLE", stub);
            self.object(&table.name, Part::Make, &table.sql);
            if plan.is_followed() {
                self.keys_of(|index| same_name(&index.tbl_name, &table.name));
            }
        }
        if !plan.is_followed() {
            self.keys_of(|_| true);
        }
        if plan.uses_scratch() {
            let scratch = identifier(&plan.scratch);
            self.push(&format!("CREATE TABLE {scratch} {SCRATCH};\n"));
        }
    }

    /// Indexes that foreign keys refer to.
    fn keys_of(&mut self, are_meant: impl Fn(&Object) -> bool) {
        let (keys, _) = self.plan.indexes();
        for index in keys.into_iter().filter(|index| are_meant(index)) {
            self.object(&index.tbl_name, Part::Make, &index.sql);
        }
    }

    /// The rows of one table, and its entry in the manifest.
    fn table(&mut self, name: &str, text: RowText) {
        self.open_table(name, text.rows);
        self.add_rows(&text);
        self.close_table();
    }

    /// The lines above a table's rows. `rows` is how many there are, or were when that was asked.
    pub(super) fn open_table(&mut self, name: &str, rows: u64) {
        self.push("\n");
        self.note(&format!("Table: {name}"));
        self.note(&format!("Rows: {rows}"));
        self.written.open = Some(OpenTable {
            name: name.to_owned(),
            rows: 0,
            offset: self.written.bytes,
            hash: Sha256::default(),
        });
    }

    /// Rows of the table that was opened.
    pub(super) fn add_rows(&mut self, text: &RowText) {
        for page in &text.pages {
            self.push(page);
        }
        self.written.rows += text.rows;
        if let Some(open) = &mut self.written.open {
            open.rows += text.rows;
            canonical::feed(&mut open.hash, text, &self.plan.scratch);
        }
    }

    /// The end of the table that was opened.
    pub(super) fn close_table(&mut self) {
        if let Some(open) = self.written.open.take() {
            self.written.tables.push(TableEntry {
                name: open.name,
                rows: open.rows,
                offset: open.offset,
                bytes: self.written.bytes.saturating_sub(open.offset),
                sha256: hex(&open.hash.finish()),
            });
        }
    }

    /// Statements that set columns of a table which were left open, unless there are none; whether there were any. They have
    /// one title together.
    pub(super) fn updates(&mut self, table: &str, statements: &[String], is_titled: bool) -> bool {
        if statements.is_empty() {
            return false;
        }
        if !is_titled {
            self.push("\n");
            self.note(UPDATES);
        }
        self.add(table, statements);
        true
    }

    /// Statements that set the AUTOINCREMENT counters; nothing when there are none.
    pub(super) fn counters(&mut self, counters: &[Counter]) {
        if counters.is_empty() {
            return;
        }
        self.push("\n");
        self.note(COUNTERS);
        for counter in counters {
            let table = counter.table.as_deref().unwrap_or_default();
            self.add(table, std::slice::from_ref(&counter.sql));
        }
    }

    /// Statements about a table that are no rows and no schema.
    fn add(&mut self, table: &str, statements: &[String]) {
        let start = self.written.bytes;
        for statement in statements {
            self.push(statement);
        }
        self.record(table, Part::Rest, start);
        canonical::feed_statements(&mut self.written.rest, statements);
    }

    /// A virtual table with what was set of it.
    pub(super) fn virtual_table(&mut self, found: &VirtualPlan, settings: &[String]) {
        self.push("\n");
        self.object(&found.name, Part::Rest, &found.sql);
        self.add(&found.name, settings);
    }

    /// Everything after the last row, and the footer.
    pub(super) fn end(&mut self, duration_ms: i64) {
        if self.plan.uses_scratch() {
            let scratch = identifier(&self.plan.scratch);
            self.push(&format!("\nDROP TABLE {scratch};\n"));
        }
        self.later_objects();
        self.push("\n");
        self.push(AFTER);
        self.footer(duration_ms);
    }

    /// Blanks that change nothing, between two statements.
    pub(super) fn pad(&mut self, bytes: usize) {
        let line = format!("{}\n", " ".repeat(1023));
        for _ in 0..bytes / line.len() {
            self.push(&line);
        }
        if let Some(rest) = (bytes % line.len()).checked_sub(1) {
            self.push(&format!("{}\n", " ".repeat(rest)));
        }
    }

    /// Indexes after the rows, which is faster; triggers last, so that they do not fire for restored rows.
    fn later_objects(&mut self) {
        let plan = self.plan;
        let (_, indexes) = plan.indexes();
        let remade = plan.virtuals.iter().filter(|found| found.is_rebuilt);
        self.push("\n");
        for object in indexes.into_iter().chain(plan.schema.of_kind("view")) {
            self.object(&object.tbl_name, Part::Rest, &object.sql);
        }
        for found in remade {
            let name = identifier(&found.name);
            self.push(&format!(
                "INSERT INTO {name} ({name}) VALUES ('rebuild');\n"
            ));
        }
        for object in plan.schema.of_kind("trigger") {
            self.object(&object.tbl_name, Part::Rest, &object.sql);
        }
    }

    /// The size that the footer names is that of the whole text, itself included.
    fn footer(&mut self, duration_ms: i64) {
        let duration = duration_ms.max(0);
        let start = format!(
            "\n{RULE}-- Backup Complete\n-- Duration: {}.{:03}s\n-- Total Rows: {}\n-- Size: ",
            duration / 1000,
            duration % 1000,
            grouped(self.written.rows)
        );
        let end = format!(" bytes\n{RULE}");
        let fixed = self.written.bytes + length(start.len() + end.len());
        let mut size = fixed;
        // Another digit or comma makes the text longer, which can add one more, and then no other.
        for _ in 0..3 {
            size = fixed + length(grouped(size).len());
        }
        self.push(&format!("{start}{}{end}", grouped(size)));
    }
}

impl Written {
    /// Tells the manifest what is written.
    pub(super) fn complete(&self, plan: &Plan, manifest: &mut Manifest) {
        manifest.size_bytes = self.bytes;
        manifest.total_rows = self.rows;
        manifest.sha256 = hex(&self.hash.finish());
        manifest.tables.clone_from(&self.tables);
        manifest.rest_sha256 = Some(hex(&self.rest.finish()));
        manifest.places = self.places.as_ref().map(|found| places::of(plan, found));
    }
}

fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
