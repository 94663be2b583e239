//! Databases to back up, and people who go on writing to them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use shared::native::NativeDatabase;
use shared::time::Timestamp;
use testkit::fingerprint::{self, Fingerprint};

use crate::rng::Dice;

/// A database as somebody saw it.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    /// When.
    pub(crate) at: Timestamp,
    /// What was in it.
    pub(crate) print: Rc<Fingerprint>,
}

/// A database, and every state in which the exporter saw it.
#[derive(Debug)]
pub(crate) struct Source {
    /// Its name in the registry.
    pub(crate) name: String,
    /// The exporter's binding to it.
    pub(crate) binding: String,
    /// It.
    pub(crate) database: NativeDatabase,
    design: Design,
    dice: Dice,
    /// Counts the changes.
    version: Cell<u64>,
    /// The version of the newest look.
    seen: Cell<u64>,
    altered: Cell<u32>,
    looks: RefCell<Vec<Look>>,
}

/// Changes of the schema of one database.
const MOST_ALTERATIONS: u32 = 6;

/// What kind of database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Design {
    /// Tables that refer to each other, a counter, a trigger, a view.
    Library,
    /// Rows that refer to rows of the same table, and a table without rowids.
    Forest,
    /// Large enough, by its file, to be read in pages; no references, since those of a database that changes between two pages
    /// cannot hold.
    Journal,
}

const LIBRARY: &str = "
CREATE TABLE authors (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, born REAL, photo BLOB);
CREATE TABLE books (id INTEGER PRIMARY KEY, author INTEGER NOT NULL REFERENCES authors(id) ON DELETE CASCADE, title TEXT UNIQUE);
CREATE TABLE counts (what TEXT PRIMARY KEY, number INTEGER NOT NULL);
CREATE INDEX books_author ON books(author);
CREATE VIEW shelf AS SELECT a.name, b.title FROM books b JOIN authors a ON a.id = b.author;
INSERT INTO counts VALUES ('books', 0);
CREATE TRIGGER counted AFTER INSERT ON books BEGIN UPDATE counts SET number = number + 1 WHERE what = 'books'; END;";

