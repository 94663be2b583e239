//! What tells the rows of a table apart.

use super::Generator;
use super::model::{Identity, Key, Table};
use super::names::quoted;
use super::values::Kind;
use crate::sql::identifier;

impl Generator {
    /// Decides what tells its rows apart.
    pub(super) fn identify(&mut self, table: &mut Table) {
        match self.dice.below(100) {
            0..18 => {}
            18..44 => self.row_number(table, false),
            44..58 => self.row_number(table, true),
            58..66 => {
                for name in ["rowid", "_rowid_", "oid"] {
                    table.names.claim(name);
                    let kind = *self.dice.pick(&[Kind::Any, Kind::Text, Kind::Integer]);
                    let column = self.typed_column(name.to_owned(), kind, table.strict);
                    table.columns.push(column);
                }
                table.identity = Identity::Hidden;
                if self.dice.percent(50) {
                    self.key(table, false);
                }
            }
            66..80 => self.key(table, false),
            _ => self.key(table, true),
        }
    }

    /// A column that is the row's number.
    fn row_number(&mut self, table: &mut Table, autoincrement: bool) {
        let name = table.names.fresh(&mut self.dice);
        let mut column = self.typed_column(name.clone(), Kind::Integer, table.strict);
        "INTEGER".clone_into(&mut column.declared);
        column.key = true;
        // With DESC it is an ordinary key, for the sake of old databases.
        let backwards = !autoincrement && self.dice.percent(6);
        column.clauses.push(match (autoincrement, backwards) {
            (true, _) => "PRIMARY KEY AUTOINCREMENT".to_owned(),
            (_, true) => "PRIMARY KEY DESC".to_owned(),
            _ => "PRIMARY KEY".to_owned(),
        });
        table.columns.push(column);
        table.identity = if backwards {
            Identity::Key(vec![name.clone()])
        } else {
            Identity::Integer {
                column: name.clone(),
                autoincrement,
            }
        };
        let feature = "foreign key to a primary key";
        table.keys.push(Key {
            columns: vec![name],
            primary: true,
            feature,
        });
    }

    /// Other columns as the primary key, in the place of the row's number or beside it.
    fn key(&mut self, table: &mut Table, without_rowid: bool) {
        let mut columns = Vec::new();
        let mut parts = Vec::new();
        let mut plain = true;
        for _ in 0..*self.dice.pick(&[1, 1, 2, 2, 3]) {
            let kind = *self.dice.pick(&[
                Kind::Text,
                Kind::Text,
                Kind::Integer,
                Kind::Blob,
                Kind::Real,
                Kind::Any,
            ]);
            let name = table.names.fresh(&mut self.dice);
            let mut column = self.typed_column(name.clone(), kind, table.strict);
            column.key = true;
            let mut part = quoted(&mut self.dice, &name);
            if part.starts_with('\'') {
                // A text between single quotes would be an expression here.
                part = identifier(&name);
            }
            if self.dice.percent(20) {
                let collation = self.dice.word(&["NOCASE", "RTRIM", "BINARY"]);
                part.push_str(&format!(" COLLATE {collation}"));
                plain = false;
                self.features.insert("key with a collation");
            } else if self.dice.percent(15) {
                column.clauses.push("COLLATE NOCASE".to_owned());
            }
            if self.dice.percent(25) {
                part.push_str(" DESC");
                self.features.insert("key with DESC");
            }
            table.columns.push(column);
            columns.push(name);
            parts.push(part);
        }
        table
            .constraints
            .push(format!("PRIMARY KEY ({})", parts.join(", ")));
        if plain {
            let feature = if columns.len() > 1 {
                "composite foreign key"
            } else {
                "foreign key to a primary key"
            };
            table.keys.push(Key {
                columns: columns.clone(),
                primary: true,
                feature,
            });
        }
        table.identity = if without_rowid {
            Identity::WithoutRowid(columns)
        } else {
            Identity::Key(columns)
        };
    }
}
