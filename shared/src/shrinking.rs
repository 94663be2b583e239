//! Whether a backup has become suspiciously less than the one before it of the same database.

use crate::manifest::Manifest;

/// Dumps of fewer bytes than this may shrink: a few rows are half of them.
pub const LEAST_BYTES: u64 = 64 * 1024;
/// Dumps of fewer rows than this may shrink.
pub const LEAST_ROWS: u64 = 100;
/// Tables that are named.
const NAMED: usize = 5;

/// What is less in `now` than in `before`, as one sentence for people: half of the rows or bytes are gone, or a table is. `None` when nothing is, or when the registry says so: what
/// `now` leaves out or takes without rows is not gone.
pub fn shrunk(before: &Manifest, now: &Manifest) -> Option<String> {
    let is_meant = |name: &String| now.left_out.contains(name) || now.without_rows.contains(name);
    let gone: Vec<&str> = before
        .tables
        .iter()
        .map(|table| &table.name)
        .filter(|name| !is_meant(name) && now.tables.iter().all(|table| table.name != **name))
        .map(String::as_str)
        .collect();
    let rows: u64 = before
        .tables
        .iter()
        .filter(|table| !is_meant(&table.name))
        .map(|table| table.rows)
        .sum();
    let bytes: u64 = before
        .tables
        .iter()
        .filter(|table| is_meant(&table.name))
        .map(|table| table.bytes)
        .sum();
    let bytes = before.size_bytes.saturating_sub(bytes);
    let mut parts = Vec::new();
    if !gone.is_empty() {
        let more = gone.len().saturating_sub(NAMED);
        let mut names: Vec<String> = gone.iter().take(NAMED).map(|n| format!("`{n}`")).collect();
        if more > 0 {
            names.push(format!("{more} more"));
        }
        let (noun, verb) = if gone.len() == 1 {
            ("table", "is")
        } else {
            ("tables", "are")
        };
        parts.push(format!("the {noun} {} {verb} gone", names.join(", ")));
    }
    if rows >= LEAST_ROWS && now.total_rows <= rows / 2 {
        parts.push(format!("the rows fell from {rows} to {}", now.total_rows));
    }
    if bytes >= LEAST_BYTES && now.size_bytes <= bytes / 2 {
        parts.push(format!(
            "the size fell from {bytes} to {} bytes",
            now.size_bytes
        ));
    }
    if parts.is_empty() {
        return None;
    }
    Some(format!("Since the backup before, {}.", parts.join("; ")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A manifest of tables with these rows, a thousand bytes each row.
    fn of(tables: &[(&str, u64)]) -> Manifest {
        let rows: u64 = tables.iter().map(|(_, rows)| rows).sum();
        let tables: Vec<_> = tables
            .iter()
            .map(|(name, rows)| json!({ "name": name, "rows": rows, "offset": 0, "bytes": rows * 1000, "sha256": "" }))
            .collect();
        serde_json::from_value(json!({
            "format": 1, "tool": "", "database": "a", "databaseId": "", "jobId": "", "key": "", "generated": "",
            "consistency": "snapshot", "sizeBytes": rows * 1000, "sha256": "", "schemaSha256": "", "totalRows": rows,
            "tables": tables,
        }))
        .unwrap()
    }

    #[test]
    fn a_database_that_stays_or_grows_has_not_shrunk() {
        assert_eq!(shrunk(&of(&[("t", 200)]), &of(&[("t", 200)])), None);
        assert_eq!(
            shrunk(&of(&[("t", 200)]), &of(&[("t", 101), ("u", 1)])),
            None
        );
        assert_eq!(shrunk(&of(&[]), &of(&[("t", 200)])), None);
    }

    #[test]
    fn half_of_it_is_too_much() {
        assert_eq!(
            shrunk(&of(&[("t", 200)]), &of(&[("t", 100)])).unwrap(),
            "Since the backup before, the rows fell from 200 to 100; the size fell from 200000 to 100000 bytes."
        );
    }

    #[test]
    fn a_tiny_database_may_lose_its_rows_but_no_table() {
        assert_eq!(shrunk(&of(&[("t", 60)]), &of(&[("t", 0)])), None);
        assert_eq!(
            shrunk(&of(&[("t", 1), ("u", 1)]), &of(&[("u", 1)])).unwrap(),
            "Since the backup before, the table `t` is gone."
        );
    }

    #[test]
    fn many_tables_are_counted() {
        let names = ["a", "b", "c", "d", "e", "f", "g"].map(|name| (name, 1));
        assert_eq!(
            shrunk(&of(&names), &of(&[])).unwrap(),
            "Since the backup before, the tables `a`, `b`, `c`, `d`, `e`, 2 more are gone."
        );
    }

    #[test]
    fn what_the_registry_leaves_out_is_not_gone() {
        let before = of(&[("log", 900), ("t", 100)]);
        let mut now = of(&[("t", 100)]);
        now.left_out = vec!["log".to_owned()];
        assert_eq!(shrunk(&before, &now), None);
        now.left_out = Vec::new();
        now.without_rows = vec!["log".to_owned()];
        assert_eq!(shrunk(&before, &now), None);
    }
}
