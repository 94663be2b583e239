//! The order in which tables are filled: what a row refers to is there before it.
//!
//! Where tables refer to each other in a circle, a foreign key on it is opened: its column is NULL at first and set
//! when all rows are there. A circle none of whose columns can be NULL has no order at all; one of its foreign keys is
//! left to deferred checks, and the manifest says which.

use std::collections::BTreeSet;

use super::references::pairs;
use super::schema::{ForeignKey, Schema, Table};
use super::sql::same_name;

/// The order of a database's tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Order {
    /// Indices into [`Schema::tables`], parents before children.
    pub(super) tables: Vec<usize>,
    /// The foreign keys that are opened.
    pub(super) opened: Vec<Link>,
    /// The foreign keys for which there is no order.
    pub(super) deferred: Vec<Link>,
}

/// A foreign key of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Link {
    /// Index into [`Schema::tables`].
    pub(super) table: usize,
    /// Index into [`Table::foreign_keys`].
    pub(super) key: usize,
    /// Index of the table referred to.
    parent: usize,
}

/// Finds the order.
pub(super) fn order(schema: &Schema) -> Order {
    let mut links: Vec<Link> = links(schema).collect();
    let mut opened = Vec::new();
    let mut deferred = Vec::new();
    loop {
        let (tables, mut stuck) = parents_first(schema.tables.len(), &links);
        if stuck.is_empty() {
            return Order {
                tables,
                opened,
                deferred,
            };
        }
        // A restored database has its tables in another order, and its dump has to open the same keys.
        stuck.sort_by_key(|table| schema.tables.get(*table).map(|table| &table.name));
        let circle = circle(&stuck, &links);
        let (cut, can_be_opened) = weakest(schema, &links, &circle);
        links.retain(|link| !cut.contains(link));
        if can_be_opened {
            opened.extend(cut);
        } else {
            deferred.extend(cut);
        }
    }
}

/// The foreign keys from one table to another. A reference to a table that is not there holds no value.
fn links(schema: &Schema) -> impl Iterator<Item = Link> + '_ {
    schema
        .tables
        .iter()
        .enumerate()
        .flat_map(move |(table, child)| {
            child
                .foreign_keys
                .iter()
                .enumerate()
                .filter(|(_, key)| !key.refers_to(&child.name))
                .filter_map(move |(key, declared)| {
                    let parent = schema
                        .tables
                        .iter()
                        .position(|parent| same_name(&parent.name, &declared.parent))?;
                    Some(Link { table, key, parent })
                })
        })
}

/// As many tables as can be put in order, the first of the schema first, and those that cannot.
fn parents_first(count: usize, links: &[Link]) -> (Vec<usize>, Vec<usize>) {
    let mut sorted = Vec::with_capacity(count);
    let mut rest: Vec<usize> = (0..count).collect();
    loop {
        let waiting: BTreeSet<usize> = links
            .iter()
            .filter(|link| rest.binary_search(&link.parent).is_ok())
            .map(|link| link.table)
            .collect();
        match rest.iter().position(|table| !waiting.contains(table)) {
            Some(at) => sorted.push(rest.remove(at)),
            None => return (sorted, rest),
        }
    }
}

/// A circle among tables each of which refers to another of them: the tables on it, each referring to the next.
fn circle(stuck: &[usize], links: &[Link]) -> Vec<usize> {
    let mut path: Vec<usize> = stuck.iter().copied().take(1).collect();
    while let Some(last) = path.last().copied() {
        let next = links
            .iter()
            .find(|link| link.table == last && stuck.contains(&link.parent));
        let Some(next) = next.map(|link| link.parent) else {
            break;
        };
        if let Some(start) = path.iter().position(|table| *table == next) {
            return path.split_off(start);
        }
        path.push(next);
    }
    path
}

/// The foreign keys between two neighbours of a circle that are to be cut, and whether all of them can be opened.
fn weakest(schema: &Schema, links: &[Link], circle: &[usize]) -> (Vec<Link>, bool) {
    let nexts = circle.iter().cycle().skip(1);
    let steps: Vec<Vec<Link>> = circle
        .iter()
        .zip(nexts)
        .map(|(child, parent)| {
            let between = |link: &&Link| link.table == *child && link.parent == *parent;
            links.iter().filter(between).copied().collect()
        })
        .collect();
    let can_be_opened =
        |step: &&Vec<Link>| step.iter().all(|link| nullable(schema, *link).is_some());
    match steps.iter().find(can_be_opened) {
        Some(step) => (step.clone(), true),
        None => (steps.into_iter().next().unwrap_or_default(), false),
    }
}

/// The column of a foreign key that may be NULL for a while.
fn nullable(schema: &Schema, link: Link) -> Option<&str> {
    let table = schema.tables.get(link.table)?;
    nullable_column(schema, table, table.foreign_keys.get(link.key)?)
}

