//! What a database is made of, read in one batch of introspection.
//!
//! <https://www.sqlite.org/pragma.html#pragma_table_xinfo> and the pages beside it describe the columns read here.

use serde::Deserialize;

use super::full_text::{self, Content, Module};
use super::sql::{has_keyword, names, same_name};
use crate::ports::{DatabaseError, Outcome, Statement};

/// Every object of a user, in the order in which SQLite lists them. `_` is itself in GLOB, and not any character: a
/// user's `scfg` is a user's.
const OBJECTS: &str = "SELECT m.type, m.name, m.tbl_name, m.sql, l.type AS kind, l.wr AS without_rowid \
    FROM sqlite_schema m LEFT JOIN pragma_table_list(m.name) l ON l.schema = 'main' AND m.type IN ('table', 'view') \
    WHERE m.name NOT GLOB '_cf_*' AND m.tbl_name NOT GLOB '_cf_*' AND m.name NOT GLOB 'sqlite_*' AND m.sql IS NOT NULL \
    ORDER BY m.rowid";
const COLUMNS: &str = "SELECT m.name AS tbl, x.name, x.type AS declared, x.\"notnull\" AS not_null, x.pk, x.hidden \
    FROM sqlite_schema m JOIN pragma_table_xinfo(m.name) x WHERE m.type = 'table' AND m.name NOT GLOB '_cf_*' \
    AND m.name NOT GLOB 'sqlite_*' ORDER BY m.rowid, x.cid";
const FOREIGN_KEYS: &str = "SELECT m.name AS tbl, k.id, k.\"table\" AS parent, k.\"from\" AS child_column, k.\"to\" AS parent_column, k.on_delete, k.on_update \
    FROM sqlite_schema m JOIN pragma_foreign_key_list(m.name) k WHERE m.type = 'table' AND m.name NOT GLOB '_cf_*' \
    AND m.name NOT GLOB 'sqlite_*' ORDER BY m.rowid, k.id, k.seq";
const INDEXES: &str = "SELECT m.name AS tbl, i.name, i.\"unique\" AS is_unique, i.origin, i.partial, \
    EXISTS (SELECT 1 FROM pragma_index_info(i.name) WHERE cid = -2) AS of_expressions \
    FROM sqlite_schema m JOIN pragma_index_list(m.name) i WHERE m.type = 'table' AND m.name NOT GLOB '_cf_*' \
    AND m.name NOT GLOB 'sqlite_*' ORDER BY m.rowid, i.seq";
const KEYS: &str = "SELECT m.name AS tbl, x.name, x.\"desc\" AS is_descending, x.coll AS collation \
    FROM sqlite_schema m JOIN pragma_index_list(m.name) i JOIN pragma_index_xinfo(i.name) x WHERE m.type = 'table' \
    AND m.name NOT GLOB '_cf_*' AND m.name NOT GLOB 'sqlite_*' AND i.origin = 'pk' AND x.\"key\" = 1 ORDER BY m.rowid, x.seqno";
const COUNTERS: &str =
    "SELECT count(*) AS found FROM sqlite_schema WHERE type = 'table' AND name = 'sqlite_sequence'";

/// The names of the rowid, unless a column has them.
pub(super) const ROWIDS: [&str; 3] = ["rowid", "_rowid_", "oid"];

/// The statements that describe a database; [`Schema::read`] takes their outcomes.
pub(super) fn introspection() -> Vec<Statement> {
    [OBJECTS, COLUMNS, FOREIGN_KEYS, INDEXES, KEYS, COUNTERS]
        .map(Statement::new)
        .to_vec()
}

/// The statement that reads the objects alone, to see whether they changed.
pub(super) fn objects() -> Statement {
    Statement::new(OBJECTS)
}

/// A row of [`objects`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Object {
    /// `table`, `index`, `view` or `trigger`.
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) name: String,
    /// The table that an index or a trigger belongs to.
    pub(super) tbl_name: String,
    /// As SQLite stores it: without a semicolon.
    pub(super) sql: String,
    /// `table`, `virtual`, `shadow` or `view`.
    #[serde(rename = "kind")]
    list_type: Option<String>,
    without_rowid: Option<u8>,
}

