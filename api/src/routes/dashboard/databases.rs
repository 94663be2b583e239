//! `/dashboard/databases/:name` and `/dashboard/restore/:db`.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use axum::{Extension, Json};
use serde_json::json;
use shared::catalogue::alarms::AlarmRow;
use shared::catalogue::history::KnownRow;
use shared::catalogue::overview::{self, Day, History};
use shared::catalogue::views::{BackupView, ResultView};
use shared::catalogue::{alarms, history, views};
use shared::history::Calendar;

use super::{answer, viewer};
use crate::auth::Actor;
use crate::page::database::{Database, page};
use crate::page::guide;
use crate::ports::Ports;
use crate::problem::Problem;
use crate::routes::download::no_such_database;
use crate::routes::restore_guide::restore_guide;
use crate::state::App;

/// Backups on a page.
const BACKUPS: u32 = 100;

/// Reads the catalogue at one instant.
#[worker::send]
pub(crate) async fn database<P: Ports>(
    State(app): State<App<P>>,
    Extension(actor): Extension<Actor>,
    uri: Uri,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let (viewer, _) = viewer(&app, actor, &uri, &[])?;
    let Path(name) = name.map_err(|_| no_such_database(&app, ""))?;
    let names = json!([name]).to_string();
    let calendar = Calendar::until(viewer.now);
    let [newest, backups, open, days, known] = app
        .query([
            views::newest_result(&name),
            views::backups_of(&name, BACKUPS),
            alarms::open(),
            overview::history(&names, calendar.since()),
            history::known(&names),
        ])
        .await?;
    let newest: Option<ResultView> = newest.first()?;
    let backups: Vec<BackupView> = backups.read()?;
    let config = app.registry().find(&name);
    if config.is_none() && newest.is_none() && backups.is_empty() {
        return Err(no_such_database(&app, &name));
    }
    let alarms: Vec<AlarmRow> = open.read()?;
    let days: Vec<Day> = match days.first::<History>()? {
        Some(history) => history.days()?,
        None => Vec::new(),
    };
    let known: Option<KnownRow> = known.first()?;
    let known = known.map(|row| row.first_seen_at);
    let database = Database {
        description: config.map(|config| config.description.clone()),
        next_run: config.and_then(|_| app.registry().next_run(viewer.now)),
        newest,
        backups,
        alarms: alarms
            .into_iter()
            .filter(|alarm| alarm.database_name == name)
            .collect(),
        calendar: calendar.days(app.registry(), &days, known, viewer.now),
        name,
    };
    Ok(answer(&page(&database, &viewer), &viewer))
}

/// The guide of `GET /restore-guide/:db`, for reading.
#[worker::send]
pub(crate) async fn guide<P: Ports>(
    State(app): State<App<P>>,
    Extension(actor): Extension<Actor>,
    headers: HeaderMap,
    uri: Uri,
    path: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let (viewer, _) = viewer(&app, actor, &uri, &[])?;
    let name = path.as_ref().map(|Path(name)| name.clone());
    let name = name.unwrap_or_default();
    let Json(guide) = restore_guide(State(app), headers, uri, path).await?;
    let guide = serde_json::to_value(guide)
        .map_err(|error| Problem::internal("write a guide as JSON", error, false))?;
    Ok(answer(&guide::page(&name, &guide), &viewer))
}
