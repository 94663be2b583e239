//! A download as a client may ask for it: all, a range, or nothing because it has it already.
//!
//! What the headers of a request mean is decided here, without reading a byte: conditions before ranges, as
//! <https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2> has it.

use std::ops::Range;
use std::time::{Duration, UNIX_EPOCH};

use axum::http::HeaderMap;
use axum::http::header::RANGE;
use headers::{
    ETag, HeaderMapExt, IfMatch, IfModifiedSince, IfNoneMatch, IfRange, IfUnmodifiedSince,
    LastModified,
};
use http_range_header::{EndPosition, StartPosition, parse_range_header};
use shared::time::Timestamp;

/// A run of bytes of a download.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// These.
    Text(Vec<u8>),
    /// Those at this place of the object.
    Stored(Range<u64>),
}

impl Piece {
    /// How many bytes it has.
    pub(crate) fn length(&self) -> u64 {
        match self {
            Self::Text(text) => u64::try_from(text.len()).unwrap_or(u64::MAX),
            Self::Stored(range) => range.end.saturating_sub(range.start),
        }
    }

    /// The part of it from `range`, which is counted from its own beginning.
    fn cut(&self, range: Range<u64>) -> Self {
        match self {
            Self::Text(text) => {
                let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX);
                let text = text.get(at(range.start)..at(range.end));
                Self::Text(text.unwrap_or_default().to_vec())
            }
            Self::Stored(stored) => {
                let at = |place: u64| stored.start.saturating_add(place).min(stored.end);
                Self::Stored(at(range.start)..at(range.end))
            }
        }
    }
}

/// What is offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Representation {
    /// Its bytes, one run after the other.
    pub(crate) pieces: Vec<Piece>,
    /// Its strong entity tag, in quotes.
    pub(crate) etag: ETag,
    /// Since when it is as it is.
    pub(crate) modified: LastModified,
}

/// What a client gets of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Selection {
    /// All.
    All,
    /// The bytes of this range.
    Part(Range<u64>),
    /// Nothing: it has it (304).
    NotModified,
    /// Nothing: it wanted another one (412).
    PreconditionFailed,
    /// Nothing: there are no such bytes (416).
    NotSatisfiable,
}

/// A moment as the header `Last-Modified` has it.
pub(crate) fn last_modified(moment: Timestamp) -> LastModified {
    let seconds = u64::try_from(moment.seconds()).unwrap_or(0);
    LastModified::from(UNIX_EPOCH + Duration::from_secs(seconds))
}

impl Representation {
    /// How many bytes it has.
    pub(crate) fn length(&self) -> u64 {
        self.pieces.iter().map(Piece::length).sum()
    }

    /// What a request of these headers gets. A header that does not read is as none.
    pub(crate) fn select(&self, headers: &HeaderMap) -> Selection {
        if let Some(condition) = headers.typed_get::<IfMatch>() {
            if !condition.precondition_passes(&self.etag) {
                return Selection::PreconditionFailed;
            }
        } else if let Some(condition) = headers.typed_get::<IfUnmodifiedSince>()
            && !condition.precondition_passes(self.modified.into())
        {
            return Selection::PreconditionFailed;
        }
        if let Some(condition) = headers.typed_get::<IfNoneMatch>() {
            if !condition.precondition_passes(&self.etag) {
                return Selection::NotModified;
            }
        } else if let Some(condition) = headers.typed_get::<IfModifiedSince>()
            && !condition.is_modified(self.modified.into())
        {
            return Selection::NotModified;
        }
        match headers.typed_get::<IfRange>() {
            Some(condition) if condition.is_modified(Some(&self.etag), Some(&self.modified)) => {
                Selection::All
            }
            _ => self.range(headers),
        }
    }

    /// The range that is asked for. Several at once are answered with everything, as
    /// <https://www.rfc-editor.org/rfc/rfc9110#section-14.2> allows, and so is one that is none.
    fn range(&self, headers: &HeaderMap) -> Selection {
        let Some(Ok(asked)) = headers.get(RANGE).map(|value| value.to_str()) else {
            return Selection::All;
        };
        let Ok(parsed) = parse_range_header(asked) else {
            return Selection::All;
        };
        let [range] = parsed.ranges.as_slice() else {
            return Selection::All;
        };
        let length = self.length();
        let start = match range.start {
            StartPosition::Index(start) => start,
            StartPosition::FromLast(bytes) => length.saturating_sub(bytes),
        };
        let end = match range.end {
            EndPosition::Index(last) if last < start => return Selection::All,
            EndPosition::Index(last) => length.min(last.saturating_add(1)),
            EndPosition::LastByte => length,
        };
        if start < end {
            Selection::Part(start..end)
        } else {
            Selection::NotSatisfiable
        }
    }

