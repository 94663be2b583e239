//! Many rows at once, and rows at the ends of what numbers can be.

use super::Generator;
use super::model::Identity;
use super::values::Kind;
use crate::sql::{identifier, identifiers};

impl Generator {
    pub(super) fn fill_with_many(&mut self, place: usize) {
        let table = self.tables[place].clone();
        if table.full {
            return;
        }
        let mut columns = Vec::new();
        let mut values = Vec::new();
        for column in table.written() {
            columns.push(column.name.clone());
            values.push(
                match (column.kind, column.key) {
                    (Kind::Integer, _) => "i * 3",
                    (Kind::Real, _) => "i * 0.5",
                    (Kind::Text, _) => "'row ' || i",
                    (Kind::Blob, _) => "CAST('row ' || i AS BLOB)",
                    (Kind::Any, true) => "'key ' || i",
                    (Kind::Any, false) if column.not_null => "'some ' || i",
                    (Kind::Any, false) => {
                        "CASE i % 4 WHEN 0 THEN i WHEN 1 THEN i * 0.5 WHEN 2 THEN 'text ' || i END"
                    }
                }
                .to_owned(),
            );
        }
        for key in &table.foreign_keys {
            let choices: Option<Vec<_>> = (0..3).map(|_| self.parent_values(key)).collect();
            let Some(choices) = choices else { return };
            for (index, column) in key.columns.iter().enumerate() {
                let at = columns.iter().position(|name| name == column).unwrap();
                values[at] = format!(
                    "CASE i % 3 WHEN 0 THEN {} WHEN 1 THEN {} ELSE {} END",
                    choices[0][index], choices[1][index], choices[2][index]
                );
            }
        }
        self.pending.clear();
        let name = table.sql_name();
        self.attempt_one(format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
             INSERT OR IGNORE INTO {name} ({}) SELECT {} FROM n",
            identifiers(&columns),
            values.join(", ")
        ));
        if self.number(&format!("SELECT count(*) FROM {name}")) >= 1500 {
            self.features.insert("2,000 rows");
        }
    }

    /// Rows with the least and the greatest number there is.
    pub(super) fn add_ends(&mut self, place: usize) {
        let table = self.tables[place].clone();
        let number = match &table.identity {
            Identity::Integer { column, .. } => column.clone(),
            Identity::RowNumber if table.row_number().is_some() => {
                table.row_number().unwrap().to_owned()
            }
            _ => return,
        };
        if !self.dice.percent(12) {
            return;
        }
        let mut columns: Vec<_> = table.written().map(|column| column.name.clone()).collect();
        if !columns.contains(&number) {
            columns.push(number.clone());
        }
        let at = columns.iter().position(|name| *name == number).unwrap();
        // The greatest comes last: after it, SQLite draws the numbers.
        for end in [
            "-1",
            "0",
            "(-9223372036854775807 - 1)",
            "9223372036854775807",
        ] {
            let Some(mut row) = self.row(place, &columns, 0) else {
                return;
            };
            end.clone_into(&mut row[at]);
            self.has("row numbers at the ends of 64 bits");
            let added = self.attempt_one(format!(
                "INSERT INTO {} ({}) VALUES ({})",
                identifier(&table.name),
                identifiers(&columns),
                row.join(", ")
            ));
            if added && end.starts_with('9') {
                self.tables[place].full = true;
            }
        }
    }
}
