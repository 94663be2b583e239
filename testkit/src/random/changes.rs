//! What a database goes through after it was filled.

use super::Generator;
use super::model::{Column, Identity, Table};
use super::names::{Names, quoted};
use super::values::Kind;
use crate::sql::{identifier, identifiers, literal};

impl Generator {
    /// Deletes rows: all of a table, the last ones, some in between.
    pub(super) fn empty_some(&mut self) {
        for place in 0..self.tables.len() {
            let table = self.tables[place].clone();
            let name = table.sql_name();
            let counted = matches!(
                table.identity,
                Identity::Integer {
                    autoincrement: true,
                    ..
                }
            );
            if self.dice.percent(8) {
                self.has("emptied table");
                if counted {
                    self.has("counter of an emptied table");
                }
                if self.attempt_one(format!("DELETE FROM {name}")) {
                    // Cascades may have emptied others; this one's greatest number is free again.
                    self.tables[place].full = false;
                }
            } else if counted && self.dice.percent(50) {
                let id = table.address().unwrap();
                self.has("counter ahead of its rows");
                self.attempt_one(format!(
                    "DELETE FROM {name} WHERE {id} = (SELECT max({id}) FROM {name})"
                ));
            } else if self.dice.percent(25)
                && let Some(at) = table.at(self.dice.below(5))
            {
                self.has("deleted rows");
                self.attempt_one(format!("DELETE FROM {name} WHERE {at}"));
            }
        }
    }

    /// Sets counters to what no row says.
    pub(super) fn edit_counters(&mut self) {
        for table in self.tables.clone() {
            if !matches!(
                table.identity,
                Identity::Integer {
                    autoincrement: true,
                    ..
                }
            ) || !self.dice.percent(30)
            {
                continue;
            }
            let name = literal(&table.name);
            let statement = match self.dice.below(6) {
                0 => format!("UPDATE sqlite_sequence SET seq = 1000000 WHERE name = {name}"),
                1 => format!(
                    "UPDATE sqlite_sequence SET seq = 9223372036854775807 WHERE name = {name}"
                ),
                2 => format!("UPDATE sqlite_sequence SET seq = 0 WHERE name = {name}"),
                3 => format!("UPDATE sqlite_sequence SET seq = -5 WHERE name = {name}"),
                4 => format!("DELETE FROM sqlite_sequence WHERE name = {name}"),
                _ => format!(
                    "INSERT INTO sqlite_sequence SELECT {name}, 77 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = {name})"
                ),
            };
            self.has("edited counter");
            self.attempt_one(statement);
        }
    }

    /// Alters tables that have rows already, and makes one out of another.
    pub(super) fn change_tables(&mut self) {
        for place in 0..self.tables.len() {
            if self.dice.percent(25) {
                for _ in 0..self.dice.between(1, 2) {
                    self.alter(place);
                }
            }
        }
        if self.dice.percent(8) {
            self.copy_table();
        }
        if self.dice.percent(3) {
            let name = self.names.fresh(&mut self.dice);
            self.has("foreign key to nothing");
            self.attempt_one(format!(
                "CREATE TABLE {} (a REFERENCES \"no such table\")",
                identifier(&name)
            ));
        }
    }

    fn alter(&mut self, place: usize) {
        match self.dice.below(10) {
            0..5 => self.add_column(place),
            5..7 => self.rename_table(place),
            7 => self.rename_column(place),
            _ => self.drop_column(place),
        }
    }

    fn add_column(&mut self, place: usize) {
        let mut table = self.tables[place].clone();
        let name = table.names.fresh(&mut self.dice);
        let kind = *self
            .dice
            .pick(&[Kind::Any, Kind::Text, Kind::Integer, Kind::Real]);
        let mut column = self.typed_column(name, kind, table.strict);
        let mut fixed = vec!["7", "1", "1.0", "-0.0", "'12'", "9e999", "NULL", "TRUE"];
        // For a text in a column of numbers, quick_check sometimes mistakes the old rows for broken ones.
        if ["", "TEXT", "BLOB"].contains(&column.declared.as_str()) {
            fixed.extend(["'it''s; --'", "X'0001'", "\"text\""]);
        }
        let typed = match (kind, table.strict) {
            (Kind::Integer, true) => "5",
            (Kind::Real, true) => "1",
            (Kind::Text, true) => "'added'",
            _ => self.dice.word(&fixed),
        };
        let other = self.dice.pick(&self.tables).clone();
        let clause = match self.dice.below(8) {
            0..4 => format!("DEFAULT {typed}"),
            4 => format!("NOT NULL DEFAULT {typed}"),
            5 if other.keys.iter().any(|key| key.columns.len() == 1) => {
                column.withheld = true;
                let key = other
                    .keys
                    .iter()
                    .find(|key| key.columns.len() == 1)
                    .unwrap();
                format!(
                    "REFERENCES {} ({}) DEFAULT NULL",
                    other.sql_name(),
                    identifiers(&key.columns)
                )
            }
            6 if !table.strict => {
                column.withheld = true;
                format!("AS (typeof({}) || ';')", identifier(&table.columns[0].name))
            }
            _ => String::new(),
        };
        column.not_null = clause.starts_with("NOT NULL");
        column.optional = !column.not_null;
        column.clauses.push(clause.clone());
        let quoted = quoted(&mut self.dice, &column.name);
        // A comment at the end would swallow the constraints that SQLite puts behind the column.
        let gap = self.gap();
        self.has("ADD COLUMN");
        let statement = format!(
            "ALTER TABLE {} ADD COLUMN {quoted} {}{gap} {clause}",
            table.sql_name(),
            column.declared
        );
        if self.attempt_one(statement) {
            table.columns.push(column);
            self.tables[place] = table;
        }
    }

