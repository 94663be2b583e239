//! SQL as text: names, literals, comments, and how the text of a schema object ends.

/// `name` as an identifier, whatever is in it.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// `text` as a string literal. Never for a value of a row: SQLite writes those itself.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// `text` as the rest of a line comment: nothing in it can end the line.
pub(super) fn comment(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
                ' '
            } else {
                c
            }
        })
        .collect()
}

/// A piece of SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'sql> {
    /// A keyword, a bare name or a number.
    Word(&'sql str),
    /// Something in quotes, with them: a string, a name, `[name]`.
    Quoted(&'sql str),
    /// Any other character that is not blank.
    Mark(char),
    /// A comment that reaches to the end of its line, or of the text.
    LineComment,
    /// A comment in `/* */`; `false` when it was never closed.
    BlockComment {
        /// Whether its end is there.
        closed: bool,
    },
}

/// The tokens of `sql`, as SQLite splits it. Blanks are left out.
pub(super) fn tokens(sql: &str) -> Tokens<'_> {
    Tokens { rest: sql }
}

/// See [`tokens`].
#[derive(Debug, Clone)]
pub(super) struct Tokens<'sql> {
    rest: &'sql str,
}

impl<'sql> Tokens<'sql> {
    /// Takes the first `length` bytes, which end between two characters.
    fn take(&mut self, length: usize) -> &'sql str {
        let (taken, rest) = self
            .rest
            .split_at_checked(length)
            .unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// The length of a quoted token: a doubled closing quote does not close it, except that `]` cannot be doubled.
    fn quoted(&self, close: char) -> usize {
        let mut at = 1;
        loop {
            let Some(found) = self.rest.get(at..).and_then(|rest| rest.find(close)) else {
                return self.rest.len();
            };
            at += found + 1;
            let doubled = close != ']'
                && self
                    .rest
                    .get(at..)
                    .is_some_and(|rest| rest.starts_with(close));
            if !doubled {
                return at;
            }
            at += 1;
        }
    }
}

impl<'sql> Iterator for Tokens<'sql> {
    type Item = Token<'sql>;

    fn next(&mut self) -> Option<Token<'sql>> {
        self.rest = self
            .rest
            .trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']);
        let first = self.rest.chars().next()?;
        if self.rest.starts_with("--") {
            let length = self.rest.find('\n').unwrap_or(self.rest.len());
            self.take(length);
            return Some(Token::LineComment);
        }
        if self.rest.starts_with("/*") {
            let end = self.rest.get(2..).and_then(|rest| rest.find("*/"));
            self.take(end.map_or(self.rest.len(), |end| end + 4));
            return Some(Token::BlockComment {
                closed: end.is_some(),
            });
        }
        if let '\'' | '"' | '`' | '[' = first {
            let length = self.quoted(if first == '[' { ']' } else { first });
            return Some(Token::Quoted(self.take(length)));
        }
        if is_word(first) {
            let length = self
                .rest
                .find(|c: char| !is_word(c))
                .unwrap_or(self.rest.len());
            return Some(Token::Word(self.take(length)));
        }
        self.take(first.len_utf8());
        Some(Token::Mark(first))
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$' || !c.is_ascii()
}

/// The text inside a quoted token, or the word itself: what it names.
pub(super) fn unquoted(token: &str) -> String {
    let Some(open) = token.chars().next() else {
        return String::new();
    };
    let close = if open == '[' { ']' } else { open };
    let inner = match open {
        '\'' | '"' | '`' | '[' => token
            .get(1..)
            .map(|rest| rest.strip_suffix(close).unwrap_or(rest)),
        _ => None,
    };
    match inner {
        Some(inner) if open == '[' => inner.to_owned(),
        Some(inner) => {
            let doubled: String = [close, close].iter().collect();
            inner.replace(&doubled, &close.to_string())
        }
        None => token.to_owned(),
    }
}

/// `sql` with the semicolon that ends it. The text of a view may end inside a comment, which would swallow it.
pub(super) fn terminated(sql: &str) -> String {
    match tokens(sql).last() {
        Some(Token::LineComment) => format!("{sql}\n;\n"),
        Some(Token::BlockComment { closed: false }) => format!("{sql}*/;\n"),
        _ => format!("{sql};\n"),
    }
}

/// Whether `word` stands in `sql` outside of quotes and comments, in any case.
pub(super) fn has_keyword(sql: &str, word: &str) -> bool {
    tokens(sql).any(|token| matches!(token, Token::Word(found) if found.eq_ignore_ascii_case(word)))
}

