//! What happened, in order: as a number that tells two runs apart, and as text for people when it is wanted.

use std::cell::{Cell, RefCell};

use shared::time::Timestamp;

/// The events of a run.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    lines: Option<RefCell<Vec<String>>>,
    hash: Cell<u64>,
    events: Cell<u64>,
}

impl Trace {
    /// One that keeps its lines, or only their number and hash.
    pub(crate) fn new(keeps_lines: bool) -> Self {
        Self {
            lines: keeps_lines.then(RefCell::default),
            hash: Cell::new(0xcbf2_9ce4_8422_2325),
            events: Cell::new(0),
        }
    }

    /// Adds an event. `what` tells it apart from others in the hash; `more` is for people, and only made when they want it.
    pub(crate) fn add(&self, now: Timestamp, what: &str, more: impl FnOnce() -> String) {
        self.events.set(self.events.get() + 1);
        let mut hash = self.hash.get();
        for byte in now.millis().to_le_bytes().iter().chain(what.as_bytes()) {
            // FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv/
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        self.hash.set(hash);
        if let Some(lines) = &self.lines {
            let line = format!("{} {what} {}", now.rfc3339_millis(), more());
            lines.borrow_mut().push(line.trim_end().to_owned());
        }
    }

    /// The same for two runs exactly when the same happened at the same moments.
    pub(crate) fn hash(&self) -> u64 {
        self.hash.get()
    }

    /// How many events there were.
    pub(crate) fn events(&self) -> u64 {
        self.events.get()
    }

    /// The lines, where they were kept.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines
            .as_ref()
            .map(|lines| lines.borrow().clone())
            .unwrap_or_default()
    }
}
