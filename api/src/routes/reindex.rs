//! `POST /reindex`: the catalogue is rebuilt from what is in the bucket.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use shared::catalogue::reconciliation;
use shared::message::Event;
use shared::ports::{Clock, Queue};

use crate::ports::Ports;
use crate::problem::{Kind, Problem};
use crate::state::App;

/// The answer.
#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
pub(crate) struct ReindexBegun {
    status: &'static str,
    message: &'static str,
}

/// Begins a comparison of the catalogue with the bucket.
///
/// 1. Begin by compare-and-set: of two requests one is told that it is under way.
/// 2. Send the message to the janitor. Lost, the janitor's hourly round sends it.
#[worker::send]
pub(crate) async fn reindex<P: Ports>(
    State(app): State<App<P>>,
) -> Result<(StatusCode, Json<ReindexBegun>), Problem> {
    let now = app.ports().clock().now();
    let [begun] = app.query([reconciliation::begin(now, None)]).await?;
    if begun.changes != 1 {
        return Err(Problem::new(
            Kind::UnderWay,
            "The catalogue is being compared with the bucket. Ask again when that has ended; one that stands still may be begun anew after an hour.",
        ));
    }
    let sent = app
        .ports()
        .events()
        .send(&[Event::Reconcile { after: None }]);
    sent.await
        .map_err(|error| Problem::internal("wake the janitor", error, true))?;
    Ok((
        StatusCode::ACCEPTED,
        Json(ReindexBegun {
            status: "started",
            message: "Backups that the catalogue does not know are taken from the bucket. See /list.",
        }),
    ))
}

/// What the OpenAPI document has of this.
#[cfg(native)]
pub(crate) fn operations() -> Vec<crate::openapi::Operation> {
    use crate::openapi::Operation;

    vec![
        Operation::of("POST /reindex")
            .says("Backups without a row are taken from their manifests. Nothing is deleted.")
            .json::<ReindexBegun>(202, "It is begun.")
            .problems(&[Kind::UnderWay]),
    ]
}
