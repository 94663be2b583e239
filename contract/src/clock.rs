//! What a [`Clock`] promises.

use shared::ports::Clock;
use shared::time::Timestamp;

use crate::suite;
use crate::verdict::{Verdict, holds};

/// Calls the macro `$with` with the contracts of a clock.
#[macro_export]
macro_rules! clock_contracts {
    ($with:ident) => {
        $with! {
            Clock:
            the_time_is_in_milliseconds_of_this_century,
            the_time_does_not_go_backwards,
        }
    };
}
clock_contracts!(suite);

async fn the_time_is_in_milliseconds_of_this_century(clock: &impl Clock) -> Verdict {
    let now = clock.now();
    let year = now.date().chars().take(2).collect::<String>();
    holds(
        year == "20",
        format!("{} is in this century", now.rfc3339_millis()),
    )
}

async fn the_time_does_not_go_backwards(clock: &impl Clock) -> Verdict {
    let mut before: Timestamp = clock.now();
    for _ in 0..1000 {
        let now = clock.now();
        holds(now >= before, format!("{now:?} is not before {before:?}"))?;
        before = now;
    }
    Ok(())
}
