//! Numbers that look drawn and are the same in every run.

use std::cell::Cell;
use std::rc::Rc;

use crate::ports::Random;

/// A sequence that its seed decides (SplitMix64).
#[derive(Debug, Clone)]
pub struct SeededRandom(Rc<Cell<u64>>);

impl SeededRandom {
    /// The sequence of `seed`.
    pub fn new(seed: u64) -> Self {
        Self(Rc::new(Cell::new(seed)))
    }
}

impl Random for SeededRandom {
    fn number(&self) -> u64 {
        let state = self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn token(&self) -> String {
        format!("token-{:016x}", self.number())
    }
}