/// The column of `key` that may be NULL for a while, so that the whole of it refers to nothing. Nothing may refer to
/// that column itself meanwhile.
pub(super) fn nullable_column<'key>(
    schema: &Schema,
    table: &Table,
    key: &'key ForeignKey,
) -> Option<&'key str> {
    key.columns
        .iter()
        .map(String::as_str)
        .find(|column| table.may_be_null(column) && !is_parent_key(schema, table, column))
}

/// The column of a key to its own table which may refer to its own row for a while, and the column that it refers to.
pub(super) fn own_column(
    schema: &Schema,
    table: &Table,
    key: &ForeignKey,
) -> Option<(String, String)> {
    let pairs = pairs(table, key);
    let [(column, own)] = pairs.as_slice() else {
        return None;
    };
    let is_in = |other: &&ForeignKey| other.columns.iter().any(|name| same_name(name, column));
    let is_only_here = table.foreign_keys.iter().filter(is_in).count() == 1;
    let may_be = table.may_be(column, own) && !is_parent_key(schema, table, column);
    (is_only_here && may_be).then(|| (column.clone(), own.clone()))
}

/// Whether a foreign key refers to a column by its name.
fn is_parent_key(schema: &Schema, table: &Table, column: &str) -> bool {
    let mut columns = schema
        .foreign_keys()
        .filter(|key| key.refers_to(&table.name))
        .flat_map(|key| &key.parent_columns);
    columns.any(|name| same_name(name, column))
}

#[cfg(test)]
mod tests {
    use pollster::block_on;

    use super::*;
    use crate::dump::schema::introspection;
    use crate::native::NativeDatabase;
    use crate::ports::Database;

    /// The order of the tables, and the foreign keys that are opened and deferred, as `child.key`.
    fn found(sql: &str) -> [String; 3] {
        let database = NativeDatabase::empty();
        database.connection().execute_batch(sql).unwrap();
        let schema = Schema::read(block_on(database.batch(&introspection())).unwrap()).unwrap();
        let name = |table: &usize| schema.tables[*table].name.clone();
        let keys = |links: &[Link]| {
            let columns = links.iter().map(|link| {
                let key = &schema.tables[link.table].foreign_keys[link.key];
                format!("{}.{}", name(&link.table), key.columns.join("+"))
            });
            columns.collect::<Vec<_>>().join(" ")
        };
        let order = order(&schema);
        let tables: Vec<String> = order.tables.iter().map(name).collect();
        [tables.join(" "), keys(&order.opened), keys(&order.deferred)]
    }

    #[test]
    fn tables_that_wait_for_nothing_stay_in_the_order_of_the_schema() {
        let sql = "CREATE TABLE c (a); CREATE TABLE b (d REFERENCES d); CREATE TABLE a (a); CREATE TABLE d (a PRIMARY KEY)";
        assert_eq!(found(sql), ["c a d b", "", ""]);
    }

    #[test]
    fn a_table_that_refers_to_itself_or_to_nothing_waits_for_nothing() {
        let sql = "CREATE TABLE a (x REFERENCES a, y REFERENCES missing); CREATE TABLE b (x)";
        assert_eq!(found(sql), ["a b", "", ""]);
    }

    #[test]
    fn all_keys_from_one_table_to_the_next_are_opened_together() {
        let sql = "CREATE TABLE a (x REFERENCES b, y REFERENCES b); CREATE TABLE b (x NOT NULL REFERENCES a)";
        assert_eq!(found(sql), ["a b", "a.y a.x", ""]);
    }

    #[test]
    fn a_step_of_a_circle_is_opened_only_if_all_its_keys_can_be() {
        let sql = "CREATE TABLE a (x REFERENCES b, y NOT NULL REFERENCES b); CREATE TABLE b (x REFERENCES a)";
        assert_eq!(found(sql), ["b a", "b.x", ""]);
    }

    #[test]
    fn of_several_columns_one_that_may_be_null_is_enough() {
        let sql = "CREATE TABLE a (x NOT NULL, y, FOREIGN KEY (x, y) REFERENCES b); CREATE TABLE b (x, y, a NOT NULL REFERENCES a, PRIMARY KEY (x, y))";
        assert_eq!(found(sql), ["a b", "a.x+y", ""]);
    }

    #[test]
    fn a_circle_that_cannot_be_opened_leaves_the_rest_in_order() {
        let sql = "CREATE TABLE child (x REFERENCES a); CREATE TABLE a (x NOT NULL REFERENCES b); CREATE TABLE b (x NOT NULL REFERENCES a)";
        assert_eq!(found(sql), ["a child b", "", "a.x"]);
    }

    #[test]
    fn every_circle_is_cut() {
        let sql = "CREATE TABLE a (x REFERENCES b, y REFERENCES c); CREATE TABLE b (x NOT NULL REFERENCES a); CREATE TABLE c (x NOT NULL REFERENCES a)";
        assert_eq!(found(sql), ["a b c", "a.y a.x", ""]);
    }
}
