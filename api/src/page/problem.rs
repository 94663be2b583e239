//! What a browser is shown where a program gets a problem.

use maud::{Markup, html};

use super::parts::{job, prose};
use super::state::Tone;
use super::{Page, Place, Viewer};
use crate::auth::SIGN_IN;
use crate::problem::Shown;

/// The page, with the navigation for who is signed in.
pub(crate) fn render(problem: &Shown, viewer: Option<&Viewer>) -> Markup {
    match viewer {
        Some(viewer) => super::render(&page(problem), viewer),
        None => super::document(
            problem.title,
            Tone::Bad,
            html! {
                main class="narrow" {
                    (said(problem))
                    p { a href=(SIGN_IN) { "Sign in" } }
                }
            },
        ),
    }
}

fn page(problem: &Shown) -> Page {
    let body = html! {
        (said(problem))
        p { a href="/dashboard" { "To the overview" } }
    };
    Page {
        title: problem.title.to_owned(),
        tone: Tone::Bad,
        place: Place::Elsewhere,
        is_live: false,
        body,
    }
}

fn said(problem: &Shown) -> Markup {
    html! {
        h1 class="state bad" { (super::mark(Tone::Bad)) " " (problem.title) }
        p { (prose(&problem.detail)) }
        @if let Some(id) = &problem.job_id { p { "The job: " (job(id)) } }
        p class="quiet" { "Status " (problem.status.as_u16()) }
    }
}
