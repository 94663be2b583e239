//! `/dashboard/backups/:id`: one backup, with all that is known of it.

use maud::{Markup, html};
use shared::catalogue::overview::{BackupDetails, DrillView};
use shared::manifest::Manifest;

use super::parts::{badge, database, job, mark, progress, prose, segment, when, when_inline};
use super::state::Tone;
use super::{Page, Place, Viewer};
use crate::text::{bytes, duration, grouped};

/// What the page is made of.
#[derive(Debug)]
pub(crate) struct Backup {
    pub(crate) details: BackupDetails,
    /// Or why there is none.
    pub(crate) manifest: Result<Manifest, String>,
    /// Newest first.
    pub(crate) drills: Vec<DrillView>,
}

/// The page.
pub(crate) fn page(backup: &Backup, viewer: &Viewer) -> Page {
    let details = &backup.details;
    let view = &details.backup;
    let (tone, state) = state(details);
    let is_there = details.deleted_at.is_none()
        && details.deleted_because.is_none()
        && details.lost_at.is_none();
    let body = html! {
        h1 class={ "state " (tone.class()) } { (mark(tone)) " " (view.database_name) " of " (view.backup_date) ": " (state) }
        @for fault in [&details.damage, &details.shrunk, &details.deleted_because].into_iter().flatten() {
            p class="error" { (fault) }
        }
        dl {
            div { dt { "Database" } dd { (database(&view.database_name)) } }
            div { dt { "Made" } dd { (when(viewer.now, view.created_at)) } }
            div { dt { "Kept until" } dd { @if view.pinned_at.is_some() { "pinned: for good" } @else { (when(viewer.now, view.expires_at)) } } }
            div { dt { "Size" } dd { (bytes(view.size_bytes)) small { (grouped(view.size_bytes)) " bytes" } } }
            @if let Some(rows) = view.row_count { div { dt { "Rows" } dd { (grouped(rows)) } } }
            @if let Some(word) = &view.consistency { div { dt { "Consistency" } dd { (word) } } }
            @if let Some(id) = &view.job_id { div { dt { "Job" } dd { (job(id)) } } }
            div { dt { "Key" } dd class="id" { (view.r2_key) } }
            @if let Some(hash) = &view.sha256 { div { dt { "SHA-256" } dd class="id" { (hash) } } }
        }
        @if is_there { (ways_out(backup, viewer)) (pin(details, viewer)) }
        (drills(backup, is_there, viewer))
        (tables(backup, is_there, viewer))
    };
    let is_live = backup
        .drills
        .iter()
        .any(|drill| matches!(drill.status.as_str(), "queued" | "running"));
    Page {
        title: format!("{} of {}", view.database_name, view.backup_date),
        tone,
        place: Place::Elsewhere,
        // Who has just asked for a drill waits for the janitor to begin it.
        is_live: is_live || viewer.notice == Some(super::notice::Notice::DrillRequested),
        body,
    }
}

fn state(details: &BackupDetails) -> (Tone, &'static str) {
    if details.deleted_at.is_some() {
        (Tone::Busy, "deleted")
    } else if details.deleted_because.is_some() {
        (Tone::Busy, "being deleted")
    } else if details.lost_at.is_some() {
        (Tone::Bad, "gone from the bucket")
    } else if details.drill_failed_at.is_some() {
        (Tone::Bad, "does not restore")
    } else if details.damage.is_some() {
        (Tone::Bad, "changed since it was stored")
    } else if details.backup.verified_at.is_some() {
        (Tone::Good, "stored and verified")
    } else {
        (Tone::Busy, "stored, not verified yet")
    }
}

/// Where its dump is.
fn download(backup: &Backup) -> String {
    let view = &backup.details.backup;
    let job = view.job_id.as_deref().map(segment);
    let job = job.map_or_else(String::new, |job| format!("?job={job}"));
    format!(
        "/download/{}/{}{job}",
        segment(&view.backup_date),
        segment(&view.database_name)
    )
}

fn ways_out(backup: &Backup, viewer: &Viewer) -> Markup {
    let address = download(backup);
    let joiner = if address.contains('?') { '&' } else { '?' };
    html! {
        p class="links" {
            @if viewer.may_change() {
                a href=(address) download { "Download" }
                a href={ (address) (joiner) "envelope=transaction" } download { "Download in a transaction, for the sqlite3 shell" }
            } @else { span class="quiet" { "Downloads need the API_TOKEN. " } }
            a href={ "/dashboard/restore/" (segment(&backup.details.backup.database_name)) } { "How to restore it" }
        }
    }
}

