//! The api Worker: status, list, download, trigger, restore guide and dashboard over HTTP.
//!
//! Everything is in a [`router()`] over ports, so that all of it is tested natively. This file only joins it to the
//! runtime.

mod audit;
pub mod auth;
mod envelope;
mod joined;
#[cfg(native)]
pub mod openapi;
mod order;
mod origin;
mod page;
mod parameters;
pub mod ports;
pub mod problem;
mod representation;
mod rounds;
mod router;
mod routes;
mod selected;
mod state;
mod text;

use axum::response::{IntoResponse, Response};
use shared::cloudflare::{
    BindingError, CfLimiter, CfQueue, D1, R2, SystemClock, bucket, catalogue, events, exports,
    report, wrong_tokens,
};
use shared::message::{Event, ExportMessage};
use shared::registry::{EmbeddedError, Registry};
use tower::ServiceExt;
use worker::worker_sys::web_sys;
use worker::{Context, Env, HttpRequest, ResponseBuilder, event, response_to_wasm};

pub use crate::router::{ENDPOINTS, router};

use crate::auth::{Role, Tokens};
use crate::ports::System;
use crate::problem::{Cause, Problem};
use crate::routes::download::RuntimeBody;

/// The secrets that hold tokens, and what they open. Those that were replaced work until they are deleted.
const TOKENS: [(&str, Role); 4] = [
    ("API_TOKEN", Role::Admin),
    ("API_TOKEN_PREVIOUS", Role::Admin),
    ("READ_TOKEN", Role::Reader),
    ("READ_TOKEN_PREVIOUS", Role::Reader),
];

#[event(fetch)]
async fn fetch(
    request: HttpRequest,
    env: Env,
    _context: Context,
) -> worker::Result<web_sys::Response> {
    let mut response = answer(request, &env).await;
    if let Some(Cause { operation, error }) = response.extensions_mut().remove::<Cause>() {
        report(operation, &*error);
    }
    into_runtime(response)
}

/// The Worker was deployed incompletely.
#[derive(Debug, thiserror::Error)]
enum DeploymentError {
    /// A binding is missing.
    #[error(transparent)]
    Binding(#[from] BindingError),
    /// The registry does not read.
    #[error(transparent)]
    Registry(#[from] EmbeddedError),
}

async fn answer(request: HttpRequest, env: &Env) -> Response {
    let router = match deployed(env) {
        Ok((system, registry)) => router(system, registry, tokens(env)),
        Err(error) => {
            return Problem::internal("find what the Worker is bound to", error, false)
                .into_response();
        }
    };
    match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// The adapters to the Workers runtime.
type Runtime = System<D1, CfQueue<ExportMessage>, CfQueue<Event>, R2, SystemClock, CfLimiter>;

/// The adapters and the registry that this Worker was deployed with.
fn deployed(env: &Env) -> Result<(Runtime, Registry), DeploymentError> {
    let system = System {
        catalogue: catalogue(env)?,
        exports: exports(env)?,
        events: events(env)?,
        bucket: bucket(env)?,
        clock: SystemClock,
        limiter: wrong_tokens(env)?,
    };
    Ok((system, Registry::embedded()?))
}

fn tokens(env: &Env) -> Tokens {
    TOKENS
        .iter()
        .fold(Tokens::default(), |tokens, (name, role)| {
            let secret = env.secret(name).ok().map(|secret| secret.to_string());
            tokens.with(*role, secret.as_deref())
        })
}

/// The response as the runtime takes it. A stream of its own is handed back as it is.
fn into_runtime(mut response: Response) -> worker::Result<web_sys::Response> {
    let Some(RuntimeBody(body)) = response.extensions_mut().remove() else {
        return response_to_wasm(response);
    };
    let (parts, _) = response.into_parts();
    let response = ResponseBuilder::new()
        .with_status(parts.status.as_u16())
        .with_headers(parts.headers.into())
        .body(body.0);
    Ok(response.into())
}
