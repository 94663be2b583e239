//! A slice of a restore drill: what is done between two alarms of the object that runs it, and what is recorded of it.

use std::error::Error;

use serde::Serialize;
use shared::catalogue::drills::{self, Begun, End, There};
use shared::drill::{DrillError, Engine, Progress, Verdict, advance};
use shared::dump::sha256;
use shared::manifest::{FORMAT_VERSION, Manifest, drill_key, manifest_key};
use shared::ports::{Clock, Database, DatabaseError, ObjectStore, Put, PutOptions, StoreError};
use shared::reconciliation::LARGEST_MANIFEST;
use shared::time::Timestamp;

/// So many slices in a row that did not get on end a drill: after an hour and a quarter.
const MOST_FAILURES: u32 = 10;
/// How long a drill waits after the first slice that did not get on; after each further one twice as long.
const FIRST_WAIT_SECONDS: u32 = 30;
/// The longest that it waits, far below the hour after which it counts as standing still.
const LONGEST_WAIT_SECONDS: u32 = 900;
/// The most characters that are kept of why a drill failed.
const LONGEST_REASON: usize = 1000;

/// What comes after a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The next slice, at once.
    Continue,
    /// The slice did not get on, which is recorded; the next one later.
    Again {
        /// How much later.
        after_seconds: u32,
    },
    /// Nothing: the drill is over, and what its engine has can be deleted.
    Done,
}