fn pin(details: &BackupDetails, viewer: &Viewer) -> Markup {
    let id = details.backup.id;
    html! {
        section class="card" aria-labelledby="pin" {
            h2 id="pin" { "Pin" }
            @match details.backup.pinned_at {
                Some(at) => {
                    p { "Pinned " (when_inline(viewer.now, at)) @if let Some(note) = &details.pin_note { ": " q { (note) } } }
                    @if viewer.may_change() {
                        form method="post" action={ "/dashboard/backups/" (id) "/unpin" } { button type="submit" { "Unpin" } }
                    }
                }
                None => {
                    p { "It is not pinned, and goes when it expires." }
                    @if viewer.may_change() {
                        form method="post" action={ "/dashboard/backups/" (id) "/pin" } {
                            label for="note" { "Why it is to stay (may be left empty)" }
                            input id="note" name="note" type="text" maxlength="500" autocomplete="off";
                            button type="submit" { "Pin" }
                        }
                    }
                }
            }
        }
    }
}

fn drills(backup: &Backup, is_there: bool, viewer: &Viewer) -> Markup {
    html! {
        section aria-labelledby="drills" {
            @if backup.drills.is_empty() {
                h2 id="drills" { "Restore drills" }
                p class="quiet" { "It has not been restored for a test." }
            } @else {
                table {
                    caption { h2 id="drills" { "Restore drills" } }
                    thead { tr {
                        th scope="col" { "Asked for" } th scope="col" { "Result" } th scope="col" { "Restored" }
                        th scope="col" class="number" { "Took" }
                    } }
                    tbody {
                        @for drill in &backup.drills {
                            tr {
                                th scope="row" { (when(viewer.now, drill.requested_at)) }
                                td data-label="Result" {
                                    (badge(&drill.status))
                                    @if let Some(error) = &drill.error_message { small class="error" { (error) } }
                                }
                                td data-label="Restored" {
                                    (progress(drill.done_bytes, drill.total_bytes, "Bytes restored"))
                                    small { (bytes(drill.done_bytes)) " of " (bytes(drill.total_bytes)) }
                                }
                                td data-label="Took" class="number" { (drill.duration_ms.map_or_else(|| "–".to_owned(), duration)) }
                            }
                        }
                    }
                }
            }
            @if is_there && viewer.may_change() {
                form class="actions" method="post" action={ "/dashboard/backups/" (backup.details.backup.id) "/drill" } {
                    button type="submit" { "Restore it for a test now" }
                }
            }
        }
    }
}

fn tables(backup: &Backup, is_there: bool, viewer: &Viewer) -> Markup {
    let manifest = match &backup.manifest {
        Ok(manifest) => manifest,
        Err(reason) => {
            return html! { section aria-labelledby="tables" { h2 id="tables" { "Tables" } p class="quiet" { (prose(reason)) } } };
        }
    };
    let address = download(backup);
    let joiner = if address.contains('?') { '&' } else { '?' };
    html! {
        section aria-labelledby="tables" {
            @for warning in &manifest.warnings { p { strong { "Mind: " } (prose(warning)) } }
            @for (what, names) in [("Left out", &manifest.left_out), ("Without rows", &manifest.without_rows), ("Deferred", &manifest.deferred)] {
                @if !names.is_empty() { p { (what) ": " (names.join(", ")) } }
            }
            table {
                caption { h2 id="tables" { "Tables" } }
                thead { tr {
                    th scope="col" { "Table" } th scope="col" class="number" { "Rows" } th scope="col" class="number" { "Size" }
                    th scope="col" { "SHA-256 of its rows" }
                } }
                tbody {
                    @for table in &manifest.tables {
                        tr {
                            th scope="row" {
                                @if is_there && viewer.may_change() {
                                    a href={ (address) (joiner) "table=" (segment(&table.name)) } download { (table.name) }
                                } @else { (table.name) }
                            }
                            td data-label="Rows" class="number" { (grouped(table.rows)) }
                            td data-label="Size" class="number" { (bytes(table.bytes)) }
                            td data-label="SHA-256" { span class="id" { (table.sha256) } }
                        }
                    }
                }
            }
        }
    }
}