#[derive(Debug, Deserialize)]
struct ColumnRow {
    tbl: String,
    name: String,
    declared: String,
    not_null: u8,
    pk: u32,
    hidden: u8,
}

#[derive(Debug, Deserialize)]
struct ForeignKeyRow {
    tbl: String,
    id: u32,
    parent: String,
    child_column: String,
    parent_column: Option<String>,
    on_delete: String,
    on_update: String,
}

#[derive(Debug, Deserialize)]
struct KeyRow {
    tbl: String,
    name: String,
    is_descending: u8,
    collation: String,
}

impl KeyRow {
    fn column(&self) -> KeyColumn {
        KeyColumn {
            name: self.name.clone(),
            is_descending: self.is_descending != 0,
            collation: self.collation.clone(),
        }
    }
}

#[derive(Debug, Deserialize)]
struct IndexRow {
    tbl: String,
    name: String,
    is_unique: u8,
    origin: String,
    partial: u8,
    of_expressions: u8,
}

#[derive(Debug, Deserialize)]
struct Found {
    found: u32,
}

/// A database's objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Schema {
    /// All of them, as read: by these a schema is told from a later one.
    pub(super) objects: Vec<Object>,
    /// Those that are dumped; like the tables below without what the registry leaves out.
    pub(super) taken: Vec<Object>,
    /// The tables that hold rows of their own.
    pub(super) tables: Vec<Table>,
    /// The virtual tables.
    pub(super) virtuals: Vec<Virtual>,
    /// The tables that the registry leaves out.
    pub(super) left_out: Vec<Table>,
    /// Whether there are AUTOINCREMENT counters.
    pub(super) has_counters: bool,
}

/// A table with rows of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) sql: String,
    pub(super) without_rowid: bool,
    /// All columns, generated ones too.
    pub(super) columns: Vec<Column>,
    pub(super) foreign_keys: Vec<ForeignKey>,
    pub(super) indexes: Vec<Index>,
    /// How the rows lie, where that is not by their rowid.
    pub(super) key: Vec<KeyColumn>,
    /// Whether rows must keep a rowid that no column shows, because something else refers to it.
    pub(super) keeps_rowid: bool,
    /// Whether SQLite takes it for a part of a virtual table, by its name alone.
    pub(super) looks_like_a_part: bool,
}

/// A column of the key by which the rows of a table WITHOUT ROWID lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeyColumn {
    pub(super) name: String,
    pub(super) is_descending: bool,
    pub(super) collation: String,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    declared: String,
    pub(super) not_null: bool,
    /// Its place in the primary key, from 1; 0 when it is not part of it.
    pub(super) pk: u32,
    hidden: u8,
}

/// A foreign key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ForeignKey {
    /// The other table's name, in the case of the declaration.
    pub(super) parent: String,
    /// The columns that refer.
    pub(super) columns: Vec<String>,
    /// The columns referred to; empty when the primary key is meant.
    pub(super) parent_columns: Vec<String>,
    /// Whether rows go or change with the row that they refer to.
    pub(super) follows_deletion: bool,
    /// Whether rows change with the key of the row that they refer to.
    pub(super) follows_changes: bool,
}

/// An index, or what a UNIQUE or PRIMARY KEY made of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Index {
    pub(super) name: String,
    /// `CREATE INDEX` made it, and its columns are unique and no expressions: it can be what a foreign key refers to.
    pub(super) is_parent_key: bool,
    is_primary_key: bool,
    is_unique_constraint: bool,
}

/// A virtual table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Virtual {
    pub(super) name: String,
    pub(super) sql: String,
    pub(super) columns: Vec<Column>,
    pub(super) kind: VirtualKind,
}

/// What a virtual table is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum VirtualKind {
    /// FTS5, with the place of its text.
    FullText(Content),
    /// A view into the words of an FTS5 table.
    Vocabulary,
    /// Something that D1 does not have.
    Unknown(String),
}

