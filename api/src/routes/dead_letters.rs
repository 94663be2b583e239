//! `/dead-letters`: the messages that no retry saved, and what may be done with them.

use axum::Json;
use axum::body::Bytes;
use axum::extract::Path;
use axum::extract::State;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::http::{StatusCode, Uri};
use serde::{Deserialize, Serialize};
use shared::catalogue::dead_letters::{self, Letter};
use shared::message::{EVENTS_QUEUE, Event, ExportMessage};
use shared::ports::{Clock, Queue};

use super::{rfc3339, whole_body};
use crate::parameters::Parameters;
use crate::ports::Ports;
use crate::problem::{Kind, Problem};
use crate::state::App;

/// No valid note comes near it.
pub(crate) const LONGEST_BODY: usize = 16 * 1024;
/// The longest note, in characters.
const NOTE: usize = 500;
const PAGE: u32 = 50;
const LARGEST_PAGE: u32 = 500;

/// A page of dead letters.
#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Letters {
    dead_letters: Vec<LetterView>,
    /// What to give as `before` for the next page; `null` on the last one.
    next: Option<i64>,
}

/// A dead letter.
#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct LetterView {
    id: i64,
    queue: String,
    body: String,
    job_id: Option<String>,
    database: Option<String>,
    error: String,
    attempts: u64,
    first_seen_at: String,
    last_seen_at: String,
    #[cfg_attr(native, schemars(with = "Option<crate::openapi::Resolution>"))]
    resolution: Option<String>,
    resolved_at: Option<String>,
    note: Option<String>,
}

impl From<Letter> for LetterView {
    fn from(letter: Letter) -> Self {
        Self {
            id: letter.id,
            queue: letter.queue,
            body: letter.body,
            job_id: letter.job_id,
            database: letter.database_name,
            error: letter.error_message,
            attempts: letter.attempts,
            first_seen_at: rfc3339(letter.first_seen_at),
            last_seen_at: rfc3339(letter.last_seen_at),
            resolution: letter.resolution,
            resolved_at: letter.resolved_at.map(rfc3339),
            note: letter.note,
        }
    }
}

/// Reads the catalogue.
#[worker::send]
pub(crate) async fn list<P: Ports>(
    State(app): State<App<P>>,
    uri: Uri,
) -> Result<Json<Letters>, Problem> {
    let query = Parameters::read(&uri, &["state", "before", "limit"])?;
    let open = match query.text("state") {
        None | Some("open") => true,
        Some("all") => false,
        Some(_) => return Err(Problem::parameter("state", "`state` is `open` or `all`.")),
    };
    let before = query.number("before", 1..=u32::MAX)?;
    let limit = query.number("limit", 1..=LARGEST_PAGE)?.unwrap_or(PAGE);
    let [letters] = app
        .query([dead_letters::newest(open, before, limit)])
        .await?;
    let letters: Vec<Letter> = letters.read()?;
    let is_full = letters.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
    let next = letters.last().map(|letter| letter.id).filter(|_| is_full);
    Ok(Json(Letters {
        dead_letters: letters.into_iter().map(LetterView::from).collect(),
        next,
    }))
}

/// Reads the catalogue.
#[worker::send]
pub(crate) async fn letter<P: Ports>(
    State(app): State<App<P>>,
    id: Result<Path<u32>, PathRejection>,
) -> Result<Json<LetterView>, Problem> {
    Ok(Json(find(&app, id).await?.into()))
}

/// Sends a dead letter again.
///
/// 1. Read the letter and its body. Nothing has happened.
/// 2. Resolve it by compare-and-set; one of an export gives its result another chance in the same transaction. Of two requests one is
///    told that the letter is dealt with.
/// 3. Send the message. Lost, the janitor's sweep sends that of a queued result, and does what an event would have asked for.
#[worker::send]
pub(crate) async fn redrive<P: Ports>(
    State(app): State<App<P>>,
    id: Result<Path<u32>, PathRejection>,
) -> Result<(StatusCode, Json<LetterView>), Problem> {
    let letter = open(&app, id).await?;
    let now = app.ports().clock().now();
    if letter.queue == EVENTS_QUEUE {
        let event: Event = serde_json::from_str(&letter.body).map_err(|_| no_message())?;
        let resolve = dead_letters::resolve(letter.id, "redriven", None, now);
        let [resolved] = app.query([resolve]).await?;
        if resolved.changes != 1 {
            return Err(already_resolved());
        }
        let sent = app.ports().events().send(&[event]).await;
        sent.map_err(|error| Problem::internal("send an event again", error, true))?;
    } else {
        let message: ExportMessage =
            serde_json::from_str(&letter.body).map_err(|_| no_message())?;
        let redrive =
            dead_letters::redrive_export(letter.id, &message.job_id, &message.database, now);
        let [_, _, resolved] = app.query(redrive).await?;
        if resolved.changes != 1 {
            return Err(Problem::new(
                Kind::CannotBeRedriven,
                "The catalogue has no result for this message that could still become a backup: it ended well, is gone, or \
                 somebody was faster. Look at the letter again, or discard it.",
            ));
        }
        let sent = app.ports().exports().send(&[message]).await;
        sent.map_err(|error| Problem::internal("send a message again", error, true))?;
    }
    Ok((
        StatusCode::ACCEPTED,
        Json(by_id(&app, letter.id).await?.into()),
    ))
}

