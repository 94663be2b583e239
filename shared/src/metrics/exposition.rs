//! The text format itself: families, samples, what is escaped.

use std::fmt::Display;

/// A text that grows by families.
#[derive(Debug, Default)]
pub(super) struct Exposition(String);

/// The family that the text ends with. It has a head as soon as it has a sample.
#[derive(Debug)]
pub(super) struct Gauge<'a> {
    text: &'a mut String,
    name: &'static str,
    help: &'static str,
    is_begun: bool,
}

impl Exposition {
    /// Begins a family of gauges. All samples of a family stand together, as the format asks.
    pub(super) fn gauge(&mut self, name: &'static str, help: &'static str) -> Gauge<'_> {
        Gauge {
            text: &mut self.0,
            name,
            help,
            is_begun: false,
        }
    }

    pub(super) fn finish(self) -> String {
        self.0
    }
}

impl Gauge<'_> {
    /// Adds the family's only sample, when there is a value.
    pub(super) fn sample(mut self, value: Option<impl Display>) {
        self.labelled(&[], value);
    }

    /// Adds a sample with these labels, when there is a value.
    pub(super) fn labelled(&mut self, labels: &[(&str, &str)], value: Option<impl Display>) {
        let Some(value) = value else { return };
        let name = self.name;
        if !self.is_begun {
            let help = self.help.replace('\\', "\\\\").replace('\n', "\\n");
            *self.text += &format!("# HELP {name} {help}\n# TYPE {name} gauge\n");
            self.is_begun = true;
        }
        let labels: Vec<String> = labels
            .iter()
            .map(|(label, text)| format!("{label}=\"{}\"", escaped(text)))
            .collect();
        let labels = match labels.join(",") {
            none if none.is_empty() => none,
            some => format!("{{{some}}}"),
        };
        *self.text += &format!("{name}{labels} {value}\n");
    }
}

/// A label's value: a backslash, a quote and a line feed are the only three that mean something.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
