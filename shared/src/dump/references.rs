//! What foreign keys refer to.

use std::collections::BTreeSet;

use super::rows::Pairs;
use super::schema::{ForeignKey, Schema, Table};
use super::sql::identifier;

/// The columns of a foreign key with those of `parent` that they refer to.
pub(super) fn pairs(parent: &Table, key: &ForeignKey) -> Pairs {
    key.columns
        .iter()
        .cloned()
        .zip(referred(Some(parent), key))
        .collect()
}

/// The columns of `parent` that a foreign key refers to. Where there is no such table, any names will do.
fn referred(parent: Option<&Table>, key: &ForeignKey) -> Vec<String> {
    match parent {
        _ if !key.parent_columns.is_empty() => key.parent_columns.clone(),
        Some(parent) => {
            let primary_key = parent.primary_key();
            primary_key
                .iter()
                .map(|column| column.name.clone())
                .collect()
        }
        None => (0..key.columns.len()).map(|n| format!("k{n}")).collect(),
    }
}

/// The columns and constraints that the table `name` must have for what other tables refer to.
pub(super) fn stub(schema: &Schema, name: &str) -> String {
    with_constraints(schema, name, BTreeSet::new())
}

/// The same with all columns of the table, so that whatever names one finds it.
pub(super) fn standing(schema: &Schema, name: &str) -> String {
    let table = schema.table(name).into_iter();
    let columns = table.flat_map(|table| &table.columns);
    let columns = columns.map(|column| identifier(&column.name).to_ascii_lowercase());
    with_constraints(schema, name, columns.collect())
}

fn with_constraints(schema: &Schema, name: &str, mut columns: BTreeSet<String>) -> String {
    let table = schema.table(name);
    let mut constraints = BTreeSet::new();
    for key in schema.foreign_keys().filter(|key| key.refers_to(name)) {
        let referred: Vec<String> = referred(table, key)
            .iter()
            .map(|name| identifier(name).to_ascii_lowercase())
            .collect();
        let kind = if key.parent_columns.is_empty() {
            "PRIMARY KEY"
        } else {
            "UNIQUE"
        };
        constraints.insert(format!("{kind} ({})", referred.join(", ")));
        columns.extend(referred);
    }
    columns
        .into_iter()
        .chain(constraints)
        .collect::<Vec<_>>()
        .join(", ")
}