/// Puts a dead letter aside, by compare-and-set: of two requests one is told that the letter is dealt with.
#[worker::send]
pub(crate) async fn discard<P: Ports>(
    State(app): State<App<P>>,
    id: Result<Path<u32>, PathRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<LetterView>, Problem> {
    let note = note(body)?;
    let letter = open(&app, id).await?;
    let now = app.ports().clock().now();
    let resolve = dead_letters::resolve(letter.id, "discarded", note.as_deref(), now);
    let [resolved] = app.query([resolve]).await?;
    if resolved.changes != 1 {
        return Err(already_resolved());
    }
    Ok(Json(by_id(&app, letter.id).await?.into()))
}

/// What a discarding may say.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Discard {
    #[cfg_attr(native, schemars(length(max = 500)))]
    note: Option<String>,
}

fn note(body: Result<Bytes, BytesRejection>) -> Result<Option<String>, Problem> {
    let body = whole_body(body, LONGEST_BODY, "", "read a note")?;
    if body.trim_ascii().is_empty() {
        return Ok(None);
    }
    let Discard { note } = serde_json::from_slice(&body).map_err(|error| {
        let detail = format!("The body must be {{\"note\": \"TEXT\"}}, or empty: {error}.");
        let kind = if error.is_data() {
            Kind::InvalidBody
        } else {
            Kind::InvalidJson
        };
        Problem::new(kind, detail).field("body")
    })?;
    if note
        .as_ref()
        .is_some_and(|note| note.chars().count() > NOTE)
    {
        let detail = format!("`note` may have {NOTE} characters at most.");
        return Err(Problem::new(Kind::InvalidBody, detail).field("note"));
    }
    let note = note.map(|note| note.trim().to_owned());
    Ok(note.filter(|note| !note.is_empty()))
}

async fn open<P: Ports>(
    app: &App<P>,
    id: Result<Path<u32>, PathRejection>,
) -> Result<Letter, Problem> {
    let letter = find(app, id).await?;
    if letter.resolved_at.is_some() {
        return Err(already_resolved());
    }
    Ok(letter)
}

async fn find<P: Ports>(
    app: &App<P>,
    id: Result<Path<u32>, PathRejection>,
) -> Result<Letter, Problem> {
    let Path(id) = id.map_err(|_| no_such_letter())?;
    by_id(app, i64::from(id)).await
}

async fn by_id<P: Ports>(app: &App<P>, id: i64) -> Result<Letter, Problem> {
    let [letter] = app.query([dead_letters::find(id)]).await?;
    letter.first()?.ok_or_else(no_such_letter)
}

fn no_such_letter() -> Problem {
    Problem::new(
        Kind::NoSuchDeadLetter,
        "There is no dead letter of that number. `GET /dead-letters?state=all` lists them.",
    )
}

fn already_resolved() -> Problem {
    Problem::new(
        Kind::AlreadyResolved,
        "The letter was sent again or discarded before. When it fails once more it is a new one.",
    )
}

fn no_message() -> Problem {
    Problem::new(
        Kind::CannotBeRedriven,
        "Its body is no message, so nobody would understand it. Discard it.",
    )
}

/// What the OpenAPI document has of this.
#[cfg(native)]
pub(crate) fn operations() -> Vec<crate::openapi::Operation> {
    use crate::openapi::Operation;
    use crate::openapi::operation::{number, number_or, one_of};
    use serde_json::json;

    let id = || number(0..=u32::MAX);
    vec![
        Operation::of("GET /dead-letters")
            .query("state", one_of(&["open", "all"]), "`open` unless told.")
            .query(
                "before",
                number(1..=u32::MAX),
                "From behind this one: `next` of the page before.",
            )
            .query(
                "limit",
                number_or(1..=LARGEST_PAGE, PAGE),
                "At most so many.",
            )
            .json::<Letters>(200, "A page of them, newest first.")
            .link("GET /dead-letters/:id", &[("id", "/deadLetters/0/id")])
            .link(
                "POST /dead-letters/:id/redrive",
                &[("id", "/deadLetters/0/id")],
            )
            .link(
                "POST /dead-letters/:id/discard",
                &[("id", "/deadLetters/0/id")],
            )
            .problems(&[Kind::InvalidParameter]),
        Operation::of("GET /dead-letters/:id")
            .path_part("id", id(), "Its number.")
            .json::<LetterView>(200, "The letter.")
            .problems(&[Kind::NoSuchDeadLetter]),
        Operation::of("POST /dead-letters/:id/redrive")
            .path_part("id", id(), "Its number.")
            .json::<LetterView>(202, "It is sent again.")
            .problems(&[
                Kind::NoSuchDeadLetter,
                Kind::AlreadyResolved,
                Kind::CannotBeRedriven,
            ]),
        Operation::of("POST /dead-letters/:id/discard")
            .path_part("id", id(), "Its number.")
            .body::<Discard>(json!({ "note": "sent by a test" }))
            .json::<LetterView>(200, "It is put aside.")
            .problems(&[
                Kind::NoSuchDeadLetter,
                Kind::AlreadyResolved,
                Kind::InvalidJson,
                Kind::InvalidBody,
                Kind::BodyTooLarge,
            ]),
    ]
}
