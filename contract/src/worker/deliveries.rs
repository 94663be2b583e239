//! The consumer of the Worker's own queue, and what it kept.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use shared::cloudflare::{CfQueue, D1, Delivery, deliveries, report};
use shared::delivery::Fate;
use shared::ports::{Database, DatabaseError, Queue, QueueError, Statement};
use worker::wasm_bindgen::prelude::wasm_bindgen;
use worker::worker_sys::{Context, MessageBatch};
use worker::{D1Database, Delay, Env};

use super::DATABASE;
use crate::queue::{Consumed, Message};
use crate::verdict::unexpected;

/// How long to wait for deliveries before saying that none comes any more.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(50);

const TABLE: &str = "CREATE TABLE IF NOT EXISTS deliveries (id, attempts INTEGER, body, PRIMARY KEY (id, attempts))";

/// A message that asks to come again.
#[derive(Debug, Deserialize)]
struct Retried {
    retries: u32,
}

/// Keeps each delivery, and retries a message as often as it asks for. Not `#[event(queue)]`, which hides how often a
/// message came; else what that makes of a handler.
///
/// 1. The row is written first. When that fails the message is retried and comes with the next number.
/// 2. Acknowledging or retrying it may be lost; then it comes again, and its key keeps it one message.
#[wasm_bindgen(
    js_name = "queue",
    wasm_bindgen = ::worker::wasm_bindgen,
    wasm_bindgen_futures = ::worker::wasm_bindgen_futures,
    js_sys = ::worker::js_sys
)]
pub async fn consume(batch: MessageBatch, env: Env, _context: Context) {
    for delivery in deliveries(&batch) {
        let again = Fate::Retry { after_seconds: 0 };
        let fate = match keep(&delivery, &env).await {
            Ok(()) if wants_another(&delivery) => again,
            Ok(()) => Fate::Ack,
            Err(error) => {
                report("keep a delivery", &error);
                again
            }
        };
        delivery.obey(fate);
    }
}

/// A delivery was not kept.
#[derive(Debug, thiserror::Error)]
enum KeepError {
    /// The Worker has no database.
    #[error(transparent)]
    Binding(#[from] worker::Error),
    /// The database did not take it.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

async fn keep(delivery: &Delivery, env: &Env) -> Result<(), KeepError> {
    let insert = Statement::new("INSERT OR IGNORE INTO deliveries VALUES (?1, ?2, ?3)")
        .bind(delivery.id.as_str())
        .bind(delivery.attempts.map(i64::from))
        .bind(delivery.body.as_str());
    let database = D1::from(env.d1(DATABASE)?);
    database.batch(&[Statement::new(TABLE), insert]).await?;
    Ok(())
}

fn wants_another(delivery: &Delivery) -> bool {
    serde_json::from_str(&delivery.body)
        .is_ok_and(|Retried { retries }| delivery.attempts.is_some_and(|number| number <= retries))
}

/// One delivery as it was kept.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    id: String,
    attempts: Option<u32>,
    body: String,
}

/// The deliveries that were kept.
#[derive(Debug)]
pub(super) struct Deliveries {
    database: D1,
}

impl Deliveries {
    pub(super) fn in_database(database: D1Database) -> Self {
        Self {
            database: D1::from(database),
        }
    }

    /// Those that this contract sent, or none did; waits until `count` messages have come or none comes any more.
    pub(super) async fn of(
        &self,
        contract: Option<&str>,
        count: usize,
    ) -> Result<Vec<Kept>, String> {
        let query = Statement::new(
            "SELECT id, attempts, body FROM deliveries
             WHERE json_extract(iif(json_valid(body), body, 'null'), '$.contract') IS ?1
             ORDER BY id, attempts",
        );
        self.wait(&query.bind(contract), count).await
    }

    /// Asks again and again until the query has `count` rows.
    async fn wait(&self, query: &Statement, count: usize) -> Result<Vec<Kept>, String> {
        let batch = [Statement::new(TABLE), query.clone()];
        let mut pauses = 0;
        loop {
            let mut outcomes = self.database.batch(&batch).await.map_err(unexpected)?;
            let rows: Vec<Kept> = outcomes
                .pop()
                .unwrap_or_default()
                .read()
                .map_err(unexpected)?;
            if rows.len() >= count || PAUSE * pauses >= PATIENCE {
                return Ok(rows);
            }
            Delay::from(PAUSE).await;
            pauses += 1;
        }
    }
}

/// The queue of which the Worker is the consumer too.
pub(super) struct ConsumedQueue {
    pub(super) queue: CfQueue<Message>,
    pub(super) deliveries: Deliveries,
}

impl Queue<Message> for ConsumedQueue {
    async fn send_after(&self, messages: &[Message], delay_seconds: u32) -> Result<(), QueueError> {
        self.queue.send_after(messages, delay_seconds).await
    }
}

impl Consumed for ConsumedQueue {
    async fn arrived(&self, contract: &str, count: usize) -> Result<Vec<Message>, String> {
        let mut kept = self.deliveries.of(Some(contract), count).await?;
        kept.dedup_by(|later, earlier| later.id == earlier.id);
        kept.iter()
            .map(|kept| serde_json::from_str(&kept.body).map_err(unexpected))
            .collect()
    }
}
