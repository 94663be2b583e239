//! The hourly round: retention, then the sweep, then what exports have left, then drills, then what there is to tell.

use serde::Serialize;
use shared::catalogue::alarms::round_made;
use shared::ports::{Clock, Database, DatabaseError};
use shared::registry::Registry;

use crate::drills::{DrillRequestError, drill_what_is_wanted};
use crate::notices::{Look, NoticeError, tell};
use crate::outbox::{Deliveries, DeliveryError, deliver};
use crate::ports::Ports;
use crate::reconciliation::{ReconciliationError, begin_daily};
use crate::retention::{RetentionError, retention};
use crate::sweep::{SweepError, sweep};
use crate::uploads::{UploadError, abort_uploads};

/// A part of a round that did not work.
#[derive(Debug, thiserror::Error)]
pub enum RoundError {
    /// Of retention.
    #[error(transparent)]
    Retention(#[from] RetentionError),
    /// Of the sweep.
    #[error(transparent)]
    Sweep(#[from] SweepError),
    /// Of the uploads that nobody goes on with.
    #[error(transparent)]
    Upload(#[from] UploadError),
    /// Of restore drills.
    #[error(transparent)]
    Drill(#[from] DrillRequestError),
    /// Of reports and alarms.
    #[error(transparent)]
    Notice(#[from] NoticeError),
    /// Of the outbox.
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
    /// The api may ask for another one although this was made.
    #[error("it was not recorded that the janitor made its round")]
    Made(#[source] DatabaseError),
    /// Of the comparison with the bucket.
    #[error(transparent)]
    Reconciliation(#[from] ReconciliationError),
}

/// What a round came to.
#[derive(Debug)]
pub struct Round {
    /// What worked.
    pub report: Report,
    /// What did not, to be reported.
    pub failures: Vec<RoundError>,
}

/// The counts of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Report {
    /// Backups that were due and are deleted.
    pub deleted: u64,
    /// Backups that were due and that a lock of the bucket kept.
    pub locked: u64,
    /// Queued results whose message was sent again.
    pub resent: usize,
    /// Results that were taken from an exporter that is gone.
    pub taken_back: usize,
    /// Results that no exporter finished in time, and that were ended.
    pub overdue: u64,
    /// Jobs that were settled.
    pub settled: u64,
    /// Jobs without results that were ended.
    pub given_up: u64,
    /// Uploads that nobody went on with, and that are aborted.
    pub aborted: u64,
    /// Restore drills that were started, or started again.
    pub drilled: usize,
    /// Jobs whose end was reported.
    pub reported: u64,
    /// Alarms that opened.
    pub opened: usize,
    /// Alarms that are over.
    pub resolved: usize,
    /// Letters that were delivered.
    pub delivered: usize,
    /// Letters that were not, and are tried again.
    pub postponed: usize,
    /// Letters that are not tried again.
    pub undeliverable: usize,
    /// Whether the comparison with the bucket was begun.
    pub reconciling: bool,
    /// Steps that did not work.
    pub failures: usize,
}

/// Deletes what is due and lets go on what got stuck. One part runs whatever became of the other; each says why it may
/// happen twice or stop half-way.
pub async fn round<P: Ports>(ports: &P, registry: &Registry) -> Round {
    let (catalogue, bucket, now) = (ports.catalogue(), ports.bucket(), ports.clock().now());
    let retention = retention(catalogue, bucket, registry, now).await;
    let sweep = sweep(catalogue, ports.exports(), registry, now).await;
    let uploads = abort_uploads(catalogue, bucket, now).await;
    // Behind retention: what it deletes needs no drill.
    let drilled = drill_what_is_wanted(ports, now).await;
    let reconciliation = begin_daily(ports).await;
    let reconciling = *reconciliation.as_ref().unwrap_or(&false);
    // Behind what changes the facts. A letter is sent here although its message is lost.
    let told = tell(ports, registry, Look::All).await;
    let (sent, unsent) = match deliver(ports).await {
        Ok(sent) => (sent, None),
        Err(error) => (Deliveries::default(), Some(error)),
    };
    // Written again and again, it says when the newest round was.
    let made = catalogue.run([round_made(now)]).await;
    let failures: Vec<RoundError> = retention
        .failures
        .into_iter()
        .map(RoundError::from)
        .chain(sweep.failures.into_iter().map(RoundError::from))
        .chain(uploads.failures.into_iter().map(RoundError::from))
        .chain(drilled.failures.into_iter().map(RoundError::from))
        .chain(reconciliation.err().map(RoundError::from))
        .chain(told.failures.into_iter().map(RoundError::from))
        .chain(sent.failures.into_iter().map(RoundError::from))
        .chain(unsent.map(RoundError::from))
        .chain(made.err().map(RoundError::Made))
        .collect();
    Round {
        report: Report {
            deleted: retention.deleted,
            locked: retention.locked,
            resent: sweep.resent,
            taken_back: sweep.taken_back,
            overdue: sweep.overdue,
            settled: sweep.settled,
            given_up: sweep.given_up,
            aborted: uploads.aborted,
            drilled: drilled.started,
            reported: told.reported,
            opened: told.opened,
            resolved: told.resolved,
            delivered: sent.delivered,
            postponed: sent.postponed,
            undeliverable: sent.given_up,
            reconciling,
            failures: failures.len(),
        },
        failures,
    }
}
