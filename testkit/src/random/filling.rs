//! Rows, such that constraints and keys are satisfied.

use super::Generator;
use super::model::{Column, ForeignKey, Identity, Table};
use super::together::{circle, placeholder};
use super::values::{Kind, Sizes};
use crate::sql::identifiers;

/// Columns of a row that hold long values when it is to be a heavy one.
const HEAVY: usize = 6;

impl Generator {
    /// Fills parents before those that need them, and what needs each other at once.
    pub(super) fn fill_tables(&mut self) {
        let mut filled = vec![false; self.tables.len()];
        let mut places: Vec<_> = (0..self.tables.len()).collect();
        self.dice.shuffle(&mut places);
        while let Some(first) = places.iter().copied().find(|place| !filled[*place]) {
            let needs = |place: usize| {
                let keys = self.tables[place].foreign_keys.iter();
                keys.filter(|key| key.not_null && !filled[key.parent])
                    .map(|key| key.parent)
            };
            let ready = places
                .iter()
                .copied()
                .find(|place| !filled[*place] && needs(*place).count() == 0);
            let group = ready.map_or_else(|| circle(first, &needs), |place| vec![place]);
            if ready.is_none() {
                self.fill_together(&group);
            }
            for place in group {
                self.fill_table(place);
                filled[place] = true;
            }
        }
        if self.dice.percent(3) {
            let place = self.dice.below(self.tables.len());
            self.fill_with_many(place);
        }
        for place in places {
            self.add_ends(place);
        }
    }

    fn fill_table(&mut self, place: usize) {
        let mut left = match self.dice.below(100) {
            0..10 => return,
            10..55 => self.dice.between(1, 8),
            55..97 => self.dice.between(10, 40),
            _ => self.dice.between(60, 150),
        };
        while left > 0 {
            let size = self.dice.between(1, 6).min(left);
            self.insert(place, size);
            left -= size;
        }
        if self.sizes != Sizes::Small && self.dice.percent(50) {
            self.insert_heavy(place);
        }
        let table = &self.tables[place];
        let same = table.columns.iter().all(default_is_fixed) && table.foreign_keys.is_empty();
        if same && !table.full && self.dice.percent(10) {
            let statement = format!(
                "INSERT INTO {} DEFAULT VALUES",
                self.tables[place].sql_name()
            );
            self.attempt_one(statement);
        }
    }

    /// Inserts some rows at once, or one by one where one of them is refused.
    pub(super) fn insert(&mut self, place: usize, size: usize) {
        let columns = self.given_columns(place);
        let rows: Vec<_> = (0..size)
            .filter_map(|_| self.row(place, &columns, 0))
            .collect();
        if rows.is_empty() {
            return;
        }
        // What has been said of these values holds for each attempt with them.
        let features = self.pending.clone();
        let statement = self.insertion(place, &columns, &rows);
        if !self.attempt_one(statement) && rows.len() > 1 {
            for row in rows {
                self.pending.clone_from(&features);
                let statement = self.insertion(place, &columns, &[row]);
                self.attempt_one(statement);
            }
        }
    }

    fn insertion(&mut self, place: usize, columns: &[String], rows: &[Vec<String>]) -> String {
        let table = &self.tables[place];
        let all = table.columns.iter().map(|column| &column.name).eq(columns);
        let head = self.dice.word(&[
            "INSERT INTO",
            "INSERT INTO",
            "INSERT INTO",
            "INSERT INTO",
            "insert  into",
            "INSERT OR IGNORE INTO",
            "INSERT OR ABORT INTO",
        ]);
        let list = if all && self.dice.percent(30) {
            String::new()
        } else {
            format!(" ({})", identifiers(columns))
        };
        let rows: Vec<_> = rows
            .iter()
            .map(|row| format!("({})", row.join(", ")))
            .collect();
        format!(
            "{head} {}{list} VALUES {}",
            table.sql_name(),
            rows.join(", ")
        )
    }

