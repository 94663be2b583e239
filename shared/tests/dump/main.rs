//! What a dump restores.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that does not find what it expects has failed"
)]

mod again;
mod bench;
mod drill;
mod errata;
mod foreign_keys;
mod full_text;
mod objects;
mod omissions;
mod pages;
mod random;
mod reading;
mod selection;
mod text;
mod values;
mod watched;
