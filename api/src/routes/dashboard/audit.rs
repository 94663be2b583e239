//! `GET /dashboard/audit`: the audit log.

use axum::Extension;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use shared::catalogue::audit::{self, Entry};

use super::{answer, viewer};
use crate::auth::Actor;
use crate::page::audit::page;
use crate::ports::Ports;
use crate::problem::Problem;
use crate::state::App;

const PAGE: u32 = 50;

/// Reads the catalogue.
#[worker::send]
pub(crate) async fn audit<P: Ports>(
    State(app): State<App<P>>,
    Extension(actor): Extension<Actor>,
    uri: Uri,
) -> Result<Response, Problem> {
    let (viewer, parameters) = viewer(&app, actor, &uri, &["before"])?;
    let before = parameters.number("before", 1..=u32::MAX)?;
    let [entries] = app.query([audit::newest(before, PAGE)]).await?;
    let entries: Vec<Entry> = entries.read()?;
    let is_full = u32::try_from(entries.len()).is_ok_and(|count| count == PAGE);
    let next = entries.last().map(|entry| entry.id).filter(|_| is_full);
    let page = page(&entries, before.is_none(), next, &viewer);
    Ok(answer(&page, &viewer))
}
