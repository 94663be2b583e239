//! A section of the file, read field by field: what is missing, of the wrong type or unknown is reported.

use std::ops::RangeInclusive;

use toml::Spanned;

use super::{DeTable, DeValue, Fault};

/// A text and where it is.
#[derive(Debug)]
pub(super) struct Located {
    pub(super) value: String,
    pub(super) line: usize,
}

/// What is wrong so far.
#[derive(Debug)]
pub(super) struct Report<'t> {
    text: &'t str,
    faults: Vec<Fault>,
}

impl<'t> Report<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            faults: Vec::new(),
        }
    }

    pub(super) fn fault(&mut self, line: usize, message: String) {
        self.faults.push(Fault { line, message });
    }

    /// What `rule` makes of the text; its refusal is a fault.
    pub(super) fn check<T>(
        &mut self,
        found: Located,
        rule: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        rule(&found.value)
            .map_err(|message| self.fault(found.line, message))
            .ok()
    }

    /// The line of a byte, from 1.
    pub(super) fn line(&self, offset: usize) -> usize {
        self.text
            .bytes()
            .take(offset)
            .filter(|byte| *byte == b'\n')
            .count()
            + 1
    }

    /// All faults, by line.
    pub(super) fn into_faults(mut self) -> Vec<Fault> {
        self.faults.sort();
        self.faults
    }
}

/// A table and the fields asked for so far.
#[derive(Debug)]
pub(super) struct Section<'d> {
    /// As the file writes it: `[backup]`.
    title: String,
    line: usize,
    table: &'d DeTable<'d>,
    known: Vec<&'static str>,
}

impl<'d> Section<'d> {
    pub(super) fn new(title: impl Into<String>, line: usize, table: &'d DeTable<'d>) -> Self {
        Self {
            title: title.into(),
            line,
            table,
            known: Vec::new(),
        }
    }

    /// Where it begins, from 1.
    pub(super) const fn line(&self) -> usize {
        self.line
    }

    /// A field that must be a text.
    pub(super) fn text(&mut self, field: &'static str, report: &mut Report<'_>) -> Option<Located> {
        let found = self.get(field, report)?;
        let line = report.line(found.span().start);
        let Some(value) = found.get_ref().as_str() else {
            report.fault(line, format!("`{field}` must be a text in quotes"));
            return None;
        };
        Some(Located {
            value: value.to_owned(),
            line,
        })
    }

    /// A field that must be a whole number in `range`.
    pub(super) fn number(
        &mut self,
        field: &'static str,
        range: RangeInclusive<u32>,
        report: &mut Report<'_>,
    ) -> Option<u32> {
        let found = self.get(field, report)?;
        whole_number(field, found, range, report)
    }

    /// A field that may be missing, and else is a whole number in `range`.
    pub(super) fn optional_number(
        &mut self,
        field: &'static str,
        range: RangeInclusive<u32>,
        report: &mut Report<'_>,
    ) -> Option<u32> {
        let found = self.optional(field)?;
        whole_number(field, found, range, report)
    }

    /// A field that may be missing, and else is `true` or `false`.
    pub(super) fn flag(&mut self, field: &'static str, report: &mut Report<'_>) -> bool {
        let Some(found) = self.optional(field) else {
            return false;
        };
        found.get_ref().as_bool().unwrap_or_else(|| {
            let line = report.line(found.span().start);
            report.fault(
                line,
                format!("`{field}` must be true or false, without quotes"),
            );
            false
        })
    }

    /// A field that may be missing, and else is a list of texts.
    pub(super) fn texts(&mut self, field: &'static str, report: &mut Report<'_>) -> Vec<Located> {
        let Some(found) = self.optional(field) else {
            return Vec::new();
        };
        let Some(items) = found.get_ref().as_array() else {
            let line = report.line(found.span().start);
            report.fault(
                line,
                format!("`{field}` must be a list, such as `{field} = [\"one\", \"two\"]`"),
            );
            return Vec::new();
        };
        let mut texts = Vec::with_capacity(items.len());
        for item in items {
            let line = report.line(item.span().start);
            match item.get_ref().as_str() {
                Some(value) => texts.push(Located {
                    value: value.to_owned(),
                    line,
                }),
                None => report.fault(line, format!("`{field}` must be a list of texts in quotes")),
            }
        }
        texts
    }

    /// The section `[field]`.
    pub(super) fn table(
        &mut self,
        field: &'static str,
        report: &mut Report<'_>,
    ) -> Option<Section<'d>> {
        let Some(found) = self.optional(field) else {
            report.fault(1, format!("there is no section [{field}]; add it"));
            return None;
        };
        section(format!("[{field}]"), found, report)
    }

    /// The sections `[[field]]`, of which there must be one at least.
    pub(super) fn tables(
        &mut self,
        field: &'static str,
        report: &mut Report<'_>,
    ) -> Vec<Section<'d>> {
        let found = self.optional(field);
        let sections = match found.map(|found| (found, found.get_ref())) {
            Some((_, DeValue::Array(sections))) if !sections.is_empty() => sections,
            None | Some((_, DeValue::Array(_))) => {
                let line = found.map_or(1, |found| report.line(found.span().start));
                report.fault(
                    line,
                    format!("there is nothing to back up; add a section [[{field}]]"),
                );
                return Vec::new();
            }
            Some((found, _)) => {
                report.fault(
                    report.line(found.span().start),
                    format!("write [[{field}]], with two brackets, above each of them"),
                );
                return Vec::new();
            }
        };
        sections
            .iter()
            .filter_map(|found| section(format!("[[{field}]]"), found, report))
            .collect()
    }

    /// Reports the fields that nothing asked for.
    pub(super) fn finish(self, report: &mut Report<'_>) {
        for field in self.table.keys() {
            if !self.known.contains(&field.get_ref().as_ref()) {
                report.fault(
                    report.line(field.span().start),
                    format!(
                        "{} has no `{}`; it has {}",
                        self.title,
                        field.get_ref(),
                        self.known.join(", ")
                    ),
                );
            }
        }
    }

    /// A field, if it is there; asked for, it is none that nothing knows.
    fn optional(&mut self, field: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.known.push(field);
        self.table.get(field)
    }

    fn get(
        &mut self,
        field: &'static str,
        report: &mut Report<'_>,
    ) -> Option<&'d Spanned<DeValue<'d>>> {
        let found = self.optional(field);
        if found.is_none() {
            report.fault(
                self.line,
                format!("`{field}` is missing from {}; add it", self.title),
            );
        }
        found
    }
}

fn whole_number(
    field: &'static str,
    found: &Spanned<DeValue<'_>>,
    range: RangeInclusive<u32>,
    report: &mut Report<'_>,
) -> Option<u32> {
    let number = found
        .get_ref()
        .as_integer()
        .and_then(|integer| u32::from_str_radix(integer.as_str(), integer.radix()).ok())
        .filter(|number| range.contains(number));
    if number.is_none() {
        let (least, most) = (range.start(), range.end());
        report.fault(
            report.line(found.span().start),
            format!("`{field}` must be a whole number from {least} to {most}, without quotes"),
        );
    }
    number
}

fn section<'d>(
    title: String,
    found: &'d Spanned<DeValue<'d>>,
    report: &mut Report<'_>,
) -> Option<Section<'d>> {
    let line = report.line(found.span().start);
    let Some(table) = found.get_ref().as_table() else {
        report.fault(line, format!("{title} must be a section with fields"));
        return None;
    };
    Some(Section::new(title, line, table))
}
