//! Who may see what: everything but the front page, the health check and the way in needs a token.

mod links;
mod session;
mod tokens;

use axum::extract::{Request, State};
use axum::http::header::{
    AUTHORIZATION, HeaderName, LOCATION, ORIGIN, RETRY_AFTER, WWW_AUTHENTICATE,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use shared::ports::{Clock, Limiter};

pub(crate) use self::links::{sign as sign_link, unsigned};
pub use self::tokens::{Role, Tokens};

use self::links::Link;

use crate::origin::origin;
use crate::page::segment;
use crate::ports::Ports;
use crate::problem::{Kind, Problem};
use crate::state::App;

/// What answers without a token.
pub(crate) const OPEN: [&str; 4] = ["/", "/health", SIGN_IN, SIGN_OUT];
/// Where a browser gets its session.
pub(crate) const SIGN_IN: &str = "/sign-in";
/// Where it gives it back.
pub(crate) const SIGN_OUT: &str = "/sign-out";
/// Where a browser without a session is sent to [`SIGN_IN`].
pub(crate) const PAGES: &str = "/dashboard";
/// Dumps are for admins alone, although reading one changes nothing.
pub(crate) const DOWNLOADS: &str = "/download/";

/// Which site a browser's request comes from. <https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header>
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// The client's address, as Cloudflare gives it.
/// <https://developers.cloudflare.com/fundamentals/reference/http-headers/#cf-connecting-ip>
const CF_CONNECTING_IP: HeaderName = HeaderName::from_static("cf-connecting-ip");

/// Who sent a request: what every handler behind the guard may rely on. The answer carries it too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Actor {
    pub(crate) role: Role,
    /// Whether it came by a browser's session.
    pub(crate) is_session: bool,
}

/// What the audit log calls whoever sent a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name(pub(crate) String);

impl Name {
    fn of(actor: Actor) -> Self {
        Self(actor.role.as_str().to_owned())
    }
}

