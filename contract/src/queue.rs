//! What a [`Queue`] promises, which is what a Cloudflare queue does.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use shared::ports::Queue;

use crate::suite;
use crate::verdict::{Verdict, holds, same, unexpected};

/// Calls the macro `$with` with the contracts of a queue.
#[macro_export]
macro_rules! queue_contracts {
    ($with:ident) => {
        $with! {
            Consumed:
            one_message_arrives_as_it_was_sent,
            sending_nothing_sends_nothing,
            a_delayed_message_arrives,
            all_of_250_messages_arrive,
            messages_that_together_are_too_large_for_one_call_arrive,
            a_message_of_more_than_128_kilobytes_is_refused,
        }
    };
}
queue_contracts!(suite);

/// A message, with what JSON might lose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The contract that sent it.
    pub contract: String,
    /// Its number in the contract.
    pub number: u32,
    /// Any text.
    pub text: String,
    /// Any names and numbers.
    pub counts: BTreeMap<String, i64>,
    /// Something or nothing.
    pub note: Option<String>,
}

/// A queue with a consumer that keeps what arrives.
pub trait Consumed: Queue<Message> {
    /// The messages of a contract, each once and in any order, when `count` have arrived or none comes any more.
    async fn arrived(&self, contract: &str, count: usize) -> Result<Vec<Message>, String>;
}

fn message(contract: &str, number: u32, text: String) -> Message {
    Message {
        contract: contract.to_owned(),
        number,
        text,
        counts: BTreeMap::new(),
        note: None,
    }
}

/// Sends the messages and holds when just they arrive.
async fn all_arrive(queue: &impl Consumed, contract: &str, sent: &[Message]) -> Verdict {
    queue.send(sent).await.map_err(unexpected)?;
    let found = queue.arrived(contract, sent.len()).await?;
    same(found.len(), sent.len())?;
    let numbers = |messages: &[Message]| -> BTreeSet<_> {
        messages
            .iter()
            .map(|message| (message.number, message.text.len()))
            .collect()
    };
    same(numbers(&found), numbers(sent))
}

async fn one_message_arrives_as_it_was_sent(queue: &impl Consumed) -> Verdict {
    let sent = Message {
        counts: BTreeMap::from([
            ("größe".to_owned(), (1 << 53) - 1),
            ("least".to_owned(), -7),
        ]),
        note: Some(String::new()),
        ..message(
            "as sent",
            4_294_967_295,
            "it's \"é\" \\ \0 \r\n 漢 👩‍👧 \u{2028}".to_owned(),
        )
    };
    queue
        .send(std::slice::from_ref(&sent))
        .await
        .map_err(unexpected)?;
    same(queue.arrived("as sent", 1).await?, vec![sent])
}

async fn sending_nothing_sends_nothing(queue: &impl Consumed) -> Verdict {
    queue.send(&[]).await.map_err(unexpected)?;
    all_arrive(
        queue,
        "nothing",
        &[message("nothing", 1, "the only one".to_owned())],
    )
    .await
}

async fn a_delayed_message_arrives(queue: &impl Consumed) -> Verdict {
    let sent = message("delayed", 1, "a second later".to_owned());
    let answer = queue.send_after(std::slice::from_ref(&sent), 1).await;
    answer.map_err(unexpected)?;
    same(queue.arrived("delayed", 1).await?, vec![sent])
}

async fn all_of_250_messages_arrive(queue: &impl Consumed) -> Verdict {
    let sent: Vec<_> = (0..250)
        .map(|number| message("many", number, number.to_string()))
        .collect();
    all_arrive(queue, "many", &sent).await
}

async fn messages_that_together_are_too_large_for_one_call_arrive(
    queue: &impl Consumed,
) -> Verdict {
    let sent: Vec<_> = (0..5)
        .map(|number| message("large", number, "x".repeat(100_000)))
        .collect();
    all_arrive(queue, "large", &sent).await
}

async fn a_message_of_more_than_128_kilobytes_is_refused(queue: &impl Consumed) -> Verdict {
    let sent = [message("too large", 0, "x".repeat(128_001))];
    holds(queue.send(&sent).await.is_err(), "the queue refuses it")
}
