//! A memory of which nothing is known, or what a test says.

use std::cell::Cell;
use std::rc::Rc;

use crate::ports::Memory;

/// A memory whose peak is what it is told to be.
#[derive(Debug, Clone, Default)]
pub struct TestMemory(Rc<Cell<Option<u64>>>);

impl TestMemory {
    /// From now on the peak is so many bytes.
    pub fn set_peak(&self, bytes: u64) {
        self.0.set(Some(bytes));
    }
}

impl Memory for TestMemory {
    fn peak_bytes(&self) -> Option<u64> {
        self.0.get()
    }
}
