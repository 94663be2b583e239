//! `/dashboard/databases/:name`: one database, day by day.

use maud::{Markup, html};
use shared::catalogue::alarms::AlarmRow;
use shared::catalogue::views::{BackupView, ResultView};
use shared::history::{Day, Outcome};
use shared::time::Timestamp;

use super::alarms::open_list;
use super::parts::{badge, job, labelled, mark, relative, segment, when};
use super::state::Tone;
use super::strip::{legend, look};
use super::{Page, Place, Viewer};
use crate::text::{bytes, grouped};

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// What the page is made of.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) name: String,
    /// `None` when it has left the registry.
    pub(crate) description: Option<String>,
    /// When it is backed up next.
    pub(crate) next_run: Option<Timestamp>,
    pub(crate) newest: Option<ResultView>,
    /// The newest backups, newest first.
    pub(crate) backups: Vec<BackupView>,
    /// Those about it that are open.
    pub(crate) alarms: Vec<AlarmRow>,
    /// Weeks of days, oldest first.
    pub(crate) calendar: Vec<Vec<Day>>,
}

/// The page.
pub(crate) fn page(database: &Database, viewer: &Viewer) -> Page {
    let is_bad = !database.alarms.is_empty();
    let address = segment(&database.name);
    let left = "No longer in the registry; its backups are kept until they expire";
    let body = html! {
        h1 { @if is_bad { span class="bad" { (mark(Tone::Bad)) } } (database.name) }
        p { (database.description.as_deref().unwrap_or(left)) }
        dl {
            @if let Some(result) = &database.newest {
                div { dt { "Newest run" } dd { (badge(&result.status)) small { (job(&result.job_id)) } } }
            }
            @if let Some(next) = database.next_run { div { dt { "Next run" } dd { (when(viewer.now, next.seconds())) } } }
        }
        @if let Some(error) = database.newest.as_ref().filter(|it| it.status != "success").and_then(|it| it.error_message.as_ref()) {
            p class="error" { (error) }
        }
        p class="links" {
            a href={ "/dashboard/restore/" (address) } { "How to restore it" }
            @if viewer.may_change() && database.description.is_some() {
                a href={ "/dashboard/trigger?database=" (address) } { "Back it up now" }
            }
        }
        @if is_bad {
            section aria-labelledby="alarms" { h2 id="alarms" { "Open alarms" } (open_list(&database.alarms, viewer)) }
        }
        (calendar(&database.calendar))
        (backups(&database.backups, viewer))
    };
    Page {
        title: database.name.clone(),
        tone: if is_bad { Tone::Bad } else { Tone::Good },
        place: Place::Elsewhere,
        is_live: database
            .newest
            .as_ref()
            .is_some_and(|it| it.status == "running" || it.status == "queued"),
        body,
    }
}

fn calendar(weeks: &[Vec<Day>]) -> Markup {
    let date = |day: &Day| day.from.date();
    let days = || weeks.iter().flatten();
    let of = |outcome: Outcome| {
        days()
            .filter(move |day| day.outcome == Some(outcome))
            .map(date)
    };
    let gaps: Vec<String> = of(Outcome::Gap).collect();
    let failed: Vec<String> = of(Outcome::Failed).collect();
    html! {
        section aria-labelledby="calendar" {
            table class="grid" {
                caption { h2 id="calendar" { "12 weeks" } }
                thead {
                    tr {
                        td {}
                        @for week in weeks { th scope="col" { span class="hidden" { "Week of " (week.first().map(date).unwrap_or_default()) } } }
                    }
                }
                tbody {
                    @for (number, weekday) in WEEKDAYS.into_iter().enumerate() {
                        tr {
                            th scope="row" { (weekday) }
                            @for week in weeks { td { @if let Some(day) = week.get(number) { (cell(day)) } } }
                        }
                    }
                }
            }
            @if !gaps.is_empty() { p class="bad" { "Due, and none ran: " (gaps.join(", ")) } }
            @if !failed.is_empty() { p class="bad" { "Failed: " (failed.join(", ")) } }
            (legend())
        }
    }
}

fn cell(day: &Day) -> Markup {
    let Some(outcome) = day.outcome else {
        return html! { span class="cell" aria-hidden="true" {} };
    };
    let (class, mark, words) = look(outcome);
    html! {
        span class={ "cell " (class) } title={ (day.from.date()) ": " (words) } {
            span aria-hidden="true" { (mark) } span class="hidden" { (day.from.date()) ": " (words) }
        }
    }
}

fn backups(backups: &[BackupView], viewer: &Viewer) -> Markup {
    html! {
        section aria-labelledby="backups" {
            @if backups.is_empty() {
                h2 id="backups" { "Backups" }
                p class="quiet" { "There is none." }
            } @else {
                table {
                    caption { h2 id="backups" { "Backups" } }
                    thead {
                        tr {
                            th scope="col" { "Backup" }
                            th scope="col" { "Made" }
                            th scope="col" { "Verified" }
                            th scope="col" { "Kept until" }
                            th scope="col" class="number" { "Rows" }
                            th scope="col" class="number" { "Size" }
                        }
                    }
                    tbody { @for backup in backups { (row(backup, viewer.now)) } }
                }
            }
        }
    }
}

fn row(backup: &BackupView, now: Timestamp) -> Markup {
    html! {
        tr {
            th scope="row" { a href={ "/dashboard/backups/" (backup.id) } { (backup.r2_key) } }
            td data-label="Made" { (when(now, backup.created_at)) }
            td data-label="Verified" {
                @match backup.verified_at {
                    Some(at) => { (labelled(Tone::Good, "verified")) small { (relative(now, Timestamp::from_seconds(at))) } }
                    None => { span class="quiet" { "not yet" } }
                }
            }
            td data-label="Kept until" {
                @if backup.pinned_at.is_some() { strong { "pinned" } } @else { (when(now, backup.expires_at)) }
            }
            td data-label="Rows" class="number" { (backup.row_count.map_or_else(|| "–".to_owned(), grouped)) }
            td data-label="Size" class="number" { (bytes(backup.size_bytes)) }
        }
    }
}
