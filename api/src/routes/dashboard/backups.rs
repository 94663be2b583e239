//! `/dashboard/backups/:id`, and the forms that pin it and have it restored for a test.

use axum::Extension;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use serde_json::json;
use shared::catalogue::overview::{self, BackupDetails};

use super::{Fields, Sent, answer, done, json_body, viewer};
use crate::auth::Actor;
use crate::page::backup::{Backup, page};
use crate::page::notice::Notice;
use crate::ports::Ports;
use crate::problem::Problem;
use crate::routes::backups::manifest;
use crate::routes::drills;
use crate::routes::pins::{self, no_such_backup, row};
use crate::state::App;

type Id = Result<Path<String>, PathRejection>;

/// Reads the row and its drills at one instant, then the manifest.
#[worker::send]
pub(crate) async fn backup<P: Ports>(
    State(app): State<App<P>>,
    Extension(actor): Extension<Actor>,
    uri: Uri,
    id: Id,
) -> Result<Response, Problem> {
    let (viewer, _) = viewer(&app, actor, &uri, &[])?;
    let id = row(id)?;
    let [backup, drills] = app
        .query([overview::backup(id), overview::drills_of(id, viewer.now)])
        .await?;
    let details: BackupDetails = backup.first()?.ok_or_else(no_such_backup)?;
    let backup = Backup {
        manifest: manifest(&app, &details).await?,
        details,
        drills: drills.read()?,
    };
    Ok(answer(&page(&backup, &viewer), &viewer))
}

/// Pins it, as `POST /backups/:id/pin` does.
#[worker::send]
pub(crate) async fn pin<P: Ports>(
    State(app): State<App<P>>,
    id: Id,
    sent: Sent,
) -> Result<Response, Problem> {
    let row = row(id)?;
    let note = json!({ "note": Fields::read(sent)?.text("note") });
    let _answer = pins::pin(State(app), Ok(Path(row.to_string())), Ok(json_body(&note))).await?;
    Ok(to(row, Notice::Pinned))
}

/// Unpins it, as `POST /backups/:id/unpin` does.
#[worker::send]
pub(crate) async fn unpin<P: Ports>(
    State(app): State<App<P>>,
    id: Id,
) -> Result<Response, Problem> {
    let row = row(id)?;
    let _answer = pins::unpin(State(app), Ok(Path(row.to_string()))).await?;
    Ok(to(row, Notice::Unpinned))
}

/// Asks for a drill, as `POST /backups/:id/drill` does.
#[worker::send]
pub(crate) async fn drill<P: Ports>(
    State(app): State<App<P>>,
    id: Id,
) -> Result<Response, Problem> {
    let row = row(id)?;
    let _answer = drills::drill(State(app), Ok(Path(row.to_string()))).await?;
    Ok(to(row, Notice::DrillRequested))
}

fn to(row: i64, notice: Notice) -> Response {
    done(&format!("/dashboard/backups/{row}"), notice)
}
