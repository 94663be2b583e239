//! What a [`Limiter`] promises.

use shared::ports::Limiter;

use crate::suite;
use crate::verdict::{Verdict, holds, same, unexpected};

/// How many of a key the limiter is to let pass.
pub const MOST: u32 = 3;

/// Calls the macro `$with` with the contracts of a limiter that lets [`MOST`] of a key pass in a minute.
#[macro_export]
macro_rules! limiter_contracts {
    ($with:ident) => {
        $with! {
            Limiter:
            as_many_pass_as_may,
            each_key_is_counted_alone,
        }
    };
}
limiter_contracts!(suite);

async fn count(limiter: &impl Limiter, key: &str) -> Result<bool, String> {
    limiter.count(key).await.map_err(unexpected)
}

async fn as_many_pass_as_may(limiter: &impl Limiter) -> Verdict {
    for _ in 0..MOST {
        holds(count(limiter, "all").await?, "one of as many as may passes")?;
    }
    same(count(limiter, "all").await?, false)?;
    same(count(limiter, "all").await?, false)
}

async fn each_key_is_counted_alone(limiter: &impl Limiter) -> Verdict {
    for _ in 0..MOST {
        count(limiter, "one").await?;
    }
    same(count(limiter, "one").await?, false)?;
    same(count(limiter, "another").await?, true)?;
    same(count(limiter, "").await?, true)
}