/// The client's address; empty where nobody says it.
pub(crate) fn address(headers: &HeaderMap) -> &str {
    let address = headers.get(CF_CONNECTING_IP);
    address
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// Whether a request changes something, or gives a dump away: then it needs an admin.
pub(crate) fn needs_admin(method: &Method, path: &str) -> bool {
    !method.is_safe() || path.starts_with(DOWNLOADS)
}

/// The middleware: who asks is looked at before the address, the method or the body.
#[worker::send]
pub(crate) async fn guard<P: Ports>(
    State(app): State<App<P>>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    if OPEN.contains(&path) {
        return next.run(request).await;
    }
    match admit(&app, &request).await {
        Ok((actor, name)) => {
            request.extensions_mut().insert(actor);
            request.extensions_mut().insert(name);
            let mut response = next.run(request).await;
            response.extensions_mut().insert(actor);
            response
        }
        Err(refusal) => refusal,
    }
}

async fn admit<P: Ports>(app: &App<P>, request: &Request) -> Result<(Actor, Name), Response> {
    let (method, uri, headers) = (request.method(), request.uri(), request.headers());
    let tokens = configured(app).map_err(IntoResponse::into_response)?;
    let now = app.ports().clock().now();
    let actor = match bearer(headers) {
        Some(sent) => match tokens.find(sent) {
            Some(token) => Actor {
                role: token.role,
                is_session: false,
            },
            None => return Err(wrong(app, headers).await.into_response()),
        },
        None => {
            if method.is_safe() && uri.path().starts_with(DOWNLOADS) {
                let link = links::check(tokens, uri, now);
                if let Some(link) = link {
                    return by_link(app, headers, link).await;
                }
            }
            match session::role(headers, tokens, is_https(uri), now) {
                Some(role) => Actor {
                    role,
                    is_session: true,
                },
                None => return Err(unknown(method, uri)),
            }
        }
    };
    if actor.is_session && !method.is_safe() {
        from_here(uri, headers).map_err(IntoResponse::into_response)?;
    }
    if needs_admin(method, uri.path()) && actor.role < Role::Admin {
        let detail = "This token may only look. Changes and downloads need the one that is configured as `API_TOKEN`.";
        let mut refusal = Problem::new(Kind::Forbidden, detail).into_response();
        refusal.extensions_mut().insert(actor);
        return Err(refusal);
    }
    Ok((actor, Name::of(actor)))
}

/// Whoever has a link may do the one thing that it is for, and that was looked at.
async fn by_link<P: Ports>(
    app: &App<P>,
    headers: &HeaderMap,
    link: Link,
) -> Result<(Actor, Name), Response> {
    let problem = match link {
        Link::Open => {
            let actor = Actor {
                role: Role::Reader,
                is_session: false,
            };
            return Ok((actor, Name("link".to_owned())));
        }
        Link::Expired(at) => {
            let detail = format!("The link expired at {}. Ask for a new one.", at.rfc3339());
            Problem::new(Kind::LinkExpired, detail)
        }
        Link::Wrong => {
            let detail = "The link was changed on its way, or the token that signed it is no longer configured. Ask for a new one.";
            count(app, headers, Problem::new(Kind::InvalidLink, detail)).await
        }
    };
    Err(problem.into_response())
}

/// The tokens, when somebody can be let in by them.
fn configured<P: Ports>(app: &App<P>) -> Result<&Tokens, Problem> {
    let tokens = app.tokens();
    if tokens.has_admin() {
        return Ok(tokens);
    }
    Err(Problem::new(
        Kind::NotConfigured,
        "Cache serves nothing private until a token is set: \
         `npx wrangler secret put API_TOKEN -c wrangler/api.jsonc`.",
    ))
}

/// Signs a browser in: the header with its session.
///
/// Nothing is written: done twice, there are two cookies that say the same.
pub(crate) async fn sign_in<P: Ports>(
    app: &App<P>,
    uri: &Uri,
    headers: &HeaderMap,
    token: &str,
) -> Result<String, Problem> {
    let tokens = configured(app)?;
    from_here(uri, headers)?;
    match tokens.find(token.trim()) {
        Some(token) => Ok(session::open(
            token,
            is_https(uri),
            app.ports().clock().now(),
        )),
        None => Err(wrong(app, headers).await),
    }
}

/// Signs it out: the header that takes its session.
pub(crate) fn sign_out(uri: &Uri, headers: &HeaderMap) -> Result<String, Problem> {
    from_here(uri, headers)?;
    Ok(session::close(is_https(uri)))
}

fn is_https(uri: &Uri) -> bool {
    uri.scheme_str() != Some("http")
}

/// Refuses what another site had a browser send: a session goes with every request of the browser, whoever wrote the form.
fn from_here(uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
    let header = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let is_ours = match header(SEC_FETCH_SITE) {
        Some(site) => site == "same-origin",
        None => header(ORIGIN).is_some_and(|found| found == origin(uri, headers)),
    };
    if is_ours {
        return Ok(());
    }
    let detail = "A browser's session changes nothing for another site. Use a page of this one, or send the token as \
                  `Authorization: Bearer $API_TOKEN`.";
    Err(Problem::new(Kind::CrossSite, detail))
}

/// The token of an `Authorization` header; empty where it is of another scheme.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let header = headers.get(AUTHORIZATION)?.to_str().unwrap_or_default();
    let (scheme, credentials) = header.split_once(' ').unwrap_or_default();
    let is_bearer = scheme.eq_ignore_ascii_case("Bearer");
    Some(if is_bearer { credentials.trim() } else { "" })
}

/// Nobody said who they are: a browser that asks for a page is shown the way in.
fn unknown(method: &Method, uri: &Uri) -> Response {
    if method.is_safe() && uri.path().starts_with(PAGES) {
        let location = match uri.path_and_query() {
            Some(page) if page.as_str() != PAGES => {
                format!("{SIGN_IN}?next={}", segment(page.as_str()))
            }
            _ => SIGN_IN.to_owned(),
        };
        return (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response();
    }
    let detail = "Send the token: `Authorization: Bearer $API_TOKEN`.";
    challenge(r#"Bearer realm="Cache""#, detail).into_response()
}

/// A token that is none.
async fn wrong<P: Ports>(app: &App<P>, headers: &HeaderMap) -> Problem {
    let refusal = challenge(
        r#"Bearer realm="Cache", error="invalid_token""#,
        "The token is not one that is configured. Whoever deployed Cache can set a new one: \
         `npx wrangler secret put API_TOKEN -c wrangler/api.jsonc`.",
    );
    count(app, headers, refusal).await
}

/// The refusal of somebody who guesses. Who does too often is told to wait, which is counted by address and only for such as
/// these.
async fn count<P: Ports>(app: &App<P>, headers: &HeaderMap, refusal: Problem) -> Problem {
    const OPERATION: &str = "count a wrong token";
    match app.ports().limiter().count(address(headers)).await {
        Ok(true) => refusal,
        Ok(false) => Problem::new(
            Kind::TooManyRequests,
            "Too many wrong tokens came from this address. Wait a minute.",
        )
        .header(RETRY_AFTER, HeaderValue::from_static("60")),
        // It is a wrong token all the same.
        Err(error) => refusal.cause(OPERATION, error),
    }
}

fn challenge(challenge: &'static str, detail: &str) -> Problem {
    Problem::new(Kind::Unauthorized, detail)
        .header(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
}
