//! Reconciliation: the catalogue is compared with the bucket, and each learns from the other what it alone knew.

use shared::catalogue::reconciliation::{self, Marks, PATIENCE_SECONDS, Run, State};
use shared::delivery::Fate;
use shared::dump::hex;
use shared::manifest::{Manifest, drill_key, manifest_key, pin_key};
use shared::message::Event;
use shared::ports::{
    Clock, Database, DatabaseError, Listed, Listing, ObjectInfo, ObjectStore, Outcome, Queue,
    QueueError, Statement, StoreError,
};
use shared::reconciliation::{
    Finding, KnownBackup, LARGEST_MANIFEST, Unfit, adopt, compare, damage, drilled, is_one_place,
    pinned, whole,
};
use shared::registry::Registry;
use shared::time::Timestamp;

use crate::ports::Ports;

/// Rows read for a slice.
const ROWS: u32 = 2000;
/// Findings of a slice, each of which costs at most seven subrequests of the thousand that an invocation has.
/// <https://developers.cloudflare.com/workers/platform/limits/#subrequests>
const FINDINGS: usize = 100;
/// Pages of a listing read for a slice at most.
const PAGES: u32 = 10;
/// In seconds: how often a run begins.
const DAY: i64 = 86_400;

/// A slice was not compared, or a run not begun.
#[derive(Debug, thiserror::Error)]
pub enum ReconciliationError {
    /// Nothing has happened.
    #[error("how far the reconciliation has come was not read")]
    Read(#[source] DatabaseError),
    /// A run may have begun. It is woken in an hour.
    #[error("a reconciliation was not begun")]
    Begin(#[source] DatabaseError),
    /// What is stored of the run is none. A new run begins an hour after the last step of it.
    #[error("what the catalogue has of the reconciliation does not read")]
    State(#[source] serde_json::Error),
    /// Some of what was found may be recorded.
    #[error("the bucket was not compared with the catalogue")]
    Bucket(#[source] StoreError),
    /// Some of what was found may be recorded.
    #[error("the catalogue was not compared with the bucket")]
    Rows(#[source] DatabaseError),
    /// All that was found may be recorded, the last of it may not.
    #[error("what was found in the bucket was not recorded")]
    Record(#[source] DatabaseError),
    /// All that was found is recorded.
    #[error("how far the reconciliation has come was not recorded")]
    Advance(#[source] DatabaseError),
    /// All is recorded. The run is woken in an hour.
    #[error("the message for the rest of the reconciliation was not sent")]
    GoOn(#[source] QueueError),
    /// Nothing has happened to the backup; the run went on without it.
    #[error("`{key}` was not adopted")]
    Unfit {
        /// The manifest's key.
        key: String,
        /// Why.
        source: Unfit,
    },
    /// Nothing has happened to the backup; the run went on without it.
    #[error("`{key}` was not adopted: with {size} bytes it is no manifest")]
    TooLarge {
        /// The manifest's key.
        key: String,
        /// Its size.
        size: u64,
    },
}

impl ReconciliationError {
    /// What becomes of the message.
    pub const fn fate(&self) -> Fate {
        match self {
            Self::Unfit { .. } | Self::TooLarge { .. } => Fate::Ack,
            Self::Read(_)
            | Self::Begin(_)
            | Self::State(_)
            | Self::Bucket(_)
            | Self::Rows(_)
            | Self::Record(_)
            | Self::Advance(_)
            | Self::GoOn(_) => Fate::Retry { after_seconds: 60 },
        }
    }
}

/// Begins a run with the first round of a UTC day, and wakes one that stands still.
///
/// 1. Begin, by compare-and-set, unless there was a run today or one is under way. When the answer is lost, or what follows
///    is, the run stands still until 2 finds it.
/// 2. Send the message for a run that was begun just now, or did not go on for an hour. Two messages do no harm.
pub(crate) async fn begin_daily<P: Ports>(ports: &P) -> Result<bool, ReconciliationError> {
    let now = ports.clock().now();
    let today = Timestamp::from_seconds(now.seconds().div_euclid(DAY).saturating_mul(DAY));
    let statements = [
        reconciliation::begin(now, Some(today)),
        reconciliation::find(),
    ];
    let [begun, state] = ports
        .catalogue()
        .run(statements)
        .await
        .map_err(ReconciliationError::Begin)?;
    let begun = begun.changes == 1;
    let Some((run, state)) = read(state)? else {
        return Ok(false);
    };
    let is_still =
        run.finished_at.is_none() && state.updated_at <= now.seconds() - PATIENCE_SECONDS;
    if begun || is_still {
        go_on(ports, run.after).await?;
    }
    Ok(begun)
}

/// What a slice came to.
#[derive(Debug)]
pub struct Compared {
    /// What the queue is told.
    pub fate: Fate,
    /// Manifests that were not adopted.
    pub failures: Vec<ReconciliationError>,
}

/// Compares a slice of the bucket with the catalogue, and sends the message for the next one.
///
/// 1. Read how far the run has come. Without a run there is nothing to do. A message of an earlier slice is one whose successor may be
///    lost: that is sent again.
/// 2. List and read rows: reads only. What changes in between is looked at again before anything is written.
/// 3. Record what was found, each in a transaction of its own: a row is adopted unless there is one, and marked as the
///    bucket is. Done again, it is the same.
/// 4. Move on by compare-and-set. Who comes second has done the same and leaves the rest to the first.
/// 5. Send the message for the rest. Lost, the message comes again and 1 sends it; or the hourly round does.
pub async fn compare_slice<P: Ports>(
    ports: &P,
    registry: &Registry,
    asked: Option<String>,
) -> Result<Compared, ReconciliationError> {
    let done = |failures| Compared {
        fate: Fate::Ack,
        failures,
    };
    let [state] = ports
        .catalogue()
        .run([reconciliation::find()])
        .await
        .map_err(ReconciliationError::Read)?;
    let Some((run, state)) = read(state)?.filter(|(run, _)| run.finished_at.is_none()) else {
        return Ok(done(Vec::new()));
    };
    if asked < run.after {
        go_on(ports, run.after).await?;
        return Ok(done(Vec::new()));
    }
    let mut slice = Slice {
        ports,
        registry,
        now: ports.clock().now(),
        run,
        failures: Vec::new(),
    };
    slice.compare().await?;
    let Slice {
        run, failures, now, ..
    } = slice;
    let value = serde_json::to_string(&run).map_err(ReconciliationError::State)?;
    let [advanced] = ports
        .catalogue()
        .run([reconciliation::advance(&state.value, &value, now)])
        .await
        .map_err(ReconciliationError::Advance)?;
    if advanced.changes == 1 && run.finished_at.is_none() {
        go_on(ports, run.after).await?;
    }
    Ok(done(failures))
}

fn read(state: Outcome) -> Result<Option<(Run, State)>, ReconciliationError> {
    let state: Option<State> = state.first().map_err(ReconciliationError::Read)?;
    let Some(state) = state else {
        return Ok(None);
    };
    let run = serde_json::from_str(&state.value).map_err(ReconciliationError::State)?;
    Ok(Some((run, state)))
}

async fn go_on<P: Ports>(ports: &P, after: Option<String>) -> Result<(), ReconciliationError> {
    let sent = ports.events().send(&[Event::Reconcile { after }]).await;
    sent.map_err(ReconciliationError::GoOn)
}

/// A slice that is being compared.
struct Slice<'a, P> {
    ports: &'a P,
    registry: &'a Registry,
    now: Timestamp,
    run: Run,
    failures: Vec<ReconciliationError>,
}

impl<P: Ports> Slice<'_, P> {
    async fn compare(&mut self) -> Result<(), ReconciliationError> {
        let after = self.run.after.as_deref();
        let listing = self.list(after).await?;
        let keys = listing.objects.iter().map(|object| object.key.as_str());
        let mut next = whole(keys, listing.is_truncated);
        let rows = reconciliation::rows(after, next.as_deref(), ROWS);
        let [rows] = self
            .ports
            .catalogue()
            .run([rows])
            .await
            .map_err(ReconciliationError::Rows)?;
        let rows: Vec<KnownBackup> = rows.read().map_err(ReconciliationError::Rows)?;
        let is_cut = rows.len() >= usize::try_from(ROWS).unwrap_or(usize::MAX);
        if let Some(cut) = whole(rows.iter().map(|row| row.r2_key.as_str()), is_cut) {
            next = Some(cut);
        }
        let slice = compare(&listing.objects, &rows, next, FINDINGS, self.now);
        for finding in &slice.findings {
            self.look(finding).await?;
        }
        self.run.slices += 1;
        self.run.in_order += slice.counts.in_order;
        self.run.strays += slice.counts.strays;
        self.run.foreign += slice.counts.foreign;
        if slice.next.is_none() {
            self.run.finished_at = Some(self.now.seconds());
        }
        self.run.after = slice.next;
        Ok(())
    }

    /// A page of the bucket, or several when one is too short to hold a backup whole.
    async fn list(&self, after: Option<&str>) -> Result<Listing, ReconciliationError> {
        let mut all = Listing {
            objects: Vec::new(),
            is_truncated: true,
        };
        for _ in 0..PAGES {
            let after = all
                .objects
                .last()
                .map(|object| object.key.as_str())
                .or(after);
            let page = self.ports.bucket().list(after).await;
            let page = page.map_err(ReconciliationError::Bucket)?;
            all.objects.extend(page.objects);
            all.is_truncated = page.is_truncated;
            if !all.is_truncated || !is_one_place(&all.objects) {
                break;
            }
        }
        Ok(all)
    }

    async fn look(&mut self, finding: &Finding) -> Result<(), ReconciliationError> {
        match finding {
            Finding::Unknown {
                dump,
                manifest,
                pin,
                drill,
            } => self.adopt(dump, manifest, *pin, *drill).await,
            // The listing may be older than what has happened since: the bucket is asked again, for both objects.
            Finding::Missing(row) => {
                let is_there = self.head(&row.r2_key).await?.is_some()
                    && self.head(&manifest_key(&row.r2_key)).await?.is_some();
                if is_there {
                    return Ok(());
                }
                self.run.lost += self.record(reconciliation::lost(row.id, self.now)).await?;
                Ok(())
            }
            Finding::Back(row) => {
                let found = self.record(reconciliation::found_again(row.id)).await?;
                self.run.found_again += found;
                self.in_depth(row).await
            }
            Finding::Size { row, found } => {
                let damage = format!(
                    "The dump has {found} bytes in the bucket; the catalogue says {}.",
                    row.size_bytes
                );
                self.damaged(row, Some(damage)).await
            }
            Finding::InDepth(row) => self.in_depth(row).await,
        }
    }

    /// Compares a dump with its manifest and both with the row.
    async fn in_depth(&mut self, row: &KnownBackup) -> Result<(), ReconciliationError> {
        let key = manifest_key(&row.r2_key);
        let (Some(dump), Some(at_manifest)) =
            (self.head(&row.r2_key).await?, self.head(&key).await?)
        else {
            // Gone since it was listed: the next run finds it missing.
            return Ok(());
        };
        let manifest = match at_manifest.size {
            0..=LARGEST_MANIFEST => self.get(&key).await?,
            _ => None,
        };
        let manifest: Option<Manifest> =
            manifest.and_then(|body| serde_json::from_slice(&body).ok());
        let found = match &manifest {
            None => Some("Its manifest cannot be read.".to_owned()),
            Some(manifest) if manifest.key != row.r2_key => {
                Some("Its manifest is that of another dump.".to_owned())
            }
            Some(manifest)
                if row
                    .sha256
                    .as_ref()
                    .is_some_and(|hash| *hash != manifest.sha256) =>
            {
                Some(
                    "Its manifest and the catalogue have different SHA-256 of the dump.".to_owned(),
                )
            }
            Some(manifest) => {
                let sha256 = dump.sha256.map(|hash| hex(&hash));
                damage(manifest, dump.size, sha256.as_deref())
            }
        };
        self.damaged(row, found).await
    }

    async fn damaged(
        &mut self,
        row: &KnownBackup,
        found: Option<String>,
    ) -> Result<(), ReconciliationError> {
        self.run.damaged += u64::from(found.is_some());
        if row.damage != found {
            self.record(reconciliation::damage(row.id, found.as_deref()))
                .await?;
        }
        Ok(())
    }

    async fn adopt(
        &mut self,
        dump: &Listed,
        manifest: &Listed,
        pin: bool,
        drill: bool,
    ) -> Result<(), ReconciliationError> {
        if manifest.size > LARGEST_MANIFEST {
            return self.unfit(ReconciliationError::TooLarge {
                key: manifest.key.clone(),
                size: manifest.size,
            });
        }
        let Some(body) = self.get(&manifest.key).await? else {
            return Ok(());
        };
        let kept_seconds = |database: &str| self.registry.kept_seconds(database);
        let backup = match adopt(&body, dump, kept_seconds) {
            Ok(backup) => backup,
            Err(source) => {
                return self.unfit(ReconciliationError::Unfit {
                    key: manifest.key.clone(),
                    source,
                });
            }
        };
        let mut marks = Marks::default();
        if pin && let Some(body) = self.note(&pin_key(&dump.key)).await? {
            let (at, note) = pinned(&body, self.now);
            (marks.pinned_at, marks.pin_note) = (Some(at), note);
        }
        if drill && let Some(body) = self.note(&drill_key(&dump.key)).await? {
            (marks.verified_at, marks.drill_failed_at) = drilled(&body);
        }
        let statements = reconciliation::adopt(&backup, &marks, self.now);
        let [adopted, ..] = self
            .ports
            .catalogue()
            .run(statements)
            .await
            .map_err(ReconciliationError::Record)?;
        // The totals of what is stored change with it.
        self.run.adopted += u64::from(adopted.changes > 0);
        Ok(())
    }

    fn unfit(&mut self, error: ReconciliationError) -> Result<(), ReconciliationError> {
        self.run.unfit += 1;
        self.failures.push(error);
        Ok(())
    }

    async fn record(&self, statement: Statement) -> Result<u64, ReconciliationError> {
        let [outcome] = self
            .ports
            .catalogue()
            .run([statement])
            .await
            .map_err(ReconciliationError::Record)?;
        Ok(outcome.changes)
    }

    async fn head(&self, key: &str) -> Result<Option<ObjectInfo>, ReconciliationError> {
        let head = self.ports.bucket().head(key).await;
        head.map_err(ReconciliationError::Bucket)
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, ReconciliationError> {
        let object = self.ports.bucket().get(key).await;
        object.map_err(ReconciliationError::Bucket)
    }

    /// The beginning of a note beside a dump: whatever is longer is none.
    async fn note(&self, key: &str) -> Result<Option<Vec<u8>>, ReconciliationError> {
        let note = self.ports.bucket().get_range(key, 0, 64 * 1024).await;
        note.map_err(ReconciliationError::Bucket)
    }
}
