//! What several pages are made of.

use maud::{Markup, html};
use shared::time::Timestamp;

use super::state::Tone;
use crate::text::{age, ahead};

/// A status of the catalogue, told apart by its word and its mark and not by its colour alone.
pub(super) fn badge(status: &str) -> Markup {
    let tone = match status {
        "success" | "completed" | "passed" | "delivered" => Tone::Good,
        "failed" | "given_up" => Tone::Bad,
        _ => Tone::Busy,
    };
    labelled(tone, &status.replace('_', " "))
}

/// A word with a mark.
pub(super) fn labelled(tone: Tone, word: &str) -> Markup {
    html! { span class={ "badge " (tone.class()) } { (mark(tone)) " " (word) } }
}

pub(super) fn mark(tone: Tone) -> Markup {
    html! { span aria-hidden="true" { (tone.mark()) } }
}

/// A moment to the minute, exact for machines.
pub(super) fn moment(moment: Timestamp) -> Markup {
    let text = moment.utc().format("%Y-%m-%d %H:%M").to_string();
    html! { time datetime=(moment.rfc3339()) { (text) } }
}

/// How far away a moment is: `3 days ago`, `in 2 hours`.
pub(super) fn relative(now: Timestamp, moment: Timestamp) -> String {
    let past = now.seconds().saturating_sub(moment.seconds());
    if past >= 0 {
        return age(past);
    }
    ahead(past.saturating_neg())
}

/// A moment of the catalogue, with how far away it is below it.
pub(super) fn when(now: Timestamp, seconds: i64) -> Markup {
    let at = Timestamp::from_seconds(seconds);
    html! { (moment(at)) small { (relative(now, at)) } }
}

/// The same in a line.
pub(super) fn when_inline(now: Timestamp, seconds: i64) -> Markup {
    let at = Timestamp::from_seconds(seconds);
    html! { (moment(at)) " (" (relative(now, at)) ")" }
}

/// What is between backticks as code.
pub(super) fn prose(text: &str) -> Markup {
    html! {
        @for (index, part) in text.split('`').enumerate() {
            @if index.is_multiple_of(2) { (part) } @else { code { (part) } }
        }
    }
}

/// A database, which leads to its page.
pub(super) fn database(name: &str) -> Markup {
    html! { a href={ "/dashboard/databases/" (segment(name)) } { (name) } }
}

/// A job, which leads to its page.
pub(super) fn job(id: &str) -> Markup {
    html! { a class="id" href={ "/dashboard/jobs/" (segment(id)) } { (id) } }
}

/// How much is done of something. `about` says of what.
pub(super) fn progress(done: u64, of: u64, about: &str) -> Markup {
    html! { progress value=(done.min(of)) max=(of.max(1)) aria-label=(about) {} }
}

/// A text as one part of an address. <https://www.rfc-editor.org/rfc/rfc3986#section-2.3>
pub(crate) fn segment(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                written.push(char::from(byte));
            }
            other => written.push_str(&format!("%{other:02X}")),
        }
    }
    written
}

/// Links to the first and the next page of a list.
pub(super) fn pages(address: &str, is_first: bool, next: Option<impl std::fmt::Display>) -> Markup {
    let joiner = if address.contains('?') { '&' } else { '?' };
    html! {
        @if !is_first || next.is_some() {
            nav class="pages" aria-label="More of the list" {
                @if !is_first { a href=(address) { "← Newest" } }
                @if let Some(next) = next { a href={ (address) (joiner) "before=" (next.to_string()) } { "Older →" } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_hostile_name_as_one_part() {
        assert_eq!(segment("grove-db_1.x~"), "grove-db_1.x~");
        assert_eq!(segment("../a b?c#d\"é"), "..%2Fa%20b%3Fc%23d%22%C3%A9");
    }

    #[test]
    fn prose_has_its_code_apart_and_its_markup_escaped() {
        assert_eq!(
            prose("Look at `GET /<x>`.").into_string(),
            "Look at <code>GET /&lt;x&gt;</code>."
        );
        assert_eq!(
            prose("an odd ` one").into_string(),
            "an odd <code> one</code>"
        );
    }

    #[test]
    fn a_moment_is_near_in_both_directions() {
        let now = Timestamp::from_seconds(1_000_000);
        assert_eq!(relative(now, now.plus_seconds(-7_200)), "2 hours ago");
        assert_eq!(relative(now, now.plus_seconds(7_200)), "in 2 hours");
    }
}
