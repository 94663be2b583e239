//! The outbox: what is to be told to a channel, and what became of it.

use serde::Deserialize;

use crate::ports::Statement;
use crate::time::Timestamp;

/// A notice for a channel, on its way.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Letter {
    /// Its row.
    pub id: i64,
    /// The same over all attempts, and for all channels.
    pub notice_id: String,
    /// The channel's name.
    pub channel: String,
    /// The notice, JSON.
    pub notice: String,
    /// Attempts so far.
    pub attempts: u32,
    /// When the next one is due, in Unix seconds.
    pub next_attempt_at: i64,
}

/// The letters whose next attempt is due, longest due first: [`Letter`]s.
pub fn due(now: Timestamp, limit: u32) -> Statement {
    Statement::new(
        "SELECT id, notice_id, channel, notice, attempts, next_attempt_at FROM outbox \
         WHERE next_attempt_at <= ?1 ORDER BY next_attempt_at, id LIMIT ?2",
    )
    .bind(now.seconds())
    .bind(i64::from(limit))
}

/// Takes the next attempt of a letter as it was read; `changes` is 1 for the one who makes it. The attempt counts from
/// here on, and the one after it is not before `until`.
pub fn take(letter: &Letter, until: Timestamp) -> Statement {
    Statement::new(
        "UPDATE outbox SET attempts = attempts + 1, next_attempt_at = ?4, last_status = NULL, \
         last_error = 'The attempt was begun, and nothing is known of its end.' \
         WHERE id = ?1 AND attempts = ?2 AND next_attempt_at = ?3",
    )
    .bind(letter.id)
    .bind(i64::from(letter.attempts))
    .bind(letter.next_attempt_at)
    .bind(until.seconds())
}

/// What an attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt<'a> {
    /// The letter's row.
    pub id: i64,
    /// Which attempt it was, from 1.
    pub number: u32,
    /// The status of the answer, when there was one.
    pub status: Option<u16>,
    /// Why it failed; `None` when the letter is delivered.
    pub error: Option<&'a str>,
    /// When to try again; `None` for never.
    pub next: Option<Timestamp>,
}

/// Records what an attempt came to, unless a later one was begun meanwhile.
pub fn record(attempt: &Attempt<'_>, now: Timestamp) -> Statement {
    Statement::new(
        "UPDATE outbox SET delivered_at = iif(?4 IS NULL, ?6, NULL), last_status = ?3, last_error = ?4, \
         next_attempt_at = ?5 WHERE id = ?1 AND attempts = ?2 AND delivered_at IS NULL",
    )
    .bind(attempt.id)
    .bind(i64::from(attempt.number))
    .bind(attempt.status.map(i64::from))
    .bind(attempt.error)
    .bind(attempt.next.map(Timestamp::seconds))
    .bind(now.seconds())
}

/// Puts a notice that rests on nothing in the catalogue into the outbox; once only.
pub fn tell(notice_id: &str, channel: &str, notice: &str, now: Timestamp) -> Statement {
    Statement::new(
        "INSERT INTO outbox (notice_id, channel, notice, created_at, next_attempt_at) VALUES (?1, ?2, ?3, ?4, ?4) \
         ON CONFLICT (notice_id, channel) DO NOTHING",
    )
    .bind(notice_id)
    .bind(channel)
    .bind(notice)
    .bind(now.seconds())
}

/// A row of `alert_config` that is enabled and has an address.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Configured {
    /// Its row.
    pub id: i64,
    /// Where to send.
    pub webhook_url: String,
    /// Whether it is told of backups that worked.
    pub notify_on_success: i64,
    /// Whether it is told of backups that failed.
    pub notify_on_failure: i64,
}

/// The channels that the catalogue configures: [`Configured`], the first hundred.
pub fn configured() -> Statement {
    Statement::new(
        "SELECT id, webhook_url, coalesce(notify_on_success, 0) AS notify_on_success, \
         coalesce(notify_on_failure, 1) AS notify_on_failure FROM alert_config \
         WHERE coalesce(enabled, 1) <> 0 AND coalesce(webhook_url, '') <> '' ORDER BY id LIMIT 100",
    )
}

/// Switches off a channel of `alert_config`, whose receiver is gone for good.
pub fn disable(id: i64, now: Timestamp) -> Statement {
    Statement::new("UPDATE alert_config SET enabled = 0, updated_at = ?2 WHERE id = ?1")
        .bind(id)
        .bind(now.seconds())
}

/// A letter as the api lists it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DeliveryView {
    /// The same over all attempts, and for all channels.
    pub notice_id: String,
    /// The channel's name.
    pub channel: String,
    /// The type of the notice.
    pub notice_type: Option<String>,
    /// When it was written, in Unix seconds.
    pub created_at: i64,
    /// Attempts so far.
    pub attempts: u64,
    /// When the next one is due, in Unix seconds; `None` when there is none any more.
    pub next_attempt_at: Option<i64>,
    /// When it was delivered, in Unix seconds.
    pub delivered_at: Option<i64>,
    /// The status of the last answer.
    pub last_status: Option<u16>,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
}

/// The newest letters, newest first: [`DeliveryView`]s.
pub fn recent(limit: u32) -> Statement {
    Statement::new(
        "SELECT notice_id, channel, notice ->> '$.type' AS notice_type, created_at, attempts, next_attempt_at, \
         delivered_at, last_status, last_error FROM outbox ORDER BY id DESC LIMIT ?1",
    )
    .bind(i64::from(limit))
}
