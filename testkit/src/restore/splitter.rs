//! Where wrangler ends a statement: by the states of `sqlite3_complete()`, which know triggers.

/// How far a statement has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first word.
    Before,
    Ordinary,
    Explain,
    Create,
    /// In a trigger: a semicolon ends nothing.
    Trigger,
    /// In a trigger, after a semicolon.
    Semicolon,
    /// In a trigger, after `; END`.
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Semicolon,
    Blank,
    Other,
    Explain,
    Create,
    Temporary,
    Trigger,
    End,
}

/// The statements of a text, without their semicolons. What holds only comments is none.
pub(super) fn split(sql: &str) -> Vec<&str> {
    let mut statements = Vec::new();
    let mut rest = sql;
    while !rest.is_empty() {
        let (end, useful) = statement_end(rest);
        let (statement, others) = rest.split_at(end.unwrap_or(rest.len()));
        let statement = if end.is_some() {
            &statement[..statement.len() - 1]
        } else {
            statement
        };
        let statement = trim(statement);
        if useful && !statement.is_empty() {
            statements.push(statement);
        }
        rest = others;
    }
    statements
}

/// The first word of a statement, after blanks and comments.
pub(super) fn first_word(statement: &str) -> &str {
    let mut rest = statement;
    while !rest.is_empty() {
        let (token, length) = token(rest);
        match (token, length) {
            (Token::Blank, Some(length)) => rest = &rest[length..],
            (_, length) => return &rest[..length.unwrap_or(rest.len())],
        }
    }
    rest
}

/// What JavaScript's `trim` takes away.
fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}'))
}

/// The place after the semicolon that ends the first statement, and whether there is more in it than comments.
fn statement_end(sql: &str) -> (Option<usize>, bool) {
    let mut state = State::Before;
    let mut useful = false;
    let mut at = 0;
    while at < sql.len() {
        let (token, length) = token(&sql[at..]);
        let Some(length) = length else {
            // A quote that nothing closes is something; a comment is not.
            return (None, useful || token != Token::Blank);
        };
        at += length;
        useful |= !matches!(token, Token::Semicolon | Token::Blank);
        match after(state, token) {
            Some(next) => state = next,
            None => return (Some(at), useful),
        }
    }
    (None, useful)
}

/// The state after a token; none after the end of the statement.
fn after(state: State, token: Token) -> Option<State> {
    use State::{Before, Create, End, Explain, Ordinary, Semicolon, Trigger};
    Some(match (state, token) {
        (state, Token::Blank) => state,
        (Trigger | Semicolon, Token::Semicolon) => Semicolon,
        (_, Token::Semicolon) => return None,
        (Semicolon, Token::End) => End,
        (Trigger | Semicolon | End, _) => Trigger,
        (Before, Token::Explain) | (Explain, Token::Other) => Explain,
        (Before | Explain, Token::Create) | (Create, Token::Temporary) => Create,
        (Create, Token::Trigger) => Trigger,
        (Before | Ordinary | Explain | Create, _) => Ordinary,
    })
}

/// The kind of the first token of a text, and its length unless the text ends inside it.
fn token(sql: &str) -> (Token, Option<usize>) {
    let bytes = sql.as_bytes();
    let closed_by = |close: char| sql[1..].find(close).map(|end| end + 2);
    match bytes[0] {
        b';' => (Token::Semicolon, Some(1)),
        b' ' | b'\r' | b'\t' | b'\n' | 0x0c => (Token::Blank, Some(1)),
        b'/' if sql.starts_with("/*") => (Token::Blank, sql[2..].find("*/").map(|end| end + 4)),
        b'-' if sql.starts_with("--") => (Token::Blank, sql.find('\n').map(|end| end + 1)),
        b'[' => (Token::Other, closed_by(']')),
        quote @ (b'\'' | b'"' | b'`') => (Token::Other, closed_by(char::from(quote))),
        first if is_word(first) => {
            let length = bytes.iter().position(|byte| !is_word(*byte));
            let length = length.unwrap_or(bytes.len());
            (word(&sql[..length]), Some(length))
        }
        _ => (Token::Other, Some(1)),
    }
}

fn is_word(byte: u8) -> bool {
    byte == b'_' || byte == b'$' || byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

fn word(text: &str) -> Token {
    match text.to_ascii_lowercase().as_str() {
        "explain" => Token::Explain,
        "create" => Token::Create,
        "temp" | "temporary" => Token::Temporary,
        "trigger" => Token::Trigger,
        "end" => Token::End,
        _ => Token::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_ends_at_a_semicolon_outside_of_quotes_and_comments() {
        let sql = "a ';' \";\" `;` [;] -- ;\n /* ; */ b ; c''';';";
        assert_eq!(
            split(sql),
            ["a ';' \";\" `;` [;] -- ;\n /* ; */ b", "c''';'"]
        );
    }

    #[test]
    fn a_trigger_ends_after_end_that_follows_a_semicolon() {
        let trigger = "create temp trigger t begin select case when 1 then 2 end; select '; end;'; -- x\n END";
        assert_eq!(split(&format!("{trigger} ; x")), [trigger, "x"]);
    }

    #[test]
    fn a_table_named_trigger_is_no_trigger() {
        assert_eq!(
            split("CREATE TABLE trigger (a);b"),
            ["CREATE TABLE trigger (a)", "b"]
        );
    }

    #[test]
    fn comments_alone_are_no_statement() {
        assert_eq!(split(";; -- a\n /* b; */ ;\n-- c"), [""; 0]);
    }

    #[test]
    fn the_last_statement_needs_no_semicolon_and_no_closed_quote() {
        assert_eq!(split("a; b 'c;"), ["a", "b 'c;"]);
    }

    #[test]
    fn the_first_word_comes_after_blanks_and_comments() {
        assert_eq!(first_word(" -- x\n/* y */ Begin x"), "Begin");
    }
}
