//! A table's rows without what packs them, so that two dumps of the same rows have the same hash.
//!
//! How many rows share a statement, whether a text is written as hex, and whether a row is put together from pieces all depend
//! on what else was read with a row. What is hashed is each row as it were written alone and plainly, `(1, 'text'),` and a
//! line feed. A value that has the words of a statement in it is taken for one in every dump alike.

use std::borrow::Cow;
use std::collections::BTreeMap;

use memchr::{memchr, memchr2, memmem};

use super::data::RowText;
use super::hash::{Sha256, unhex};
use super::sql::identifier;

/// How a text that is written as hex begins and ends.
const HEX: (&str, &str) = ("CAST(X", " AS TEXT)");
/// How a text with carriage returns begins and ends.
const REPLACE: (&str, &str) = ("replace(", ", '\\r', char(13))");
/// How a value begins that is put together from pieces, up to its quotes.
const PIECES: &str = "(SELECT CAST(group_concat(d, ";

/// Feeds rows of a table to its hash. `scratch` is where pieces of long values are.
pub(super) fn feed(hash: &mut Sha256, text: &RowText, scratch: &str) {
    let mut plain = Plain {
        pieces: BTreeMap::new(),
        scratch: identifier(scratch),
    };
    let next = format!(";\n{}", text.head);
    let next = memmem::Finder::new(&next);
    for page in &text.pages {
        let page = plain.of(page, text.has_forms);
        feed_plain(hash, &page, &text.head, &next);
    }
}

/// The same for statements of one row each, which nothing packs.
pub(super) fn feed_statements<S: AsRef<str>>(hash: &mut Sha256, statements: &[S]) {
    let mut plain = Plain {
        pieces: BTreeMap::new(),
        scratch: String::new(),
    };
    for statement in statements {
        hash.update(plain.of(statement.as_ref(), true));
    }
}

fn feed_plain(hash: &mut Sha256, page: &[u8], head: &str, next: &memmem::Finder<'_>) {
    let Some(mut rest) = page.strip_prefix(head.as_bytes()) else {
        hash.update(page);
        return;
    };
    hash.update("(");
    while let Some(at) = next.find(rest) {
        let (rows, after) = rest.split_at(at);
        hash.update(rows);
        hash.update(",\n(");
        rest = after.get(next.needle().len()..).unwrap_or_default();
    }
    hash.update(rest.strip_suffix(b";\n").unwrap_or(rest));
    hash.update(",\n");
}

/// What writes values in the plainest way.
struct Plain {
    /// Values that are put together, by their column: the digits of hex, which most of them stay.
    pieces: BTreeMap<u64, String>,
    /// The scratch table, quoted.
    scratch: String,
}

impl Plain {
    /// A page of whole statements. Unless it `has_forms`, the only one that may be in it is hex, which is seldom.
    fn of<'text>(&mut self, page: &'text str, has_forms: bool) -> Cow<'text, [u8]> {
        if !has_forms && memmem::find(page.as_bytes(), b"CAST(X'").is_none() {
            return Cow::Borrowed(page.as_bytes());
        }
        if self.takes(page).is_some() {
            return Cow::Borrowed(&[]);
        }
        let emptying = format!("DELETE FROM {};\n", self.scratch);
        let page = match page.strip_suffix(&emptying) {
            Some(page) if !self.scratch.is_empty() => page,
            _ => page,
        };
        let plain = self.values(page);
        self.pieces.clear();
        Cow::Owned(plain)
    }

    /// Keeps the piece that a statement adds to the scratch table, if it does.
    fn takes(&mut self, page: &str) -> Option<()> {
        let scratch = (!self.scratch.is_empty()).then_some(&self.scratch)?;
        let rest = page.strip_prefix(&format!("INSERT INTO {scratch} (c, n, d) VALUES ("))?;
        let (column, rest) = rest.split_once(", ")?;
        let (_, rest) = rest.split_once(", X'")?;
        let digits = rest.strip_suffix("');\n")?;
        let column = column.parse().ok()?;
        let are_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        are_hex.then(|| self.pieces.entry(column).or_default().push_str(digits))
    }

    fn values(&self, page: &str) -> Vec<u8> {
        let mut plain = Vec::with_capacity(page.len());
        let mut rest = page;
        while let Some(at) = memchr2(b'\'', b'"', rest.as_bytes()) {
            let (before, quoted) = rest.split_at(at);
            plain.extend_from_slice(before.as_bytes());
            let (value, after) = self.special(before, quoted).map_or_else(
                || {
                    let (whole, after) = quoted_part(quoted);
                    (Cow::Borrowed(whole.as_bytes()), after)
                },
                |(drop, value, after)| {
                    plain.truncate(plain.len().saturating_sub(drop));
                    (Cow::Owned(value), after)
                },
            );
            plain.extend_from_slice(&value);
            rest = after;
        }
        plain.extend_from_slice(rest.as_bytes());
        plain
    }

    /// A value that is not written plainly: how many bytes before the quote belong to it, what it is, what comes after.
    fn special<'text>(
        &self,
        before: &str,
        quoted: &'text str,
    ) -> Option<(usize, Vec<u8>, &'text str)> {
        if before.ends_with(HEX.0) {
            let (digits, after) = quoted.strip_prefix('\'')?.split_once('\'')?;
            let after = after.strip_prefix(HEX.1)?;
            return Some((HEX.0.len(), text_of(&unhex(digits)?), after));
        }
        if before.ends_with(REPLACE.0) {
            let (whole, after) = string(quoted)?;
            let after = after.strip_prefix(REPLACE.1)?;
            let value = whole.replace("\\r", "\r").into_bytes();
            return Some((REPLACE.0.len(), value, after));
        }
        if before.ends_with(PIECES) {
            let after = quoted.strip_prefix("'') AS ")?;
            let (kind, after) = after.split_once(") FROM (SELECT d FROM ")?;
            let after = after.strip_prefix(&self.scratch)?;
            let (column, after) = after
                .strip_prefix(" WHERE c = ")?
                .split_once(" ORDER BY n))")?;
            let digits = self.pieces.get(&column.parse().ok()?)?;
            let value = match kind {
                "TEXT" => text_of(&unhex(digits)?),
                _ => blob_of(digits),
            };
            return Some((PIECES.len(), value, after));
        }
        None
    }
}

