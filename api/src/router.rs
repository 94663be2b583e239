//! Which address leads where, and what every answer has.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, Method};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::{get, post};
use shared::registry::Registry;

use crate::audit::record;
use crate::auth::{SIGN_IN, SIGN_OUT, Tokens, guard};
use crate::ports::Ports;
use crate::problem::{Kind, Problem};
use crate::rounds::watch;
use crate::routes::dashboard::problem::for_people;
use crate::routes::{
    alerts, audit, backups, dashboard, databases, dead_letters, download, drills, health, index,
    jobs, links, list, metrics, openapi, pins, reindex, restore_guide, retention, session, status,
    trigger,
};
use crate::state::App;

/// Every endpoint and what it is for, as `GET /` and the documentation have it.
pub const ENDPOINTS: &[(&str, &str)] = &[
    ("GET /", "This documentation"),
    ("GET /health", "Whether Cache answers; needs no token"),
    ("GET /status", "Current backup status and recent history"),
    (
        "GET /list",
        "List all available backups; ?database= ?date= ?limit= ?offset=",
    ),
    (
        "GET /databases",
        "Each database: last backup, last verified one, newest result, sizes, alarms; ?after= ?limit=",
    ),
    ("GET /databases/:name", "One of them, and its last 12 weeks"),
    ("POST /trigger", "Manually trigger a backup"),
    (
        "GET /jobs",
        "The jobs, newest first; ?status= ?trigger= ?database= ?before= ?limit=",
    ),
    ("GET /jobs/:id", "A job and what it did with each database"),
    (
        "GET /download/:date/:db",
        "Download a specific backup; ?job= picks one of several of a day, ?table= some tables, ?envelope=transaction is for the sqlite3 shell",
    ),
    (
        "GET /restore-guide/:db",
        "Get restore instructions for a database",
    ),
    ("GET /alerts", "Open alarms, and those that are over"),
    (
        "GET /alerts/deliveries",
        "What was told to which channel, and what became of it",
    ),
    ("POST /alerts/test", "Send a test to every channel"),
    (
        "GET /retention",
        "What would be deleted now, what stays, and why; ?database=",
    ),
    (
        "GET /backups/:id",
        "A backup: its tables, its drills, its pin, what is wrong with it",
    ),
    (
        "POST /backups/:id/pin",
        "Keep a backup for good, with a note",
    ),
    ("POST /backups/:id/unpin", "Let a pinned backup go again"),
    ("POST /backups/:id/drill", "Test whether a backup restores"),
    (
        "POST /backups/:id/link",
        "Make a link to a dump that works without a token until it expires",
    ),
    (
        "GET /dead-letters",
        "Messages that no retry saved; ?state=open|all ?before= ?limit=",
    ),
    ("GET /dead-letters/:id", "One of them"),
    ("POST /dead-letters/:id/redrive", "Send it again"),
    (
        "POST /dead-letters/:id/discard",
        "Put it aside, with a note",
    ),
    (
        "POST /reindex",
        "Rebuild the catalogue from what is in the bucket",
    ),
    ("GET /dashboard", "The same for people, in a browser"),
    ("GET /sign-in", "A browser's way in, with a token"),
    ("POST /sign-in", "The token, for a session"),
    ("POST /sign-out", "A browser's way out"),
    (
        "GET /audit",
        "Who changed something or took a dump; ?before= ?limit=",
    ),
    (
        "GET /openapi.json",
        "All of this in OpenAPI 3.1, for programs",
    ),
    ("GET /metrics", "The state of the backups for Prometheus"),
];

