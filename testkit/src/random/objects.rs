//! Indexes, views and triggers.

use super::Generator;
use super::model::Table;
use super::names::quoted;
use crate::sql::{identifier, identifiers, literal};

#[derive(Debug, Clone)]
pub(super) struct View {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
}

impl Generator {
    pub(super) fn add_indexes(&mut self) {
        for table in self.tables.clone() {
            for _ in 0..self.dice.below(4) {
                self.add_index(&table);
            }
        }
    }

    fn add_index(&mut self, table: &Table) {
        let mut parts = Vec::new();
        for _ in 0..self.dice.between(1, 3) {
            let column = identifier(&self.dice.pick(&table.columns).name);
            let mut part = match self.dice.below(10) {
                0 => format!("lower({column})"),
                1 => format!("length({column})"),
                2 => format!("{column} || '; -- it''s'"),
                3 => format!("CASE WHEN {column} = 'END;' THEN 1 END"),
                _ => column,
            };
            if !part.starts_with('"') || part.contains("||") {
                self.has("index on an expression");
            }
            if self.dice.percent(20) {
                part.push_str(self.dice.word(&[" COLLATE NOCASE", " COLLATE rtrim"]));
                self.has("index with a collation");
            }
            if self.dice.percent(25) {
                part.push_str(" DESC");
                self.has("index with DESC");
            }
            parts.push(part);
        }
        let column = identifier(&self.dice.pick(&table.columns).name);
        let condition = match self.dice.below(10) {
            0 => format!("WHERE {column} IS NOT NULL"),
            1 => format!("WHERE {column} > 5 AND {column} <> 'it''s; -- no comment'"),
            2 => format!("WHERE typeof({column}) = 'text'"),
            _ => String::new(),
        };
        if !condition.is_empty() {
            self.has("partial index");
        }
        let unique = if self.dice.percent(20) { "UNIQUE " } else { "" };
        let exists = self.dice.word(&["", "", "IF NOT EXISTS "]);
        let name = self.names.fresh(&mut self.dice);
        let name = quoted(&mut self.dice, &name);
        let (before, after, end) = (self.gap(), self.gap(), self.trailing());
        self.has("index");
        self.attempt_one(format!(
            "CREATE {unique}INDEX {exists}{name}{before}ON {} ({}){after}{condition}{end}",
            table.sql_name(),
            parts.join(", ")
        ));
    }

    pub(super) fn add_views(&mut self) {
        for _ in 0..*self.dice.pick(&[0, 0, 1, 1, 2, 3]) {
            self.add_view();
        }
        if self.dice.percent(4) {
            let name = self.names.fresh(&mut self.dice);
            self.has("view of nothing");
            self.attempt_one(format!(
                "CREATE VIEW {} AS SELECT * FROM \"no such table\"",
                identifier(&name)
            ));
        }
    }

    fn add_view(&mut self) {
        let on_view = !self.views.is_empty() && self.dice.percent(40);
        let source = if on_view {
            self.dice.pick(&self.views).clone()
        } else {
            as_view(self.dice.pick(&self.tables))
        };
        let first = source.columns[0].clone();
        let (from, column) = (identifier(&source.name), identifier(&first));
        let gap = self.gap();
        let (columns, list, query) = match self.dice.below(7) {
            0 => (
                source.columns.clone(),
                String::new(),
                format!("SELECT{gap} * FROM {from}"),
            ),
            1 => (
                vec!["a; b".to_owned()],
                String::new(),
                format!(
                    "SELECT {column} AS \"a; b\" FROM {from}{gap} WHERE {column} IS NOT '; END; -- it''s'"
                ),
            ),
            2 => (
                vec!["x".to_owned(), "y\"z".to_owned()],
                "(x, \"y\"\"z\")".to_owned(),
                format!("SELECT {column}, \"double quotes\"{gap} FROM {from} /* ; */ ORDER BY 1"),
            ),
            3 => (
                vec!["n".to_owned()],
                String::new(),
                format!(
                    "WITH w(n) AS (SELECT {column}{gap} FROM {from}) SELECT count(*) AS n FROM w"
                ),
            ),
            4 => (
                vec!["v".to_owned()],
                String::new(),
                format!(
                    "SELECT {column} AS v FROM {from} UNION ALL{gap} SELECT '🍂 COMMIT;' -- in the middle\n"
                ),
            ),
            5 => (
                vec!["k".to_owned(), "v".to_owned()],
                String::new(),
                format!(
                    "SELECT a.{column} AS k, CASE WHEN b.{column} IS NULL THEN 'END' END AS v FROM {from} a JOIN {from} b USING ({column})"
                ),
            ),
            _ => (
                vec!["n".to_owned()],
                String::new(),
                "SELECT column1 AS n FROM (VALUES (1), ('two; '), (x'00'))".to_owned(),
            ),
        };
        let name = self.names.fresh(&mut self.dice);
        let (written, end) = (quoted(&mut self.dice, &name), self.trailing());
        if on_view {
            self.has("view of a view");
        }
        self.has("view");
        let space = self.gap();
        let head = self.dice.word(&[
            "CREATE VIEW ",
            "create view if not exists ",
            "CREATE  VIEW main.",
        ]);
        if self.attempt_one(format!("{head}{written}{list}{space} AS {query}{end}")) {
            self.views.push(View { name, columns });
        }
    }

