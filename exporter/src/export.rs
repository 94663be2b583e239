//! One message: the backup of one database for one job.

use shared::catalogue::checkpoints;
use shared::catalogue::dead_letters::{self, DeadLetter};
use shared::catalogue::leases::{self, Claimant, ResultState, StoredDump};
use shared::delivery::{Fate, Received, brief};
use shared::dump::{DumpError, DumpRequest, dump};
use shared::manifest::{Encoding, Origin};
use shared::message::{EXPORTS_QUEUE, Event, ExportMessage};
use shared::ports::{Clock, Database, Isolate, Queue, Random, Sources};
use shared::registry::{DatabaseConfig, Registry};
use shared::retry::Backoff;
use shared::time::Timestamp;

use crate::deadline::Deadline;
use crate::error::{ExportError, chain};
use crate::pages::{self, Progress, abandon, export_in_pages, saved};
use crate::ports::Ports;
use crate::store::{Place, Slot, find, store};

/// A lease outlives the invocation that holds it: the platform ends that after 15 minutes.
/// <https://developers.cloudflare.com/queues/platform/limits/>
pub(crate) const LEASE_SECONDS: i64 = 20 * 60;
/// How long a message waits that came while its database was being exported.
const BUSY_SECONDS: u32 = 30;

/// What the exporter was deployed with.
#[derive(Debug)]
pub struct Settings {
    /// The databases, and how long backups are kept.
    pub registry: Registry,
    /// The times between attempts.
    pub backoff: Backoff,
    /// The largest database that is read in one transaction, in bytes of its file.
    pub snapshot_bytes: u64,
    /// The size of all parts of a larger one's dump, except the last.
    pub part_bytes: usize,
    /// After how much time an invocation leaves the rest to the next one, in milliseconds.
    pub budget_ms: u32,
    /// Whether dumps are stored as gzip, whatever the registry says of their databases.
    pub gzip: Option<bool>,
    /// How long after its job was planned a backup may still be made, whatever the registry says.
    pub deadline_seconds: Option<u32>,
}

impl Settings {
    /// How a new dump of a database is stored.
    fn encoding(&self, database: Option<&DatabaseConfig>) -> Encoding {
        let registered = database.is_some_and(|database| database.gzip);
        if self.gzip.unwrap_or(registered) {
            Encoding::Gzip
        } else {
            Encoding::Plain
        }
    }
}

/// What became of a message, and what is to be logged about it.
#[derive(Debug)]
pub struct Exported {
    /// What the queue is told.
    pub fate: Fate,
    /// What went wrong.
    pub failures: Vec<ExportError>,
}