    fn rename_table(&mut self, place: usize) {
        let name = self.names.fresh(&mut self.dice);
        let old = self.tables[place].sql_name();
        self.has("renamed table");
        let new = quoted(&mut self.dice, &name);
        if self.attempt_one(format!("ALTER TABLE {old} RENAME TO {new}")) {
            self.tables[place].name = name;
        }
    }

    fn rename_column(&mut self, place: usize) {
        let mut table = self.tables[place].clone();
        let Some(index) = self.free_column(&table) else {
            return;
        };
        let name = table.names.fresh(&mut self.dice);
        let old = identifier(&table.columns[index].name);
        let new = quoted(&mut self.dice, &name);
        self.has("renamed column");
        if self.attempt_one(format!(
            "ALTER TABLE {} RENAME COLUMN {old} TO {new}",
            table.sql_name()
        )) {
            table.columns[index].name = name;
            self.tables[place] = table;
        }
    }

    fn drop_column(&mut self, place: usize) {
        let table = self.tables[place].clone();
        let Some(index) = self.free_column(&table) else {
            return;
        };
        let name = identifier(&table.columns[index].name);
        self.has("DROP COLUMN");
        if self.attempt_one(format!(
            "ALTER TABLE {} DROP COLUMN {name}",
            table.sql_name()
        )) {
            self.tables[place].columns.remove(index);
        }
    }

    /// A column that is in no key.
    fn free_column(&mut self, table: &Table) -> Option<usize> {
        let index = self.dice.below(table.columns.len());
        let column = &table.columns[index];
        (!column.key && table.foreign_key_of(&column.name).is_none()).then_some(index)
    }

    fn copy_table(&mut self) {
        let source = self.dice.pick(&self.tables).sql_name();
        let name = self.names.fresh(&mut self.dice);
        self.has("CREATE TABLE AS");
        if !self.attempt_one(format!(
            "CREATE TABLE {} AS SELECT * FROM {source}",
            identifier(&name)
        )) {
            return;
        }
        let found = self.texts(&format!(
            "SELECT name FROM pragma_table_xinfo({})",
            literal(&name)
        ));
        let columns = found.into_iter().map(|name| Column {
            name,
            declared: String::new(),
            kind: Kind::Any,
            not_null: false,
            clauses: Vec::new(),
            optional: false,
            withheld: false,
            key: false,
        });
        self.tables.push(Table {
            name,
            columns: columns.collect(),
            names: Names::default(),
            identity: Identity::Hidden,
            strict: false,
            foreign_keys: Vec::new(),
            keys: Vec::new(),
            constraints: Vec::new(),
            unique_indexes: Vec::new(),
            full: false,
            created: true,
        });
    }

    /// Changes rows while indexes, views and triggers are there.
    pub(super) fn change_rows(&mut self) {
        for _ in 0..self.dice.below(8) {
            let place = self.dice.below(self.tables.len());
            let table = self.tables[place].clone();
            let row = self.dice.below(10);
            match (self.dice.below(3), table.at(row)) {
                (0, Some(at)) => {
                    self.has("deleted rows");
                    self.attempt_one(format!("DELETE FROM {} WHERE {at}", table.sql_name()));
                }
                (1, Some(at)) => {
                    let column = self.dice.pick(&table.columns).clone();
                    if !column.key
                        && table.foreign_key_of(&column.name).is_none()
                        && !column.withheld
                    {
                        let value = self.typed(column.kind);
                        self.attempt_one(format!(
                            "UPDATE {} SET {} = {value} WHERE {at}",
                            table.sql_name(),
                            identifier(&column.name)
                        ));
                    }
                }
                _ if table.full => {}
                _ => self.insert(place, 1),
            }
        }
    }

    /// Alters tables on which others rest by now, and lets indexes catch up.
    pub(super) fn change_late(&mut self) {
        if self.dice.percent(20) {
            let place = self.dice.below(self.tables.len());
            let name = self.tables[place].name.clone();
            if !self.contents.contains(&name) {
                self.alter(place);
                self.features.insert("altered late");
            }
        }
        for index in self.external.clone() {
            if !self.try_out(&[index.check()]) {
                let rebuild = index.rebuild();
                self.has("rebuilt full-text index");
                assert!(
                    self.attempt_one(rebuild),
                    "an index can be rebuilt: {index:?}"
                );
            }
        }
    }

    pub(super) fn analyze(&mut self) {
        if self.dice.percent(20) {
            self.has("ANALYZE");
            self.attempt_one("ANALYZE".to_owned());
        }
    }
}
