//! The query of an address, read strictly: a misspelt filter must not silently list everything.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use axum::extract::Query;
use axum::http::Uri;
use shared::time::is_date;

use crate::problem::Problem;

/// The parameters of a query.
#[derive(Debug)]
pub(crate) struct Parameters(BTreeMap<String, Vec<String>>);

impl Parameters {
    /// Reads the query of `uri`, which may have these parameters only, each at most once.
    pub(crate) fn read(uri: &Uri, allowed: &[&str]) -> Result<Self, Problem> {
        Self::read_with(uri, allowed, &[])
    }

    /// The same, where some of them may come more often.
    pub(crate) fn read_with(
        uri: &Uri,
        allowed: &[&str],
        repeatable: &[&str],
    ) -> Result<Self, Problem> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri).map_err(|_| {
            Problem::parameter(
                "query",
                "The query cannot be read: write it as `name=value&name=value`.",
            )
        })?;
        let mut parameters: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in pairs {
            if !allowed.contains(&name.as_str()) {
                let detail = format!(
                    "There is no parameter `{name}` here; there are: {}.",
                    allowed.join(", ")
                );
                return Err(Problem::parameter(&name, detail));
            }
            if parameters.contains_key(&name) && !repeatable.contains(&name.as_str()) {
                let detail = format!("Give `{name}` once only.");
                return Err(Problem::parameter(&name, detail));
            }
            parameters.entry(name).or_default().push(value);
        }
        Ok(Self(parameters))
    }

    /// The parameter's text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.all(name).first().map(String::as_str)
    }

    /// The texts of a parameter that may come more than once.
    pub(crate) fn all(&self, name: &str) -> &[String] {
        self.0.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// The parameter as one of these words.
    pub(crate) fn word(&self, name: &str, words: &[&str]) -> Result<Option<&str>, Problem> {
        match self.text(name) {
            Some(text) if !words.contains(&text) => {
                let words = words.join("` or `");
                Err(Problem::parameter(
                    name,
                    format!("`{name}` can be `{words}`, or left out."),
                ))
            }
            found => Ok(found),
        }
    }

    /// The parameter as a calendar date.
    pub(crate) fn date(&self, name: &str) -> Result<Option<&str>, Problem> {
        self.text(name).map(|text| date(name, text)).transpose()
    }

    /// The parameter as a whole number in a range.
    pub(crate) fn number(
        &self,
        name: &str,
        range: RangeInclusive<u32>,
    ) -> Result<Option<u32>, Problem> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        match text.parse() {
            Ok(number) if range.contains(&number) => Ok(Some(number)),
            _ => Err(Problem::parameter(
                name,
                format!(
                    "`{name}` must be a whole number from {} to {}, not `{text}`.",
                    range.start(),
                    range.end()
                ),
            )),
        }
    }
}

/// `text` when it is a calendar date.
pub(crate) fn date<'text>(field: &str, text: &'text str) -> Result<&'text str, Problem> {
    if is_date(text) {
        return Ok(text);
    }
    Err(Problem::parameter(
        field,
        format!("`{text}` is no date: write it as YYYY-MM-DD, such as 2024-12-08."),
    ))
}
