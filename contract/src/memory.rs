//! What a [`Memory`] promises.

use shared::ports::Memory;

use crate::suite;
use crate::verdict::{Verdict, holds};

/// More than an allocator has at hand.
const MUCH: usize = 8 * 1024 * 1024;

/// Calls the macro `$with` with the contracts of a memory.
#[macro_export]
macro_rules! memory_contracts {
    ($with:ident) => {
        $with! {
            Memory:
            the_peak_stays_when_memory_is_given_back,
        }
    };
}
memory_contracts!(suite);

async fn the_peak_stays_when_memory_is_given_back(memory: &impl Memory) -> Verdict {
    let before = memory.peak_bytes();
    let taken = vec![1_u8; MUCH];
    let meanwhile = memory.peak_bytes();
    holds(
        taken.iter().all(|byte| *byte == 1),
        "it could be written to",
    )?;
    drop(taken);
    let after = memory.peak_bytes();
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
