//! `/dashboard/audit`: who changed something or took a dump.

use maud::html;
use shared::catalogue::audit::Entry;

use super::parts::{pages, when};
use super::state::Tone;
use super::{Page, Place, Viewer};

/// The page.
pub(crate) fn page(entries: &[Entry], is_first: bool, next: Option<i64>, viewer: &Viewer) -> Page {
    let body = html! {
        h1 { "Audit log" }
        p { "Every change and every download, written down before it is done." }
        @if entries.is_empty() {
            p class="quiet" { "There is nothing in it yet." }
        } @else {
            table {
                caption class="hidden" { "Changes and downloads, newest first" }
                thead {
                    tr {
                        th scope="col" { "When" }
                        th scope="col" { "Who" }
                        th scope="col" { "From" }
                        th scope="col" { "What" }
                        th scope="col" class="number" { "Answer" }
                    }
                }
                tbody {
                    @for entry in entries {
                        tr {
                            th scope="row" { (when(viewer.now, entry.at)) }
                            td data-label="Who" { (entry.actor) }
                            td data-label="From" { @if entry.address.is_empty() { "–" } @else { (entry.address) } }
                            td data-label="What" { code { (entry.method) " " (entry.path) } }
                            td data-label="Answer" class="number" {
                                @match entry.status { Some(status) => (status), None => "none" }
                            }
                        }
                    }
                }
            }
        }
        (pages("/dashboard/audit", is_first, next))
    };
    Page {
        title: "Audit log".to_owned(),
        tone: Tone::Good,
        place: Place::Audit,
        is_live: false,
        body,
    }
}
