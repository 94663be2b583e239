//! `GET /download/:date/:db`: a dump as it is stored, straight from the bucket.

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, ETAG};
use axum::http::{HeaderValue, Method, Uri};
use axum::response::{IntoResponse, Response};
use shared::catalogue::views::{self, BackupView};
use shared::manifest::Encoding;
use shared::ports::{DatabaseError, ObjectInfo, ObjectStore};
use worker::ResponseBody;
use worker::send::SendWrapper;

use crate::parameters::{Parameters, date};
use crate::ports::{Content, Download, DownloadStore, Ports};
use crate::problem::{Kind, Problem};
use crate::state::App;

/// How many backups an answer about a missing one looks through for dates.
const LOOKED_THROUGH: u32 = 200;

/// The body of a response that the runtime is to send itself; the response's own body is then empty.
///
/// Streams are JavaScript values, which are not `Send`; a Worker has one thread.
#[derive(Debug, Clone)]
pub(crate) struct RuntimeBody(pub(crate) SendWrapper<ResponseBody>);

/// Sends the newest dump of that day, or the one of `?job=`.
#[worker::send]
pub(crate) async fn download<P: Ports>(
    State(app): State<App<P>>,
    method: Method,
    uri: Uri,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Response, Problem> {
    let Path((day, database)) = path.map_err(|_| {
        Problem::parameter("path", "The address must be /download/YYYY-MM-DD/DATABASE.")
    })?;
    let day = date("date", &day)?;
    let parameters = Parameters::read(&uri, &["job"])?;
    let job = parameters.text("job");
    let [backup] = app.query([views::backup_on(&database, day, job)]).await?;
    let Some(backup) = backup.first::<BackupView>()? else {
        return Err(missing(&app, &database, day, job).await?);
    };
    let bucket = app.ports().bucket();
    let opened = if method == Method::HEAD {
        let info = bucket.head(&backup.r2_key).await?;
        info.map(|info| (info, Content::Body(Body::empty())))
    } else {
        let opened = bucket.open(&backup.r2_key).await?;
        opened.map(|Download { info, content }| (info, content))
    };
    let (info, content) = opened.ok_or_else(|| lost(&backup))?;
    Ok(response(&backup, &info, content))
}

fn response(backup: &BackupView, info: &ObjectInfo, content: Content) -> Response {
    let encoding = Encoding::of_key(&backup.r2_key);
    let ending = encoding.ending();
    let filename = format!("{}-{}{ending}", backup.database_name, backup.backup_date);
    let mut response = match content {
        Content::Body(body) => body.into_response(),
        Content::Runtime(body) => {
            let mut response = Body::empty().into_response();
            let body = RuntimeBody(SendWrapper::new(body));
            response.extensions_mut().insert(body);
            response
        }
    };
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static(encoding.content_type()),
    );
    headers.insert(CONTENT_LENGTH, HeaderValue::from(info.size));
    // Names of databases are safe keys, and etags hexadecimal: what is neither is left out rather than escaped.
    let disposition = format!("attachment; filename=\"{filename}\"");
    if let Ok(value) = HeaderValue::try_from(disposition) {
        headers.insert(CONTENT_DISPOSITION, value);
    }
    if let Ok(value) = HeaderValue::try_from(format!("\"{}\"", info.etag)) {
        headers.insert(ETAG, value);
    }
    response
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

fn lost(backup: &BackupView) -> Problem {
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
