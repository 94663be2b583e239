//! What is to be read and written of a database, decided from its schema alone.

use super::full_text::Content;
use super::hash::Sha256;
use super::limits::STATEMENT;
use super::omissions::{Exposed, Omitted};
use super::order::{Order, nullable_column, order, own_column};
use super::references::{pairs, stub};
use super::rows::{Pairs, Rows};
use super::schema::{ForeignKey, Object, Schema, Table, Virtual, VirtualKind};
use super::sql::{comment, identifier, same_name, terminated};
use super::{DumpError, hex};
use crate::registry::Omissions;

/// A database's dump, before any row is read.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) schema: Schema,
    /// The tables in the order in which they are filled.
    pub(super) tables: Vec<TablePlan>,
    /// The virtual tables: full-text tables before what looks into them.
    pub(super) virtuals: Vec<VirtualPlan>,
    /// The table in which long values are put together: a name that is free.
    pub(super) scratch: String,
    /// Foreign keys between tables for whose rows there is no order, `child -> parent`.
    pub(super) deferred: Vec<String>,
    /// Whether rows may refer to each other in a circle that cannot be opened.
    pub(super) is_locked: bool,
    /// Rows are read in ranges, so what is known of them is never all.
    pub(super) is_paged: bool,
    /// The tables that are left out.
    pub(super) left_out: Vec<String>,
    /// The tables that are taken without their rows.
    pub(super) without_rows: Vec<String>,
    /// What makes the tables left out that others refer to.
    pub(super) parents: Vec<Object>,
    /// The tables left out that must not be there when the others are dropped.
    pub(super) exposed: Vec<Exposed>,
    /// What a person should know.
    pub(super) warnings: Vec<String>,
}

/// A table and its rows.
#[derive(Debug, Clone)]
pub(super) struct TablePlan {
    pub(super) name: String,
    pub(super) sql: String,
    pub(super) rows: Rows,
    /// Whether they are taken.
    pub(super) has_rows: bool,
    /// The columns and constraints that it must have for what other tables refer to.
    pub(super) stub: String,
    /// The tables that it refers to.
    pub(super) refers_to: Vec<String>,
    /// Statements that count rows which come before their parent in the same table, where no column may be NULL.
    pub(super) unordered: Vec<String>,
}

/// A virtual table and, where it keeps them, its rows.
#[derive(Debug, Clone)]
pub(super) struct VirtualPlan {
    pub(super) name: String,
    pub(super) sql: String,
    pub(super) rows: Option<Rows>,
    /// It is full text and has settings of its own.
    pub(super) has_settings: bool,
    /// Its index is made again from another table.
    pub(super) is_rebuilt: bool,
}

impl Plan {
    /// Decides everything that the schema decides, and the registry.
    pub(super) fn new(mut schema: Schema, omissions: &Omissions) -> Result<Self, DumpError> {
        let mut omitted = Omitted::from(&mut schema, omissions)?;
        let mut warnings = std::mem::take(&mut omitted.warnings);
        for object in schema.taken.iter().chain(&omitted.parents) {
            check_length(object)?;
            if object.sql.contains("BEGIN TRANSACTION") {
                warnings.push(format!(
                    "The {} `{}` has the words BEGIN TRANSACTION in its definition: `wrangler d1 execute --local` refuses them.",
                    object.kind,
                    comment(&object.name)
                ));
            }
        }
        let order = order(&schema);
        let mut tables: Vec<TablePlan> = order
            .tables
            .iter()
            .filter_map(|n| Some((*n, schema.tables.get(*n)?)))
            .map(|(n, table)| TablePlan {
                has_rows: omitted.takes_rows(&table.name),
                ..table_plan(&schema, &order, n, table)
            })
            .collect();
        let mut virtuals: Vec<VirtualPlan> = schema
            .virtuals
            .iter()
            .filter_map(|found| virtual_plan(&schema, found, &omitted, &mut warnings))
            .collect();
        virtuals.sort_by_key(|found| !found.has_settings);
        let above_all = rows_of(&tables, &virtuals).map(Rows::above).sum();
        for table in &mut tables {
            table.rows.above_all = above_all;
        }
        for rows in virtuals.iter_mut().filter_map(|found| found.rows.as_mut()) {
            rows.above_all = above_all;
        }
        for rows in rows_of(&tables, &virtuals) {
            if rows.room() == 0 {
                return Err(DumpError::StatementTooLong {
                    object: rows.table.clone(),
                });
            }
        }
        let circles: Vec<(&Table, String)> = order
            .deferred
            .iter()
            .filter_map(|link| {
                let table = schema.tables.get(link.table)?;
                Some((table, arrow(table, table.foreign_keys.get(link.key)?)))
            })
            .collect();
        let deferred = circles
            .iter()
            .filter(|(table, _)| omitted.takes_rows(&table.name))
            .map(|(_, key)| key.clone())
            .collect();
        let of_one_table = tables.iter().filter(|table| !table.unordered.is_empty());
        let locked = of_one_table.map(|table| format!("{0} -> {0}", table.name));
        let circles = circles.into_iter().map(|(_, key)| key);
        let locked: Vec<String> = circles.chain(locked).collect();
        warnings.extend(locked.iter().map(|key| {
            format!(
                "The foreign key {} closes a circle, and its column cannot be NULL: over a live database this dump may be refused where foreign keys cannot be switched off. Restore it into a new database.",
                comment(key)
            )
        }));
        Ok(Self {
            scratch: free_name(&schema),
            tables,
            virtuals,
            deferred,
            is_locked: !locked.is_empty(),
            is_paged: false,
            left_out: omitted.left_out,
            without_rows: omitted.without_rows,
            parents: omitted.parents,
            exposed: omitted.exposed,
            warnings,
            schema,
        })
    }

