//! Values as SQL expressions, short enough for any statement.

use super::Generator;
use crate::dice::Dice;

/// What sort of value a column is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Any,
    Integer,
    Real,
    Text,
    Blob,
}

/// How large the values of a database get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sizes {
    Small,
    /// 10 KB.
    Medium,
    /// 44 to 60 KB: two of them in a row, or one as hex, are over a statement.
    Large,
    /// 90 to 101 KB.
    Statement,
    /// 1 to 2 MB.
    Huge,
}

impl Sizes {
    pub(super) fn random(dice: &mut Dice) -> Self {
        match dice.below(1000) {
            0..600 => Self::Small,
            600..760 => Self::Medium,
            760..890 => Self::Large,
            890..985 => Self::Statement,
            _ => Self::Huge,
        }
    }
}

type Tagged = (&'static str, &'static str);

const INTEGERS: [Tagged; 12] = [
    ("0", "integers"),
    ("1", "integers"),
    ("-1", "integers"),
    ("127", "integers"),
    ("-129", "integers"),
    ("4294967296", "integers"),
    ("9223372036854775807", "ends of 64 bits"),
    ("(-9223372036854775807 - 1)", "ends of 64 bits"),
    ("9007199254740991", "integers about 2^53"),
    ("9007199254740993", "integers about 2^53"),
    ("-9007199254740993", "integers about 2^53"),
    ("-9007199254740992", "integers about 2^53"),
];

const REALS: [Tagged; 18] = [
    ("0.1 + 0.2", "reals"),
    ("1.0", "whole reals"),
    ("-0.0", "negative zero"),
    ("CAST('-0.0' AS REAL)", "negative zero"),
    ("1e308", "extreme reals"),
    ("-1.7976931348623157e308", "extreme reals"),
    ("5e-324", "extreme reals"),
    ("2.2250738585072014e-308", "extreme reals"),
    ("9e999", "infinity"),
    ("-9e999", "infinity"),
    ("1.0 / 3", "reals"),
    ("123456789.123456789", "reals"),
    ("9007199254740993.0", "whole reals"),
    ("1e15", "whole reals"),
    ("1e17", "whole reals"),
    ("9.223372036854775807e18", "whole reals"),
    ("-1e-7", "reals"),
    ("3.141592653589793", "reals"),
];

