//! `/dashboard`: how everything is, in one sentence, and then by database.

use maud::{Markup, html};
use shared::catalogue::alarms::AlarmRow;
use shared::catalogue::history::{KnownRow, WeekRow};
use shared::catalogue::views::{BackupView, JobView, ResultView, StorageView};
use shared::history::Weeks;
use shared::registry::{DatabaseConfig, Registry};
use shared::time::Timestamp;

use super::alarms::open_list;
use super::parts::{badge, database, job, labelled, mark, moment, progress, relative, when};
use super::sparkline::sparkline;
use super::state::{self, Tone};
use super::strip::{legend, strip};
use super::{Page, Place, Viewer};
use crate::text::{bytes, counted, duration, grouped};

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
    /// The open alarms, oldest first.
    pub(crate) alarms: Vec<AlarmRow>,
    /// The runs that were due.
    pub(crate) weeks: Weeks,
    /// What ran in the weeks.
    pub(crate) ran: Vec<WeekRow>,
    /// Since when each database is known.
    pub(crate) known: Vec<KnownRow>,
}

impl Overview<'_> {
    pub(super) fn result(&self, database: &str) -> Option<&ResultView> {
        self.results
            .iter()
            .find(|result| result.database_name == database)
    }

    pub(super) fn backup(&self, database: &str) -> Option<&BackupView> {
        self.backups
            .iter()
            .find(|backup| backup.database_name == database)
    }

    fn has_alarm(&self, database: &str, cause: &str) -> bool {
        let mut alarms = self.alarms.iter();
        alarms.any(|alarm| alarm.database_name == database && alarm.cause == cause)
    }
}

/// The page.
pub(crate) fn page(overview: &Overview<'_>, viewer: &Viewer) -> Page {
    let (tone, sentence) = state::sentence(overview);
    let body = html! {
        h1 class={ "state " (tone.class()) } { (mark(tone)) " " (sentence) }
        (facts(overview))
        @if !overview.alarms.is_empty() {
            section aria-labelledby="alarms" {
                h2 id="alarms" { "Open alarms" }
                (open_list(&overview.alarms, viewer))
            }
        }
        @if let Some(running) = &overview.running { (under_way(running, overview.now)) }
        (databases(overview))
        (jobs(&overview.jobs, overview.now))
    };
    Page {
        title: sentence,
        tone,
        place: Place::Overview,
        is_live: overview.running.is_some(),
        body,
    }
}

fn facts(overview: &Overview<'_>) -> Markup {
    let storage = &overview.storage;
    let next = overview.registry.next_run(overview.now);
    html! {
        dl {
            div {
                dt { "Next run" }
                dd {
                    @match next {
                        Some(next) => { (moment(next)) " (" (relative(overview.now, next)) ")" }
                        None => "never: the schedule does not fire again",
                    }
                }
            }
            div {
                dt { "Schedule" }
                dd { (overview.registry.schedule_sentence()) }
            }
            div {
                dt { "Stored" }
                dd { (counted(storage.total_backups, "backup")) ", " (bytes(storage.size_bytes)) }
            }
            @if let (Some(oldest), Some(newest)) = (&storage.oldest, &storage.newest) {
                div { dt { "Of" } dd { (oldest) " to " (newest) } }
            }
        }
    }
}

fn under_way(running: &JobView, now: Timestamp) -> Markup {
    let done = running.successful.saturating_add(running.failed);
    let started = Timestamp::from_seconds(running.started_at);
    html! {
        section class="card" aria-labelledby="running" {
            h2 id="running" { "Under way" }
            p {
                (done) " of " (running.total_databases) " databases done; started " (relative(now, started)) ", "
                (running.trigger_type) "."
                @if let Some(reason) = &running.reason { " " q { (reason) } }
            }
            (progress(done, running.total_databases, "Databases done"))
            p { a href={ "/dashboard/jobs/" (running.job_id) } { "Watch this job" } }
        }
    }
}

