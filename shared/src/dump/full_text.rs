//! FTS5 tables: where their text is, read from the arguments of their `USING fts5(…)`.
//!
//! <https://www.sqlite.org/fts5.html#external_content_and_contentless_tables>

use super::sql::{Token, same_name, tokens, unquoted};

/// The options of FTS5 in the order in which it looks for one that begins like a given name: it takes `con` for
/// `content`.
const OPTIONS: [&str; 10] = [
    "prefix",
    "tokenize",
    "content",
    "contentless_delete",
    "contentless_unindexed",
    "content_rowid",
    "columnsize",
    "locale",
    "detail",
    "tokendata",
];

/// Where the text of a full-text table is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    /// In the table itself.
    Own,
    /// In another table or view; the index is made again from it.
    External {
        /// The other table's name.
        table: String,
        /// Whether rows are matched by a rowid that is no declared column of the table.
        by_rowid: Option<String>,
    },
    /// Nowhere: what was indexed cannot be read back.
    Contentless,
}

/// The module of a virtual table and its arguments, each as its tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Module<'sql> {
    /// Its name, in lower case.
    pub(super) name: String,
    arguments: Vec<Vec<Token<'sql>>>,
}

/// What stands after `USING` in the text of a virtual table; `None` when there is none.
pub(super) fn module(sql: &str) -> Option<Module<'_>> {
    let mut rest = tokens(sql)
        .filter(|token| !matches!(token, Token::LineComment | Token::BlockComment { .. }))
        .skip_while(|token| !matches!(token, Token::Word(word) if same_name(word, "using")));
    rest.next()?;
    let (Token::Word(name) | Token::Quoted(name)) = rest.next()? else {
        return None;
    };
    let mut arguments = vec![Vec::new()];
    let mut depth = 0_usize;
    for token in rest {
        match token {
            Token::Mark('(') => depth += 1,
            Token::Mark(')') => depth = depth.saturating_sub(1),
            Token::Mark(',') if depth == 1 => arguments.push(Vec::new()),
            _ => {}
        }
        if let (Some(last), false) = (
            arguments.last_mut(),
            matches!(token, Token::Mark('(' | ')' | ',')),
        ) {
            last.push(token);
        }
    }
    Some(Module {
        name: unquoted(name).to_ascii_lowercase(),
        arguments,
    })
}

impl Module<'_> {
    /// The value of an option `name = value`, without its quotes.
    fn option(&self, name: &str) -> Option<String> {
        self.arguments
            .iter()
            .find_map(|argument| match argument.as_slice() {
                [Token::Word(key), Token::Mark('='), rest @ ..] if meant(key) == Some(name) => {
                    Some(match rest {
                        [Token::Word(value) | Token::Quoted(value), ..] => unquoted(value),
                        _ => String::new(),
                    })
                }
                _ => None,
            })
    }

    /// Where the text of this full-text table is.
    pub(super) fn content(&self) -> Content {
        match self.option("content") {
            None => Content::Own,
            Some(table) if table.is_empty() => Content::Contentless,
            Some(table) => Content::External {
                table,
                by_rowid: self.option("content_rowid"),
            },
        }
    }

    /// The endings of the tables in which FTS5 keeps its parts: a table `docs_data` is the index `docs`'s own.
    pub(super) fn parts(&self) -> Vec<&'static str> {
        let sizes = self.option("columnsize").is_none_or(|value| value != "0");
        let mut parts = vec!["_data", "_idx", "_config"];
        if self.content() == Content::Own {
            parts.push("_content");
        }
        if sizes {
            parts.push("_docsize");
        }
        parts
    }
}

/// The option that FTS5 takes `key` for.
fn meant(key: &str) -> Option<&'static str> {
    let begins = |option: &&str| {
        let start = option.get(..key.len());
        start.is_some_and(|start| same_name(start, key))
    };
    OPTIONS.into_iter().find(begins)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(sql: &str) -> Content {
        module(sql).unwrap().content()
    }

    #[test]
    fn a_table_without_the_option_keeps_its_text() {
        let sql = "CREATE VIRTUAL TABLE \"using\" USING fts5(a, b UNINDEXED, tokenize = \"porter 'ascii'\")";
        assert_eq!(content(sql), Content::Own);
        assert_eq!(module(sql).unwrap().name, "fts5");
    }

    #[test]
    fn an_external_table_is_found_in_any_quotes() {
        for table in ["docs", "'docs'", "\"docs\"", "`docs`", "[docs]"] {
            let sql = format!("CREATE VIRTUAL TABLE f USING FTS5(a,content={table},b)");
            let Content::External { table, by_rowid } = content(&sql) else {
                panic!("{sql}");
            };
            assert_eq!((table.as_str(), by_rowid), ("docs", None));
        }
    }

    #[test]
    fn the_column_that_holds_the_rowid_is_found() {
        let found =
            content("CREATE VIRTUAL TABLE f USING fts5(a, content = 'd', content_rowid = \"id\")");
        assert_eq!(
            found,
            Content::External {
                table: "d".into(),
                by_rowid: Some("id".into())
            }
        );
    }

    #[test]
    fn an_option_may_be_cut_short() {
        for option in ["con='d'", "CONTENT='d'", "c='d'"] {
            let found = content(&format!("CREATE VIRTUAL TABLE f USING fts5(a, {option})"));
            assert!(matches!(found, Content::External { .. }), "{option}");
        }
        let found = content("CREATE VIRTUAL TABLE f USING fts5(a, contentl=1)");
        assert_eq!(found, Content::Own);
    }

    #[test]
    fn an_empty_content_is_contentless() {
        for sql in [
            "CREATE VIRTUAL TABLE f USING fts5(a, content='')",
            "CREATE VIRTUAL TABLE f USING fts5(a, content=\"\", contentless_delete=1)",
            "CREATE VIRTUAL TABLE f /* , content=x */ USING fts5(content='', a)",
        ] {
            assert_eq!(content(sql), Content::Contentless, "{sql}");
        }
    }

    #[test]
    fn only_an_index_that_keeps_its_text_has_a_table_for_it() {
        let own = module("CREATE VIRTUAL TABLE f USING fts5(a)").unwrap();
        assert!(own.parts().contains(&"_content"));
        let external =
            module("CREATE VIRTUAL TABLE f USING fts5(a, content='d', columnsize=0)").unwrap();
        assert_eq!(external.parts(), ["_data", "_idx", "_config"]);
    }
}