    /// The bytes of a range, in as few runs as may be.
    pub(crate) fn cut(&self, range: &Range<u64>) -> Vec<Piece> {
        let mut place = 0;
        let mut cut = Vec::new();
        for piece in &self.pieces {
            let length = piece.length();
            let within = |at: u64| at.saturating_sub(place).min(length);
            let part = within(range.start)..within(range.end);
            if !part.is_empty() {
                cut.push(piece.cut(part));
            }
            place += length;
        }
        cut
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    const MODIFIED: i64 = 1_733_626_800;

    /// 2 bytes, 10 of the object, 3 bytes.
    fn offered() -> Representation {
        Representation {
            pieces: vec![
                Piece::Text(b"ab".to_vec()),
                Piece::Stored(100..110),
                Piece::Text(b"xyz".to_vec()),
            ],
            etag: "\"tag\"".parse().unwrap(),
            modified: last_modified(Timestamp::from_seconds(MODIFIED)),
        }
    }

    fn select(headers: &[(&'static str, &str)]) -> Selection {
        let headers = headers.iter().map(|(name, value)| {
            let name = HeaderName::from_static(name);
            (name, HeaderValue::from_str(value).unwrap())
        });
        offered().select(&headers.collect())
    }

    #[test]
    fn a_range_may_lack_its_end_or_count_from_it() {
        for (asked, expected) in [
            ("bytes=0-0", 0..1),
            ("bytes=2-11", 2..12),
            ("bytes=5-", 5..15),
            ("bytes=14-14", 14..15),
            ("bytes=-1", 14..15),
            ("bytes=-15", 0..15),
            ("bytes=-99", 0..15),
            ("bytes=3-99", 3..15),
            ("bytes=3-18446744073709551615", 3..15),
        ] {
            assert_eq!(
                select(&[("range", asked)]),
                Selection::Part(expected),
                "{asked}"
            );
        }
    }

    #[test]
    fn bytes_behind_the_end_are_not_there() {
        for asked in ["bytes=15-", "bytes=15-20", "bytes=18446744073709551615-"] {
            assert_eq!(
                select(&[("range", asked)]),
                Selection::NotSatisfiable,
                "{asked}"
            );
        }
    }

    #[test]
    fn what_is_no_single_range_gets_everything() {
        for asked in [
            "bytes=0-1,4-5",
            "bytes=5-2",
            "bytes=-0",
            "bytes=",
            "bytes=a-b",
            "bytes=1",
            "rows=0-1",
            "bytes 0-1",
            "",
            "bytes=99999999999999999999-",
        ] {
            assert_eq!(select(&[("range", asked)]), Selection::All, "{asked}");
        }
    }

    #[test]
    fn who_has_it_gets_nothing() {
        for headers in [
            [("if-none-match", "\"other\", \"tag\"")],
            [("if-none-match", "W/\"tag\"")],
            [("if-none-match", "*")],
            [("if-modified-since", "Sun, 08 Dec 2024 03:00:00 GMT")],
        ] {
            assert_eq!(select(&headers), Selection::NotModified, "{headers:?}");
        }
        for headers in [
            [("if-none-match", "\"other\"")],
            [("if-modified-since", "Sun, 08 Dec 2024 02:59:59 GMT")],
            [("if-modified-since", "yesterday")],
        ] {
            assert_eq!(select(&headers), Selection::All, "{headers:?}");
        }
    }

    #[test]
    fn who_wants_another_one_gets_nothing() {
        for headers in [
            [("if-match", "\"other\"")],
            [("if-match", "W/\"tag\"")],
            [("if-unmodified-since", "Sun, 08 Dec 2024 02:59:59 GMT")],
        ] {
            assert_eq!(
                select(&headers),
                Selection::PreconditionFailed,
                "{headers:?}"
            );
        }
        assert_eq!(select(&[("if-match", "\"tag\"")]), Selection::All);
    }

    #[test]
    fn a_tag_counts_and_not_the_date_beside_it() {
        assert_eq!(
            select(&[
                ("if-none-match", "\"other\""),
                ("if-modified-since", "Sun, 08 Dec 2030 03:00:00 GMT")
            ]),
            Selection::All
        );
        assert_eq!(
            select(&[
                ("if-match", "\"tag\""),
                ("if-unmodified-since", "Sun, 08 Dec 2020 03:00:00 GMT")
            ]),
            Selection::All
        );
    }

    #[test]
    fn a_download_goes_on_only_with_what_it_began_with() {
        let range = ("range", "bytes=5-");
        for (condition, expected) in [
            ("\"tag\"", Selection::Part(5..15)),
            ("\"other\"", Selection::All),
            ("W/\"tag\"", Selection::All),
            ("Sun, 08 Dec 2024 03:00:00 GMT", Selection::Part(5..15)),
            ("Sun, 08 Dec 2024 02:00:00 GMT", Selection::All),
        ] {
            assert_eq!(
                select(&[range, ("if-range", condition)]),
                expected,
                "{condition}"
            );
        }
    }

    #[test]
    fn every_range_is_cut_where_it_should() {
        let whole = b"ab0123456789xyz";
        let read = |pieces: Vec<Piece>| {
            let bytes = pieces.into_iter().flat_map(|piece| match piece {
                Piece::Text(text) => text,
                Piece::Stored(range) => range
                    .map(|at| b'0' + u8::try_from(at - 100).unwrap())
                    .collect(),
            });
            bytes.collect::<Vec<u8>>()
        };
        for start in 0..15_u64 {
            for end in start + 1..=15 {
                let expected =
                    &whole[usize::try_from(start).unwrap()..usize::try_from(end).unwrap()];
                assert_eq!(
                    read(offered().cut(&(start..end))),
                    expected,
                    "{start}..{end}"
                );
            }
        }
        assert_eq!(offered().length(), 15);
    }
}
