//! `/dashboard/alarms`: what is the matter, what was, and who was told.

use maud::{Markup, html};
use shared::alarms::Cause;
use shared::catalogue::alarms::AlarmRow;
use shared::catalogue::outbox::DeliveryView;
use shared::time::Timestamp;

use super::parts::{badge, database, moment, prose, relative, segment, when, when_inline};
use super::state::Tone;
use super::{Page, Place, Viewer};
use crate::text::counted;

/// The page.
pub(crate) fn page(
    open: &[AlarmRow],
    recent: &[AlarmRow],
    deliveries: &[DeliveryView],
    viewer: &Viewer,
) -> Page {
    let (tone, title) = match open.len() {
        0 => (Tone::Good, "No alarm is open".to_owned()),
        1 => (Tone::Bad, "An alarm is open".to_owned()),
        number => (Tone::Bad, format!("{number} alarms are open")),
    };
    let waits = deliveries
        .iter()
        .any(|delivery| status(delivery) == "waiting");
    let body = html! {
        h1 class={ "state " (tone.class()) } { (super::mark(tone)) " " (title) }
        @if !open.is_empty() {
            section aria-label="Open alarms" { (open_list(open, viewer)) }
        }
        (past(recent, viewer.now))
        (told(deliveries, viewer))
    };
    Page {
        title,
        tone,
        place: Place::Alarms,
        is_live: waits,
        body,
    }
}

/// The open alarms, each with where to go from it.
pub(super) fn open_list(open: &[AlarmRow], viewer: &Viewer) -> Markup {
    html! {
        ul class="alarms" {
            @for alarm in open {
                li {
                    p {
                        span class="badge bad" { (super::mark(Tone::Bad)) " " (title(&alarm.cause)) }
                        " "
                        @if !alarm.database_name.is_empty() { (database(&alarm.database_name)) " " }
                        span class="quiet" { "since " (when_inline(viewer.now, alarm.opened_at)) }
                    }
                    p { (prose(&alarm.summary)) }
                    p class="links" {
                        @for (name, address) in ways_on(alarm, viewer) { a href=(address) { (name) } " " }
                    }
                }
            }
        }
    }
}

/// A cause as a heading.
fn title(cause: &str) -> String {
    let mut text = cause.replace('_', " ");
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

/// Where somebody goes who wants to do something about an alarm.
fn ways_on(alarm: &AlarmRow, viewer: &Viewer) -> Vec<(&'static str, String)> {
    let name = segment(&alarm.database_name);
    let mut ways = Vec::new();
    if !name.is_empty() {
        ways.push(("Its backups", format!("/dashboard/databases/{name}")));
    }
    let back_up = match name.as_str() {
        "" => "/dashboard/trigger".to_owned(),
        name => format!("/dashboard/trigger?database={name}"),
    };
    match Cause::from_word(&alarm.cause) {
        Some(Cause::JobFailed | Cause::JobStuck) => {
            ways.push(("The jobs", "/dashboard/jobs".to_owned()));
        }
        Some(Cause::DeadLetter) => {
            ways.push(("The dead letters", "/dashboard/dead-letters".to_owned()));
        }
        Some(Cause::Shrunk | Cause::ObjectLost) if !name.is_empty() => {
            ways.push((
                "Restore from an older one",
                format!("/dashboard/restore/{name}"),
            ));
        }
        _ => {}
    }
    if viewer.may_change() && Cause::from_word(&alarm.cause) != Some(Cause::DeadLetter) {
        ways.push(("Back up now", back_up));
    }
    ways
}

fn past(recent: &[AlarmRow], now: Timestamp) -> Markup {
    html! {
        section aria-labelledby="past" {
            @if recent.is_empty() {
                h2 id="past" { "Alarms that are over" }
                p class="quiet" { "There has been none." }
            } @else {
                table {
                    caption { h2 id="past" { "Alarms that are over" } }
                    thead {
                        tr {
                            th scope="col" { "Alarm" }
                            th scope="col" { "Database" }
                            th scope="col" { "Opened" }
                            th scope="col" { "Over" }
                            th scope="col" { "What it said" }
                        }
                    }
                    tbody {
                        @for alarm in recent {
                            tr {
                                th scope="row" { (title(&alarm.cause)) }
                                td data-label="Database" {
                                    @if alarm.database_name.is_empty() { "–" } @else { (database(&alarm.database_name)) }
                                }
                                td data-label="Opened" { (when(now, alarm.opened_at)) }
                                td data-label="Over" { @if let Some(at) = alarm.resolved_at { (when(now, at)) } }
                                td data-label="It said" { span { (prose(&alarm.summary)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// How a delivery stands.
fn status(delivery: &DeliveryView) -> &'static str {
    match (delivery.delivered_at, delivery.next_attempt_at) {
        (Some(_), _) => "delivered",
        (None, Some(_)) => "waiting",
        (None, None) => "given_up",
    }
}

fn told(deliveries: &[DeliveryView], viewer: &Viewer) -> Markup {
    html! {
        section aria-labelledby="deliveries" {
            @if deliveries.is_empty() {
                h2 id="deliveries" { "Deliveries" }
                p class="quiet" { "Nothing has been told to any channel. The README says how to set one." }
            } @else {
                table {
                    caption { h2 id="deliveries" { "Deliveries" } }
                    thead {
                        tr {
                            th scope="col" { "Written" }
                            th scope="col" { "Channel" }
                            th scope="col" { "What" }
                            th scope="col" { "Status" }
                            th scope="col" class="number" { "Attempts" }
                        }
                    }
                    tbody { @for delivery in deliveries { (delivery_row(delivery, viewer.now)) } }
                }
            }
            @if viewer.may_change() {
                form method="post" action="/dashboard/alarms/test" {
                    button type="submit" { "Send a test to every channel" }
                }
            }
        }
    }
}

fn delivery_row(delivery: &DeliveryView, now: Timestamp) -> Markup {
    let at = Timestamp::from_seconds;
    html! {
        tr {
            th scope="row" { (when(now, delivery.created_at)) }
            td data-label="Channel" { (delivery.channel) }
            td data-label="What" {
                (delivery.notice_type.as_deref().unwrap_or("–").replace('_', " "))
                small class="id" { (delivery.notice_id) }
            }
            td data-label="Status" {
                (badge(status(delivery)))
                @if let Some(delivered) = delivery.delivered_at { small { (relative(now, at(delivered))) } }
                @if let Some(next) = delivery.next_attempt_at.filter(|_| delivery.delivered_at.is_none()) {
                    small { "next attempt " (moment(at(next))) ", " (relative(now, at(next))) }
                }
                @if let Some(status) = delivery.last_status { small { "answered " (status) } }
                @if let Some(error) = &delivery.last_error { small class="error" { (error) } }
            }
            td data-label="Attempts" class="number" { (counted(delivery.attempts, "attempt")) }
        }
    }
}
