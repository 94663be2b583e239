//! `GET /dashboard/jobs/:id`: a job, while it runs and after.

use axum::Extension;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use shared::catalogue::{progress, views};

use super::{answer, viewer};
use crate::auth::Actor;
use crate::page::job::{Report, page};
use crate::ports::Ports;
use crate::problem::Problem;
use crate::routes::jobs::no_such_job;
use crate::state::App;

/// Reads the catalogue at one instant.
#[worker::send]
pub(crate) async fn job<P: Ports>(
    State(app): State<App<P>>,
    Extension(actor): Extension<Actor>,
    uri: Uri,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let (viewer, _) = viewer(&app, actor, &uri, &[])?;
    let Path(id) = id.map_err(|_| no_such_job())?;
    let [job, results, made, previous] = app
        .query([
            views::job(&id),
            views::results(&id),
            progress::made(&id),
            progress::previous(&id),
        ])
        .await?;
    let report = Report {
        job: job.first()?.ok_or_else(no_such_job)?,
        results: results.read()?,
        made: made.read()?,
        previous: previous.read()?,
    };
    Ok(answer(&page(&report, &viewer), &viewer))
}
