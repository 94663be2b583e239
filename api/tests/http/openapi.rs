//! The OpenAPI document is that of these handlers, and what they answer is what it says.
//!
//! Every answer of every test here is judged by it: see [`judge`]. `UPDATE_DOCS=1 cargo test -p api --test http openapi` writes it anew.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use axum::http::Method;
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::server::{Answer, SUNDAY, Server, bearer};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");

fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(api::openapi::document)
}

/// The operation that a request asks for: its path in the document, and its method there. HEAD is a GET.
fn operation(method: &Method, path: &str) -> Option<(&'static str, String)> {
    let path = path.split('?').next().unwrap();
    let fits = |pattern: &str| {
        let (pattern, path): (Vec<_>, Vec<_>) =
            (pattern.split('/').collect(), path.split('/').collect());
        let same = |(part, asked): (&&str, &&str)| {
            part == asked || part.starts_with('{') && !asked.is_empty()
        };
        pattern.len() == path.len() && pattern.iter().zip(&path).all(same)
    };
    let paths = document()["paths"].as_object().unwrap();
    // What is named is nearer than what a parameter stands for.
    let exact = paths.keys().find(|pattern| *pattern == path);
    let pattern = exact.or_else(|| paths.keys().find(|pattern| fits(pattern)))?;
    let method = match *method {
        Method::HEAD => "get".to_owned(),
        _ => method.as_str().to_ascii_lowercase(),
    };
    paths[pattern]
        .get(&method)
        .is_some()
        .then_some((pattern, method))
}

/// Follows a reference of the document.
fn resolved(value: &'static Value) -> &'static Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => document()
            .pointer(reference.trim_start_matches('#'))
            .unwrap(),
        None => value,
    }
}

/// A validator of a schema in the document.
fn validator(schema: &Value) -> Validator {
    let root = json!({ "components": document()["components"], "allOf": [schema] });
    jsonschema::options()
        .should_validate_formats(true)
        .build(&root)
        .unwrap()
}

#[track_caller]
fn assert_valid(schema: &Value, value: &Value, what: &str) {
    let errors: Vec<String> = validator(schema)
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(
        errors.is_empty(),
        "{what} is not as documented: {errors:#?}\n{value:#}"
    );
}

/// Judges an answer: its status, its media type, its headers and its body have to be in the document.
#[track_caller]
pub(crate) fn judge(method: &Method, path: &str, answer: &Answer) {
    let Some((pattern, documented)) = operation(method, path) else {
        return;
    };
    let status = answer.status.as_str();
    let what = format!("{status} of {method} {pattern}");
    let responses = &document()["paths"][pattern][&documented]["responses"];
    let response = responses
        .get(status)
        .unwrap_or_else(|| panic!("{what} is not documented: {}", answer.text()));
    let response = resolved(response);
    for (name, header) in response["headers"].as_object().into_iter().flatten() {
        let value = answer.header(&name.to_ascii_lowercase());
        assert_ne!(value, "", "{what} has no {name}");
        let value = match header["schema"]["type"].as_str() {
            Some("integer") => json!(value.parse::<u64>().unwrap()),
            _ => json!(value),
        };
        assert_valid(&header["schema"], &value, &format!("{name} of {what}"));
    }
    let Some(contents) = response.get("content").and_then(Value::as_object) else {
        assert!(answer.body.is_empty(), "{what}");
        return;
    };
    let media_type = answer.header("content-type");
    if path.starts_with("/dashboard") && media_type.starts_with("text/html") {
        // A browser gets its problems as pages.
        return;
    }
    let content = contents
        .get(media_type)
        .unwrap_or_else(|| panic!("{what} is {media_type:?}, not one of {:?}", contents.keys()));
    if *method != Method::HEAD && media_type.ends_with("json") {
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_valid(&content["schema"], &body, &what);
    }
}

#[test]
fn the_document_is_that_of_the_handlers() {
    let mut text = serde_json::to_string_pretty(document()).unwrap();
    text.push('\n');
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(PATH, &text).unwrap();
    }
    let written = std::fs::read_to_string(PATH).unwrap();
    assert!(
        written == text,
        "api/openapi.json is stale: UPDATE_DOCS=1 cargo test -p api --test http openapi"
    );
}

#[test]
fn every_endpoint_is_documented_and_nothing_else() {
    let documented: Vec<&str> = api::openapi::operations()
        .iter()
        .map(api::openapi::Operation::endpoint)
        .collect();
    let endpoints: Vec<&str> = api::ENDPOINTS
        .iter()
        .map(|(endpoint, _)| *endpoint)
        .collect();
    assert_eq!(documented, endpoints);
}

#[test]
fn every_part_of_a_path_is_described() {
    for operation in api::openapi::operations() {
        let path = operation.path();
        let parameters = &document()["paths"][&path][operation.method()]["parameters"];
        let described: BTreeSet<&str> = parameters
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        let parts: BTreeSet<&str> = path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .collect();
        assert_eq!(described, parts, "{path}");
    }
}

