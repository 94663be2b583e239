//! The statements of a text that comes in pieces, each when its end is there.
//!
//! A semicolon ends a statement outside of strings, quoted names and comments, but inside of a trigger only after END, as
//! <https://www.sqlite.org/c3ref/complete.html> has it.

/// The longest statement that D1 takes, in bytes: <https://developers.cloudflare.com/d1/platform/limits/>.
const LONGEST_STATEMENT: usize = 100_000;

/// A text that is no run of statements.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SplitError {
    /// No D1 would take it. What came before was given out.
    #[error(
        "a statement at byte {offset} has more than {LONGEST_STATEMENT} bytes, which D1 refuses"
    )]
    TooLong {
        /// Where it begins in the text.
        offset: u64,
    },
    /// The statement holds no UTF-8.
    #[error("the statement at byte {offset} is no UTF-8")]
    NotUtf8 {
        /// Where it begins in the text.
        offset: u64,
    },
    /// The text ends within a statement.
    #[error("the text ends within the statement that begins at byte {offset}")]
    Unfinished {
        /// Where it begins in the text.
        offset: u64,
    },
}

/// A statement of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where it begins in the text, in bytes.
    pub offset: u64,
    /// From its first word to its semicolon.
    pub sql: String,
}

/// What the next byte belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    Nothing,
    /// A string or a quoted name, up to this byte. A doubled quote ends it and begins another.
    Quoted(u8),
    Word,
    /// After one `-`.
    Dash,
    LineComment,
    /// After one `/`.
    Slash,
    BlockComment,
    /// After a `*` in it.
    Star,
}

/// How far a statement may be one that makes a trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// No word yet.
    Start,
    Explain,
    Create,
    Other,
    Trigger,
    /// After a semicolon in a trigger.
    TriggerSemicolon,
    /// After END, which followed a semicolon.
    TriggerEnd,
}

/// Splits a text; never holds more of it than one statement.
#[derive(Debug, Clone)]
pub struct Statements {
    /// The statement so far, from its first word on.
    begun: Vec<u8>,
    /// The word so far, no longer than any that matters.
    word: Vec<u8>,
    inside: Inside,
    kind: Kind,
    /// Bytes of text taken.
    taken: u64,
    /// Where the statement begins.
    start: u64,
}

impl Default for Statements {
    fn default() -> Self {
        Self::from_offset(0)
    }
}

impl Statements {
    /// Begins between two statements, so many bytes into the text.
    pub const fn from_offset(offset: u64) -> Self {
        Self {
            begun: Vec::new(),
            word: Vec::new(),
            inside: Inside::Nothing,
            kind: Kind::Start,
            taken: offset,
            start: offset,
        }
    }

    /// Takes more of the text, and gives out the statements that end in it.
    pub fn take(&mut self, text: &[u8]) -> Result<Vec<Found>, SplitError> {
        let mut found = Vec::new();
        for byte in text {
            let was_blank = self.begun.is_empty();
            let is_end = self.step(*byte);
            self.taken += 1;
            // Blanks and comments before the first word are nobody's.
            if self.kind == Kind::Start && self.is_between() {
                self.begun.clear();
                continue;
            }
            if was_blank {
                self.start = self.taken - 1;
            }
            self.begun.push(*byte);
            if self.begun.len() > LONGEST_STATEMENT {
                return Err(SplitError::TooLong { offset: self.start });
            }
            if is_end {
                let offset = self.start;
                let sql = String::from_utf8(std::mem::take(&mut self.begun))
                    .map_err(|_| SplitError::NotUtf8 { offset })?;
                found.push(Found { offset, sql });
                self.kind = Kind::Start;
                self.start = self.taken;
            }
        }
        Ok(found)
    }

    /// Ends the text.
    pub fn finish(self) -> Result<(), SplitError> {
        if self.begun.is_empty() && self.inside != Inside::BlockComment {
            return Ok(());
        }
        Err(SplitError::Unfinished { offset: self.start })
    }

    /// Whether what was taken last belongs to no statement, as long as none has begun.
    const fn is_between(&self) -> bool {
        !matches!(
            self.inside,
            Inside::Word | Inside::Quoted(_) | Inside::Dash | Inside::Slash
        )
    }

    /// Whether the byte ends the statement.
    fn step(&mut self, byte: u8) -> bool {
        self.inside = match self.inside {
            Inside::Quoted(end) if byte == end => Inside::Nothing,
            Inside::LineComment if byte == b'\n' => Inside::Nothing,
            Inside::Star if byte == b'/' => Inside::Nothing,
            Inside::BlockComment | Inside::Star if byte == b'*' => Inside::Star,
            Inside::Star => Inside::BlockComment,
            Inside::Dash if byte == b'-' => Inside::LineComment,
            Inside::Slash if byte == b'*' => Inside::BlockComment,
            inside @ (Inside::Quoted(_) | Inside::LineComment | Inside::BlockComment) => inside,
            Inside::Nothing | Inside::Word | Inside::Dash | Inside::Slash => {
                return self.outside(byte);
            }
        };
        false
    }

