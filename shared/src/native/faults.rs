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
    next: Rc<RefCell<VecDeque<Fault>>>,
    always: Rc<Cell<Option<Fault>>>,
}

impl Faults {
    /// The next operation that is not yet to fail does so.
    pub fn next(&self, fault: Fault) {
        self.next.borrow_mut().push_back(fault);
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
            .or_else(|| self.always.get())
    }
}
