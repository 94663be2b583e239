//! Tables that cannot do without each other.

use super::Generator;
use super::model::{ForeignKey, Table};
use super::values::Kind;
use crate::sql::identifiers;

impl Generator {
    /// Fills tables that cannot do without each other: first with keys that nobody has, then with the right ones.
    pub(super) fn fill_together(&mut self, group: &[usize]) {
        for _ in 0..4 {
            let mut unit = Vec::new();
            let rows = self.dice.between(1, 3);
            for place in group {
                let Some(inserted) = self.dangling(*place, group, rows) else {
                    return;
                };
                unit.extend(inserted);
            }
            for place in group {
                let table = self.tables[*place].clone();
                for key in table
                    .foreign_keys
                    .iter()
                    .filter(|key| key.not_null && group.contains(&key.parent))
                {
                    unit.extend(self.settle(&table, key, rows));
                }
            }
            self.has(if group.len() > 1 {
                "NOT NULL keys in a circle of tables"
            } else {
                "NOT NULL key to the same table"
            });
            if self.attempt(&unit) {
                return;
            }
        }
    }

    /// Rows of one table of the group, whose keys nobody has.
    fn dangling(&mut self, place: usize, group: &[usize], rows: usize) -> Option<Vec<String>> {
        let table = self.tables[place].clone();
        let inside = |key: &ForeignKey| key.not_null && group.contains(&key.parent);
        let columns: Vec<_> = table.written().map(|column| column.name.clone()).collect();
        let mut without = table.clone();
        without.foreign_keys.retain(|key| !inside(key));
        let mut inserted = Vec::new();
        for _ in 0..rows {
            let kept = std::mem::replace(&mut self.tables[place], without.clone());
            let row = self.row(place, &columns, 0);
            self.tables[place] = kept;
            let mut row = row?;
            for key in table.foreign_keys.iter().filter(|key| inside(key)) {
                for (column, parent) in key.columns.iter().zip(&key.parent_columns) {
                    let kind = self.tables[key.parent].column(parent).kind;
                    let index = columns.iter().position(|name| name == column).unwrap();
                    row[index] = placeholder(kind);
                }
            }
            inserted.push(format!(
                "INSERT OR IGNORE INTO {} ({}) VALUES ({})",
                table.sql_name(),
                identifiers(&columns),
                row.join(", ")
            ));
        }
        Some(inserted)
    }

    /// Gives all rows of a table parents.
    fn settle(&mut self, table: &Table, key: &ForeignKey, rows: usize) -> Vec<String> {
        let parent = self.tables[key.parent].clone();
        let columns = identifiers(&key.columns);
        let name = table.sql_name();
        let mut updates = vec![format!(
            "UPDATE {name} SET ({columns}) = {}",
            parent.whole_key_at(&key.parent_columns, 0)
        )];
        for place in 1..rows {
            let value = parent.whole_key_at(&key.parent_columns, place);
            let condition = table.at(self.dice.below(rows));
            // Only where there is such a parent.
            let there = format!("{value} IS NOT NULL");
            if key.columns.len() == 1 {
                updates.extend(condition.map(|at| {
                    format!(
                        "UPDATE OR IGNORE {name} SET ({columns}) = {value} WHERE {at} AND {there}"
                    )
                }));
            }
        }
        updates
    }
}

/// Places that need each other, found by going on from the first to what it needs.
pub(super) fn circle<I: Iterator<Item = usize>>(
    first: usize,
    needs: &impl Fn(usize) -> I,
) -> Vec<usize> {
    let mut path = vec![first];
    loop {
        let last = path[path.len() - 1];
        let Some(next) = needs(last).next() else {
            return path;
        };
        if let Some(start) = path.iter().position(|place| *place == next) {
            return path.split_off(start);
        }
        path.push(next);
    }
}

/// A value that no row has as its key.
pub(super) fn placeholder(kind: Kind) -> String {
    let text = match kind {
        Kind::Integer => "-77777",
        Kind::Real => "-77777.25",
        Kind::Text | Kind::Any => "'nobody'",
        Kind::Blob => "X'eeee'",
    };
    text.to_owned()
}
