//! Failures as the client sees them: RFC 9457 problem details. What a client is told and what the log keeps are
//! two fields.

use std::error::Error;
use std::sync::Arc;

use axum::Json;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use shared::ports::{DatabaseError, StoreError};

/// The kinds of problems: each a stable type, title and status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// No token is configured, so nothing private is served.
    NotConfigured,
    /// The token is missing or wrong.
    Unauthorized,
    /// The token may not do this.
    Forbidden,
    /// Another site had a browser send this.
    CrossSite,
    /// The link was changed, or what signed it is not configured any more.
    InvalidLink,
    /// The link's time is over.
    LinkExpired,
    /// Too many wrong tokens came from this address.
    TooManyRequests,
    /// There is no such address.
    NoSuchPath,
    /// The address does not take this method.
    MethodNotAllowed,
    /// A part of the address, the query or a header cannot be what it is.
    InvalidParameter,
    /// The body is no JSON, or did not arrive.
    InvalidJson,
    /// The body is JSON, but no valid order.
    InvalidBody,
    /// The body is longer than any valid one.
    BodyTooLarge,
    /// The order names databases that are not in the registry.
    UnknownDatabase,
    /// An `Idempotency-Key` came with another order than the first time.
    KeyReused,
    /// The database is being backed up already.
    AlreadyRunning,
    /// The database is in no registry and no catalogue.
    NoSuchDatabase,
    /// The database has no such backup.
    NoSuchBackup,
    /// The backup is deleted, being deleted, or lost.
    BackupGone,
    /// The dump has no such table.
    NoSuchTable,
    /// Nothing can be taken out of the dump.
    WholeOnly,
    /// There is no such job.
    NoSuchJob,
    /// There is no such dead letter.
    NoSuchDeadLetter,
    /// Somebody has dealt with the dead letter.
    AlreadyResolved,
    /// Sent again, the dead letter would come to nothing.
    CannotBeRedriven,
    /// The same is being done already.
    UnderWay,
    /// The catalogue lists the dump, the bucket has lost it.
    DumpLost,
    /// The dump is another one than the client wants.
    PreconditionFailed,
    /// The dump has no such bytes.
    RangeNotSatisfiable,
    /// Something that Cache needs does not answer at the moment.
    Unavailable,
    /// A defect, or a deployment whose parts do not fit.
    Internal,
}

impl Kind {
    /// Every kind, in the order of the documentation.
    pub const ALL: &[Self] = &[
        Self::NotConfigured,
        Self::Unauthorized,
        Self::Forbidden,
        Self::CrossSite,
        Self::InvalidLink,
        Self::LinkExpired,
        Self::TooManyRequests,
        Self::NoSuchPath,
        Self::MethodNotAllowed,
        Self::InvalidParameter,
        Self::InvalidJson,
        Self::InvalidBody,
        Self::BodyTooLarge,
        Self::UnknownDatabase,
        Self::KeyReused,
        Self::AlreadyRunning,
        Self::NoSuchDatabase,
        Self::NoSuchBackup,
        Self::BackupGone,
        Self::NoSuchTable,
        Self::WholeOnly,
        Self::NoSuchJob,
        Self::NoSuchDeadLetter,
        Self::AlreadyResolved,
        Self::CannotBeRedriven,
        Self::UnderWay,
        Self::DumpLost,
        Self::PreconditionFailed,
        Self::RangeNotSatisfiable,
        Self::Unavailable,
        Self::Internal,
    ];

    const fn describe(self) -> (&'static str, &'static str, StatusCode) {
        match self {
            Self::NotConfigured => (
                "not-configured",
                "No API token is configured",
                StatusCode::SERVICE_UNAVAILABLE,
            ),
            Self::Unauthorized => (
                "unauthorized",
                "A valid token is required",
                StatusCode::UNAUTHORIZED,
            ),
            Self::Forbidden => ("forbidden", "Not with this token", StatusCode::FORBIDDEN),
            Self::CrossSite => ("cross-site", "Sent for another site", StatusCode::FORBIDDEN),
            Self::InvalidLink => (
                "invalid-link",
                "The link is not valid",
                StatusCode::FORBIDDEN,
            ),
            Self::LinkExpired => ("link-expired", "The link has expired", StatusCode::GONE),
            Self::TooManyRequests => (
                "too-many-requests",
                "Too many wrong tokens",
                StatusCode::TOO_MANY_REQUESTS,
            ),
            Self::NoSuchPath => ("no-such-path", "No such address", StatusCode::NOT_FOUND),
            Self::MethodNotAllowed => (
                "method-not-allowed",
                "Method not allowed",
                StatusCode::METHOD_NOT_ALLOWED,
            ),
            Self::InvalidParameter => (
                "invalid-parameter",
                "Invalid parameter",
                StatusCode::BAD_REQUEST,
            ),
            Self::InvalidJson => ("invalid-json", "Invalid JSON", StatusCode::BAD_REQUEST),
            Self::InvalidBody => (
                "invalid-body",
                "Invalid request body",
                StatusCode::UNPROCESSABLE_ENTITY,
            ),
            Self::BodyTooLarge => (
                "body-too-large",
                "Request body too large",
                StatusCode::PAYLOAD_TOO_LARGE,
            ),
            Self::UnknownDatabase => (
                "unknown-database",
                "Unknown database",
                StatusCode::UNPROCESSABLE_ENTITY,
            ),
            Self::KeyReused => (
                "idempotency-key-reused",
                "Idempotency-Key already used",
                StatusCode::UNPROCESSABLE_ENTITY,
            ),
            Self::AlreadyRunning => (
                "already-running",
                "A backup is under way",
                StatusCode::CONFLICT,
            ),
            Self::NoSuchDatabase => (
                "no-such-database",
                "No such database",
                StatusCode::NOT_FOUND,
            ),
            Self::NoSuchBackup => ("no-such-backup", "No such backup", StatusCode::NOT_FOUND),
            Self::BackupGone => ("backup-gone", "The backup is gone", StatusCode::CONFLICT),
            Self::NoSuchTable => ("no-such-table", "No such table", StatusCode::NOT_FOUND),
            Self::WholeOnly => (
                "whole-only",
                "Only the whole dump can be had",
                StatusCode::CONFLICT,
            ),
            Self::NoSuchJob => ("no-such-job", "No such job", StatusCode::NOT_FOUND),
            Self::NoSuchDeadLetter => (
                "no-such-dead-letter",
                "No such dead letter",
                StatusCode::NOT_FOUND,
            ),
            Self::AlreadyResolved => (
                "already-resolved",
                "The dead letter is dealt with",
                StatusCode::CONFLICT,
            ),
            Self::CannotBeRedriven => (
                "cannot-be-redriven",
                "The dead letter cannot be sent again",
                StatusCode::CONFLICT,
            ),
            Self::UnderWay => (
                "under-way",
                "The same is under way already",
                StatusCode::CONFLICT,
            ),
            Self::DumpLost => ("dump-lost", "The dump is gone", StatusCode::GONE),
            Self::PreconditionFailed => (
                "precondition-failed",
                "Another dump than expected",
                StatusCode::PRECONDITION_FAILED,
            ),
            Self::RangeNotSatisfiable => (
                "range-not-satisfiable",
                "No such bytes",
                StatusCode::RANGE_NOT_SATISFIABLE,
            ),
            Self::Unavailable => (
                "unavailable",
                "Temporarily unavailable",
                StatusCode::SERVICE_UNAVAILABLE,
            ),
            Self::Internal => (
                "internal",
                "Internal error",
                StatusCode::INTERNAL_SERVER_ERROR,
            ),
        }
    }

