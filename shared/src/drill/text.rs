//! The text of a dump from where a drill has come to, however it is stored.
//!
//! As gzip it is one member after the other (<https://www.rfc-editor.org/rfc/rfc1952#section-2.2>). A drill goes on at the
//! beginning of a member, and passes over what of its text is restored.

use std::io::Read;

use flate2::bufread::GzDecoder;
use serde::{Deserialize, Serialize};

use crate::manifest::{Encoding, Manifest};
use crate::ports::{ObjectStore, StoreError};

/// Bytes of a plain object that are read at a time, and about as much text of one that is gzip.
const READ: u32 = 2 * 1024 * 1024;
/// Bytes of a gzip object that are read at a time: more than a part of an upload has, which holds whole members.
const WINDOW: u32 = 9 * 1024 * 1024;
/// No member that Cache writes has so much text. What has would not fit a Worker's memory.
const LARGEST_MEMBER: u64 = 32 * 1024 * 1024;

/// Where in the object and in its text a drill has come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// Bytes of text before it.
    pub(super) text: u64,
    /// Of the object: where to read on.
    stored: u64,
    /// Of the text that begins there: what is restored already.
    skip: u64,
}

/// Some text.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) bytes: Vec<u8>,
    /// Whether nothing follows.
    pub(super) is_last: bool,
    /// Of gzip: where each member ends, in the text from [`Place::stored`] on, and in the object.
    members: Vec<(u64, u64)>,
}

/// What came of reading.
#[derive(Debug)]
pub(super) enum Found {
    /// Text.
    Text(Text),
    /// There is no object.
    Nothing,
    /// It is not what it should be, and why.
    Broken(String),
}

/// Reads the text at a place.
pub(super) async fn read<B: ObjectStore>(
    bucket: &B,
    manifest: &Manifest,
    place: Place,
) -> Result<Found, StoreError> {
    let key = &manifest.key;
    match Encoding::of_key(key) {
        Encoding::Plain => {
            let Some(bytes) = bucket.get_range(key, place.text, READ).await? else {
                return Ok(Found::Nothing);
            };
            Ok(Found::Text(Text {
                is_last: bytes.len() < usize::try_from(READ).unwrap_or(usize::MAX),
                bytes,
                members: Vec::new(),
            }))
        }
        Encoding::Gzip => {
            let Some(window) = bucket.get_range(key, place.stored, WINDOW).await? else {
                return Ok(Found::Nothing);
            };
            let is_end = window.len() < usize::try_from(WINDOW).unwrap_or(usize::MAX);
            Ok(match inflate(&window, is_end, place) {
                Ok(text) => Found::Text(text),
                Err(reason) => Found::Broken(reason),
            })
        }
    }
}

/// The text of the first members, as much as is wanted at a time. `is_end` says that the object ends with the window.
fn inflate(window: &[u8], is_end: bool, place: Place) -> Result<Text, String> {
    let wanted = u64::from(READ).saturating_add(place.skip);
    let mut text = Vec::new();
    let mut members = Vec::new();
    let mut rest = window;
    while !rest.is_empty() && length(text.len()) < wanted {
        let before = text.len();
        let mut member = GzDecoder::new(rest);
        let read = member.by_ref().take(LARGEST_MEMBER).read_to_end(&mut text);
        let at = place.stored + length(window.len() - rest.len());
        match read {
            Ok(bytes) if length(bytes) >= LARGEST_MEMBER => {
                return Err(format!(
                    "the member at byte {at} has more text than Cache writes"
                ));
            }
            Ok(_) => {}
            // What the window cuts off is read again, unless it is all there is.
            Err(_) if !is_end && !members.is_empty() => {
                text.truncate(before);
                break;
            }
            Err(error) => return Err(format!("the member at byte {at} is no gzip: {error}")),
        }
        rest = member.into_inner();
        let stored = place.stored + length(window.len() - rest.len());
        members.push((length(text.len()), stored));
    }
    let skip = usize::try_from(place.skip).unwrap_or(usize::MAX);
    Ok(Text {
        is_last: is_end && rest.is_empty(),
        bytes: text.split_off(skip.min(text.len())),
        members,
    })
}

impl Place {
    /// The place behind the first `done` bytes of a text that was read here.
    pub(super) fn after(self, text: &Text, done: usize) -> Self {
        let done = length(done);
        let within = self.skip + done;
        let whole = text.members.iter().rfind(|(end, _)| *end <= within);
        let (end, stored) = whole.copied().unwrap_or((0, self.stored));
        Self {
            text: self.text + done,
            stored,
            skip: within - end,
        }
    }
}

fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::GzBuilder;

    use super::*;

    fn member(text: &str, comment: &str) -> Vec<u8> {
        let mut member = GzBuilder::new()
            .comment(comment)
            .write(Vec::new(), flate2::Compression::default());
        member.write_all(text.as_bytes()).unwrap();
        member.finish().unwrap()
    }

    /// `one`, nothing with a comment, `two!`.
    fn object() -> Vec<u8> {
        [member("one", ""), member("", "filling"), member("two!", "")].concat()
    }

    #[test]
    fn any_place_leads_to_the_rest() {
        let object = object();
        for done in 0..=7 {
            let from = Place::default();
            let all = inflate(&object, true, from).unwrap();
            let place = from.after(&all, done);
            let at = usize::try_from(place.stored).unwrap();
            let rest = inflate(&object[at..], true, place).unwrap();
            assert_eq!(rest.bytes, &b"onetwo!"[done..], "{done}");
            assert!(rest.is_last);
            assert_eq!(place.text, length(done));
        }
    }

    #[test]
    fn a_member_that_the_window_cuts_off_is_left_for_the_next() {
        let object = object();
        let cut = inflate(&object[..object.len() - 3], false, Place::default()).unwrap();
        assert_eq!(cut.bytes, b"one");
        assert!(!cut.is_last);
    }

    #[test]
    fn what_is_no_gzip_is_told_with_its_place() {
        let mut object = object();
        let last = object.len() - 6;
        object[last] ^= 1;
        let error = inflate(&object, true, Place::default()).unwrap_err();
        assert!(error.starts_with("the member at byte "), "{error}");
        assert!(inflate(b"-- plain", true, Place::default()).is_err());
        assert!(inflate(&object[..3], true, Place::default()).is_err());
    }
}
