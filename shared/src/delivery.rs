//! A message as a queue delivered it, and what becomes of it.

/// A message of which nothing is known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received<'delivery> {
    /// The queue's id of the message, the same for every delivery.
    pub id: &'delivery str,
    /// The body; JSON unless somebody else sent it.
    pub body: &'delivery str,
    /// Which delivery this is, from 1, where the runtime says it.
    pub attempts: Option<u32>,
}

impl Received<'_> {
    /// How often the message was delivered, as far as is known.
    pub fn deliveries(&self) -> u32 {
        self.attempts.unwrap_or(1)
    }
}

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Done: the queue forgets it.
    Ack,
    /// Not done: the queue delivers it again, or gives it to the dead-letter queue when no retry is left.
    Retry {
        /// How long to wait before.
        after_seconds: u32,
    },
}

/// Why a body does not read, short enough for a person: serde quotes what it found, which may be the whole body.
pub fn brief(error: &serde_json::Error) -> String {
    error.to_string().chars().take(200).collect()
}
