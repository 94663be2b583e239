//! Names that a careless quoting, splitting or filter would get wrong.

use std::collections::BTreeSet;

use super::Generator;
use crate::dice::Dice;
use crate::sql::identifier;

const PLAIN: [&str; 16] = [
    "users",
    "posts",
    "tags",
    "Orders",
    "files",
    "events",
    "notes",
    "items",
    "id",
    "name",
    "title",
    "body",
    "value",
    "created_at",
    "parent_id",
    "n",
];

const HOSTILE: [&str; 62] = [
    "with space",
    " leading",
    "trailing ",
    "double\"quote",
    "\"",
    "it's",
    "''",
    "back`tick",
    "[bracketed]",
    "open[",
    "close]",
    "new\nline",
    "\r\n",
    "tab\there",
    "-- comment",
    "/* comment */",
    "*/",
    "semi;colon",
    ";",
    "🍂",
    "名前",
    "select",
    "table",
    "rowid",
    "oid",
    "_rowid_",
    "scfg",
    "sqlitewannabe",
    "SQLITE",
    "_cfx",
    "_cf",
    "100%",
    "%s%n",
    "?1",
    ":name",
    "@at",
    "$dollar",
    "back\\slash",
    "\\",
    "Ärger",
    "ärger",
    "Éa",
    "éa",
    "null",
    "values",
    "order",
    "group",
    "default",
    "index",
    "trigger",
    "end",
    "a.b",
    "(",
    ")",
    "),(",
    "1st",
    "42",
    "\u{feff}bom",
    "\u{200f}rtl\u{202e}",
    "a,b",
    "--",
    "'); DROP TABLE users; --",
];

/// Words that cannot stand as a name without quotes, of those above.
const KEYWORDS: [&str; 9] = [
    "select", "table", "null", "values", "order", "group", "default", "index", "trigger",
];

/// The names that are taken. SQLite tells no letters of ASCII apart by case.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// A name that nothing in these names has yet.
    pub(super) fn fresh(&mut self, dice: &mut Dice) -> String {
        let base = match dice.below(100) {
            0..35 => dice.word(&PLAIN).to_owned(),
            35..37 => dice.word(&HOSTILE).repeat(60).chars().take(260).collect(),
            37..45 => format!("{}{}", dice.word(&PLAIN), dice.word(&HOSTILE)),
            _ => dice.word(&HOSTILE).to_owned(),
        };
        // D1 keeps this beginning for itself.
        let base = base.replace("_cf_", "_cf-");
        let mut name = base.clone();
        for number in 2.. {
            if self.claim(&name) {
                break;
            }
            name = format!("{base}{number}");
        }
        name
    }

    /// Takes a name, unless it is taken.
    pub(super) fn claim(&mut self, name: &str) -> bool {
        self.taken.insert(name.to_ascii_lowercase())
    }
}

/// A name between any of the quotes that SQL has, or none where it needs none.
pub(super) fn quoted(dice: &mut Dice, name: &str) -> String {
    let bare = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
        && !KEYWORDS.contains(&name.to_ascii_lowercase().as_str())
        && !name.eq_ignore_ascii_case("end");
    match dice.below(8) {
        0 if !name.contains(']') => format!("[{name}]"),
        1 => format!("`{}`", name.replace('`', "``")),
        2 => format!("'{}'", name.replace('\'', "''")),
        3..6 if bare => name.to_owned(),
        _ => identifier(name),
    }
}

/// The same name to SQLite, with other capitals.
pub(super) fn recased(name: &str) -> String {
    name.chars()
        .map(|c| {
            if c.is_ascii_lowercase() {
                c.to_ascii_uppercase()
            } else {
                c.to_ascii_lowercase()
            }
        })
        .collect()
}

type Check = fn(&str) -> bool;

impl Generator {
    /// Says what is special about the names in the database.
    pub(super) fn notice_names(&mut self) {
        let mut names = self
            .texts("SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'");
        names.extend(self.texts(
            "SELECT x.name FROM sqlite_schema m, pragma_table_xinfo(m.name) x WHERE m.type = 'table'",
        ));
        let checks: [(&'static str, Check); 9] = [
            ("name with quotes", |name| {
                name.contains(['"', '\'', '`', '[', ']'])
            }),
            ("name with a line end", |name| name.contains(['\n', '\r'])),
            ("name with a comment", |name| {
                name.contains("--") || name.contains("/*")
            }),
            ("name with a semicolon", |name| name.contains(';')),
            ("name with emoji", |name| name.contains('🍂')),
            ("name that is a keyword", |name| KEYWORDS.contains(&name)),
            ("name like one of SQLite's or D1's", |name| {
                ["scfg", "sqlitewannabe", "_cfx", "_cf"].contains(&name)
            }),
            ("name of over 200 characters", |name| {
                name.chars().count() > 200
            }),
            ("name with a placeholder", |name| {
                name.contains(['%', '?', '$', '@', ':', '\\'])
            }),
        ];
        for (feature, check) in checks {
            if names.iter().any(|name| check(name)) {
                self.features.insert(feature);
            }
        }
        for (one, other) in [("Ärger", "ärger"), ("Éa", "éa")] {
            if [one, other]
                .iter()
                .all(|name| names.iter().any(|found| found == name))
            {
                self.features
                    .insert("names that differ in the case of other than ASCII letters");
            }
        }
    }
}
