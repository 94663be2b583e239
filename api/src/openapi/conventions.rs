//! What the names of members promise everywhere, so that no endpoint has to say it: `…At` is a moment, `date` a date, and so on. An
//! answer has no member that its schema does not have.

use schemars::Schema;
use schemars::transform::{Transform, transform_subschemas};
use serde_json::{Map, Value, json};

/// Makes the schemas of answers as strict as they can be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Conventions;

impl Transform for Conventions {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let Some(object) = schema.as_object_mut() else {
            return;
        };
        let Some(Value::Object(properties)) = object.get_mut("properties") else {
            return;
        };
        for (name, property) in properties.iter_mut() {
            if let Value::Object(property) = property
                && is_text(property)
            {
                property.extend(promised(name));
            }
        }
        object
            .entry("additionalProperties")
            .or_insert(Value::Bool(false));
    }
}

/// Whether the member is a text, or `null`.
fn is_text(property: &Map<String, Value>) -> bool {
    match property.get("type") {
        Some(Value::String(kind)) => kind == "string",
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "string"),
        _ => false,
    }
}

fn promised(name: &str) -> Map<String, Value> {
    let promise = match name {
        "at" | "nextRun" | "nextScheduled" => json!({ "format": "date-time" }),
        _ if name.ends_with("At") => json!({ "format": "date-time" }),
        "date" | "daysFrom" | "oldestBackup" | "newestBackup" => json!({ "format": "date" }),
        "sha256" | "schemaSha256" => json!({ "pattern": "^[0-9a-f]{64}$" }),
        "size" | "totalSize" => json!({ "pattern": "^[0-9]+([.][0-9])? (B|KB|MB|GB|TB)$" }),
        "r2Key" => json!({ "pattern": "\\.sql(\\.gz)?$" }),
        _ => json!({}),
    };
    match promise {
        Value::Object(promise) => promise,
        _ => Map::new(),
    }
}
