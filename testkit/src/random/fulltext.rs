//! Full-text indexes in all their ways of keeping text.

use super::Generator;
use super::names::Names;
use super::values::Kind;
use crate::sql::{identifier, identifiers, literal};

const TOKENIZERS: [&str; 10] = [
    "tokenize='porter unicode61'",
    "tokenize = \"unicode61 remove_diacritics 2\"",
    "tokenize=porter",
    "tokenize = 'unicode61 tokenchars ''-_'' separators ''x'''",
    "tokenize=\"trigram\"",
    "tokenize = 'trigram case_sensitive 1'",
    "tokenize=[ascii]",
    "tokenize = \"porter 'ascii'\"",
    "tokenize=`unicode61 categories 'L* N* Co'`",
    "TOKENIZE='unicode61'",
];

impl Generator {
    pub(super) fn add_fulltext(&mut self) {
        if !self.dice.percent(45) {
            return;
        }
        for _ in 0..self.dice.between(1, 2) {
            match self.dice.below(10) {
                0..4 => self.add_own(),
                4..7 => self.add_external(),
                7 => self.add_on_view(),
                _ => self.add_contentless(),
            }
        }
    }

    /// A name of which SQLite can make names for the parts of an index.
    pub(super) fn index_name(&mut self) -> String {
        loop {
            let name = self.names.fresh(&mut self.dice);
            let parts = ["data", "idx", "content", "docsize", "config"];
            // D1 keeps what begins with _cf_ for itself.
            let ours = name != "_cf";
            if ours
                && parts
                    .iter()
                    .all(|part| self.names.claim(&format!("{name}_{part}")))
            {
                return name;
            }
        }
    }

    /// Options that any index may have.
    pub(super) fn options(&mut self) -> Vec<String> {
        let mut options = Vec::new();
        if self.dice.percent(60) {
            options.push(self.dice.word(&TOKENIZERS).to_owned());
            self.has("fts5 tokenizer");
        }
        if self.dice.percent(25) {
            options.push(
                self.dice
                    .word(&["prefix='2 3'", "prefix = \"1\"", "prefix=2", "PREFIX=[4]"])
                    .to_owned(),
            );
            self.has("fts5 prefix");
        }
        if self.dice.percent(20) {
            options.push(
                self.dice
                    .word(&[
                        "detail=none",
                        "detail='column'",
                        "detail = \"full\"",
                        "detail=\"none\"",
                    ])
                    .to_owned(),
            );
            self.has("fts5 detail");
        }
        if self.dice.percent(4) {
            options.push(self.dice.word(&["loc=1", "tokend=1"]).to_owned());
            self.has("fts5 option cut short");
        }
        options
    }

    /// The statement that makes an index. Options may stand between columns.
    pub(super) fn create_index(
        &mut self,
        name: &str,
        columns: &[String],
        mut options: Vec<String>,
    ) -> String {
        self.dice.shuffle(&mut options);
        let mut arguments: Vec<_> = columns.to_vec();
        for option in options {
            let at = if self.dice.percent(70) {
                arguments.len()
            } else {
                self.dice.between(0, arguments.len())
            };
            arguments.insert(at, option);
        }
        let head = self.dice.word(&[
            "CREATE VIRTUAL TABLE ",
            "create virtual table IF NOT EXISTS ",
            "CREATE VIRTUAL  TABLE main.",
        ]);
        let module = self.dice.word(&["fts5", "FTS5", "\"fts5\"", "fts5 "]);
        let comma = self.dice.word(&[", ", ",", ",\n  ", " ,\r\n"]);
        format!(
            "{head}{} USING {module}({})",
            identifier(name),
            arguments.join(comma)
        )
    }

    /// An index that keeps its text.
    fn add_own(&mut self) {
        let name = self.index_name();
        let mut names = Names::default();
        for taken in ["rowid", "rank", &name] {
            names.claim(taken);
        }
        let count = self.dice.between(1, 4);
        let columns: Vec<_> = (0..count).map(|_| names.fresh(&mut self.dice)).collect();
        let mut declared = Vec::new();
        for column in &columns {
            let unindexed = !declared.is_empty() && self.dice.percent(25);
            if unindexed {
                self.has("fts5 UNINDEXED");
            }
            declared.push(format!(
                "{}{}",
                identifier(column),
                if unindexed { " UNINDEXED" } else { "" }
            ));
        }
        let mut options = self.options();
        if self.dice.percent(15) {
            options.push(
                self.dice
                    .word(&["columnsize=0", "columnsize = '0'"])
                    .to_owned(),
            );
            self.has("fts5 columnsize=0");
        }
        let statement = self.create_index(&name, &declared, options);
        self.has("fts5 with its own text");
        if self.attempt_one(statement) {
            self.fill_index(&name, &columns);
            if self.dice.percent(40) {
                self.delete_from_index(&name);
            }
            self.configure(&name);
            self.add_vocabulary(&name);
            self.rename_index(&name, &columns);
        }
    }

