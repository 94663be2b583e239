//! `GET /audit`: who changed something or took a dump.

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use serde::Serialize;
use shared::catalogue::audit::{self, Entry};
use shared::time::Timestamp;

use crate::parameters::Parameters;
use crate::ports::Ports;
use crate::problem::Problem;
use crate::state::App;

const DEFAULT_LIMIT: u32 = 50;
const LARGEST_LIMIT: u32 = 1000;

/// A page of the log, newest first.
#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
pub(crate) struct Log {
    entries: Vec<Line>,
    /// `?before=` of the next page; `null` when this was the last.
    next: Option<i64>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
struct Line {
    id: i64,
    at: String,
    actor: String,
    address: Option<String>,
    method: String,
    path: String,
    /// `null` when the request never ended.
    status: Option<u16>,
}

impl From<Entry> for Line {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.id,
            at: Timestamp::from_seconds(entry.at).rfc3339(),
            actor: entry.actor,
            address: Some(entry.address).filter(|address| !address.is_empty()),
            method: entry.method,
            path: entry.path,
            status: entry.status,
        }
    }
}

/// Answers with the entries before `?before=`.
#[worker::send]
pub(crate) async fn audit<P: Ports>(
    State(app): State<App<P>>,
    uri: Uri,
) -> Result<Json<Log>, Problem> {
    let parameters = Parameters::read(&uri, &["before", "limit"])?;
    let before = parameters.number("before", 1..=u32::MAX)?;
    let limit = parameters.number("limit", 1..=LARGEST_LIMIT)?;
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    let [found] = app.query([audit::newest(before, limit)]).await?;
    let entries: Vec<Entry> = found.read()?;
    let is_full = u32::try_from(entries.len()).is_ok_and(|count| count == limit);
    let next = entries.last().map(|entry| entry.id).filter(|_| is_full);
    Ok(Json(Log {
        entries: entries.into_iter().map(Line::from).collect(),
        next,
    }))
}

/// What the OpenAPI document has of this.
#[cfg(native)]
pub(crate) fn operations() -> Vec<crate::openapi::Operation> {
    use crate::openapi::Operation;
    use crate::openapi::operation::{number, number_or};
    use crate::problem::Kind;

    vec![
        Operation::of("GET /audit")
            .query(
                "before",
                number(1..=u32::MAX),
                "From behind this entry: `next` of the page before.",
            )
            .query(
                "limit",
                number_or(1..=LARGEST_LIMIT, DEFAULT_LIMIT),
                "At most so many.",
            )
            .json::<Log>(200, "A page of the log, newest first.")
            .problems(&[Kind::InvalidParameter]),
    ]
}
