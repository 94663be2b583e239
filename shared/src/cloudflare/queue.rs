//! A Cloudflare queue as a [`Queue`] to send to.

use std::marker::PhantomData;

use serde::Serialize;
use wasm_bindgen::JsValue;
use worker::{BatchMessageBuilder, QueueContentType, RawMessageBuilder};

use crate::ports::{Queue, QueueError};

/// What one `sendBatch` takes.
const MESSAGES_A_BATCH: usize = 100;
/// 256 KB, less what the runtime may add to each of 100 messages.
const BYTES_A_BATCH: usize = 240_000;

/// A queue of `M`s, sent as JSON.
#[derive(Debug, Clone)]
pub struct CfQueue<M> {
    queue: worker::Queue,
    message: PhantomData<fn(&M)>,
}

impl<M> From<worker::Queue> for CfQueue<M> {
    fn from(queue: worker::Queue) -> Self {
        Self {
            queue,
            message: PhantomData,
        }
    }
}

impl<M: Serialize> Queue<M> for CfQueue<M> {
    async fn send_after(&self, messages: &[M], delay_seconds: u32) -> Result<(), QueueError> {
        let bodies = messages
            .iter()
            .map(serde_json::to_string)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| QueueError {
                message: error.to_string(),
            })?;
        for chunk in chunks(&bodies) {
            // JSON.parse gives plain objects whatever the Rust type is; serde-wasm-bindgen would make
            // a `Map` of a map, which JSON content cannot carry.
            let batch = chunk
                .iter()
                .map(|body| js_sys::JSON::parse(body).map(message))
                .collect::<Result<Vec<_>, _>>()
                .map_err(|error| failed(&error.into()))?;
            let batch = batch
                .into_iter()
                .fold(BatchMessageBuilder::new(), BatchMessageBuilder::message)
                .delay_seconds(delay_seconds)
                .build();
            self.queue
                .send_raw_batch(batch)
                .await
                .map_err(|error| failed(&error))?;
        }
        Ok(())
    }
}

fn message(body: JsValue) -> worker::SendMessage<JsValue> {
    RawMessageBuilder::new(body).build_with_content_type(QueueContentType::Json)
}

fn failed(error: &worker::Error) -> QueueError {
    QueueError {
        message: error.to_string(),
    }
}

/// The bodies in runs that one call may carry. A body that is too large alone is a run of its own, so that
/// the queue is the one to refuse it.
fn chunks(bodies: &[String]) -> Vec<&[String]> {
    let mut runs = Vec::new();
    let mut rest = bodies;
    while !rest.is_empty() {
        let mut bytes = 0_usize;
        let fitting = rest
            .iter()
            .take(MESSAGES_A_BATCH)
            .take_while(|body| {
                bytes = bytes.saturating_add(body.len());
                bytes <= BYTES_A_BATCH
            })
            .count();
        let (run, after) = rest.split_at(fitting.max(1));
        runs.push(run);
        rest = after;
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(bodies: &[usize]) -> Vec<usize> {
        let bodies: Vec<String> = bodies.iter().map(|&size| "x".repeat(size)).collect();
        chunks(&bodies).into_iter().map(<[String]>::len).collect()
    }

    #[test]
    fn nothing_is_no_call() {
        assert_eq!(sizes(&[]), Vec::<usize>::new());
    }

    #[test]
    fn a_call_carries_at_most_a_hundred_messages() {
        assert_eq!(sizes(&[10; 250]), [100, 100, 50]);
    }

    #[test]
    fn a_call_carries_at_most_256_kilobytes() {
        assert_eq!(sizes(&[100_000; 5]), [2, 2, 1]);
    }

    #[test]
    fn a_message_too_large_for_any_call_goes_alone() {
        assert_eq!(sizes(&[10, 300_000, 10]), [1, 1, 1]);
    }
}
