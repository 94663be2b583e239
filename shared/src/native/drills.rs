//! Somebody who notes which drills were started, and runs none.

use std::cell::RefCell;
use std::rc::Rc;

use super::{Fault, Faults};
use crate::ports::{DrillStartError, Drills};

/// The keys of the dumps whose drills were started.
#[derive(Debug, Clone, Default)]
pub struct MemoryDrills {
    started: Rc<RefCell<Vec<String>>>,
    faults: Faults,
}

impl MemoryDrills {
    /// How starting is to fail.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Takes out the keys, in the order in which they came.
    pub fn take(&self) -> Vec<String> {
        self.started.take()
    }
}

impl Drills for MemoryDrills {
    async fn start(&self, key: &str) -> Result<(), DrillStartError> {
        let fault = self.faults.take();
        if fault != Some(Fault::Before) {
            self.started.borrow_mut().push(key.to_owned());
        }
        match fault {
            None => Ok(()),
            Some(_) => Err(DrillStartError {
                message: "a fault of the test".to_owned(),
            }),
        }
    }
}
