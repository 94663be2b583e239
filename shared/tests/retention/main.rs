//! What the plan of retention decides: dated scenarios with every reason, and random histories.
#![allow(clippy::unwrap_used)] // a test may panic

mod history;
mod random;
mod scenarios;
