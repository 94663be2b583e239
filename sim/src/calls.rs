//! What clients ask the api.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request};
use serde_json::Value;
use tower::ServiceExt;

use crate::rng::Dice;
use crate::world::TOKEN;

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    /// The method.
    pub(crate) method: Method,
    /// The path, with its query.
    pub(crate) path: String,
    /// The body.
    pub(crate) body: String,
    /// The `Idempotency-Key`.
    pub(crate) key: Option<String>,
    /// How often the client has sent it before, because no answer came.
    pub(crate) tries: u32,
}

impl Call {
    /// Somebody triggers a backup of these databases; of all, when there are none.
    pub(crate) fn trigger(key: String, databases: &[&str]) -> Self {
        let body = match databases {
            [] => String::new(),
            names => serde_json::json!({ "databases": names, "reason": "why not" }).to_string(),
        };
        Self {
            key: Some(key),
            body,
            ..Self::new(Method::POST, "/trigger")
        }
    }

    /// Anything but a trigger.
    pub(crate) fn any(dice: &Dice) -> Self {
        let id = 1 + dice.below(6);
        match dice.below(14) {
            0 => Self::new(Method::GET, "/status"),
            1 => Self::new(Method::GET, "/list"),
            2 => Self::new(Method::GET, "/metrics"),
            3 => Self::new(Method::GET, "/retention"),
            4 => Self::new(Method::GET, "/dead-letters?state=all"),
            5 => Self::new(Method::GET, "/alerts"),
            6 => Self::new(Method::GET, "/dashboard"),
            7 => Self {
                body: r#"{"note":"keep it"}"#.to_owned(),
                ..Self::new(Method::POST, format!("/backups/{id}/pin"))
            },
            8 => Self::new(Method::POST, format!("/backups/{id}/unpin")),
            9 => Self::new(Method::POST, format!("/backups/{id}/drill")),
            10 => Self::new(Method::POST, format!("/dead-letters/{id}/redrive")),
            11 => Self {
                body: r#"{"note":"it does not matter"}"#.to_owned(),
                ..Self::new(Method::POST, format!("/dead-letters/{id}/discard"))
            },
            12 => Self::new(Method::POST, "/reindex"),
            _ => Self {
                key: Some(format!("test {id}")),
                ..Self::new(Method::POST, "/alerts/test")
            },
        }
    }

    fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            body: String::new(),
            key: None,
            tries: 0,
        }
    }

    /// It, as it is sent.
    pub(crate) fn request(&self) -> Request<Body> {
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(format!("https://cache.example{}", self.path))
            .header("authorization", format!("Bearer {TOKEN}"));
        if let Some(key) = &self.key {
            request = request.header("idempotency-key", key);
        }
        let body = Body::from(self.body.clone());
        request.body(body).expect("a request of ours is one")
    }
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// The body.
    pub(crate) body: String,
}

impl Answer {
    /// What the api answers to a request.
    pub(crate) async fn of(router: Router, request: Request<Body>) -> Self {
        let response = router.oneshot(request).await.expect("the api answers");
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await;
        let body = String::from_utf8_lossy(&body.unwrap_or_default()).into_owned();
        Self { status, body }
    }

    /// The id of the job that it says has started.
    pub(crate) fn started_job(&self) -> Option<String> {
        let body: Value = serde_json::from_str(&self.body).ok()?;
        (self.status == 202).then(|| body["jobId"].as_str().map(str::to_owned))?
    }
}
