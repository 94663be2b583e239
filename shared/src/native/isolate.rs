//! An isolate of which nothing is known, or what a test says.

use std::cell::Cell;
use std::rc::Rc;

use crate::ports::Isolate;

/// An isolate that has taken what it is told to have.
#[derive(Debug, Clone, Default)]
pub struct TestIsolate(Rc<State>);

#[derive(Debug, Default)]
struct State {
    peak: Cell<Option<u64>>,
    is_near_cpu_limit: Cell<bool>,
}

impl TestIsolate {
    /// From now on the peak of its memory is so many bytes.
    pub fn set_peak(&self, bytes: u64) {
        self.0.peak.set(Some(bytes));
    }

    /// From now on it is about to be ended, or not.
    pub fn set_near_cpu_limit(&self, is_near: bool) {
        self.0.is_near_cpu_limit.set(is_near);
    }
}

impl Isolate for TestIsolate {
    fn peak_bytes(&self) -> Option<u64> {
        self.0.peak.get()
    }

    fn is_near_cpu_limit(&self) -> bool {
        self.0.is_near_cpu_limit.get()
    }
}
