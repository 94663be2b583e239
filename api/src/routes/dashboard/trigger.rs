//! `/dashboard/trigger`: a form that starts a job.

use axum::Extension;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::Response;
use serde_json::json;
use uuid::Uuid;

use super::{Fields, Sent, answer, done, json_body, viewer};
use crate::auth::Actor;
use crate::page::notice::Notice;
use crate::page::trigger::{Form, page};
use crate::ports::Ports;
use crate::problem::Problem;
use crate::routes::trigger as endpoint;
use crate::state::App;

/// The form. `?database=` chooses one.
#[worker::send]
pub(crate) async fn form<P: Ports>(
    State(app): State<App<P>>,
    Extension(actor): Extension<Actor>,
    uri: Uri,
) -> Result<Response, Problem> {
    let (viewer, parameters) = viewer(&app, actor, &uri, &["database"])?;
    let form = Form {
        registry: app.registry(),
        chosen: parameters.text("database"),
        key: Uuid::new_v4().to_string(),
    };
    Ok(answer(&page(&form, &viewer), &viewer))
}

/// Starts the job, as `POST /trigger` does, and leads to it. The form's key makes one that is sent twice one job.
#[worker::send]
pub(crate) async fn start<P: Ports>(app: State<App<P>>, sent: Sent) -> Result<Response, Problem> {
    let fields = Fields::read(sent)?;
    let databases: Vec<&str> = fields.all("database").collect();
    let order = json!({ "databases": databases, "reason": fields.text("reason") });
    let mut headers = HeaderMap::new();
    if let Some(key) = fields.text("key") {
        let key = HeaderValue::from_str(key)
            .map_err(|_| Problem::parameter("key", "The form's key cannot be read."))?;
        headers.insert(endpoint::IDEMPOTENCY_KEY, key);
    }
    let started = endpoint::trigger(app, headers, Ok(json_body(&order))).await?;
    let job = started.headers().get(LOCATION);
    let job = job
        .and_then(|address| address.to_str().ok())
        .unwrap_or("/jobs");
    Ok(done(&format!("/dashboard{job}"), Notice::Started))
}
