//! The bindings that the Workers share, by the names `cargo xtask gen` gives them.

use worker::Env;

use super::{CfLimiter, CfQueue, D1, DurableDrills, R2};
use crate::message::{Event, ExportMessage};

/// The Worker lacks a binding: its deployment and the code disagree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the Worker has no usable binding `{binding}` ({message}); run `cargo xtask gen` and deploy it again"
)]
pub struct BindingError {
    /// The binding's name.
    pub binding: &'static str,
    /// What the runtime said.
    pub message: String,
}

/// The catalogue, `METADATA_DB`.
pub fn catalogue(env: &Env) -> Result<D1, BindingError> {
    let binding = "METADATA_DB";
    env.d1(binding).map(D1::from).map_err(missing(binding))
}

/// The bucket, `BACKUPS`.
pub fn bucket(env: &Env) -> Result<R2, BindingError> {
    let binding = "BACKUPS";
    env.bucket(binding).map(R2::from).map_err(missing(binding))
}

/// The queue of exports, `EXPORTS`.
pub fn exports(env: &Env) -> Result<CfQueue<ExportMessage>, BindingError> {
    let binding = "EXPORTS";
    env.queue(binding)
        .map(CfQueue::from)
        .map_err(missing(binding))
}

/// The queue of events, `EVENTS`.
pub fn events(env: &Env) -> Result<CfQueue<Event>, BindingError> {
    let binding = "EVENTS";
    env.queue(binding)
        .map(CfQueue::from)
        .map_err(missing(binding))
}

/// What runs restore drills, `DRILLS`.
pub fn drills(env: &Env) -> Result<DurableDrills, BindingError> {
    let binding = "DRILLS";
    env.durable_object(binding)
        .map(DurableDrills::from)
        .map_err(missing(binding))
}

/// What counts the wrong tokens of an address, `SIGN_IN_LIMIT`.
pub fn wrong_tokens(env: &Env) -> Result<CfLimiter, BindingError> {
    let binding = "SIGN_IN_LIMIT";
    env.rate_limiter(binding)
        .map(CfLimiter::from)
        .map_err(missing(binding))
}

fn missing(binding: &'static str) -> impl FnOnce(worker::Error) -> BindingError {
    move |error| BindingError {
        binding,
        message: error.to_string(),
    }
}
