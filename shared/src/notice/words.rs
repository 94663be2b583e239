//! Text within the limits of a channel: cut between characters, and never within an escape.

/// The longest line of an alarm or a failure, in every channel.
pub(super) const LINE: usize = 600;
/// The longest name of a database or cause in one.
pub(super) const NAME: usize = 100;

/// What an escape makes of a character.
pub(super) type Escape = fn(char, &mut String);

/// Length as the channels count it, at most: in UTF-16 units, of which a character has one or two.
pub(super) fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// `text` escaped, at most `limit` long; where it is cut it ends with `…`.
pub(super) fn fitted(text: &str, limit: usize, escape: Escape) -> String {
    let mut fitted = String::new();
    let mut taken = 0_usize;
    // Where `…` still fits.
    let mut cut = 0;
    for character in text.chars() {
        let before = fitted.len();
        escape(character, &mut fitted);
        let added = fitted.get(before..).map_or(0, length);
        taken = taken.saturating_add(added);
        if taken > limit {
            fitted.truncate(cut);
            if limit > 0 {
                fitted.push('…');
            }
            return fitted;
        }
        if taken < limit {
            cut = fitted.len();
        }
    }
    fitted
}

/// As it is.
pub(super) fn plain(character: char, out: &mut String) {
    out.push(character);
}

/// As many of the lines as fit into `limit`, and how many more there are. A line is taken whole or not at all.
pub(super) fn lines(lines: &[String], limit: usize) -> String {
    let whole = lines.join("\n");
    if length(&whole) <= limit {
        return whole;
    }
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        let more = format!("and {} more", lines.len().saturating_sub(index));
        let longer = format!("{text}{line}\n");
        // Behind it there must be room to say how many are left.
        if length(&longer).saturating_add(length(&more)) > limit {
            return text + &more;
        }
        text = longer;
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_fits_stays_as_it_is() {
        assert_eq!(fitted("abc", 3, plain), "abc");
        assert_eq!(fitted("abcd", 3, plain), "ab…");
        assert_eq!(fitted("", 0, plain), "");
        assert_eq!(fitted("a", 0, plain), "");
    }

    #[test]
    fn a_character_of_two_units_is_not_cut_in_half() {
        assert_eq!(fitted("💥💥", 3, plain), "💥…");
        assert_eq!(fitted("💥💥", 4, plain), "💥💥");
    }

    #[test]
    fn an_escape_is_not_cut_in_half() {
        let doubled: Escape = |character, out| out.extend(['\\', character]);
        assert_eq!(fitted("ab", 3, doubled), "\\a…");
    }

    #[test]
    fn lines_that_do_not_fit_are_counted() {
        let all: Vec<String> = (0..5).map(|number| format!("line {number}")).collect();
        assert_eq!(lines(&all, 34), "line 0\nline 1\nline 2\nline 3\nline 4");
        assert_eq!(lines(&all, 33), "line 0\nline 1\nline 2\nand 2 more");
        assert_eq!(lines(&all, 10), "and 5 more");
    }

    proptest! {
        #[test]
        fn nothing_is_longer_than_its_limit(text in ".*", limit in 0_usize..50) {
            prop_assert!(length(&fitted(&text, limit, plain)) <= limit);
        }

        #[test]
        fn lines_are_within_their_limit(all in proptest::collection::vec("[a-z💥]{0,30}", 0..40), limit in 20_usize..200) {
            prop_assert!(length(&lines(&all, limit)) <= limit);
        }
    }
}