    /// The columns that a statement gives: all that it must, and most of the others.
    fn given_columns(&mut self, place: usize) -> Vec<String> {
        let table = self.tables[place].clone();
        let mut given = Vec::new();
        if table.identity == Identity::RowNumber && (table.full || self.dice.percent(35)) {
            given.extend(table.row_number().map(ToOwned::to_owned));
            self.has("row numbers of its own");
        }
        for column in table.written() {
            let number = matches!(&table.identity, Identity::Integer { column: number, .. } if *number == column.name);
            let optional = if number {
                !table.full && table.foreign_key_of(&column.name).is_none()
            } else {
                column.optional
            };
            if !optional || !self.dice.percent(if number { 50 } else { 30 }) {
                given.push(column.name.clone());
            }
        }
        if given.is_empty() {
            given.extend(table.written().next().map(|column| column.name.clone()));
        }
        given
    }

    /// Values for these columns; none where a parent is missing. As many as `heavy` of them are long.
    pub(super) fn row(
        &mut self,
        place: usize,
        columns: &[String],
        mut heavy: usize,
    ) -> Option<Vec<String>> {
        let table = self.tables[place].clone();
        let mut values = vec![String::new(); columns.len()];
        for key in &table.foreign_keys {
            let found = self.parent_values(key)?;
            for (column, value) in key.columns.iter().zip(found) {
                if let Some(index) = columns.iter().position(|name| name == column) {
                    values[index] = value;
                }
            }
        }
        for (name, value) in columns
            .iter()
            .zip(&mut values)
            .filter(|(_, value)| value.is_empty())
        {
            let Some(column) = table.columns.iter().find(|column| column.name == *name) else {
                *value = self.key_value(Kind::Integer);
                continue;
            };
            let long = heavy > 0
                && !column.key
                && matches!(column.kind, Kind::Any | Kind::Text | Kind::Blob);
            *value = if long {
                heavy -= 1;
                self.long(column.kind)
            } else {
                self.cell(&table, column)
            };
        }
        Some(values)
    }

    fn cell(&mut self, table: &Table, column: &Column) -> String {
        match (column.kind, table.strict) {
            (kind, _) if column.key => self.key_value(kind),
            (Kind::Any, _) if column.not_null => self.typed(Kind::Text),
            (kind, _) if column.not_null => self.typed(kind),
            (Kind::Any, _) | (_, false) => self.value(column.kind),
            (_, true) if self.dice.percent(15) => "NULL".to_owned(),
            (kind, true) => self.typed(kind),
        }
    }

    /// Values of a key that some row of the parent has, or NULL. None where neither is possible.
    pub(super) fn parent_values(&mut self, key: &ForeignKey) -> Option<Vec<String>> {
        let parent = self.tables[key.parent].clone();
        if !parent.created {
            return None;
        }
        let count = self.number(&format!(
            "SELECT count(*) FROM {}",
            parent.complete(&key.parent_columns)
        ));
        if !key.not_null && (count == 0 || self.dice.percent(25)) {
            let mut values = vec!["NULL".to_owned(); key.columns.len()];
            if values.len() > 1 && self.dice.percent(30) {
                self.has("composite key that is half NULL");
                values[0] = placeholder(parent.column(&key.parent_columns[0]).kind);
            }
            return Some(values);
        }
        if count == 0 {
            return None;
        }
        let place = self.dice.below(count);
        let mut values = parent.key_at(&key.parent_columns, place);
        for (value, column) in values.iter_mut().zip(&key.parent_columns) {
            let column = parent.column(column);
            if column.kind == Kind::Text
                && column
                    .clauses
                    .iter()
                    .any(|clause| clause == "COLLATE NOCASE")
                && self.dice.percent(30)
            {
                *value = format!("upper({value})");
                self.has("key that differs from its parent in capitals");
            }
        }
        Some(values)
    }

    /// A row of which several values together are too long for one statement.
    fn insert_heavy(&mut self, place: usize) {
        let table = self.tables[place].clone();
        let columns: Vec<_> = table.written().map(|column| column.name.clone()).collect();
        let long = if self.sizes == Sizes::Huge {
            1
        } else {
            self.dice.between(2, HEAVY)
        };
        if long > 1 {
            self.has("row of several long values");
        }
        if let Some(row) = self.row(place, &columns, long) {
            let statement = self.insertion(place, &columns, &[row]);
            self.attempt_one(statement);
        }
    }
}

/// Whether leaving a column out gives the same each time.
fn default_is_fixed(column: &Column) -> bool {
    column.optional
        || !column
            .clauses
            .iter()
            .any(|clause| clause.starts_with("DEFAULT"))
}
