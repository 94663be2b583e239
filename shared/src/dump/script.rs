//! The text of a dump, in the order in which its statements work one by one, and its manifest.

use sha2::{Digest, Sha256};

use super::data::{Data, RowText};
use super::plan::Plan;
use super::references::stub;
use super::schema::Object;
use super::sql::{comment, identifier, same_name, terminated};
use super::{About, Dump, TOOL};
use crate::manifest::{Manifest, TableEntry};

const RULE: &str = "-- ================================================\n";
/// Foreign keys are not looked at where that can be turned off, and at the end where it cannot.
const BEFORE: &str = "PRAGMA foreign_keys=OFF;\nPRAGMA defer_foreign_keys=TRUE;\n";
const AFTER: &str = "PRAGMA foreign_keys=ON;\n";

/// Everything that a dump is written from.
pub(super) struct Script<'plan> {
    plan: &'plan Plan,
    data: Data,
    body: String,
    tables: Vec<TableEntry>,
    /// The hash of the statements that make the schema.
    schema: Sha256,
    /// Tables that are not there, and that rows could refer to.
    missing: Vec<String>,
}

impl<'plan> Script<'plan> {
    /// The script of a database's plan and rows.
    pub(super) fn new(plan: &'plan Plan, data: Data) -> Self {
        Self {
            missing: missing(plan, &data),
            plan,
            data,
            body: String::new(),
            tables: Vec::new(),
            schema: Sha256::new(),
        }
    }

    /// Writes it.
    pub(super) fn write(mut self, about: &About<'_>) -> Dump {
        let mut manifest = about.manifest();
        manifest.total_rows = self.total_rows();
        manifest.deferred = self.plan.deferred.clone();
        manifest.deferred.append(&mut self.data.unordered);
        manifest.warnings = self.plan.warnings.clone();
        self.header(about, &manifest);
        self.body.push_str(BEFORE);
        self.drops();
        self.creates();
        self.rows();
        self.lists();
        self.drop_stand_ins();
        self.full_text();
        self.later_objects();
        self.body.push('\n');
        self.body.push_str(AFTER);
        self.footer(about, &manifest);
        let sha256: [u8; 32] = Sha256::digest(&self.body).into();
        manifest.size_bytes = length(self.body.len());
        manifest.sha256 = hex(&sha256);
        manifest.schema_sha256 = hex(&self.schema.finalize());
        manifest.tables = self.tables;
        Dump {
            body: self.body.into_bytes(),
            sha256,
            manifest,
        }
    }

    fn total_rows(&self) -> u64 {
        let texts = self.data.tables.iter().chain(&self.data.virtuals);
        texts.map(|text| text.rows).sum()
    }

    fn header(&mut self, about: &About<'_>, manifest: &Manifest) {
        let tables = self.plan.tables.len() + self.plan.virtuals.len();
        let mut lines = vec![
            format!("Grove Backup: {}", about.request.database),
            format!("Generated: {}", manifest.generated),
            format!("Job ID: {}", about.request.job_id),
            format!("Tables: {tables}"),
            format!("Total Rows: {}", grouped(manifest.total_rows)),
            format!("Format: {}", manifest.format),
            format!("Consistency: {}", manifest.consistency.as_str()),
            format!("Written by: {TOOL}"),
        ];
        lines.extend(
            manifest
                .deferred
                .iter()
                .map(|key| format!("Deferred foreign key: {key}")),
        );
        lines.extend(
            manifest
                .warnings
                .iter()
                .map(|warning| format!("Warning: {warning}")),
        );
        self.body.push_str(RULE);
        for line in lines {
            self.note(&line);
        }
        self.body.push_str(RULE);
        self.body.push('\n');
    }

    /// A comment of one line.
    fn note(&mut self, text: &str) {
        self.body.push_str("-- ");
        self.body.push_str(&comment(text));
        self.body.push('\n');
    }

    /// A statement of the schema, which makes `sql`.
    fn object(&mut self, sql: &str) {
        let statement = terminated(sql);
        self.schema.update(&statement);
        self.body.push_str(&statement);
    }

