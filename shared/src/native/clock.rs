//! A clock that stands still until a test, or a pause, moves it.

use std::cell::Cell;
use std::rc::Rc;

use crate::ports::{Clock, Pause};
use crate::time::Timestamp;

/// A clock at one moment.
#[derive(Debug, Clone)]
pub struct TestClock(Rc<Cell<Timestamp>>);

impl TestClock {
    /// A clock that shows `now`.
    pub fn at(now: Timestamp) -> Self {
        Self(Rc::new(Cell::new(now)))
    }

    /// Moves the clock forward.
    pub fn advance(&self, seconds: i64) {
        self.0.set(self.0.get().plus_seconds(seconds));
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.0.get()
    }
}

/// Nobody waits: the clock moves instead.
impl Pause for TestClock {
    async fn pause(&self, seconds: u32) {
        self.advance(seconds.into());
    }
}
