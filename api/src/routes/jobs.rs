//! `GET /jobs/:id`: a job and what it did with each database.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use serde::Serialize;
use shared::catalogue::views::{self, JobView, ResultView};

use super::{date, rfc3339};
use crate::ports::Ports;
use crate::problem::{Kind, Problem};
use crate::state::App;
use crate::text::{bytes, duration};

/// A job.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Job {
    job_id: String,
    date: String,
    status: String,
    trigger: String,
    reason: Option<String>,
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
    results: Vec<JobResult>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct JobResult {
    database: String,
    database_id: String,
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
        results: results.into_iter().map(JobResult::from).collect(),
    }))
}

fn no_such_job() -> Problem {
    Problem::new(
        Kind::NoSuchJob,
        "There is no job of that id. `GET /status` lists the newest ones.",
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
