//! `/dashboard/dead-letters`: what no retry saved, and the two decisions about it.

use axum::Extension;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use serde_json::json;
use shared::catalogue::dead_letters::{self as letters, Letter};

use super::{Fields, Sent, answer, done, json_body, viewer};
use crate::auth::Actor;
use crate::page::dead_letters::{Shown, page};
use crate::page::notice::Notice;
use crate::ports::Ports;
use crate::problem::Problem;
use crate::routes::dead_letters as endpoint;
use crate::state::App;

const ADDRESS: &str = "/dashboard/dead-letters";
const PAGE: u32 = 25;

/// Reads the catalogue.
#[worker::send]
pub(crate) async fn list<P: Ports>(
    State(app): State<App<P>>,
    Extension(actor): Extension<Actor>,
    uri: Uri,
) -> Result<Response, Problem> {
    let (viewer, parameters) = viewer(&app, actor, &uri, &["state", "before"])?;
    let open = match parameters.text("state") {
        None | Some("open") => true,
        Some("all") => false,
        Some(_) => return Err(Problem::parameter("state", "`state` is `open` or `all`.")),
    };
    let before = parameters.number("before", 1..=u32::MAX)?;
    let [found] = app.query([letters::newest(open, before, PAGE)]).await?;
    let found: Vec<Letter> = found.read()?;
    let is_full = u32::try_from(found.len()).is_ok_and(|count| count == PAGE);
    let shown = Shown {
        open,
        is_first: before.is_none(),
        next: found.last().map(|letter| letter.id).filter(|_| is_full),
    };
    Ok(answer(&page(&found, shown, &viewer), &viewer))
}

/// Sends a letter again, as `POST /dead-letters/:id/redrive` does.
#[worker::send]
pub(crate) async fn redrive<P: Ports>(
    app: State<App<P>>,
    id: Result<Path<u32>, PathRejection>,
) -> Result<Response, Problem> {
    let _answer = endpoint::redrive(app, id).await?;
    Ok(done(ADDRESS, Notice::Redriven))
}

/// Discards a letter, as `POST /dead-letters/:id/discard` does.
#[worker::send]
pub(crate) async fn discard<P: Ports>(
    app: State<App<P>>,
    id: Result<Path<u32>, PathRejection>,
    sent: Sent,
) -> Result<Response, Problem> {
    let fields = Fields::read(sent)?;
    let note = json_body(&json!({ "note": fields.text("note") }));
    let _answer = endpoint::discard(app, id, Ok(note)).await?;
    Ok(done(ADDRESS, Notice::Discarded))
}
