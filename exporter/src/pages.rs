//! The export of a database that does not fit one transaction: in pages, stored in parts, over as many invocations as it
//! takes.

use futures_util::future::join;
use serde::{Deserialize, Serialize};
use shared::catalogue::checkpoints::{self, Checkpoint};
use shared::dump::{Cursor, DumpError, DumpRequest, PagedDump, Piece};
use shared::manifest::{Encoding, Gzip, Manifest};
use shared::ports::{Clock, Database, Isolate, ObjectStore, Part};

use crate::encoding::{encode, fits, nothing, text_in};
use crate::error::ExportError;
use crate::export::{Claim, LEASE_SECONDS, Settings, still_held};
use crate::ports::Ports;
use crate::store::{self, Slot, StoringError};

/// A part is full when less than this share of it is left: a read for less is not worth its while.
const LEAST_ROOM: usize = 64;

/// What has become of an export when its invocation is over.
pub(crate) enum Progress {
    /// The backup is committed.
    Committed(Box<Manifest>),
    /// It goes on in another invocation.
    Unfinished,
}

/// What an invocation leaves to the next one. The janitor reads `key` and `upload` of one that nobody goes on from.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct State {
    key: String,
    upload: String,
    /// Of the parts stored so far, in order.
    tags: Vec<String>,
    /// Bytes of those parts.
    stored: u64,
    cursor: Cursor,
    /// When all parts are stored.
    manifest: Option<Manifest>,
}

/// Exports a database in pages, from where `state` says on.
///
/// 1. [`begin`] an upload, and save the first checkpoint. A stop in between leaves an upload without parts, which the
///    bucket forgets by itself.
/// 2. Read until a part is full, and store it. All parts are of one size: a part is filled up with blanks between two
///    statements, so that it holds whole ones, and a resumed export never splices two states of a row.
/// 3. Save a checkpoint, which also makes the lease last. A stop before that repeats the part: its number is the same, so
///    it replaces what was stored.
/// 4. Complete the upload, when a checkpoint says that all is stored. A stop after that finds the object there.
/// 5. Commit it by its create-only manifest. A stop after that finds the manifest there.
///
/// Whoever has not the lease any more saves nothing and stops. When the schema changes, or the upload is gone, all begins
/// anew.
pub(crate) async fn export_in_pages<P: Ports, D: Database>(
    ports: &P,
    settings: &Settings,
    claim: &Claim,
    slot: &Slot<'_>,
    source: &D,
    request: DumpRequest<'_>,
    mut state: State,
) -> Result<Progress, ExportError> {
    match go_on(ports, settings, claim, slot, source, request, &mut state).await {
        Err(error) if begins_anew(&error) => {
            forget(ports, claim, &state).await?;
            Err(error)
        }
        other => other,
    }
}

/// What an earlier invocation left of this export.
pub(crate) fn saved(claim: &Claim) -> Result<Option<State>, ExportError> {
    let state = claim.checkpoint.as_deref().map(serde_json::from_str);
    state.transpose().map_err(ExportError::Checkpoint)
}

/// Gives up what an earlier invocation left.
pub(crate) async fn abandon<P: Ports>(ports: &P, claim: &Claim) -> Result<(), ExportError> {
    match saved(claim)? {
        Some(state) => forget(ports, claim, &state).await,
        None => Ok(()),
    }
}

/// Begins an export to a free key.
pub(crate) async fn begin<P: Ports, D: Database>(
    ports: &P,
    claim: &Claim,
    source: &D,
    request: DumpRequest<'_>,
    key: String,
) -> Result<State, ExportError> {
    let dump = PagedDump::begin(source, request, ports.clock().now()).await?;
    let upload = ports
        .bucket()
        .begin_upload(&key, Encoding::of_key(&key).content_type(), request.job_id)
        .await
        .map_err(StoringError::Bucket)?;
    let state = State {
        key,
        upload,
        tags: Vec::new(),
        stored: 0,
        cursor: dump.cursor().clone(),
        manifest: None,
    };
    save(ports, claim, &state).await?;
    Ok(state)
}

