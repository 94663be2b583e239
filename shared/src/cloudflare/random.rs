//! The runtime's random numbers.

use uuid::Uuid;

use crate::ports::Random;

/// `crypto.getRandomValues`, by way of version 4 UUIDs.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn number(&self) -> u64 {
        // A UUID's version and variant are fixed; the halves together leave no bit that is.
        let (high, low) = Uuid::new_v4().as_u64_pair();
        high.rotate_left(32) ^ low
    }

    fn token(&self) -> String {
        Uuid::new_v4().to_string()
    }
}
