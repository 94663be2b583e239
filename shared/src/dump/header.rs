//! What a dump says of itself in its first lines.

use super::TOOL;
use super::plan::Plan;
use crate::manifest::Manifest;

/// The lines of the header. `rows` are those of the whole dump, where they are known.
pub(super) fn lines(plan: &Plan, manifest: &Manifest, rows: Option<u64>) -> Vec<String> {
    let virtuals = plan.virtuals.iter().filter(|found| found.rows.is_some());
    let tables = plan.filled().count() + virtuals.count();
    let mut lines = vec![
        format!("Grove Backup: {}", manifest.database),
        format!("Generated: {}", manifest.generated),
        format!("Job ID: {}", manifest.job_id),
        format!("Tables: {tables}"),
        match rows {
            Some(rows) => format!("Total Rows: {}", grouped(rows)),
            None => "Total Rows: at the end".to_owned(),
        },
        format!("Format: {}", manifest.format),
        format!("Consistency: {}", manifest.consistency.as_str()),
        format!("Written by: {TOOL}"),
    ];
    for (what, tables) in [
        ("Left out", &manifest.left_out),
        ("Without rows", &manifest.without_rows),
    ] {
        if !tables.is_empty() {
            lines.push(format!("{what}: {}", tables.join(", ")));
        }
    }
    let deferred = manifest.deferred.iter();
    lines.extend(deferred.map(|key| format!("Deferred foreign key: {key}")));
    let warnings = manifest.warnings.iter();
    lines.extend(warnings.map(|warning| format!("Warning: {warning}")));
    lines
}

/// A number with a comma between thousands.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
