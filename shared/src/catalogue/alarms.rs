//! The facts that alarms rest on, the alarms themselves, and when the janitor last made its round.
//!
//! An evaluation reads everything in one transaction, with the mark that the evaluation before left. What it decides is
//! written only while that mark stands: see [`take_mark`].

use serde::Deserialize;

use crate::ports::Statement;
use crate::time::Timestamp;

/// The row of `janitor_state` whose value the newest evaluation left.
const MARK: &str = "alarms";
/// Rows of a kind that one evaluation looks at.
const MOST: i64 = 1000;

/// Remembers since when the registry has these databases, a JSON array of names. Those that are known stay as they are.
pub fn register(names: &str, now: Timestamp) -> Statement {
    Statement::new(
        "INSERT INTO registered_databases (database_name, first_seen_at) SELECT value, ?2 FROM json_each(?1) \
         WHERE true ON CONFLICT (database_name) DO NOTHING",
    )
    .bind(names)
    .bind(now.seconds())
}

/// Makes the mark where there is none yet.
pub fn first_mark(now: Timestamp) -> Statement {
    Statement::new(
        "INSERT INTO janitor_state (name, value, updated_at) VALUES (?1, '', ?2) ON CONFLICT (name) DO NOTHING",
    )
    .bind(MARK)
    .bind(now.seconds())
}

/// What the newest evaluation left.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Mark {
    /// A text that no other evaluation leaves; empty before the first.
    pub value: String,
}

/// The mark: one [`Mark`], or none before [`first_mark`].
pub fn mark() -> Statement {
    Statement::new("SELECT value FROM janitor_state WHERE name = ?1").bind(MARK)
}

/// Replaces the mark that was read, unless another evaluation did so meanwhile: then this changes nothing, and so do the
/// statements of the same transaction that ask for the mark `next`.
pub fn take_mark(read: &str, next: &str, now: Timestamp) -> Statement {
    Statement::new(
        "UPDATE janitor_state SET value = ?3, updated_at = ?4 WHERE name = ?1 AND value = ?2",
    )
    .bind(MARK)
    .bind(read)
    .bind(next)
    .bind(now.seconds())
}

/// The newest job that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct EndedJob {
    /// The job's UUID.
    pub job_id: String,
    /// `completed` or `failed`.
    pub status: String,
    /// Why it failed.
    pub error_message: Option<String>,
}

/// No or one [`EndedJob`].
pub fn newest_ended_job() -> Statement {
    Statement::new(
        "SELECT job_id, status, error_message FROM backup_jobs INDEXED BY idx_backup_jobs_started WHERE status <> 'running' \
         ORDER BY started_at DESC, id DESC LIMIT 1",
    )
}

/// A result that has ended, by success or failure.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct EndedResult {
    /// The database's name.
    pub database_name: String,
    /// `success` or `failed`.
    pub status: String,
    /// Why it failed.
    pub error_message: Option<String>,
}

/// The newest three ended results of each database of `names`, a JSON array: [`EndedResult`]s, newest first.
pub fn newest_results(names: &str) -> Statement {
    Statement::new(
        "SELECT r.database_name, r.status, substr(r.error_message, 1, 1000) AS error_message \
         FROM json_each(?1) n JOIN backup_results r ON r.id IN (SELECT id FROM backup_results \
         WHERE database_name = n.value AND status IN ('success', 'failed') ORDER BY started_at DESC, id DESC LIMIT 3) \
         ORDER BY r.started_at DESC, r.id DESC",
    )
    .bind(names)
}

/// What is known of a database of the registry.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Known {
    /// Its name.
    pub database_name: String,
    /// Since when the registry has it, in Unix seconds.
    pub first_seen_at: i64,
    /// Whether there ever was a backup of it.
    pub was_backed_up: u8,
    /// When its newest backup that is still there was recorded, in Unix seconds.
    pub newest_at: Option<i64>,
    /// What that backup has less than the one before.
    pub shrunk: Option<String>,
    /// How its newest drill that came to an end did: `passed` or `failed`.
    pub drill_status: Option<String>,
    /// The first error of that drill.
    pub drill_error: Option<String>,
}