    /// Everything that is about to be made goes away first, what depends before what it depends on: dropping a table
    /// later would delete rows that refer to it. <https://www.sqlite.org/foreignkeys.html#fk_schemacommands>
    fn drops(&mut self) {
        let plan = self.plan;
        self.stand_ins();
        let named = |kind| plan.schema.of_kind(kind).rev().map(|object| &object.name);
        self.drop_all("TRIGGER", named("trigger"));
        self.drop_all("VIEW", named("view"));
        self.drop_all("TABLE", plan.virtuals.iter().rev().map(|found| &found.name));
        let scratch = std::iter::once(&plan.scratch);
        self.drop_all("TABLE", scratch.filter(|_| plan.uses_scratch()));
        self.forget_parts();
        self.unlink();
        self.drop_tables();
        self.body.push('\n');
    }

    /// A row is refused where a table that it could refer to is missing, even a row that refers to nothing. So there is
    /// one for as long as rows are restored. A live database may have a table of that name by now, which would be lost
    /// with its rows: lacking the column, it ends the restore before anything else happened.
    fn stand_ins(&mut self) {
        let mark = identifier(&self.plan.scratch);
        for name in &self.missing {
            let columns = stub(&self.plan.schema, name);
            let name = identifier(name);
            self.body.push_str(&format!(
                "CREATE TABLE IF NOT EXISTS {name} ({mark}, {columns});\nUPDATE {name} SET {mark} = NULL;\n"
            ));
        }
    }

    fn drop_stand_ins(&mut self) {
        if self.missing.is_empty() {
            return;
        }
        let missing = std::mem::take(&mut self.missing);
        self.body.push('\n');
        self.note("Tables that were missing already");
        self.drop_all("TABLE", missing.iter());
    }

    /// Where there is a circle, some table is dropped after one that it refers to. Deleting its rows, SQLite may want that
    /// one to be there, whatever is in it.
    fn drop_tables(&mut self) {
        let plan = self.plan;
        let mut stubs = Vec::new();
        for (n, table) in plan.tables.iter().enumerate().rev() {
            self.drop_all("TABLE", std::iter::once(&table.name));
            let rest = plan.tables.iter().take(n);
            if rest.into_iter().any(|other| {
                other
                    .refers_to
                    .iter()
                    .any(|name| same_name(name, &table.name))
            }) {
                let name = identifier(&table.name);
                self.body
                    .push_str(&format!("CREATE TABLE {name} ({});\n", table.stub));
                stubs.push(&table.name);
            }
        }
        self.drop_all("TABLE", stubs.into_iter());
    }