    /// The tables whose rows are taken, with their places.
    pub(super) fn filled(&self) -> impl Iterator<Item = (usize, &TablePlan)> {
        let tables = self.tables.iter().enumerate();
        tables.filter(|(_, table)| table.has_rows)
    }

    /// SHA-256 of the statements that make the schema, in the order of the dump. Blanks at the end of one are lost when it is
    /// restored.
    pub(super) fn schema_sha256(&self) -> String {
        let (keys, others) = self.indexes();
        let tables = self.tables.iter().map(|table| &table.sql);
        let virtuals = self.virtuals.iter().map(|found| &found.sql);
        let later = self
            .schema
            .of_kind("view")
            .chain(self.schema.of_kind("trigger"));
        let objects = others.into_iter().chain(later).map(|object| &object.sql);
        let keys = keys.into_iter().map(|object| &object.sql);
        let mut hash = Sha256::default();
        for sql in tables.chain(keys).chain(virtuals).chain(objects) {
            hash.update(terminated(sql.trim_ascii_end()));
        }
        hex(&hash.finish())
    }

    /// Whether anything is put together in the scratch table.
    pub(super) fn uses_scratch(&self) -> bool {
        self.is_paged || rows_of(&self.tables, &self.virtuals).any(|rows| rows.found.long_rows)
    }

    /// The tables that are not there and that rows of these tables could refer to.
    pub(super) fn missing<'plan>(
        &'plan self,
        filled: impl Iterator<Item = &'plan TablePlan>,
    ) -> Vec<&'plan String> {
        let mut missing: Vec<&String> = Vec::new();
        let filled = filled.filter(|table| table.has_rows);
        let followers = self.schema.left_out.iter().filter(|table| {
            let is_made = self.is_made(&table.name);
            is_made && self.is_followed()
        });
        let keys = followers.flat_map(|table| &table.foreign_keys);
        let of_followers = keys.map(|key| &key.parent);
        let referred = filled.flat_map(|table| &table.refers_to);
        for name in referred.chain(of_followers) {
            let is_there = self
                .schema
                .objects
                .iter()
                .any(|object| same_name(&object.name, name));
            if !is_there && !missing.iter().any(|other| same_name(other, name)) {
                missing.push(name);
            }
        }
        missing
    }

    /// Whether a table that is left out is made where there is none.
    pub(super) fn is_made(&self, table: &str) -> bool {
        let mut parents = self.parents.iter();
        parents.any(|object| object.kind == "table" && object.name == table)
    }

    /// Whether rows of a table that is left out, but made, follow rows of others. SQLite wants everything that it refers
    /// to then to be there whenever one of those is dropped, even while it is empty.
    pub(super) fn is_followed(&self) -> bool {
        let mut exposed = self.exposed.iter();
        exposed.any(|exposed| self.is_made(&exposed.table))
    }

    /// Whether another table refers to it.
    pub(super) fn is_parent(&self, table: &str) -> bool {
        let mut keys = self.schema.foreign_keys();
        keys.any(|key| key.refers_to(table))
    }

    /// The statements that make the indexes which foreign keys refer to, then those that make the others.
    pub(super) fn indexes(&self) -> (Vec<&Object>, Vec<&Object>) {
        self.schema.of_kind("index").partition(|object| {
            let table = self.schema.table(&object.tbl_name);
            let is_key = table.is_some_and(|table| {
                let found = table.indexes.iter().find(|index| index.name == object.name);
                found.is_some_and(|index| index.is_parent_key)
            });
            let mut keys = self.schema.foreign_keys();
            is_key && keys.any(|key| key.refers_to(&object.tbl_name))
        })
    }
}

/// The rows that are taken.
fn rows_of<'plan>(
    tables: &'plan [TablePlan],
    virtuals: &'plan [VirtualPlan],
) -> impl Iterator<Item = &'plan Rows> {
    let of_virtuals = virtuals.iter().filter_map(|found| found.rows.as_ref());
    let tables = tables.iter().filter(|table| table.has_rows);
    tables.map(|table| &table.rows).chain(of_virtuals)
}

