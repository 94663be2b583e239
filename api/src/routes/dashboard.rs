//! `/dashboard`: the api for people. Each page in a module of its own; here is what they share.
//!
//! Changes are forms. Their handlers call those of the JSON endpoints, so that both check the same and do the same.

pub(crate) mod alarms;
pub(crate) mod audit;
pub(crate) mod backups;
pub(crate) mod databases;
pub(crate) mod dead_letters;
pub(crate) mod jobs;
pub(crate) mod overview;
pub(crate) mod problem;
pub(crate) mod trigger;

use axum::Form;
use axum::body::Bytes;
use axum::extract::Request;
use axum::extract::rejection::FormRejection;
use axum::http::header::{ACCEPT, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFRESH};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use shared::ports::Clock;

use crate::auth::{Actor, PAGES};
use crate::page::notice::Notice;
use crate::page::{self, PARAMETERS, Page, RENEW_SECONDS, Viewer};
use crate::parameters::Parameters;
use crate::ports::Ports;
use crate::problem::{Kind, Problem};
use crate::state::App;

/// No form of a page comes near it.
pub(crate) const LONGEST_FORM: usize = 64 * 1024;

/// Who looks, and the parameters of the page, which may have `own` ones beside those of every page.
fn viewer<P: Ports>(
    app: &App<P>,
    actor: Actor,
    uri: &Uri,
    own: &[&str],
) -> Result<(Viewer, Parameters), Problem> {
    let allowed: Vec<&str> = own.iter().chain(&PARAMETERS).copied().collect();
    let parameters = Parameters::read(uri, &allowed)?;
    let viewer = Viewer {
        role: actor.role,
        now: app.ports().clock().now(),
        notice: parameters.text("done").and_then(Notice::from_word),
        is_still: parameters.text("live") == Some("off"),
        path: uri.path().to_owned(),
    };
    Ok((viewer, parameters))
}

/// A page as a browser takes it. One with something under way has the browser ask again, unless it was told not to.
fn answer(page: &Page, viewer: &Viewer) -> Response {
    let mut response = html(page::render(page, viewer).into_string());
    if page.is_live
        && !viewer.is_still
        && let Ok(refresh) = format!("{RENEW_SECONDS}; url={}", viewer.path).parse()
    {
        response.headers_mut().insert(REFRESH, refresh);
    }
    response
}

fn html(text: String) -> Response {
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (CONTENT_SECURITY_POLICY, page::content_security_policy()),
    ];
    (headers, text).into_response()
}

/// Leads to a page after something was done.
fn done(address: &str, notice: Notice) -> Response {
    let location = format!("{address}?done={}", notice.word());
    (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response()
}

/// A form, or why it is none.
type Sent = Result<Form<Vec<(String, String)>>, FormRejection>;

/// The fields of a form, in their order.
#[derive(Debug)]
struct Fields(Vec<(String, String)>);

impl Fields {
    fn read(sent: Sent) -> Result<Self, Problem> {
        sent.map(|Form(fields)| Self(fields)).map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                let detail = format!("The form may have {LONGEST_FORM} bytes at most.");
                return Problem::new(Kind::BodyTooLarge, detail);
            }
            let detail = "The form cannot be read. Send it from its page.";
            Problem::new(Kind::InvalidBody, detail).field("body")
        })
    }

    /// The field, unless it is empty.
    fn text(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// All fields of that name, without those that are empty.
    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let fields = self.0.iter();
        let of_name = fields.filter(move |(found, value)| found == name && !value.is_empty());
        of_name.map(|(_, value)| value.as_str())
    }
}

/// JSON for the handler of an endpoint.
fn json_body(value: &Value) -> Bytes {
    Bytes::from(value.to_string())
}

/// Whether a request is one of a browser for a page.
fn is_for_people(request: &Request) -> bool {
    let accept = request.headers().get(ACCEPT);
    let accept = accept.and_then(|accept| accept.to_str().ok());
    request.uri().path().starts_with(PAGES)
        && accept.is_some_and(|accept| accept.contains("text/html"))
}

/// What the OpenAPI document has of this.
#[cfg(native)]
pub(crate) fn operations() -> Vec<crate::openapi::Operation> {
    use crate::openapi::Operation;

    vec![
        Operation::of("GET /dashboard")
            .says("A browser without a session is led to the form.")
            .page(200, "The page.")
            .redirect("Sign in first."),
    ]
}
