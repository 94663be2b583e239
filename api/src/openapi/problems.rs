//! The failures in the document: one schema for each kind, so that a client can rely on type, title, status and members.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Schemas;
use crate::problem::Kind;

const MEDIA_TYPE: &str = "application/problem+json";

/// What many endpoints answer alike: the name of the response, and its kinds.
const COMMON: &[(&str, &[Kind])] = &[
    ("Unauthorized", &[Kind::Unauthorized]),
    ("Forbidden", &[Kind::Forbidden, Kind::CrossSite]),
    ("TooManyRequests", &[Kind::TooManyRequests]),
    ("Internal", &[Kind::Internal]),
    ("Unavailable", &[Kind::Unavailable, Kind::NotConfigured]),
];

/// The members that a kind may have beside those of RFC 9457.
fn members(kind: Kind) -> Vec<(&'static str, Value)> {
    let names = || json!({ "type": "array", "items": { "type": "string" } });
    let text = || json!({ "type": "string" });
    let mut members = match kind {
        Kind::NoSuchDatabase => vec![("databases", names())],
        Kind::UnknownDatabase => vec![("databases", names()), ("unknown", names())],
        Kind::NoSuchTable => vec![("tables", names())],
        Kind::NoSuchBackup => vec![("dates", names()), ("jobs", names())],
        Kind::KeyReused | Kind::Unavailable | Kind::Internal => vec![("jobId", text())],
        Kind::AlreadyRunning => vec![
            ("jobId", text()),
            (
                "underWay",
                json!({ "type": "array", "items": {
                    "type": "object", "required": ["database", "jobId"], "additionalProperties": false,
                    "properties": { "database": text(), "jobId": text() }
                } }),
            ),
        ],
        _ => Vec::new(),
    };
    members.push(("field", text()));
    members
}

/// The headers that a kind always has.
fn headers(kinds: &[Kind]) -> Map<String, Value> {
    let whole = |description: &str| json!({ "required": true, "description": description, "schema": { "type": "integer", "minimum": 1 } });
    let mut headers = Map::new();
    match kinds {
        [Kind::Unauthorized] => {
            let schema = json!({ "type": "string", "pattern": "^Bearer " });
            let header = json!({ "required": true, "description": "How to say who one is.", "schema": schema });
            headers.insert("WWW-Authenticate".to_owned(), header);
        }
        [Kind::TooManyRequests] => {
            headers.insert("Retry-After".to_owned(), whole("Seconds to wait."));
        }
        _ => {}
    }
    headers
}

/// The schema of a kind, by reference.
fn schema(kind: Kind, schemas: &mut Schemas) -> Value {
    let text = json!({ "type": "string" });
    let mut properties = Map::from_iter([
        (
            "type".to_owned(),
            json!({ "const": format!("urn:cache:problem:{}", kind.slug()) }),
        ),
        ("title".to_owned(), json!({ "const": kind.title() })),
        (
            "status".to_owned(),
            json!({ "const": kind.status().as_u16() }),
        ),
        ("detail".to_owned(), text),
    ]);
    let members = members(kind);
    properties.extend(
        members
            .into_iter()
            .map(|(name, schema)| (name.to_owned(), schema)),
    );
    let document = json!({
        "type": "object", "required": ["type", "title", "status", "detail"],
        "properties": properties, "additionalProperties": false
    });
    schemas.named(&format!("problem.{}", kind.slug()), document)
}

fn response(kinds: &[Kind], schemas: &mut Schemas) -> Value {
    let titles: Vec<&str> = kinds.iter().map(|kind| kind.title()).collect();
    let mut alternatives: Vec<Value> = kinds.iter().map(|kind| schema(*kind, schemas)).collect();
    let schema = match alternatives.len() {
        1 => alternatives.remove(0),
        _ => json!({ "oneOf": alternatives }),
    };
    let mut response = json!({
        "description": format!("{}.", titles.join(", or: ")),
        "content": { MEDIA_TYPE: { "schema": schema } }
    });
    let headers = headers(kinds);
    if let Value::Object(response) = &mut response
        && !headers.is_empty()
    {
        response.insert("headers".to_owned(), Value::Object(headers));
    }
    response
}

/// The responses that operations refer to.
pub(super) fn common(schemas: &mut Schemas) -> Map<String, Value> {
    COMMON
        .iter()
        .map(|(name, kinds)| ((*name).to_owned(), response(kinds, schemas)))
        .collect()
}

/// The responses of these kinds, by status.
pub(super) fn responses(kinds: &[Kind], schemas: &mut Schemas) -> BTreeMap<String, Value> {
    let mut by_status: BTreeMap<String, Vec<Kind>> = BTreeMap::new();
    for kind in kinds {
        let of_status = by_status
            .entry(kind.status().as_str().to_owned())
            .or_default();
        if !of_status.contains(kind) {
            of_status.push(*kind);
        }
    }
    let document = |kinds: Vec<Kind>, schemas: &mut Schemas| {
        let shared = COMMON.iter().find(|(_, common)| **common == kinds);
        match shared {
            Some((name, _)) => json!({ "$ref": format!("#/components/responses/{name}") }),
            None => response(&kinds, schemas),
        }
    };
    by_status
        .into_iter()
        .map(|(status, kinds)| (status, document(kinds, schemas)))
        .collect()
}

/// Adds the contents of a response to an answer of the same status.
pub(super) fn merge(answer: &mut Map<String, Value>, response: &Value) {
    let Some(Value::Object(contents)) = response.get("content") else {
        return;
    };
    let own = answer
        .entry("content")
        .or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(own) = own {
        own.extend(contents.clone());
    }
}
