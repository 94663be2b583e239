//! `GET /health`: whether the catalogue answers. Open to everyone, so it says nothing else.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use shared::catalogue::views;

use crate::ports::Ports;
use crate::problem::{Kind, Problem};
use crate::state::App;

/// The answer when all is well.
#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
pub(crate) struct Health {
    status: &'static str,
}

/// Reads one row.
#[worker::send]
pub(crate) async fn health<P: Ports>(State(app): State<App<P>>) -> Result<Json<Health>, Problem> {
    match app.query([views::probe()]).await {
        Ok(_) => Ok(Json(Health { status: "ok" })),
        Err(error) => Err(Problem::new(
            Kind::Unavailable,
            "The catalogue does not answer. The Worker's log says why.",
        )
        .cause("probe the catalogue", error)),
    }
}

/// What the OpenAPI document has of this.
#[cfg(native)]
pub(crate) fn operations() -> Vec<crate::openapi::Operation> {
    use crate::openapi::Operation;

    vec![
        Operation::of("GET /health")
            .says("For uptime monitors.")
            .json::<Health>(200, "The catalogue answers."),
    ]
}
