//! Receivers in memory, which keep what they were sent and answer as a test tells them.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use super::{Fault, Faults};
use crate::ports::{WEBHOOK_ANSWER_BYTES, WebhookAnswer, WebhookError, WebhookRequest, Webhooks};

/// Answers every request with 204, unless told otherwise.
#[derive(Debug, Clone)]
pub struct MemoryWebhooks {
    sent: Rc<RefCell<Vec<WebhookRequest>>>,
    answers: Rc<RefCell<VecDeque<Result<WebhookAnswer, WebhookError>>>>,
    otherwise: Receiver,
    faults: Faults,
}

/// What answers a request.
type Receiver = fn(&WebhookRequest) -> Result<WebhookAnswer, WebhookError>;

impl Default for MemoryWebhooks {
    fn default() -> Self {
        Self::answering(|_| {
            Ok(WebhookAnswer {
                status: 204,
                retry_after: None,
                body: String::new(),
            })
        })
    }
}

impl MemoryWebhooks {
    /// Receivers that answer like this, unless told otherwise.
    pub fn answering(otherwise: Receiver) -> Self {
        Self {
            sent: Rc::default(),
            answers: Rc::default(),
            otherwise,
            faults: Faults::default(),
        }
    }

    /// How sending is to fail: the receiver never hears of it, or its answer is lost.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The next request that has no answer yet gets this one.
    pub fn answer(&self, answer: Result<WebhookAnswer, WebhookError>) {
        self.answers.borrow_mut().push_back(answer);
    }

    /// The next request that has no answer yet gets this status, without anything else.
    pub fn status(&self, status: u16) {
        self.answer(Ok(WebhookAnswer {
            status,
            retry_after: None,
            body: String::new(),
        }));
    }

    /// What arrived, in order.
    pub fn sent(&self) -> Vec<WebhookRequest> {
        self.sent.borrow().clone()
    }

    /// Takes out what arrived.
    pub fn take(&self) -> Vec<WebhookRequest> {
        self.sent.take()
    }
}

impl Webhooks for MemoryWebhooks {
    async fn send(&self, request: &WebhookRequest) -> Result<WebhookAnswer, WebhookError> {
        let fault = self.faults.take();
        if fault != Some(Fault::Before) {
            self.sent.borrow_mut().push(request.clone());
        }
        if fault.is_some() {
            return Err(WebhookError {
                message: "a fault of the test".to_owned(),
            });
        }
        let next = self.answers.borrow_mut().pop_front();
        let mut answer = next.unwrap_or_else(|| (self.otherwise)(request))?;
        answer.body = beginning(answer.body.as_bytes());
        Ok(answer)
    }
}

fn beginning(body: &[u8]) -> String {
    let kept = body.get(..WEBHOOK_ANSWER_BYTES).unwrap_or(body);
    String::from_utf8_lossy(kept).into_owned()
}
