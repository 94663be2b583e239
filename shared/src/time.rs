//! Moments: milliseconds since the Unix epoch, and how they are written.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// A moment, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment `millis` milliseconds after the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// The moment `seconds` seconds after the epoch, as the catalogue keeps it.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This moment moved by `seconds`.
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// Milliseconds from `earlier` to this moment; 0 when the clock went backwards.
    pub const fn millis_since(self, earlier: Self) -> i64 {
        let elapsed = self.0.saturating_sub(earlier.0);
        if elapsed < 0 { 0 } else { elapsed }
    }

    /// The UTC calendar date, `YYYY-MM-DD`.
    pub fn date(self) -> String {
        self.utc().format("%Y-%m-%d").to_string()
    }

    /// RFC 3339 with milliseconds, as the header of a dump has it: `2024-12-09T03:00:00.000Z`.
    pub fn rfc3339_millis(self) -> String {
        self.utc().to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    /// RFC 3339 with whole seconds, as the API answers: `2024-12-09T03:00:00Z`.
    pub fn rfc3339(self) -> String {
        self.utc().to_rfc3339_opts(SecondsFormat::Secs, true)
    }

    /// The same moment as chrono has it. A value outside chrono's range (±262,000 years) is the epoch.
    pub fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or(DateTime::UNIX_EPOCH)
    }
}

/// Whether `text` is a calendar date written `YYYY-MM-DD`.
pub fn is_date(text: &str) -> bool {
    const FORMAT: &str = "%Y-%m-%d";
    // chrono also reads `2024-1-5`, which is no date of a key or a row.
    NaiveDate::parse_from_str(text, FORMAT)
        .is_ok_and(|date| date.format(FORMAT).to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_in_utc() {
        let moment = Timestamp::from_seconds(1_733_713_200);
        assert_eq!(moment.date(), "2024-12-09");
        assert_eq!(moment.rfc3339(), "2024-12-09T03:00:00Z");
        assert_eq!(moment.rfc3339_millis(), "2024-12-09T03:00:00.000Z");
    }

    #[test]
    fn a_clock_that_goes_backwards_gives_no_negative_duration() {
        assert_eq!(
            Timestamp::from_seconds(1).millis_since(Timestamp::from_seconds(2)),
            0
        );
    }

    #[test]
    fn a_date_has_ten_characters_and_is_in_the_calendar() {
        assert!(is_date("2024-02-29"));
        for text in [
            "2023-02-29",
            "2024-1-5",
            "2024-13-01",
            "yesterday",
            "",
            "2024-12-08x",
        ] {
            assert!(!is_date(text), "{text}");
        }
    }
}
