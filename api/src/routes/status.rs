//! `GET /status`: what is going on, what came last, what comes next, what is stored.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use shared::catalogue::views::{self, JobView, StorageView};
use shared::ports::Clock;

use super::{date, rfc3339};
use crate::ports::Ports;
use crate::problem::Problem;
use crate::state::{App, only};
use crate::text::{bytes, duration};

const RECENT_JOBS: u32 = 10;

/// The status of everything.
#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Status {
    #[cfg_attr(native, schemars(with = "crate::openapi::Activity"))]
    current_status: &'static str,
    /// The newest job that has ended.
    last_backup: Option<LastBackup>,
    next_scheduled: Option<String>,
    recent_jobs: Vec<RecentJob>,
    storage: Storage,
    /// How many alarms are open.
    alarms: u64,
}

#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct LastBackup {
    job_id: String,
    date: String,
    #[cfg_attr(native, schemars(with = "crate::openapi::JobStatus"))]
    status: String,
    #[cfg_attr(native, schemars(with = "crate::openapi::Trigger"))]
    trigger: String,
    successful: u64,
    failed: u64,
    total_size: String,
    total_size_bytes: u64,
    duration: Option<String>,
    duration_ms: Option<i64>,
    completed_at: Option<String>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct RecentJob {
    job_id: String,
    date: String,
    #[cfg_attr(native, schemars(with = "crate::openapi::JobStatus"))]
    status: String,
    #[cfg_attr(native, schemars(with = "crate::openapi::Trigger"))]
    trigger: String,
    started_at: String,
    databases: Tally,
}

#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
struct Tally {
    successful: u64,
    failed: u64,
    total: u64,
}

#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Storage {
    total_backups: u64,
    total_size: String,
    total_size_bytes: u64,
    oldest_backup: Option<String>,
    newest_backup: Option<String>,
}

/// Reads the catalogue at one instant.
#[worker::send]
pub(crate) async fn status<P: Ports>(State(app): State<App<P>>) -> Result<Json<Status>, Problem> {
    let [running, last, recent, storage] = app
        .query([
            views::running_job(),
            views::last_ended_job(),
            views::recent_jobs(RECENT_JOBS),
            views::storage(),
        ])
        .await?;
    let running: Option<JobView> = running.first()?;
    let last: Option<JobView> = last.first()?;
    let recent: Vec<JobView> = recent.read()?;
    let storage: StorageView = only(storage)?;
    let now = app.ports().clock().now();
    Ok(Json(Status {
        current_status: if running.is_some() { "running" } else { "idle" },
        last_backup: last.map(LastBackup::from),
        next_scheduled: app.registry().next_run(now).map(|next| next.rfc3339()),
        recent_jobs: recent.into_iter().map(RecentJob::from).collect(),
        alarms: storage.open_alarms,
        storage: storage.into(),
    }))
}

impl From<JobView> for LastBackup {
    fn from(job: JobView) -> Self {
        Self {
            date: date(job.started_at),
            job_id: job.job_id,
            status: job.status,
            trigger: job.trigger_type,
            successful: job.successful,
            failed: job.failed,
            total_size: bytes(job.size_bytes),
            total_size_bytes: job.size_bytes,
            duration: job.duration_ms.map(duration),
            duration_ms: job.duration_ms,
            completed_at: job.completed_at.map(rfc3339),
        }
    }
}

impl From<JobView> for RecentJob {
    fn from(job: JobView) -> Self {
        Self {
            date: date(job.started_at),
            started_at: rfc3339(job.started_at),
            job_id: job.job_id,
            status: job.status,
            trigger: job.trigger_type,
            databases: Tally {
                successful: job.successful,
                failed: job.failed,
                total: job.total_databases,
            },
        }
    }
}

impl From<StorageView> for Storage {
    fn from(stored: StorageView) -> Self {
        Self {
            total_backups: stored.total_backups,
            total_size: bytes(stored.size_bytes),
            total_size_bytes: stored.size_bytes,
            oldest_backup: stored.oldest,
            newest_backup: stored.newest,
        }
    }
}

/// What the OpenAPI document has of this.
#[cfg(native)]
pub(crate) fn operations() -> Vec<crate::openapi::Operation> {
    use crate::openapi::Operation;

    vec![
        Operation::of("GET /status")
            .says("`lastBackup` is the newest job that has ended. The numbers of a job are those of its databases so far.")
            .json::<Status>(200, "What is going on, what came last, what comes next, what is stored.")
            .link("GET /jobs/:id", &[("id", "/recentJobs/0/jobId")]),
    ]
}
