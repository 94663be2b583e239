//! Servers that are told something, and do not always listen.

use std::cell::RefCell;
use std::rc::Rc;

use shared::ports::{WebhookAnswer, WebhookError, WebhookRequest, Webhooks};

use crate::faults::Site;
use crate::scheduler::Sim;

/// A request that arrived.
#[derive(Debug, Clone)]
pub(crate) struct Arrived {
    /// What.
    pub(crate) request: WebhookRequest,
}

/// The receivers.
#[derive(Debug, Clone)]
pub(crate) struct SimWebhooks {
    /// The run.
    pub(crate) sim: Rc<Sim>,
    /// What arrived, whatever was answered.
    pub(crate) arrived: Rc<RefCell<Vec<Arrived>>>,
}

impl Webhooks for SimWebhooks {
    async fn send(&self, request: &WebhookRequest) -> Result<WebhookAnswer, WebhookError> {
        let fault = self.sim.begin(Site::Webhook).await;
        if fault.is_none_or(|fault| fault.happens()) {
            self.arrived.borrow_mut().push(Arrived {
                request: request.clone(),
            });
        }
        let refuses = fault.is_some() && self.sim.dice.chance(500);
        let brief = || request.url.clone();
        self.sim.end(Site::Webhook, "post", fault, brief).await;
        let status = match fault {
            Some(fault) if !refuses => {
                return Err(WebhookError {
                    message: fault.message(),
                });
            }
            Some(_) => *self.sim.dice.pick(&[429, 500, 503, 302]),
            None => 204,
        };
        Ok(WebhookAnswer {
            status,
            retry_after: (status == 429).then(|| self.sim.dice.below(600).to_string()),
            body: String::new(),
        })
    }
}
