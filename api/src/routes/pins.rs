//! `POST /backups/:id/pin` and `POST /backups/:id/unpin`: a pinned backup is never deleted.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, State};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use shared::catalogue::retention::{self, Pinnable};
use shared::manifest::pin_key;
use shared::ports::{Clock, ObjectStore, Put, PutOptions, StoreError};
use shared::retention::pin::{LONGEST_NOTE, Pin};

use super::{rfc3339, whole_body};
use crate::ports::Ports;
use crate::problem::{Kind, Problem};
use crate::state::App;

/// No valid body comes near it.
pub(crate) const LONGEST_BODY: usize = 16 * 1024;

/// What the body may say.
#[cfg(native)]
#[derive(schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct PinBody {
    /// Why.
    #[schemars(length(max = 500))]
    note: Option<String>,
}

/// Whether a backup is pinned now.
#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Pinned {
    id: i64,
    database: String,
    r2_key: String,
    pinned: bool,
    pinned_at: Option<String>,
    note: Option<String>,
}

/// Pins a backup; one that is pinned is given the new note.
///
/// 1. Read the body and the row. Nothing has happened.
/// 2. Write the pin beside the dump, so that a rebuilt catalogue knows it. A stop leaves an object without a pinned row: the
///    same request goes on from there, and where nobody asks again it goes with the backup. When there is one with
///    another note, it is taken away first; a stop in between leaves the row pinned, which the same request repairs.
/// 3. Pin the row, unless its deletion has begun in the meantime: one statement compares and sets, so either the pin is
///    first and the backup stays, or it is refused.
/// 4. When refused, take the object away again. A stop leaves a small object beside nothing, which pins nothing.
#[worker::send]
pub(crate) async fn pin<P: Ports>(
    State(app): State<App<P>>,
    id: Result<Path<String>, PathRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Pinned>, Problem> {
    let note = note(&whole_body(
        body,
        LONGEST_BODY,
        "",
        "read the body of a pin",
    )?)?;
    let backup = find(&app, id).await?;
    if backup.deleted_at.is_some() || backup.deleted_because.is_some() || backup.lost_at.is_some() {
        return Err(gone(&backup, "pinned"));
    }
    let mut pin = Pin::new(note, app.ports().clock().now());
    // The moment of the first pin stays.
    pin.pinned_at = backup.pinned_at.unwrap_or(pin.pinned_at);
    write(&app, &backup, &pin).await?;
    let statement = retention::pin(backup.id, pin.note.as_deref(), pin.pinned_at);
    let [pinned] = app.query([statement]).await?;
    if pinned.changes == 0 {
        let key = pin_key(&backup.r2_key);
        app.ports().bucket().delete(&key).await.map_err(unwritten)?;
        return Err(gone(&backup, "pinned"));
    }
    Ok(Json(Pinned {
        id: backup.id,
        database: backup.database_name,
        r2_key: backup.r2_key,
        pinned: true,
        pinned_at: Some(rfc3339(pin.pinned_at)),
        note: pin.note,
    }))
}

/// Takes the pin of a backup away; of one that is not pinned, or is gone, nothing is taken.
///
/// 1. Read the row. Nothing has happened.
/// 2. The row first. A stop leaves the object: a catalogue that is rebuilt would have the backup pinned, which deletes
///    nothing. The same request goes on from there, since it does not matter whether the row is pinned.
/// 3. The object; deleting what is gone succeeds. A lock of the bucket may keep it, and that is no failure: the row
///    decides, and the object goes with the backup.
#[worker::send]
pub(crate) async fn unpin<P: Ports>(
    State(app): State<App<P>>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Pinned>, Problem> {
    let backup = find(&app, id).await?;
    let [_] = app.query([retention::unpin(backup.id)]).await?;
    match app.ports().bucket().delete(&pin_key(&backup.r2_key)).await {
        Err(error) if !error.is_locked => return Err(unwritten(error)),
        Ok(()) | Err(_) => {}
    }
    Ok(Json(Pinned {
        id: backup.id,
        database: backup.database_name,
        r2_key: backup.r2_key,
        pinned: false,
        pinned_at: None,
        note: None,
    }))
}

/// The backup of that id, also when it is gone.
pub(super) async fn find<P: Ports>(
    app: &App<P>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Pinnable, Problem> {
    let [found] = app.query([retention::pinnable(row(id)?)]).await?;
    found.first()?.ok_or_else(no_such_backup)
}

/// The row that an address names.
pub(super) fn row(id: Result<Path<String>, PathRejection>) -> Result<i64, Problem> {
    let Path(id) = id.map_err(|_| no_such_backup())?;
    // What D1 takes as a whole number, and no other way to write it.
    let number: u32 = id.parse().map_err(|_| no_such_backup())?;
    if number.to_string() != id {
        return Err(no_such_backup());
    }
    Ok(number.into())
}

pub(super) fn no_such_backup() -> Problem {
    Problem::new(
        Kind::NoSuchBackup,
        "There is no backup of that id. `GET /list` has the id of each.",
    )
}

/// Writes the pin beside the dump. What is there already says the same, or is replaced.
async fn write<P: Ports>(app: &App<P>, backup: &Pinnable, pin: &Pin) -> Result<(), Problem> {
    let bucket = app.ports().bucket();
    let key = pin_key(&backup.r2_key);
    let body = serde_json::to_vec(pin)
        .map_err(|error| Problem::internal("write a pin as JSON", error, false))?;
    let options = PutOptions {
        content_type: "application/json",
        sha256: Sha256::digest(&body).into(),
        owner: backup.job_id.clone().unwrap_or_default(),
    };
    let mut put = bucket.put_new(&key, &body, &options).await;
    if let Ok(Put::Exists) = put {
        let before = bucket.get(&key).await.map_err(unwritten)?;
        let before = before.and_then(|bytes| serde_json::from_slice::<Pin>(&bytes).ok());
        if before.is_some_and(|before| before.note == pin.note) {
            return Ok(());
        }
        match bucket.delete(&key).await {
            Ok(()) => put = bucket.put_new(&key, &body, &options).await,
            // The old note stays in the bucket. What counts is that it says pinned.
            Err(error) if error.is_locked => return Ok(()),
            Err(error) => return Err(unwritten(error)),
        }
    }
    match put {
        Ok(Put::Created) => Ok(()),
        Ok(Put::Exists) => Err(Problem::new(
            Kind::Unavailable,
            "Somebody else pins this backup at the same moment. Try again.",
        )),
        Err(error) => Err(unwritten(error)),
    }
}

/// Of a backup that is gone, or about to be. `done` is what it cannot be.
pub(super) fn gone(backup: &Pinnable, done: &str) -> Problem {
    let detail = match (backup.deleted_at, backup.lost_at) {
        (Some(at), _) => format!("The backup was deleted at {}.", rfc3339(at)),
        (None, Some(at)) => format!(
            "The objects of the backup are gone from the bucket, as was found at {}.",
            rfc3339(at)
        ),
        (None, None) => "The backup is being deleted.".to_owned(),
    };
    Problem::new(
        Kind::BackupGone,
        format!("{detail} It cannot be {done}; `GET /list` has those that can."),
    )
}

fn note(body: &[u8]) -> Result<Option<String>, Problem> {
    if body.trim_ascii().is_empty() {
        return Ok(None);
    }
    let body: Value = serde_json::from_slice(body).map_err(|error| {
        let detail = format!("The body is no JSON: {error}. Leave it empty to pin without a note.");
        Problem::new(Kind::InvalidJson, detail).field("body")
    })?;
    let invalid =
        |field: &str, detail: String| Problem::new(Kind::InvalidBody, detail).field(field);
    let Value::Object(fields) = body else {
        let detail = "The body must be a JSON object, such as {\"note\": \"TEXT\"}, or empty.";
        return Err(invalid("body", detail.to_owned()));
    };
    let mut note = None;
    for (field, value) in fields {
        match (field.as_str(), value) {
            ("note", Value::Null) => {}
            ("note", Value::String(text)) => {
                if text.chars().count() > LONGEST_NOTE {
                    let detail = format!("`note` may have {LONGEST_NOTE} characters at most.");
                    return Err(invalid("note", detail));
                }
                let text = text.trim();
                note = (!text.is_empty()).then(|| text.to_owned());
            }
            ("note", _) => return Err(invalid("note", "`note` must be a text.".to_owned())),
            (unknown, _) => {
                let detail = format!("There is no field `{unknown}`; there is `note` (a text).");
                return Err(invalid(unknown, detail));
            }
        }
    }
    Ok(note)
}

fn unwritten(error: StoreError) -> Problem {
    Problem::internal("write a pin to the bucket", error, true)
}

/// What the OpenAPI document has of this.
#[cfg(native)]
pub(crate) fn operations() -> Vec<crate::openapi::Operation> {
    use crate::openapi::Operation;
    use crate::openapi::operation::number;
    use serde_json::json;

    let id = || number(0..=u32::MAX);
    vec![
        Operation::of("POST /backups/:id/pin")
            .path_part("id", id(), "The `id` in `GET /list`.")
            .body::<PinBody>(json!({ "note": "before the migration" }))
            .json::<Pinned>(200, "It is pinned.")
            .problems(&[
                Kind::NoSuchBackup,
                Kind::BackupGone,
                Kind::InvalidJson,
                Kind::InvalidBody,
                Kind::BodyTooLarge,
            ]),
        Operation::of("POST /backups/:id/unpin")
            .path_part("id", id(), "The `id` in `GET /list`.")
            .json::<Pinned>(200, "It is not pinned.")
            .problems(&[Kind::NoSuchBackup]),
    ]
}