/// Two types of one name would be told apart by a number.
#[test]
fn every_schema_is_valid_and_has_a_name_of_its_own() {
    let schemas = document()["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas {
        assert!(!name.ends_with(|end: char| end.is_ascii_digit()), "{name}");
        jsonschema::meta::validate(schema).unwrap();
    }
}

#[test]
fn every_link_leads_to_an_operation() {
    let paths = document()["paths"].as_object().unwrap();
    let operations = || {
        paths
            .values()
            .flat_map(|path| path.as_object().unwrap().values())
    };
    let ids: BTreeSet<&str> = operations()
        .map(|operation| operation["operationId"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), operations().count());
    let responses =
        operations().flat_map(|operation| operation["responses"].as_object().unwrap().values());
    for links in responses.filter_map(|response| response["links"].as_object()) {
        for link in links.values() {
            assert!(
                ids.contains(link["operationId"].as_str().unwrap()),
                "{link}"
            );
        }
    }
}

#[test]
fn the_document_is_served_as_it_is_generated() {
    assert_eq!(Server::new().get("/openapi.json").json(), *document());
}

/// A request for each operation, and its status: those that succeed.
const CALLS: &[(&str, &str, &str, u16)] = &[
    ("GET", "/", "", 200),
    ("GET", "/health", "", 200),
    ("GET", "/openapi.json", "", 200),
    ("GET", "/status", "", 200),
    ("GET", "/list", "", 200),
    ("GET", "/databases", "", 200),
    ("GET", "/databases/groveauth", "", 200),
    ("GET", "/jobs", "", 200),
    ("GET", "/jobs/job-1", "", 200),
    ("GET", "/download/2024-12-08/groveauth", "", 200),
    ("GET", "/restore-guide/groveauth", "", 200),
    ("GET", "/alerts", "", 200),
    ("GET", "/alerts/deliveries", "", 200),
    ("POST", "/alerts/test", "", 202),
    ("GET", "/retention", "", 200),
    ("GET", "/backups/1", "", 200),
    ("POST", "/backups/1/pin", "{\"note\":\"why\"}", 200),
    ("POST", "/backups/1/unpin", "", 200),
    (
        "POST",
        "/backups/1/link",
        "{\"expiresIn\":\"90m\",\"envelope\":\"transaction\"}",
        201,
    ),
    ("POST", "/backups/1/drill", "", 202),
    ("GET", "/dead-letters?state=all", "", 200),
    ("GET", "/dead-letters/1", "", 200),
    ("POST", "/dead-letters/1/redrive", "", 202),
    ("POST", "/dead-letters/2/discard", "{\"note\":\"why\"}", 200),
    (
        "POST",
        "/trigger",
        "{\"databases\":[\"grovemusic-db\"]}",
        202,
    ),
    ("POST", "/reindex", "", 202),
    ("GET", "/dashboard", "", 200),
    ("GET", "/sign-in", "", 200),
    ("POST", "/sign-in", "token=only+looking", 303),
    ("POST", "/sign-out", "", 303),
    ("GET", "/audit", "", 200),
    ("GET", "/metrics", "", 200),
];

/// A job of two databases of which one failed, its backup, and a letter for each queue.
fn server() -> Server {
    let server = Server::new();
    let results = [("groveauth", "success"), ("scout-db", "failed")];
    server.job("job-1", SUNDAY, "failed", &results);
    server.backup("groveauth", SUNDAY, "job-1");
    server.dead_letter(
        "grove-backups-exports-dlq",
        r#"{"job_id":"job-1","database":"scout-db"}"#,
    );
    server.dead_letter("grove-backups-exports", "not JSON");
    server.sql(
        "INSERT INTO alarms (cause, database_name, summary, opened_at, notified_at) VALUES ('database_failed', 'scout-db', 'It failed.', 1, 1)",
    );
    server
}

#[test]
fn every_documented_operation_answers_as_documented() {
    let server = server();
    let mut called = BTreeSet::new();
    for (method, path, body, status) in CALLS {
        let method: Method = method.parse().unwrap();
        let headers = [
            bearer(),
            ("sec-fetch-site", "same-origin".to_owned()),
            (
                "content-type",
                "application/x-www-form-urlencoded".to_owned(),
            ),
        ];
        // `ask` judges the answer.
        let answer = server.ask(method.clone(), path, &headers, body);
        assert_eq!(answer.status.as_u16(), *status, "{path}: {}", answer.text());
        called.extend(operation(&method, path));
    }
    let all: BTreeSet<(String, String)> = api::openapi::operations()
        .iter()
        .map(|operation| (operation.path(), operation.method()))
        .collect();
    let called: BTreeSet<(String, String)> = called
        .into_iter()
        .map(|(path, method)| (path.to_owned(), method))
        .collect();
    assert_eq!(called, all);
}

#[test]
#[should_panic(expected = "is not as documented")]
fn an_answer_with_a_member_too_many_is_noticed() {
    let mut answer = Server::new().get("/health");
    answer.body = br#"{"status":"ok","more":1}"#.to_vec();
    judge(&Method::GET, "/health", &answer);
}
