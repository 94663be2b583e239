//! The OpenAPI document, made of what the endpoints say of themselves and of the types that they answer with.
//!
//! Only native programs have this module: a test writes `api/openapi.json` with it, and the Worker serves that file.

mod conventions;
pub(crate) mod operation;
mod problems;
mod words;

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use self::conventions::Conventions;
pub use self::operation::Operation;
pub(crate) use self::words::{
    Activity, Cause, Consistency, DeliveryStatus, DrillStatus, JobStatus, Priority, Resolution,
    ResultStatus, State, Trigger, Verdict,
};
use crate::routes;

const ABOUT: &str = "Cache backs up Cloudflare D1 databases to R2 as SQL dumps that are proved to restore. \
    Every failure is `application/problem+json` (RFC 9457), whose `type` is stable. \
    Every GET answers HEAD too; another method is 405 with `Allow`, another address 404. \
    Moments are RFC 3339 in UTC, sizes come in bytes and as text. New members of answers may be added; present ones stay.";

/// The whole document.
pub fn document() -> Value {
    let mut schemas = Schemas::new();
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations() {
        let path = paths
            .entry(operation.path())
            .or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(methods) = path {
            methods.insert(operation.method(), operation.document(&mut schemas));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Cache", "version": env!("CARGO_PKG_VERSION"), "description": ABOUT },
        "servers": [{ "url": "/", "description": "The Worker that served this document" }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "http", "scheme": "bearer",
                    "description": "`API_TOKEN` opens everything, `READ_TOKEN` everything but downloads and changes."
                },
                "session": {
                    "type": "apiKey", "in": "cookie", "name": "__Host-cache",
                    "description": "What a browser gets from `POST /sign-in`. Changes also need `Sec-Fetch-Site: same-origin`, or an `Origin` that is this one."
                }
            },
            "responses": problems::common(&mut schemas),
            "schemas": schemas.definitions()
        }
    })
}

/// What every endpoint says of itself, in the order of [`ENDPOINTS`](crate::ENDPOINTS).
pub fn operations() -> Vec<Operation> {
    let mut operations: Vec<Operation> = [
        routes::index::operations(),
        routes::health::operations(),
        routes::openapi::operations(),
        routes::status::operations(),
        routes::list::operations(),
        routes::databases::operations(),
        routes::trigger::operations(),
        routes::jobs::operations(),
        routes::download::operations(),
        routes::restore_guide::operations(),
        routes::alerts::operations(),
        routes::retention::operations(),
        routes::backups::operations(),
        routes::pins::operations(),
        routes::links::operations(),
        routes::drills::operations(),
        routes::dead_letters::operations(),
        routes::reindex::operations(),
        routes::dashboard::operations(),
        routes::session::operations(),
        routes::audit::operations(),
        routes::metrics::operations(),
    ]
    .concat();
    let place = |operation: &Operation| {
        let mut endpoints = crate::ENDPOINTS.iter();
        endpoints.position(|(endpoint, _)| *endpoint == operation.endpoint())
    };
    operations.sort_by_key(place);
    operations
}

/// The schemas of the types that the document names.
pub(crate) struct Schemas {
    answers: SchemaGenerator,
    bodies: SchemaGenerator,
}

impl Schemas {
    fn new() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = "/components/schemas".into();
                settings.meta_schema = None;
            })
        };
        let answers = settings().for_serialize().with_transform(Conventions);
        Self {
            answers: answers.into_generator(),
            bodies: settings().for_deserialize().into_generator(),
        }
    }

    /// That of an answer.
    pub(crate) fn answer(&mut self, schema: fn(&mut SchemaGenerator) -> schemars::Schema) -> Value {
        schema(&mut self.answers).to_value()
    }

    /// That of a request's body.
    pub(crate) fn body(&mut self, schema: fn(&mut SchemaGenerator) -> schemars::Schema) -> Value {
        schema(&mut self.bodies).to_value()
    }

    /// A schema under a name, and how to refer to it.
    pub(crate) fn named(&mut self, name: &str, schema: Value) -> Value {
        let definitions = self.answers.definitions_mut();
        definitions.insert(name.to_owned(), schema);
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }

    fn definitions(mut self) -> Map<String, Value> {
        let mut definitions = self.answers.take_definitions(true);
        definitions.extend(self.bodies.take_definitions(true));
        definitions
    }
}
