//! What `POST /trigger` is asked for: its body, checked.

use std::fmt::Display;

use serde_json::Value;
use shared::registry::{DatabaseConfig, Registry};

use crate::problem::{Kind, Problem};

/// The longest reason, in characters.
const REASON: usize = 500;

/// What the body may say.
#[cfg(native)]
#[derive(schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TriggerBody")]
#[allow(dead_code)]
pub(crate) struct Body {
    /// Names of the registry; one that comes twice counts once. Left out, every database is backed up.
    #[schemars(length(min = 1))]
    databases: Option<Vec<String>>,
    /// For people.
    #[schemars(length(max = 500))]
    reason: Option<String>,
}

/// Which databases to back up, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order<'registry> {
    /// Each once, in the order of the request, or of priority when it names none.
    pub(crate) databases: Vec<&'registry DatabaseConfig>,
    /// A note for people.
    pub(crate) reason: Option<String>,
}

impl<'registry> Order<'registry> {
    /// Reads a body. An empty one asks for every database.
    pub(crate) fn read(body: &[u8], registry: &'registry Registry) -> Result<Self, Problem> {
        let everything = Self {
            databases: registry.by_priority(),
            reason: None,
        };
        if body.trim_ascii().is_empty() {
            return Ok(everything);
        }
        let body: Value = serde_json::from_slice(body).map_err(not_json)?;
        let Value::Object(fields) = body else {
            return Err(invalid(
                "body",
                "The body must be a JSON object, such as {\"databases\": [\"NAME\"], \"reason\": \"TEXT\"}, or empty.",
            ));
        };
        let mut order = everything;
        for (field, value) in fields {
            match (field.as_str(), value) {
                ("databases" | "reason", Value::Null) => {}
                ("databases", value) => order.databases = databases(value, registry)?,
                ("reason", value) => order.reason = reason(value)?,
                (unknown, _) => {
                    let detail = format!(
                        "There is no field `{unknown}`; there are `databases` (a list of names) and `reason` (a text)."
                    );
                    return Err(invalid(unknown, detail));
                }
            }
        }
        Ok(order)
    }
}

fn databases(value: Value, registry: &Registry) -> Result<Vec<&DatabaseConfig>, Problem> {
    let shape = || {
        invalid(
            "databases",
            "`databases` must be a list of names; leave it out to back up every database.",
        )
    };
    let Value::Array(items) = value else {
        return Err(shape());
    };
    if items.is_empty() {
        return Err(invalid(
            "databases",
            "`databases` is empty: name at least one, or leave it out to back up every database.",
        ));
    }
    let mut found: Vec<&DatabaseConfig> = Vec::new();
    let mut unknown: Vec<String> = Vec::new();
    for item in items {
        let Value::String(name) = item else {
            return Err(shape());
        };
        match registry.find(&name) {
            Some(database) if found.contains(&database) => {}
            Some(database) => found.push(database),
            None => unknown.push(name),
        }
    }
    if unknown.is_empty() {
        return Ok(found);
    }
    let known: Vec<&str> = registry
        .databases
        .iter()
        .map(|database| database.name.as_str())
        .collect();
    let detail = format!(
        "The registry has no database `{}`; it has: {}. Nothing was started.",
        unknown.join("`, `"),
        known.join(", ")
    );
    Err(Problem::new(Kind::UnknownDatabase, detail)
        .field("databases")
        .member("unknown", unknown)
        .member("databases", known))
}

fn reason(value: Value) -> Result<Option<String>, Problem> {
    let Value::String(text) = value else {
        return Err(invalid("reason", "`reason` must be a text."));
    };
    if text.chars().count() > REASON {
        let detail = format!("`reason` may have {REASON} characters at most.");
        return Err(invalid("reason", detail));
    }
    let text = text.trim();
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

fn not_json(error: impl Display) -> Problem {
    let detail = format!("The body is no JSON: {error}. Leave it empty to back up every database.");
    Problem::new(Kind::InvalidJson, detail).field("body")
}

fn invalid(field: &str, detail: impl Into<String>) -> Problem {
    Problem::new(Kind::InvalidBody, detail).field(field)
}