fn check_length(object: &Object) -> Result<(), DumpError> {
    if object.sql.len() <= STATEMENT {
        return Ok(());
    }
    Err(DumpError::StatementTooLong {
        object: identifier(&object.name),
    })
}

/// `child -> parent`, as the manifest has it.
fn arrow(table: &Table, key: &ForeignKey) -> String {
    format!("{} -> {}", table.name, key.parent)
}

fn table_plan(schema: &Schema, order: &Order, place: usize, table: &Table) -> TablePlan {
    let between_tables = order
        .opened
        .iter()
        .filter(|link| link.table == place)
        .filter_map(|link| table.foreign_keys.get(link.key))
        .filter_map(|key| Some((nullable_column(schema, table, key)?, key, None)));
    let mut unordered = Vec::new();
    let mut opened: Vec<(&str, &ForeignKey, Option<Pairs>)> = between_tables.collect();
    let mut own = Vec::new();
    for key in table
        .foreign_keys
        .iter()
        .filter(|key| key.refers_to(&table.name))
    {
        let pairs = pairs(table, key);
        match (
            nullable_column(schema, table, key),
            own_column(schema, table, key),
        ) {
            (Some(column), _) => opened.push((column, key, Some(pairs))),
            (None, Some((column, parent))) => own.push((column, parent, pairs)),
            (None, None) => unordered.push(pairs),
        }
    }
    let mut table = table.clone();
    let mut found_by = Vec::new();
    if !opened.is_empty() || !own.is_empty() {
        found_by = match (table.rowid_column(), table.rowid_name()) {
            (Some(column), _) => vec![identifier(&column.name)],
            (None, Some(rowid)) => vec![rowid.to_owned()],
            (None, None) => table
                .primary_key()
                .iter()
                .map(|column| identifier(&column.name))
                .collect(),
        };
        table.keeps_rowid |= table.rowid_column().is_none() && table.rowid_name().is_some();
    }
    let mut rows = Rows::of_table(&table);
    let name = table.name.clone();
    rows.found_by = found_by;
    for (column, key, later) in opened {
        rows.open(column, &key.parent, later);
    }
    for (column, own, later) in own {
        rows.open_to_itself(&column, &own, &name, later);
    }
    TablePlan {
        has_rows: true,
        unordered: unordered
            .iter()
            .filter_map(|pairs| rows.unordered(pairs))
            .collect(),
        stub: stub(schema, &table.name),
        refers_to: table
            .foreign_keys
            .iter()
            .map(|key| key.parent.clone())
            .collect(),
        name: table.name,
        sql: table.sql,
        rows,
    }
}

fn virtual_plan(
    schema: &Schema,
    found: &Virtual,
    omitted: &Omitted,
    warnings: &mut Vec<String>,
) -> Option<VirtualPlan> {
    let name = comment(&found.name);
    let mut plan = VirtualPlan {
        name: found.name.clone(),
        sql: found.sql.clone(),
        rows: None,
        has_settings: true,
        is_rebuilt: false,
    };
    match &found.kind {
        VirtualKind::FullText(Content::Own) => {
            let columns: Vec<&str> = found
                .columns
                .iter()
                .filter(|column| column.is_written())
                .map(|column| column.name.as_str())
                .collect();
            plan.rows = omitted
                .takes_rows(&found.name)
                .then(|| Rows::of_full_text(&found.name, &columns));
        }
        VirtualKind::FullText(Content::External { .. })
            if omitted.empty_indexes.contains(&found.name) => {}
        VirtualKind::FullText(Content::External { table, .. }) => {
            plan.is_rebuilt = schema
                .objects
                .iter()
                .any(|object| matches!(object.kind.as_str(), "table" | "view") && same_name(&object.name, table));
            if !plan.is_rebuilt {
                warnings.push(format!(
                    "The full-text table `{name}` takes its text from `{}`, which does not exist: it is restored empty.",
                    comment(table)
                ));
            }
        }
        VirtualKind::FullText(Content::Contentless) => warnings.push(format!(
            "The full-text table `{name}` keeps no text (content=''), so what it indexed cannot be read back: it is restored empty."
        )),
        VirtualKind::Vocabulary => plan.has_settings = false,
        VirtualKind::Unknown(module) => {
            warnings.push(format!(
                "The virtual table `{name}` is left out: D1 has no module `{}`.",
                comment(module)
            ));
            return None;
        }
    }
    Some(plan)
}

/// A name that no object has.
fn free_name(schema: &Schema) -> String {
    let is_taken = |name: &String| {
        schema
            .objects
            .iter()
            .any(|object| same_name(&object.name, name))
    };
    let mut name = "cache_restore_scratch".to_owned();
    while is_taken(&name) {
        name.push('_');
    }
    name
}
