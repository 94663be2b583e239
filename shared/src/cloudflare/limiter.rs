//! Cloudflare's rate limiting as a [`Limiter`]. It counts in each data centre on its own, and roughly.
//! <https://developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit/>

use worker::RateLimiter;

use crate::ports::{Limiter, LimiterError};

/// A rate limiting binding, which has the number and the time.
#[derive(Debug)]
pub struct CfLimiter {
    limiter: RateLimiter,
}

impl From<RateLimiter> for CfLimiter {
    fn from(limiter: RateLimiter) -> Self {
        Self { limiter }
    }
}

impl Limiter for CfLimiter {
    async fn count(&self, key: &str) -> Result<bool, LimiterError> {
        match self.limiter.limit(key.to_owned()).await {
            Ok(outcome) => Ok(outcome.success),
            Err(error) => Err(LimiterError {
                message: error.to_string(),
            }),
        }
    }
}
