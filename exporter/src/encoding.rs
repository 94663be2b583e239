//! How the text of a dump is stored: as it is, or as gzip.
//!
//! As gzip it is one member after the other, each of whole statements, which `gunzip` reads as one file
//! (<https://www.rfc-editor.org/rfc/rfc1952#section-2.2>). So a part of an upload holds whole members, and an export goes on
//! after any of them.

use std::borrow::Cow;
use std::io::{self, Write};

use flate2::{Compression, GzBuilder};
use shared::manifest::Encoding;

/// The level at which gzip is about as fast as the database is read.
const LEVEL: Compression = Compression::new(4);
/// Bytes of an empty member with a comment, besides the comment.
const AROUND_A_COMMENT: usize = 21;
/// The longest comment: more than 65,535 bytes some readers refuse.
const LONGEST_COMMENT: usize = 60_000;

/// A run of statements as it is stored.
pub(crate) fn encode(encoding: Encoding, text: &str) -> io::Result<Cow<'_, [u8]>> {
    match encoding {
        Encoding::Plain => Ok(Cow::Borrowed(text.as_bytes())),
        Encoding::Gzip => Ok(Cow::Owned(member(text.as_bytes())?)),
    }
}

/// About how much text fills so much room, or more.
pub(crate) const fn text_in(encoding: Encoding, room: usize) -> usize {
    match encoding {
        Encoding::Plain => room,
        Encoding::Gzip => usize::MAX,
    }
}

/// Whether so many bytes go into so much room, and the rest of it can be filled.
pub(crate) const fn fits(encoding: Encoding, bytes: usize, room: usize) -> bool {
    match encoding {
        Encoding::Plain => bytes <= room,
        Encoding::Gzip => bytes == room || bytes + AROUND_A_COMMENT <= room,
    }
}

/// A text as a member of gzip.
pub(crate) fn member(text: &[u8]) -> io::Result<Vec<u8>> {
    let room = Vec::with_capacity(text.len() / 4);
    let mut member = GzBuilder::new().write(room, LEVEL);
    member.write_all(text)?;
    member.finish()
}

/// So many bytes of gzip in which there is nothing: 0, or as many as an empty member has at least.
pub(crate) fn nothing(bytes: usize) -> io::Result<Vec<u8>> {
    let mut members = Vec::with_capacity(bytes);
    while members.len() < bytes {
        let left = bytes - members.len();
        let mut length = left.min(LONGEST_COMMENT);
        if left > length && left - length < AROUND_A_COMMENT {
            length -= AROUND_A_COMMENT;
        }
        let comment = vec![b' '; length.saturating_sub(AROUND_A_COMMENT)];
        let empty = GzBuilder::new().comment(comment).write(members, LEVEL);
        members = empty.finish()?;
    }
    Ok(members)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn read(bytes: &[u8]) -> String {
        let mut text = String::new();
        let mut members = flate2::read::MultiGzDecoder::new(bytes);
        members.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn members_one_after_the_other_are_one_text() {
        let mut stored = member(b"SELECT 1;\n").unwrap();
        stored.extend(nothing(1000).unwrap());
        stored.extend(member(b"SELECT 2;\n").unwrap());
        assert_eq!(read(&stored), "SELECT 1;\nSELECT 2;\n");
    }

    #[test]
    fn any_room_is_filled_with_nothing() {
        let sizes = (21..100)
            .chain(59_990..60_100)
            .chain([0, 119_999, 120_000, 120_001, 8_000_000]);
        for size in sizes {
            let mut members = nothing(size).unwrap();
            assert_eq!(members.len(), size);
            members.extend(member(b"x").unwrap());
            assert_eq!(read(&members), "x");
        }
    }

    #[test]
    fn what_leaves_room_for_no_member_does_not_fit() {
        for (bytes, fits) in [
            (100, true),
            (99, false),
            (80, false),
            (79, true),
            (101, false),
        ] {
            assert_eq!(super::fits(Encoding::Gzip, bytes, 100), fits, "{bytes}");
        }
        assert!(fits(Encoding::Plain, 99, 100));
    }
}