impl Schema {
    /// Reads what [`introspection`] answered.
    pub(super) fn read(outcomes: Vec<Outcome>) -> Result<Self, DatabaseError> {
        let [objects, columns, foreign_keys, indexes, keys, counters] =
            <[Outcome; 6]>::try_from(outcomes).map_err(|outcomes| DatabaseError::Shape {
                message: format!("{} results of 6 statements", outcomes.len()),
            })?;
        let objects: Vec<Object> = objects.read()?;
        let columns: Vec<ColumnRow> = columns.read()?;
        let foreign_keys: Vec<ForeignKeyRow> = foreign_keys.read()?;
        let keys: Vec<KeyRow> = keys.read()?;
        let indexes: Vec<IndexRow> = indexes.read()?;
        let counters: Vec<Found> = counters.read()?;
        let virtuals: Vec<Virtual> = objects
            .iter()
            .filter(|object| object.is_virtual())
            .map(|object| Virtual {
                name: object.name.clone(),
                sql: object.sql.clone(),
                columns: columns_of(&columns, &object.name),
                kind: virtual_kind(full_text::module(&object.sql)),
            })
            .collect();
        let parts = parts(&objects);
        let tables = objects
            .iter()
            .filter(|object| object.kind == "table" && !object.is_virtual())
            .filter(|object| !parts.iter().any(|part| same_name(part, &object.name)))
            .map(|object| {
                table(
                    object,
                    &objects,
                    &columns,
                    &foreign_keys,
                    &indexes,
                    &virtuals,
                )
            })
            .map(|mut table| {
                let of_table = keys
                    .iter()
                    .filter(|key| key.tbl == table.name && table.without_rowid);
                table.key = of_table.map(KeyRow::column).collect();
                table
            })
            .collect();
        Ok(Self {
            tables,
            virtuals,
            has_counters: counters.first().is_some_and(|row| row.found > 0),
            left_out: Vec::new(),
            taken: objects.clone(),
            objects,
        })
    }

    /// The objects of one kind that are dumped.
    pub(super) fn of_kind<'schema>(
        &'schema self,
        kind: &'static str,
    ) -> impl DoubleEndedIterator<Item = &'schema Object> {
        self.taken.iter().filter(move |object| object.kind == kind)
    }

    /// All foreign keys, also of tables that are left out: a live database may have those.
    pub(super) fn foreign_keys(&self) -> impl Iterator<Item = &ForeignKey> {
        let tables = self.tables.iter().chain(&self.left_out);
        tables.flat_map(|table| &table.foreign_keys)
    }

    /// The table of that name.
    pub(super) fn table(&self, name: &str) -> Option<&Table> {
        self.tables
            .iter()
            .find(|table| same_name(&table.name, name))
    }
}

impl Object {
    fn is_virtual(&self) -> bool {
        self.kind == "table" && self.list_type.as_deref() == Some("virtual")
    }
}

/// The tables in which full-text tables keep their parts. SQLite calls a table a shadow by its name alone; a user's own
/// `docs_content` beside an index `docs` of external content is none.
fn parts(objects: &[Object]) -> Vec<String> {
    objects
        .iter()
        .filter(|object| object.is_virtual())
        .filter_map(|object| Some((object, full_text::module(&object.sql)?)))
        .filter(|(_, module)| module.name == "fts5")
        .flat_map(|(object, module)| {
            let endings = module.parts();
            endings
                .into_iter()
                .map(|ending| format!("{}{ending}", object.name))
        })
        .collect()
}

fn virtual_kind(module: Option<Module<'_>>) -> VirtualKind {
    match module {
        Some(module) if module.name == "fts5" => VirtualKind::FullText(module.content()),
        Some(module) if module.name == "fts5vocab" => VirtualKind::Vocabulary,
        Some(module) => VirtualKind::Unknown(module.name),
        None => VirtualKind::Unknown(String::new()),
    }
}