    /// The end of its type, `urn:cache:problem:…`.
    pub const fn slug(self) -> &'static str {
        self.describe().0
    }

    /// Its title.
    pub const fn title(self) -> &'static str {
        self.describe().1
    }

    /// The status that a problem of this kind has.
    pub const fn status(self) -> StatusCode {
        self.describe().2
    }
}

/// A failure: what the client is told, and what is kept for the log.
#[derive(Debug)]
pub struct Problem {
    kind: Kind,
    detail: String,
    members: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
    cause: Option<Cause>,
}

/// What the log is to say about a failed request: the response carries it as an extension, never in its body.
#[derive(Debug, Clone)]
pub struct Cause {
    /// What was being done.
    pub operation: &'static str,
    /// Why it failed, with its sources.
    pub error: Arc<dyn Error + Send + Sync>,
}

impl Problem {
    /// A problem; `detail` says what to do.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            members: Map::new(),
            headers: Vec::new(),
            cause: None,
        }
    }

    /// A parameter, header or part of the address that cannot be what it is.
    pub fn parameter(field: &str, detail: impl Into<String>) -> Self {
        Self::new(Kind::InvalidParameter, detail).field(field)
    }

    /// A failure of ours: the client is told to come again or to read the log, the log is told why.
    pub fn internal(
        operation: &'static str,
        error: impl Error + Send + Sync + 'static,
        transient: bool,
    ) -> Self {
        let problem = if transient {
            Self::new(
                Kind::Unavailable,
                "Something that Cache needs does not answer at the moment. Try again in a few seconds.",
            )
            .header(RETRY_AFTER, HeaderValue::from_static("5"))
        } else {
            Self::new(
                Kind::Internal,
                "The request failed for a reason that is in the Worker's log: `npx wrangler tail -c wrangler/api.jsonc`.",
            )
        };
        problem.cause(operation, error)
    }

    /// What the log is to say.
    #[must_use]
    pub fn cause(
        mut self,
        operation: &'static str,
        error: impl Error + Send + Sync + 'static,
    ) -> Self {
        self.cause = Some(Cause {
            operation,
            error: Arc::new(error),
        });
        self
    }

    /// Its kind.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Names the part of the request that is wrong.
    #[must_use]
    pub fn field(self, field: &str) -> Self {
        self.member("field", field)
    }

    /// Adds a member of its own to the body.
    #[must_use]
    pub fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// What a problem says, for who shows it to people: the response carries it as an extension.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) status: StatusCode,
    pub(crate) title: &'static str,
    pub(crate) detail: String,
    /// The job that it is about.
    pub(crate) job_id: Option<String>,
}

/// The members of RFC 9457, in its order, then our own.
#[derive(Debug, Serialize)]
struct Body {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: String,
    #[serde(flatten)]
    members: Map<String, Value>,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (slug, title, status) = self.kind.describe();
        let job_id = self.members.get("jobId").and_then(Value::as_str);
        let shown = Shown {
            status,
            title,
            detail: self.detail.clone(),
            job_id: job_id.map(ToOwned::to_owned),
        };
        let body = Body {
            r#type: format!("urn:cache:problem:{slug}"),
            title,
            status: status.as_u16(),
            detail: self.detail,
            members: self.members,
        };
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        for (name, value) in self.headers {
            headers.append(name, value);
        }
        response.extensions_mut().insert(shown);
        if let Some(cause) = self.cause {
            response.extensions_mut().insert(cause);
        }
        response
    }
}

impl From<DatabaseError> for Problem {
    fn from(error: DatabaseError) -> Self {
        let transient = match error {
            DatabaseError::Unavailable { .. } => true,
            DatabaseError::TooBig { .. }
            | DatabaseError::Refused { .. }
            | DatabaseError::Shape { .. } => false,
        };
        Self::internal("read the catalogue", error, transient)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::internal("read the bucket", error, true)
    }
}
