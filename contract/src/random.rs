//! What a [`Random`] promises.

use std::collections::BTreeSet;

use shared::ports::Random;

use crate::suite;
use crate::verdict::{Verdict, same};

/// Calls the macro `$with` with the contracts of what nobody can foresee.
#[macro_export]
macro_rules! random_contracts {
    ($with:ident) => {
        $with! {
            Random:
            every_bit_of_a_number_is_now_one_and_now_zero,
            a_token_does_not_come_again,
        }
    };
}
random_contracts!(suite);

async fn every_bit_of_a_number_is_now_one_and_now_zero(random: &impl Random) -> Verdict {
    let numbers: Vec<u64> = (0..1000).map(|_| random.number()).collect();
    same(
        numbers.iter().fold(0, |bits, number| bits | number),
        u64::MAX,
    )?;
    same(
        numbers.iter().fold(u64::MAX, |bits, number| bits & number),
        0,
    )
}

async fn a_token_does_not_come_again(random: &impl Random) -> Verdict {
    let tokens: BTreeSet<String> = (0..1000).map(|_| random.token()).collect();
    same(tokens.len(), 1000)
}
