//! The janitor Worker: it settles jobs, ends what no retry saved, deletes what is due and frees what got stuck.
//!
//! Each of its three entries is a function over ports, so that all of it is tested natively. This file only joins them
//! to the runtime.

mod alarms;
mod channels;
mod dead_letters;
mod drill_object;
mod drills;
mod events;
mod messages;
mod notices;
mod outbox;
pub mod ports;
mod reconciliation;
mod reports;
mod retention;
mod round;
mod shrinking;
mod sweep;
mod uploads;

use shared::cloudflare::{
    BindingError, CfQueue, D1, Delivery, DurableDrills, Internet, R2, SystemClock, bucket,
    catalogue, deliveries, drills, events, exports, info, report, text,
};
use shared::delivery::Fate;
use shared::message::{Event, ExportMessage};
use shared::notice::channels::Settings;
use shared::registry::{EmbeddedError, Registry};
use worker::wasm_bindgen::prelude::wasm_bindgen;
use worker::worker_sys::{Context, MessageBatch};
use worker::{Env, ScheduleContext, ScheduledEvent, event};

pub use crate::alarms::AlarmError;
pub use crate::dead_letters::{DeadLetterError, process_dead_letter};
pub use crate::drills::{DrillRequestError, DrillRunError, Next, run_slice};
pub use crate::events::{EventError, Processed, process_event};
pub use crate::messages::{MessageError, process_message};
pub use crate::notices::NoticeError;
pub use crate::outbox::DeliveryError;
pub use crate::reconciliation::{Compared, ReconciliationError, compare_slice};
pub use crate::reports::ReportError;
pub use crate::retention::RetentionError;
pub use crate::round::{Report, Round, RoundError, round};
pub use crate::shrinking::ShrinkingError;
pub use crate::sweep::SweepError;
pub use crate::uploads::UploadError;

use crate::ports::System;

#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    const OPERATION: &str = "make the hourly round";
    match go_round(&env).await {
        Ok(round) => {
            for failure in &round.failures {
                report(OPERATION, failure);
            }
            info(OPERATION, &round.report);
        }
        Err(error) => report(OPERATION, &error),
    }
}

async fn go_round(env: &Env) -> Result<Round, DeploymentError> {
    let registry = Registry::embedded()?;
    Ok(round(&deployed(env)?, &registry).await)
}

/// The Worker was deployed incompletely.
#[derive(Debug, thiserror::Error)]
enum DeploymentError {
    /// A binding is missing.
    #[error(transparent)]
    Binding(#[from] BindingError),
    /// The registry does not read.
    #[error(transparent)]
    Registry(#[from] EmbeddedError),
}

/// The adapters to the Workers runtime.
type Runtime =
    System<D1, R2, CfQueue<ExportMessage>, CfQueue<Event>, SystemClock, Internet, DurableDrills>;

/// The adapters that this Worker was deployed with.
fn deployed(env: &Env) -> Result<Runtime, BindingError> {
    Ok(System {
        catalogue: catalogue(env)?,
        bucket: bucket(env)?,
        exports: exports(env)?,
        events: events(env)?,
        clock: SystemClock,
        webhooks: Internet,
        drills: drills(env)?,
        settings: settings(env),
    })
}

/// Who is told, as variables and secrets say.
fn settings(env: &Env) -> Settings {
    Settings {
        discord: text(env, "DISCORD_WEBHOOK_URL"),
        slack: text(env, "SLACK_WEBHOOK_URL"),
        webhook: text(env, "WEBHOOK_URL"),
        webhook_secret: text(env, "WEBHOOK_SECRET"),
        heartbeat: text(env, "HEARTBEAT_URL"),
        on_success: text(env, "ALERT_ON_SUCCESS"),
        on_failure: text(env, "ALERT_ON_FAILURE"),
    }
}

/// Not `#[event(queue)]`, which hides how often a message came; else what that makes of a handler.
#[wasm_bindgen(
    js_name = "queue",
    wasm_bindgen = ::worker::wasm_bindgen,
    wasm_bindgen_futures = ::worker::wasm_bindgen_futures,
    js_sys = ::worker::js_sys
)]
pub async fn queue(batch: MessageBatch, env: Env, _context: Context) {
    let name = batch.queue().map(String::from).unwrap_or_default();
    for delivery in deliveries(&batch) {
        let fate = match process(&name, &delivery, &env).await {
            Ok(processed) => {
                for failure in &processed.failures {
                    report("act on a message", failure);
                }
                processed.fate
            }
            Err(error) => {
                report("process a message", &error);
                error.fate()
            }
        };
        delivery.obey(fate);
    }
}

/// A message was not processed.
#[derive(Debug, thiserror::Error)]
enum DeliveryFailure {
    /// The Worker was deployed incompletely.
    #[error(transparent)]
    Deployment(#[from] DeploymentError),
    /// It was given the message.
    #[error(transparent)]
    Message(#[from] MessageError),
}

impl DeliveryFailure {
    /// What becomes of the message.
    const fn fate(&self) -> Fate {
        match self {
            // Until somebody deploys.
            Self::Deployment(_) => Fate::Retry { after_seconds: 900 },
            Self::Message(error) => error.fate(),
        }
    }
}

async fn process(
    queue: &str,
    delivery: &Delivery,
    env: &Env,
) -> Result<Processed, DeliveryFailure> {
    let ports = deployed(env).map_err(DeploymentError::from)?;
    let registry = Registry::embedded().map_err(DeploymentError::from)?;
    Ok(process_message(&ports, &registry, queue, delivery.received()).await?)
}