const FOREST: &str = "
CREATE TABLE nodes (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES nodes(id), label TEXT);
CREATE TABLE settings (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE notes (body TEXT, weight REAL);";

const JOURNAL: &str = "
CREATE TABLE filler (x BLOB);
INSERT INTO filler VALUES (zeroblob(200000));
DELETE FROM filler;
CREATE TABLE entries (id INTEGER PRIMARY KEY, kind TEXT, body TEXT);
CREATE TABLE pairs (a TEXT, b INTEGER, c, PRIMARY KEY (a, b)) WITHOUT ROWID;
CREATE INDEX entries_kind ON entries(kind);";

impl Source {
    /// One that has some rows.
    pub(crate) fn new(name: &str, design: Design, dice: Dice) -> Self {
        let database = NativeDatabase::empty();
        let schema = match design {
            Design::Library => LIBRARY,
            Design::Forest => FOREST,
            Design::Journal => JOURNAL,
        };
        let connection = database.connection();
        connection.execute_batch(schema).expect("a schema is right");
        let source = Self {
            name: name.to_owned(),
            binding: format!("{}_DB", name.to_uppercase()),
            database,
            design,
            dice,
            version: Cell::new(1),
            seen: Cell::new(0),
            altered: Cell::new(0),
            looks: RefCell::default(),
        };
        let rows = match design {
            Design::Journal => 24 + source.dice.below(24),
            Design::Library | Design::Forest => 4 + source.dice.below(12),
        };
        for _ in 0..rows {
            source.insert();
        }
        source
    }

    /// Somebody looks at it.
    pub(crate) fn look(&self, at: Timestamp) {
        let mut looks = self.looks.borrow_mut();
        let known = looks
            .last()
            .filter(|_| self.seen.get() == self.version.get());
        let print = known.map(|look| Rc::clone(&look.print));
        let print = print.unwrap_or_else(|| Rc::new(fingerprint::of(self.database.reader())));
        self.seen.set(self.version.get());
        looks.push(Look { at, print });
    }

    /// What was seen of it between two moments.
    pub(crate) fn looks(&self, from: Timestamp, until: Timestamp) -> Vec<Look> {
        let looks = self.looks.borrow();
        let within = looks
            .iter()
            .filter(|look| (from..=until).contains(&look.at));
        within.cloned().collect()
    }

    /// Somebody changes something.
    pub(crate) fn change(&self) -> String {
        match self.dice.below(40) {
            0..16 => self.insert(),
            16..28 => self.update(),
            28..39 => self.delete(),
            // A schema must fit a part of its dump.
            _ if self.altered.get() < MOST_ALTERATIONS => self.alter(),
            _ => self.insert(),
        }
    }

    fn run(&self, sql: String) -> String {
        // What a constraint refuses is no change.
        let done = self.database.reader().execute_batch(&sql);
        if done.is_ok() {
            self.version.set(self.version.get() + 1);
        }
        sql
    }

    /// A literal of any type, some of which are hard to write.
    fn value(&self) -> String {
        let number = self.dice.below(1000);
        match self.dice.below(9) {
            0 => "NULL".to_owned(),
            1 => format!("{}", i64::MAX - i64::try_from(number).unwrap_or_default()),
            2 => format!("{number}.25e-7"),
            3 => format!("x'00ff{number:04}'"),
            4 => format!("'it''s; {number}'"),
            5 => format!("'zwei\r\nZeilen {number} 🍂'"),
            6 => format!("CAST(x'6100{number:04}' AS TEXT)"),
            7 => "9e999".to_owned(),
            _ => format!("'{}'", "word ".repeat(self.dice.index(12))),
        }
    }

    fn insert(&self) -> String {
        let (a, b) = (self.value(), self.value());
        let number = self.dice.below(100_000);
        self.run(match (self.design, self.dice.below(3)) {
            (Design::Library, 0) => format!("INSERT INTO authors (name, born, photo) VALUES ('name {number}', {a}, {b})"),
            (Design::Library, _) => format!("INSERT INTO books (author, title) SELECT id, 'title {number}' FROM authors ORDER BY (id * {number}) % 7, id LIMIT 1"),
            (Design::Forest, 0) => format!("INSERT INTO settings VALUES ('key {}', {a}) ON CONFLICT DO UPDATE SET value = excluded.value", number % 50),
            (Design::Forest, 1) => format!("INSERT INTO notes VALUES ({a}, {b})"),
            (Design::Forest, _) => format!("INSERT INTO nodes (id, parent, label) SELECT {number}, (SELECT id FROM nodes ORDER BY (id * {number}) % 11, id LIMIT 1), {a}"),
            (Design::Journal, 0) => format!("INSERT INTO pairs VALUES ('a{}', {number}, {a})", number % 5),
            (Design::Journal, _) => format!("INSERT INTO entries (kind, body) VALUES ('kind {}', {a} || '{}')", number % 4, "long ".repeat(self.dice.index(40))),
        })
    }

    fn update(&self) -> String {
        let a = self.value();
        let number = self.dice.below(100_000);
        let (table, column) = match (self.design, self.dice.below(2)) {
            (Design::Library, 0) => ("authors", "photo"),
            (Design::Library, _) => ("authors", "born"),
            (Design::Forest, 0) => ("nodes", "label"),
            (Design::Forest, _) => ("notes", "body"),
            (Design::Journal, 0) => ("pairs", "c"),
            (Design::Journal, _) => ("entries", "body"),
        };
        let key = self.key(table);
        self.run(format!(
            "UPDATE {table} SET {column} = {a} WHERE ({key} * 7 + {number}) % 5 = 0"
        ))
    }

    fn delete(&self) -> String {
        let number = self.dice.below(100_000);
        let table = match (self.design, self.dice.below(2)) {
            (Design::Library, 0) => "authors",
            (Design::Library, _) => "books",
            (Design::Forest, 0) => "nodes",
            (Design::Forest, _) => "notes",
            (Design::Journal, 0) => "pairs",
            (Design::Journal, _) => "entries",
        };
        let key = self.key(table);
        self.run(format!(
            "DELETE FROM {table} WHERE ({key} * 3 + {number}) % 9 = 0"
        ))
    }

    fn alter(&self) -> String {
        self.altered.set(self.altered.get() + 1);
        let number = self.dice.below(100_000);
        let (table, column) = match self.design {
            Design::Library => ("books", "title"),
            Design::Forest => ("notes", "body"),
            Design::Journal => ("entries", "kind"),
        };
        self.run(match self.dice.below(3) {
            0 => format!("ALTER TABLE {table} ADD COLUMN c{number} TEXT DEFAULT 'x'"),
            1 => format!(
                "CREATE TABLE t{number} (a, b TEXT); INSERT INTO t{number} VALUES (1, 'new')"
            ),
            _ => format!("CREATE INDEX i{number} ON {table}(ifnull(CAST({column} AS TEXT), ''))"),
        })
    }

    fn key(&self, table: &str) -> &'static str {
        match table {
            "pairs" => "b",
            "notes" => "rowid",
            _ => "id",
        }
    }
}
