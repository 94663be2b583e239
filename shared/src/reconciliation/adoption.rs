//! What a manifest and the notes beside it tell the catalogue of a backup. Others may write to a bucket too, so nothing is
//! believed that cannot be.

use chrono::DateTime;
use serde::Deserialize;

use crate::manifest::{FORMAT_VERSION, Manifest};
use crate::ports::Listed;
use crate::retention::pin::Pin;
use crate::time::{Timestamp, is_date};

/// Why a manifest is not adopted.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// It does not read.
    #[error("it is no manifest")]
    Unreadable(#[source] serde_json::Error),
    /// A newer Cache wrote it.
    #[error("its format {0} is newer than this version of Cache")]
    Newer(u32),
    /// It is the manifest of another dump.
    #[error("it is the manifest of another dump")]
    OfAnotherKey,
    /// Its database, job, date or moments cannot be one, or are not those of its key.
    #[error("its {0} is none, or not that of its key")]
    Unbelievable(&'static str),
}

/// A backup as the catalogue is to have it. Moments are Unix seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adopted {
    /// What is beside the dump.
    pub manifest: Manifest,
    /// The UTC date of the backup, `YYYY-MM-DD`.
    pub date: String,
    /// When its job was planned.
    pub planned_at: i64,
    /// What planned it.
    pub trigger: &'static str,
    /// Why somebody triggered it.
    pub reason: Option<String>,
    /// When it was made.
    pub created_at: i64,
    /// When it may be deleted.
    pub expires_at: i64,
    /// What is wrong with it, for people.
    pub damage: Option<String>,
}

/// Reads the manifest `body` of a dump without a row. Where an older version of Cache wrote it, the backup counts as made
/// when its data was read, and is kept for `kept_seconds` of its database.
pub fn adopt(
    body: &[u8],
    dump: &Listed,
    kept_seconds: impl Fn(&str) -> i64,
) -> Result<Adopted, Unfit> {
    let manifest: Manifest = serde_json::from_slice(body).map_err(Unfit::Unreadable)?;
    if manifest.format > FORMAT_VERSION {
        return Err(Unfit::Newer(manifest.format));
    }
    if manifest.key != dump.key {
        return Err(Unfit::OfAnotherKey);
    }
    if !is_id(&manifest.job_id) {
        return Err(Unfit::Unbelievable("job"));
    }
    let (date, name) = dump.key.split_once('/').unwrap_or_default();
    let stem = name.strip_suffix(".gz").unwrap_or(name);
    let stem = stem.strip_suffix(".sql").unwrap_or(stem);
    let with_job = format!("{}-{}", manifest.database, manifest.job_id);
    if !is_name(&manifest.database) || (stem != manifest.database && stem != with_job) {
        return Err(Unfit::Unbelievable("database"));
    }
    let origin = manifest.origin.as_ref();
    if !is_date(date) || origin.is_some_and(|origin| origin.date != date) {
        return Err(Unfit::Unbelievable("date"));
    }
    let generated = moment(&manifest.generated).ok_or(Unfit::Unbelievable("moment"))?;
    let expires = generated.saturating_add(kept_seconds(&manifest.database));
    let created_at = origin.map_or(generated, |origin| origin.created_at);
    let expires_at = origin.map_or(expires, |origin| origin.expires_at);
    let planned_at = origin.map_or(generated, |origin| origin.planned_at);
    if ![planned_at, created_at, expires_at]
        .iter()
        .all(is_believable)
    {
        return Err(Unfit::Unbelievable("moment"));
    }
    Ok(Adopted {
        date: date.to_owned(),
        planned_at,
        trigger: match origin.map(|origin| origin.trigger.as_str()) {
            Some("manual") => "manual",
            _ => "scheduled",
        },
        reason: origin.and_then(|origin| origin.reason.clone()),
        created_at,
        expires_at,
        damage: damage(&manifest, dump.size, None),
        manifest,
    })
}

/// What of a stored dump is not as its manifest says, for people. `sha256` is the bucket's hash of the object, where it
/// knows it.
pub fn damage(manifest: &Manifest, size: u64, sha256: Option<&str>) -> Option<String> {
    let (expected, hash) = match &manifest.gzip {
        Some(gzip) => (gzip.size_bytes, gzip.sha256.as_deref()),
        None => (manifest.size_bytes, Some(manifest.sha256.as_str())),
    };
    if size != expected {
        return Some(format!(
            "The dump has {size} bytes in the bucket; its manifest says {expected}."
        ));
    }
    match (sha256, hash) {
        (Some(found), Some(expected)) if found != expected => Some(format!(
            "The SHA-256 of the dump in the bucket is {found}; its manifest says {expected}."
        )),
        _ => None,
    }
}

/// When a backup was pinned, in Unix seconds, and why. A note that cannot be read pins all the same, since `now`: a pin is
/// never lost.
pub fn pinned(body: &[u8], now: Timestamp) -> (i64, Option<String>) {
    match serde_json::from_slice::<Pin>(body) {
        Ok(pin) => {
            let at = Some(pin.pinned_at).filter(is_believable);
            (at.unwrap_or(now.seconds()), pin.note)
        }
        Err(_) => (now.seconds(), None),
    }
}

/// What the last restore drill of a backup came to, as it is written beside it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DrillNote {
    status: String,
    completed_at: String,
}

/// When the last drill of a backup passed, and when it failed, in Unix seconds: at most one of both. A note that cannot be
/// read proves nothing.
pub fn drilled(body: &[u8]) -> (Option<i64>, Option<i64>) {
    let Ok(drill) = serde_json::from_slice::<DrillNote>(body) else {
        return (None, None);
    };
    match drill.status.as_str() {
        "passed" => (moment(&drill.completed_at), None),
        "failed" => (None, moment(&drill.completed_at)),
        _ => (None, None),
    }
}

/// Unix seconds of a moment in RFC 3339.
fn moment(text: &str) -> Option<i64> {
    let moment = DateTime::parse_from_rfc3339(text).ok()?.timestamp();
    Some(moment).filter(is_believable)
}

/// Between 1970 and the year 9999, so that it has a date of ten characters.
fn is_believable(seconds: &i64) -> bool {
    (0..253_402_300_800).contains(seconds)
}

/// Whether a text can be a database's name in the registry.
fn is_name(text: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let goes_on = |letter: char| is_letter(letter) || matches!(letter, '.' | '-' | '_');
    (1..=63).contains(&text.len())
        && text.starts_with(is_letter)
        && text.chars().all(goes_on)
        && !text.contains("..")
        && !text.ends_with(".sql")
}

/// Whether a text can be a job's id.
fn is_id(text: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    (1..=64).contains(&text.len()) && text.chars().all(is_letter)
}
