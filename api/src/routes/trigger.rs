//! `POST /trigger`: a backup by hand, planned as the cron's are.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;
use shared::catalogue::views::{self, ResultView, Unfinished};
use shared::planning::{JobRequest, PlanningError, Trigger, start_job};
use shared::ports::Clock;
use uuid::Uuid;

use super::whole_body;
use crate::order::Order;
use crate::ports::Ports;
use crate::problem::{Kind, Problem};
use crate::state::App;

/// No valid order comes near it.
pub(crate) const LONGEST_BODY: usize = 64 * 1024;
/// Makes repeated requests one job.
pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const LONGEST_KEY: usize = 255;

/// The answer to a trigger.
#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Started {
    job_id: String,
    status: &'static str,
    databases: usize,
    message: &'static str,
}

/// Plans a job of the databases asked for.
///
/// 1. Read and check the order. Nothing has happened; a refused or broken request leaves no trace.
/// 2. Derive the job's id from the `Idempotency-Key`, so that a request which is sent again, because its answer was
///    lost, meets its own job. Without the header every request is a job.
/// 3. Look whether the key was used for other databases before, and whether one of them is being backed up for another job
///    already. A request that slips in between is caught by 4, which never adds to a job that exists, and by the lease:
///    one export of a database at a time.
/// 4. Plan: rows first, then messages. A stop in between leaves queued rows, for which the same request, or the janitor,
///    sends the messages; a message that comes twice is one backup.
#[worker::send]
pub(crate) async fn trigger<P: Ports>(
    State(app): State<App<P>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let key = idempotency_key(&headers)?;
    let instead = "; to back up every database, leave it empty";
    let body = whole_body(body, LONGEST_BODY, instead, "read the body of a trigger")?;
    let order = Order::read(&body, app.registry())?;
    let job_id = match key {
        Some(key) => Uuid::new_v5(
            &Uuid::NAMESPACE_URL,
            format!("urn:cache:trigger:{key}").as_bytes(),
        ),
        None => Uuid::new_v4(),
    }
    .to_string();
    if key.is_some() {
        same_order_as_before(&app, &job_id, &order).await?;
    }
    not_under_way(&app, &job_id, &order).await?;
    let databases = order.databases.len();
    let request = JobRequest {
        job_id: job_id.clone(),
        trigger: Trigger::Manual,
        reason: order.reason,
        databases: order.databases,
    };
    let ports = app.ports();
    start_job(
        ports.catalogue(),
        ports.exports(),
        ports.clock().now(),
        &request,
    )
    .await
    .map_err(|error| not_started(&job_id, error))?;
    let mut response = (
        StatusCode::ACCEPTED,
        Json(Started {
            job_id: job_id.clone(),
            status: "started",
            databases,
            message: "Backup job started. Check /status for progress.",
        }),
    )
        .into_response();
    if let Ok(location) = HeaderValue::try_from(format!("/jobs/{job_id}")) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// The `Idempotency-Key` of a request, where it has one.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    match value.to_str().map(str::trim) {
        // `to_str` lets tabs pass too.
        Ok(key) if (1..=LONGEST_KEY).contains(&key.len()) && !key.contains('\t') => Ok(Some(key)),
        _ => Err(Problem::parameter(
            "Idempotency-Key",
            format!("`Idempotency-Key` must have 1 to {LONGEST_KEY} visible ASCII characters."),
        )),
    }
}

async fn same_order_as_before<P: Ports>(
    app: &App<P>,
    job_id: &str,
    order: &Order<'_>,
) -> Result<(), Problem> {
    let [results] = app.query([views::results(job_id)]).await?;
    let before: Vec<ResultView> = results.read()?;
    let same = before.len() == order.databases.len()
        && before.iter().all(|result| {
            order
                .databases
                .iter()
                .any(|database| database.name == result.database_name)
        });
    if before.is_empty() || same {
        return Ok(());
    }
    let detail = format!(
        "This `Idempotency-Key` started job {job_id} of other databases before. Use a new key for a new job."
    );
    Err(Problem::new(Kind::KeyReused, detail)
        .field("Idempotency-Key")
        .member("jobId", job_id))
}

/// Refuses databases whose backup is queued or running for another job: it will have what is in them now.
async fn not_under_way<P: Ports>(
    app: &App<P>,
    job_id: &str,
    order: &Order<'_>,
) -> Result<(), Problem> {
    let names: Vec<&str> = order.databases.iter().map(|it| it.name.as_str()).collect();
    let [found] = app
        .query([views::unfinished(&json!(names).to_string(), job_id)])
        .await?;
    let found: Vec<Unfinished> = found.read()?;
    let Some(first) = found.first() else {
        return Ok(());
    };
    let others = match found.len() {
        1 => "",
        _ => ", and so are others",
    };
    let detail = format!(
        "`{}` is being backed up already, by job {}{others}. Wait for it (`GET /jobs/{}`), or leave such databases out.",
        first.database_name, first.job_id, first.job_id
    );
    let job = first.job_id.clone();
    let under_way = found
        .into_iter()
        .map(|it| json!({ "database": it.database_name, "jobId": it.job_id }));
    Err(Problem::new(Kind::AlreadyRunning, detail)
        .member("jobId", job)
        .member("underWay", under_way.collect::<Vec<_>>()))
}

/// The job may exist although an error came back: the client is told its id, and that asking again does no harm
/// when it sent a key.
fn not_started(job_id: &str, error: PlanningError) -> Problem {
    Problem::internal("plan a manual job", error, true).member("jobId", job_id)
}

/// What the OpenAPI document has of this.
#[cfg(native)]
pub(crate) fn operations() -> Vec<crate::openapi::Operation> {
    use crate::openapi::Operation;
    use crate::order::Body;

    vec![
        Operation::of("POST /trigger")
            .says("The body may be left out: then every database of the registry is backed up.")
            .header(
                "Idempotency-Key",
                idempotency_schema(),
                "The same key is the same job.",
            )
            .body::<Body>(json!({ "databases": ["groveauth"], "reason": "before the migration" }))
            .json::<Started>(202, "The job is planned.")
            .answer_header(
                "Location",
                json!({ "type": "string", "format": "uri-reference" }),
                "The address of the job.",
            )
            .link("GET /jobs/:id", &[("id", "/jobId")])
            .problems(&[
                Kind::InvalidParameter,
                Kind::InvalidJson,
                Kind::InvalidBody,
                Kind::UnknownDatabase,
                Kind::KeyReused,
                Kind::AlreadyRunning,
                Kind::BodyTooLarge,
            ]),
    ]
}

/// What an `Idempotency-Key` may be.
#[cfg(native)]
pub(super) fn idempotency_schema() -> serde_json::Value {
    json!({ "type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]([ -~]*[!-~])?$" })
}