/// Whether `name` stands in `sql` as a name, in quotes or not.
pub(super) fn names(sql: &str, name: &str) -> bool {
    tokens(sql).any(|token| match token {
        Token::Word(word) => same_name(word, name),
        Token::Quoted(quoted) => same_name(&unquoted(quoted), name),
        _ => false,
    })
}

/// Whether two names mean the same to SQLite, which folds the case of ASCII letters only.
pub(super) fn same_name(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// The operands joined by `operator` as a balanced tree: D1 refuses expressions deeper than 100.
pub(super) fn balanced(operands: &[String], operator: &str) -> String {
    match operands {
        [] => String::new(),
        [one] => one.clone(),
        many => {
            let (left, right) = many.split_at(many.len() / 2);
            format!(
                "({} {operator} {})",
                balanced(left, operator),
                balanced(right, operator)
            )
        }
    }
}

/// The operands as arguments of `call`, of calls of it where they are more than a function takes.
/// <https://developers.cloudflare.com/d1/platform/limits/>
pub(super) fn spread(call: &str, operands: &[String]) -> String {
    const MOST: usize = 30;
    if operands.len() <= MOST {
        return format!("{call}{})", operands.join(", "));
    }
    let inner: Vec<String> = operands
        .chunks(MOST)
        .map(|operands| spread(call, operands))
        .collect();
    spread(call, &inner)
}

/// The literals of a row, between which there are commas: commas in a text or in a call's brackets are none of those.
pub(super) fn literals(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut start, mut depth, mut is_text) = (0, 0_u32, false);
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            b'\'' => is_text = !is_text,
            _ if is_text => {}
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                found.extend(line.get(start..at));
                start = at + ", ".len();
            }
            _ => {}
        }
    }
    found.extend(line.get(start..));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_literals_are_quoted_whatever_is_in_them() {
        assert_eq!(identifier("a\"b"), "\"a\"\"b\"");
        assert_eq!(literal("it's"), "'it''s'");
    }

    #[test]
    fn nothing_ends_a_comment_early() {
        assert_eq!(comment("a\nDROP\r\u{2028}b"), "a DROP  b");
    }

    #[test]
    fn a_text_that_ends_in_a_comment_still_gets_its_semicolon() {
        assert_eq!(terminated("CREATE x"), "CREATE x;\n");
        assert_eq!(terminated("CREATE x -- y"), "CREATE x -- y\n;\n");
        assert_eq!(terminated("CREATE x /* y"), "CREATE x /* y*/;\n");
        assert_eq!(terminated("CREATE '-- y'"), "CREATE '-- y';\n");
        assert_eq!(terminated("CREATE /* y */"), "CREATE /* y */;\n");
    }

    #[test]
    fn a_keyword_in_quotes_or_a_comment_is_none() {
        assert!(has_keyword("CREATE TABLE t (a cHeck (a > 1))", "check"));
        for sql in [
            "'check'",
            "\"check\"",
            "[check]",
            "-- check",
            "/* check */",
            "checks",
        ] {
            assert!(!has_keyword(sql, "check"), "{sql}");
        }
    }

    #[test]
    fn quotes_are_taken_off_as_sqlite_does() {
        for (token, name) in [
            ("'a''b'", "a'b"),
            ("\"a\"\"b\"", "a\"b"),
            ("`a``b`", "a`b"),
            ("[a\"b]", "a\"b"),
            ("plain", "plain"),
            ("''", ""),
        ] {
            assert_eq!(unquoted(token), name);
        }
    }

    #[test]
    fn operands_are_joined_as_a_tree() {
        let operands: Vec<String> = ["a", "b", "c"].map(ToOwned::to_owned).to_vec();
        assert_eq!(balanced(&operands, "||"), "(a || (b || c))");
    }

    #[test]
    fn a_line_has_the_literals_of_its_row() {
        for literals_of_row in [
            vec!["1"],
            vec!["1", "'a, b'", "NULL"],
            vec!["'it''s, ('', ('", "X'00'", "-9.0e+999"],
            vec![
                "replace('a, \\r', '\\r', char(13))",
                "CAST(X'00' AS TEXT)",
                "''",
            ],
        ] {
            assert_eq!(literals(&literals_of_row.join(", ")), literals_of_row);
        }
    }

    #[test]
    fn no_call_has_more_than_31_arguments() {
        let operands: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        assert_eq!(spread("f(", &operands[..2]), "f(0, 1)");
        assert_eq!(spread("f(", &operands).matches("f(").count(), 5);
        assert_eq!(spread("f(", &operands).matches(", ").count(), 99);
    }
}
