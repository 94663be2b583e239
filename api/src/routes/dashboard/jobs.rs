//! `GET /dashboard/jobs` and `GET /dashboard/jobs/:id`: a job, while it runs and after.

use axum::Extension;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use shared::catalogue::overview::{self, JobFilter, Known};
use shared::catalogue::views::JobView;
use shared::catalogue::{progress, views};

use super::{answer, viewer};
use crate::auth::Actor;
use crate::page::job::{Report, page};
use crate::page::jobs;
use crate::ports::Ports;
use crate::problem::Problem;
use crate::routes::jobs::no_such_job;
use crate::state::{App, only};

/// Jobs on a page.
const PAGE: u32 = 50;

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

/// Reads the catalogue at one instant.
#[worker::send]
pub(crate) async fn list<P: Ports>(
    State(app): State<App<P>>,
    Extension(actor): Extension<Actor>,
    uri: Uri,
) -> Result<Response, Problem> {
    let (viewer, parameters) = viewer(&app, actor, &uri, &["before"])?;
    let before = parameters.text("before");
    let [exists, found] = app
        .query([
            overview::is_job(before),
            overview::jobs(&JobFilter::default(), before, PAGE),
        ])
        .await?;
    if before.is_some() && only::<Known>(exists)?.is_known == 0 {
        return Err(no_such_job());
    }
    let found: Vec<JobView> = found.read()?;
    let is_full = u32::try_from(found.len()).is_ok_and(|count| count == PAGE);
    let next = found.last().filter(|_| is_full);
    let next = next.map(|job| job.job_id.as_str());
    let page = jobs::page(&found, before.is_none(), next, &viewer);
    Ok(answer(&page, &viewer))
}
