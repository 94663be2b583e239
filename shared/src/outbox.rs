//! What becomes of a letter of the outbox after an attempt: delivered, tried again later, or given up.

use chrono::DateTime;

use crate::ports::{WebhookAnswer, WebhookError};
use crate::time::Timestamp;

/// Seconds from each failed attempt to the next: the ladder that Standard Webhooks proposes.
const LADDER: [i64; 7] = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000];
/// The longest that a receiver may ask to wait, and that a queue can delay a message.
pub const LONGEST_WAIT: i64 = 12 * 3600;
/// Attempts in all.
pub const MOST_ATTEMPTS: u32 = 8;
/// How much of what went wrong is kept, in characters.
const ERROR: usize = 300;

/// What becomes of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// It was taken.
    Delivered,
    /// It is tried again.
    Retry {
        /// When.
        at: Timestamp,
        /// Why it was not taken.
        error: String,
    },
    /// It is not tried again.
    GiveUp {
        /// Why.
        error: String,
        /// Whether the receiver is gone for good: it answered 410.
        is_gone: bool,
    },
}

/// What becomes of a letter whose attempt `number`, counted from 1, came to `outcome` at `now`.
pub fn next(number: u32, outcome: &Result<WebhookAnswer, WebhookError>, now: Timestamp) -> Next {
    let (error, asked, is_gone) = match outcome {
        Ok(answer) if (200..300).contains(&answer.status) => return Next::Delivered,
        Ok(answer) => (refusal(answer), wait(answer, now), answer.status == 410),
        Err(error) => (shortened(&error.to_string()), 0, false),
    };
    let index = usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
    match LADDER.get(index) {
        Some(step) if !is_gone => Next::Retry {
            at: now.plus_seconds(asked.clamp(*step, LONGEST_WAIT)),
            error,
        },
        _ => Next::GiveUp { error, is_gone },
    }
}

fn refusal(answer: &WebhookAnswer) -> String {
    let what = match answer.status {
        300..400 => "a redirect, which is not followed",
        410 => "it is gone for good",
        _ => answer.body.trim(),
    };
    let separator = if what.is_empty() { "" } else { ": " };
    shortened(&format!("HTTP {}{separator}{what}", answer.status))
}

/// For how many seconds the receiver asks to wait, by `Retry-After` in seconds or as a date (RFC 9110, 10.2.3).
fn wait(answer: &WebhookAnswer, now: Timestamp) -> i64 {
    let Some(value) = answer.retry_after.as_deref().map(str::trim) else {
        return 0;
    };
    // Discord sends fractions.
    let whole = value.split('.').next().unwrap_or_default();
    if let Ok(seconds) = whole.parse::<u32>() {
        return i64::from(seconds).saturating_add(i64::from(whole.len() < value.len()));
    }
    DateTime::parse_from_rfc2822(value).map_or(0, |at| at.timestamp().saturating_sub(now.seconds()))
}

fn shortened(text: &str) -> String {
    text.chars()
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .take(ERROR)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_445_412_420);

    fn answer(status: u16, retry_after: Option<&str>) -> Result<WebhookAnswer, WebhookError> {
        Ok(WebhookAnswer {
            status,
            retry_after: retry_after.map(str::to_owned),
            body: "no".to_owned(),
        })
    }

    /// Seconds until the next attempt.
    fn waits(number: u32, outcome: &Result<WebhookAnswer, WebhookError>) -> Option<i64> {
        match next(number, outcome, NOW) {
            Next::Retry { at, .. } => Some(at.seconds() - NOW.seconds()),
            Next::Delivered | Next::GiveUp { .. } => None,
        }
    }

    #[test]
    fn any_2xx_is_a_delivery() {
        for status in [200, 204, 299] {
            assert_eq!(next(1, &answer(status, None), NOW), Next::Delivered);
        }
    }

    #[test]
    fn a_redirect_is_a_failure() {
        for status in [301, 302, 307, 308, 304] {
            assert_eq!(waits(1, &answer(status, None)), Some(5), "{status}");
        }
    }

    #[test]
    fn the_ladder_has_seven_steps_and_then_an_end() {
        let steps: Vec<_> = (1..=9)
            .map(|number| waits(number, &answer(500, None)))
            .collect();
        let ladder = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000].map(Some);
        assert_eq!(steps, [&ladder[..], &[None, None]].concat());
    }

    #[test]
    fn no_answer_is_tried_again() {
        let none = Err(WebhookError {
            message: "timed out".to_owned(),
        });
        assert_eq!(waits(2, &none), Some(300));
    }

    #[test]
    fn retry_after_is_honoured_in_seconds_and_as_a_date() {
        let asked = |value| waits(1, &answer(429, Some(value)));
        assert_eq!(asked("120"), Some(120));
        assert_eq!(asked("7.2"), Some(8));
        assert_eq!(asked("Wed, 21 Oct 2015 07:28:00 GMT"), Some(60));
        assert_eq!(asked("1"), Some(5));
    }

    #[test]
    fn retry_after_is_honoured_for_twelve_hours_at_most() {
        let asked = |value| waits(1, &answer(503, Some(value)));
        assert_eq!(asked("43201"), Some(43_200));
        assert_eq!(asked("Mon, 21 Oct 2115 07:28:00 GMT"), Some(43_200));
    }

    #[test]
    fn a_senseless_retry_after_is_none() {
        for value in [
            "",
            "soon",
            "-5",
            "99999999999999999999",
            "Thu, 21 Oct 1915 07:28:00 GMT",
        ] {
            assert_eq!(waits(1, &answer(429, Some(value))), Some(5), "{value}");
        }
    }

    #[test]
    fn who_is_gone_is_given_up_at_once() {
        let next = next(1, &answer(410, None), NOW);
        assert!(matches!(next, Next::GiveUp { is_gone: true, .. }));
    }

    #[test]
    fn what_is_kept_of_an_answer_is_short_and_one_line() {
        let long = Ok(WebhookAnswer {
            status: 500,
            retry_after: None,
            body: "a\nb".repeat(10_000),
        });
        let Next::Retry { error, .. } = next(1, &long, NOW) else {
            panic!("it is tried again");
        };
        assert_eq!(error.chars().count(), 300);
        assert!(error.starts_with("HTTP 500: a b"));
    }
}