/// What is known of each database of `names`, a JSON array: [`Known`], those that [`register`] wrote.
pub fn known(names: &str) -> Statement {
    Statement::new(
        "SELECT k.database_name, k.first_seen_at, \
         EXISTS (SELECT 1 FROM backup_inventory e WHERE e.database_name = k.database_name) AS was_backed_up, \
         b.created_at AS newest_at, b.shrunk, d.status AS drill_status, substr(d.error_message, 1, 1000) AS drill_error \
         FROM json_each(?1) n JOIN registered_databases k ON k.database_name = n.value \
         LEFT JOIN backup_inventory b ON b.id = (SELECT id FROM backup_inventory WHERE database_name = n.value \
         AND deleted_at IS NULL AND lost_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 1) \
         LEFT JOIN drills d ON d.id = (SELECT id FROM drills WHERE database_name = n.value \
         AND status IN ('passed', 'failed') ORDER BY id DESC LIMIT 1)",
    )
    .bind(names)
}

/// A job that runs for too long.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StuckJob {
    /// The job's UUID.
    pub job_id: String,
    /// When it was planned, in Unix seconds.
    pub started_at: i64,
}

/// The running jobs that were planned at or before `since`, oldest first: [`StuckJob`]s. What was sent again since then
/// has its time from there.
pub fn running_since(since: Timestamp) -> Statement {
    Statement::new(
        "SELECT j.job_id, j.started_at FROM backup_jobs j WHERE j.status = 'running' AND j.started_at <= ?1 \
         AND NOT EXISTS (SELECT 1 FROM backup_results r WHERE r.job_id = j.job_id AND r.redriven_at > ?1) \
         ORDER BY j.started_at LIMIT ?2",
    )
    .bind(since.seconds())
    .bind(MOST)
}

/// Backups of a database whose objects are gone, or differ from what was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Faults {
    /// The database's name.
    pub database_name: String,
    /// How many are gone.
    pub lost: u64,
    /// The key of one of them.
    pub lost_key: Option<String>,
    /// How many are there and differ.
    pub damaged: u64,
    /// The key of one of them.
    pub damaged_key: Option<String>,
    /// In what it differs.
    pub damage: Option<String>,
}

/// The databases that have such backups: [`Faults`].
pub fn faults() -> Statement {
    Statement::new(
        "SELECT b.database_name, sum(b.lost_at IS NOT NULL) AS lost, \
         max(iif(b.lost_at IS NOT NULL, b.r2_key, NULL)) AS lost_key, \
         sum(b.lost_at IS NULL) AS damaged, max(iif(b.lost_at IS NULL, b.r2_key, NULL)) AS damaged_key, \
         substr(max(iif(b.lost_at IS NULL, b.damage, NULL)), 1, 1000) AS damage FROM backup_inventory b \
         WHERE (b.lost_at IS NOT NULL OR b.damage IS NOT NULL) AND b.deleted_at IS NULL \
         GROUP BY b.database_name LIMIT ?1",
    )
    .bind(MOST)
}

/// Dead letters that nobody has decided about.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Letters {
    /// The database that they name.
    pub database_name: Option<String>,
    /// How many.
    pub letters: u64,
}

/// How many of the newest dead letters are open, by the database that they name: [`Letters`].
pub fn open_letters() -> Statement {
    Statement::new(
        "SELECT database_name, count(*) AS letters FROM (SELECT database_name FROM dead_letters \
         WHERE resolved_at IS NULL ORDER BY id DESC LIMIT ?1) GROUP BY database_name",
    )
    .bind(MOST)
}

/// An alarm.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AlarmRow {
    /// Its row.
    pub id: i64,
    /// Its cause, a word.
    pub cause: String,
    /// The database that it is about; empty when it is about none.
    pub database_name: String,
    /// What it says.
    pub summary: String,
    /// When it opened, in Unix seconds.
    pub opened_at: i64,
    /// When it was last told, in Unix seconds.
    pub notified_at: i64,
    /// When it was over, in Unix seconds; `None` while it is open.
    pub resolved_at: Option<i64>,
}

/// The open alarms, oldest first: [`AlarmRow`]s.
pub fn open() -> Statement {
    Statement::new(
        "SELECT id, cause, database_name, summary, opened_at, notified_at, resolved_at FROM alarms \
         WHERE resolved_at IS NULL ORDER BY opened_at, id",
    )
}

