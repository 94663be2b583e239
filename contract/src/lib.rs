//! What the ports promise, stated once as contracts and run against every adapter.
//!
//! `tests/native.rs` runs them against the native adapters. This crate is also a Worker that runs them
//! against D1, R2 and a queue; `tests/contract/contract.test.mjs` starts it on workerd and asks for each port.
//! A contract that holds natively and not on workerd is wrong, or the native adapter is.
#![allow(async_fn_in_trait)]

pub mod clock;
pub mod database;
pub mod isolate;
pub mod limiter;
pub mod objects;
pub mod queue;
pub mod random;
pub mod sources;
mod verdict;
pub mod webhooks;
pub mod worker;

pub use verdict::Verdict;

/// Makes of a port's list of contracts the constant `NAMES`, and the function `run`, which runs one by its name.
macro_rules! suite {
    ($port:ident: $($name:ident,)+) => {
        /// The names of this port's contracts.
        pub const NAMES: &[&str] = &[$(stringify!($name)),+];

        /// Runs the contract called `name`.
        pub async fn run(name: &str, port: &impl $port) -> $crate::Verdict {
            match name {
                $(stringify!($name) => $name(port).await,)+
                _ => Err(format!("no contract is called {name}")),
            }
        }
    };
}
use suite;
