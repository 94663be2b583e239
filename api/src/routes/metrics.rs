//! `GET /metrics`: for Prometheus, and for whoever reads its text.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use shared::catalogue::metrics as catalogue;
use shared::metrics::{self, Recorded, failures_since, render};
use shared::ports::Clock;

use crate::ports::Ports;
use crate::problem::Problem;
use crate::state::{App, only};

/// Reads the catalogue at one instant.
#[worker::send]
pub(crate) async fn metrics<P: Ports>(State(app): State<App<P>>) -> Result<Response, Problem> {
    let now = app.ports().clock().now();
    let names = json!(app.database_names()).to_string();
    let (since, begun) = failures_since(app.registry(), now);
    let [databases, totals, alarms] = app
        .query([
            catalogue::databases(&names, since, begun),
            catalogue::totals(),
            catalogue::alarms(),
        ])
        .await?;
    let recorded = Recorded {
        databases: databases.read()?,
        totals: only(totals)?,
        alarms: alarms.read()?,
    };
    let text = render(&recorded, app.registry(), now);
    Ok(([(CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response())
}

/// What the OpenAPI document has of this.
#[cfg(native)]
pub(crate) fn operations() -> Vec<crate::openapi::Operation> {
    use crate::openapi::Operation;

    vec![Operation::of("GET /metrics").text(
        200,
        metrics::CONTENT_TYPE,
        "Prometheus' text format, version 0.0.4.",
    )]
}
