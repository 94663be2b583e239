//! Full-text indexes on the text of tables and views.

use super::Generator;
use super::model::{Identity, Table};
use super::objects::sync_triggers;
use crate::sql::{identifier, literal};

/// An index on the text of a table or view.
#[derive(Debug, Clone)]
pub(super) struct External {
    name: String,
}

impl External {
    pub(super) fn rebuild(&self) -> String {
        let name = identifier(&self.name);
        format!("INSERT INTO {name}({name}) VALUES ('rebuild')")
    }

    /// Fails when the index is not what its text is.
    pub(super) fn check(&self) -> String {
        let name = identifier(&self.name);
        format!("INSERT INTO {name}({name}, rank) VALUES ('integrity-check', 1)")
    }
}

impl Generator {
    /// An index on the text of a table.
    pub(super) fn add_external(&mut self) {
        let fits = |table: &&Table| {
            matches!(
                table.identity,
                Identity::Integer { .. } | Identity::RowNumber
            ) && table.address().is_some()
        };
        let tables: Vec<_> = self.tables.iter().filter(fits).cloned().collect();
        if tables.is_empty() {
            return;
        }
        let table = self.dice.pick(&tables).clone();
        let number = table.address().unwrap();
        let mut columns: Vec<_> = table
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect();
        self.dice.shuffle(&mut columns);
        columns.truncate(self.dice.between(1, 3));
        let name = self.index_name();
        let mut options = self.options();
        let content = self.content(&table.name);
        options.push(content);
        let own_number = matches!(table.identity, Identity::Integer { .. });
        if own_number && (table.row_number() != Some("rowid") || self.dice.percent(70)) {
            let Identity::Integer { column, .. } = &table.identity else {
                return;
            };
            let option = self
                .dice
                .word(&["content_rowid=", "content_rowid = ", "CONTENT_ROWID="]);
            options.push(format!("{option}{}", literal(column)));
        } else if number != "rowid" && !own_number {
            options.push(format!("content_rowid={number}"));
        }
        self.has(if own_number {
            "fts5 on a table with a number"
        } else {
            "fts5 on a table without a number"
        });
        let mut unit = Vec::new();
        if self.dice.percent(15) {
            self.has("table called like a part of an index");
            let own = identifier(&format!("{name}_content"));
            unit.push(format!(
                "CREATE TABLE {own} (id INTEGER PRIMARY KEY, note TEXT)"
            ));
            unit.push(format!("INSERT INTO {own} VALUES (1, 'mine'), (2, 'too')"));
        }
        let declared: Vec<_> = columns.iter().map(|column| identifier(column)).collect();
        unit.push(self.create_index(&name, &declared, options));
        if !self.keep_external(&name, unit) {
            return;
        }
        self.contents.insert(table.name.clone());
        if self.dice.percent(60) {
            let names = [(); 3].map(|()| self.names.fresh(&mut self.dice));
            self.has("triggers that keep an index in step");
            self.attempt(&sync_triggers(&name, &table.name, &number, &columns, names));
        }
        self.configure(&name);
        self.add_vocabulary(&name);
    }

    /// `content=`, with any of the quotes that FTS5 takes.
    fn content(&mut self, table: &str) -> String {
        let key = self.dice.word(&[
            "content=",
            "content = ",
            "CONTENT=",
            "content=",
            "content=",
            "con=",
        ]);
        if key == "con=" {
            self.has("fts5 option cut short");
        }
        let value = match self.dice.below(3) {
            0 => identifier(table),
            1 if !table.contains(']') => format!("[{table}]"),
            _ => literal(table),
        };
        format!("{key}{value}")
    }

    /// Keeps an index if it agrees with its text.
    fn keep_external(&mut self, name: &str, mut unit: Vec<String>) -> bool {
        let index = External {
            name: name.to_owned(),
        };
        unit.push(index.rebuild());
        unit.push(index.check());
        let kept = self.attempt(&unit);
        if kept {
            self.external.push(index);
        }
        kept
    }

    /// An index on the text of a view.
    pub(super) fn add_on_view(&mut self) {
        let fits = |table: &&Table| table.address().is_some() && table.row_number().is_some();
        let tables: Vec<_> = self.tables.iter().filter(fits).cloned().collect();
        if tables.is_empty() {
            return;
        }
        let table = self.dice.pick(&tables).clone();
        let column = identifier(&self.dice.pick(&table.columns).name);
        let view = self.names.fresh(&mut self.dice);
        let name = self.index_name();
        let mut options = self.options();
        options.push(self.content(&view));
        options.push("content_rowid='doc id'".to_owned());
        let create = format!(
            "CREATE VIEW {} AS SELECT {} AS \"doc id\", {column} AS text, 'more; ' || {column} AS more FROM {}",
            identifier(&view),
            table.row_number().unwrap(),
            table.sql_name()
        );
        let index = self.create_index(&name, &["text".to_owned(), "more".to_owned()], options);
        self.has("fts5 on a view");
        if self.keep_external(&name, vec![create, index]) {
            self.contents.insert(table.name);
        }
    }
}
