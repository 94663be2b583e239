//! The few traits through which every effect goes.
//!
//! Each has an adapter for the Workers runtime (`cloudflare`) and a native one (`native`) that can be
//! told to fail before, or although, it happened. The same contract tests run against both.
//! They are used as generic parameters, never as `dyn`; futures need not be `Send`, since a Worker has
//! one thread.
#![allow(async_fn_in_trait)]

use std::borrow::Cow;

use crate::time::Timestamp;

/// The time.
pub trait Clock {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// What nobody can foresee.
pub trait Random {
    /// A number, all equally likely.
    fn number(&self) -> u64;
    /// A text that never comes again.
    fn token(&self) -> String;
}

/// What this program runs in, and what it has taken of it.
pub trait Isolate {
    /// The most bytes of memory that it has had at once so far; `None` where that is not known.
    fn peak_bytes(&self) -> Option<u64>;
    /// Whether it is about to be ended because of the time that it has computed.
    /// <https://developers.cloudflare.com/workers/platform/limits/#cpu-time>
    fn is_near_cpu_limit(&self) -> bool;
}

/// Counts what somebody does, to tell when it is too much.
pub trait Limiter {
    /// Counts one more of `key`; `false` when there have been too many in a minute.
    async fn count(&self, key: &str) -> Result<bool, LimiterError>;
}

/// Nothing was counted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the rate limiter did not answer: {message}")]
pub struct LimiterError {
    /// What the runtime said.
    pub message: String,
}

/// Waiting, for what may work a moment later.
pub trait Pause {
    /// Returns after `seconds`.
    async fn pause(&self, seconds: u32);
}

/// A D1 database: a source to back up, or the catalogue.
pub trait Database {
    /// Runs the statements in order as one transaction: all see one instant, and one failure undoes all.
    ///
    /// Returns one [`Outcome`] for each statement. A deferred constraint that is still violated at the end undoes all
    /// too, and D1 calls that an internal error: such a batch comes back as [`DatabaseError::Unavailable`].
    async fn batch(&self, statements: &[Statement]) -> Result<Vec<Outcome>, DatabaseError>;

    /// The same for a known number of statements.
    async fn run<const N: usize>(
        &self,
        statements: [Statement; N],
    ) -> Result<[Outcome; N], DatabaseError> {
        let outcomes = self.batch(&statements).await?;
        outcomes
            .try_into()
            .map_err(|outcomes: Vec<Outcome>| DatabaseError::Shape {
                message: format!("{} results of {N} statements", outcomes.len()),
            })
    }
}

/// One SQL statement with its positional parameters (`?1`, `?2`, …).
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// The text, at most 100,000 bytes.
    pub sql: Cow<'static, str>,
    /// At most 100 parameters.
    pub params: Vec<Param>,
}

impl Statement {
    /// A statement without parameters.
    pub fn new(sql: impl Into<Cow<'static, str>>) -> Self {
        Self {
            sql: sql.into(),
            params: Vec::new(),
        }
    }

    /// The same statement with one more parameter.
    #[must_use]
    pub fn bind(mut self, param: impl Into<Param>) -> Self {
        self.params.push(param.into());
        self
    }
}

/// A bound parameter. D1 receives integers as JavaScript numbers: exact up to 2^53 either way.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    /// NULL.
    Null,
    /// An integer of at most 53 bits.
    Integer(i64),
    /// A text.
    Text(String),
}

impl From<i64> for Param {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}
impl From<&str> for Param {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}
impl From<String> for Param {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}
impl<T: Into<Param>> From<Option<T>> for Param {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A row as JSON: column name to null, number or string. Numbers are exact up to 2^53 only, so whatever
/// may be larger, a real, or a BLOB must leave SQLite as text.
pub type Row = serde_json::Map<String, serde_json::Value>;

/// What one statement did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// The rows it returned.
    pub rows: Vec<Row>,
    /// Rows inserted, updated or deleted by it, its triggers and its foreign keys: without those, 1 tells a
    /// compare-and-set that it won.
    pub changes: u64,
    /// Size of the database in bytes after the statement, where the adapter knows it.
    pub size_bytes: Option<u64>,
}

impl Outcome {
    /// The rows, each read as a `T`.
    pub fn read<T: serde::de::DeserializeOwned>(self) -> Result<Vec<T>, DatabaseError> {
        self.rows
            .into_iter()
            .map(|row| serde_json::from_value(serde_json::Value::Object(row)))
            .collect::<Result<_, _>>()
            .map_err(|error| DatabaseError::Shape {
                message: error.to_string(),
            })
    }

