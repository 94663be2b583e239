//! Rows that refer to themselves, to later ones, in chains and in circles.

use super::Generator;
use super::model::{ForeignKey, Table};
use crate::sql::{identifier, identifiers};

/// Over this, D1 cannot follow a chain of CASCADE.
const DEEP: usize = 10;

impl Generator {
    pub(super) fn link_rows(&mut self) {
        for place in 0..self.tables.len() {
            let table = self.tables[place].clone();
            for key in table.foreign_keys.iter().filter(|key| key.parent == place) {
                self.link_within(&table, key);
            }
        }
        for place in 0..self.tables.len() {
            if let Some(path) = self.circle_from(place)
                && self.dice.percent(70)
            {
                self.close(&path);
            }
        }
    }

    /// Patterns of rows in a table that refers to itself.
    fn link_within(&mut self, table: &Table, key: &ForeignKey) {
        let rows = self.number(&format!("SELECT count(*) FROM {}", table.sql_name()));
        let named = self.number(&format!(
            "SELECT count(*) FROM {}",
            table.complete(&key.parent_columns)
        ));
        if table.address().is_none() || rows != named || rows == 0 {
            return;
        }
        if rows > DEEP + 2 && self.dice.percent(40) {
            let length = rows.min(30);
            let forwards = self.dice.percent(50);
            let links = (1..length).map(|place| {
                if forwards {
                    (place - 1, place)
                } else {
                    (place, place - 1)
                }
            });
            let links: Vec<_> = links
                .filter_map(|(child, parent)| link(table, key, child, table, parent))
                .collect();
            self.has("chain of over ten rows");
            if forwards {
                self.has("row whose parent comes later");
            }
            self.attempt(&links);
        }
        let one = self.dice.below(rows);
        let other = self.dice.below(rows);
        let third = self.dice.below(rows);
        if self.dice.percent(50) {
            self.has("row that refers to itself");
            let unit: Vec<_> = link(table, key, one, table, one).into_iter().collect();
            self.attempt(&unit);
        }
        if rows > 1 && self.dice.percent(50) {
            self.has("row whose parent comes later");
            let unit: Vec<_> = link(table, key, 0, table, rows - 1).into_iter().collect();
            self.attempt(&unit);
        }
        if one != other && other != third && one != third && self.dice.percent(60) {
            let unit: Vec<_> = [(one, other), (other, third), (third, one)]
                .into_iter()
                .filter_map(|(child, parent)| link(table, key, child, table, parent))
                .collect();
            self.has("circle of rows in one table");
            self.attempt(&unit);
        }
    }

    /// Foreign keys that lead from a table over others back to it.
    fn circle_from(&self, start: usize) -> Option<Vec<(usize, ForeignKey)>> {
        let mut paths: Vec<Vec<(usize, ForeignKey)>> = vec![Vec::new()];
        while let Some(path) = paths.pop() {
            let at = path.last().map_or(start, |(_, key)| key.parent);
            for key in self.tables[at]
                .foreign_keys
                .iter()
                .filter(|key| key.parent != at)
            {
                let mut longer = path.clone();
                longer.push((at, key.clone()));
                if key.parent == start {
                    return Some(longer);
                }
                if longer.len() < 4 && longer.iter().all(|(place, _)| *place != key.parent) {
                    paths.push(longer);
                }
            }
        }
        None
    }

    /// Lets one row of each table refer to one of the next, and the last to the first.
    fn close(&mut self, path: &[(usize, ForeignKey)]) {
        let mut rows = Vec::new();
        for (place, _) in path {
            let table = self.tables[*place].clone();
            let count = self.number(&format!("SELECT count(*) FROM {}", table.sql_name()));
            if count == 0 || table.address().is_none() {
                return;
            }
            rows.push((table, self.dice.below(count)));
        }
        let mut unit = Vec::new();
        for (index, (_, key)) in path.iter().enumerate() {
            let (child, row) = &rows[index];
            let (parent, other) = &rows[(index + 1) % rows.len()];
            let at = parent.at(*other).unwrap();
            let named = format!(
                "SELECT count(*) FROM {} AND {at}",
                parent.complete(&key.parent_columns)
            );
            if self.number(&named) == 0 {
                return;
            }
            unit.extend(link(child, key, *row, parent, *other));
        }
        self.has("circle of rows over several tables");
        self.attempt(&unit);
    }
}

/// Lets the row of the one table at a place refer to that of the other.
fn link(
    child: &Table,
    key: &ForeignKey,
    row: usize,
    parent: &Table,
    other: usize,
) -> Option<String> {
    let value = format!(
        "(SELECT {} FROM {} WHERE {})",
        identifiers(&key.parent_columns),
        parent.sql_name(),
        parent.at(other)?
    );
    let columns = match key.columns.as_slice() {
        [column] => identifier(column),
        columns => format!("({})", identifiers(columns)),
    };
    Some(format!(
        "UPDATE {} SET {columns} = {value} WHERE {}",
        child.sql_name(),
        child.at(row)?
    ))
}
