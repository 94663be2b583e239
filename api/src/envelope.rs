//! What may be put around a dump for the sqlite3 shell. A stored dump has no transaction, since D1 refuses one.

use shared::manifest::Encoding;

use crate::parameters::Parameters;
use crate::ports::Piece;
use crate::problem::Problem;

/// Foreign keys are switched off before the transaction, since SQLite ignores that inside of one.
/// <https://www.sqlite.org/pragma.html#pragma_foreign_keys>
const BEFORE: &str = "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n";
const AFTER: &str = "COMMIT;\nPRAGMA foreign_keys=ON;\n";

/// What is around a dump.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Envelope {
    /// Nothing.
    None,
    /// A transaction, as the specification prints it: the shell restores all or nothing, and faster.
    Transaction,
}

impl Envelope {
    /// That of a request.
    pub(crate) fn read(parameters: &Parameters) -> Result<Self, Problem> {
        Self::named(parameters.text("envelope"))
    }

    /// The one of that name.
    pub(crate) fn named(name: Option<&str>) -> Result<Self, Problem> {
        match name {
            None => Ok(Self::None),
            Some("transaction") => Ok(Self::Transaction),
            Some(_) => Err(Problem::parameter(
                "envelope",
                "`envelope` can be `transaction`, or left out.",
            )),
        }
    }

    /// What distinguishes its entity tag.
    pub(crate) const fn suffix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Transaction => "-transaction",
        }
    }

    /// The dump in it. As gzip it is a member of the file before the dump, and one after.
    pub(crate) fn around(self, mut dump: Vec<Piece>, encoding: Encoding) -> Vec<Piece> {
        let encoded = |text| Piece::Text(encode(text, encoding));
        if self == Self::Transaction {
            dump.insert(0, encoded(BEFORE));
            dump.push(encoded(AFTER));
        }
        dump
    }
}

fn encode(text: &str, encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Plain => text.as_bytes().to_vec(),
        Encoding::Gzip => member(text),
    }
}

/// A short text as a member of gzip, not compressed: a header, one stored block, CRC-32 and length.
/// <https://www.rfc-editor.org/rfc/rfc1952#section-2.3>, <https://www.rfc-editor.org/rfc/rfc1951#section-3.2.4>
fn member(text: &str) -> Vec<u8> {
    const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    const LAST_BLOCK_IS_STORED: u8 = 1;
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    let mut member = HEADER.to_vec();
    member.push(LAST_BLOCK_IS_STORED);
    member.extend(length.to_le_bytes());
    member.extend((!length).to_le_bytes());
    member.extend(text.as_bytes());
    member.extend(crc32fast::hash(text.as_bytes()).to_le_bytes());
    member.extend(u32::from(length).to_le_bytes());
    member
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::MultiGzDecoder;

    use super::*;

    #[test]
    fn the_envelope_of_gzip_is_gzip() {
        let mut members = member(BEFORE);
        members.extend(member(AFTER));
        let mut text = String::new();
        let read = MultiGzDecoder::new(members.as_slice()).read_to_string(&mut text);
        assert_eq!(read.unwrap(), text.len());
        assert_eq!(text, format!("{BEFORE}{AFTER}"));
    }
}
