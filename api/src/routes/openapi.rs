//! `GET /openapi.json`: what all of this can be asked and answers, for programs.

use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

/// As `api/tests/http/openapi.rs` has it made, without blanks.
const DOCUMENT: &str = include_str!(concat!(env!("OUT_DIR"), "/openapi.json"));

/// Answers with the document that this Worker was built with.
pub(crate) async fn openapi() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT)
}

/// What the OpenAPI document has of this.
#[cfg(native)]
pub(crate) fn operations() -> Vec<crate::openapi::Operation> {
    use crate::openapi::Operation;
    use serde_json::json;

    vec![
        Operation::of("GET /openapi.json").schema(
            200,
            json!({
                "type": "object", "required": ["openapi", "info", "paths"],
                "properties": { "openapi": { "const": "3.1.0" }, "info": { "type": "object" }, "paths": { "type": "object" } }
            }),
            "The document.",
        ),
    ]
}
