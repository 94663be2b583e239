//! A drill in slices.
#![allow(async_fn_in_trait)]

use serde::{Deserialize, Serialize};

use super::text::{self, Found, Place};
use super::{Statements, differences};
use crate::dump::{Cursor, DumpError, DumpRequest, PagedDump, RunningSha256, dump, hex};
use crate::manifest::{Consistency, Manifest};
use crate::ports::{Clock, Database, DatabaseError, ObjectStore, Statement, StoreError};
use crate::registry::Omissions;

/// Text that is dumped again at a time.
const ROOM: usize = 4 * 1024 * 1024;
/// No statement is begun in a batch that has so many bytes.
const BATCH: usize = 1024 * 1024;
/// As the dump's head has it. Within a batch it would put off what each statement has to be right about.
const DEFER: &str = "PRAGMA defer_foreign_keys=TRUE;";

/// A database of its own, in which a dump is restored, and which keeps where that has come to.
pub trait Engine: Database {
    /// The state that was kept last.
    async fn kept(&self) -> Result<Option<String>, DatabaseError>;
    /// Runs the statements and keeps the state, in one transaction: both happen or neither.
    async fn run_and_keep(
        &self,
        statements: &[Statement],
        state: &str,
    ) -> Result<(), DatabaseError>;
    /// Tables of the platform's own that look like any other, and are no part of what is restored.
    fn own_tables(&self) -> &'static [&'static str] {
        &[]
    }
}

/// Where a drill has come to; as JSON it is kept by the [`Engine`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct State {
    /// What is restored ends here: the next statement begins here, or something before it.
    restored: Place,
    /// Of them.
    hash: RunningSha256,
    /// Whether all is restored, and found to be sound.
    is_checked: bool,
    /// Where dumping again has come to.
    again: Option<Cursor>,
}

/// How a drill ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The dump restores to what its manifest says.
    Passed,
    /// It does not, and this is the first reason.
    Failed(String),
    /// No drill can tell, and this is why.
    Unproved(String),
}

/// What a slice came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// There is more to do; so many bytes of text are restored.
    Continues(u64),
    /// It is over.
    Ended(Verdict),
}

