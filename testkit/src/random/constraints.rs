//! Foreign keys, UNIQUE, CHECK, defaults, generated columns.

use super::Generator;
use super::model::{Column, ForeignKey, Key, Table};
use super::names::{quoted, recased};
use super::values::Kind;
use crate::sql::{identifier, identifiers};

impl Generator {
    /// Lets tables refer to each other, sometimes in a circle.
    pub(super) fn relate(&mut self) {
        let count = self.tables.len();
        for child in 0..count {
            if self.dice.percent(50) {
                for _ in 0..self.dice.between(1, 2) {
                    let parent = if self.dice.percent(30) {
                        child
                    } else {
                        self.dice.below(count)
                    };
                    let not_null = parent != child && self.dice.percent(35);
                    self.refer(child, parent, not_null);
                }
            }
        }
        if count > 1 && self.dice.percent(40) {
            let length = self.dice.between(2, count.min(4));
            let mut places: Vec<_> = (0..count).collect();
            self.dice.shuffle(&mut places);
            let not_null = self.dice.percent(40);
            for index in 0..length {
                self.refer(places[index], places[(index + 1) % length], not_null);
            }
        }
        if self.dice.percent(8) {
            let child = self.dice.below(count);
            self.refer(child, child, true);
        }
    }

    /// Gives `child` a foreign key to `parent`.
    fn refer(&mut self, child: usize, parent: usize, not_null: bool) {
        if self.tables[parent].keys.is_empty() {
            let mut table = self.tables[parent].clone();
            self.make_unique(&mut table);
            self.tables[parent] = table;
        }
        if self.tables[parent].keys.is_empty() || self.tables[child].columns.len() > 90 {
            return;
        }
        let key = self.dice.pick(&self.tables[parent].keys).clone();
        let mut table = self.tables[child].clone();
        let columns = match self.own_key(&table, &key, child == parent, parent) {
            Some(column) => vec![column],
            None => self.referring_columns(&mut table, parent, &key, not_null),
        };
        let not_null = not_null || columns.iter().any(|column| table.column(column).key);
        let clause = self.reference(parent, &key, child == parent);
        let table_wide = columns.len() > 1 || self.dice.percent(50);
        if table_wide {
            let named = if self.dice.percent(20) {
                "CONSTRAINT \"a foreign key\" "
            } else {
                ""
            };
            table.constraints.push(format!(
                "{named}FOREIGN KEY ({}) {clause}",
                identifiers(&columns)
            ));
        } else {
            let column = table
                .columns
                .iter_mut()
                .find(|column| column.name == columns[0])
                .unwrap();
            column.clauses.push(clause);
        }
        self.features.insert(key.feature);
        table.foreign_keys.push(ForeignKey {
            columns,
            parent,
            parent_columns: key.columns,
            not_null,
        });
        self.tables[child] = table;
    }

    /// Sometimes a table's own key is at the same time its reference.
    fn own_key(&mut self, table: &Table, key: &Key, itself: bool, parent: usize) -> Option<String> {
        if itself || key.columns.len() != 1 || !self.dice.percent(15) {
            return None;
        }
        let kind = self.tables[parent].column(&key.columns[0]).kind;
        let free = |column: &&Column| {
            column.key && column.kind == kind && table.foreign_key_of(&column.name).is_none()
        };
        let column = table.columns.iter().find(free)?;
        self.features.insert("key that is a foreign key");
        Some(column.name.clone())
    }

    fn referring_columns(
        &mut self,
        table: &mut Table,
        parent: usize,
        key: &Key,
        not_null: bool,
    ) -> Vec<String> {
        let mut columns = Vec::new();
        for referred in &key.columns {
            let kind = self.tables[parent].column(referred).kind;
            let declared = self.tables[parent].column(referred).declared.clone();
            let name = table.names.fresh(&mut self.dice);
            let mut column = self.typed_column(name.clone(), kind, table.strict);
            if !table.strict && !self.tables[parent].strict {
                // A column that changed the value would break the key.
                column.declared = declared;
            } else if table.strict && !self.tables[parent].strict {
                "ANY".clone_into(&mut column.declared);
            }
            if not_null {
                column.not_null = true;
                column.clauses.push("NOT NULL".to_owned());
            }
            if key.columns.len() == 1 && self.dice.percent(6) {
                column.clauses.push("UNIQUE".to_owned());
            }
            table.columns.push(column);
            columns.push(name);
        }
        columns
    }

    /// `REFERENCES …`, with what happens to the children.
    fn reference(&mut self, parent: usize, key: &Key, itself: bool) -> String {
        let mut name = self.tables[parent].name.clone();
        if self.dice.percent(12) && recased(&name) != name {
            name = recased(&name);
            self.features.insert("reference in other capitals");
        }
        let mut clause = format!("REFERENCES {}", quoted(&mut self.dice, &name));
        if key.primary && self.dice.percent(35) {
            self.features.insert("reference without columns");
        } else {
            clause.push_str(&format!(" ({})", identifiers(&key.columns)));
        }
        for event in ["DELETE", "UPDATE"] {
            if self.dice.percent(50) {
                let (action, feature) = *self.dice.pick(&[
                    ("CASCADE", "CASCADE"),
                    ("CASCADE", "CASCADE"),
                    ("RESTRICT", "RESTRICT"),
                    ("SET NULL", "SET NULL"),
                    ("SET DEFAULT", "SET DEFAULT"),
                    ("NO ACTION", "NO ACTION"),
                ]);
                clause.push_str(&format!(" ON {event} {action}"));
                self.features.insert(feature);
            }
        }
        match self.dice.below(10) {
            0..2 => {
                clause.push_str(" DEFERRABLE INITIALLY DEFERRED");
                self.features.insert("DEFERRABLE");
            }
            2 => clause.push_str(" NOT DEFERRABLE INITIALLY IMMEDIATE"),
            3 => clause.push_str(" MATCH FULL"),
            _ => {}
        }
        if itself {
            self.features.insert("foreign key to the same table");
        }
        clause
    }

