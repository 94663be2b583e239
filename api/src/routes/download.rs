//! `GET /download/:date/:db`: a dump as it is stored, straight from the bucket, or some of its tables.

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, RANGE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use headers::{ETag, HeaderMapExt};
use shared::catalogue::views::{self, BackupView};
use shared::manifest::Encoding;
use shared::ports::{DatabaseError, ObjectInfo, ObjectStore};
use shared::time::Timestamp;
use worker::ResponseBody;
use worker::send::SendWrapper;

use crate::envelope::Envelope;
use crate::parameters::{Parameters, date};
use crate::ports::{Content, DownloadStore, Piece, Ports};
use crate::problem::{Kind, Problem};
use crate::representation::{Representation, Selection, last_modified};
use crate::selected::Selected;
use crate::state::App;

/// How many backups an answer about a missing one looks through for dates.
const LOOKED_THROUGH: u32 = 200;

/// The digest of the whole, whichever part is sent. <https://www.rfc-editor.org/rfc/rfc9530#section-3>
const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");

/// The body of a response that the runtime is to send itself; the response's own body is then empty.
///
/// Streams are JavaScript values, which are not `Send`; a Worker has one thread.
#[derive(Debug, Clone)]
pub(crate) struct RuntimeBody(pub(crate) SendWrapper<ResponseBody>);

/// What a request may name besides the day and the database.
const PARAMETERS: [&str; 5] = [
    "job",
    "table",
    "envelope",
    // Of a link; whoever came by it has been looked at.
    "expires",
    "signature",
];

/// Sends the newest dump of that day, or the one of `?job=`; in `?envelope=transaction` for the sqlite3 shell; of it only each
/// `?table=`, where there are any.
#[worker::send]
pub(crate) async fn download<P: Ports>(
    State(app): State<App<P>>,
    method: Method,
    uri: Uri,
    mut headers: HeaderMap,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Response, Problem> {
    let Path((day, database)) = path.map_err(|_| {
        Problem::parameter("path", "The address must be /download/YYYY-MM-DD/DATABASE.")
    })?;
    let day = date("date", &day)?;
    let parameters = Parameters::read_with(&uri, &PARAMETERS, &["table"])?;
    let job = parameters.text("job");
    let envelope = Envelope::read(&parameters)?;
    let [backup] = app.query([views::backup_on(&database, day, job)]).await?;
    let Some(backup) = backup.first::<BackupView>()? else {
        return Err(missing(&app, &database, day, job).await?);
    };
    let bucket = app.ports().bucket();
    let info = bucket.head(&backup.r2_key).await?;
    let info = info.ok_or_else(|| lost(&backup))?;
    let selected = match parameters.all("table") {
        [] => None,
        tables => Some(Selected::of(&app, &backup, &info, tables).await?),
    };
    let is_whole = envelope == Envelope::None && selected.is_none();
    let name = file_name(&backup, selected.as_ref());
    let offered = offered(&backup, &info, selected, envelope)?;
    if method == Method::HEAD {
        // Ranges are of GET alone.
        headers.remove(RANGE);
    }
    let (status, part, range) = match offered.select(&headers) {
        Selection::All => (StatusCode::OK, 0..offered.length(), None),
        Selection::Part(part) => {
            let last = part.end.saturating_sub(1);
            let range = format!("bytes {}-{last}/{}", part.start, offered.length());
            (StatusCode::PARTIAL_CONTENT, part, Some(range))
        }
        Selection::NotModified => {
            let mut response = StatusCode::NOT_MODIFIED.into_response();
            validators(&offered, response.headers_mut());
            return Ok(response);
        }
        Selection::PreconditionFailed => return Err(another()),
        Selection::NotSatisfiable => return Err(too_far(&offered)),
    };
    let length = part.end.saturating_sub(part.start);
    let content = if method == Method::HEAD {
        Content::Body(Body::empty())
    } else {
        let opened = bucket.open(&backup.r2_key, offered.cut(&part)).await?;
        opened.ok_or_else(|| lost(&backup))?
    };
    let mut response = send(content);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    describe(&backup, &name, headers);
    validators(&offered, headers);
    if let Some(digest) = digest(&backup, &info).filter(|_| is_whole) {
        headers.insert(REPR_DIGEST, digest);
    }
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    if let Some(range) = range.and_then(|range| HeaderValue::try_from(range).ok()) {
        headers.insert(CONTENT_RANGE, range);
    }
    Ok(response)
}

/// A backup as it is sent.
fn offered(
    backup: &BackupView,
    info: &ObjectInfo,
    selected: Option<Selected>,
    envelope: Envelope,
) -> Result<Representation, Problem> {
    let (dump, of) = match selected {
        Some(selected) => (selected.pieces, format!("-{}", selected.tag)),
        None => (vec![Piece::Stored(0..info.size)], String::new()),
    };
    let tag = format!("\"{}{of}{}\"", info.etag, envelope.suffix());
    let etag: Result<ETag, _> = tag.parse();
    Ok(Representation {
        pieces: envelope.around(dump, Encoding::of_key(&backup.r2_key)),
        etag: etag.map_err(|error| Problem::internal("read an entity tag", error, false))?,
        modified: last_modified(Timestamp::from_seconds(backup.created_at)),
    })
}

fn send(content: Content) -> Response {
    match content {
        Content::Body(body) => body.into_response(),
        Content::Runtime(body) => {
            let mut response = Body::empty().into_response();
            let body = RuntimeBody(SendWrapper::new(body));
            response.extensions_mut().insert(body);
            response
        }
    }
}

/// What a client may ask again with, and whether it may ask for a part.
fn validators(offered: &Representation, headers: &mut HeaderMap) {
    headers.typed_insert(offered.etag.clone());
    headers.typed_insert(offered.modified);
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
}

/// The name of the file. Names of databases are safe keys, which need no escapes in either form of the header.
fn file_name(backup: &BackupView, selected: Option<&Selected>) -> String {
    let ending = Encoding::of_key(&backup.r2_key).ending();
    let tables = selected.map(Selected::suffix).unwrap_or_default();
    format!(
        "{}-{}{tables}{ending}",
        backup.database_name, backup.backup_date
    )
}

/// What it is, and a name for the file in both forms of <https://www.rfc-editor.org/rfc/rfc6266#section-4.3>.
fn describe(backup: &BackupView, name: &str, headers: &mut HeaderMap) {
    let encoding = Encoding::of_key(&backup.r2_key);
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static(encoding.content_type()),
    );
    let disposition = format!("attachment; filename=\"{name}\"; filename*=UTF-8''{name}");
    if let Ok(value) = HeaderValue::try_from(disposition) {
        headers.insert(CONTENT_DISPOSITION, value);
    }
}