fn table(
    object: &Object,
    objects: &[Object],
    columns: &[ColumnRow],
    keys: &[ForeignKeyRow],
    indexes: &[IndexRow],
    virtuals: &[Virtual],
) -> Table {
    let name = &object.name;
    let mut table = Table {
        name: name.clone(),
        sql: object.sql.clone(),
        without_rowid: object.without_rowid == Some(1),
        columns: columns_of(columns, name),
        foreign_keys: foreign_keys_of(keys, name),
        indexes: indexes_of(indexes, name),
        key: Vec::new(),
        keeps_rowid: false,
        looks_like_a_part: object.list_type.as_deref() == Some("shadow"),
    };
    table.keeps_rowid = table.rowid_column().is_none()
        && table.rowid_name().is_some()
        && is_referred_to_by_rowid(&table, objects, virtuals);
    table
}

/// Whether a full-text table finds its text by a rowid that no column of the table shows, or a view or a trigger names
/// the rowid of any table.
fn is_referred_to_by_rowid(table: &Table, objects: &[Object], virtuals: &[Virtual]) -> bool {
    let is_indexed = virtuals.iter().any(|index| match &index.kind {
        VirtualKind::FullText(Content::External {
            table: text,
            by_rowid,
        }) => {
            let is_column = |column: &String| table.column(column).is_some();
            same_name(text, &table.name) && !by_rowid.as_ref().is_some_and(is_column)
        }
        _ => false,
    });
    let is_named = || {
        let later = objects
            .iter()
            .filter(|object| matches!(object.kind.as_str(), "view" | "trigger"));
        later
            .into_iter()
            .any(|object| ROWIDS.into_iter().any(|name| names(&object.sql, name)))
    };
    is_indexed || is_named()
}

fn columns_of(rows: &[ColumnRow], table: &str) -> Vec<Column> {
    rows.iter()
        .filter(|row| row.tbl == table)
        .map(|row| Column {
            name: row.name.clone(),
            declared: row.declared.clone(),
            not_null: row.not_null != 0,
            pk: row.pk,
            hidden: row.hidden,
        })
        .collect()
}

fn foreign_keys_of(rows: &[ForeignKeyRow], table: &str) -> Vec<ForeignKey> {
    let mut keys: Vec<(u32, ForeignKey)> = Vec::new();
    for row in rows.iter().filter(|row| row.tbl == table) {
        if keys.last().is_none_or(|(id, _)| *id != row.id) {
            let key = ForeignKey {
                parent: row.parent.clone(),
                columns: Vec::new(),
                parent_columns: Vec::new(),
                follows_deletion: is_followed(&row.on_delete),
                follows_changes: is_followed(&row.on_update),
            };
            keys.push((row.id, key));
        }
        if let Some((_, key)) = keys.last_mut() {
            key.columns.push(row.child_column.clone());
            key.parent_columns.extend(row.parent_column.clone());
        }
    }
    keys.into_iter().map(|(_, key)| key).collect()
}

/// Whether an action of a foreign key changes rows, and does not only refuse.
fn is_followed(action: &str) -> bool {
    !matches!(action, "NO ACTION" | "RESTRICT")
}

fn indexes_of(rows: &[IndexRow], table: &str) -> Vec<Index> {
    rows.iter()
        .filter(|row| row.tbl == table)
        .map(|row| Index {
            name: row.name.clone(),
            is_parent_key: row.origin == "c"
                && row.is_unique == 1
                && row.partial == 0
                && row.of_expressions == 0,
            is_primary_key: row.origin == "pk",
            is_unique_constraint: row.origin == "u",
        })
        .collect()
}

/// What SQLite makes of values that are put into a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Affinity {
    /// INTEGER, REAL or NUMERIC: text that reads as a number becomes one.
    Number,
    /// Numbers become text.
    Text,
    /// Nothing.
    None,
}

