//! Who may see what: everything but the front page and the health check needs the token.

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::problem::{Kind, Problem};

/// What answers without a token.
pub(crate) const OPEN: [&str; 2] = ["/", "/health"];
/// What also takes the token as the password of HTTP Basic, since a browser can send nothing else.
const FOR_BROWSERS: &str = "/dashboard";

/// Lets requests pass that bring the token.
#[derive(Debug, Clone)]
pub(crate) struct Guard {
    /// SHA-256 of the token. Comparing digests takes the same time whatever was sent, and however long it is.
    expected: Option<[u8; 32]>,
}

impl Guard {
    /// A guard for the configured token. Blanks around it do not count; without one everything private is closed.
    pub(crate) fn new(token: Option<&str>) -> Self {
        let token = token.map(str::trim).filter(|token| !token.is_empty());
        Self {
            expected: token.map(digest),
        }
    }

    fn admit(&self, path: &str, headers: &HeaderMap) -> Result<(), Problem> {
        if OPEN.contains(&path) {
            return Ok(());
        }
        let Some(expected) = &self.expected else {
            return Err(Problem::new(
                Kind::NotConfigured,
                "Cache serves nothing private until a token is set: \
                 `npx wrangler secret put API_TOKEN -c wrangler/api.jsonc`.",
            ));
        };
        let browser = path == FOR_BROWSERS;
        let header = headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let Some(token) = header.and_then(|header| token(header, browser)) else {
            return Err(challenge(
                browser,
                r#"Bearer realm="Cache""#,
                "Send the token: `Authorization: Bearer $API_TOKEN`.",
            ));
        };
        if bool::from(digest(&token).ct_eq(expected)) {
            return Ok(());
        }
        Err(challenge(
            browser,
            r#"Bearer realm="Cache", error="invalid_token""#,
            "The token is not the one that is configured. Whoever deployed Cache can set a new one: \
             `npx wrangler secret put API_TOKEN -c wrangler/api.jsonc`.",
        ))
    }
}

/// The middleware: the token is looked at before the address, the method or the body.
pub(crate) async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    match guard.admit(request.uri().path(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// The token of an `Authorization` header.
fn token(header: &str, browser: bool) -> Option<String> {
    let (scheme, credentials) = header.split_once(' ')?;
    let credentials = credentials.trim();
    if scheme.eq_ignore_ascii_case("Bearer") {
        return Some(credentials.to_owned());
    }
    if browser && scheme.eq_ignore_ascii_case("Basic") {
        let pair = String::from_utf8(STANDARD.decode(credentials).ok()?).ok()?;
        return pair
            .split_once(':')
            .map(|(_, password)| password.to_owned());
    }
    None
}

/// A browser asks its user for a password only when Basic is the first challenge it reads, so that is all it gets.
fn challenge(browser: bool, bearer: &'static str, detail: &str) -> Problem {
    let challenge = if browser {
        r#"Basic realm="Cache", charset="UTF-8""#
    } else {
        bearer
    };
    Problem::new(Kind::Unauthorized, detail)
        .header(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
}
