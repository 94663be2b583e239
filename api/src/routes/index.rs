//! `GET /`: what this is. Open to everyone, so it says nothing of any backup.

use axum::Json;
use axum::extract::State;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::ports::Ports;
use crate::router::ENDPOINTS;
use crate::state::App;
use crate::text::counted;

/// The front page.
#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
pub(crate) struct Index {
    name: &'static str,
    version: &'static str,
    description: &'static str,
    schedule: String,
    retention: String,
    databases: usize,
    endpoints: Endpoints,
}

/// The endpoints as an object, in their order.
#[derive(Debug)]
struct Endpoints;

#[cfg(native)]
impl schemars::JsonSchema for Endpoints {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Endpoints".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "object", "additionalProperties": { "type": "string" } })
    }
}

impl Serialize for Endpoints {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(ENDPOINTS.len()))?;
        for (endpoint, purpose) in ENDPOINTS {
            map.serialize_entry(endpoint, purpose)?;
        }
        map.end()
    }
}

/// Answers from the registry alone.
pub(crate) async fn index<P: Ports>(State(app): State<App<P>>) -> Json<Index> {
    let registry = app.registry();
    Json(Index {
        name: "Cache",
        version: env!("CARGO_PKG_VERSION"),
        description: "Automated D1 database backup system for Grove",
        schedule: registry.schedule_sentence(),
        retention: counted(registry.backup.retention_weeks.into(), "week"),
        databases: registry.databases.len(),
        endpoints: Endpoints,
    })
}

/// What the OpenAPI document has of this.
#[cfg(native)]
pub(crate) fn operations() -> Vec<crate::openapi::Operation> {
    use crate::openapi::Operation;

    vec![
        Operation::of("GET /")
            .json::<Index>(200, "What this is, and everything that it can be asked."),
    ]
}
