//! The runtime's clock. It stands still between two awaits on I/O, which is what a `Clock` may do.

use std::time::Duration;

use worker::{Delay, ScheduledEvent};

use crate::ports::{Clock, Pause};
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

impl Pause for SystemClock {
    async fn pause(&self, seconds: u32) {
        Delay::from(Duration::from_secs(seconds.into())).await;
    }
}

/// The moment for which a cron was scheduled: the same for every delivery of one tick.
pub fn scheduled_time(event: &ScheduledEvent) -> Timestamp {
    #[allow(clippy::cast_possible_truncation)] // whole milliseconds; a cast of floats saturates
    let millis = event.schedule() as i64;
    Timestamp::from_millis(millis)
}