    pub(super) fn add_triggers(&mut self) {
        let count = *self.dice.pick(&[0, 0, 1, 2, 3]);
        if count == 0 {
            return;
        }
        let audit = self.names.fresh(&mut self.dice);
        let audit = identifier(&audit);
        self.attempt_one(format!(
            "CREATE TABLE {audit} (what, \"old; value\", at INTEGER DEFAULT 0)"
        ));
        for _ in 0..count {
            if !self.views.is_empty() && self.dice.percent(35) {
                let view = self.dice.pick(&self.views).clone();
                self.has("trigger of a view");
                self.add_trigger(&view, &audit, &["INSTEAD OF"]);
            } else {
                let table = as_view(self.dice.pick(&self.tables));
                self.add_trigger(&table, &audit, &["BEFORE", "AFTER", ""]);
            }
        }
    }

    fn add_trigger(&mut self, on: &View, audit: &str, times: &[&'static str]) {
        let column = self.dice.pick(&on.columns).clone();
        let event = match self.dice.below(4) {
            0 => "INSERT".to_owned(),
            1 => "DELETE".to_owned(),
            2 => "UPDATE".to_owned(),
            _ => format!("UPDATE OF {}", identifier(&column)),
        };
        let row = if event == "DELETE" { "old" } else { "new" };
        let cell = format!("{row}.{}", identifier(&column));
        let from = identifier(&on.name);
        let gap = self.gap();
        let mut body = Vec::new();
        for _ in 0..self.dice.between(1, 3) {
            body.push(match self.dice.below(7) {
                0 => format!("INSERT INTO {audit} (what) VALUES ('; END;' || {gap} typeof({cell}))"),
                1 => format!("INSERT INTO {audit} SELECT CASE WHEN {cell} IS NULL THEN 'none' ELSE 'END' END, {cell}, 1"),
                2 => format!("UPDATE {audit} SET at = at + 1{gap} WHERE what = 'it''s; -- no comment'"),
                3 => format!("SELECT RAISE(ABORT, 'forbidden; END; it''s') WHERE {cell} = 'forbidden'"),
                4 => "SELECT RAISE(IGNORE) WHERE 0 /* ; END; */".to_owned(),
                5 => format!("DELETE FROM {audit} WHERE what IS NULL -- ; END\n"),
                _ => format!("INSERT OR IGNORE INTO {audit}(what) SELECT count(*) FROM {from}"),
            });
        }
        if self.dice.percent(3) {
            self.has("trigger that uses nothing");
            body.push("DELETE FROM \"no such table\"".to_owned());
        }
        let when = match self.dice.below(4) {
            0 => format!("WHEN {cell} IS NOT '; END;'"),
            1 => format!("WHEN CASE WHEN {cell} THEN 1 ELSE 1 END{gap}"),
            _ => String::new(),
        };
        let name = self.names.fresh(&mut self.dice);
        let name = quoted(&mut self.dice, &name);
        let time = self.dice.word(times);
        let each = self.dice.word(&["", " FOR EACH ROW", " for each row"]);
        let (begin, last) = self.dice.pick(&[
            ("BEGIN", "END"),
            ("begin", "end"),
            ("BEGIN\n ", "\nEND"),
            ("BEGIN\r\n", " -- last;\nEnd"),
        ]);
        let end = self.trailing();
        self.has("trigger");
        self.attempt_one(format!(
            "CREATE TRIGGER {name} {time} {event} ON {from}{each} {when} {begin} {};{last}{end}",
            body.join("; ")
        ));
    }
}

fn as_view(table: &Table) -> View {
    View {
        name: table.name.clone(),
        columns: table
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect(),
    }
}

/// The triggers that keep a full-text index what its table is.
pub(super) fn sync_triggers(
    index: &str,
    table: &str,
    number: &str,
    columns: &[String],
    names: [String; 3],
) -> Vec<String> {
    let (ft, on) = (identifier(index), identifier(table));
    let list = identifiers(columns);
    let row = |which: &str| {
        let cells: Vec<_> = columns
            .iter()
            .map(|column| format!("{which}.{}", identifier(column)))
            .collect();
        format!("{which}.{number}, {}", cells.join(", "))
    };
    let add = format!("INSERT INTO {ft}(rowid, {list}) VALUES ({});", row("new"));
    let remove = format!(
        "INSERT INTO {ft}({ft}, rowid, {list}) VALUES ({}, {});",
        literal("delete"),
        row("old")
    );
    let [added, removed, changed] = names.map(|name| identifier(&name));
    vec![
        format!("CREATE TRIGGER {added} AFTER INSERT ON {on} BEGIN {add} END"),
        format!("CREATE TRIGGER {removed} AFTER DELETE ON {on} BEGIN\n  {remove}\nEND"),
        format!(
            "CREATE TRIGGER {changed} AFTER UPDATE ON {on} BEGIN {remove} {add} END -- in step"
        ),
    ]
}
