//! Comparing the bucket with the catalogue: what is there without a row, and which rows have lost what they tell of.
//!
//! The keys are gone through in their order, a slice at a time. A slice ends where no backup is cut in two: the objects of
//! one backup share all of their key up to the first dot of the file's name, and nothing else lies between.

mod adoption;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::manifest::manifest_key;
use crate::ports::Listed;
use crate::time::Timestamp;

pub use self::adoption::{Adopted, Unfit, adopt, damage, drilled, pinned};

/// The largest object that is read as a manifest, in bytes: one of 10,000 tables has about two million.
pub const LARGEST_MANIFEST: u64 = 4 * 1024 * 1024;

/// Within how many days each backup is compared in depth once: its manifest is read, and its hash asked for.
pub const DEPTH_DAYS: i64 = 7;

/// A live row of the inventory, as far as it is compared.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct KnownBackup {
    /// The row's id.
    pub id: i64,
    /// The dump's key.
    pub r2_key: String,
    /// The size of the dump's text, in bytes.
    pub size_bytes: u64,
    /// SHA-256 of the dump's text, lower-case hex.
    pub sha256: Option<String>,
    /// When its objects were found to be gone, Unix seconds.
    pub lost_at: Option<i64>,
    /// What was found to disagree.
    pub damage: Option<String>,
}

/// Something that is to be looked at, or that is known already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A dump and its manifest are there, and no row.
    Unknown {
        /// The dump.
        dump: Listed,
        /// The manifest.
        manifest: Listed,
        /// Whether it is written beside them that it is pinned.
        pin: bool,
        /// Whether a drill has left its outcome.
        drill: bool,
    },
    /// The listing has not all that a row tells of.
    Missing(KnownBackup),
    /// All is there of a row that was marked as lost.
    Back(KnownBackup),
    /// The size of a dump is not the row's.
    Size {
        /// The row.
        row: KnownBackup,
        /// The object's size in bytes.
        found: u64,
    },
    /// To be compared in depth, this being its day.
    InDepth(KnownBackup),
}

/// What a slice has besides its findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Rows whose objects were there and as large as they are to be.
    pub in_order: u64,
    /// Dumps without a manifest and without a row, of a day that is over. They are left alone: an export that did not end.
    pub strays: u64,
    /// Objects that are none of Cache's.
    pub foreign: u64,
}

/// A part of the bucket, compared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Slice {
    /// In the order of their keys.
    pub findings: Vec<Finding>,
    /// The rest.
    pub counts: Counts,
    /// The key after which the next slice begins; `None` when this was the last one.
    pub next: Option<String>,
}

/// Up to where a page of keys in order is whole: the key after which to go on, when there may be more. The last keys of a
/// page are left to the next one, unless they are all that it has.
pub fn whole<'k>(
    keys: impl DoubleEndedIterator<Item = &'k str>,
    is_truncated: bool,
) -> Option<String> {
    let mut keys = keys.rev();
    let last = keys.next().filter(|_| is_truncated)?;
    let mut earlier = keys.filter(|key| place(key) != place(last));
    Some(end(place(earlier.next().unwrap_or(last))))
}

/// Whether keys in order may all be objects of one backup, so that a page of them alone says little.
pub fn is_one_place(objects: &[Listed]) -> bool {
    match (objects.first(), objects.last()) {
        (Some(first), Some(last)) => place(&first.key) == place(&last.key),
        _ => true,
    }
}

/// Compares what is in the bucket with the rows, both in the order of their keys and both complete up to `next`. After `most`
/// findings the slice ends early.
pub fn compare(
    objects: &[Listed],
    rows: &[KnownBackup],
    next: Option<String>,
    most: usize,
    now: Timestamp,
) -> Slice {
    let is_within = |key: &str| next.as_deref().is_none_or(|next| key <= next);
    let mut places: BTreeMap<&str, Place<'_>> = BTreeMap::new();
    for object in objects.iter().filter(|object| is_within(&object.key)) {
        let found = places.entry(place(&object.key)).or_default();
        match part(&object.key) {
            Some((stem, part)) => found.stems.entry(stem).or_default().put(part, object),
            None => found.foreign += 1,
        }
    }
    for row in rows.iter().filter(|row| is_within(&row.r2_key)) {
        let found = places.entry(place(&row.r2_key)).or_default();
        let stem = part(&row.r2_key).map_or(row.r2_key.as_str(), |(stem, _)| stem);
        found.stems.entry(stem).or_default().rows.push(row);
    }
    let mut slice = Slice {
        next,
        ..Slice::default()
    };
    for (place, found) in places {
        slice.counts.foreign += found.foreign;
        for (stem, backup) in found.stems {
            backup.judge(stem, now, &mut slice);
        }
        if slice.findings.len() >= most {
            slice.next = Some(end(place));
            break;
        }
    }
    slice
}

