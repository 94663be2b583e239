//! How an adapter is told to fail.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

/// A way to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing happened.
    Before,
    /// It happened, and its answer was lost.
    Despite,
}

/// The failures to come of one adapter and its clones.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    next: Rc<RefCell<VecDeque<Option<Fault>>>>,
    always: Rc<Cell<Option<Fault>>>,
}

impl Faults {
    /// The next operation that is not yet to fail does so.
    pub fn next(&self, fault: Fault) {
        self.next.borrow_mut().push_back(Some(fault));
    }

    /// The operation after the next `operations`, which work, fails.
    pub fn after(&self, operations: usize, fault: Fault) {
        let mut next = self.next.borrow_mut();
        next.extend(std::iter::repeat_n(None, operations));
        next.push_back(Some(fault));
    }

    /// Forgets the failures to come. Whether there were any: operations that a test foresaw, and nobody began.
    pub fn clear(&self) -> bool {
        let next = self.next.take();
        next.iter().any(Option::is_some)
    }

    /// Every operation fails like this from now on, or none does.
    pub fn always(&self, fault: Option<Fault>) {
        self.always.set(fault);
    }

    /// How the operation that begins now is to fail.
    pub(super) fn take(&self) -> Option<Fault> {
        self.next
            .borrow_mut()
            .pop_front()
            .unwrap_or_else(|| self.always.get())
    }
}
