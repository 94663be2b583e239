//! The exporter Worker: a message is the backup of one database.
//!
//! What a message does is in [`export()`], over ports, so that all of it is tested natively. This file only joins it to
//! the runtime.

mod deadline;
mod encoding;
mod error;
mod export;
mod pages;
pub mod ports;
mod store;

use shared::cloudflare::{
    BindingError, CfQueue, D1, EnvSources, R2, SettingError, SystemClock, SystemRandom,
    ThisIsolate, bucket, catalogue, deliveries, events, exports, report, whole_number,
};
use shared::delivery::Fate;
use shared::dump::LARGEST_SNAPSHOT;
use shared::message::{Event, ExportMessage};
use shared::registry::{EmbeddedError, Registry};
use shared::retry::Backoff;
use worker::Env;
use worker::wasm_bindgen::prelude::wasm_bindgen;
use worker::worker_sys::{Context, MessageBatch};

pub use crate::deadline::Deadline;
pub use crate::error::ExportError;
pub use crate::export::{Exported, Settings, export};
pub use crate::store::StoringError;

use crate::ports::System;

/// The size of a dump's parts: R2 takes 10,000 of them, and from 5 MiB on.
/// <https://developers.cloudflare.com/r2/platform/limits/>
const PART_BYTES: usize = 8 * 1024 * 1024;
/// Until somebody deploys it right.
const UNDEPLOYED_SECONDS: u32 = 300;

/// Not `#[event(queue)]`, which hides how often a message came; else what that makes of a handler.
#[wasm_bindgen(
    js_name = "queue",
    wasm_bindgen = ::worker::wasm_bindgen,
    wasm_bindgen_futures = ::worker::wasm_bindgen_futures,
    js_sys = ::worker::js_sys
)]
pub async fn queue(batch: MessageBatch, env: Env, _context: Context) {
    const OPERATION: &str = "back up a database";
    for delivery in deliveries(&batch) {
        let fate = match deployed(&env) {
            Ok((system, settings)) => {
                let exported = export(&system, &settings, delivery.received()).await;
                for failure in &exported.failures {
                    report(OPERATION, failure);
                }
                exported.fate
            }
            Err(error) => {
                report(OPERATION, &error);
                Fate::Retry {
                    after_seconds: UNDEPLOYED_SECONDS,
                }
            }
        };
        delivery.obey(fate);
    }
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
    /// A variable has no sense.
    #[error(transparent)]
    Setting(#[from] SettingError),
}

/// The adapters to the Workers runtime.
type Runtime<'env> = System<
    EnvSources<'env>,
    D1,
    R2,
    CfQueue<Event>,
    CfQueue<ExportMessage>,
    SystemClock,
    SystemRandom,
    ThisIsolate,
>;

/// The adapters and settings that this Worker was deployed with.
fn deployed(env: &Env) -> Result<(Runtime<'_>, Settings), DeploymentError> {
    let system = System {
        sources: EnvSources::new(env),
        catalogue: catalogue(env)?,
        bucket: bucket(env)?,
        events: events(env)?,
        exports: exports(env)?,
        clock: SystemClock,
        random: SystemRandom,
        isolate: ThisIsolate,
    };
    let registry = Registry::embedded()?;
    let settings = Settings {
        backoff: Backoff {
            base_seconds: whole_number(env, "RETRY_BASE_SECONDS", 1..=43_000)?.unwrap_or(10),
            cap_seconds: whole_number(env, "RETRY_CAP_SECONDS", 1..=43_000)?.unwrap_or(3600),
        },
        snapshot_bytes: whole_number(env, "SNAPSHOT_MAX_BYTES", 0..=64 * 1024 * 1024)?
            .map_or(LARGEST_SNAPSHOT, u64::from),
        part_bytes: PART_BYTES,
        gzip: whole_number(env, "EXPORT_GZIP", 0..=1)?.map(|gzip| gzip == 1),
        budget_ms: whole_number(env, "EXPORT_TIMEOUT_MS", 0..=840_000)?
            .unwrap_or(registry.backup.export_timeout_ms),
        deadline_seconds: whole_number(env, "EXPORT_DEADLINE_SECONDS", 60..=604_800)?,
        registry,
    };
    Ok((system, settings))
}