    /// The row of a query that answers with at most one.
    pub fn first<T: serde::de::DeserializeOwned>(self) -> Result<Option<T>, DatabaseError> {
        Ok(self.read()?.into_iter().next())
    }
}

/// Why a database did not do what it was asked. D1 gives no codes, so adapters classify its text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseError {
    /// It did not answer, was overloaded, reset or timed out: the transaction may or may not have happened.
    #[error("the database is unavailable: {message}")]
    Unavailable {
        /// What the runtime said.
        message: String,
    },
    /// A value or result passed SQLite's length limit (SQLITE_TOOBIG).
    #[error("a result is larger than the database can return: {message}")]
    TooBig {
        /// What the runtime said.
        message: String,
    },
    /// It refused the statement: syntax, missing table, constraint. Nothing happened.
    #[error("the database refused the statement: {message}")]
    Refused {
        /// What the runtime said.
        message: String,
    },
    /// A row had not the expected columns.
    #[error("the database answered with an unexpected row: {message}")]
    Shape {
        /// What did not fit.
        message: String,
    },
}

/// The source databases, found by the name of their binding.
pub trait Sources {
    /// One of them.
    type Source: Database;
    /// The database bound as `binding`.
    fn source(&self, binding: &str) -> Result<Self::Source, MissingBinding>;
}

/// The Worker has no such binding: the deployment and the registry disagree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the Worker has no D1 binding `{binding}`; run `cargo xtask gen` and deploy the exporter again"
)]
pub struct MissingBinding {
    /// The binding's name in the registry.
    pub binding: String,
}

/// The bucket. Strongly consistent, as R2 is.
pub trait ObjectStore {
    /// Stores `body` under `key` unless the key exists, in one atomic step; the store verifies `sha256`.
    async fn put_new(&self, key: &str, body: &[u8], meta: &PutOptions) -> Result<Put, StoreError>;
    /// The whole object, for small ones (manifests); `None` when there is none.
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError>;
    /// At most `length` bytes of the object from `offset` on: fewer where it ends, none behind its end; `None` when there is
    /// no object.
    async fn get_range(
        &self,
        key: &str,
        offset: u64,
        length: u32,
    ) -> Result<Option<Vec<u8>>, StoreError>;
    /// The objects whose keys come after `after` in the order of their bytes, or all from the first on: as many as the store
    /// likes to list at a time.
    async fn list(&self, after: Option<&str>) -> Result<Listing, StoreError>;
    /// Whether the object exists, and how large it is.
    async fn head(&self, key: &str) -> Result<Option<ObjectInfo>, StoreError>;
    /// Deletes the object; deleting one that does not exist succeeds. A bucket lock may forbid it: see
    /// [`StoreError::is_locked`].
    async fn delete(&self, key: &str) -> Result<(), StoreError>;
    /// Begins to store an object in parts, and returns the upload's id. The object is there when the upload is completed,
    /// over whatever is at the key then.
    async fn begin_upload(
        &self,
        key: &str,
        content_type: &'static str,
        owner: &str,
    ) -> Result<String, StoreError>;
    /// Stores a part, numbered from 1, and returns its tag; a part of that number from before is replaced. All parts are
    /// of one size, except the last, which may be smaller.
    async fn put_part(&self, part: Part<'_>, body: Vec<u8>) -> Result<String, StoreError>;
    /// Makes the object of all parts, given by their tags in order.
    async fn complete_upload(
        &self,
        key: &str,
        upload: &str,
        tags: &[String],
    ) -> Result<(), StoreError>;
    /// Forgets an upload and its parts; one that is gone already is as good.
    async fn abort_upload(&self, key: &str, upload: &str) -> Result<(), StoreError>;
}

/// A part of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'a> {
    /// The object's key.
    pub key: &'a str,
    /// The upload's id.
    pub upload: &'a str,
    /// The part's number, from 1.
    pub number: u16,
}

/// What is stored beside an object's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutOptions {
    /// The `Content-Type`.
    pub content_type: &'static str,
    /// SHA-256 of the body; a body that arrives different is refused.
    pub sha256: [u8; 32],
    /// The job that stores it: tells an object of one's own from another's when the key is taken.
    pub owner: String,
}

/// How a create-only put ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// The object is stored.
    Created,
    /// The key was taken; nothing was written.
    Exists,
}

/// An object's properties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectInfo {
    /// Bytes.
    pub size: u64,
    /// The entity tag, without quotes.
    pub etag: String,
    /// The job that stored it; `None` when it was not stored through this port.
    pub owner: Option<String>,
    /// SHA-256 of its bytes, where the store knows it: of what came by [`ObjectStore::put_new`] it does.
    pub sha256: Option<[u8; 32]>,
}