/// A string up to a quote that may be doubled, and what is behind it; what comes after a doubled one is taken for another.
fn quoted_part(quoted: &str) -> (&str, &str) {
    let Some((first, inside)) = quoted.as_bytes().split_first() else {
        return (quoted, "");
    };
    let end = memchr(*first, inside).map_or(quoted.len(), |end| end + 2);
    quoted.split_at_checked(end).unwrap_or((quoted, ""))
}

/// A whole string with its doubled quotes, and what is behind it.
fn string(quoted: &str) -> Option<(&str, &str)> {
    let mut end = 0;
    loop {
        let (part, after) = quoted_part(quoted.get(end..)?);
        end += part.len();
        if !after.starts_with('\'') {
            return Some((quoted.get(..end)?, after));
        }
    }
}

/// As `quote()` has a text.
fn text_of(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len() + 2);
    text.push(b'\'');
    for byte in bytes {
        text.push(*byte);
        if *byte == b'\'' {
            text.push(b'\'');
        }
    }
    text.push(b'\'');
    text
}

/// As `quote()` has a BLOB.
fn blob_of(digits: &str) -> Vec<u8> {
    let mut text = Vec::with_capacity(digits.len() + 3);
    text.extend_from_slice(b"X'");
    text.extend_from_slice(digits.as_bytes());
    text.push(b'\'');
    text.make_ascii_uppercase();
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dump::hex;

    const HEAD: &str = "INSERT INTO \"it's\" (\"a\") VALUES (";

    fn hash(pages: &[&str]) -> String {
        let text = RowText {
            pages: pages
                .iter()
                .map(|page| page.replace("HEAD(", HEAD))
                .collect(),
            rows: 0,
            head: HEAD.to_owned(),
            has_forms: true,
        };
        let mut hash = Sha256::default();
        feed(&mut hash, &text, "scratch");
        hex(&hash.finish())
    }

    #[test]
    fn rows_hash_alike_however_they_are_packed() {
        let together = hash(&["HEAD(1),\n(2),\n('it''s');\n"]);
        assert_eq!(
            hash(&["HEAD(1);\nHEAD(2);\n", "HEAD('it''s');\n"]),
            together
        );
        assert_ne!(hash(&["HEAD(1);\nHEAD(2);\n"]), together);
    }

    #[test]
    fn a_text_hashes_alike_however_it_is_written() {
        let plain = hash(&["HEAD('a''\u{e9}', X'00');\n"]);
        let as_hex = "HEAD(CAST(X'6127C3A9' AS TEXT), X'00');\n";
        assert_eq!(hash(&[as_hex]), plain);
        let plain = hash(&["HEAD('a\r''b', 'x');\n"]);
        let replaced = "HEAD(replace('a\\r''b', '\\r', char(13)), 'x');\n";
        assert_eq!(hash(&[replaced]), plain);
    }

    #[test]
    fn a_row_hashes_alike_although_it_is_put_together_from_pieces() {
        let row = "HEAD((SELECT CAST(group_concat(d, '') AS TEXT) FROM (SELECT d FROM \"scratch\" WHERE c = 0 ORDER BY n)), \
                   (SELECT CAST(group_concat(d, '') AS BLOB) FROM (SELECT d FROM \"scratch\" WHERE c = 1 ORDER BY n)));\n\
                   DELETE FROM \"scratch\";\n";
        let pieces = [
            "INSERT INTO \"scratch\" (c, n, d) VALUES (0, 0, X'61');\n",
            "INSERT INTO \"scratch\" (c, n, d) VALUES (0, 1, X'27');\n",
            "INSERT INTO \"scratch\" (c, n, d) VALUES (1, 0, X'0aFF');\n",
            row,
        ];
        assert_eq!(hash(&pieces), hash(&["HEAD('a''', X'0AFF');\n"]));
    }

    #[test]
    fn words_of_these_forms_in_a_text_are_text() {
        for text in [
            "HEAD('CAST(X', '6127');\n",
            "HEAD('replace(', 'a');\n",
            "HEAD('CAST(X''61'' AS TEXT)');\n",
        ] {
            assert_ne!(hash(&[text]), hash(&["HEAD('a');\n"]));
            let mut plain = Plain {
                pieces: BTreeMap::new(),
                scratch: "s".to_owned(),
            };
            assert_eq!(&*plain.of(text, true), text.as_bytes());
        }
    }
}