/// The newest alarms that are over, newest first: [`AlarmRow`]s.
pub fn recent(limit: u32) -> Statement {
    Statement::new(
        "SELECT id, cause, database_name, summary, opened_at, notified_at, resolved_at FROM alarms \
         WHERE resolved_at IS NOT NULL ORDER BY opened_at DESC, id DESC LIMIT ?1",
    )
    .bind(i64::from(limit))
}

/// Opens an alarm, while the mark is `mark` and there is none open of that cause and database.
pub fn open_one(
    mark: &str,
    cause: &str,
    database: &str,
    summary: &str,
    now: Timestamp,
) -> Statement {
    Statement::new(
        "INSERT INTO alarms (cause, database_name, summary, opened_at, notified_at) SELECT ?3, ?4, ?5, ?6, ?6 \
         WHERE EXISTS (SELECT 1 FROM janitor_state WHERE name = ?1 AND value = ?2) \
         ON CONFLICT (cause, database_name) WHERE resolved_at IS NULL DO NOTHING",
    )
    .bind(MARK)
    .bind(mark)
    .bind(cause)
    .bind(database)
    .bind(summary)
    .bind(now.seconds())
}

/// Gives an open alarm its summary of now, while the mark is `mark`. `told_at` is when it was last told.
pub fn renew(mark: &str, id: i64, summary: &str, told_at: i64) -> Statement {
    Statement::new(
        "UPDATE alarms SET summary = ?4, notified_at = ?5 WHERE id = ?3 AND resolved_at IS NULL \
         AND EXISTS (SELECT 1 FROM janitor_state WHERE name = ?1 AND value = ?2)",
    )
    .bind(MARK)
    .bind(mark)
    .bind(id)
    .bind(summary)
    .bind(told_at)
}

/// Resolves an open alarm, while the mark is `mark`.
pub fn resolve(mark: &str, id: i64, now: Timestamp) -> Statement {
    Statement::new(
        "UPDATE alarms SET resolved_at = ?4 WHERE id = ?3 AND resolved_at IS NULL \
         AND EXISTS (SELECT 1 FROM janitor_state WHERE name = ?1 AND value = ?2)",
    )
    .bind(MARK)
    .bind(mark)
    .bind(id)
    .bind(now.seconds())
}

/// Puts a notice for a channel into the outbox, while the mark is `mark`; once only.
pub fn tell(mark: &str, notice_id: &str, channel: &str, notice: &str, now: Timestamp) -> Statement {
    Statement::new(
        "INSERT INTO outbox (notice_id, channel, notice, created_at, next_attempt_at) SELECT ?3, ?4, ?5, ?6, ?6 \
         WHERE EXISTS (SELECT 1 FROM janitor_state WHERE name = ?1 AND value = ?2) \
         ON CONFLICT (notice_id, channel) DO NOTHING",
    )
    .bind(MARK)
    .bind(mark)
    .bind(notice_id)
    .bind(channel)
    .bind(notice)
    .bind(now.seconds())
}

/// Records that the janitor makes its round now.
pub fn round_made(now: Timestamp) -> Statement {
    Statement::new(
        "INSERT INTO janitor_state (name, value, updated_at) VALUES ('round', '', ?1) \
         ON CONFLICT (name) DO UPDATE SET updated_at = max(updated_at, excluded.updated_at)",
    )
    .bind(now.seconds())
}

/// Takes upon itself to ask for a round: `changes` is 1 when the janitor has made none since `silent_since`, and nobody
/// has asked since `asked_before`.
pub fn ask_for_round(
    silent_since: Timestamp,
    asked_before: Timestamp,
    now: Timestamp,
) -> Statement {
    Statement::new(
        "INSERT INTO janitor_state (name, value, updated_at) SELECT 'round_asked', '', ?3 \
         WHERE NOT EXISTS (SELECT 1 FROM janitor_state WHERE name = 'round' AND updated_at > ?1) \
         ON CONFLICT (name) DO UPDATE SET updated_at = excluded.updated_at WHERE updated_at <= ?2",
    )
    .bind(silent_since.seconds())
    .bind(asked_before.seconds())
    .bind(now.seconds())
}
