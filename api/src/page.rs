//! The dashboard: one page without a script, in the light or dark colours that the reader's system has.

pub(crate) mod sign_in;
mod state;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};
use shared::catalogue::views::{BackupView, JobView, ResultView, StorageView};
use shared::registry::{DatabaseConfig, Registry};
use shared::time::Timestamp;

use crate::auth::SIGN_OUT;
use crate::text::{age, bytes, counted, duration, grouped};
use state::Tone;

const STYLE: &str = include_str!("page/style.css");

/// What the page is made of.
#[derive(Debug)]
pub(crate) struct Overview<'registry> {
    /// The databases and their schedule.
    pub(crate) registry: &'registry Registry,
    /// When the page is made.
    pub(crate) now: Timestamp,
    /// The newest running job.
    pub(crate) running: Option<JobView>,
    /// The newest jobs, newest first.
    pub(crate) jobs: Vec<JobView>,
    /// The newest result of each database.
    pub(crate) results: Vec<ResultView>,
    /// The newest stored backup of each database.
    pub(crate) backups: Vec<BackupView>,
    /// All stored backups together.
    pub(crate) storage: StorageView,
    /// How many alarms are open.
    pub(crate) alarms: u64,
}

impl Overview<'_> {
    fn result(&self, database: &str) -> Option<&ResultView> {
        self.results
            .iter()
            .find(|result| result.database_name == database)
    }

    fn backup(&self, database: &str) -> Option<&BackupView> {
        self.backups
            .iter()
            .find(|backup| backup.database_name == database)
    }
}

/// A page may use its own style sheet, send its forms to where it came from, and nothing else.
pub(crate) fn content_security_policy() -> String {
    let digest = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

/// A page of this title.
fn document(title: &str, body: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Cache: " (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    }
}

/// The page.
pub(crate) fn render(overview: &Overview<'_>) -> Markup {
    let (tone, sentence) = state::sentence(overview);
    document(
        &sentence,
        html! {
            header {
                h1 { "Cache" }
                form method="post" action=(SIGN_OUT) { button type="submit" { "Sign out" } }
            }
            main {
                p class={ "state " (tone.class()) } { (mark(tone)) " " (sentence) }
                (facts(overview))
                (databases(overview))
                (jobs(overview))
            }
            footer { "As of " (moment(overview.now)) "." }
        },
    )
}

fn facts(overview: &Overview<'_>) -> Markup {
    let storage = &overview.storage;
    let next = overview.registry.next_run(overview.now);
    html! {
        dl {
            div {
                dt { "Next backup" }
                dd {
                    @match next {
                        Some(next) => (moment(next)),
                        None => "never: the schedule does not fire again",
                    }
                }
            }
            div {
                dt { "Stored" }
                dd { (counted(storage.total_backups, "backup")) ", " (bytes(storage.size_bytes)) }
            }
            @if let (Some(oldest), Some(newest)) = (&storage.oldest, &storage.newest) {
                div {
                    dt { "Dates" }
                    dd { (oldest) " to " (newest) }
                }
            }
        }
    }
}

fn databases(overview: &Overview<'_>) -> Markup {
    html! {
        h2 { "Databases" }
        table {
            thead {
                tr {
                    th scope="col" { "Database" }
                    th scope="col" { "Newest run" }
                    th scope="col" { "Last backup" }
                    th scope="col" class="number" { "Size" }
                    th scope="col" class="number" { "Rows" }
                }
            }
            tbody {
                @for database in overview.registry.by_priority() { (database_row(overview, database)) }
            }
        }
    }
}

fn database_row(overview: &Overview<'_>, database: &DatabaseConfig) -> Markup {
    let result = overview.result(&database.name);
    let backup = overview.backup(&database.name);
    html! {
        tr {
            th scope="row" {
                (database.name)
                small { (database.description) }
            }
            td data-label="Newest run" {
                @match result {
                    Some(result) => {
                        (badge(&result.status))
                        @if let Some(error) = result.error_message.as_ref().filter(|_| result.status != "success") {
                            small { (error) }
                        }
                    }
                    None => { span class="quiet" { "never run" } }
                }
            }
            @match backup {
                Some(backup) => {
                    td data-label="Last backup" {
                        (moment(Timestamp::from_seconds(backup.created_at)))
                        small { (age(overview.now.seconds().saturating_sub(backup.created_at))) }
                    }
                    td data-label="Size" class="number" { (bytes(backup.size_bytes)) }
                    td data-label="Rows" class="number" { (backup.row_count.map_or_else(|| "–".to_owned(), grouped)) }
                }
                None => {
                    td data-label="Last backup" { strong class="bad" { "none" } }
                    td data-label="Size" class="number" { "–" }
                    td data-label="Rows" class="number" { "–" }
                }
            }
        }
    }
}

fn jobs(overview: &Overview<'_>) -> Markup {
    html! {
        h2 { "Recent jobs" }
        @if overview.jobs.is_empty() {
            p class="quiet" { "There has been no job yet." }
        } @else {
            table {
                thead {
                    tr {
                        th scope="col" { "Started" }
                        th scope="col" { "Status" }
                        th scope="col" { "Trigger" }
                        th scope="col" { "Databases" }
                        th scope="col" class="number" { "Size" }
                        th scope="col" class="number" { "Duration" }
                    }
                }
                tbody {
                    @for job in &overview.jobs { (job_row(job)) }
                }
            }
        }
    }
}

fn job_row(job: &JobView) -> Markup {
    html! {
        tr {
            th scope="row" { (moment(Timestamp::from_seconds(job.started_at))) small class="id" { (job.job_id) } }
            td data-label="Status" { (badge(&job.status)) }
            td data-label="Trigger" {
                (job.trigger_type)
                @if let Some(reason) = &job.reason { small { (reason) } }
            }
            td data-label="Databases" {
                (job.successful) " of " (job.total_databases)
                @if job.failed > 0 { small class="bad" { (job.failed) " failed" } }
            }
            td data-label="Size" class="number" { (bytes(job.size_bytes)) }
            td data-label="Duration" class="number" { (job.duration_ms.map_or_else(|| "–".to_owned(), duration)) }
        }
    }
}

/// A status of the catalogue, told apart by its word and its mark and not by its colour alone.
fn badge(status: &str) -> Markup {
    let tone = match status {
        "success" | "completed" => Tone::Good,
        "failed" => Tone::Bad,
        _ => Tone::Busy,
    };
    html! { span class={ "badge " (tone.class()) } { (mark(tone)) " " (status) } }
}

fn mark(tone: Tone) -> Markup {
    html! { span aria-hidden="true" { (tone.mark()) } }
}

/// A moment to the minute, exact for machines.
fn moment(moment: Timestamp) -> Markup {
    let text = moment.utc().format("%Y-%m-%d %H:%M UTC").to_string();
    html! { time datetime=(moment.rfc3339()) { (text) } }
}