async fn go_on<P: Ports, D: Database>(
    ports: &P,
    settings: &Settings,
    claim: &Claim,
    slot: &Slot<'_>,
    source: &D,
    request: DumpRequest<'_>,
    state: &mut State,
) -> Result<Progress, ExportError> {
    let manifest = match state.manifest.clone() {
        Some(manifest) => manifest,
        None => {
            let dump = PagedDump::resume(source, request, state.cursor.clone()).await?;
            match write(ports, settings, claim, dump, state).await? {
                Some(manifest) => manifest,
                None => return Ok(Progress::Unfinished),
            }
        }
    };
    complete(ports, slot, state).await?;
    let manifest = store::commit(ports.bucket(), slot, &manifest).await?;
    Ok(Progress::Committed(Box::new(manifest)))
}

/// Reads and stores parts; the manifest of them all, or `None` when the invocation's budget is spent before the last one.
///
/// While a part is on its way, what comes after it is read already. That is worth nothing any more when the part does not
/// arrive.
async fn write<P: Ports, D: Database>(
    ports: &P,
    settings: &Settings,
    claim: &Claim,
    mut dump: PagedDump<'_, D>,
    state: &mut State,
) -> Result<Option<Manifest>, ExportError> {
    let size = settings.part_bytes;
    let encoding = Encoding::of_key(&state.key);
    let now = || ports.clock().now();
    let mut part = Vec::with_capacity(size);
    let mut ahead = dump.read(text_in(encoding, size), now()).await?;
    while let Some(piece) = ahead.take() {
        // Whoever goes on from a checkpoint begins a part with its piece, and then does the same with it.
        let is_first = part.is_empty();
        let postponed = match add(&mut dump, encoding, &piece, &mut part, size)? {
            None => {
                let room = size.saturating_sub(part.len());
                if is_first || dump.is_complete() || room >= size / LEAST_ROOM {
                    drop(piece);
                    ahead = dump.read(text_in(encoding, room), now()).await?;
                    continue;
                }
                None
            }
            Some(bytes) if !fits(encoding, bytes, size) => {
                if !dump.slow_down(&piece) {
                    return Err(ExportError::PieceTooLarge { bytes });
                }
                drop(piece);
                let room = size.saturating_sub(part.len());
                ahead = dump.read(text_in(encoding, room), now()).await?;
                continue;
            }
            Some(_) => Some(piece),
        };
        let room = size.saturating_sub(part.len());
        part.extend_from_slice(&match encoding {
            Encoding::Plain => dump.pad(room).into_bytes(),
            Encoding::Gzip => nothing(room).map_err(StoringError::Compress)?,
        });
        if let Some(piece) = &postponed {
            dump.postpone(piece);
        }
        let reached = dump.cursor().clone();
        dump.check_schema().await?;
        let full = std::mem::replace(&mut part, Vec::with_capacity(size));
        if is_spent(ports, settings, claim) {
            put(ports, claim, full, reached, state).await?;
            return Ok(None);
        }
        if let Some(piece) = postponed {
            // Rendered anew: what is written before it is more now, by the blanks.
            if let Some(bytes) = add(&mut dump, encoding, &piece, &mut part, size)? {
                return Err(ExportError::PieceTooLarge { bytes });
            }
        }
        let room = size.saturating_sub(part.len());
        let on_its_way = put(ports, claim, full, reached, state);
        let reading = dump.read(text_in(encoding, room), now());
        let (stored, next) = join(on_its_way, reading).await;
        stored?;
        ahead = next?;
    }
    if !part.is_empty() || state.tags.is_empty() {
        dump.check_schema().await?;
        put(ports, claim, part, dump.cursor().clone(), state).await?;
    }
    let gzip = Gzip {
        size_bytes: state.stored,
        sha256: None,
    };
    let manifest = Manifest {
        key: state.key.clone(),
        gzip: (encoding == Encoding::Gzip).then_some(gzip),
        origin: Some(claim.origin(settings, ports.clock().now())),
        ..dump.manifest()
    };
    state.manifest = Some(manifest.clone());
    save(ports, claim, state).await?;
    Ok(Some(manifest))
}