/// SHA-256 of the object: the bucket knows it of one that came whole, the catalogue of one that is stored as it is.
fn digest(backup: &BackupView, info: &ObjectInfo) -> Option<HeaderValue> {
    let recorded = || {
        let is_plain = Encoding::of_key(&backup.r2_key) == Encoding::Plain;
        let hex = backup.sha256.as_deref().filter(|_| is_plain)?;
        from_hex(hex)
    };
    let sha256 = info.sha256.map(Vec::from).or_else(recorded)?;
    HeaderValue::try_from(format!("sha-256=:{}:", STANDARD.encode(sha256))).ok()
}

fn from_hex(hex: &str) -> Option<Vec<u8>> {
    let digits = hex.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.map(byte).collect()
}

fn another() -> Problem {
    let detail = "This dump is not the one that the condition of the request names. Ask without it, or for the backup of \
                  another day or job.";
    Problem::new(Kind::PreconditionFailed, detail)
}

fn too_far(offered: &Representation) -> Problem {
    let length = offered.length();
    let detail = format!("The dump has {length} bytes, and the range begins behind them.");
    let mut problem = Problem::new(Kind::RangeNotSatisfiable, detail);
    if let Ok(range) = HeaderValue::try_from(format!("bytes */{length}")) {
        problem = problem.header(CONTENT_RANGE, range);
    }
    problem
}

