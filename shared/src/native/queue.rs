//! A queue in memory, which keeps what was sent.

use std::cell::RefCell;
use std::rc::Rc;

use serde::Serialize;

use super::{Fault, Faults};
use crate::ports::{Queue, QueueError};

/// The longest message that a queue takes, in bytes of JSON.
const LONGEST_MESSAGE: usize = 128_000;

/// The messages sent so far.
#[derive(Debug)]
pub struct MemoryQueue<M> {
    messages: Rc<RefCell<Vec<M>>>,
    faults: Faults,
}

// Derived, these would ask the same of `M`.
impl<M> Default for MemoryQueue<M> {
    fn default() -> Self {
        Self {
            messages: Rc::default(),
            faults: Faults::default(),
        }
    }
}

impl<M> Clone for MemoryQueue<M> {
    fn clone(&self) -> Self {
        Self {
            messages: Rc::clone(&self.messages),
            faults: self.faults.clone(),
        }
    }
}

impl<M: Clone> MemoryQueue<M> {
    /// How sending is to fail.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// What was sent, in order.
    pub fn messages(&self) -> Vec<M> {
        self.messages.borrow().clone()
    }

    /// Takes out what was sent.
    pub fn take(&self) -> Vec<M> {
        self.messages.take()
    }
}

impl<M: Clone + Serialize> Queue<M> for MemoryQueue<M> {
    async fn send_after(&self, messages: &[M], _delay_seconds: u32) -> Result<(), QueueError> {
        for message in messages {
            let body = serde_json::to_string(message).map_err(|error| QueueError {
                message: error.to_string(),
            })?;
            if body.len() > LONGEST_MESSAGE {
                return Err(QueueError {
                    message: format!("a message has {} bytes", body.len()),
                });
            }
        }
        let fault = self.faults.take();
        if fault != Some(Fault::Before) {
            self.messages.borrow_mut().extend_from_slice(messages);
        }
        match fault {
            None => Ok(()),
            Some(_) => Err(QueueError {
                message: "a fault of the test".to_owned(),
            }),
        }
    }
}
