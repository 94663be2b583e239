//! Sizes, durations and ages for people, as everything of Cache writes them.

pub(crate) use shared::text::{age, ahead, bytes, counted, duration, grouped};
