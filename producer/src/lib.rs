//! The producer Worker: on the registry's schedule it plans a job of every database.
//!
//! What a tick does is in [`tick()`], over ports, so that all of it is tested natively. This file only joins it to the
//! runtime.

mod tick;

use shared::cloudflare::{
    BindingError, SystemClock, catalogue, exports, info, report, scheduled_time,
};
use shared::planning::PlanningError;
use shared::registry::{EmbeddedError, Registry};
use worker::{Env, ScheduleContext, ScheduledEvent, event};

pub use crate::tick::{Tick, tick};

#[event(scheduled)]
async fn scheduled(event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    const OPERATION: &str = "plan the scheduled job";
    match plan(&event, &env).await {
        Ok(tick) => info(OPERATION, &tick),
        Err(error) => report(OPERATION, &error),
    }
}

/// A tick came to nothing.
#[derive(Debug, thiserror::Error)]
enum TickError {
    /// A binding is missing.
    #[error(transparent)]
    Binding(#[from] BindingError),
    /// The registry does not read.
    #[error(transparent)]
    Registry(#[from] EmbeddedError),
    /// The job was not started, or not completely.
    #[error(transparent)]
    Planning(#[from] PlanningError),
}

async fn plan(event: &ScheduledEvent, env: &Env) -> Result<Tick, TickError> {
    let registry = Registry::embedded()?;
    let (catalogue, exports) = (catalogue(env)?, exports(env)?);
    Ok(tick(
        &catalogue,
        &exports,
        &SystemClock,
        &registry,
        scheduled_time(event),
    )
    .await?)
}
