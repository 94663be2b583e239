//! What the registry says is not taken of a database, and what follows from that for the rest.
//!
//! A table that is left out goes with its indexes and triggers, and with the full-text tables that are indexes of it.
//! Views, and triggers of other tables, stay although they name it: they work again as soon as it is there.

use super::DumpError;
use super::full_text::Content;
use super::schema::{Object, Schema, Table, Virtual, VirtualKind};
use super::sql::{comment, has_keyword, identifier, literal, names, same_name};
use crate::registry::Omissions;

/// What is not taken of a database.
#[derive(Debug, Clone, Default)]
pub(super) struct Omitted {
    /// The tables that are left out, as the database writes them.
    pub(super) left_out: Vec<String>,
    /// The tables that are taken without their rows.
    pub(super) without_rows: Vec<String>,
    /// Full-text tables with external content whose index is not made again.
    pub(super) empty_indexes: Vec<String>,
    /// The tables left out that tables of the dump refer to, then the indexes by which they do.
    pub(super) parents: Vec<Object>,
    /// Tables left out whose live rows would go or change if tables of the dump were dropped.
    pub(super) exposed: Vec<Exposed>,
    /// What a person should know.
    pub(super) warnings: Vec<String>,
}

/// A table that is left out, and the tables of the dump whose rows its own follow when they are deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Exposed {
    pub(super) table: String,
    pub(super) refers_to: Vec<String>,
}

impl Exposed {
    /// A statement that fails, and says why, where dropping those tables would change rows of this one; or, when that is
    /// asked for, only where it has any.
    pub(super) fn guard(&self, unless_empty: bool) -> String {
        let Self { table, refers_to } = self;
        let reason = format!(
            "the table {} is left out of this dump and its rows would follow those of this table; see docs/RESTORE.md: ",
            comment(table)
        );
        let parents: Vec<String> = refers_to.iter().map(|name| literal(name)).collect();
        let unless_empty = if unless_empty {
            format!(" AND EXISTS (SELECT 1 FROM {})", identifier(table))
        } else {
            String::new()
        };
        format!(
            "SELECT json_extract('{{}}', {} || \"table\") FROM pragma_foreign_key_list({}) WHERE \"table\" COLLATE NOCASE IN ({}) \
             AND on_delete NOT IN ('NO ACTION', 'RESTRICT') AND (SELECT foreign_keys FROM pragma_foreign_keys){unless_empty};\n",
            literal(&reason),
            literal(table),
            parents.join(", ")
        )
    }
}

impl Omitted {
    /// Takes out of a schema what is left out. Refuses what could be restored nowhere on D1.
    pub(super) fn from(schema: &mut Schema, omissions: &Omissions) -> Result<Self, DumpError> {
        let mut omitted = Self::default();
        omitted.leave_out(schema, &omissions.leave_out);
        omitted.take_without_rows(schema, &omissions.without_rows);
        (schema.left_out, schema.tables) = std::mem::take(&mut schema.tables)
            .into_iter()
            .partition(|table| omitted.leaves_out(&table.name));
        omitted.look_at_parents(schema)?;
        omitted.look_at_children(schema);
        schema
            .virtuals
            .retain(|found| !omitted.leaves_out(&found.name));
        schema.taken.retain(|object| {
            let is_of_table = matches!(object.kind.as_str(), "index" | "trigger");
            let table = if is_of_table {
                &object.tbl_name
            } else {
                &object.name
            };
            !omitted.leaves_out(table)
        });
        if !omitted.left_out.is_empty() {
            let mut tables = schema.tables.iter();
            schema.has_counters &= tables.any(|table| has_keyword(&table.sql, "autoincrement"));
        }
        omitted.look_at_names(schema);
        omitted.look_at_indexes(schema);
        Ok(omitted)
    }

    fn leaves_out(&self, table: &str) -> bool {
        has(&self.left_out, table)
    }

    /// Whether the rows of a table are taken.
    pub(super) fn takes_rows(&self, table: &str) -> bool {
        !has(&self.without_rows, table)
    }

