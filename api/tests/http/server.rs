//! The api over native adapters, what to put into its catalogue, and what it answers.

use api::auth::{Role, Tokens};
use api::ports::{Content, DownloadStore, Piece, System};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use serde_json::Value;
use shared::dump::{DumpRequest, dump};
use shared::manifest::{Manifest, manifest_key};
use shared::message::{Event, ExportMessage};
use shared::native::{MemoryLimiter, MemoryObjects, MemoryQueue, NativeDatabase, TestClock};
use shared::ports::{
    Database, Listing, ObjectInfo, ObjectStore, Part, Put, PutOptions, Statement, StoreError,
};
use shared::registry::{Omissions, Registry};
use shared::time::Timestamp;
use tower::ServiceExt;

use crate::openapi::judge;

pub(crate) const TOKEN: &str = "correct horse battery staple";
pub(crate) const READ_TOKEN: &str = "only looking";
/// A Wednesday: 2024-12-11T12:00:00Z.
pub(crate) const NOW: i64 = 1_733_918_400;
pub(crate) const DAY: i64 = 86_400;
/// The Sunday before, at 03:00.
pub(crate) const SUNDAY: i64 = 1_733_626_800;

/// The api with an empty catalogue, an empty bucket and the registry that ships.
pub(crate) struct Server {
    router: Router,
    pub(crate) catalogue: NativeDatabase,
    pub(crate) exports: MemoryQueue<ExportMessage>,
    pub(crate) events: MemoryQueue<Event>,
    pub(crate) objects: MemoryObjects,
    pub(crate) clock: TestClock,
    pub(crate) limiter: MemoryLimiter,
}

impl Server {
    pub(crate) fn new() -> Self {
        Self::with_token(Some(TOKEN))
    }

    pub(crate) fn with_token(token: Option<&str>) -> Self {
        let tokens = Tokens::default().with(Role::Admin, token);
        Self::with_tokens(tokens.with(Role::Reader, Some(READ_TOKEN)))
    }

    pub(crate) fn with_tokens(tokens: Tokens) -> Self {
        let clock = TestClock::at(Timestamp::from_seconds(NOW));
        let limiter = MemoryLimiter::of(10);
        let catalogue = NativeDatabase::catalogue();
        let exports = MemoryQueue::default();
        let events = MemoryQueue::default();
        let objects = MemoryObjects::default();
        let system = System {
            catalogue: catalogue.clone(),
            exports: exports.clone(),
            events: events.clone(),
            bucket: Bucket(objects.clone()),
            clock: clock.clone(),
            limiter: limiter.clone(),
        };
        Self {
            router: api::router(system, Registry::embedded().unwrap(), tokens),
            clock,
            limiter,
            catalogue,
            exports,
            events,
            objects,
        }
    }

