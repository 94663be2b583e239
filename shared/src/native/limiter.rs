//! A limiter that counts in memory.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::{Fault, Faults};
use crate::ports::{Limiter, LimiterError};

/// Lets so many of a key pass, until it is told to begin anew.
#[derive(Debug, Clone)]
pub struct MemoryLimiter {
    counts: Rc<RefCell<BTreeMap<String, u32>>>,
    most: u32,
    faults: Faults,
}

impl MemoryLimiter {
    /// One that lets `most` of a key pass.
    pub fn of(most: u32) -> Self {
        Self {
            counts: Rc::default(),
            most,
            faults: Faults::default(),
        }
    }

    /// How its operations are to fail.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// A minute is over.
    pub fn begin_anew(&self) {
        self.counts.borrow_mut().clear();
    }
}

impl Limiter for MemoryLimiter {
    async fn count(&self, key: &str) -> Result<bool, LimiterError> {
        let lost = || LimiterError {
            message: "a fault of the test".to_owned(),
        };
        let fault = self.faults.take();
        if fault == Some(Fault::Before) {
            return Err(lost());
        }
        let mut counts = self.counts.borrow_mut();
        let count = counts.entry(key.to_owned()).or_default();
        *count += 1;
        match fault {
            Some(_) => Err(lost()),
            None => Ok(*count <= self.most),
        }
    }
}