    fn leave_out(&mut self, schema: &Schema, wanted: &[String]) {
        for name in wanted {
            match find(schema, name) {
                Some(found) => self.left_out.push(found.clone()),
                None => self.warn(format!(
                    "databases.toml leaves out `{}`, but the database has no such table.",
                    comment(name)
                )),
            }
        }
        while let Some((index, text)) = schema.virtuals.iter().find_map(|found| {
            let text = text_of(found).filter(|text| self.leaves_out(text))?;
            (!self.leaves_out(&found.name)).then_some((&found.name, text))
        }) {
            self.left_out.push(index.clone());
            self.warn(format!(
                "The full-text table `{}` is left out with `{}`, from which it takes its text.",
                comment(index),
                comment(text)
            ));
        }
    }

    fn take_without_rows(&mut self, schema: &Schema, wanted: &[String]) {
        for name in wanted {
            match find(schema, name) {
                Some(found) if self.leaves_out(found) => {}
                Some(found) => self.without_rows.push(found.clone()),
                None => self.warn(format!(
                    "databases.toml takes `{}` without rows, but the database has no such table.",
                    comment(name)
                )),
            }
        }
    }

    /// What rows of the dump refer to. A table without rows is dropped from a live database with those that it has, so
    /// rows that refer to it would be refused everywhere. One that is left out may be there.
    fn look_at_parents(&mut self, schema: &Schema) -> Result<(), DumpError> {
        let mut parents: Vec<&Table> = Vec::new();
        for table in &schema.tables {
            let has_rows = self.takes_rows(&table.name);
            let mut seen: Vec<&str> = Vec::new();
            for key in &table.foreign_keys {
                if has_rows && !self.takes_rows(&key.parent) {
                    return Err(DumpError::RowsWithoutParents {
                        child: identifier(&table.name),
                        parent: identifier(&key.parent),
                    });
                }
                let mut left_out = schema.left_out.iter();
                let parent = left_out.find(|parent| key.refers_to(&parent.name));
                let Some(parent) = parent.filter(|parent| !seen.contains(&parent.name.as_str()))
                else {
                    continue;
                };
                seen.push(&parent.name);
                if !parents.iter().any(|other| other.name == parent.name) {
                    parents.push(parent);
                }
                if has_rows {
                    self.warn(format!(
                        "Rows of `{}` may refer to rows of `{}`, which is left out: D1 takes them only where that table is there with these rows.",
                        comment(&table.name),
                        comment(&parent.name)
                    ));
                }
            }
        }
        // What these refer to in turn has to be there too, or SQLite would not follow them when a table is dropped.
        let mut n = 0;
        while let Some(table) = parents.get(n).copied() {
            n += 1;
            let referred = schema.left_out.iter().filter(|other| {
                let mut keys = table.foreign_keys.iter();
                keys.any(|key| key.refers_to(&other.name))
            });
            for parent in referred {
                if !parents.iter().any(|other| other.name == parent.name) {
                    parents.push(parent);
                }
            }
        }
        for parent in parents {
            let of_table = schema.taken.iter().filter(|object| {
                let mut indexes = parent.indexes.iter();
                let is_table = object.kind == "table" && object.name == parent.name;
                is_table || indexes.any(|index| index.is_parent_key && index.name == object.name)
            });
            self.parents.extend(of_table.cloned());
        }
        self.parents.sort_by_key(|object| object.kind != "table");
        Ok(())
    }