    /// A GET with the right token.
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[bearer()], "")
    }

    /// A POST of a body with the right token.
    pub(crate) fn post(&self, path: &str, body: &str) -> Answer {
        self.ask(Method::POST, path, &[bearer()], body)
    }

    pub(crate) fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, String)],
        body: &str,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method.clone())
            .uri(format!("https://cache.example{path}"));
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let answer = pollster::block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let logged = response
                .extensions()
                .get::<api::problem::Cause>()
                .map(|cause| cause.error.to_string());
            let (parts, body) = response.into_parts();
            Answer {
                status: parts.status,
                headers: parts.headers,
                body: to_bytes(body, usize::MAX).await.unwrap().to_vec(),
                logged,
            }
        });
        judge(&method, path, &answer);
        answer
    }

    fn write(&self, statement: Statement) {
        pollster::block_on(self.catalogue.batch(&[statement])).unwrap();
    }

    /// A job of these results, planned at `started`; it has ended unless its status is `running`.
    pub(crate) fn job(&self, id: &str, started: i64, status: &str, results: &[(&str, &str)]) {
        self.write(
            Statement::new(
                "INSERT INTO backup_jobs (job_id, started_at, status, trigger_type, total_databases) \
                 VALUES (?1, ?2, 'running', 'scheduled', ?3)",
            )
            .bind(id)
            .bind(started)
            .bind(i64::try_from(results.len()).unwrap()),
        );
        for (database, status) in results {
            self.result(id, started, database, status);
        }
        self.write(
            Statement::new(
                "UPDATE backup_jobs SET status = ?2, completed_at = started_at + 45, duration_ms = 45000, \
                 (successful_count, failed_count, total_size_bytes) = (SELECT coalesce(sum(status = 'success'), 0), coalesce(sum(status = 'failed'), 0), \
                 coalesce(sum(size_bytes), 0) FROM backup_results WHERE job_id = ?1) WHERE job_id = ?1 AND ?2 <> 'running'",
            )
            .bind(id)
            .bind(status),
        );
    }

    fn result(&self, job: &str, started: i64, database: &str, status: &str) {
        let success = (status == "success").then_some(212_400);
        self.write(
            Statement::new(
                "INSERT INTO backup_results (job_id, database_name, database_id, status, attempts, r2_key, size_bytes, \
                 table_count, row_count, started_at, completed_at, duration_ms, error_message, peak_wasm_bytes) \
                 VALUES (?1, ?2, 'id of ' || ?2, ?3, 1, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )
            .bind(job)
            .bind(database)
            .bind(status)
            .bind(success.map(|_| key(database, started)))
            .bind(success)
            .bind(success.map(|_| 15))
            .bind(success.map(|_| 1234))
            .bind(started)
            .bind(success.map(|_| started + 5))
            .bind(success.map(|_| 5_000))
            .bind((status == "failed").then_some("the database refused the statement"))
            .bind(success.map(|_| 12 << 20)),
        );
    }

    /// A message that no retry saved.
    pub(crate) fn dead_letter(&self, queue: &str, body: &str) {
        self.write(
            Statement::new(
                "INSERT INTO dead_letters (message_id, queue, body, error_message, attempts, first_seen_at, last_seen_at) \
                 VALUES (?2, ?1, ?2, 'the rows could not be read: D1 is overloaded', 4, ?3, ?3)",
            )
            .bind(queue)
            .bind(body)
            .bind(SUNDAY + 3600),
        );
    }

    /// A stored backup: its row and its object, which says who it is.
    pub(crate) fn backup(&self, database: &str, created: i64, job: &str) {
        let date = Timestamp::from_seconds(created).date();
        let taken = self.objects.keys().contains(&key(database, created));
        let key = if taken {
            format!("{date}/{database}-{job}.sql")
        } else {
            key(database, created)
        };
        let dump = format!("-- {database} by {job}\n").into_bytes();
        self.write(
            Statement::new(
                "INSERT INTO backup_inventory (r2_key, database_name, backup_date, size_bytes, table_count, created_at, expires_at, \
                 job_id, row_count, sha256, consistency) VALUES (?1, ?2, ?3, 212400, 15, ?4, ?5, ?6, 1234, ?7, 'snapshot')",
            )
            .bind(key.clone())
            .bind(database)
            .bind(date)
            .bind(created)
            .bind(created + 84 * DAY)
            .bind(job)
            .bind("00".repeat(32)),
        );
        self.objects.place(&key, &dump);
    }

    /// The same, of a database that `sql` makes: a real dump with its manifest.
    pub(crate) fn dumped(&self, database: &str, created: i64, job: &str, sql: &str) {
        self.backup(database, created, job);
        let source = NativeDatabase::empty();
        let statements = sql
            .split_inclusive(';')
            .map(|sql| Statement::new(sql.to_owned()));
        let statements: Vec<Statement> = statements.collect();
        pollster::block_on(source.batch(&statements)).unwrap();
        let request = DumpRequest {
            database,
            database_id: "45eae4c7-8ae7-4078-9218-8e1677a4360f",
            job_id: job,
            omissions: &Omissions::default(),
        };
        let clock = TestClock::at(Timestamp::from_seconds(created));
        let made = pollster::block_on(dump(&source, &clock, &request, u64::MAX)).unwrap();
        let key = key(database, created);
        let manifest = Manifest {
            key: key.clone(),
            ..made.manifest
        };
        self.objects.place(&key, &made.body);
        let manifest = serde_json::to_vec(&manifest).unwrap();
        self.objects.place(&manifest_key(&key), &manifest);
    }

    /// The bytes of an object.
    pub(crate) fn object(&self, key: &str) -> Vec<u8> {
        let found = pollster::block_on(self.objects.get(key));
        found.unwrap().unwrap()
    }

    /// Has that backup stored as gzip.
    pub(crate) fn zip(&self, database: &str, created: i64) {
        let plain = key(database, created);
        let statement =
            Statement::new("UPDATE backup_inventory SET r2_key = ?1 || '.gz' WHERE r2_key = ?1");
        self.write(statement.bind(plain.clone()));
        self.objects.place(&format!("{plain}.gz"), b"\x1f\x8b");
    }

    /// The same, of SQL that a test puts together.
    pub(crate) fn write_sql(&self, sql: &str) {
        self.write(Statement::new(sql.to_owned()));
    }

    /// Runs SQL on the catalogue.
    pub(crate) fn sql(&self, sql: impl Into<std::borrow::Cow<'static, str>>) {
        self.write(Statement::new(sql));
    }
}

