//! Requests to servers of others, by the runtime's fetch.

use futures_util::StreamExt;
use wasm_bindgen::JsValue;
use worker::worker_sys::web_sys::AbortSignal;
use worker::{Fetch, Headers, Method, Request, RequestInit, RequestRedirect, Response};

use crate::ports::{
    WEBHOOK_ANSWER_BYTES, WEBHOOK_SECONDS, WebhookAnswer, WebhookError, WebhookRequest, Webhooks,
};

/// The public internet.
#[derive(Debug, Clone, Copy)]
pub struct Internet;

impl Webhooks for Internet {
    async fn send(&self, request: &WebhookRequest) -> Result<WebhookAnswer, WebhookError> {
        let fetch = Fetch::Request(request_of(request).map_err(|error| failed(&error))?);
        // It ends the reading of the body too.
        let signal = AbortSignal::timeout_with_u32(WEBHOOK_SECONDS.saturating_mul(1000)).into();
        let mut response = fetch
            .send_with_signal(&signal)
            .await
            .map_err(|error| failed(&error))?;
        Ok(WebhookAnswer {
            status: response.status_code(),
            retry_after: response.headers().get("retry-after").ok().flatten(),
            body: beginning(&mut response).await,
        })
    }
}

fn request_of(request: &WebhookRequest) -> worker::Result<Request> {
    let headers = Headers::new();
    headers.set("user-agent", "Cache (backups of Cloudflare D1)")?;
    for (name, value) in &request.headers {
        headers.set(name, value)?;
    }
    let mut init = RequestInit::new();
    init.with_headers(headers)
        .with_redirect(RequestRedirect::Manual)
        .with_method(match request.body {
            Some(_) => Method::Post,
            None => Method::Get,
        })
        .with_body(request.body.as_deref().map(JsValue::from_str));
    Request::new_with_init(&request.url, &init)
}

/// The beginning of the body; of a body that breaks off, what came of it. The rest is not read: it may be endless.
async fn beginning(response: &mut Response) -> String {
    let mut kept = Vec::new();
    if let Ok(mut stream) = response.stream() {
        while let Some(Ok(chunk)) = stream.next().await {
            kept.extend_from_slice(&chunk);
            if kept.len() >= WEBHOOK_ANSWER_BYTES {
                kept.truncate(WEBHOOK_ANSWER_BYTES);
                break;
            }
        }
    }
    String::from_utf8_lossy(&kept).into_owned()
}

fn failed(error: &worker::Error) -> WebhookError {
    WebhookError {
        message: error.to_string(),
    }
}
