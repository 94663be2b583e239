//! The runtime's clock. It stands still between two awaits on I/O, which is what a `Clock` may do.

use crate::ports::Clock;
use crate::time::Timestamp;

/// The time as JavaScript's `Date` gives it.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(
            worker::Date::now()
                .as_millis()
                .try_into()
                .unwrap_or(i64::MAX),
        )
    }
}