    /// Which tables left out refer to tables of the dump: a restore over a live database drops these.
    fn look_at_children(&mut self, schema: &Schema) {
        for child in &schema.left_out {
            let keys = child.foreign_keys.iter().filter_map(|key| {
                let parent = schema.table(&key.parent)?;
                Some((&parent.name, key.follows_deletion))
            });
            let keys: Vec<(&String, bool)> = keys.collect();
            let mut refers_to: Vec<String> = Vec::new();
            for (parent, _) in keys.iter().filter(|(_, follows)| *follows) {
                if !has(&refers_to, parent) {
                    refers_to.push((*parent).clone());
                }
            }
            let name = comment(&child.name);
            if !refers_to.is_empty() {
                self.warn(format!(
                    "Over a live database that has the table `{name}`, which is left out, this dump stops before it changes anything: dropping {} would change rows of it.",
                    list(&refers_to)
                ));
                self.exposed.push(Exposed {
                    table: child.name.clone(),
                    refers_to,
                });
            } else if let Some((parent, _)) = keys.first() {
                self.warn(format!(
                    "Over a live database D1 may refuse this dump: rows of `{name}`, which is left out, may refer to rows of `{}`.",
                    comment(parent)
                ));
            }
        }
    }

    /// What stays and names a table that is left out, as far as its text tells.
    fn look_at_names(&mut self, schema: &Schema) {
        let objects = schema
            .taken
            .iter()
            .filter(|object| matches!(object.kind.as_str(), "view" | "trigger"))
            .map(|object| (object.kind.as_str(), &object.name, &object.sql));
        let vocabularies = schema
            .virtuals
            .iter()
            .filter(|found| found.kind == VirtualKind::Vocabulary)
            .map(|found| ("virtual table", &found.name, &found.sql));
        for (kind, name, sql) in objects.chain(vocabularies) {
            if let Some(table) = self.left_out.iter().find(|table| names(sql, table)) {
                self.warnings.push(format!(
                    "The {kind} `{}` names `{}`, which is left out: without such a table it does not work.",
                    comment(name),
                    comment(table)
                ));
            }
        }
    }

    /// Which full-text tables cannot or must not be filled from their text.
    fn look_at_indexes(&mut self, schema: &Schema) {
        let broken = self.broken_views(schema);
        for found in &schema.virtuals {
            let Some(text) = text_of(found) else { continue };
            let name = comment(&found.name);
            let reason = if !self.takes_rows(&found.name) {
                "is taken without rows".to_owned()
            } else if has(&broken, text) {
                format!(
                    "takes its text from `{}`, which needs a table that is left out",
                    comment(text)
                )
            } else {
                continue;
            };
            self.empty_indexes.push(found.name.clone());
            self.warn(format!(
                "The full-text table `{name}` {reason}: it is restored empty. Fill it from its text by INSERT INTO {0} ({0}) VALUES ('rebuild').",
                comment(&identifier(&found.name))
            ));
        }
    }

    /// The views that name a table which is left out, or a view that does.
    fn broken_views(&self, schema: &Schema) -> Vec<String> {
        let mut broken: Vec<String> = Vec::new();
        while let Some(view) = schema.of_kind("view").find(|view| {
            let mut missing = self.left_out.iter().chain(&broken);
            !has(&broken, &view.name) && missing.any(|name| names(&view.sql, name))
        }) {
            broken.push(view.name.clone());
        }
        broken
    }

    fn warn(&mut self, warning: String) {
        self.warnings.push(warning);
    }
}

/// The table of that name, as the database writes it. Parts of a full-text table are none of their own.
fn find<'schema>(schema: &'schema Schema, name: &str) -> Option<&'schema String> {
    let virtuals = schema.virtuals.iter().map(|found| &found.name);
    let mut tables = schema
        .tables
        .iter()
        .map(|table| &table.name)
        .chain(virtuals);
    tables.find(|found| same_name(found, name))
}

/// The table or view from which a full-text table takes its text.
fn text_of(found: &Virtual) -> Option<&String> {
    match &found.kind {
        VirtualKind::FullText(Content::External { table, .. }) => Some(table),
        _ => None,
    }
}

fn has(list: &[String], name: &str) -> bool {
    list.iter().any(|found| same_name(found, name))
}

/// Names for a sentence.
fn list(tables: &[String]) -> String {
    let quoted: Vec<String> = tables
        .iter()
        .map(|table| format!("`{}`", comment(table)))
        .collect();
    quoted.join(", ")
}
