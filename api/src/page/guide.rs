//! `/dashboard/restore/:db`: the restore guide for reading.

use maud::{Markup, html};
use serde_json::Value;

use super::parts::{database, prose};
use super::state::Tone;
use super::{Page, Place};

/// The page of a guide as `GET /restore-guide/:db` has it.
pub(crate) fn page(name: &str, guide: &Value) -> Page {
    let methods = guide.get("restoreInstructions").and_then(Value::as_object);
    let body = html! {
        h1 { "Restore " (name) }
        p { "Commands to paste, for the newest backup. All backups: " (database(name)) "." }
        @for method in methods.into_iter().flatten().map(|(_, method)| method) { (one(method)) }
    };
    Page {
        title: format!("Restore {name}"),
        tone: Tone::Good,
        place: Place::Elsewhere,
        is_live: false,
        body,
    }
}

fn one(method: &Value) -> Markup {
    let text = |member: &str| method.get(member).and_then(Value::as_str);
    let steps = method.get("steps").and_then(Value::as_array);
    html! {
        section class="card" {
            h2 { (text("name").unwrap_or("Another way")) }
            @if let Some(warning) = text("warning") { p class="bad" { strong { "Mind: " } (prose(warning)) } }
            @if let Some(note) = text("note") { p { (prose(note)) } }
            ol class="steps" {
                @for step in steps.into_iter().flatten().filter_map(Value::as_str) { li { (written(step)) } }
            }
        }
    }
}

/// `1. What to do: command`, with the command apart.
fn written(step: &str) -> Markup {
    let text = step.split_once(". ").map_or(step, |(_, text)| text);
    match text.split_once(": ") {
        Some((what, command)) => html! { (prose(what)) pre tabindex="0" { code { (command) } } },
        None => prose(text),
    }
}