    /// Makes one or two new columns unique, by a constraint or by an index.
    pub(super) fn make_unique(&mut self, table: &mut Table) {
        let mut columns = Vec::new();
        for _ in 0..*self.dice.pick(&[1, 1, 2]) {
            let kind = *self.dice.pick(&[Kind::Text, Kind::Integer, Kind::Any]);
            let name = table.names.fresh(&mut self.dice);
            let mut column = self.typed_column(name.clone(), kind, table.strict);
            column.key = true;
            if self.dice.percent(30) {
                column.not_null = true;
                column.clauses.push("NOT NULL".to_owned());
            }
            if kind == Kind::Text && self.dice.percent(20) {
                column.clauses.push("COLLATE NOCASE".to_owned());
            }
            table.columns.push(column);
            columns.push(name);
        }
        let single = columns.len() == 1;
        let feature = match self.dice.below(3) {
            0 => {
                table.unique_indexes.push(columns.clone());
                "foreign key to a unique index"
            }
            1 if single => {
                table
                    .columns
                    .last_mut()
                    .unwrap()
                    .clauses
                    .push("UNIQUE".to_owned());
                "foreign key to a unique column"
            }
            _ => {
                table
                    .constraints
                    .push(format!("UNIQUE ({})", identifiers(&columns)));
                if single {
                    "foreign key to a unique column"
                } else {
                    "composite foreign key"
                }
            }
        };
        self.features.insert("UNIQUE");
        table.keys.push(Key {
            columns,
            primary: false,
            feature,
        });
    }

    /// A CHECK that most rows pass.
    pub(super) fn check(&mut self, table: &mut Table) {
        if !self.dice.percent(30) {
            return;
        }
        let column = identifier(&self.dice.pick(&table.columns).name);
        let check = match self.dice.below(5) {
            0 => format!("CHECK ({column} IS NOT 'forbidden; --')"),
            1 => {
                format!("CONSTRAINT \"a; check\" CHECK (length({column}) <> 3 OR {column} IS NULL)")
            }
            2 => format!("CHECK (typeof({column}) IN ('null', 'integer', 'real', 'text', 'blob'))"),
            3 => format!("CHECK ({column} IS NULL OR {column} NOT LIKE '%forbidden%' ESCAPE '\\')"),
            _ => format!("CHECK (CASE WHEN {column} = 'END;' THEN 0 ELSE 1 END /* not; that */)"),
        };
        self.features.insert("CHECK");
        table.constraints.push(check);
    }

    /// A default; a row may leave the column out if it is always the same.
    pub(super) fn default(&mut self, column: &mut Column, strict: bool) {
        let (text, fixed) = if strict {
            match column.kind {
                Kind::Integer => ("7", true),
                Kind::Real => ("1.5", true),
                Kind::Text => ("'it''s; --'", true),
                Kind::Blob => ("X'00ff'", true),
                Kind::Any => ("'a' || 1", false),
            }
        } else {
            *self.dice.pick(&[
                ("7", true),
                ("-1.5", true),
                ("+3", true),
                ("'it''s; -- new\nline'", true),
                ("\"in double quotes\"", true),
                ("pending", true),
                ("(1 + 2)", true),
                ("(lower('ABC') || char(10) || ';')", true),
                ("X'00ff'", true),
                ("NULL", true),
                ("TRUE", true),
                ("9e999", true),
                ("'12'", true),
                ("CURRENT_TIMESTAMP", false),
                ("(unixepoch())", false),
            ])
        };
        if text.starts_with('(') {
            self.features.insert("default that is an expression");
        }
        self.features.insert("DEFAULT");
        let text = if text.starts_with("'a'") {
            format!("({text})")
        } else {
            text.to_owned()
        };
        column.clauses.push(format!("DEFAULT {text}"));
        column.optional = fixed;
    }

    /// Columns that are calculated from others.
    pub(super) fn add_generated(&mut self, place: usize) {
        if !self.dice.percent(30) {
            return;
        }
        for _ in 0..self.dice.between(1, 3) {
            let mut table = self.tables[place].clone();
            let of = identifier(&self.dice.pick(&table.columns).name);
            let name = table.names.fresh(&mut self.dice);
            let (expression, kind) = match self.dice.below(6) {
                0 => (format!("length({of})"), Kind::Integer),
                1 => (format!("typeof({of}) || '; --'"), Kind::Text),
                2 => (format!("substr({of}, 1, 9)"), Kind::Text),
                3 => (format!("upper(substr({of}, 2)) || 'x'"), Kind::Text),
                4 => (
                    format!("CASE WHEN {of} IS NULL THEN 1 ELSE NULL END"),
                    Kind::Integer,
                ),
                _ => (format!("coalesce({of}, 'nothing')"), Kind::Any),
            };
            let mut column = self.typed_column(name, kind, table.strict);
            column.withheld = true;
            let stored = self.dice.percent(50);
            let word = if stored {
                " STORED"
            } else {
                self.dice.word(&["", " VIRTUAL"])
            };
            let always = self.dice.word(&["GENERATED ALWAYS ", ""]);
            column
                .clauses
                .push(format!("{always}AS ({expression}){word}"));
            self.features.insert(if stored {
                "stored generated column"
            } else {
                "virtual generated column"
            });
            table.columns.push(column);
            self.tables[place] = table;
        }
    }
}