/// A slice that did not get on, which is not recorded. The next one does what is missing.
#[derive(Debug, thiserror::Error)]
pub enum DrillRunError {
    /// The slice may or may not count as begun; nothing else has happened.
    #[error("it was not recorded that a slice of a drill begins")]
    Begin(#[source] DatabaseError),
    /// Nothing is restored by this slice.
    #[error("the manifest was not read")]
    Manifest(#[source] StoreError),
    /// What is restored is kept by the engine.
    #[error("the slice did not get on")]
    Advance(#[source] DrillError),
    /// What is restored is kept by the engine; the slice counts as one that did not get on.
    #[error("how far a drill is was not recorded")]
    Progress(#[source] DatabaseError),
    /// The drill has come to its end; what is written beside the dump is of the one before, of this one, or gone.
    #[error("what a drill came to was not written beside the dump")]
    Note(#[source] StoreError),
    /// The drill has come to its end, and may or may not be recorded to have.
    #[error("the end of a drill was not recorded")]
    End(#[source] DatabaseError),
    /// The drill is recorded to have ended as one of a backup that is gone; an object of a few bytes may stay beside nothing.
    #[error("what was written beside a dump that is gone was not taken away")]
    Leftover(#[source] StoreError),
}

impl DrillRunError {
    /// When the next slice may be tried.
    pub const fn after_seconds(&self) -> u32 {
        match self {
            // A migration that is not applied yet, most likely.
            Self::Begin(DatabaseError::Refused { .. } | DatabaseError::Shape { .. })
            | Self::Progress(DatabaseError::Refused { .. } | DatabaseError::Shape { .. })
            | Self::End(DatabaseError::Refused { .. } | DatabaseError::Shape { .. }) => {
                LONGEST_WAIT_SECONDS
            }
            Self::Begin(_)
            | Self::Manifest(_)
            | Self::Advance(_)
            | Self::Progress(_)
            | Self::Note(_)
            | Self::End(_)
            | Self::Leftover(_) => 2 * FIRST_WAIT_SECONDS,
        }
    }
}

/// Does a slice of the drill of the dump `key`, for about `budget_ms`; the engine is its own, and empty when it begins.
///
/// 1. Count the slice as begun. It counts as failed until 3 or 5, so that one which ends the program, or whose answer is
///    lost, counts too. Where no drill is open, it is over: also when 5 happened although its answer was lost.
/// 2. Read the manifest, and restore or compare some more: see [`advance`]. The engine keeps it with what it is about.
/// 3. Record how far it is. A stop before repeats no statement of 2, and leaves a slice that counts as failed.
/// 4. At the end, write what it came to beside the dump, so that a rebuilt catalogue knows it: see `write_note` below. A stop leaves
///    the drill open; the next slice comes to the same end, and writes it again.
/// 5. Record the end in the catalogue, which decides: the drill and the backup in one transaction, once only. Where the
///    backup is going, it says so instead, and what 4 wrote is taken away; a stop before that leaves a small object beside
///    nothing.
///
/// What does not get on in 2 or 4 is recorded, and tried again later, `MOST_FAILURES` times in a row; then the drill ends as
/// one that failed, or as what it came to where only 4 did not work.
pub async fn run_slice<E: Engine, C: Database, B: ObjectStore, K: Clock>(
    engine: &E,
    catalogue: &C,
    bucket: &B,
    clock: &K,
    key: &str,
    budget_ms: i64,
) -> Result<Next, DrillRunError> {
    let [begun, there] = catalogue
        .run(drills::begin(key, clock.now()))
        .await
        .map_err(DrillRunError::Begin)?;
    let Some(begun) = begun.first::<Begun>().map_err(DrillRunError::Begin)? else {
        return Ok(Next::Done);
    };
    let there: Option<There> = there.first().map_err(DrillRunError::Begin)?;
    let drill = Drill {
        catalogue,
        bucket,
        clock,
        key,
        begun,
    };
    if there.is_none_or(|there| there.is_there == 0) {
        // The catalogue has its own words for it.
        return drill.record_end("unproved", None, clock.now()).await;
    }
    if drill.begun.failures > MOST_FAILURES {
        return drill.give_up(drill.begun.error_message.clone()).await;
    }
    let progress = match drill.manifest().await {
        Ok(Ok(manifest)) => advance(engine, bucket, clock, &manifest, budget_ms)
            .await
            .map_err(DrillRunError::Advance),
        Ok(Err(verdict)) => Ok(Progress::Ended(verdict)),
        Err(error) => Err(error),
    };
    let next = match progress {
        Ok(Progress::Continues(done)) => return drill.record_progress(done).await,
        Ok(Progress::Ended(verdict)) => drill.conclude(&verdict).await,
        Err(error) => Err(error),
    };
    match next {
        Err(
            error @ (DrillRunError::Manifest(_)
            | DrillRunError::Advance(_)
            | DrillRunError::Note(_)),
        ) => drill.stumble(error).await,
        next => next,
    }
}

/// An open drill and what is recorded of it.
struct Drill<'a, C, B, K> {
    catalogue: &'a C,
    bucket: &'a B,
    clock: &'a K,
    key: &'a str,
    begun: Begun,
}

/// What a drill came to, as it is written beside the dump; `shared::reconciliation` reads it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Note<'a> {
    status: &'a str,
    completed_at: String,
    duration_ms: i64,
    error: Option<&'a str>,
}

impl<C: Database, B: ObjectStore, K: Clock> Drill<'_, C, B, K> {
    /// The manifest, or what there is to say of the backup without one.
    async fn manifest(&self) -> Result<Result<Manifest, Verdict>, DrillRunError> {
        // One that is longer is cut and does not read.
        let most = u32::try_from(LARGEST_MANIFEST).unwrap_or(u32::MAX);
        let body = self
            .bucket
            .get_range(&manifest_key(self.key), 0, most)
            .await;
        let failed = |why: &str| Ok(Err(Verdict::Failed(why.to_owned())));
        let Some(body) = body.map_err(DrillRunError::Manifest)? else {
            return failed("the manifest is not in the bucket");
        };
        let manifest: Manifest = match serde_json::from_slice(&body) {
            Ok(manifest) => manifest,
            Err(error) => return failed(&format!("the manifest does not read: {error}")),
        };
        if manifest.format > FORMAT_VERSION {
            let why = "a newer version of Cache made the backup; deploy the janitor again";
            return Ok(Err(Verdict::Unproved(why.to_owned())));
        }
        if manifest.key != self.key {
            return failed("the manifest is that of another dump");
        }
        Ok(Ok(manifest))
    }

    async fn record_progress(&self, done: u64) -> Result<Next, DrillRunError> {
        let progress = drills::progress(self.key, done, self.clock.now());
        let recorded = self.catalogue.run([progress]).await;
        recorded.map_err(DrillRunError::Progress)?;
        Ok(Next::Continue)
    }

    /// Records why a slice did not get on, and says when the next one is; or ends the drill, after the last one.
    async fn stumble(&self, error: DrillRunError) -> Result<Next, DrillRunError> {
        let reason = short(&chain(&error));
        if self.begun.failures >= MOST_FAILURES {
            return self.give_up(Some(reason)).await;
        }
        match self
            .catalogue
            .run([drills::stumble(self.key, &reason)])
            .await
        {
            Ok(_) => Ok(Next::Again {
                after_seconds: wait(self.begun.failures),
            }),
            // It would be lost.
            Err(_) => Err(error),
        }
    }

    async fn give_up(&self, reason: Option<String>) -> Result<Next, DrillRunError> {
        let reason = reason.unwrap_or_else(|| "each of its slices broke off".to_owned());
        let verdict = Verdict::Failed(format!("could not be finished: {reason}"));
        self.conclude(&verdict).await
    }

    /// Ends the drill.
    async fn conclude(&self, verdict: &Verdict) -> Result<Next, DrillRunError> {
        let (status, error) = match verdict {
            Verdict::Passed => ("passed", None),
            Verdict::Failed(why) => ("failed", Some(short(why))),
            Verdict::Unproved(why) => ("unproved", Some(short(why))),
        };
        let now = self.clock.now();
        let note = Note {
            status,
            completed_at: now.rfc3339(),
            duration_ms: self.lasted(now),
            error: error.as_deref(),
        };
        match self.write_note(&note).await {
            // The catalogue decides. A rebuilt one would know of the drill before.
            Err(_) if self.begun.failures >= MOST_FAILURES => {}
            written => written.map_err(DrillRunError::Note)?,
        }
        self.record_end(status, error.as_deref(), now).await
    }

    async fn record_end(
        &self,
        status: &str,
        error: Option<&str>,
        now: Timestamp,
    ) -> Result<Next, DrillRunError> {
        let end = End {
            status,
            error,
            now,
            duration_ms: self.lasted(now),
        };
        let [_, _, there] = self
            .catalogue
            .run(drills::end(self.key, &end))
            .await
            .map_err(DrillRunError::End)?;
        let there: Option<There> = there.first().map_err(DrillRunError::End)?;
        if there.is_some_and(|there| there.is_there == 1) {
            return Ok(Next::Done);
        }
        match self.bucket.delete(&drill_key(self.key)).await {
            Err(error) if !error.is_locked => Err(DrillRunError::Leftover(error)),
            Ok(()) | Err(_) => Ok(Next::Done),
        }
    }

    /// Writes a note beside the dump, in place of that of the drill before.
    ///
    /// 1. Put it where there is none.
    /// 2. Where there is one, of the drill before or of this one before a stop, take it away and put it again. A stop in
    ///    between leaves none, and the drill open. A lock of the bucket may keep the old one: the catalogue decides.
    async fn write_note(&self, note: &Note<'_>) -> Result<(), StoreError> {
        let key = drill_key(self.key);
        let body = serde_json::to_vec(note).map_err(|error| StoreError {
            operation: "put",
            key: key.clone(),
            message: error.to_string(),
            is_gone: false,
            is_locked: false,
        })?;
        let options = PutOptions {
            content_type: "application/json",
            sha256: sha256(&body),
            owner: String::new(),
        };
        if self.bucket.put_new(&key, &body, &options).await? == Put::Created {
            return Ok(());
        }
        match self.bucket.delete(&key).await {
            Ok(()) => self.bucket.put_new(&key, &body, &options).await.map(drop),
            Err(error) if error.is_locked => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn lasted(&self, now: Timestamp) -> i64 {
        now.millis_since(Timestamp::from_seconds(self.begun.started_at))
    }
}

/// How long to wait after so many slices in a row that did not get on.
fn wait(failures: u32) -> u32 {
    let doubled = 1_u32
        .checked_shl(failures.saturating_sub(1))
        .and_then(|factor| FIRST_WAIT_SECONDS.checked_mul(factor));
    doubled
        .unwrap_or(LONGEST_WAIT_SECONDS)
        .min(LONGEST_WAIT_SECONDS)
}

/// An error and its causes.
fn chain(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    let causes: String = causes.map(|cause| format!(": {cause}")).collect();
    format!("{error}{causes}")
}

fn short(reason: &str) -> String {
    reason.chars().take(LONGEST_REASON).collect()
}