/// Backs up the database that a message names.
///
/// 1. Read the message. What makes no sense is recorded as a dead letter; recorded twice, it is one row.
/// 2. Claim the result by compare-and-set. A message that comes again finds it ended (done), or held: then it goes to
///    the end of the queue and comes back later. When the claim's answer is lost, it ends by itself.
/// 3. Look for a backup that an earlier attempt committed before it stopped, even when none may be begun any more; then
///    only 6 is left to do.
/// 4. Read the database: reads only.
/// 5. Store the dump and its manifest, both create-only; see `store`. A database that does not fit one transaction is
///    exported in pages instead of 3 to 5; see `export_in_pages`. When that takes longer than an invocation may, the claim is
///    given back and a message sent for the rest; sent twice, the second finds the result held or ended.
/// 6. Record both rows in one transaction, if the lease still holds. When its answer is lost, the next delivery finds
///    the result ended; when the lease is lost, whoever has it records the same manifest.
/// 7. Announce the end. Lost, the janitor's sweep finds it; twice, the janitor counts the same.
///
/// When 3 to 6 fail for a reason that may pass, the claim is given back and the message retried; after the last retry
/// it is a dead letter, and the janitor ends the result. For any other reason the result ends here as failed.
pub async fn export<P: Ports>(ports: &P, settings: &Settings, received: Received<'_>) -> Exported {
    let again = |attempt| Fate::Retry {
        after_seconds: settings.backoff.after(attempt, ports.random()),
    };
    match begin(ports, received).await {
        Ok(Beginning::Poison(error)) => Exported::with(Fate::Ack, error),
        Ok(Beginning::Busy(message)) => {
            match ports.exports().send_after(&[message], BUSY_SECONDS).await {
                Ok(()) => Exported::without_failure(Fate::Ack),
                Err(error) => {
                    Exported::with(again(received.deliveries()), ExportError::PutBack(error))
                }
            }
        }
        Ok(Beginning::Ended(message)) => announced(ports, &message).await,
        Ok(Beginning::Claimed(claim)) => match back_up(ports, settings, &claim).await {
            Ok(Outcome::Recorded) => announced(ports, &claim.message).await,
            Ok(Outcome::Unfinished) => match hand_over(ports, &claim).await {
                Ok(()) => Exported::without_failure(Fate::Ack),
                Err(error) => Exported::with(again(received.deliveries()), error),
            },
            // Whoever took over has a message of its own.
            Err(error @ ExportError::LeaseLost) => Exported::with(Fate::Ack, error),
            Err(error) if error.is_transient() => {
                let given_back = release(ports, &claim, Some(&error)).await;
                Exported::with(again(received.deliveries()), error).and(given_back)
            }
            Err(error) => match give_up(ports, &claim, &error).await {
                Ok(()) => {
                    let abandoned = abandon(ports, &claim).await;
                    announced(ports, &claim.message)
                        .await
                        .and(abandoned)
                        .and(Err(error))
                }
                Err(lost @ ExportError::LeaseLost) => {
                    Exported::with(Fate::Ack, lost).and(Err(error))
                }
                Err(failure) => {
                    Exported::with(again(received.deliveries()), failure).and(Err(error))
                }
            },
        },
        Err(error) => Exported::with(again(received.deliveries()), error),
    }
}

impl Exported {
    fn without_failure(fate: Fate) -> Self {
        Self {
            fate,
            failures: Vec::new(),
        }
    }

    fn with(fate: Fate, error: ExportError) -> Self {
        Self::without_failure(fate).and(Err(error))
    }

    /// The same with one more failure, if it is one.
    fn and(mut self, outcome: Result<(), ExportError>) -> Self {
        self.failures.extend(outcome.err());
        self
    }
}

/// What an invocation came to that did not fail.
enum Outcome {
    /// The backup is recorded.
    Recorded,
    /// The rest is for another invocation.
    Unfinished,
}

/// A result that this invocation holds.
pub(crate) struct Claim {
    pub(crate) message: ExportMessage,
    token: String,
    /// When the job was planned; its date is that of the backup, whenever it is made.
    planned: Timestamp,
    /// What planned it, and why somebody did.
    trigger: String,
    reason: Option<String>,
    /// Whether another job has or had the first key that the backup could have.
    is_key_taken: bool,
    /// From when its deadline counts.
    begun: Timestamp,
    pub(crate) claimed: Timestamp,
    /// What an earlier invocation left.
    pub(crate) checkpoint: Option<String>,
}

impl Claim {
    pub(crate) fn claimant(&self) -> Claimant<'_> {
        Claimant {
            job_id: &self.message.job_id,
            database: &self.message.database,
            token: &self.token,
        }
    }

    /// What a backup that is made at `now` says of where it comes from.
    pub(crate) fn origin(&self, settings: &Settings, now: Timestamp) -> Origin {
        let kept_seconds = settings.registry.kept_seconds(&self.message.database);
        Origin {
            planned_at: self.planned.seconds(),
            trigger: self.trigger.clone(),
            reason: self.reason.clone(),
            date: self.planned.date(),
            created_at: now.seconds(),
            expires_at: now.plus_seconds(kept_seconds).seconds(),
        }
    }
}

/// What there is to do for a message.
enum Beginning {
    /// Nothing: it is recorded as a dead letter.
    Poison(ExportError),
    /// Nothing now.
    Busy(ExportMessage),
    /// Nothing but to say so: the result has ended.
    Ended(ExportMessage),
    /// A backup.
    Claimed(Claim),
}

