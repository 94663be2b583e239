//! The dashboard: pages without a script, in the light or dark colours that the reader's system has.
//!
//! Each page is a function from what was read to its text, in a module of its own. Here is what all have around them.

pub(crate) mod alarms;
pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod database;
pub(crate) mod dead_letters;
pub(crate) mod guide;
pub(crate) mod job;
pub(crate) mod jobs;
pub(crate) mod notice;
pub(crate) mod overview;
mod parts;
pub(crate) mod problem;
pub(crate) mod sign_in;
mod sparkline;
mod state;
mod strip;
pub(crate) mod trigger;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};
use shared::time::Timestamp;

use crate::auth::{Role, SIGN_OUT};
use notice::Notice;
pub(crate) use parts::segment;
use parts::{mark, moment};
pub(crate) use state::Tone;

const STYLE: &str = include_str!("page/style.css");
/// Which the address of a page may say of itself.
pub(crate) const PARAMETERS: [&str; 2] = ["done", "live"];
/// How often a page with something under way renews itself.
pub(crate) const RENEW_SECONDS: u8 = 5;

/// A page, and what its frame needs to know.
#[derive(Debug)]
pub(crate) struct Page {
    /// What a browser's tab says.
    pub(crate) title: String,
    /// How things are, for the icon of the tab.
    pub(crate) tone: Tone,
    /// Where it is.
    pub(crate) place: Place,
    /// Whether something on it is under way.
    pub(crate) is_live: bool,
    /// What it says.
    pub(crate) body: Markup,
}

/// Who looks at a page, when, and what its address says beside the path.
#[derive(Debug, Clone)]
pub(crate) struct Viewer {
    pub(crate) role: Role,
    pub(crate) now: Timestamp,
    /// What was just done.
    pub(crate) notice: Option<Notice>,
    /// Whether pages are to stay as they are.
    pub(crate) is_still: bool,
    /// The page's own path.
    pub(crate) path: String,
}

impl Viewer {
    /// Whether the page may show forms that change something.
    pub(crate) fn may_change(&self) -> bool {
        self.role == Role::Admin
    }
}

/// The entries of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Overview,
    Jobs,
    Alarms,
    DeadLetters,
    Audit,
    Trigger,
    /// None of them.
    Elsewhere,
}

const NAVIGATION: [(Place, &str, &str); 6] = [
    (Place::Overview, "/dashboard", "Overview"),
    (Place::Jobs, "/dashboard/jobs", "Jobs"),
    (Place::Alarms, "/dashboard/alarms", "Alarms"),
    (
        Place::DeadLetters,
        "/dashboard/dead-letters",
        "Dead letters",
    ),
    (Place::Audit, "/dashboard/audit", "Audit log"),
    (Place::Trigger, "/dashboard/trigger", "Back up now"),
];

/// A page may use its own style sheet, the icon that it brings, send its forms to where it came from, and nothing else.
pub(crate) fn content_security_policy() -> String {
    let digest = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'"
    )
}

/// A document of this title.
fn document(title: &str, tone: Tone, body: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · Cache" }
                link rel="icon" href=(icon(tone));
                style { (PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    }
}

/// A disc in the colour of the state, so that one tab among many tells it.
fn icon(tone: Tone) -> String {
    let colour = match tone {
        Tone::Good => "2e8b57",
        Tone::Busy => "c98a00",
        Tone::Bad => "c62828",
    };
    format!(
        "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E\
         %3Ccircle cx='8' cy='8' r='7' fill='%23{colour}'/%3E%3C/svg%3E"
    )
}

/// A page with its navigation, as it is sent.
pub(crate) fn render(page: &Page, viewer: &Viewer) -> Markup {
    let body = html! {
        a class="skip" href="#main" { "Skip to the content" }
        header {
            a class="brand" href="/dashboard" { (logo()) "Cache" }
            nav aria-label="Pages" {
                ul {
                    @for (place, address, name) in NAVIGATION {
                        @if place != Place::Trigger || viewer.may_change() {
                            li { a href=(address) aria-current=[(place == page.place).then_some("page")] { (name) } }
                        }
                    }
                }
            }
            form method="post" action=(SIGN_OUT) { button type="submit" { "Sign out" } }
        }
        main id="main" tabindex="-1" {
            @if let Some(notice) = viewer.notice {
                p class="notice" role="status" { (mark(Tone::Good)) " " (notice.text()) }
            }
            (page.body)
        }
        footer {
            p {
                "As of " (moment(viewer.now)) ". "
                @if page.is_live && viewer.is_still {
                    "Something is under way. " a href=(viewer.path) { "Renew this page by itself" }
                } @else if page.is_live {
                    "This page renews itself every " (RENEW_SECONDS) " seconds while something is under way. "
                    a href={ (viewer.path) "?live=off" } { "Stop that" }
                }
            }
            p { "Signed in as " (viewer.role.as_str()) ". Times are UTC." }
        }
    };
    document(&page.title, page.tone, body)
}

fn logo() -> Markup {
    html! {
        svg class="logo" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" {
            ellipse cx="10" cy="4.5" rx="7" ry="3" {}
            path d="M3 4.5v5c0 1.7 3.1 3 7 3s7-1.3 7-3v-5M3 9.5v5c0 1.7 3.1 3 7 3s7-1.3 7-3v-5" {}
        }
    }
}
