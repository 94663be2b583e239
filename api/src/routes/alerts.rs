//! `GET /alerts`, `GET /alerts/deliveries` and `POST /alerts/test`: what is the matter, who was told, and whether that works.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use shared::catalogue::alarms::{self, AlarmRow};
use shared::catalogue::outbox::{self, DeliveryView};
use shared::message::Event;
use shared::ports::Queue;
use uuid::Uuid;

use super::rfc3339;
use super::trigger::idempotency_key;
use crate::ports::Ports;
use crate::problem::Problem;
use crate::state::App;

/// Alarms that are over, and deliveries, that an answer has at most.
const RECENT: u32 = 100;

/// The alarms.
#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
pub(crate) struct Alerts {
    /// Oldest first.
    open: Vec<Alarm>,
    /// Over, the newest first.
    recent: Vec<Alarm>,
}

/// An alarm.
#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Alarm {
    #[cfg_attr(native, schemars(with = "crate::openapi::Cause"))]
    cause: String,
    database: Option<String>,
    summary: String,
    opened_at: String,
    told_at: String,
    resolved_at: Option<String>,
}

/// Reads the catalogue at one instant.
#[worker::send]
pub(crate) async fn alerts<P: Ports>(State(app): State<App<P>>) -> Result<Json<Alerts>, Problem> {
    let [open, recent] = app.query([alarms::open(), alarms::recent(RECENT)]).await?;
    let read = |rows: Vec<AlarmRow>| rows.into_iter().map(Alarm::from).collect();
    Ok(Json(Alerts {
        open: read(open.read()?),
        recent: read(recent.read()?),
    }))
}

impl From<AlarmRow> for Alarm {
    fn from(row: AlarmRow) -> Self {
        Self {
            cause: row.cause,
            database: Some(row.database_name).filter(|name| !name.is_empty()),
            summary: row.summary,
            opened_at: rfc3339(row.opened_at),
            told_at: rfc3339(row.notified_at),
            resolved_at: row.resolved_at.map(rfc3339),
        }
    }
}

/// The newest deliveries.
#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
pub(crate) struct Deliveries {
    deliveries: Vec<Delivery>,
}

/// A notice for a channel. Where it is sent to is a secret.
#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Delivery {
    notice_id: String,
    channel: String,
    r#type: Option<String>,
    #[cfg_attr(native, schemars(with = "crate::openapi::DeliveryStatus"))]
    status: &'static str,
    attempts: u64,
    created_at: String,
    next_attempt_at: Option<String>,
    delivered_at: Option<String>,
    last_status: Option<u16>,
    last_error: Option<String>,
}

/// Reads the outbox.
#[worker::send]
pub(crate) async fn deliveries<P: Ports>(
    State(app): State<App<P>>,
) -> Result<Json<Deliveries>, Problem> {
    let [recent] = app.query([outbox::recent(RECENT)]).await?;
    let recent: Vec<DeliveryView> = recent.read()?;
    Ok(Json(Deliveries {
        deliveries: recent.into_iter().map(Delivery::from).collect(),
    }))
}

impl From<DeliveryView> for Delivery {
    fn from(row: DeliveryView) -> Self {
        let status = match (row.delivered_at, row.next_attempt_at) {
            (Some(_), _) => "delivered",
            (None, Some(_)) => "waiting",
            (None, None) => "given_up",
        };
        Self {
            status,
            notice_id: row.notice_id,
            channel: row.channel,
            r#type: row.notice_type,
            attempts: row.attempts,
            created_at: rfc3339(row.created_at),
            next_attempt_at: row.next_attempt_at.map(rfc3339),
            delivered_at: row.delivered_at.map(rfc3339),
            last_status: row.last_status,
            last_error: row.last_error,
        }
    }
}

/// The answer to a request for a test.
#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct TestRequested {
    notice_id: String,
    message: &'static str,
}

/// Asks the janitor, which knows the channels, for a test.
///
/// 1. Derive the test's id from the `Idempotency-Key`, so that a request which is sent again asks for the same test.
///    Without the header every request is one.
/// 2. Send the event. Nothing else is written, so a stop before leaves nothing; one that comes twice is one notice.
#[worker::send]
pub(crate) async fn test<P: Ports>(
    State(app): State<App<P>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = match idempotency_key(&headers)? {
        Some(key) => Uuid::new_v5(
            &Uuid::NAMESPACE_URL,
            format!("urn:cache:test-notice:{key}").as_bytes(),
        ),
        None => Uuid::new_v4(),
    };
    let event = Event::TestNotice { id: id.to_string() };
    let sent = app.ports().events().send(&[event]).await;
    sent.map_err(|error| Problem::internal("ask for a test notice", error, true))?;
    let requested = TestRequested {
        notice_id: format!("test-{id}"),
        message: "Every channel gets a test. GET /alerts/deliveries says what became of it.",
    };
    Ok((StatusCode::ACCEPTED, Json(requested)).into_response())
}

/// What the OpenAPI document has of this.
#[cfg(native)]
pub(crate) fn operations() -> Vec<crate::openapi::Operation> {
    use super::trigger::idempotency_schema;
    use crate::openapi::Operation;
    use crate::problem::Kind;

    vec![
        Operation::of("GET /alerts").json::<Alerts>(200, "The alarms."),
        Operation::of("GET /alerts/deliveries")
            .json::<Deliveries>(200, "The newest hundred notices, one for each channel."),
        Operation::of("POST /alerts/test")
            .header(
                "Idempotency-Key",
                idempotency_schema(),
                "The same key is the same test.",
            )
            .json::<TestRequested>(202, "Every channel but the heartbeat gets a test.")
            .problems(&[Kind::InvalidParameter]),
    ]
}