/// A slice that came to nothing: the state is that before the step that failed, and the slice may be done again.
#[derive(Debug, thiserror::Error)]
pub enum DrillError {
    /// The object, or a range of it, was not read.
    #[error("the dump was not read")]
    Read(#[from] StoreError),
    /// A statement, a check or a read of the restored database had no answer.
    #[error("the drill's database did not answer")]
    Engine(#[source] DatabaseError),
    /// The restored database was not dumped, which may pass.
    #[error("the restored database was not dumped again")]
    Dump(#[source] DumpError),
    /// What the engine keeps is no state of this version.
    #[error("the kept state does not read")]
    State(#[from] serde_json::Error),
}

/// Does the next steps of a drill, until `budget_ms` are over.
///
/// 1. Restore: statements and the state behind them are one transaction. When its answer is lost, the kept state says
///    whether it happened.
/// 2. Check, and dump again: both only read. What is dumped is kept after each piece; done twice it is the same.
pub async fn advance<E: Engine, B: ObjectStore, C: Clock>(
    engine: &E,
    bucket: &B,
    clock: &C,
    manifest: &Manifest,
    budget_ms: i64,
) -> Result<Progress, DrillError> {
    if let Some(reason) = unprovable(manifest) {
        return Ok(Progress::Ended(Verdict::Unproved(reason.to_owned())));
    }
    let started = clock.now();
    let mut state: State = match engine.kept().await.map_err(DrillError::Engine)? {
        Some(kept) => serde_json::from_str(&kept)?,
        None => State::default(),
    };
    loop {
        let ended = if state.restored.text < manifest.size_bytes {
            restore(engine, bucket, manifest, &mut state).await?
        } else if state.is_checked {
            dump_again(engine, clock, manifest, &mut state).await?
        } else {
            check(engine, bucket, manifest, &mut state).await?
        };
        if let Some(verdict) = ended {
            return Ok(Progress::Ended(verdict));
        }
        if clock.now().millis_since(started) >= budget_ms {
            return Ok(Progress::Continues(state.restored.text));
        }
    }
}

/// Why no drill can tell whether such a dump is good.
fn unprovable(manifest: &Manifest) -> Option<&'static str> {
    if manifest.rest_sha256.is_none() {
        return Some("the backup is of a version whose hashes a restored database does not have");
    }
    if !manifest.deferred.is_empty() {
        return Some(
            "its foreign keys hold only when all is restored in one transaction, which a drill in slices is not",
        );
    }
    None
}

fn failed(reason: impl Into<String>) -> Option<Verdict> {
    Some(Verdict::Failed(reason.into()))
}

/// What an error of the drill's own database means: the dump's fault, or none's.
fn judged(error: DatabaseError, what: &str) -> Result<Option<Verdict>, DrillError> {
    match error {
        DatabaseError::Unavailable { .. } | DatabaseError::Shape { .. } => {
            Err(DrillError::Engine(error))
        }
        DatabaseError::Refused { message } | DatabaseError::TooBig { message } => {
            Ok(failed(format!("{what}: {message}")))
        }
    }
}

/// Whether a statement lacks a table that the backup leaves out.
fn is_about_left_out(error: &DatabaseError, manifest: &Manifest) -> bool {
    let DatabaseError::Refused { message } = error else {
        return false;
    };
    let Some((_, missing)) = message.split_once("no such table: ") else {
        return false;
    };
    let missing = missing.strip_prefix("main.").unwrap_or(missing);
    let mut left_out = manifest.left_out.iter();
    // What the runtime says behind the name begins with a blank or a colon.
    left_out.any(|name| {
        let rest = missing.get(name.len()..).unwrap_or_default();
        let is_whole = rest.is_empty() || rest.starts_with([' ', ':']);
        is_whole
            && missing
                .get(..name.len())
                .is_some_and(|found| found.eq_ignore_ascii_case(name))
    })
}

/// Restores the statements that end in the next range, or the last ones.
async fn restore<E: Engine, B: ObjectStore>(
    engine: &E,
    bucket: &B,
    manifest: &Manifest,
    state: &mut State,
) -> Result<Option<Verdict>, DrillError> {
    let start = state.restored;
    let from = start.text;
    let read = match text::read(bucket, manifest, start).await? {
        Found::Text(read) => read,
        Found::Nothing => return Ok(failed("the dump is not in the bucket")),
        Found::Broken(reason) => return Ok(failed(reason)),
    };
    let (text, is_last) = (&read.bytes, read.is_last);
    let mut splitter = Statements::from_offset(from);
    let found = match splitter.take(text) {
        Ok(found) => found,
        Err(error) => return Ok(failed(error.to_string())),
    };
    if is_last && let Err(error) = splitter.finish() {
        return Ok(failed(error.to_string()));
    }
    let mut found = found.into_iter().peekable();
    let mut done = 0;
    while done < text.len() {
        let mut batch = Vec::new();
        let mut bytes = 0;
        let mut end = done;
        while let Some(next) = found.next_if(|_| bytes < BATCH) {
            bytes += next.sql.len();
            end = place(next.offset, from) + next.sql.len();
            if next.sql != DEFER {
                batch.push((next.offset, Statement::new(next.sql)));
            }
        }
        if is_last && found.peek().is_none() {
            end = text.len();
        }
        if end == done {
            // Nothing of the range ends; statements are shorter than one, so these are comments or blanks alone.
            break;
        }
        let mut after = state.clone();
        after.hash.update(text.get(done..end).unwrap_or_default());
        after.restored = start.after(&read, end);
        let kept = serde_json::to_string(&after)?;
        let statements: Vec<_> = batch.iter().map(|(_, sql)| sql.clone()).collect();
        if let Err(error) = engine.run_and_keep(&statements, &kept).await {
            let (first, last) = (batch.first(), batch.last());
            let at = |one: Option<&(u64, Statement)>| one.map_or(from, |(offset, _)| *offset);
            let what = format!(
                "a statement from byte {} to {} was refused",
                at(first),
                at(last)
            );
            if is_about_left_out(&error, manifest) {
                return Ok(Some(Verdict::Unproved(format!(
                    "it refers to a table that is left out, and restores only where that is: {error}"
                ))));
            }
            return judged(error, &what);
        }
        *state = after;
        done = end;
    }
    if done == 0 {
        // A manifest that says more bytes than there are, or blanks longer than a range.
        let next = start.after(&read, text.len());
        if next == start {
            return Ok(failed(format!(
                "the dump has {from} bytes, and {} in the manifest",
                manifest.size_bytes
            )));
        }
        state.hash.update(text);
        state.restored = next;
        let kept = serde_json::to_string(state)?;
        if let Err(error) = engine.run_and_keep(&[], &kept).await {
            return judged(error, "the state was not kept");
        }
    }
    Ok(None)
}

/// Whether all of the text came, and SQLite finds no fault with what it made.
async fn check<E: Engine, B: ObjectStore>(
    engine: &E,
    bucket: &B,
    manifest: &Manifest,
    state: &mut State,
) -> Result<Option<Verdict>, DrillError> {
    let size = bucket.head(&manifest.key).await?.map(|found| found.size);
    let stored = manifest
        .gzip
        .as_ref()
        .map_or(manifest.size_bytes, |gzip| gzip.size_bytes);
    if size != Some(stored) {
        return Ok(failed(format!(
            "the object has {} bytes, and {stored} in the manifest",
            size.unwrap_or_default()
        )));
    }
    if state.restored.text != manifest.size_bytes {
        return Ok(failed(format!(
            "the dump has {} bytes, and {} in the manifest",
            state.restored.text, manifest.size_bytes
        )));
    }
    if hex(&state.hash.finish()) != manifest.sha256 {
        return Ok(failed("the dump has not the hash of the manifest"));
    }
    let checks = ["PRAGMA quick_check", "PRAGMA foreign_key_check"].map(Statement::new);
    let [sound, orphans] = match engine.run(checks).await {
        Ok(outcomes) => outcomes,
        Err(error) => return judged(error, "the restored database could not be checked"),
    };
    let complaint = sound.rows.iter().flat_map(|row| row.values());
    let mut complaint = complaint.filter(|value| value.as_str() != Some("ok"));
    if let Some(complaint) = complaint.next() {
        return Ok(failed(format!("quick_check says {complaint}")));
    }
    if let Some(orphan) = orphans.rows.first() {
        let orphan = serde_json::to_string(orphan)?;
        return Ok(failed(format!("foreign_key_check says {orphan}")));
    }
    state.is_checked = true;
    keep(engine, state).await
}

/// Takes the dump again, at once or a piece of it, and compares it.
async fn dump_again<E: Engine, C: Clock>(
    engine: &E,
    clock: &C,
    manifest: &Manifest,
    state: &mut State,
) -> Result<Option<Verdict>, DrillError> {
    let own = engine.own_tables().iter().copied();
    let left_out = manifest.left_out.iter().map(String::as_str).chain(own);
    let omissions = Omissions {
        leave_out: left_out.map(str::to_owned).collect(),
        without_rows: manifest.without_rows.clone(),
    };
    let request = DumpRequest {
        database: &manifest.database,
        database_id: &manifest.database_id,
        job_id: &manifest.job_id,
        omissions: &omissions,
    };
    let dumped = match manifest.consistency {
        Consistency::Snapshot => dump(engine, clock, &request, u64::MAX)
            .await
            .map(|dump| Some(dump.manifest)),
        Consistency::Paged => piece_again(engine, clock, request, state).await,
    };
    let again = match dumped {
        Ok(Some(again)) => again,
        Ok(None) => {
            return keep(engine, state).await;
        }
        Err(
            error @ (DumpError::Introspect(DatabaseError::Unavailable { .. })
            | DumpError::ReadRows(DatabaseError::Unavailable { .. })),
        ) => return Err(DrillError::Dump(error)),
        Err(error) => {
            return Ok(failed(format!(
                "the restored database cannot be dumped: {error}"
            )));
        }
    };
    let found = differences(manifest, &again).unwrap_or_default();
    Ok(Some(match found.first() {
        Some(first) => Verdict::Failed(first.to_string()),
        None => Verdict::Passed,
    }))
}

/// The manifest when all is dumped.
async fn piece_again<E: Engine, C: Clock>(
    engine: &E,
    clock: &C,
    request: DumpRequest<'_>,
    state: &mut State,
) -> Result<Option<Manifest>, DumpError> {
    let mut dump = match state.again.clone() {
        Some(cursor) => PagedDump::resume(engine, request, cursor).await?,
        None => PagedDump::begin(engine, request, clock.now()).await?,
    };
    let Some(piece) = dump.read(ROOM, clock.now()).await? else {
        return Ok(Some(dump.manifest()));
    };
    let rendered = dump.render(&piece);
    dump.accept(rendered);
    state.again = Some(dump.cursor().clone());
    Ok(None)
}

async fn keep<E: Engine>(engine: &E, state: &State) -> Result<Option<Verdict>, DrillError> {
    let kept = serde_json::to_string(state)?;
    let kept = engine.run_and_keep(&[], &kept).await;
    kept.map(|()| None).map_err(DrillError::Engine)
}

fn place(offset: u64, from: u64) -> usize {
    usize::try_from(offset.saturating_sub(from)).unwrap_or(usize::MAX)
}
