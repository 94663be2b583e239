//! A notice as the specification's JSON, for any program.

use serde::Serialize;

use super::{Detail, Digest, Notice, Report, Told};
use crate::text::{bytes, duration};
use crate::time::Timestamp;

/// The body.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Payload {
    Report(Reported),
    Alarms(Alarms),
    Test(Test),
}

#[derive(Debug, Serialize)]
pub(super) struct Reported {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "jobId")]
    job_id: String,
    status: &'static str,
    timestamp: String,
    summary: Summary,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Vec<Success>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failures: Option<Vec<Failure>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    successful: u64,
    failed: u64,
    total_size: String,
    duration: String,
}

#[derive(Debug, Serialize)]
struct Success {
    database: String,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<String>,
}

#[derive(Debug, Serialize)]
struct Failure {
    database: String,
    error: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Alarms {
    #[serde(rename = "type")]
    kind: &'static str,
    timestamp: String,
    opened: Vec<Alarm>,
    repeated: Vec<Alarm>,
    resolved: Vec<Alarm>,
}

#[derive(Debug, Serialize)]
struct Alarm {
    cause: String,
    database: Option<String>,
    summary: String,
    since: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Test {
    #[serde(rename = "type")]
    kind: &'static str,
    timestamp: String,
    message: &'static str,
}

/// The body; `None` for what is no matter of programs.
pub(super) fn payload(notice: &Notice) -> Option<Payload> {
    Some(match notice {
        Notice::BackupCompleted(report) => Payload::Report(Reported {
            details: Some(report.details.iter().map(success).collect()),
            ..reported("backup_completed", "success", report)
        }),
        Notice::BackupFailed(report) => {
            // The specification has one word for both: a program that knows it knows the other by `type`.
            let status = match report.successful {
                0 => "failure",
                _ => "partial_failure",
            };
            Payload::Report(Reported {
                failures: Some(failures(report)),
                ..reported("backup_failed", status, report)
            })
        }
        Notice::Alarms(digest) => Payload::Alarms(alarms(digest)),
        Notice::Test { at } => Payload::Test(Test {
            kind: "test",
            timestamp: at.rfc3339(),
            message: "Alarms and reports arrive here.",
        }),
        Notice::Heartbeat { .. } => return None,
    })
}

fn reported(kind: &'static str, status: &'static str, report: &Report) -> Reported {
    Reported {
        kind,
        job_id: report.job_id.clone(),
        status,
        timestamp: report.at.rfc3339(),
        summary: Summary {
            successful: report.successful,
            failed: report.failed,
            total_size: bytes(report.size_bytes),
            duration: duration(report.duration_ms),
        },
        details: None,
        failures: None,
    }
}

fn success(detail: &Detail) -> Success {
    Success {
        database: detail.database.clone(),
        status: detail.status.clone(),
        size: detail.size_bytes.map(bytes),
    }
}

fn failures(report: &Report) -> Vec<Failure> {
    let failure = |(database, error): (&str, &str)| Failure {
        database: database.to_owned(),
        error: error.to_owned(),
    };
    report.failures().map(failure).collect()
}

fn alarms(digest: &Digest) -> Alarms {
    let all = |told: &[Told]| told.iter().map(alarm).collect();
    Alarms {
        kind: "alarms",
        timestamp: stamp(digest.at),
        opened: all(&digest.opened),
        repeated: all(&digest.repeated),
        resolved: all(&digest.resolved),
    }
}

fn alarm(told: &Told) -> Alarm {
    Alarm {
        cause: told.cause.clone(),
        database: Some(told.database.clone()).filter(|name| !name.is_empty()),
        summary: told.summary.clone(),
        since: stamp(told.since),
    }
}

fn stamp(at: Timestamp) -> String {
    at.rfc3339()
}
