//! A notice as Discord takes it.
//!
//! Limits: <https://discord.com/developers/docs/resources/message#embed-object-embed-limits>

use serde::Serialize;

use super::words::{LINE, NAME, fitted, length, lines};
use super::{Digest, Notice, Report, Told};
use crate::text::bytes;
use crate::time::Timestamp;

const GOOD: u32 = 0x22_c5_5e;
const BAD: u32 = 0xef_44_44;
const NEUTRAL: u32 = 0x3b_82_f6;
const WARNING: u32 = 0xf5_9e_0b;

/// Less than the 4,096 of a description, so that the three of a digest are together less than the 6,000 of a message.
const DESCRIPTION: usize = 1_800;

/// The body of a webhook's message.
#[derive(Debug, Serialize)]
pub(super) struct Message {
    embeds: Vec<Embed>,
    /// Nobody is called, whatever a text says.
    allowed_mentions: Mentions,
}

#[derive(Debug, Serialize)]
struct Mentions {
    parse: [&'static str; 0],
}

#[derive(Debug, Default, Serialize)]
struct Embed {
    title: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    color: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<Field>,
    #[serde(skip_serializing_if = "Option::is_none")]
    footer: Option<Footer>,
    #[serde(skip_serializing_if = "String::is_empty")]
    timestamp: String,
}

#[derive(Debug, Serialize)]
struct Field {
    name: &'static str,
    value: String,
    inline: bool,
}

#[derive(Debug, Serialize)]
struct Footer {
    text: String,
}

/// The message; `None` for what is no matter of people.
pub(super) fn message(notice: &Notice) -> Option<Message> {
    let embeds = match notice {
        Notice::BackupCompleted(report) => vec![summary(report, true)],
        Notice::BackupFailed(report) => vec![summary(report, false), failures(report)],
        Notice::Alarms(digest) => alarms(digest),
        Notice::Test { at } => vec![Embed {
            title: "Cache: a test".to_owned(),
            description: "Alarms and reports arrive here.".to_owned(),
            color: NEUTRAL,
            timestamp: at.rfc3339_millis(),
            ..Embed::default()
        }],
        Notice::Heartbeat { .. } => return None,
    };
    Some(Message {
        embeds,
        allowed_mentions: Mentions { parse: [] },
    })
}

/// The specification's embed.
fn summary(report: &Report, is_success: bool) -> Embed {
    let field = |name, value| Field {
        name,
        value,
        inline: true,
    };
    let title = if is_success {
        "✅ Cache Backup Completed"
    } else {
        "⚠ Cache Backup Partially Failed"
    };
    Embed {
        title: title.to_owned(),
        color: if is_success { GOOD } else { BAD },
        fields: vec![
            field(
                "Databases",
                format!("{}/{} successful", report.successful, report.total),
            ),
            field("Total Size", bytes(report.size_bytes)),
            field("Duration", seconds(report.duration_ms)),
        ],
        footer: Some(Footer {
            text: fitted(
                &format!("Job ID: {}", report.job_id),
                NAME,
                super::words::plain,
            ),
        }),
        timestamp: report.at.rfc3339_millis(),
        ..Embed::default()
    }
}

/// Which databases failed, and why: the specification's embed only counts them.
fn failures(report: &Report) -> Embed {
    let mut all: Vec<String> = report
        .failures()
        .map(|(database, error)| line(database, error))
        .collect();
    if all.is_empty() {
        let why = report.error.as_deref().unwrap_or("It is not known why.");
        all.push(fitted(why, LINE, escape));
    }
    Embed {
        title: "What failed".to_owned(),
        description: lines(&all, DESCRIPTION),
        color: BAD,
        ..Embed::default()
    }
}

fn alarms(digest: &Digest) -> Vec<Embed> {
    let embed = |title: &str, color, told: &[Told]| {
        let all: Vec<String> = told
            .iter()
            .map(|alarm| {
                let heading = match alarm.database.as_str() {
                    "" => alarm.cause.replace('_', " "),
                    database => format!("{database}: {}", alarm.cause.replace('_', " ")),
                };
                line(&heading, &alarm.summary)
            })
            .collect();
        (!told.is_empty()).then(|| Embed {
            title: format!("{title} ({})", told.len()),
            description: lines(&all, DESCRIPTION),
            color,
            timestamp: stamp(digest.at),
            ..Embed::default()
        })
    };
    [
        embed("🔴 Cache: new alarms", BAD, &digest.opened),
        embed("🟠 Cache: still open", WARNING, &digest.repeated),
        embed("🟢 Cache: over", GOOD, &digest.resolved),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn stamp(at: Timestamp) -> String {
    at.rfc3339_millis()
}

fn line(heading: &str, text: &str) -> String {
    let heading = fitted(heading, NAME, escape);
    let room = LINE.saturating_sub(length(&heading));
    format!("**{heading}** — {}", fitted(text, room, escape))
}

/// `1.2s`, as JavaScript's `toFixed(1)` has it.
fn seconds(millis: i64) -> String {
    let tenths = millis.max(0).saturating_add(50) / 100;
    format!("{}.{}s", tenths / 10, tenths % 10)
}

/// Markdown means nothing, lines are not broken, and what looks like a mention is none.
fn escape(character: char, out: &mut String) {
    match character {
        '\\' | '*' | '_' | '~' | '`' | '|' | '>' | '<' | '#' | '[' | ']' | '@' => {
            out.push('\\');
            out.push(character);
        }
        _ if character.is_control() => out.push(' '),
        _ => out.push(character),
    }
}
