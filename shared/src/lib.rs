//! What every Worker of Cache knows: types, the registry, the dump, the catalogue's SQL, policies.
//!
//! Nothing here does I/O or reads a wall clock. Effects go through the traits in [`ports`]; their
//! adapters are in `cloudflare` (the Workers runtime) and `native` (rusqlite and memory, for tests).
#![warn(missing_docs)]

pub mod access;
pub mod alarms;
pub mod catalogue;
#[cfg(feature = "cloudflare")]
pub mod cloudflare;
pub mod delivery;
pub mod drill;
pub mod dump;
pub mod history;
pub mod manifest;
pub mod message;
pub mod metrics;
#[cfg(feature = "native")]
pub mod native;
pub mod notice;
pub mod outbox;
pub mod planning;
pub mod ports;
pub mod reconciliation;
pub mod registry;
pub mod retention;
pub mod retry;
pub mod shrinking;
pub mod text;
pub mod time;
