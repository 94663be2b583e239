//! What [`Webhooks`] promises.
//!
//! The receiver is the test's own, at [`RECEIVER`]: what it does is said by the path, as in [`answer`] and in
//! `tests/contract/contract.test.mjs`.

use shared::ports::{WEBHOOK_ANSWER_BYTES, WebhookAnswer, WebhookError, WebhookRequest, Webhooks};

use crate::suite;
use crate::verdict::{Verdict, holds, same, unexpected};

/// Where the receiver listens.
pub const RECEIVER: &str = "https://hooks.example";

/// Calls the macro `$with` with the contracts of webhooks.
#[macro_export]
macro_rules! webhooks_contracts {
    ($with:ident) => {
        $with! {
            Webhooks:
            a_post_arrives_with_its_headers_and_body,
            without_a_body_it_is_a_get,
            every_status_is_an_answer,
            a_redirect_is_an_answer_and_is_not_followed,
            what_the_receiver_asks_for_is_told,
            of_a_long_answer_the_beginning_is_kept,
            no_answer_is_an_error,
        }
    };
}
webhooks_contracts!(suite);

/// What the receiver answers, for the native adapter.
pub fn answer(request: &WebhookRequest) -> Result<WebhookAnswer, WebhookError> {
    let path = request.url.strip_prefix(RECEIVER).unwrap_or_default();
    let answer = |status, body: String| WebhookAnswer {
        status,
        retry_after: None,
        body,
    };
    Ok(match path {
        "/echo" => {
            let header = request
                .headers
                .iter()
                .find(|(name, _)| *name == "webhook-id");
            let id = header.map_or("", |(_, value)| value.as_str());
            let method = if request.body.is_some() {
                "POST"
            } else {
                "GET"
            };
            let body = request.body.as_deref().unwrap_or_default();
            answer(200, format!("{method} {id} {body}"))
        }
        "/busy" => WebhookAnswer {
            retry_after: Some("120".to_owned()),
            ..answer(429, String::new())
        },
        "/long" => answer(200, "x".repeat(100_000)),
        "/silent" => {
            return Err(WebhookError {
                message: "it timed out".to_owned(),
            });
        }
        status => {
            let status = status.trim_start_matches('/').parse();
            answer(status.unwrap_or(404), String::new())
        }
    })
}

fn get(path: &str) -> WebhookRequest {
    WebhookRequest {
        url: format!("{RECEIVER}{path}"),
        headers: Vec::new(),
        body: None,
    }
}

async fn sent(webhooks: &impl Webhooks, request: &WebhookRequest) -> Result<WebhookAnswer, String> {
    webhooks.send(request).await.map_err(unexpected)
}

async fn a_post_arrives_with_its_headers_and_body(webhooks: &impl Webhooks) -> Verdict {
    let request = WebhookRequest {
        headers: vec![("webhook-id", "msg_1".to_owned())],
        body: Some("a body, ü and 💥".to_owned()),
        ..get("/echo")
    };
    let answer = sent(webhooks, &request).await?;
    same(&answer.body.as_str(), &"POST msg_1 a body, ü and 💥")
}

async fn without_a_body_it_is_a_get(webhooks: &impl Webhooks) -> Verdict {
    let answer = sent(webhooks, &get("/echo")).await?;
    same(&answer.body.trim_end(), &"GET")
}

async fn every_status_is_an_answer(webhooks: &impl Webhooks) -> Verdict {
    for status in [200, 204, 400, 404, 410, 500, 503] {
        let answer = sent(webhooks, &get(&format!("/{status}"))).await?;
        same(&answer.status, &status)?;
    }
    Ok(())
}

async fn a_redirect_is_an_answer_and_is_not_followed(webhooks: &impl Webhooks) -> Verdict {
    for status in [301, 302, 307, 308] {
        let answer = sent(webhooks, &get(&format!("/{status}"))).await?;
        same(&answer.status, &status)?;
    }
    Ok(())
}

async fn what_the_receiver_asks_for_is_told(webhooks: &impl Webhooks) -> Verdict {
    let answer = sent(webhooks, &get("/busy")).await?;
    same(&answer.retry_after.as_deref(), &Some("120"))
}

async fn of_a_long_answer_the_beginning_is_kept(webhooks: &impl Webhooks) -> Verdict {
    let answer = sent(webhooks, &get("/long")).await?;
    same(&answer.body.len(), &WEBHOOK_ANSWER_BYTES)
}

async fn no_answer_is_an_error(webhooks: &impl Webhooks) -> Verdict {
    let answer = webhooks.send(&get("/silent")).await;
    holds(answer.is_err(), format!("{answer:?} is an error"))
}