async fn begin<P: Ports>(ports: &P, received: Received<'_>) -> Result<Beginning, ExportError> {
    let message: ExportMessage = match serde_json::from_str(received.body) {
        Ok(message) => message,
        Err(error) => {
            let reason = format!("its body is no export message ({})", brief(&error));
            return poison(ports, received, None, reason).await;
        }
    };
    let token = ports.random().token();
    let now = ports.clock().now();
    let claimant = Claimant {
        job_id: &message.job_id,
        database: &message.database,
        token: &token,
    };
    let until = now.plus_seconds(LEASE_SECONDS);
    let statements = [
        leases::claim(&claimant, now, until),
        leases::state(&message.job_id, &message.database),
        checkpoints::find(&message.job_id, &message.database),
    ];
    let [claimed, state, checkpoint] = ports
        .catalogue()
        .run(statements)
        .await
        .map_err(ExportError::Claim)?;
    let claimed = claimed.changes == 1;
    let state: Option<ResultState> = state.first().map_err(ExportError::Claim)?;
    let checkpoint: Option<checkpoints::Found> = checkpoint.first().map_err(ExportError::Claim)?;
    let Some(state) = state else {
        let reason = format!(
            "the catalogue has no result of job `{}` for the database `{}`",
            message.job_id, message.database
        );
        return poison(ports, received, Some(&message), reason).await;
    };
    if claimed {
        return Ok(Beginning::Claimed(Claim {
            message,
            token,
            planned: Timestamp::from_seconds(state.planned_at),
            trigger: state.trigger_type,
            reason: state.reason,
            is_key_taken: state.is_key_taken == 1,
            begun: Timestamp::from_seconds(state.redriven_at.unwrap_or(state.planned_at)),
            claimed: now,
            checkpoint: checkpoint.map(|found| found.state),
        }));
    }
    Ok(match state.status.as_str() {
        "queued" | "running" => Beginning::Busy(message),
        _ => Beginning::Ended(message),
    })
}

async fn poison<P: Ports>(
    ports: &P,
    received: Received<'_>,
    message: Option<&ExportMessage>,
    reason: String,
) -> Result<Beginning, ExportError> {
    let letter = DeadLetter {
        message_id: received.id,
        queue: EXPORTS_QUEUE,
        body: received.body,
        job_id: message.map(|message| message.job_id.as_str()),
        database: message.map(|message| message.database.as_str()),
        error: &reason,
        attempts: received.deliveries(),
        now: ports.clock().now(),
    };
    ports
        .catalogue()
        .run([dead_letters::record(&letter)])
        .await
        .map_err(ExportError::DeadLetter)?;
    Ok(Beginning::Poison(ExportError::Poison(reason)))
}

/// From the claim to the record.
async fn back_up<P: Ports>(
    ports: &P,
    settings: &Settings,
    claim: &Claim,
) -> Result<Outcome, ExportError> {
    let date = claim.planned.date();
    let database = to_be_made(settings, claim);
    let slot = Slot {
        database: &claim.message.database,
        date: &date,
        job_id: &claim.message.job_id,
        encoding: settings.encoding(database.as_ref().ok().copied()),
        is_key_taken: claim.is_key_taken,
    };
    let made = match database {
        Ok(database) => make(ports, settings, claim, database, &slot).await?,
        // What an earlier attempt committed is a backup, whatever has happened since.
        Err(refusal) => match find(ports.bucket(), &slot).await? {
            Place::Committed(manifest) => Progress::Committed(manifest),
            Place::Free(_) => return Err(refusal),
        },
    };
    let Progress::Committed(manifest) = made else {
        return Ok(Outcome::Unfinished);
    };
    let now = ports.clock().now();
    let kept_seconds = settings.registry.kept_seconds(&claim.message.database);
    let stored = StoredDump {
        manifest: &manifest,
        date: &date,
        now,
        expires: now.plus_seconds(kept_seconds),
        duration_ms: now.millis_since(claim.claimed),
        peak_bytes: ports.isolate().peak_bytes(),
    };
    let [inventory, result] = leases::record(&claim.claimant(), &stored);
    let forget = checkpoints::forget(&claim.claimant());
    let [_, _, result] = ports
        .catalogue()
        .run([inventory, forget, result])
        .await
        .map_err(ExportError::Record)?;
    still_held(&result)?;
    Ok(Outcome::Recorded)
}

