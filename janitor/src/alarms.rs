//! Alarms: from what the catalogue says to what is open, and to the letters that tell it.

use shared::alarms::{self, Changes, Facts, changes, wanted};
use shared::catalogue::alarms::{self as rows, Mark};
use shared::notice::Notice;
use shared::notice::channels::Channels;
use shared::ports::{Database, DatabaseError, Statement};
use shared::registry::Registry;
use shared::time::Timestamp;

/// Evaluations that others may come before, until the next one is waited for.
const TRIES: u32 = 3;

/// Alarms that were not evaluated. It comes again with the next event, and in an hour.
#[derive(Debug, thiserror::Error)]
pub enum AlarmError {
    /// Nothing has happened, but that databases may be known as new.
    #[error("the facts that alarms rest on were not read")]
    Read(#[source] DatabaseError),
    /// All changes and their letters may be there, or none.
    #[error("the changes of alarms were not written")]
    Write(#[source] DatabaseError),
    /// A name or a notice has no JSON; each has.
    #[error("a notice could not be written as JSON")]
    Encode(#[source] serde_json::Error),
    /// Others changed alarms meanwhile, again and again: theirs are written.
    #[error("the alarms changed {TRIES} times while they were evaluated")]
    Busy,
}

/// Whether what is open for a day is told again. An event is the wrong moment: the same failure is about to be reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// In a round.
    Yes,
    /// At an event.
    No,
}

/// What an evaluation came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Evaluated {
    /// Alarms that opened.
    pub(crate) opened: usize,
    /// Alarms that are over.
    pub(crate) resolved: usize,
    /// Letters that are new in the outbox.
    pub(crate) letters: u64,
}

/// Opens, repeats and resolves alarms, and writes what is to be told of it.
///
/// 1. Read, in one transaction, all facts, the open alarms, and the mark of the evaluation before. Databases that the
///    registry has are written down as known, which happens once for each.
/// 2. Write, in one transaction, the new mark, the changes and their letters. All of it happens only while the mark is the
///    one that was read: of two evaluations that read the same, one wins, and the other begins again with what is true
///    then. A stop in between leaves everything as it was, and the next evaluation finds the same. When the answer is
///    lost, the next one finds it done. So each change is in one notice, however often and by how many it is looked for.
pub(crate) async fn evaluate<C: Database>(
    catalogue: &C,
    channels: &Channels,
    registry: &Registry,
    repeat: Repeat,
    now: Timestamp,
) -> Result<Evaluated, AlarmError> {
    for _ in 0..TRIES {
        let (mark, changes) = look(catalogue, registry, now).await?;
        let changes = match repeat {
            Repeat::Yes => changes,
            Repeat::No => changes.without_repetition(),
        };
        if changes.is_empty() {
            return Ok(Evaluated::default());
        }
        if let Some(done) = write(catalogue, channels, &mark, &changes, now).await? {
            return Ok(done);
        }
    }
    Err(AlarmError::Busy)
}

/// The mark that stands, and what has changed since.
async fn look<C: Database>(
    catalogue: &C,
    registry: &Registry,
    now: Timestamp,
) -> Result<(String, Changes), AlarmError> {
    let names: Vec<&str> = registry
        .databases
        .iter()
        .map(|database| database.name.as_str())
        .collect();
    let names = &serde_json::to_string(&names).map_err(AlarmError::Encode)?;
    let statements = [
        rows::register(names, now),
        rows::first_mark(now),
        rows::mark(),
        rows::newest_ended_job(),
        rows::newest_results(names),
        rows::known(names),
        rows::running_since(alarms::stuck_since(registry, now)),
        rows::faults(),
        rows::open_letters(),
        rows::open(),
    ];
    let read = async {
        let [
            _,
            _,
            mark,
            job,
            results,
            known,
            stuck,
            faults,
            letters,
            open,
        ] = catalogue.run(statements).await?;
        let mark: Option<Mark> = mark.first()?;
        let facts = Facts {
            job: job.first()?,
            results: results.read()?,
            known: known.read()?,
            stuck: stuck.read()?,
            faults: faults.read()?,
            letters: letters.read()?,
        };
        Ok((mark, facts, open.read()?))
    };
    let (mark, facts, open) = read.await.map_err(AlarmError::Read)?;
    let changes = changes(open, wanted(&facts, registry, now), now);
    Ok((mark.map(|mark| mark.value).unwrap_or_default(), changes))
}

/// Writes what has changed; `None` when another evaluation came before.
async fn write<C: Database>(
    catalogue: &C,
    channels: &Channels,
    read: &str,
    changes: &Changes,
    now: Timestamp,
) -> Result<Option<Evaluated>, AlarmError> {
    let mark = &changes.mark(read, now);
    let mut statements = vec![rows::take_mark(read, mark, now)];
    statements.extend(changes.opened.iter().map(|alarm| {
        rows::open_one(
            mark,
            alarm.cause.as_str(),
            &alarm.database,
            &alarm.summary,
            now,
        )
    }));
    statements.extend(
        changes
            .repeated
            .iter()
            .map(|repeated| rows::renew(mark, repeated.alarm.id, &repeated.summary, now.seconds())),
    );
    statements.extend(changes.reworded.iter().map(|reworded| {
        let alarm = &reworded.alarm;
        rows::renew(mark, alarm.id, &reworded.summary, alarm.notified_at)
    }));
    let resolved = changes.resolved.iter();
    statements.extend(resolved.map(|alarm| rows::resolve(mark, alarm.id, now)));
    let before = statements.len();
    statements.extend(letters(channels, mark, changes, now)?);
    let outcomes = catalogue
        .batch(&statements)
        .await
        .map_err(AlarmError::Write)?;
    if outcomes.first().is_none_or(|taken| taken.changes == 0) {
        return Ok(None);
    }
    Ok(Some(Evaluated {
        opened: changes.opened.len(),
        resolved: changes.resolved.len(),
        letters: outcomes
            .iter()
            .skip(before)
            .map(|letter| letter.changes)
            .sum(),
    }))
}

/// A letter for each channel that is told something of it. All of them are one notice.
fn letters(
    channels: &Channels,
    mark: &str,
    changes: &Changes,
    now: Timestamp,
) -> Result<Vec<Statement>, AlarmError> {
    let digest = changes.digest(now);
    let id = format!("alarms-{mark}");
    channels
        .readers()
        .filter_map(|channel| Some((channel, channel.digest(&digest)?)))
        .map(|(channel, digest)| {
            let notice = Notice::Alarms(digest).to_json();
            let notice = notice.map_err(AlarmError::Encode)?;
            Ok(rows::tell(mark, &id, &channel.name, &notice, now))
        })
        .collect()
}
