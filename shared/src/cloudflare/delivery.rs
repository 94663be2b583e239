//! Messages as a queue delivers them, read without trusting their bodies.

use js_sys::{JSON, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use worker::worker_sys::{Message, MessageBatch};
use worker::{MessageExt, QueueRetryOptionsBuilder, RawMessage};

use crate::delivery::{Fate, Received};

/// The platform's longest delay of a message: 12 hours.
const LONGEST_DELAY_SECONDS: u32 = 43_200;

/// One message of a batch, still to be acknowledged or retried. The first of the two wins; a message with
/// neither counts as acknowledged when the handler returns, so every path must choose.
#[derive(Debug)]
pub struct Delivery {
    /// The queue's id of the message, the same for every delivery.
    pub id: String,
    /// The body as JSON; a description of the value where it is none.
    pub body: String,
    /// Which delivery this is, from 1, where the runtime says it.
    pub attempts: Option<u32>,
    message: RawMessage,
}

/// The messages of a batch. Not `#[event(queue)]`'s own batch, which hides `attempts`.
pub fn deliveries(batch: &MessageBatch) -> Vec<Delivery> {
    let messages = batch.messages().unwrap_or_default();
    messages.iter().map(Delivery::new).collect()
}

impl Delivery {
    fn new(value: JsValue) -> Self {
        let attempts = attempts(&value);
        let message = RawMessage::from(value.unchecked_into::<Message>());
        Self {
            id: message.id(),
            body: text(&message.body()),
            attempts,
            message,
        }
    }

    /// What the message says of itself.
    pub fn received(&self) -> Received<'_> {
        Received {
            id: &self.id,
            body: &self.body,
            attempts: self.attempts,
        }
    }

    /// Tells the queue what becomes of the message.
    pub fn obey(&self, fate: Fate) {
        match fate {
            Fate::Ack => self.ack(),
            Fate::Retry { after_seconds } => self.retry(after_seconds),
        }
    }

    /// Done: the queue forgets the message.
    fn ack(&self) {
        self.message.ack();
    }

    /// Not done: the queue delivers the message again after `delay_seconds` (12 hours at most), or moves it to
    /// the dead-letter queue when no retry is left.
    fn retry(&self, delay_seconds: u32) {
        let options = QueueRetryOptionsBuilder::new()
            .with_delay_seconds(delay_seconds.min(LONGEST_DELAY_SECONDS))
            .build();
        self.message.retry_with_options(&options);
    }
}

/// The worker crate has no accessor for it.
fn attempts(message: &JsValue) -> Option<u32> {
    let value = Reflect::get(message, &JsValue::from_str("attempts")).ok()?;
    value.as_f64()?.to_string().parse().ok()
}

fn text(body: &JsValue) -> String {
    JSON::stringify(body)
        .ok()
        .and_then(|json| json.as_string())
        .unwrap_or_else(|| format!("{body:?}"))
}
