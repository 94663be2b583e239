//! Sizes, durations and ages for people. Answers have the exact number beside each.

/// A size: `512 B`, `212 KB`, `2.1 MB`. Units are powers of 1,000; KB are whole, larger units have one decimal.
pub fn bytes(size: u64) -> String {
    if size < 1_000 {
        return format!("{size} B");
    }
    let kilobytes = rounded(size, 1_000);
    if kilobytes < 1_000 {
        return format!("{kilobytes} KB");
    }
    let mut unit_size = 1_000_000_u64;
    for unit in ["MB", "GB"] {
        let tenths = rounded(size, unit_size / 10);
        if tenths < 10_000 {
            return format!("{}.{} {unit}", tenths / 10, tenths % 10);
        }
        unit_size = unit_size.saturating_mul(1_000);
    }
    let tenths = rounded(size, unit_size / 10);
    format!("{}.{} TB", tenths / 10, tenths % 10)
}

fn rounded(size: u64, unit: u64) -> u64 {
    size.saturating_add(unit / 2) / unit
}

/// A duration in milliseconds: `340ms`, `4.5s`, `45s`, `2m 5s`, `1h 2m`.
pub fn duration(millis: i64) -> String {
    let millis = millis.max(0);
    let seconds = millis / 1_000;
    match seconds {
        0 => format!("{millis}ms"),
        1..10 => format!("{seconds}.{}s", millis % 1_000 / 100),
        10..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m {}s", seconds / 60, seconds % 60),
        _ => format!("{}h {}m", seconds / 3_600, seconds % 3_600 / 60),
    }
}

/// How long ago something was, in seconds: `just now`, `5 minutes ago`, `1 hour ago`, `3 days ago`.
pub fn age(seconds: i64) -> String {
    match largest_unit(seconds) {
        Some(distance) => format!("{distance} ago"),
        None => "just now".to_owned(),
    }
}

/// How long it is until something, in seconds: `now`, `in 5 minutes`, `in 3 days`.
pub fn ahead(seconds: i64) -> String {
    match largest_unit(seconds) {
        Some(distance) => format!("in {distance}"),
        None => "now".to_owned(),
    }
}

/// A distance in its largest unit; `None` of less than a minute.
fn largest_unit(seconds: i64) -> Option<String> {
    let (number, unit) = match seconds {
        ..60 => return None,
        60..3_600 => (seconds / 60, "minute"),
        3_600..86_400 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    Some(counted(number.unsigned_abs(), unit))
}

/// A number with its noun: `1 day`, `2 days`.
pub fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number))
}

/// A number with its thousands apart: `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_the_unit_that_keeps_it_short() {
        for (size, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1 KB"),
            (212_400, "212 KB"),
            (999_499, "999 KB"),
            (999_500, "1.0 MB"),
            (2_140_000, "2.1 MB"),
            (999_949_999, "999.9 MB"),
            (999_950_000, "1.0 GB"),
            (10_000_000_000, "10.0 GB"),
            (1_500_000_000_000, "1.5 TB"),
            (u64::MAX, "18446744.0 TB"),
        ] {
            assert_eq!(bytes(size), text, "{size}");
        }
    }

    #[test]
    fn a_duration_is_finer_when_it_is_shorter() {
        for (millis, text) in [
            (-5, "0ms"),
            (340, "340ms"),
            (4_560, "4.5s"),
            (45_900, "45s"),
            (125_000, "2m 5s"),
            (3_720_000, "1h 2m"),
        ] {
            assert_eq!(duration(millis), text);
        }
    }

    #[test]
    fn an_age_is_in_its_largest_unit() {
        for (seconds, text) in [
            (-3, "just now"),
            (59, "just now"),
            (60, "1 minute ago"),
            (7_200, "2 hours ago"),
            (86_400, "1 day ago"),
            (10 * 86_400, "10 days ago"),
        ] {
            assert_eq!(age(seconds), text);
        }
    }

    #[test]
    fn what_is_to_come_is_in_its_largest_unit() {
        for (seconds, text) in [
            (-3, "now"),
            (59, "now"),
            (3_600, "in 1 hour"),
            (5 * 86_400, "in 5 days"),
        ] {
            assert_eq!(ahead(seconds), text);
        }
    }

    #[test]
    fn a_large_number_has_its_thousands_apart() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }
}
