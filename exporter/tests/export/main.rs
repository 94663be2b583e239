//! What the exporter does with a message.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that does not find what it expects has failed"
)]

mod bench;
mod crashes;
mod facts;
mod gzip;
mod origin;
mod pages;
