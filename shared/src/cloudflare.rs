//! Adapters of the ports to the Workers runtime, and what every Worker does with its environment.
//!
//! Everything that knows a `worker` type, apart from the Workers' own `lib.rs`, is here.

mod bindings;
mod clock;
mod d1;
mod delivery;
mod drills;
mod engine;
mod isolate;
mod limiter;
mod log;
mod queue;
mod r2;
mod random;
mod settings;
mod webhooks;

pub use bindings::{BindingError, bucket, catalogue, drills, events, exports, wrong_tokens};
pub use clock::{SystemClock, scheduled_time};
pub use d1::{D1, EnvSources};
pub use delivery::{Delivery, deliveries};
pub use drills::DurableDrills;
pub use engine::DurableEngine;
pub use isolate::ThisIsolate;
pub use limiter::CfLimiter;
pub use log::{info, report};
pub use queue::CfQueue;
pub use r2::R2;
pub use random::SystemRandom;
pub use settings::{SettingError, text, whole_number};
pub use webhooks::Internet;
