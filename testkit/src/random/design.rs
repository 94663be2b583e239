//! Tables, their columns and what tells their rows apart.

use super::Generator;
use super::model::{Column, Identity, Table};
use super::names::{Names, quoted};
use super::values::Kind;
use crate::sql::identifiers;

impl Generator {
    /// Thinks up all tables and how they refer to each other.
    pub(super) fn design(&mut self) {
        let count = *self.dice.pick(&[1, 1, 2, 2, 3, 3, 4, 5, 6, 8]);
        for _ in 0..count {
            let table = self.table();
            self.tables.push(table);
        }
        self.relate();
        for place in 0..self.tables.len() {
            self.add_generated(place);
            self.widen(place);
            self.dice.shuffle(&mut self.tables[place].columns);
        }
    }

    /// Sometimes gives a wide table as many columns as D1 takes.
    fn widen(&mut self, place: usize) {
        let mut table = self.tables[place].clone();
        if table.columns.len() < 50 || !self.dice.percent(40) {
            return;
        }
        while table.columns.len() < 100 {
            let column = self.column(&mut table);
            table.columns.push(column);
        }
        self.features.insert("100 columns");
        self.tables[place] = table;
    }

    /// Makes them, in an order that has nothing to do with who refers to whom.
    pub(super) fn create_tables(&mut self) {
        let mut places: Vec<_> = (0..self.tables.len()).collect();
        self.dice.shuffle(&mut places);
        for place in &places {
            let statement = self.create(*place);
            self.tables[*place].created = self.attempt_one(statement);
        }
        for place in places {
            let table = self.tables[place].clone();
            for columns in &table.unique_indexes {
                let name = self.names.fresh(&mut self.dice);
                let name = quoted(&mut self.dice, &name);
                self.has("unique index");
                self.attempt_one(format!(
                    "CREATE UNIQUE INDEX {name} ON {} ({})",
                    table.sql_name(),
                    identifiers(columns)
                ));
            }
        }
    }

    fn table(&mut self) -> Table {
        let strict = self.dice.percent(15);
        let mut table = Table {
            name: self.names.fresh(&mut self.dice),
            columns: Vec::new(),
            names: Names::default(),
            identity: Identity::RowNumber,
            strict,
            foreign_keys: Vec::new(),
            keys: Vec::new(),
            constraints: Vec::new(),
            unique_indexes: Vec::new(),
            full: false,
            created: false,
        };
        self.identify(&mut table);
        let count = match self.dice.below(100) {
            0..4 => self.dice.between(60, 88),
            4..30 => 1,
            _ => self.dice.between(1, 6),
        };
        for _ in 0..count {
            let column = self.column(&mut table);
            table.columns.push(column);
        }
        if self.dice.percent(35) {
            self.make_unique(&mut table);
        }
        for _ in 0..self.dice.below(3) {
            self.check(&mut table);
        }
        table
    }

    fn column(&mut self, table: &mut Table) -> Column {
        let kind = *self.dice.pick(&[
            Kind::Any,
            Kind::Any,
            Kind::Integer,
            Kind::Real,
            Kind::Text,
            Kind::Text,
            Kind::Blob,
        ]);
        let name = table.names.fresh(&mut self.dice);
        let mut column = self.typed_column(name, kind, table.strict);
        if self.dice.percent(15) {
            column.not_null = true;
            let clause = self.dice.word(&[
                "NOT NULL",
                "NOT  NULL ON CONFLICT ABORT",
                "CONSTRAINT \"a name\" NOT NULL",
            ]);
            column.clauses.push(clause.to_owned());
        }
        if self.dice.percent(20) {
            self.default(&mut column, table.strict);
        }
        if self.dice.percent(10) {
            let collation = self.dice.word(&["NOCASE", "rtrim", "\"binary\""]);
            column.clauses.push(format!("COLLATE {collation}"));
        }
        column
    }