const TEXTS: [Tagged; 62] = [
    ("''", "empty text"),
    ("'a'", "plain text"),
    ("'hello world'", "plain text"),
    ("'Hello World'", "plain text"),
    ("'hello world  '", "plain text"),
    ("'it''s \"quoted\" `here` [there]'", "text with quotes"),
    ("''''", "text with quotes"),
    ("''''''", "text with quotes"),
    ("'unix\nline'", "text with a line end"),
    ("'windows\r\nline\r\n'", "text with a carriage return"),
    ("'mac\rline'", "text with a carriage return"),
    ("'\n'", "text with a line end"),
    ("'\r'", "text with a carriage return"),
    (
        "'literal \\r and \\n and \\\\ and \\0'",
        "text with backslashes",
    ),
    ("'\\'", "text with backslashes"),
    ("'\\u000a'", "text with backslashes"),
    ("CAST(X'00' AS TEXT)", "text with NUL"),
    ("CAST(X'0061' AS TEXT)", "text with NUL"),
    ("CAST(X'610062' AS TEXT)", "text with NUL"),
    ("CAST(X'6100' AS TEXT)", "text with NUL"),
    ("CAST(X'6127006227' AS TEXT)", "text with NUL"),
    ("CAST(X'c328' AS TEXT)", "invalid UTF-8"),
    ("CAST(X'e2' AS TEXT)", "invalid UTF-8"),
    ("CAST(X'61e282' AS TEXT)", "invalid UTF-8"),
    ("CAST(X'eda080' AS TEXT)", "invalid UTF-8"),
    ("CAST(X'edb080' AS TEXT)", "invalid UTF-8"),
    ("CAST(X'c080' AS TEXT)", "invalid UTF-8"),
    ("CAST(X'f0808080' AS TEXT)", "invalid UTF-8"),
    ("CAST(X'f4908080' AS TEXT)", "invalid UTF-8"),
    ("CAST(X'ff' AS TEXT)", "invalid UTF-8"),
    ("CAST(X'806162' AS TEXT)", "invalid UTF-8"),
    ("CAST(X'efbfbd' AS TEXT)", "replacement character"),
    ("'a\u{fffd}b'", "replacement character"),
    ("'🍂🌳 👩‍👩‍👧 🇨🇭 n\u{303}'", "text beyond ASCII"),
    ("'\u{feff}bom'", "byte order mark"),
    ("'\u{feff}'", "byte order mark"),
    ("'\u{200f}שלום \u{202e}abc\u{202c}'", "text beyond ASCII"),
    (
        "'\u{10ffff}\u{fffe}\u{85}\u{2028}\u{2029}'",
        "text beyond ASCII",
    ),
    ("'\u{1}\u{8}\u{1b}[31m\u{7f}'", "control characters"),
    ("'BEGIN TRANSACTION;'", "words of transactions"),
    (
        "'first BEGIN TRANSACTION; then\nCOMMIT;\n'",
        "words of transactions",
    ),
    ("'BEGIN TRANSACTION'", "words of transactions"),
    ("'COMMIT;'", "words of transactions"),
    ("'; END; ROLLBACK; SAVEPOINT x;'", "words of transactions"),
    ("'-- comment'", "text that looks like SQL"),
    ("'/* open'", "text that looks like SQL"),
    ("'*/'", "text that looks like SQL"),
    ("'line;\nline;\n;'", "text that looks like SQL"),
    ("'''); DROP TABLE users; --'", "text that looks like SQL"),
    (
        "'INSERT INTO \"t\" VALUES (1);\nPRAGMA foreign_keys=OFF;'",
        "text that looks like SQL",
    ),
    ("'a\n.quit\nb'", "commands of the shell"),
    ("'\n/\ngo\n'", "commands of the shell"),
    ("'.dump'", "commands of the shell"),
    ("'12'", "numbers as text"),
    ("' 12'", "numbers as text"),
    ("'1e5'", "numbers as text"),
    ("'0x10'", "numbers as text"),
    ("'1.0'", "numbers as text"),
    ("'-0'", "numbers as text"),
    ("'9223372036854775808'", "numbers as text"),
    ("'NULL'", "plain text"),
    ("'Inf'", "plain text"),
];

const BLOBS: [Tagged; 11] = [
    ("X''", "empty blob"),
    ("X'00'", "blob"),
    ("X'00ff00ff'", "blob"),
    ("X'27'", "blob"),
    ("X'c328'", "blob"),
    ("CAST('plain text as a blob' AS BLOB)", "blob"),
    (
        "CAST(''');\nDROP TABLE t; --' AS BLOB)",
        "blob that looks like SQL",
    ),
    (
        "CAST('BEGIN TRANSACTION;' AS BLOB)",
        "blob that looks like SQL",
    ),
    ("zeroblob(100)", "blob"),
    ("CAST('12' AS BLOB)", "numbers as blob"),
    ("X'0d0a'", "blob"),
];

impl Generator {
    /// A value for a column that takes any, or mostly of one kind.
    pub(super) fn value(&mut self, kind: Kind) -> String {
        if kind == Kind::Any || self.dice.percent(15) {
            if self.dice.percent(12) {
                return "NULL".to_owned();
            }
            let other = *self.dice.pick(&[
                Kind::Integer,
                Kind::Real,
                Kind::Text,
                Kind::Text,
                Kind::Blob,
            ]);
            return self.typed(other);
        }
        self.typed(kind)
    }