/// What the objects of a backup have in common: all up to the first dot of the file's name, with the dot; or all of a key
/// without one.
fn place(key: &str) -> &str {
    let name = key.rfind('/').map_or(0, |slash| slash + 1);
    let dot = key.get(name..).and_then(|name| name.find('.'));
    dot.and_then(|dot| key.get(..=name + dot)).unwrap_or(key)
}

/// A key behind all of a place and before the next one: a slash is the character after a dot.
fn end(place: &str) -> String {
    match place.strip_suffix('.') {
        Some(place) => format!("{place}/"),
        None => place.to_owned(),
    }
}

#[derive(Debug, Default)]
struct Place<'a> {
    stems: BTreeMap<&'a str, Backup<'a>>,
    foreign: u64,
}

/// What of a backup an object is.
#[derive(Debug, Clone, Copy)]
enum Part {
    Dump,
    Manifest,
    Pin,
    Drill,
}

/// The stem of a key, and what it ends with; `None` of one that Cache does not write.
fn part(key: &str) -> Option<(&str, Part)> {
    const ENDINGS: [(&str, Part); 5] = [
        (".sql", Part::Dump),
        (".sql.gz", Part::Dump),
        (".manifest.json", Part::Manifest),
        (".pin.json", Part::Pin),
        (".drill.json", Part::Drill),
    ];
    ENDINGS
        .iter()
        .find_map(|(ending, part)| Some((key.strip_suffix(ending)?, *part)))
}

/// The objects and rows of one stem: of one backup, unless somebody stored it in both ways.
#[derive(Debug, Default)]
struct Backup<'a> {
    dumps: Vec<&'a Listed>,
    manifest: Option<&'a Listed>,
    pin: bool,
    drill: bool,
    rows: Vec<&'a KnownBackup>,
}

impl<'a> Backup<'a> {
    fn put(&mut self, part: Part, object: &'a Listed) {
        match part {
            Part::Dump => self.dumps.push(object),
            Part::Manifest => self.manifest = Some(object),
            Part::Pin => self.pin = true,
            Part::Drill => self.drill = true,
        }
    }

    fn judge(self, stem: &str, now: Timestamp, slice: &mut Slice) {
        for row in &self.rows {
            let dump = self.dumps.iter().find(|dump| dump.key == row.r2_key);
            let Some(dump) = dump.filter(|_| self.manifest.is_some()) else {
                if row.lost_at.is_none() {
                    slice.findings.push(Finding::Missing((*row).clone()));
                }
                continue;
            };
            let is_plain = !dump.key.ends_with(".gz");
            if is_plain && dump.size != row.size_bytes {
                slice.findings.push(Finding::Size {
                    row: (*row).clone(),
                    found: dump.size,
                });
                continue;
            }
            slice.counts.in_order += 1;
            if row.lost_at.is_some() {
                slice.findings.push(Finding::Back((*row).clone()));
            } else if row.damage.is_some() || is_its_day(row.id, now) {
                slice.findings.push(Finding::InDepth((*row).clone()));
            }
        }
        for dump in &self.dumps {
            if self.rows.iter().any(|row| row.r2_key == dump.key) {
                continue;
            }
            match self.manifest {
                Some(manifest) if manifest_key(&dump.key) == manifest.key => {
                    slice.findings.push(Finding::Unknown {
                        dump: (*dump).clone(),
                        manifest: manifest.clone(),
                        pin: self.pin,
                        drill: self.drill,
                    });
                }
                _ => slice.counts.strays += u64::from(is_of_a_day_that_is_over(stem, now)),
            }
        }
        if self.dumps.is_empty() && self.rows.is_empty() {
            slice.counts.foreign += 1;
        }
    }
}

fn is_its_day(id: i64, now: Timestamp) -> bool {
    let day = now.seconds().div_euclid(86_400);
    id.rem_euclid(DEPTH_DAYS) == day.rem_euclid(DEPTH_DAYS)
}

/// Whether a key's date is the day before yesterday or earlier: its export would have ended.
fn is_of_a_day_that_is_over(stem: &str, now: Timestamp) -> bool {
    let yesterday = now.plus_seconds(-86_400).date();
    stem.split_once('/')
        .is_none_or(|(date, _)| date < yesterday.as_str())
}