/// The database of a claim, if a backup of it may still begin or go on.
fn to_be_made<'a>(
    settings: &'a Settings,
    claim: &Claim,
) -> Result<&'a DatabaseConfig, ExportError> {
    let database = settings.registry.find(&claim.message.database);
    let database = database.ok_or(ExportError::Unregistered)?;
    let deadline = Deadline::of(settings, database);
    if claim.claimed > deadline.after(claim.begun) {
        return Err(ExportError::Overdue(deadline));
    }
    Ok(database)
}

async fn make<P: Ports>(
    ports: &P,
    settings: &Settings,
    claim: &Claim,
    database: &DatabaseConfig,
    slot: &Slot<'_>,
) -> Result<Progress, ExportError> {
    let request = DumpRequest {
        database: &database.name,
        database_id: &database.id,
        job_id: slot.job_id,
        omissions: &database.omissions,
    };
    if let Some(state) = saved(claim)? {
        let source = ports.sources().source(&database.binding)?;
        return export_in_pages(ports, settings, claim, slot, &source, request, state).await;
    }
    let key = match find(ports.bucket(), slot).await? {
        Place::Committed(manifest) => return Ok(Progress::Committed(manifest)),
        Place::Free(key) => key,
    };
    let source = ports.sources().source(&database.binding)?;
    match dump(&source, ports.clock(), &request, settings.snapshot_bytes).await {
        Ok(mut dump) => {
            dump.manifest.origin = Some(claim.origin(settings, ports.clock().now()));
            let manifest = store(ports.bucket(), slot, key, dump).await?;
            Ok(Progress::Committed(Box::new(manifest)))
        }
        Err(DumpError::TooLarge { .. }) => {
            let state = pages::begin(ports, claim, &source, request, key).await?;
            export_in_pages(ports, settings, claim, slot, &source, request, state).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Leaves the rest to another invocation.
async fn hand_over<P: Ports>(ports: &P, claim: &Claim) -> Result<(), ExportError> {
    release(ports, claim, None).await?;
    let sent = ports
        .exports()
        .send(std::slice::from_ref(&claim.message))
        .await;
    sent.map_err(ExportError::HandOver)
}

async fn announced<P: Ports>(ports: &P, message: &ExportMessage) -> Exported {
    let event = Event::ResultSettled {
        job_id: message.job_id.clone(),
        database: message.database.clone(),
    };
    let sent = ports.events().send(&[event]).await;
    Exported::without_failure(Fate::Ack).and(sent.map_err(ExportError::Announce))
}

/// Gives the claim back, because of an error or because the rest is for another invocation.
async fn release<P: Ports>(
    ports: &P,
    claim: &Claim,
    error: Option<&ExportError>,
) -> Result<(), ExportError> {
    let reason = error.map(|error| chain(error));
    let peak = ports.isolate().peak_bytes();
    let release = leases::release(&claim.claimant(), reason.as_deref(), peak);
    let released = ports.catalogue().run([release]).await;
    released.map(drop).map_err(ExportError::Release)
}

async fn give_up<P: Ports>(
    ports: &P,
    claim: &Claim,
    error: &ExportError,
) -> Result<(), ExportError> {
    let (peak, now) = (ports.isolate().peak_bytes(), ports.clock().now());
    let fail = leases::fail(&claim.claimant(), &chain(error), peak, now);
    let [failed] = ports
        .catalogue()
        .run([fail])
        .await
        .map_err(ExportError::Record)?;
    still_held(&failed)
}

/// Whether a write that names the lease's token changed its row.
pub(crate) fn still_held(write: &shared::ports::Outcome) -> Result<(), ExportError> {
    if write.changes == 1 {
        Ok(())
    } else {
        Err(ExportError::LeaseLost)
    }
}
