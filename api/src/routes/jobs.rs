//! `GET /jobs`: what was done, newest first. `GET /jobs/:id`: a job and what it did with each database.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::Uri;
use serde::Serialize;
use shared::catalogue::overview::{self, JobFilter, JobId, Known};
use shared::catalogue::views::{self, JobView, ResultView};

use super::download::no_such_database;
use super::{date, rfc3339};
use crate::parameters::Parameters;
use crate::ports::Ports;
use crate::problem::{Kind, Problem};
use crate::state::{App, only};
use crate::text::{bytes, duration};

const PAGE: u32 = 50;
const LARGEST_PAGE: u32 = 500;
/// What may have started a job, and what may have become of it.
const TRIGGERS: [&str; 2] = ["scheduled", "manual"];
const STATUSES: [&str; 3] = ["running", "completed", "failed"];

/// A page of jobs, newest first.
#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
pub(crate) struct Jobs {
    jobs: Vec<JobSummary>,
    /// What to give as `before` for the next page; `null` on the last one.
    next: Option<String>,
}

/// A job, without what it did with each database.
#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobSummary {
    job_id: String,
    date: String,
    #[cfg_attr(native, schemars(with = "crate::openapi::JobStatus"))]
    status: String,
    #[cfg_attr(native, schemars(with = "crate::openapi::Trigger"))]
    trigger: String,
    reason: Option<String>,
    /// How many it is to back up.
    databases: u64,
    successful: u64,
    failed: u64,
    total_size: String,
    total_size_bytes: u64,
    started_at: String,
    completed_at: Option<String>,
    duration: Option<String>,
    duration_ms: Option<i64>,
    error: Option<String>,
}

/// Reads the catalogue at one instant. With filters it looks through five hundred jobs at a time, so a page may have fewer than
/// it could.
#[worker::send]
pub(crate) async fn list<P: Ports>(
    State(app): State<App<P>>,
    uri: Uri,
) -> Result<Json<Jobs>, Problem> {
    let query = Parameters::read(&uri, &["before", "limit", "status", "trigger", "database"])?;
    let before = query.text("before");
    let limit = query.number("limit", 1..=LARGEST_PAGE)?.unwrap_or(PAGE);
    let filter = JobFilter {
        status: query.word("status", &STATUSES)?.map(ToOwned::to_owned),
        trigger: query.word("trigger", &TRIGGERS)?.map(ToOwned::to_owned),
        database: query.text("database").map(ToOwned::to_owned),
    };
    let [exists, known, jobs, last] = app
        .query([
            overview::is_job(before),
            overview::was_backed_up(filter.database.as_deref()),
            overview::jobs(&filter, before, limit),
            overview::last_looked_at(&filter, before, limit),
        ])
        .await?;
    if before.is_some() && only::<Known>(exists)?.is_known == 0 {
        return Err(no_such_job().field("before"));
    }
    if let Some(name) = &filter.database
        && only::<Known>(known)?.is_known == 0
        && app.registry().find(name).is_none()
    {
        return Err(no_such_database(&app, name).field("database"));
    }
    let jobs: Vec<JobView> = jobs.read()?;
    let last: Option<JobId> = last.first()?;
    let is_full = u32::try_from(jobs.len()).is_ok_and(|count| count == limit);
    let next = match jobs.last() {
        Some(job) if is_full => Some(job.job_id.clone()),
        _ => last.map(|last| last.job_id),
    };
    Ok(Json(Jobs {
        jobs: jobs.into_iter().map(JobSummary::from).collect(),
        next,
    }))
}

impl From<JobView> for JobSummary {
    fn from(job: JobView) -> Self {
        Self {
            job_id: job.job_id,
            date: date(job.started_at),
            status: job.status,
            trigger: job.trigger_type,
            reason: job.reason,
            databases: job.total_databases,
            successful: job.successful,
            failed: job.failed,
            total_size: bytes(job.size_bytes),
            total_size_bytes: job.size_bytes,
            started_at: rfc3339(job.started_at),
            completed_at: job.completed_at.map(rfc3339),
            duration: job.duration_ms.map(duration),
            duration_ms: job.duration_ms,
            error: job.error_message,
        }
    }
}

