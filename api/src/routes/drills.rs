//! `POST /backups/:id/drill`: somebody wants to know whether a backup restores.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Serialize;
use shared::message::Event;
use shared::ports::Queue;

use super::pins::{find, gone};
use crate::ports::Ports;
use crate::problem::Problem;
use crate::state::App;

/// The answer.
#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct DrillRequested {
    id: i64,
    database: String,
    r2_key: String,
    status: &'static str,
    message: &'static str,
}

/// Asks for a restore drill of a backup.
///
/// 1. Read the row. Nothing has happened.
/// 2. Send the message to the janitor, which requests the drill unless one is open, and starts it. Sent twice, it is one drill,
///    or another one after the first came to its end.
#[worker::send]
pub(crate) async fn drill<P: Ports>(
    State(app): State<App<P>>,
    id: Result<Path<String>, PathRejection>,
) -> Result<(StatusCode, Json<DrillRequested>), Problem> {
    let backup = find(&app, id).await?;
    if backup.deleted_at.is_some() || backup.deleted_because.is_some() || backup.lost_at.is_some() {
        return Err(gone(&backup, "restored"));
    }
    let event = Event::Drill {
        key: backup.r2_key.clone(),
    };
    let sent = app.ports().events().send(&[event]).await;
    sent.map_err(|error| Problem::internal("wake the janitor", error, true))?;
    Ok((
        StatusCode::ACCEPTED,
        Json(DrillRequested {
            id: backup.id,
            database: backup.database_name,
            r2_key: backup.r2_key,
            status: "requested",
            message: "The backup is being restored for a test. See verifiedAt in /list, and /alerts.",
        }),
    ))
}

/// What the OpenAPI document has of this.
#[cfg(native)]
pub(crate) fn operations() -> Vec<crate::openapi::Operation> {
    use crate::openapi::Operation;
    use crate::openapi::operation::number;
    use crate::problem::Kind;

    vec![
        Operation::of("POST /backups/:id/drill")
            .says("It begins at once, and goes on in the background.")
            .path_part("id", number(0..=u32::MAX), "The `id` in `GET /list`.")
            .json::<DrillRequested>(202, "It is asked for.")
            .problems(&[Kind::NoSuchBackup, Kind::BackupGone]),
    ]
}
