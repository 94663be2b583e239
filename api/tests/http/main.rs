//! What the api answers, endpoint by endpoint.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // a test may panic

mod access;
mod dashboard;
mod dead_letters;
mod documentation;
mod download;
mod listing;
mod restore_guide;
mod server;
mod status;
mod trigger;
