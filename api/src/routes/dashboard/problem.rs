//! Problems as pages, for who asks with a browser; and addresses under `/dashboard` that there are none of.

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use shared::ports::Clock;

use super::{html, is_for_people};
use crate::auth::Actor;
use crate::page::Viewer;
use crate::page::problem::render;
use crate::ports::Ports;
use crate::problem::Shown;
use crate::state::App;

/// The middleware: what a program would get as JSON, a person gets as a page, with the same status and headers.
#[worker::send]
pub(crate) async fn for_people<P: Ports>(
    State(app): State<App<P>>,
    request: Request,
    next: Next,
) -> Response {
    if !is_for_people(&request) {
        return next.run(request).await;
    }
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    let Some(shown) = response.extensions_mut().remove::<Shown>() else {
        return response;
    };
    let actor = response.extensions().get::<Actor>();
    let viewer = actor.map(|actor| Viewer {
        role: actor.role,
        now: app.ports().clock().now(),
        notice: None,
        is_still: true,
        path,
    });
    let text = render(&shown, viewer.as_ref()).into_string();
    let (mut parts, _) = response.into_parts();
    let (made, body) = html(text).into_parts();
    parts.headers.remove(CONTENT_LENGTH);
    for name in [CONTENT_TYPE, CONTENT_SECURITY_POLICY] {
        if let Some(value) = made.headers.get(&name) {
            parts.headers.insert(name, HeaderValue::clone(value));
        }
    }
    Response::from_parts(parts, body).into_response()
}