    /// A value of exactly this type.
    pub(super) fn typed(&mut self, kind: Kind) -> String {
        if matches!(kind, Kind::Text | Kind::Blob)
            && self.sizes != Sizes::Small
            && self
                .dice
                .percent(if self.sizes == Sizes::Huge { 3 } else { 8 })
        {
            return self.long(kind);
        }
        let (sql, feature) = match kind {
            Kind::Integer if self.dice.percent(60) => {
                return self.dice.between(0, 1000).to_string();
            }
            Kind::Integer => *self.dice.pick(&INTEGERS),
            Kind::Real => *self.dice.pick(&REALS),
            Kind::Blob => *self.dice.pick(&BLOBS),
            Kind::Text if self.dice.percent(25) => {
                return format!("'row {}'", self.dice.below(100_000));
            }
            Kind::Text => *self.dice.pick(&TEXTS),
            Kind::Any => ("NULL", "NULL"),
        };
        self.has(feature);
        sql.to_owned()
    }

    /// A value that a key can be, with a good chance to be different each time.
    pub(super) fn key_value(&mut self, kind: Kind) -> String {
        match kind {
            Kind::Integer if self.dice.percent(90) => {
                let number = self.dice.below(5000);
                if self.dice.percent(20) {
                    format!("-{number}")
                } else {
                    number.to_string()
                }
            }
            // Not the greatest: after it, SQLite draws row numbers by chance.
            Kind::Integer => (*self.dice.pick(&[
                "4611686018427387904",
                "(-9223372036854775807 - 1)",
                "9007199254740993",
                "0",
            ]))
            .to_owned(),
            Kind::Text | Kind::Any if self.dice.percent(50) => {
                format!("'key {}'", self.dice.below(100_000))
            }
            Kind::Blob if self.dice.percent(60) => format!("X'{:08x}'", self.dice.below(1 << 31)),
            Kind::Real if self.dice.percent(60) => format!("{}.5", self.dice.below(10_000)),
            kind => self.typed(kind),
        }
    }

    /// A text or blob of the size of this database's long ones.
    pub(super) fn long(&mut self, kind: Kind) -> String {
        let (low, high, feature) = match self.sizes {
            Sizes::Small | Sizes::Medium => (9_000, 11_000, "values of 10 KB"),
            Sizes::Large => (44_000, 60_000, "values of 44 to 60 KB"),
            Sizes::Statement => (90_000, 101_000, "values of 90 to 101 KB"),
            Sizes::Huge => (1_000_000, 1_990_000, "values of 1 to 2 MB"),
        };
        self.has(feature);
        let length = self.dice.between(low, high);
        self.repeated(kind, length)
    }

    /// One piece of text again and again, up to about `length` bytes, with an end that is different.
    fn repeated(&mut self, kind: Kind, length: usize) -> String {
        let pieces = [
            "ab",
            "it''s",
            "''''",
            "line\n",
            "line\r\n",
            "🍂é",
            "semi;\n",
            "-- x\n",
            "\\n",
            "BEGIN TRANSACTION;",
            "x y z ",
            "\u{feff}€",
        ];
        let piece = self.dice.word(&pieces);
        let times = length / piece.replace("''", "'").len();
        let start = "x".repeat(self.dice.below(4));
        let end = self.dice.word(&[
            "'end'",
            "''",
            "char(0)",
            "char(0) || 'end'",
            "CAST(X'c328' AS TEXT)",
            "CAST(X'e282' AS TEXT)",
            "char(13)",
        ]);
        if end.contains("(0)") {
            self.has("long text with NUL");
        } else if end.contains("X'") {
            self.has("long invalid UTF-8");
        }
        if piece.contains("''") {
            self.has("long text of quotes");
        }
        let text =
            format!("'{start}' || replace(hex(zeroblob({times})), '00', '{piece}') || {end}");
        match kind {
            Kind::Blob => format!("CAST({text} AS BLOB)"),
            _ => format!("({text})"),
        }
    }
}