/// Writes a piece to a part of `size` bytes; or how many bytes it has, when there is no room for it.
fn add<D: Database>(
    dump: &mut PagedDump<'_, D>,
    encoding: Encoding,
    piece: &Piece,
    part: &mut Vec<u8>,
    size: usize,
) -> Result<Option<usize>, StoringError> {
    let rendered = dump.render(piece);
    let bytes = encode(encoding, &rendered.text).map_err(StoringError::Compress)?;
    if !fits(encoding, bytes.len(), size.saturating_sub(part.len())) {
        return Ok(Some(bytes.len()));
    }
    part.extend_from_slice(&bytes);
    drop(bytes);
    dump.accept(rendered);
    Ok(None)
}

/// Stores a part and saves the checkpoint after it.
async fn put<P: Ports>(
    ports: &P,
    claim: &Claim,
    body: Vec<u8>,
    reached: Cursor,
    state: &mut State,
) -> Result<(), ExportError> {
    let number = state.tags.len() + 1;
    let part = Part {
        key: &state.key,
        upload: &state.upload,
        number: u16::try_from(number).map_err(|_| ExportError::TooManyParts)?,
    };
    let bytes = u64::try_from(body.len()).unwrap_or(u64::MAX);
    let tag = ports
        .bucket()
        .put_part(part, body)
        .await
        .map_err(StoringError::Bucket)?;
    state.tags.push(tag);
    state.stored += bytes;
    state.cursor = reached;
    save(ports, claim, state).await
}

fn is_spent<P: Ports>(ports: &P, settings: &Settings, claim: &Claim) -> bool {
    let spent = ports.clock().now().millis_since(claim.claimed);
    spent >= i64::from(settings.budget_ms) || ports.isolate().is_near_cpu_limit()
}

async fn complete<P: Ports>(ports: &P, slot: &Slot<'_>, state: &State) -> Result<(), ExportError> {
    match ports
        .bucket()
        .head(&state.key)
        .await
        .map_err(StoringError::Bucket)?
    {
        Some(object)
            if object.owner.as_deref() == Some(slot.job_id) && object.size == state.stored => {}
        Some(_) => {
            return Err(StoringError::Contended {
                key: state.key.clone(),
            }
            .into());
        }
        None => ports
            .bucket()
            .complete_upload(&state.key, &state.upload, &state.tags)
            .await
            .map_err(StoringError::Bucket)?,
    }
    Ok(())
}

async fn save<P: Ports>(ports: &P, claim: &Claim, state: &State) -> Result<(), ExportError> {
    let text = serde_json::to_string(state).map_err(ExportError::Checkpoint)?;
    let now = ports.clock().now();
    let checkpoint = Checkpoint {
        rows: state.cursor.rows(),
        bytes: state.cursor.bytes(),
        state: &text,
        peak_bytes: ports.isolate().peak_bytes(),
    };
    let until = now.plus_seconds(LEASE_SECONDS);
    let statements = checkpoints::save(&claim.claimant(), &checkpoint, now, until);
    let [_, extended] = ports
        .catalogue()
        .run(statements)
        .await
        .map_err(ExportError::Save)?;
    still_held(&extended)
}

/// Whether what is stored so far is of no use any more.
fn begins_anew(error: &ExportError) -> bool {
    match error {
        ExportError::Dump(error) => matches!(error, DumpError::SchemaChanged),
        ExportError::Store(StoringError::Bucket(error)) => error.is_gone,
        ExportError::Store(error) => matches!(error, StoringError::Contended { .. }),
        _ => false,
    }
}

/// Forgets the upload, then the checkpoint that knows of it.
async fn forget<P: Ports>(ports: &P, claim: &Claim, state: &State) -> Result<(), ExportError> {
    ports
        .bucket()
        .abort_upload(&state.key, &state.upload)
        .await
        .map_err(StoringError::Bucket)?;
    let forget = checkpoints::forget(&claim.claimant());
    let forgotten = ports.catalogue().run([forget]).await;
    forgotten.map(drop).map_err(ExportError::Save)
}