    /// An index that is called like one of its columns could not be opened any more.
    fn rename_index(&mut self, name: &str, columns: &[String]) {
        let new = self.index_name();
        let free = columns
            .iter()
            .all(|column| !column.eq_ignore_ascii_case(&new));
        if free && self.dice.percent(10) {
            self.has("renamed full-text index");
            self.attempt_one(format!(
                "ALTER TABLE {} RENAME TO {}",
                identifier(name),
                identifier(&new)
            ));
        }
    }

    fn fill_index(&mut self, name: &str, columns: &[String]) {
        for _ in 0..self.dice.below(15) {
            let values: Vec<_> = columns.iter().map(|_| self.words()).collect();
            self.has("row of a full-text index");
            self.attempt_one(format!(
                "INSERT INTO {} ({}) VALUES ({})",
                identifier(name),
                identifiers(columns),
                values.join(", ")
            ));
        }
        for number in [
            "-7",
            "(-9223372036854775807 - 1)",
            "4294967296",
            "9223372036854775807",
        ] {
            if self.dice.percent(12) {
                let values: Vec<_> = columns.iter().map(|_| self.words()).collect();
                self.has("row of a full-text index with a number of its own");
                self.attempt_one(format!(
                    "INSERT INTO {} (rowid, {}) VALUES ({number}, {})",
                    identifier(name),
                    identifiers(columns),
                    values.join(", ")
                ));
            }
        }
    }

    /// Text with words to be found, or anything else.
    fn words(&mut self) -> String {
        if self.dice.percent(35) {
            return self.value(Kind::Any);
        }
        let words = [
            "autumn",
            "Leaves",
            "running",
            "runs",
            "Straße",
            "été",
            "e\u{301}te",
            "東京",
            "it's",
            "foo-bar",
            "BEGIN",
            "x",
            "🍂",
            "don't",
            "42",
        ];
        let count = self.dice.between(1, 12);
        let text: Vec<_> = (0..count).map(|_| self.dice.word(&words)).collect();
        literal(&text.join(" "))
    }

    fn delete_from_index(&mut self, name: &str) {
        let name = identifier(name);
        let place = self.dice.below(4);
        self.has("deleted row of a full-text index");
        self.attempt_one(format!("DELETE FROM {name} WHERE rowid = (SELECT rowid FROM {name} ORDER BY rowid LIMIT 1 OFFSET {place})"));
    }

    pub(super) fn configure(&mut self, name: &str) {
        let name = identifier(name);
        for _ in 0..*self.dice.pick(&[0, 0, 1, 2]) {
            let (setting, value) = *self.dice.pick(&[
                ("pgsz", "64"),
                ("pgsz", "1000"),
                ("automerge", "8"),
                ("automerge", "0"),
                ("crisismerge", "20"),
                ("usermerge", "3"),
                ("hashsize", "100000"),
                ("rank", "'bm25(10.0, 5.0)'"),
                ("secure-delete", "1"),
            ]);
            self.has("fts5 setting");
            self.attempt_one(format!(
                "INSERT INTO {name}({name}, rank) VALUES ({}, {value})",
                literal(setting)
            ));
        }
        if self.dice.percent(15) {
            self.attempt_one(format!("INSERT INTO {name}({name}) VALUES ('optimize')"));
        }
    }

    pub(super) fn add_vocabulary(&mut self, index: &str) {
        if !self.dice.percent(20) {
            return;
        }
        let name = self.names.fresh(&mut self.dice);
        let (kind, feature) = *self.dice.pick(&[
            ("row", "fts5vocab row"),
            ("'col'", "fts5vocab col"),
            ("\"instance\"", "fts5vocab instance"),
        ]);
        self.has(feature);
        self.attempt_one(format!(
            "CREATE VIRTUAL TABLE {} USING fts5vocab({}, {kind})",
            identifier(&name),
            literal(index)
        ));
    }

    /// An index without any text.
    fn add_contentless(&mut self) {
        let name = self.index_name();
        let mut options = self.options();
        options.push(
            self.dice
                .word(&["content=''", "content = \"\"", "content="])
                .to_owned(),
        );
        let mut feature = "fts5 contentless";
        if self.dice.percent(50) {
            options.push("contentless_delete=1".to_owned());
            feature = "fts5 contentless_delete";
        }
        let columns = ["title".to_owned(), "body".to_owned()];
        let statement = self.create_index(&name, &columns, options);
        self.has(feature);
        if self.attempt_one(statement) {
            self.fill_index(&name, &columns);
            self.add_vocabulary(&name);
        }
    }
}
