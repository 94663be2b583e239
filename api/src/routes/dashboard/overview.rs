//! `GET /dashboard`: what a person wants to know at a glance.

use axum::Extension;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde_json::json;
use shared::catalogue::{alarms, history, views};
use shared::history::Weeks;

use super::{answer, viewer};
use crate::auth::Actor;
use crate::page::overview::{Overview, page};
use crate::ports::Ports;
use crate::problem::Problem;
use crate::state::{App, only};

const RECENT_JOBS: u32 = 10;

/// Reads the catalogue at one instant.
#[worker::send]
pub(crate) async fn overview<P: Ports>(
    State(app): State<App<P>>,
    Extension(actor): Extension<Actor>,
    uri: Uri,
) -> Result<Response, Problem> {
    let (viewer, _) = viewer(&app, actor, &uri, &[])?;
    let names = json!(app.database_names()).to_string();
    let weeks = Weeks::until(app.registry(), viewer.now);
    let [running, jobs, results, backups, storage, alarms, ran, known] = app
        .query([
            views::running_job(),
            views::recent_jobs(RECENT_JOBS),
            views::newest_results(&names),
            views::newest_backups(&names),
            views::storage(),
            alarms::open(),
            history::weeks(&names, weeks.since()),
            history::known(&names),
        ])
        .await?;
    let overview = Overview {
        registry: app.registry(),
        now: viewer.now,
        running: running.first()?,
        jobs: jobs.read()?,
        results: results.read()?,
        backups: backups.read()?,
        storage: only(storage)?,
        alarms: alarms.read()?,
        weeks,
        ran: ran.read()?,
        known: known.read()?,
    };
    Ok(answer(&page(&overview, &viewer), &viewer))
}
