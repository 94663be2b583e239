//! The endpoints, one module each.

pub(crate) mod alerts;
pub(crate) mod audit;
pub(crate) mod backups;
pub(crate) mod dashboard;
pub(crate) mod databases;
pub(crate) mod dead_letters;
pub(crate) mod download;
pub(crate) mod drills;
pub(crate) mod health;
pub(crate) mod index;
pub(crate) mod jobs;
pub(crate) mod links;
pub(crate) mod list;
pub(crate) mod metrics;
pub(crate) mod openapi;
pub(crate) mod pins;
pub(crate) mod reindex;
pub(crate) mod restore_guide;
pub(crate) mod retention;
pub(crate) mod session;
pub(crate) mod status;
pub(crate) mod trigger;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use shared::time::Timestamp;

use crate::problem::{Kind, Problem};

/// A moment of the catalogue as answers have it.
fn rfc3339(seconds: i64) -> String {
    Timestamp::from_seconds(seconds).rfc3339()
}

/// A moment's UTC date as answers have it.
fn date(seconds: i64) -> String {
    Timestamp::from_seconds(seconds).date()
}

/// A body that arrived whole. axum's limit on the route ends the reading at `longest` bytes; `instead` is what else one can
/// do then, behind a semicolon, and `operation` is for the log.
fn whole_body(
    body: Result<Bytes, BytesRejection>,
    longest: usize,
    instead: &str,
    operation: &'static str,
) -> Result<Bytes, Problem> {
    body.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            let detail = format!("The body may have {longest} bytes at most{instead}.");
            return Problem::new(Kind::BodyTooLarge, detail);
        }
        let detail = "The body did not arrive whole. Send the request again.";
        Problem::new(Kind::InvalidJson, detail).cause(operation, rejection)
    })
}
