//! What an [`Isolate`] promises.

use shared::ports::Isolate;

use crate::suite;
use crate::verdict::{Verdict, holds};

/// More than an allocator has at hand.
const MUCH: usize = 8 * 1024 * 1024;

/// Calls the macro `$with` with the contracts of an isolate.
#[macro_export]
macro_rules! isolate_contracts {
    ($with:ident) => {
        $with! {
            Isolate:
            the_peak_stays_when_memory_is_given_back,
            who_has_hardly_begun_has_time_left,
        }
    };
}
isolate_contracts!(suite);

async fn the_peak_stays_when_memory_is_given_back(isolate: &impl Isolate) -> Verdict {
    let before = isolate.peak_bytes();
    let taken = vec![1_u8; MUCH];
    let meanwhile = isolate.peak_bytes();
    holds(
        taken.iter().all(|byte| *byte == 1),
        "it could be written to",
    )?;
    drop(taken);
    let after = isolate.peak_bytes();
    holds(
        before <= meanwhile && meanwhile <= after,
        format!("{before:?} is not more than {meanwhile:?}, nor that than {after:?}"),
    )?;
    let much = u64::try_from(MUCH).map_err(|error| error.to_string())?;
    holds(
        after.is_none_or(|peak| peak >= much),
        format!("{after:?} has what was taken in it"),
    )
}

async fn who_has_hardly_begun_has_time_left(isolate: &impl Isolate) -> Verdict {
    holds(!isolate.is_near_cpu_limit(), "there is time left")
}