impl Column {
    /// By the words in its declared type. <https://www.sqlite.org/datatype3.html#determination_of_column_affinity>
    pub(super) fn affinity(&self) -> Affinity {
        let declared = self.declared.to_ascii_uppercase();
        let has = |word| declared.contains(word);
        if has("INT") {
            Affinity::Number
        } else if has("CHAR") || has("CLOB") || has("TEXT") {
            Affinity::Text
        } else if has("BLOB") || declared.is_empty() || declared == "ANY" {
            Affinity::None
        } else {
            Affinity::Number
        }
    }

    /// Whether a value can be written to it: it is not generated, and not a hidden column of a virtual table.
    pub(super) fn is_written(&self) -> bool {
        self.hidden == 0
    }
}

impl Table {
    /// The column of that name.
    pub(super) fn column(&self, name: &str) -> Option<&Column> {
        self.columns
            .iter()
            .find(|column| same_name(&column.name, name))
    }

    /// The columns that values are written to.
    pub(super) fn written(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| column.is_written())
    }

    /// The columns of the primary key, in its order.
    pub(super) fn primary_key(&self) -> Vec<&Column> {
        let mut key: Vec<_> = self.columns.iter().filter(|column| column.pk > 0).collect();
        key.sort_by_key(|column| column.pk);
        key
    }

    /// The column that is the rowid: `INTEGER PRIMARY KEY`. Any other primary key has an index of its own, also
    /// `INTEGER PRIMARY KEY DESC`. <https://www.sqlite.org/lang_createtable.html#rowid>
    pub(super) fn rowid_column(&self) -> Option<&Column> {
        let key = self.primary_key();
        let [only] = key.as_slice() else { return None };
        let is_rowid = !self.without_rowid
            && only.declared.eq_ignore_ascii_case("integer")
            && !self.indexes.iter().any(|index| index.is_primary_key);
        is_rowid.then_some(*only)
    }

    /// A name by which the rowid can be read; `None` when there is no rowid, or columns have taken all its names.
    pub(super) fn rowid_name(&self) -> Option<&'static str> {
        if self.without_rowid {
            return None;
        }
        ROWIDS.into_iter().find(|name| self.column(name).is_none())
    }

    /// Whether a column may be NULL for a while.
    pub(super) fn may_be_null(&self, name: &str) -> bool {
        let may = |column: &Column| !column.not_null;
        self.may_change(name) && self.column(name).is_some_and(may)
    }

    /// Whether a column may hold the value of another for a while, which is never NULL: then no two rows may have to
    /// differ in it.
    pub(super) fn may_be(&self, name: &str, other: &str) -> bool {
        let (Some(column), Some(other)) = (self.column(name), self.column(other)) else {
            return false;
        };
        let is_unique = |index: &Index| index.is_unique_constraint || index.is_parent_key;
        let is_rowid = self.rowid_column() == Some(other);
        let is_never_null = other.not_null || is_rowid || (self.without_rowid && other.pk > 0);
        // As another type it might be another value.
        let takes_it =
            column.declared.is_empty() || column.declared.eq_ignore_ascii_case(&other.declared);
        let is_free = is_never_null && takes_it && !self.indexes.iter().any(is_unique);
        is_free && self.may_change(name)
    }

    /// Whether a column may hold something else for a while, when nothing but foreign keys looks at it, and its row be
    /// found again.
    fn may_change(&self, name: &str) -> bool {
        let free = self
            .column(name)
            .is_some_and(|column| column.pk == 0 && column.is_written());
        let generated = self.columns.iter().filter(|column| !column.is_written());
        let is_unique = self.indexes.iter().any(|index| index.is_unique_constraint);
        let is_seen = generated
            .into_iter()
            .any(|column| column.not_null || is_unique);
        let is_found =
            self.without_rowid || self.rowid_column().is_some() || self.rowid_name().is_some();
        free && is_found && !is_seen && !has_keyword(&self.sql, "check")
    }
}

impl ForeignKey {
    /// Whether it refers to the table `name`.
    pub(super) fn refers_to(&self, name: &str) -> bool {
        same_name(&self.parent, name)
    }
}
