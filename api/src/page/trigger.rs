//! `/dashboard/trigger`: backing up by hand.

use maud::html;
use shared::registry::Registry;

use super::state::Tone;
use super::{Page, Place, Viewer};
use crate::text::counted;

/// What the form is filled with.
#[derive(Debug)]
pub(crate) struct Form<'a> {
    /// The databases there are.
    pub(crate) registry: &'a Registry,
    /// The one that is chosen; all are when there is none.
    pub(crate) chosen: Option<&'a str>,
    /// Makes a form that is sent twice one job.
    pub(crate) key: String,
}

/// The page.
pub(crate) fn page(form: &Form<'_>, viewer: &Viewer) -> Page {
    let all = counted(
        u64::try_from(form.registry.databases.len()).unwrap_or(u64::MAX),
        "database",
    );
    let body = html! {
        h1 { "Back up now" }
        @if viewer.may_change() {
            p { "Those that are chosen are backed up at once, beside the schedule. " (all) " can be." }
            form method="post" action="/dashboard/trigger" {
                input type="hidden" name="key" value=(form.key);
                fieldset {
                    legend { "Databases" }
                    @for database in form.registry.by_priority() {
                        @let id = format!("database-{}", database.name);
                        @let is_chosen = form.chosen.is_none_or(|chosen| chosen == database.name);
                        div class="choice" {
                            input type="checkbox" id=(id) name="database" value=(database.name) checked[is_chosen];
                            label for=(id) { (database.name) small { (database.description) } }
                        }
                    }
                }
                label for="reason" { "Reason, for whoever looks at the job later (may be left empty)" }
                input id="reason" name="reason" type="text" maxlength="500" autocomplete="off";
                button type="submit" class="main" { "Back up" }
            }
        } @else {
            p { "This session may only look. Sign in with the `API_TOKEN` to back up." }
        }
    };
    Page {
        title: "Back up now".to_owned(),
        tone: Tone::Good,
        place: Place::Trigger,
        is_live: false,
        body,
    }
}
