//! `/dashboard/jobs`: what was done, newest first.

use maud::html;
use shared::catalogue::views::JobView;

use super::overview::job_rows;
use super::parts::pages;
use super::state::Tone;
use super::{Page, Place, Viewer};

/// The page.
pub(crate) fn page(jobs: &[JobView], is_first: bool, next: Option<&str>, viewer: &Viewer) -> Page {
    let body = html! {
        h1 { "Jobs" }
        @if jobs.is_empty() {
            p class="quiet" { "There has been no job yet." }
        } @else {
            table {
                caption class="hidden" { "Jobs, newest first" }
                (job_rows(jobs, viewer.now))
            }
        }
        (pages("/dashboard/jobs", is_first, next))
    };
    Page {
        title: "Jobs".to_owned(),
        tone: Tone::Good,
        place: Place::Jobs,
        is_live: is_first && jobs.iter().any(|job| job.status == "running"),
        body,
    }
}
