//! What there is to tell is looked for and written to the outbox: ends of jobs, alarms, and tests.

use shared::catalogue::outbox;
use shared::message::Event;
use shared::notice::Notice;
use shared::notice::channels::ChannelError;
use shared::ports::{Clock, Database, DatabaseError, Queue, QueueError, Statement};
use shared::registry::Registry;

use crate::alarms::{AlarmError, Repeat, evaluate};
use crate::channels::channels;
use crate::ports::Ports;
use crate::reports::{ReportError, report_jobs};

/// Something was not told, or not yet. It stops nothing else, and all of it is looked for again in an hour.
#[derive(Debug, thiserror::Error)]
pub enum NoticeError {
    /// Nothing has happened.
    #[error("the channels were not read")]
    Channels(#[source] DatabaseError),
    /// Nothing is sent there.
    #[error(transparent)]
    Setting(#[from] ChannelError),
    /// Of a report.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// Of alarms.
    #[error(transparent)]
    Alarm(#[from] AlarmError),
    /// The letters are in the outbox, and nobody may be on the way to deliver them.
    #[error("the message that has the outbox delivered was not sent")]
    Send(#[source] QueueError),
}

/// What telling came to.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Jobs whose end is reported.
    pub(crate) reported: u64,
    /// Alarms that opened.
    pub(crate) opened: usize,
    /// Alarms that are over.
    pub(crate) resolved: usize,
    /// Letters that are new in the outbox.
    pub(crate) letters: u64,
    /// What did not work.
    pub(crate) failures: Vec<NoticeError>,
}

/// How much is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// Jobs that ended or began.
    Jobs,
    /// And alarms that open or are over.
    Changes,
    /// And alarms that are to be told again.
    All,
}

/// Writes to the outbox what there is to tell. Reports and alarms say for themselves why each step may happen twice or
/// stop half-way; alarms are evaluated whatever became of the reports.
pub(crate) async fn tell<P: Ports>(ports: &P, registry: &Registry, look: Look) -> Told {
    let mut told = Told::default();
    let (catalogue, now) = (ports.catalogue(), ports.clock().now());
    let channels = match channels(ports).await {
        Ok(channels) => channels,
        Err(error) => {
            told.failures.push(NoticeError::Channels(error));
            return told;
        }
    };
    let faults = channels.faults.iter().cloned().map(NoticeError::from);
    told.failures.extend(faults);
    let reports = report_jobs(catalogue, &channels, now).await;
    told.reported = reports.reported;
    told.letters = reports.letters;
    let failures = reports.failures.into_iter().map(NoticeError::from);
    told.failures.extend(failures);
    let repeat = match look {
        Look::Jobs => return told,
        Look::Changes => Repeat::No,
        Look::All => Repeat::Yes,
    };
    match evaluate(catalogue, &channels, registry, repeat, now).await {
        Ok(evaluated) => {
            told.opened = evaluated.opened;
            told.resolved = evaluated.resolved;
            told.letters = told.letters.saturating_add(evaluated.letters);
        }
        Err(error) => told.failures.push(error.into()),
    }
    told
}

/// The same, and has what is new delivered by another invocation: a receiver that is slow holds up nothing here.
///
/// The message is sent after the letters are written. A stop in between, or a queue that is down, leaves letters that the
/// hourly round delivers.
pub(crate) async fn tell_soon<P: Ports>(
    ports: &P,
    registry: &Registry,
    look: Look,
) -> Vec<NoticeError> {
    let mut told = tell(ports, registry, look).await;
    if told.letters > 0
        && let Err(error) = ports.events().send(&[Event::Deliver]).await
    {
        told.failures.push(NoticeError::Send(error));
    }
    told.failures
}

/// Writes a test for every channel that people or programs read; answers how many letters are new. Its id makes it one
/// notice, however often its message comes.
pub(crate) async fn tell_test<P: Ports>(ports: &P, id: &str) -> Result<u64, NoticeError> {
    let now = ports.clock().now();
    let channels = channels(ports).await.map_err(NoticeError::Channels)?;
    let notice = Notice::Test { at: now };
    let notice = notice.to_json().map_err(ReportError::Encode)?;
    let statements: Vec<Statement> = channels
        .readers()
        .map(|channel| outbox::tell(&format!("test-{id}"), &channel.name, &notice, now))
        .collect();
    if statements.is_empty() {
        return Ok(0);
    }
    let written = ports.catalogue().batch(&statements).await;
    let written = written.map_err(|error| NoticeError::Report(ReportError::Write(error)))?;
    Ok(written.iter().map(|letter| letter.changes).sum())
}
