//! A notice as Slack takes it.
//!
//! Limits: <https://docs.slack.dev/reference/block-kit/blocks/section-block>; what must be escaped:
//! <https://docs.slack.dev/messaging/formatting-message-text>

use serde::Serialize;

use super::words::{LINE, NAME, fitted, length, lines};
use super::{Digest, Notice, Report, Told};
use crate::text::{bytes, duration};

/// The 3,000 of a section.
const SECTION: usize = 3_000;
/// The 150 of a header.
const HEADER: usize = 150;

/// The body of an incoming webhook.
#[derive(Debug, Serialize)]
pub(super) struct Message {
    /// What a notification shows.
    text: String,
    blocks: Vec<Block>,
}

#[derive(Debug, Serialize)]
struct Block {
    #[serde(rename = "type")]
    kind: &'static str,
    text: Text,
}

#[derive(Debug, Serialize)]
struct Text {
    #[serde(rename = "type")]
    kind: &'static str,
    text: String,
}

/// The message; `None` for what is no matter of people.
pub(super) fn message(notice: &Notice) -> Option<Message> {
    let (title, sections) = match notice {
        Notice::BackupCompleted(report) => ("✅ Cache Backup Completed", vec![summary(report)]),
        Notice::BackupFailed(report) => (
            "⚠ Cache Backup Partially Failed",
            vec![summary(report), failures(report)],
        ),
        Notice::Alarms(digest) => ("Cache: alarms", alarms(digest)),
        Notice::Test { .. } => (
            "Cache: a test",
            vec!["Alarms and reports arrive here.".to_owned()],
        ),
        Notice::Heartbeat { .. } => return None,
    };
    let header = Block {
        kind: "header",
        text: Text {
            kind: "plain_text",
            text: fitted(title, HEADER, super::words::plain),
        },
    };
    let sections = sections.into_iter().map(|text| Block {
        kind: "section",
        text: Text {
            kind: "mrkdwn",
            text,
        },
    });
    Some(Message {
        text: title.to_owned(),
        blocks: std::iter::once(header).chain(sections).collect(),
    })
}

fn summary(report: &Report) -> String {
    format!(
        "{}/{} databases successful, {}, {}\nJob ID: {}",
        report.successful,
        report.total,
        bytes(report.size_bytes),
        duration(report.duration_ms),
        fitted(&report.job_id, NAME, escape)
    )
}

fn failures(report: &Report) -> String {
    let mut all: Vec<String> = report
        .failures()
        .map(|(database, error)| line(database, error))
        .collect();
    if all.is_empty() {
        let why = report.error.as_deref().unwrap_or("It is not known why.");
        all.push(fitted(why, LINE, escape));
    }
    lines(&all, SECTION)
}

fn alarms(digest: &Digest) -> Vec<String> {
    let section = |title: &str, told: &[Told]| {
        let title = format!("*{title} ({})*", told.len());
        let all: Vec<String> = std::iter::once(title)
            .chain(told.iter().map(|alarm| {
                let cause = alarm.cause.replace('_', " ");
                match alarm.database.as_str() {
                    "" => line(&cause, &alarm.summary),
                    database => line(&format!("{database}: {cause}"), &alarm.summary),
                }
            }))
            .collect();
        (!told.is_empty()).then(|| lines(&all, SECTION))
    };
    [
        section("New alarms", &digest.opened),
        section("Still open", &digest.repeated),
        section("Over", &digest.resolved),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn line(heading: &str, text: &str) -> String {
    let heading = fitted(heading, NAME, escape);
    let room = LINE.saturating_sub(length(&heading));
    format!("• {heading} — {}", fitted(text, room, escape))
}

fn escape(character: char, out: &mut String) {
    match character {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        _ if character.is_control() => out.push(' '),
        _ => out.push(character),
    }
}
