//! How many rows are read at a time.

use serde::{Deserialize, Serialize};

use crate::dump::data::RowText;

/// Text that a read aims at, in bytes.
const READ: usize = 512 * 1024;
/// Rows of a table that are read first, when nothing is known of their size; small tables have no more.
const FIRST_ROWS: u32 = 512;
/// What is taken for the size of a row's text then.
const FIRST_AVERAGE: usize = 100;
/// The most rows that a read asks for.
pub(super) const MOST_ROWS: u32 = 20_000;
/// The same where rows may be of 2 MB each.
pub(super) const MOST_LONG_ROWS: u32 = 4;

/// How many rows are read at a time.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Pace {
    limit: u32,
    /// How many were asked for last.
    pub(super) last: u32,
    /// How many are asked for next, whatever fits: they were read before, and not written.
    pub(super) again: Option<u32>,
    /// Bytes of a row's text, on average of the last read.
    average: usize,
}

impl Pace {
    pub(super) const START: Self = Self {
        limit: FIRST_ROWS,
        last: 0,
        again: None,
        average: FIRST_AVERAGE,
    };

    /// Rows that fill `room`, or all that are to be read at a time.
    pub(super) fn rows(self, room: usize) -> u32 {
        if let Some(again) = self.again {
            return again;
        }
        // Rows are not all alike: a little less than fits seldom turns out to be more.
        let room = room - room / 16;
        let fitting = room.checked_div(self.average).unwrap_or(usize::MAX);
        let fitting = u32::try_from(fitting).unwrap_or(u32::MAX);
        self.limit.min(fitting).max(1)
    }

    /// What follows from a read of text that asked for so many rows.
    pub(super) fn learn(self, asked: u32, text: &RowText, most: u32) -> Self {
        let mut pace = Self {
            last: asked,
            again: None,
            ..self
        };
        let rows = usize::try_from(text.rows).unwrap_or(usize::MAX);
        if let Some(average) = text.bytes().checked_div(rows) {
            pace.average = average.max(1);
            let aim = u32::try_from(READ / pace.average).unwrap_or(u32::MAX);
            pace.limit = aim.clamp(1, self.limit.saturating_mul(4)).clamp(1, most);
        }
        pace
    }
}