/// The api over these adapters.
pub fn router<P: Ports>(ports: P, registry: Registry, tokens: Tokens) -> Router {
    let app = App::new(ports, registry, tokens);
    Router::new()
        .route("/", get(index::index::<P>))
        .route("/health", get(health::health::<P>))
        .route("/status", get(status::status::<P>))
        .route("/list", get(list::list::<P>))
        .route(
            "/trigger",
            post(trigger::trigger::<P>).layer(DefaultBodyLimit::max(trigger::LONGEST_BODY)),
        )
        .route("/databases", get(databases::list::<P>))
        .route("/databases/{name}", get(databases::database::<P>))
        .route("/jobs", get(jobs::list::<P>))
        .route("/jobs/{id}", get(jobs::job::<P>))
        .route("/download/{date}/{db}", get(download::download::<P>))
        .route(
            "/restore-guide/{db}",
            get(restore_guide::restore_guide::<P>),
        )
        .route("/alerts", get(alerts::alerts::<P>))
        .route("/alerts/deliveries", get(alerts::deliveries::<P>))
        .route("/alerts/test", post(alerts::test::<P>))
        .route("/retention", get(retention::retention::<P>))
        .route("/backups/{id}", get(backups::backup::<P>))
        .route(
            "/backups/{id}/pin",
            post(pins::pin::<P>).layer(DefaultBodyLimit::max(pins::LONGEST_BODY)),
        )
        .route("/backups/{id}/unpin", post(pins::unpin::<P>))
        .route("/backups/{id}/drill", post(drills::drill::<P>))
        .route(
            "/backups/{id}/link",
            post(links::link::<P>).layer(DefaultBodyLimit::max(links::LONGEST_BODY)),
        )
        .route("/dead-letters", get(dead_letters::list::<P>))
        .route("/dead-letters/{id}", get(dead_letters::letter::<P>))
        .route(
            "/dead-letters/{id}/redrive",
            post(dead_letters::redrive::<P>),
        )
        .route(
            "/dead-letters/{id}/discard",
            post(dead_letters::discard::<P>)
                .layer(DefaultBodyLimit::max(dead_letters::LONGEST_BODY)),
        )
        .route("/reindex", post(reindex::reindex::<P>))
        .merge(pages())
        .route("/audit", get(audit::audit::<P>))
        .route("/openapi.json", get(openapi::openapi))
        .route("/metrics", get(metrics::metrics::<P>))
        .route(
            SIGN_IN,
            get(session::form)
                .post(session::open::<P>)
                .layer(DefaultBodyLimit::max(session::LONGEST_BODY)),
        )
        .route(SIGN_OUT, post(session::close))
        .fallback(no_such_path)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(app.clone())
        .layer(from_fn_with_state(app.clone(), watch::<P>))
        // The last layer is the outermost: what is refused is in no log, and has the headers.
        .layer(from_fn_with_state(app.clone(), record::<P>))
        .layer(from_fn_with_state(app.clone(), guard::<P>))
        .layer(from_fn_with_state(app, for_people::<P>))
        .layer(map_response(with_security_headers))
}

/// The dashboard: pages, and the forms on them.
fn pages<P: Ports>() -> Router<App<P>> {
    use dashboard::{alarms, audit, backups, databases, dead_letters, jobs, overview, trigger};
    Router::new()
        .route("/dashboard", get(overview::overview::<P>))
        .route("/dashboard/databases/{name}", get(databases::database::<P>))
        .route("/dashboard/restore/{db}", get(databases::guide::<P>))
        .route("/dashboard/backups/{id}", get(backups::backup::<P>))
        .route("/dashboard/backups/{id}/pin", post(backups::pin::<P>))
        .route("/dashboard/backups/{id}/unpin", post(backups::unpin::<P>))
        .route("/dashboard/backups/{id}/drill", post(backups::drill::<P>))
        .route("/dashboard/jobs", get(jobs::list::<P>))
        .route("/dashboard/jobs/{id}", get(jobs::job::<P>))
        .route("/dashboard/alarms", get(alarms::alarms::<P>))
        .route("/dashboard/alarms/test", post(alarms::test::<P>))
        .route("/dashboard/dead-letters", get(dead_letters::list::<P>))
        .route(
            "/dashboard/dead-letters/{id}/redrive",
            post(dead_letters::redrive::<P>),
        )
        .route(
            "/dashboard/dead-letters/{id}/discard",
            post(dead_letters::discard::<P>),
        )
        .route("/dashboard/audit", get(audit::audit::<P>))
        .route(
            "/dashboard/trigger",
            get(trigger::form::<P>).post(trigger::start::<P>),
        )
        .layer(DefaultBodyLimit::max(dashboard::LONGEST_FORM))
}

async fn no_such_path(request: Request) -> Problem {
    let detail = format!(
        "There is nothing at `{}`. `GET /` lists what there is.",
        request.uri().path()
    );
    Problem::new(Kind::NoSuchPath, detail)
}

/// axum adds the `Allow` header.
async fn method_not_allowed(method: Method) -> Problem {
    let detail = format!("`{method}` is not possible here; the `Allow` header says what is.");
    Problem::new(Kind::MethodNotAllowed, detail)
}

/// Nothing may be kept, framed, guessed or referred to; a page brings its own policy.
async fn with_security_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers
        .entry(CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(
            "default-src 'none'; frame-ancestors 'none'",
        ));
    response
}
