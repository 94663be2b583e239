//! Sizes, durations and ages for people, as everything of Cache writes them.

pub(crate) use shared::text::{age, bytes, counted, duration, grouped};
