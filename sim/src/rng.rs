//! Where every decision of a run comes from.

use std::cell::Cell;

/// Numbers that look drawn and that the seed decides (SplitMix64, <https://prng.di.unimi.it/splitmix64.c>).
#[derive(Debug)]
pub(crate) struct Dice(Cell<u64>);

impl Dice {
    /// The numbers of a seed. Seeds beside each other have nothing in common.
    pub(crate) const fn new(seed: u64) -> Self {
        Self(Cell::new(seed))
    }

    /// The next number.
    pub(crate) fn number(&self) -> u64 {
        let state = self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of the numbers from 0 to `most`, which it never is; 0 when there is none.
    pub(crate) fn below(&self, most: u64) -> u64 {
        self.number().checked_rem(most).unwrap_or_default()
    }

    /// A number of milliseconds, or anything else, from `least` to `most`.
    pub(crate) fn between(&self, least: i64, most: i64) -> i64 {
        let width = most.saturating_sub(least).saturating_add(1);
        let drawn = self.below(u64::try_from(width).unwrap_or(1));
        least.saturating_add(i64::try_from(drawn).unwrap_or_default())
    }

    /// A place in something of this length; 0 when it is empty.
    pub(crate) fn index(&self, length: usize) -> usize {
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        usize::try_from(self.below(length)).unwrap_or_default()
    }

    /// Whether what happens so many times in a thousand happens now.
    pub(crate) fn chance(&self, per_mille: u32) -> bool {
        self.below(1000) < u64::from(per_mille)
    }

    /// One of these.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub(crate) fn pick<'a, T>(&self, choices: &'a [T]) -> &'a T {
        &choices[self.index(choices.len())]
    }

    /// Numbers of their own, for what must not depend on how many others draw.
    pub(crate) fn fork(&self) -> Self {
        Self::new(self.number())
    }
}