/// What to say of a backup that is not in the catalogue: which ones are.
async fn missing<P: Ports>(
    app: &App<P>,
    database: &str,
    day: &str,
    job: Option<&str>,
) -> Result<Problem, DatabaseError> {
    let [stored] = app
        .query([views::backups_of(database, LOOKED_THROUGH)])
        .await?;
    let stored: Vec<BackupView> = stored.read()?;
    if stored.is_empty() && app.registry().find(database).is_none() {
        return Ok(no_such_database(app, database));
    }
    let mut dates: Vec<String> = Vec::new();
    let mut jobs: Vec<String> = Vec::new();
    for backup in stored {
        if backup.backup_date == day {
            jobs.extend(backup.job_id);
        }
        if dates.last() != Some(&backup.backup_date) {
            dates.push(backup.backup_date);
        }
    }
    let problem = if dates.is_empty() {
        let detail = format!("There is no backup of `{database}` yet. `POST /trigger` makes one.");
        Problem::new(Kind::NoSuchBackup, detail)
    } else if let Some(job) = job.filter(|_| !jobs.is_empty()) {
        let detail = format!(
            "Job `{job}` left no backup of `{database}` on {day}; these did: {}.",
            jobs.join(", ")
        );
        Problem::new(Kind::NoSuchBackup, detail).member("jobs", jobs)
    } else {
        let detail = format!(
            "There is no backup of `{database}` of {day}; there are backups of: {}.",
            dates.join(", ")
        );
        Problem::new(Kind::NoSuchBackup, detail)
    };
    Ok(problem.member("dates", dates))
}

/// A name that neither the registry nor the catalogue knows.
pub(super) fn no_such_database<P: Ports>(app: &App<P>, database: &str) -> Problem {
    let names = app.database_names();
    let detail = format!(
        "There is no database `{database}`; there are: {}.",
        names.join(", ")
    );
    Problem::new(Kind::NoSuchDatabase, detail).member("databases", names)
}

pub(super) fn lost(backup: &BackupView) -> Problem {
    let detail = format!(
        "The catalogue lists `{}`, but the bucket no longer has it. Choose another backup of `{}` from \
         `GET /list?database={}`, and find out who deletes objects in the bucket.",
        backup.r2_key, backup.database_name, backup.database_name
    );
    Problem::new(Kind::DumpLost, detail).cause("open a dump", LostDump(backup.r2_key.clone()))
}

/// A listed dump that is not in the bucket, for the log.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is in the catalogue, but not in the bucket")]
struct LostDump(String);

/// What the OpenAPI document has of this.
#[cfg(native)]
pub(crate) fn operations() -> Vec<crate::openapi::Operation> {
    use crate::openapi::Operation;
    use crate::openapi::operation::{date, one_of, text};
    use serde_json::json;

    const KINDS: &[&str] = &["application/sql", "application/gzip"];
    let tag = || json!({ "type": "string", "pattern": "^\"[^\"]+\"$" });
    vec![
        Operation::of("GET /download/:date/:db")
            .says(
                "With `Range` it goes on where it broke off: one range of bytes at a time, several are answered with everything. \
                 `Repr-Digest` is the SHA-256 of the whole file, where it is known.",
            )
            .path_part("date", date(), "The day of the backup, by UTC.")
            .path_part("db", text(), "The database's name.")
            .query("job", text(), "Of several backups of one day, the one of this job; the newest unless told.")
            .query(
                "table",
                json!({ "type": "array", "items": { "type": "string" }, "maxItems": 100 }),
                "Only this table, with its indexes and triggers; may be given again.",
            )
            .query("envelope", one_of(&["transaction"]), "With BEGIN TRANSACTION and COMMIT around it, for the sqlite3 shell.")
            .header("Range", text(), "Which bytes: `bytes=1000-`.")
            .header("If-Range", text(), "Only while the file is the one with this tag or date; else all of it.")
            .header("If-None-Match", text(), "Not if the file has one of these tags.")
            .header("If-Match", text(), "Only if it has one of them.")
            .header("If-Modified-Since", text(), "Not if it is as old.")
            .header("If-Unmodified-Since", text(), "Only if it is as old.")
            .file(200, KINDS, "The dump.")
            .answer_header("ETag", tag(), "Its strong entity tag.")
            .answer_header("Content-Disposition", json!({ "type": "string", "pattern": "^attachment; " }), "A name for the file.")
            .file(206, KINDS, "A part of it.")
            .answer_header("ETag", tag(), "Its strong entity tag.")
            .answer_header("Content-Range", json!({ "type": "string", "pattern": "^bytes [0-9]+-[0-9]+/[0-9]+$" }), "Which part.")
            .nothing(304, "The client has it.")
            .answer_header("ETag", tag(), "Its strong entity tag.")
            .problems(&[
                Kind::InvalidParameter,
                Kind::NoSuchDatabase,
                Kind::NoSuchBackup,
                Kind::NoSuchTable,
                Kind::WholeOnly,
                Kind::InvalidLink,
                Kind::LinkExpired,
                Kind::DumpLost,
                Kind::PreconditionFailed,
                Kind::RangeNotSatisfiable,
            ]),
    ]
}