fn databases(overview: &Overview<'_>) -> Markup {
    html! {
        section aria-labelledby="databases" {
            table {
                caption { h2 id="databases" { "Databases" } }
                thead {
                    tr {
                        th scope="col" { "Database" }
                        th scope="col" { "Newest run" }
                        th scope="col" { "Last backup" }
                        th scope="col" { "Verified" }
                        th scope="col" { "12 weeks" }
                        th scope="col" class="number" { "Rows" }
                        th scope="col" class="number" { "Size" }
                        th scope="col" { "Size over 12 weeks" }
                    }
                }
                tbody {
                    @for database in overview.registry.by_priority() { (database_row(overview, database)) }
                }
            }
            (legend())
        }
    }
}

fn database_row(overview: &Overview<'_>, config: &DatabaseConfig) -> Markup {
    let name = config.name.as_str();
    let ran = overview.ran.iter().filter(|row| row.database_name == name);
    let known = overview.known.iter().find(|row| row.database_name == name);
    let weeks = overview.weeks.of(ran, known.map(|row| row.first_seen_at));
    html! {
        tr {
            th scope="row" { (database(name)) small { (config.description) } }
            td data-label="Newest run" { (newest_run(overview.result(name))) }
            @match overview.backup(name) {
                Some(backup) => {
                    td data-label="Last backup" { (when(overview.now, backup.created_at)) }
                    td data-label="Verified" { (verified(overview, backup)) }
                }
                None => {
                    td data-label="Last backup" { strong class="bad" { "none" } }
                    td data-label="Verified" { "–" }
                }
            }
            td data-label="12 weeks" { (strip(name, &weeks)) }
            @let backup = overview.backup(name);
            td data-label="Rows" class="number" {
                (backup.and_then(|backup| backup.row_count).map_or_else(|| "–".to_owned(), grouped))
            }
            td data-label="Size" class="number" { (backup.map_or_else(|| "–".to_owned(), |it| bytes(it.size_bytes))) }
            td data-label="Over 12 weeks" { (sparkline(&weeks)) }
        }
    }
}

fn newest_run(result: Option<&ResultView>) -> Markup {
    let Some(result) = result else {
        return html! { span class="quiet" { "never run" } };
    };
    html! {
        a class="plain" href={ "/dashboard/jobs/" (result.job_id) } { (badge(&result.status)) }
        @if let Some(error) = result.error_message.as_ref().filter(|_| result.status != "success") {
            small class="error" { (error) }
        }
    }
}

fn verified(overview: &Overview<'_>, backup: &BackupView) -> Markup {
    if overview.has_alarm(&backup.database_name, "drill_failed") {
        return labelled(Tone::Bad, "does not restore");
    }
    match backup.verified_at {
        Some(at) => html! {
            (labelled(Tone::Good, "verified"))
            small { (relative(overview.now, Timestamp::from_seconds(at))) }
        },
        None => html! { span class="quiet" { "not yet" } },
    }
}

/// A table of jobs, newest first.
fn jobs(jobs: &[JobView], now: Timestamp) -> Markup {
    html! {
        section aria-labelledby="jobs" {
            @if jobs.is_empty() {
                h2 id="jobs" { "Recent jobs" }
                p class="quiet" { "There has been no job yet." }
            } @else {
                table {
                    caption { h2 id="jobs" { "Recent jobs" } }
                    (job_rows(jobs, now))
                }
                p { a href="/dashboard/jobs" { "All jobs" } }
            }
        }
    }
}

/// The head and the rows of a table of jobs.
pub(super) fn job_rows(jobs: &[JobView], now: Timestamp) -> Markup {
    html! {
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
            @for job in jobs { (job_row(job, now)) }
        }
    }
}

fn job_row(row: &JobView, now: Timestamp) -> Markup {
    let started = Timestamp::from_seconds(row.started_at);
    html! {
        tr {
            th scope="row" { (moment(started)) small { (relative(now, started)) } (job(&row.job_id)) }
            td data-label="Status" {
                (badge(&row.status))
                @if let Some(error) = &row.error_message { small class="error" { (error) } }
            }
            td data-label="Trigger" {
                (row.trigger_type)
                @if let Some(reason) = &row.reason { small { (reason) } }
            }
            td data-label="Databases" {
                (row.successful) " of " (row.total_databases)
                @if row.failed > 0 { small class="bad" { (row.failed) " failed" } }
            }
            td data-label="Size" class="number" { (bytes(row.size_bytes)) }
            td data-label="Duration" class="number" { (row.duration_ms.map_or_else(|| "–".to_owned(), duration)) }
        }
    }
}