fn key(database: &str, created: i64) -> String {
    format!("{}/{database}.sql", Timestamp::from_seconds(created).date())
}

pub(crate) fn bearer() -> (&'static str, String) {
    ("authorization", format!("Bearer {TOKEN}"))
}

/// What the api answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// What the Worker's log would say.
    pub(crate) logged: Option<String>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert!(self.status.is_success(), "{}: {}", self.status, self.text());
        assert_eq!(self.header("content-type"), "application/json");
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The body as problem details of this status and kind.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, kind: &str) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json");
        let body: Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(body["type"], format!("urn:cache:problem:{kind}"));
        assert_eq!(body["status"], status);
        assert!(body["title"].is_string() && body["detail"].is_string());
        body
    }

    /// The header's value; empty when there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

/// The bucket in memory, which the api opens as it opens R2.
pub(crate) struct Bucket(pub(crate) MemoryObjects);

impl ObjectStore for Bucket {
    async fn put_new(&self, key: &str, body: &[u8], meta: &PutOptions) -> Result<Put, StoreError> {
        self.0.put_new(key, body, meta).await
    }
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.get(key).await
    }
    async fn get_range(
        &self,
        key: &str,
        offset: u64,
        length: u32,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.get_range(key, offset, length).await
    }
    async fn list(&self, after: Option<&str>) -> Result<Listing, StoreError> {
        self.0.list(after).await
    }
    async fn head(&self, key: &str) -> Result<Option<ObjectInfo>, StoreError> {
        self.0.head(key).await
    }
    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.0.delete(key).await
    }
    async fn begin_upload(
        &self,
        key: &str,
        content_type: &'static str,
        owner: &str,
    ) -> Result<String, StoreError> {
        self.0.begin_upload(key, content_type, owner).await
    }
    async fn put_part(&self, part: Part<'_>, body: Vec<u8>) -> Result<String, StoreError> {
        self.0.put_part(part, body).await
    }
    async fn complete_upload(
        &self,
        key: &str,
        upload: &str,
        tags: &[String],
    ) -> Result<(), StoreError> {
        self.0.complete_upload(key, upload, tags).await
    }
    async fn abort_upload(&self, key: &str, upload: &str) -> Result<(), StoreError> {
        self.0.abort_upload(key, upload).await
    }
}

impl DownloadStore for Bucket {
    async fn open(&self, key: &str, pieces: Vec<Piece>) -> Result<Option<Content>, StoreError> {
        let Some(stored) = self.0.get(key).await? else {
            return Ok(None);
        };
        let bytes = pieces.into_iter().flat_map(|piece| match piece {
            Piece::Text(text) => text,
            Piece::Stored(range) => {
                let at = |place: u64| usize::try_from(place).unwrap();
                stored[at(range.start)..at(range.end)].to_vec()
            }
        });
        Ok(Some(Content::Body(Body::from(bytes.collect::<Vec<u8>>()))))
    }
}