    fn drop_all<'name>(&mut self, kind: &str, names: impl Iterator<Item = &'name String>) {
        for name in names {
            let name = identifier(name);
            self.body
                .push_str(&format!("DROP {kind} IF EXISTS {name};\n"));
        }
    }

    /// A table that SQLite takes for a part of a virtual table cannot be dropped. It stops to think so when the virtual
    /// table is gone and the schema is read again, which changing a column makes it do.
    fn forget_parts(&mut self) {
        let schema = &self.plan.schema;
        if schema.tables.iter().any(|table| table.looks_like_a_part) {
            let scratch = identifier(&self.plan.scratch);
            self.body.push_str(&format!(
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
        if linked.is_empty() || plan.is_locked {
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
            for column in table.rows.opened() {
                self.body.push_str(&format!(
                    "UPDATE {name} SET {column} = NULL WHERE {column} IS NOT NULL;\n"
                ));
            }
        }
    }

    /// SQLite stores the first words of a definition always alike. <https://www.sqlite.org/schematab.html>
    fn unless_there(&mut self, first_words: &str, sql: &str) {
        if let Some(rest) = sql.strip_prefix(first_words) {
            let sql = terminated(&format!("{first_words}IF NOT EXISTS {rest}"));
            self.body.push_str(&sql);
        }
    }

    /// All tables, before any row: a row whose parent's table is missing is refused. With them the indexes without which
    /// a reference refers to nothing.
    fn creates(&mut self) {
        let plan = self.plan;
        for table in &plan.tables {
            self.object(&table.sql);
        }
        let (keys, _) = plan.indexes();
        for index in keys {
            self.object(&index.sql);
        }
        if plan.uses_scratch() {
            let scratch = identifier(&plan.scratch);
            self.body.push_str(&format!(
                "CREATE TABLE {scratch} (c INTEGER NOT NULL, n INTEGER NOT NULL, d BLOB NOT NULL, PRIMARY KEY (c, n)) WITHOUT ROWID;\n"
            ));
        }
    }

    fn rows(&mut self) {
        let texts = std::mem::take(&mut self.data.tables);
        for (table, text) in self.plan.tables.iter().zip(texts) {
            self.table(&table.name, text);
        }
    }

    /// The rows of one table, and its entry in the manifest.
    fn table(&mut self, name: &str, text: RowText) {
        self.body.push('\n');
        self.note(&format!("Table: {name}"));
        self.note(&format!("Rows: {}", text.rows));
        let offset = self.body.len();
        let mut hash = Sha256::new();
        for page in text.pages {
            hash.update(&page);
            self.body.push_str(&page);
        }
        self.tables.push(TableEntry {
            name: name.to_owned(),
            rows: text.rows,
            offset: length(offset),
            bytes: length(self.body.len() - offset),
            sha256: hex(&hash.finalize()),
        });
    }

    /// What closes circles of foreign keys, then the AUTOINCREMENT counters, which inserting rows has moved.
    fn lists(&mut self) {
        let updates = std::mem::take(&mut self.data.updates);
        let updates: Vec<String> = updates.into_iter().flat_map(|text| text.pages).collect();
        self.list("Foreign keys that were left open above", &updates);
        let counters = std::mem::take(&mut self.data.counters);
        self.list("AUTOINCREMENT counters", &counters);
    }

    fn list(&mut self, title: &str, statements: &[String]) {
        if statements.is_empty() {
            return;
        }
        self.body.push('\n');
        self.note(title);
        for statement in statements {
            self.body.push_str(statement);
        }
    }

    fn full_text(&mut self) {
        let texts = std::mem::take(&mut self.data.virtuals);
        let settings = std::mem::take(&mut self.data.settings);
        for ((found, text), settings) in self.plan.virtuals.iter().zip(texts).zip(settings) {
            self.body.push('\n');
            self.object(&found.sql);
            for setting in settings {
                self.body.push_str(&setting);
            }
            if found.rows.is_some() {
                self.table(&found.name, text);
            }
        }
        if self.plan.uses_scratch() {
            let scratch = identifier(&self.plan.scratch);
            self.body.push_str(&format!("\nDROP TABLE {scratch};\n"));
        }
    }

    /// Indexes after the rows, which is faster; triggers last, so that they do not fire for restored rows.
    fn later_objects(&mut self) {
        let plan = self.plan;
        let (_, indexes) = plan.indexes();
        let remade = plan.virtuals.iter().filter(|found| found.is_rebuilt);
        self.body.push('\n');
        for object in indexes.into_iter().chain(plan.schema.of_kind("view")) {
            self.object(&object.sql);
        }
        for found in remade {
            let name = identifier(&found.name);
            self.body.push_str(&format!(
                "INSERT INTO {name} ({name}) VALUES ('rebuild');\n"
            ));
        }
        for object in plan.schema.of_kind("trigger") {
            self.object(&object.sql);
        }
    }

    /// The size that the footer names is that of the whole text, itself included.
    fn footer(&mut self, about: &About<'_>, manifest: &Manifest) {
        let seconds = about.duration_ms.max(0);
        let start = format!(
            "\n{RULE}-- Backup Complete\n-- Duration: {}.{:03}s\n-- Total Rows: {}\n-- Size: ",
            seconds / 1000,
            seconds % 1000,
            grouped(manifest.total_rows)
        );
        let end = format!(" bytes\n{RULE}");
        let fixed = length(self.body.len() + start.len() + end.len());
        let mut size = fixed;
        // Another digit or comma makes the text longer, which can add one more, and then no other.
        for _ in 0..3 {
            size = fixed + length(grouped(size).len());
        }
        self.body.push_str(&start);
        self.body.push_str(&grouped(size));
        self.body.push_str(&end);
    }
}

/// The tables without which rows of `data` would be refused, as foreign keys name them.
fn missing(plan: &Plan, data: &Data) -> Vec<String> {
    let filled = plan.tables.iter().zip(&data.tables);
    let referred = filled
        .filter(|(_, text)| text.rows > 0)
        .flat_map(|(table, _)| &table.refers_to);
    let mut missing: Vec<String> = Vec::new();
    for name in referred {
        let is_there = |object: &Object| same_name(&object.name, name);
        if !plan.schema.objects.iter().any(is_there)
            && !missing.iter().any(|other| same_name(other, name))
        {
            missing.push(name.clone());
        }
    }
    missing
}

/// A number with a comma between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