    pub(super) fn typed_column(&mut self, name: String, kind: Kind, strict: bool) -> Column {
        let declared = match (kind, strict) {
            (Kind::Any, true) => "ANY",
            (Kind::Integer, true) => self.dice.word(&["INTEGER", "INT"]),
            (Kind::Real, true) => "REAL",
            (Kind::Text, true) => "TEXT",
            (Kind::Blob, true) => "BLOB",
            (Kind::Any, false) => self.dice.word(&[
                "", "", "BLOB", "NUMERIC", "DATETIME", "BOOLEAN", "ANY", "TEXT", "INTEGER", "REAL",
            ]),
            (Kind::Integer, false) => self.dice.word(&[
                "INTEGER",
                "int",
                "BIGINT",
                "",
                "CHARINT",
                "TEXT",
                "\"odd; type\"",
            ]),
            (Kind::Real, false) => self.dice.word(&[
                "REAL",
                "DOUBLE PRECISION",
                "FLOAT",
                "FLOATING POINT",
                "DECIMAL(10,5)",
                "",
            ]),
            (Kind::Text, false) => {
                self.dice
                    .word(&["TEXT", "VARCHAR(20)", "text", "", "CLOB", "[text type]"])
            }
            (Kind::Blob, false) => self.dice.word(&["BLOB", "", "blob"]),
        };
        if declared.is_empty() {
            self.features.insert("column without a type");
        }
        Column {
            name,
            declared: declared.to_owned(),
            kind,
            not_null: false,
            clauses: Vec::new(),
            optional: false,
            withheld: false,
            key: false,
        }
    }

    /// One statement that makes the table as it was thought up.
    fn create(&mut self, place: usize) -> String {
        let table = self.tables[place].clone();
        let mut parts = Vec::new();
        for column in &table.columns {
            let mut clauses = column.clauses.clone();
            self.dice.shuffle(&mut clauses);
            let name = quoted(&mut self.dice, &column.name);
            let mut words = vec![name];
            words.extend(Some(column.declared.clone()).filter(|declared| !declared.is_empty()));
            words.extend(clauses);
            parts.push(words.join(" "));
        }
        parts.extend(table.constraints.iter().cloned());
        self.notice(&table);
        let mut body = String::new();
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                body.push(',');
            }
            body.push_str(&self.gap());
            body.push_str(part);
        }
        let mut options = Vec::new();
        if matches!(table.identity, Identity::WithoutRowid(_)) {
            options.push(self.dice.word(&["WITHOUT ROWID", "without   rowid"]));
        }
        if table.strict {
            options.push("STRICT");
        }
        self.dice.shuffle(&mut options);
        let head = self.dice.word(&[
            "CREATE TABLE ",
            "create  table ",
            "CREATE TABLE IF NOT EXISTS ",
            "CREATE TABLE main.",
        ]);
        let name = quoted(&mut self.dice, &table.name);
        let (before, after) = (self.gap(), self.gap());
        let end = self.trailing();
        format!(
            "{head}{name}{before}({body}{after}){}{end}",
            options.join(",")
        )
    }

    /// Blanks of all sorts, and comments.
    pub(super) fn gap(&mut self) -> String {
        let gap = match self.dice.below(40) {
            0..14 => " ",
            14..20 => "\n  ",
            20..24 => "",
            24..27 => "\r\n\t",
            27 => " -- it's; a \"comment\"\n",
            28 => "/* a; comment -- ' */",
            29 => "\n\n\n",
            30 => "\t \r ",
            31 => " -- with CRLF\r\n",
            _ => " ",
        };
        if gap.contains("--") || gap.contains("/*") {
            self.has("comment in SQL");
        }
        if gap.contains('\r') {
            self.has("carriage return in SQL");
        }
        gap.to_owned()
    }

    /// What may stand at the very end of a statement, and stays in the schema.
    pub(super) fn trailing(&mut self) -> String {
        let end = match self.dice.below(20) {
            0 => " -- to the end; it's 'open'",
            1 => " /* to the end; */",
            2 => "\n-- on its own line\n",
            3 => " --",
            _ => "",
        };
        if !end.is_empty() {
            self.has("comment at the end of SQL");
        }
        end.to_owned()
    }

    fn notice(&mut self, table: &Table) {
        self.has(match &table.identity {
            Identity::RowNumber => "table without a primary key",
            Identity::Integer {
                autoincrement: true,
                ..
            } => "AUTOINCREMENT",
            Identity::Integer { .. } => "INTEGER PRIMARY KEY",
            Identity::Key(_) => "primary key beside the row number",
            Identity::WithoutRowid(_) => "WITHOUT ROWID",
            Identity::Hidden => "row number without a name",
        });
        if matches!(table.identity, Identity::Key(_)) && table.row_number().is_none() {
            self.has("row number without a name");
        }
        if table.strict {
            self.has("STRICT");
        }
        if table.columns.len() > 50 {
            self.has("over 50 columns");
        }
        if table.columns.len() == 1 {
            self.has("one column");
        }
        if table.columns.first().is_some_and(|column| column.withheld) {
            self.has("generated column first");
        }
    }
}