/// Some of the objects, in the order of their keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// They; may be none although there are more.
    pub objects: Vec<Listed>,
    /// Whether there may be more after these.
    pub is_truncated: bool,
}

/// An object of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// Bytes.
    pub size: u64,
}

/// Why the store did not do what it was asked: it may or may not have happened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the object store failed to {operation} `{key}`: {message}")]
pub struct StoreError {
    /// What was asked: `put`, `get`, `head`, `delete`, `begin an upload of`, ….
    pub operation: &'static str,
    /// The object's key.
    pub key: String,
    /// What the runtime said.
    pub message: String,
    /// Whether what was named is not there: an upload that was completed, aborted or forgotten.
    pub is_gone: bool,
    /// Whether a lock of the bucket forbids it.
    pub is_locked: bool,
}

/// A queue to send to.
pub trait Queue<M> {
    /// Sends every message, to be delivered after `delay_seconds` (12 hours at most); may be called with any number.
    /// When it fails some may have been sent.
    async fn send_after(&self, messages: &[M], delay_seconds: u32) -> Result<(), QueueError>;

    /// Sends every message, to be delivered at once.
    async fn send(&self, messages: &[M]) -> Result<(), QueueError> {
        self.send_after(messages, 0).await
    }
}

/// Sending failed: some messages may have been sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the queue did not take the messages: {message}")]
pub struct QueueError {
    /// What the runtime said.
    pub message: String,
}

/// Servers of others that are told something.
pub trait Webhooks {
    /// Sends the request and waits for the answer, for [`WEBHOOK_SECONDS`] at most. A redirect is an answer like any other:
    /// it is not followed.
    async fn send(&self, request: &WebhookRequest) -> Result<WebhookAnswer, WebhookError>;
}

/// How long an answer may take.
pub const WEBHOOK_SECONDS: u32 = 20;
/// How much of an answer's body is kept, in bytes.
pub const WEBHOOK_ANSWER_BYTES: usize = 1000;

/// What is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookRequest {
    /// The address.
    pub url: String,
    /// The headers, names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body of a POST; without one it is a GET.
    pub body: Option<String>,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookAnswer {
    /// The status.
    pub status: u16,
    /// The header `Retry-After`.
    pub retry_after: Option<String>,
    /// The beginning of the body, at most [`WEBHOOK_ANSWER_BYTES`] long.
    pub body: String,
}

/// There was no answer: it may have arrived all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no answer: {message}")]
pub struct WebhookError {
    /// What the runtime said.
    pub message: String,
}

/// What runs restore drills, each on its own and in the background.
pub trait Drills {
    /// Has the drill of the dump `key` begin, or go on; twice is once. One that is not open ends at once.
    async fn start(&self, key: &str) -> Result<(), DrillStartError>;
}

/// A drill was not started, or its answer was lost.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("nobody took the drill: {message}")]
pub struct DrillStartError {
    /// What the runtime said.
    pub message: String,
}

/// Small documents that servers of others publish.
pub trait Documents {
    /// Reads the document at `url`, within [`WEBHOOK_SECONDS`]. A redirect is not followed, and anything but status 200 is no
    /// document, as is one of more than [`DOCUMENT_BYTES`].
    async fn get(&self, url: &str) -> Result<String, DocumentError>;
}

/// The longest document, in bytes.
pub const DOCUMENT_BYTES: usize = 64 * 1024;

/// There is no such document, or it did not arrive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the document did not arrive: {message}")]
pub struct DocumentError {
    /// What the runtime said, or the server answered.
    pub message: String,
}

/// What verifies signatures by RSASSA-PKCS1-v1_5 with SHA-256, which is RS256.
/// <https://www.rfc-editor.org/rfc/rfc7518#section-3.3>
pub trait Signatures {
    /// Whether `key` signed `message`. A key of less than 2048 bits signs nothing.
    async fn verify(
        &self,
        key: &RsaKey,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, SignatureError>;
}

/// A public key, its numbers in Base64 as a JWK has them. <https://www.rfc-editor.org/rfc/rfc7518#section-6.3.1>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RsaKey {
    /// `n`.
    pub modulus: String,
    /// `e`.
    pub exponent: String,
}

/// A signature could not be looked at: the key is none, or the runtime failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the key cannot be used: {message}")]
pub struct SignatureError {
    /// What the runtime said.
    pub message: String,
}
