//! Reports: how a job ended, told once, and the heartbeat of scheduled jobs.

use shared::catalogue::reports::{self, ReportedResult, Running, Unreported};
use shared::notice::channels::{Channels, HEARTBEAT};
use shared::notice::{Detail, Notice, Report, Signal};
use shared::ports::{Database, DatabaseError, Outcome, Statement};
use shared::time::Timestamp;

/// Jobs a step; the rest waits for the next one.
const JOBS: u32 = 20;

/// A report that was not written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Nothing has happened.
    #[error("the jobs that are to be reported were not read")]
    Read(#[source] DatabaseError),
    /// Nothing has happened about this job.
    #[error("the results of a job that is to be reported were not read")]
    Results(#[source] DatabaseError),
    /// The job may or may not be reported.
    #[error("the report of a job was not written to the outbox")]
    Write(#[source] DatabaseError),
    /// The starts may or may not be in the outbox.
    #[error("the start of a scheduled job was not written to the outbox")]
    Start(#[source] DatabaseError),
    /// A notice has no JSON; each has.
    #[error("a notice could not be written as JSON")]
    Encode(#[source] serde_json::Error),
}

/// What reporting came to.
#[derive(Debug, Default)]
pub(crate) struct Reports {
    /// Jobs that are reported now.
    pub(crate) reported: u64,
    /// Letters that are new in the outbox.
    pub(crate) letters: u64,
    /// What did not work. All of it comes again.
    pub(crate) failures: Vec<ReportError>,
}

/// Writes to the outbox how jobs ended, and for the dead man's switch that scheduled ones began.
///
/// 1. Read what is to be reported. Nothing has happened yet.
/// 2. A job's letters and its mark as reported are one transaction, and the letters are written only while it is not
///    reported: of two that do so at once the second changes nothing. The letters' id comes from the job, its end and its
///    attempts, so one that ends a second time, after it was sent again, is told a second time if its mark was taken off,
///    even within the same second.
/// 3. The start of a running job is a letter of its own id, so it is written once. One that was not delivered when the job
///    ends is given up in the transaction of 2.
pub(crate) async fn report_jobs<C: Database>(
    catalogue: &C,
    channels: &Channels,
    now: Timestamp,
) -> Reports {
    let mut done = Reports::default();
    let read = catalogue
        .run([reports::unreported(JOBS), reports::begun(HEARTBEAT)])
        .await
        .and_then(|[ended, begun]| Ok((ended.read::<Unreported>()?, begun.read::<Running>()?)));
    let (ended, begun) = match read {
        Ok(read) => read,
        Err(error) => {
            done.failures.push(ReportError::Read(error));
            return done;
        }
    };
    for job in ended {
        match report_job(catalogue, channels, &job, now).await {
            Ok((reported, letters)) => {
                done.reported = done.reported.saturating_add(reported);
                done.letters = done.letters.saturating_add(letters);
            }
            Err(error) => done.failures.push(error),
        }
    }
    if channels.find(HEARTBEAT).is_some() && !begun.is_empty() {
        match tell_starts(catalogue, &begun, now).await {
            Ok(letters) => done.letters = done.letters.saturating_add(letters),
            Err(error) => done.failures.push(error),
        }
    }
    done
}

/// Whether the job is reported now, 1 or 0, and the letters that are new.
async fn report_job<C: Database>(
    catalogue: &C,
    channels: &Channels,
    job: &Unreported,
    now: Timestamp,
) -> Result<(u64, u64), ReportError> {
    let [results] = catalogue
        .run([reports::results(&job.job_id)])
        .await
        .map_err(ReportError::Results)?;
    let results: Vec<ReportedResult> = results.read().map_err(ReportError::Results)?;
    let is_success = job.status == "completed";
    let report = report_of(job, results);
    let notice = if is_success {
        Notice::BackupCompleted(report)
    } else {
        Notice::BackupFailed(report)
    };
    let notice = notice.to_json().map_err(ReportError::Encode)?;
    let id = format!("report-{}-{}-{}", job.job_id, job.ended_at, job.attempts);
    let tell = |channel: &str, notice: &str| reports::tell(&job.job_id, &id, channel, notice, now);
    let mut statements: Vec<Statement> = channels
        .readers()
        .filter(|channel| {
            if is_success {
                channel.on_success
            } else {
                channel.on_failure
            }
        })
        .map(|channel| tell(&channel.name, &notice))
        .collect();
    if job.trigger_type == "scheduled" {
        if channels.find(HEARTBEAT).is_some() {
            let signal = if is_success {
                Signal::Success
            } else {
                Signal::Fail
            };
            let beat = Notice::Heartbeat { signal };
            let beat = beat.to_json().map_err(ReportError::Encode)?;
            statements.push(tell(HEARTBEAT, &beat));
        }
        statements.push(reports::supersede_start(&job.job_id));
    }
    let letters = statements.len();
    statements.push(reports::alarms_told(&job.job_id, now));
    statements.push(reports::reported(&job.job_id, now));
    let outcomes = catalogue
        .batch(&statements)
        .await
        .map_err(ReportError::Write)?;
    let reported = outcomes.last().map_or(0, |outcome| outcome.changes);
    Ok((reported, changes(outcomes.iter().take(letters))))
}

async fn tell_starts<C: Database>(
    catalogue: &C,
    begun: &[Running],
    now: Timestamp,
) -> Result<u64, ReportError> {
    let start = Notice::Heartbeat {
        signal: Signal::Start,
    };
    let start = start.to_json().map_err(ReportError::Encode)?;
    let statements: Vec<Statement> = begun
        .iter()
        .map(|job| reports::tell_start(&job.job_id, HEARTBEAT, &start, now))
        .collect();
    let outcomes = catalogue
        .batch(&statements)
        .await
        .map_err(ReportError::Start)?;
    Ok(changes(outcomes.iter()))
}

fn changes<'o>(outcomes: impl Iterator<Item = &'o Outcome>) -> u64 {
    outcomes.map(|outcome| outcome.changes).sum()
}

fn report_of(job: &Unreported, results: Vec<ReportedResult>) -> Report {
    let count = |status: &str| {
        let found = results.iter().filter(|result| result.status == status);
        u64::try_from(found.count()).unwrap_or(u64::MAX)
    };
    let sizes = results.iter().filter_map(|result| result.size_bytes);
    Report {
        job_id: job.job_id.clone(),
        at: Timestamp::from_seconds(job.ended_at),
        successful: count("success"),
        failed: count("failed"),
        total: job.total_databases,
        size_bytes: sizes.fold(0, u64::saturating_add),
        duration_ms: job.duration_ms.unwrap_or_default(),
        error: job.error_message.clone(),
        details: results
            .into_iter()
            .map(|result| Detail {
                database: result.database_name,
                status: result.status,
                size_bytes: result.size_bytes,
                error: result.error_message,
            })
            .collect(),
    }
}
