//! `/sign-in` and `/sign-out`: a browser's way in, by a token, and out.

use axum::Form;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::auth::{self, PAGES, SIGN_IN};
use crate::page::{content_security_policy, sign_in};
use crate::ports::Ports;
use crate::problem::{Kind, Problem};
use crate::state::App;

/// No token comes near it.
pub(crate) const LONGEST_BODY: usize = 16 * 1024;

/// What the form sends.
#[derive(Deserialize)]
pub(crate) struct SignIn {
    token: String,
    next: Option<String>,
}

/// Where the form leads to.
#[derive(Deserialize)]
pub(crate) struct Destination {
    next: Option<String>,
}

/// The form. `?next=` is the page that it leads to.
pub(crate) async fn form(query: Result<Query<Destination>, QueryRejection>) -> Response {
    let next = query.ok().and_then(|Query(destination)| destination.next);
    page(StatusCode::OK, None, next.as_deref())
}

/// A page of ours, and no other place: it is from an address that anybody may have written.
fn ours(next: Option<&str>) -> Option<&str> {
    next.filter(|next| {
        let rest = next.strip_prefix(PAGES);
        let is_below = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
        is_below && next.bytes().all(|byte| byte.is_ascii_graphic())
    })
}

/// Signs in, and leads to the dashboard, or the page that was asked for; or shows the form again, with the reason.
#[worker::send]
pub(crate) async fn open<P: Ports>(
    State(app): State<App<P>>,
    uri: Uri,
    headers: HeaderMap,
    sent: Result<Form<SignIn>, FormRejection>,
) -> Response {
    let Ok(Form(SignIn { token, next })) = sent else {
        return page(
            StatusCode::BAD_REQUEST,
            Some("Send the form with a token in it."),
            None,
        );
    };
    match auth::sign_in(&app, &uri, &headers, &token).await {
        Ok(cookie) => {
            let location = ours(next.as_deref()).unwrap_or(PAGES).to_owned();
            (
                StatusCode::SEE_OTHER,
                [(LOCATION, location), (SET_COOKIE, cookie)],
            )
                .into_response()
        }
        Err(problem) => refused(problem, next.as_deref()),
    }
}

/// Signs out, and leads to the form.
pub(crate) async fn close(uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    let cookie = auth::sign_out(&uri, &headers)?;
    Ok((
        StatusCode::SEE_OTHER,
        [(LOCATION, SIGN_IN.to_owned()), (SET_COOKIE, cookie)],
    )
        .into_response())
}

/// A person is told by the page what a program is told by a problem.
fn refused(problem: Problem, next: Option<&str>) -> Response {
    let kind = problem.kind();
    let reason = match kind {
        Kind::Unauthorized => "This token is not one that is configured.",
        Kind::TooManyRequests => "Too many wrong tokens came from your address. Wait a minute.",
        _ => return problem.into_response(),
    };
    let mut response = page(kind.status(), Some(reason), next);
    // What is for the log stays with the answer, and so does the time to wait.
    let original = problem.into_response();
    let (parts, _) = original.into_parts();
    for (name, value) in parts.headers {
        if let Some(name) = name.filter(|name| *name != CONTENT_TYPE) {
            response.headers_mut().entry(name).or_insert(value);
        }
    }
    *response.extensions_mut() = parts.extensions;
    response
}

fn page(status: StatusCode, reason: Option<&str>, next: Option<&str>) -> Response {
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (CONTENT_SECURITY_POLICY, content_security_policy()),
    ];
    (
        status,
        headers,
        sign_in::render(reason, ours(next)).into_string(),
    )
        .into_response()
}

/// What the OpenAPI document has of this.
#[cfg(native)]
pub(crate) fn operations() -> Vec<crate::openapi::Operation> {
    use crate::openapi::Operation;
    use serde_json::json;

    vec![
        Operation::of("GET /sign-in").page(200, "The form."),
        Operation::of("POST /sign-in")
            .says("A browser sends it from the form: with `Sec-Fetch-Site: same-origin`, or an `Origin` that is this one.")
            .form(json!({ "type": "object", "required": ["token"], "properties": { "token": { "type": "string" } } }))
            .redirect("The dashboard, with the cookie of the session.")
            .answer_header("Set-Cookie", json!({ "type": "string" }), "The session.")
            .page(400, "The form again: it came without a token.")
            .page(401, "The form again: the token is wrong.")
            .page(429, "The form again: too many wrong tokens came from this address.")
            .problems(&[Kind::CrossSite, Kind::NotConfigured]),
        Operation::of("POST /sign-out")
            .redirect("The form.")
            .answer_header("Set-Cookie", json!({ "type": "string" }), "The end of the session.")
            .problems(&[Kind::CrossSite]),
    ]
}
