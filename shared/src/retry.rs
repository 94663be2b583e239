//! When to try again: a random time below a bound that doubles, so that what failed together does not come back
//! together.

use crate::ports::Random;

/// The times between attempts, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The bound after the first attempt.
    pub base_seconds: u32,
    /// What the bound never exceeds.
    pub cap_seconds: u32,
}

impl Backoff {
    /// The seconds to wait after attempt number `attempt`, counted from 1: from 1 to `base · 2^(attempt - 1)`, at most
    /// the cap.
    pub fn after<R: Random>(&self, attempt: u32, random: &R) -> u32 {
        let doubled = 1_u32
            .checked_shl(attempt.saturating_sub(1))
            .and_then(|factor| self.base_seconds.checked_mul(factor));
        let bound = doubled.unwrap_or(u32::MAX).min(self.cap_seconds).max(1);
        let drawn = random.number() % u64::from(bound);
        u32::try_from(drawn).unwrap_or(0) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Always draws the same.
    struct Drawn(u64);

    impl Random for Drawn {
        fn number(&self) -> u64 {
            self.0
        }
        fn token(&self) -> String {
            String::new()
        }
    }

    const BACKOFF: Backoff = Backoff {
        base_seconds: 10,
        cap_seconds: 60,
    };

    #[test]
    fn the_longest_wait_doubles_up_to_the_cap() {
        let longest = |attempt: u32| {
            let draws = (0..60).map(|n| BACKOFF.after(attempt, &Drawn(n)));
            draws.max().unwrap()
        };
        assert_eq!(
            [1, 2, 3, 4, 40, u32::MAX].map(longest),
            [10, 20, 40, 60, 60, 60]
        );
    }

    #[test]
    fn a_wait_is_never_zero() {
        assert_eq!(BACKOFF.after(0, &Drawn(0)), 1);
        let none = Backoff {
            base_seconds: 0,
            cap_seconds: 0,
        };
        assert_eq!(none.after(1, &Drawn(7)), 1);
    }
}
