//! Adapters of the ports for tests: rusqlite for databases, memory for objects and queues, a clock that tests move.
//!
//! Each is cheap to clone, and clones share what they hold, so that a test keeps a hand on what it gave away. Each can be
//! told to fail before, or although, it happened.

mod clock;
mod database;
mod documents;
mod drills;
mod engine;
mod faults;
mod isolate;
mod limiter;
mod objects;
mod queue;
mod random;
mod signatures;
mod sources;
mod webhooks;

pub use clock::TestClock;
pub use database::NativeDatabase;
pub use documents::MemoryDocuments;
pub use drills::MemoryDrills;
pub use engine::NativeEngine;
pub use faults::{Fault, Faults};
pub use isolate::TestIsolate;
pub use limiter::MemoryLimiter;
pub use objects::MemoryObjects;
pub use queue::MemoryQueue;
pub use random::SeededRandom;
pub use signatures::{NativeSignatures, TestKey};
pub use sources::NativeSources;
pub use webhooks::MemoryWebhooks;
