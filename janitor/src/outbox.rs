//! The outbox: letters that are due are sent.

use std::collections::BTreeSet;

use shared::catalogue::outbox::{self, Attempt, Letter};
use shared::message::Event;
use shared::notice::Notice;
use shared::notice::channels::{Channel, Channels};
use shared::outbox::{LONGEST_WAIT, MOST_ATTEMPTS, Next, next};
use shared::ports::{
    Clock, Database, DatabaseError, Queue, QueueError, WebhookAnswer, WebhookError, WebhookRequest,
    Webhooks,
};
use shared::time::Timestamp;

use crate::channels::channels_of;
use crate::ports::Ports;

/// Letters a step: all of them may take as long as an answer may.
const LETTERS: u32 = 10;
/// For how long an attempt is left alone: longer than an answer may take.
const LEASE_SECONDS: i64 = 60;

/// A delivery that did not work as it should. What a receiver answers is none: it is in the outbox.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// Nothing has happened.
    #[error("the letters that are due were not read")]
    Read(#[source] DatabaseError),
    /// The attempt may count, and nothing was sent.
    #[error("the attempt to deliver a letter was not begun")]
    Take(#[source] DatabaseError),
    /// The letter may be delivered, and comes again a minute later unless it is recorded.
    #[error("what became of a letter was not recorded")]
    Record(#[source] DatabaseError),
    /// Letters wait, until the hourly round.
    #[error("the message that has letters delivered later was not sent")]
    Again(#[source] QueueError),
}

/// What delivering came to.
#[derive(Debug, Default)]
pub(crate) struct Deliveries {
    /// Letters that were taken.
    pub(crate) delivered: usize,
    /// Letters that are tried again later.
    pub(crate) postponed: usize,
    /// Letters that are not tried again.
    pub(crate) given_up: usize,
    /// What did not work.
    pub(crate) failures: Vec<DeliveryError>,
}

/// Sends the letters that are due.
///
/// 1. Read what is due. Nothing has happened yet.
/// 2. Take the attempt, by compare-and-set on the attempt's number and moment: of two that deliver at once one sends. From
///    here on the attempt counts, and a minute later the next one is due whatever becomes of this one.
/// 3. Send. A stop behind it, or an answer that is lost, has the letter sent again: at least once is what can be had. All
///    attempts have the same id (`webhook-id`), by which a receiver can tell that it has had the letter.
/// 4. Record the answer, unless a later attempt has begun. A receiver that is gone for good (410) is switched off in the
///    same transaction where a row of `alert_config` says who it is.
/// 5. Have what is to be tried again delivered by messages with a delay, one for each moment at which something is due. When it is lost, the hourly round delivers.
pub(crate) async fn deliver<P: Ports>(ports: &P) -> Result<Deliveries, DeliveryError> {
    let now = ports.clock().now();
    let read = async {
        let statements = [outbox::due(now, LETTERS), outbox::configured()];
        let [due, rows] = ports.catalogue().run(statements).await?;
        Ok((due.read::<Letter>()?, channels_of(ports, rows)?))
    };
    let (due, channels) = read.await.map_err(DeliveryError::Read)?;
    let mut done = Deliveries::default();
    // When there may be something to do again.
    let mut again = BTreeSet::new();
    if due.len() >= usize::try_from(LETTERS).unwrap_or(usize::MAX) {
        again.insert(now);
    }
    for letter in due {
        match attempt(ports, &channels, &letter).await {
            Ok(None) => {}
            Ok(Some(Next::Delivered)) => done.delivered = done.delivered.saturating_add(1),
            Ok(Some(Next::GiveUp { .. })) => done.given_up = done.given_up.saturating_add(1),
            Ok(Some(Next::Retry { at, .. })) => {
                done.postponed = done.postponed.saturating_add(1);
                again.insert(at);
            }
            Err(error) => {
                done.failures.push(error);
                again.insert(ports.clock().now().plus_seconds(LEASE_SECONDS));
            }
        }
    }
    for at in again {
        let wait = at.seconds().saturating_sub(ports.clock().now().seconds());
        let wait = u32::try_from(wait.clamp(0, LONGEST_WAIT)).unwrap_or_default();
        let sent = ports.events().send_after(&[Event::Deliver], wait).await;
        if let Err(error) = sent {
            done.failures.push(DeliveryError::Again(error));
        }
    }
    Ok(done)
}

/// One attempt to deliver a letter; `None` when somebody else makes it.
async fn attempt<P: Ports>(
    ports: &P,
    channels: &Channels,
    letter: &Letter,
) -> Result<Option<Next>, DeliveryError> {
    let catalogue = ports.catalogue();
    let now = ports.clock().now();
    if letter.attempts >= MOST_ATTEMPTS {
        let next = Next::GiveUp {
            error: "The last attempt was begun, and nothing is known of its end.".to_owned(),
            is_gone: false,
        };
        record(ports, letter, letter.attempts, None, None, &next).await?;
        return Ok(Some(next));
    }
    let [taken] = catalogue
        .run([outbox::take(letter, now.plus_seconds(LEASE_SECONDS))])
        .await
        .map_err(DeliveryError::Take)?;
    if taken.changes == 0 {
        return Ok(None);
    }
    let number = letter.attempts.saturating_add(1);
    let channel = channels.find(&letter.channel);
    let (status, next) = match request(channel, letter, now) {
        Ok(request) => {
            let outcome = without_address(&request, ports.webhooks().send(&request).await);
            let status = outcome.as_ref().ok().map(|answer| answer.status);
            (status, next(number, &outcome, ports.clock().now()))
        }
        // Somebody may put the setting right.
        Err(Unsent::Later(message)) => (None, next(number, &Err(WebhookError { message }), now)),
        Err(Unsent::Never(error)) => {
            let is_gone = false;
            (None, Next::GiveUp { error, is_gone })
        }
    };
    record(ports, letter, number, channel, status, &next).await?;
    Ok(Some(next))
}

/// What came back, without the address, which is a secret: what is kept of it, the api shows.
fn without_address(
    request: &WebhookRequest,
    outcome: Result<WebhookAnswer, WebhookError>,
) -> Result<WebhookAnswer, WebhookError> {
    let clean = |text: &str| text.replace(&request.url, "(its address)");
    match outcome {
        Ok(answer) => Ok(WebhookAnswer {
            body: clean(&answer.body),
            ..answer
        }),
        Err(error) => Err(WebhookError {
            message: clean(&error.message),
        }),
    }
}

/// Why nothing can be sent.
enum Unsent {
    /// A setting is wrong.
    Later(String),
    /// There is no such channel, or no such notice for it.
    Never(String),
}

fn request(
    channel: Option<&Channel>,
    letter: &Letter,
    now: Timestamp,
) -> Result<WebhookRequest, Unsent> {
    let Some(channel) = channel else {
        let error = "The channel is no longer configured, or switched off.";
        return Err(Unsent::Never(error.to_owned()));
    };
    let notice: Notice = serde_json::from_str(&letter.notice)
        .map_err(|error| Unsent::Never(format!("The notice does not read: {error}.")))?;
    channel
        .request(&letter.notice_id, &notice, now)
        .map_err(|error| Unsent::Later(error.to_string()))?
        .ok_or_else(|| Unsent::Never("The channel has no form for this notice.".to_owned()))
}

async fn record<P: Ports>(
    ports: &P,
    letter: &Letter,
    number: u32,
    channel: Option<&Channel>,
    status: Option<u16>,
    next: &Next,
) -> Result<(), DeliveryError> {
    let now = ports.clock().now();
    let (error, at, is_gone) = match next {
        Next::Delivered => (None, None, false),
        Next::Retry { at, error } => (Some(error.as_str()), Some(*at), false),
        Next::GiveUp { error, is_gone } => (Some(error.as_str()), None, *is_gone),
    };
    let attempt = Attempt {
        id: letter.id,
        number,
        status,
        error,
        next: at,
    };
    let mut statements = vec![outbox::record(&attempt, now)];
    let row = channel.and_then(Channel::row).filter(|_| is_gone);
    statements.extend(row.map(|row| outbox::disable(row, now)));
    let recorded = ports.catalogue().batch(&statements).await;
    recorded.map(drop).map_err(DeliveryError::Record)
}
