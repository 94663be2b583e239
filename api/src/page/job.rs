//! `/dashboard/jobs/:id`: a job and how far it is with each database.

use maud::{Markup, html};
use shared::catalogue::progress::{Made, Previous};
use shared::catalogue::views::{JobView, ResultView};
use shared::time::Timestamp;

use super::parts::{badge, database, labelled, progress, when};
use super::state::Tone;
use super::{Page, Place, Viewer};
use crate::text::{bytes, counted, duration, grouped};

/// What the page is made of.
#[derive(Debug)]
pub(crate) struct Report {
    /// The job.
    pub(crate) job: JobView,
    /// What it did with each database.
    pub(crate) results: Vec<ResultView>,
    /// The backups that it made and that are there.
    pub(crate) made: Vec<Made>,
    /// What the databases came to before, of those that are not done.
    pub(crate) previous: Vec<Previous>,
}

/// The page.
pub(crate) fn page(report: &Report, viewer: &Viewer) -> Page {
    let job = &report.job;
    let (tone, title) = headline(job);
    let done = job.successful.saturating_add(job.failed);
    let body = html! {
        h1 class={ "state " (tone.class()) } { (super::mark(tone)) " " (title) }
        (progress(done, job.total_databases, "Databases done"))
        dl {
            div { dt { "Job" } dd class="id" { (job.job_id) } }
            div { dt { "Trigger" } dd { (job.trigger_type) } }
            @if let Some(reason) = &job.reason { div { dt { "Reason" } dd { (reason) } } }
            div { dt { "Started" } dd { (when(viewer.now, job.started_at)) } }
            @if let Some(at) = job.completed_at { div { dt { "Ended" } dd { (when(viewer.now, at)) } } }
            @if let Some(took) = job.duration_ms { div { dt { "Took" } dd { (duration(took)) } } }
            div { dt { "Size" } dd { (bytes(job.size_bytes)) } }
        }
        @if let Some(error) = &job.error_message { p class="error" { (error) } }
        section aria-labelledby="databases" {
            table {
                caption { h2 id="databases" { "Databases" } }
                thead {
                    tr {
                        th scope="col" { "Database" }
                        th scope="col" { "Status" }
                        th scope="col" { "Progress" }
                        th scope="col" class="number" { "Tables" }
                        th scope="col" class="number" { "Rows" }
                        th scope="col" class="number" { "Size" }
                        th scope="col" class="number" { "Took" }
                        th scope="col" class="number" { "Attempts" }
                    }
                }
                tbody { @for result in &report.results { (row(result, report, viewer.now)) } }
            }
            @if report.results.is_empty() { p class="quiet" { "It has no databases." } }
        }
    };
    Page {
        title,
        tone,
        place: Place::Jobs,
        is_live: job.status == "running",
        body,
    }
}

fn headline(job: &JobView) -> (Tone, String) {
    let all = counted(job.total_databases, "database");
    let done = job.successful.saturating_add(job.failed);
    match (job.status.as_str(), job.failed) {
        ("running", 0) => (Tone::Busy, format!("Backing up: {done} of {all} done")),
        ("running", failed) => (
            Tone::Bad,
            format!("Backing up: {done} of {all} done, {failed} failed"),
        ),
        ("completed", _) => (Tone::Good, format!("Completed: {all} backed up")),
        ("failed", 0) => (Tone::Bad, "Failed".to_owned()),
        ("failed", failed) => (Tone::Bad, format!("Failed: {failed} of {all}")),
        (other, _) => (Tone::Busy, other.to_owned()),
    }
}

fn row(result: &ResultView, report: &Report, now: Timestamp) -> Markup {
    let number = |number: Option<u64>| number.map_or_else(|| "–".to_owned(), grouped);
    html! {
        tr {
            th scope="row" { (database(&result.database_name)) }
            td data-label="Status" {
                (badge(&result.status))
                @if let Some(error) = result.error_message.as_ref().filter(|_| result.status != "success") {
                    small class="error" { (error) }
                }
            }
            td data-label="Progress" { (how_far(result, report, now)) }
            td data-label="Tables" class="number" { (number(result.table_count)) }
            td data-label="Rows" class="number" { (number(result.row_count.or(result.rows_so_far))) }
            td data-label="Size" class="number" {
                (result.size_bytes.or(result.bytes_so_far).map_or_else(|| "–".to_owned(), bytes))
            }
            td data-label="Took" class="number" { (result.duration_ms.map_or_else(|| "–".to_owned(), duration)) }
            td data-label="Attempts" class="number" { (result.attempts) }
        }
    }
}

/// How far it is, and what came of it.
fn how_far(result: &ResultView, report: &Report, now: Timestamp) -> Markup {
    let name = &result.database_name;
    let made = report.made.iter().find(|it| it.database_name == *name);
    let before = report.previous.iter().find(|it| it.database_name == *name);
    html! {
        @match (result.status.as_str(), made) {
            ("success", Some(made)) => {
                a href={ "/dashboard/backups/" (made.id) } aria-label={ "The backup of " (name) } { "The backup" }
                @if made.verified_at.is_some() { " " (labelled(Tone::Good, "verified")) }
            }
            ("success", None) => { span class="quiet" { "deleted since" } }
            ("queued" | "running", _) => {
                @match before {
                    Some(before) => {
                        @let so_far = result.bytes_so_far.unwrap_or(0);
                        (progress(so_far, before.size_bytes, &format!("Bytes of {name} so far, of its last backup's")))
                        small {
                            @if let Some(rows) = result.rows_so_far { (counted(rows, "row")) ", " }
                            (bytes(so_far)) " so far; the last backup has " (bytes(before.size_bytes))
                        }
                    }
                    None => {
                        @if let Some(so_far) = result.bytes_so_far {
                            small { (bytes(so_far)) " so far; there is no backup to compare it with" }
                        } @else { small { "its first backup" } }
                    }
                }
                @if result.attempts > 0 {
                    small { "since " (super::parts::relative(now, Timestamp::from_seconds(result.started_at))) }
                }
            }
            _ => { "–" }
        }
    }
}