    fn outside(&mut self, byte: u8) -> bool {
        if matches!(self.inside, Inside::Dash | Inside::Slash) {
            self.other();
        }
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | 0x80..) {
            // Longer than any word that matters, it is none of them.
            if self.word.len() < 16 {
                self.word.push(byte.to_ascii_uppercase());
            }
            self.inside = Inside::Word;
            return false;
        }
        self.end_word();
        self.inside = match byte {
            b'\'' | b'"' | b'`' => Inside::Quoted(byte),
            b'[' => Inside::Quoted(b']'),
            b'-' => Inside::Dash,
            b'/' => Inside::Slash,
            _ => Inside::Nothing,
        };
        match byte {
            b';' => {
                let is_open = matches!(self.kind, Kind::Trigger | Kind::TriggerSemicolon);
                if is_open {
                    self.kind = Kind::TriggerSemicolon;
                }
                return !is_open && self.kind != Kind::Start;
            }
            b' ' | b'\t' | b'\n' | b'\r' | b'\x0c' | b'-' | b'/' => {}
            _ => self.other(),
        }
        false
    }

    /// Something that is no word.
    fn other(&mut self) {
        self.kind = match self.kind {
            Kind::Trigger | Kind::TriggerSemicolon | Kind::TriggerEnd => Kind::Trigger,
            Kind::Start | Kind::Explain | Kind::Create | Kind::Other => Kind::Other,
        };
    }

    fn end_word(&mut self) {
        if self.word.is_empty() {
            return;
        }
        self.kind = match (self.kind, self.word.as_slice()) {
            (Kind::Start, b"EXPLAIN") => Kind::Explain,
            (Kind::Explain, b"QUERY" | b"PLAN") => Kind::Explain,
            (Kind::Start | Kind::Explain, b"CREATE") => Kind::Create,
            (Kind::Create, b"TEMP" | b"TEMPORARY") => Kind::Create,
            (Kind::Create, b"TRIGGER") => Kind::Trigger,
            (Kind::TriggerSemicolon, b"END") => Kind::TriggerEnd,
            (Kind::Trigger | Kind::TriggerSemicolon | Kind::TriggerEnd, _) => Kind::Trigger,
            (Kind::Start | Kind::Explain | Kind::Create | Kind::Other, _) => Kind::Other,
        };
        self.word.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The statements of a text that comes in pieces of so many bytes.
    fn split(text: &str, piece: usize) -> Vec<String> {
        let mut statements = Statements::default();
        let mut found = Vec::new();
        for piece in text.as_bytes().chunks(piece) {
            found.extend(statements.take(piece).unwrap());
        }
        statements.finish().unwrap();
        for one in &found {
            let start = usize::try_from(one.offset).unwrap();
            assert!(text[start..].starts_with(&one.sql), "{one:?}");
        }
        found.into_iter().map(|one| one.sql).collect()
    }

    #[track_caller]
    fn assert_splits(text: &str, expected: &[&str]) {
        for piece in [1, 2, 7, 1_000] {
            assert_eq!(split(text, piece), expected, "pieces of {piece}");
        }
    }

    #[test]
    fn a_semicolon_ends_a_statement_outside_of_quotes_and_comments() {
        for one in [
            "SELECT ';', 'it''s;';",
            "SELECT \";\", \"a\"\";\";",
            "SELECT `;`, [;'];",
            "SELECT 1 -- ; '\n;",
            "SELECT 1 /* ; * ' ; **/;",
            "SELECT 1 - 2 / 3;",
            "SELECT '\u{e9};';",
        ] {
            assert_splits(&format!("{one}\n{one}"), &[one, one]);
        }
    }

    #[test]
    fn a_trigger_ends_after_its_end() {
        let trigger = "CREATE TEMP TRIGGER \"end;\" AFTER INSERT ON t BEGIN SELECT CASE 1 WHEN 1 THEN 2 END; SELECT 'END;'; END;";
        assert_splits(&format!("{trigger} SELECT 1;"), &[trigger, "SELECT 1;"]);
        let table = "CREATE TABLE trigger_t (a);";
        assert_splits(&format!("{table}SELECT 1;"), &[table, "SELECT 1;"]);
    }

    #[test]
    fn what_is_before_a_statement_belongs_to_none() {
        assert_splits("", &[]);
        assert_splits(" \n-- a; 'comment\n/* ; */;;\n", &[]);
        assert_splits("-- a\n /* b */ SELECT 1;\n-- c", &["SELECT 1;"]);
    }

    #[test]
    fn a_text_that_ends_too_early_is_an_error() {
        for (text, offset) in [("SELECT 1", 0), ("SELECT 1; SELECT '2;", 10)] {
            let mut statements = Statements::default();
            statements.take(text.as_bytes()).unwrap();
            assert_eq!(statements.finish(), Err(SplitError::Unfinished { offset }));
        }
    }

    #[test]
    fn a_statement_that_is_too_long_for_d1_is_an_error() {
        let text = format!("SELECT 1; SELECT '{}';", "a".repeat(LONGEST_STATEMENT));
        let error = Statements::default().take(text.as_bytes()).unwrap_err();
        assert_eq!(error, SplitError::TooLong { offset: 10 });
    }

    #[test]
    fn a_statement_that_is_no_utf_8_is_an_error() {
        let error = Statements::default().take(b"SELECT '\xff';").unwrap_err();
        assert_eq!(error, SplitError::NotUtf8 { offset: 0 });
    }
}
