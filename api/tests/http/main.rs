//! What the api answers, endpoint by endpoint.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

mod access;
mod alerts;
mod backups;
mod dashboard;
mod databases;
mod dead_letters;
mod documentation;
mod download;
mod drills;
mod history;
mod jobs;
mod links;
mod listing;
mod metrics;
mod openapi;
mod pins;
mod restore_guide;
mod retention;
mod server;
mod session;
mod status;
mod tables;
mod trigger;
