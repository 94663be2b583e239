//! `/dashboard/dead-letters`: the messages that no retry saved, and what to do with them.

use maud::{Markup, html};
use shared::catalogue::dead_letters::Letter;

use super::parts::{database, job, mark, pages, when, when_inline};
use super::state::Tone;
use super::{Page, Place, Viewer};
use crate::text::counted;

/// Which letters are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shown {
    /// Those alone that are open.
    pub(crate) open: bool,
    /// Whether they begin with the newest.
    pub(crate) is_first: bool,
    /// Where the next page begins.
    pub(crate) next: Option<i64>,
}

/// The page.
pub(crate) fn page(letters: &[Letter], shown: Shown, viewer: &Viewer) -> Page {
    let open = letters.iter().filter(|letter| letter.resolved_at.is_none());
    let (tone, title) = match open.count() {
        0 => (Tone::Good, "No dead letter waits for a decision".to_owned()),
        1 => (Tone::Bad, "A dead letter waits for a decision".to_owned()),
        number => (
            Tone::Bad,
            format!("{number} dead letters wait for a decision"),
        ),
    };
    let is_whole = shown.is_first && shown.next.is_none();
    let title = if is_whole {
        title
    } else {
        "Dead letters".to_owned()
    };
    let address = if shown.open {
        "/dashboard/dead-letters"
    } else {
        "/dashboard/dead-letters?state=all"
    };
    let body = html! {
        h1 class={ "state " (tone.class()) } { (mark(tone)) " " (title) }
        p {
            "A dead letter is a message that no retry saved. Put its cause right, then send it again; or discard it, which says that \
             nothing has to be done about it."
        }
        nav class="tabs" aria-label="Which letters" {
            a href="/dashboard/dead-letters" aria-current=[shown.open.then_some("page")] { "Open" }
            a href="/dashboard/dead-letters?state=all" aria-current=[(!shown.open).then_some("page")] { "All" }
        }
        @for letter in letters { (card(letter, viewer)) }
        @if letters.is_empty() { p class="quiet" { "There is none." } }
        (pages(address, shown.is_first, shown.next))
    };
    Page {
        title,
        tone,
        place: Place::DeadLetters,
        is_live: false,
        body,
    }
}

fn card(letter: &Letter, viewer: &Viewer) -> Markup {
    let now = viewer.now;
    let heading = format!("letter-{}", letter.id);
    html! {
        section class="card" aria-labelledby=(heading) {
            h2 id=(heading) {
                "Letter " (letter.id)
                @if let Some(name) = &letter.database_name { " about " (name) }
            }
            p class="error" { (letter.error_message) }
            dl {
                div { dt { "First seen" } dd { (when(now, letter.first_seen_at)) } }
                div { dt { "Last seen" } dd { (when(now, letter.last_seen_at)) } }
                div { dt { "Tried" } dd { (counted(letter.attempts, "time")) } }
                div { dt { "Queue" } dd { (letter.queue) } }
                @if let Some(name) = &letter.database_name { div { dt { "Database" } dd { (database(name)) } } }
                @if let Some(id) = &letter.job_id { div { dt { "Job" } dd { (job(id)) } } }
            }
            details { summary { "The message" } pre tabindex="0" { code { (letter.body) } } }
            @if let Some(resolved) = letter.resolved_at {
                p {
                    strong { (letter.resolution.as_deref().unwrap_or("resolved")) } " " (when_inline(now, resolved))
                    @if let Some(note) = &letter.note { ": " q { (note) } }
                }
            } @else if viewer.may_change() {
                (decisions(letter.id))
            }
        }
    }
}

fn decisions(id: i64) -> Markup {
    let note = format!("note-{id}");
    html! {
        div class="actions" {
            form method="post" action={ "/dashboard/dead-letters/" (id) "/redrive" } {
                button type="submit" class="main" aria-label={ "Send again: letter " (id) } { "Send again" }
            }
            details {
                summary { "Discard it" }
                form method="post" action={ "/dashboard/dead-letters/" (id) "/discard" } {
                    label for=(note) { "Why, for whoever asks later (may be left empty)" }
                    input id=(note) name="note" type="text" maxlength="500" autocomplete="off";
                    button type="submit" aria-label={ "Discard: letter " (id) } { "Discard" }
                }
            }
        }
    }
}