/// A job.
#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
pub(crate) struct Job {
    #[serde(flatten)]
    job: JobSummary,
    results: Vec<JobResult>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct JobResult {
    database: String,
    database_id: String,
    #[cfg_attr(native, schemars(with = "crate::openapi::ResultStatus"))]
    status: String,
    attempts: u64,
    r2_key: Option<String>,
    size: Option<String>,
    size_bytes: Option<u64>,
    tables: Option<u64>,
    rows: Option<u64>,
    started_at: String,
    completed_at: Option<String>,
    duration_ms: Option<i64>,
    peak_wasm_bytes: Option<u64>,
    error: Option<String>,
    /// How far the export of a large database has come.
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<Progress>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Progress {
    rows: u64,
    size: String,
    size_bytes: u64,
}

/// Reads the catalogue at one instant.
#[worker::send]
pub(crate) async fn job<P: Ports>(
    State(app): State<App<P>>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Job>, Problem> {
    let Path(id) = id.map_err(|_| no_such_job())?;
    let [job, results] = app.query([views::job(&id), views::results(&id)]).await?;
    let job: JobView = job.first()?.ok_or_else(no_such_job)?;
    let results: Vec<ResultView> = results.read()?;
    Ok(Json(Job {
        job: job.into(),
        results: results.into_iter().map(JobResult::from).collect(),
    }))
}

pub(super) fn no_such_job() -> Problem {
    Problem::new(
        Kind::NoSuchJob,
        "There is no job of that id. `GET /jobs` lists them; `GET /status` the newest ones.",
    )
}

impl From<ResultView> for JobResult {
    fn from(result: ResultView) -> Self {
        let progress = result.rows_so_far.zip(result.bytes_so_far);
        Self {
            progress: progress.map(|(rows, size_bytes)| Progress {
                rows,
                size: bytes(size_bytes),
                size_bytes,
            }),
            database: result.database_name,
            database_id: result.database_id,
            status: result.status,
            attempts: result.attempts,
            r2_key: result.r2_key,
            size: result.size_bytes.map(bytes),
            size_bytes: result.size_bytes,
            tables: result.table_count,
            rows: result.row_count,
            started_at: rfc3339(result.started_at),
            completed_at: result.completed_at.map(rfc3339),
            duration_ms: result.duration_ms,
            peak_wasm_bytes: result.peak_wasm_bytes,
            error: result.error_message,
        }
    }
}

/// What the OpenAPI document has of this.
#[cfg(native)]
pub(crate) fn operations() -> Vec<crate::openapi::Operation> {
    use crate::openapi::Operation;
    use crate::openapi::operation::{number_or, one_of, text};

    vec![
        Operation::of("GET /jobs")
            .says(
                "With filters, a page looks through five hundred jobs at most: it may have fewer than `limit`, even none, while \
                 `next` says that there is more to look through.",
            )
            .query("before", text(), "From behind the job of this id: `next` of the page before.")
            .query("limit", number_or(1..=LARGEST_PAGE, PAGE), "At most so many.")
            .query("status", one_of(&STATUSES), "Only those of this status.")
            .query("trigger", one_of(&TRIGGERS), "Only those that this started.")
            .query("database", text(), "Only those that were to back up this database.")
            .json::<Jobs>(200, "A page of them, newest first.")
            .link("GET /jobs/:id", &[("id", "/jobs/0/jobId")])
            .link("GET /jobs", &[("before", "/next")])
            .problems(&[Kind::InvalidParameter, Kind::NoSuchJob, Kind::NoSuchDatabase]),
        Operation::of("GET /jobs/:id")
            .path_part("id", text(), "Its id.")
            .json::<Job>(200, "The job.")
            .problems(&[Kind::NoSuchJob]),
    ]
}
