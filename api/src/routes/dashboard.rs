//! `GET /dashboard`: what a person wants to know at a glance.

use axum::extract::State;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use shared::catalogue::views::{self, StorageView};
use shared::ports::Clock;

use crate::page::{self, Overview};
use crate::ports::Ports;
use crate::problem::Problem;
use crate::state::{App, only};

const RECENT_JOBS: u32 = 10;

/// Reads the catalogue at one instant.
#[worker::send]
pub(crate) async fn dashboard<P: Ports>(State(app): State<App<P>>) -> Result<Response, Problem> {
    let names = json!(app.database_names()).to_string();
    let [running, jobs, results, backups, storage] = app
        .query([
            views::running_job(),
            views::recent_jobs(RECENT_JOBS),
            views::newest_results(&names),
            views::newest_backups(&names),
            views::storage(),
        ])
        .await?;
    let storage: StorageView = only(storage)?;
    let overview = Overview {
        registry: app.registry(),
        now: app.ports().clock().now(),
        running: running.first()?,
        jobs: jobs.read()?,
        results: results.read()?,
        backups: backups.read()?,
        alarms: storage.open_alarms,
        storage,
    };
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (CONTENT_SECURITY_POLICY, page::content_security_policy()),
    ];
    Ok((headers, page::render(&overview).into_string()).into_response())
}
