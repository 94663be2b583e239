//! What a manifest says of where single tables are.

use serde::{Deserialize, Serialize};

use super::full_text::Content;
use super::plan::Plan;
use super::schema::{Table, Virtual, VirtualKind};
use super::sql::same_name;
use crate::manifest::{Places, Reference, Span, StandIn, TablePlaces};

/// What a run of statements is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Part {
    StandIn,
    Unlink,
    Make,
    Rest,
}

/// Statements of one table, as they were written.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Place {
    table: String,
    part: Part,
    span: Span,
}

/// One more run of statements, from `start` to `end`.
pub(super) fn record(places: &mut Vec<Place>, table: &str, part: Part, start: u64, end: u64) {
    let bytes = end.saturating_sub(start);
    match places.last_mut() {
        // Of what is made, each statement counts by itself.
        Some(last)
            if part != Part::Make
                && last.part == part
                && last.table == table
                && last.span.0 + last.span.1 == start =>
        {
            last.span.1 += bytes;
        }
        _ => places.push(Place {
            table: table.to_owned(),
            part,
            span: Span(start, bytes),
        }),
    }
}

/// What is known of the tables of a plan, with the places of what was written.
pub(super) fn of(plan: &Plan, found: &[Place]) -> Places {
    let spans = |name: &str, part| {
        let found = found
            .iter()
            .filter(|place| place.part == part && same_name(&place.table, name));
        found.map(|place| place.span).collect::<Vec<Span>>()
    };
    let common = |name: &str| TablePlaces {
        name: name.to_owned(),
        make: spans(name, Part::Make),
        unlink: spans(name, Part::Unlink),
        rest: spans(name, Part::Rest),
        key: Vec::new(),
        references: Vec::new(),
        triggers: Vec::new(),
        text_from: None,
    };
    let tables = plan.tables.iter().map(|planned| {
        let table = plan.schema.table(&planned.name);
        let triggers = plan.schema.of_kind("trigger");
        TablePlaces {
            key: table.map(key).unwrap_or_default(),
            references: table.map(references).unwrap_or_default(),
            triggers: triggers
                .filter(|trigger| same_name(&trigger.tbl_name, &planned.name))
                .map(|trigger| trigger.name.clone())
                .collect(),
            ..common(&planned.name)
        }
    });
    let virtuals = plan.virtuals.iter().map(|planned| {
        let mut virtuals = plan.schema.virtuals.iter();
        let found = virtuals.find(|found| found.name == planned.name);
        TablePlaces {
            text_from: found.filter(|_| planned.is_rebuilt).and_then(text_from),
            ..common(&planned.name)
        }
    });
    let stand_ins = found.iter().filter(|place| place.part == Part::StandIn);
    Places {
        scratch: plan.uses_scratch().then(|| plan.scratch.clone()),
        stand_ins: stand_ins
            .map(|place| StandIn {
                name: place.table.clone(),
                place: place.span,
            })
            .collect(),
        tables: tables.chain(virtuals).collect(),
    }
}

fn key(table: &Table) -> Vec<String> {
    let key = table.primary_key().into_iter();
    key.map(|column| column.name.clone()).collect()
}

fn references(table: &Table) -> Vec<Reference> {
    let keys = table.foreign_keys.iter().map(|key| Reference {
        table: key.parent.clone(),
        columns: key.parent_columns.clone(),
        follows_deletion: key.follows_deletion,
        follows_changes: key.follows_changes,
    });
    keys.collect()
}

fn text_from(found: &Virtual) -> Option<String> {
    match &found.kind {
        VirtualKind::FullText(Content::External { table, .. }) => Some(table.clone()),
        _ => None,
    }
}
