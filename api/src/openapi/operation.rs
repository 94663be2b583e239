//! An endpoint as the document has it: what it may be asked, and everything that it may answer.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use axum::http::Method;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::{Schemas, problems};
use crate::auth::{OPEN, needs_admin};
use crate::problem::Kind;

/// One method of one path.
#[derive(Debug, Clone)]
pub struct Operation {
    endpoint: &'static str,
    description: Option<&'static str>,
    parameters: Vec<Value>,
    body: Option<Body>,
    answers: Vec<Answer>,
    problems: Vec<Kind>,
}

#[derive(Debug, Clone)]
enum Body {
    /// JSON that may be left out.
    Json(fn(&mut SchemaGenerator) -> Schema, Value),
    /// A form, with its schema.
    Form(Value),
}

#[derive(Debug, Clone)]
struct Answer {
    status: u16,
    description: &'static str,
    content: Content,
    headers: Map<String, Value>,
    links: Map<String, Value>,
}

#[derive(Debug, Clone)]
enum Content {
    Nothing,
    Json(fn(&mut SchemaGenerator) -> Schema),
    Schema(Value),
    Text(&'static str),
    Bytes(&'static [&'static str]),
}

impl Operation {
    /// The operation of a line of [`ENDPOINTS`](crate::ENDPOINTS). What every such one may answer, and who may ask, follows from the
    /// guard.
    pub(crate) fn of(endpoint: &'static str) -> Self {
        Self {
            endpoint,
            description: None,
            parameters: Vec::new(),
            body: None,
            answers: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// What its line does not say.
    pub(crate) const fn says(mut self, description: &'static str) -> Self {
        self.description = Some(description);
        self
    }

    /// A part of the path.
    pub(crate) fn path_part(self, name: &str, schema: Value, description: &str) -> Self {
        self.parameter("path", name, true, schema, description)
    }

    /// A parameter of the query, which may be left out.
    pub(crate) fn query(self, name: &str, schema: Value, description: &str) -> Self {
        self.parameter("query", name, false, schema, description)
    }

    /// A header of the request, which may be left out.
    pub(crate) fn header(self, name: &str, schema: Value, description: &str) -> Self {
        self.parameter("header", name, false, schema, description)
    }

    fn parameter(
        mut self,
        place: &str,
        name: &str,
        required: bool,
        schema: Value,
        description: &str,
    ) -> Self {
        self.parameters.push(json!({
            "name": name, "in": place, "required": required, "description": description, "schema": schema
        }));
        self
    }

    /// A JSON body, which may be left out.
    pub(crate) fn body<T: JsonSchema>(mut self, example: Value) -> Self {
        self.body = Some(Body::Json(SchemaGenerator::subschema_for::<T>, example));
        self
    }

    /// A form.
    pub(crate) fn form(mut self, schema: Value) -> Self {
        self.body = Some(Body::Form(schema));
        self
    }

    /// An answer in JSON.
    pub(crate) fn json<T: JsonSchema>(self, status: u16, description: &'static str) -> Self {
        self.answer(
            status,
            description,
            Content::Json(SchemaGenerator::subschema_for::<T>),
        )
    }

    /// An answer in JSON that is of no type.
    pub(crate) fn schema(self, status: u16, schema: Value, description: &'static str) -> Self {
        self.answer(status, description, Content::Schema(schema))
    }

    /// An answer that is a text of this media type.
    pub(crate) fn text(
        self,
        status: u16,
        media_type: &'static str,
        description: &'static str,
    ) -> Self {
        self.answer(status, description, Content::Text(media_type))
    }

    /// A page for a browser.
    pub(crate) fn page(self, status: u16, description: &'static str) -> Self {
        self.text(status, "text/html; charset=utf-8", description)
    }

    /// An answer that is a file, of one of these media types.
    pub(crate) fn file(
        self,
        status: u16,
        media_types: &'static [&'static str],
        description: &'static str,
    ) -> Self {
        self.answer(status, description, Content::Bytes(media_types))
    }

    /// An answer without a body.
    pub(crate) fn nothing(self, status: u16, description: &'static str) -> Self {
        self.answer(status, description, Content::Nothing)
    }

    /// A way to another address.
    pub(crate) fn redirect(self, description: &'static str) -> Self {
        self.nothing(303, description)
            .answer_header("Location", text(), "Where to go.")
    }

    fn answer(mut self, status: u16, description: &'static str, content: Content) -> Self {
        self.answers.push(Answer {
            status,
            description,
            content,
            headers: Map::new(),
            links: Map::new(),
        });
        self
    }

    /// A header of the answer that was named last, which it always has.
    pub(crate) fn answer_header(mut self, name: &str, schema: Value, description: &str) -> Self {
        if let Some(answer) = self.answers.last_mut() {
            let header = json!({ "required": true, "description": description, "schema": schema });
            answer.headers.insert(name.to_owned(), header);
        }
        self
    }

    /// What of the answer that was named last another endpoint can be asked with: parameters, and where in the answer they are.
    pub(crate) fn link(mut self, endpoint: &str, parameters: &[(&str, &str)]) -> Self {
        if let Some(answer) = self.answers.last_mut() {
            let id = operation_id(endpoint);
            let parameters: Map<String, Value> = parameters
                .iter()
                .map(|(name, place)| ((*name).to_owned(), json!(format!("$response.body#{place}"))))
                .collect();
            let link = json!({ "operationId": id, "parameters": parameters });
            answer.links.insert(id, link);
        }
        self
    }

    /// What may go wrong here and not everywhere.
    pub(crate) fn problems(mut self, problems: &[Kind]) -> Self {
        self.problems.extend(problems);
        self
    }

    /// Its line of [`ENDPOINTS`](crate::ENDPOINTS).
    pub const fn endpoint(&self) -> &'static str {
        self.endpoint
    }

    /// Its method, in lower case.
    pub fn method(&self) -> String {
        let method = self.endpoint.split(' ').next().unwrap_or_default();
        method.to_ascii_lowercase()
    }

    /// Its path, with parameters in braces.
    pub fn path(&self) -> String {
        let path = self.endpoint.split(' ').nth(1).unwrap_or_default();
        let parts = path.split('/').map(|part| {
            part.strip_prefix(':')
                .map_or_else(|| part.to_owned(), |name| format!("{{{name}}}"))
        });
        parts.collect::<Vec<_>>().join("/")
    }

    fn is_open(&self) -> bool {
        OPEN.contains(&self.path().as_str())
    }

    /// Everything that may go wrong.
    fn all_problems(&self) -> Vec<Kind> {
        let mut kinds = self.problems.clone();
        kinds.push(Kind::Internal);
        kinds.push(Kind::Unavailable);
        if !self.is_open() {
            kinds.extend([
                Kind::Unauthorized,
                Kind::TooManyRequests,
                Kind::NotConfigured,
            ]);
            let method = Method::from_bytes(self.method().to_ascii_uppercase().as_bytes());
            if method.is_ok_and(|method| needs_admin(&method, &self.path())) {
                kinds.extend([Kind::Forbidden, Kind::CrossSite]);
            }
        }
        kinds
    }

    pub(super) fn document(&self, schemas: &mut Schemas) -> Value {
        let summary = crate::ENDPOINTS
            .iter()
            .find(|(endpoint, _)| *endpoint == self.endpoint)
            .map(|(_, purpose)| purpose.split("; ").next().unwrap_or_default());
        let tag = self.path().split('/').nth(1).unwrap_or_default().to_owned();
        let mut responses: BTreeMap<String, Value> = BTreeMap::new();
        for answer in &self.answers {
            responses.insert(answer.status.to_string(), answer.document(schemas));
        }
        for (status, response) in problems::responses(&self.all_problems(), schemas) {
            // An answer that is no problem may have the status of one: a page says it too.
            match responses.get_mut(&status) {
                Some(Value::Object(answer)) => problems::merge(answer, &response),
                _ => {
                    responses.insert(status, response);
                }
            }
        }
        let mut document = json!({
            "operationId": operation_id(self.endpoint),
            "summary": summary,
            "tags": [if tag.is_empty() { "about" } else { tag.as_str() }],
            "responses": responses,
            "security": if self.is_open() { json!([]) } else { json!([{ "token": [] }, { "session": [] }]) },
        });
        if let Value::Object(members) = &mut document {
            if let Some(description) = self.description {
                members.insert("description".to_owned(), json!(description));
            }
            if !self.parameters.is_empty() {
                members.insert("parameters".to_owned(), json!(self.parameters));
            }
            if let Some(body) = &self.body {
                members.insert("requestBody".to_owned(), body.document(schemas));
            }
        }
        document
    }
}

impl Body {
    fn document(&self, schemas: &mut Schemas) -> Value {
        match self {
            Self::Json(schema, example) => json!({
                "required": false,
                "content": { "application/json": { "schema": schemas.body(*schema), "example": example } }
            }),
            Self::Form(schema) => json!({
                "required": true,
                "content": { "application/x-www-form-urlencoded": { "schema": schema } }
            }),
        }
    }
}

impl Answer {
    fn document(&self, schemas: &mut Schemas) -> Value {
        let content = match &self.content {
            Content::Nothing => None,
            Content::Json(schema) => {
                Some(json!({ "application/json": { "schema": schemas.answer(*schema) } }))
            }
            Content::Schema(schema) => Some(json!({ "application/json": { "schema": schema } })),
            Content::Text(media_type) => Some(json!({ *media_type: { "schema": text() } })),
            Content::Bytes(media_types) => {
                let kinds = media_types.iter();
                let kinds = kinds.map(|media_type| ((*media_type).to_owned(), json!({})));
                Some(Value::Object(kinds.collect()))
            }
        };
        let mut document = Map::from_iter([("description".to_owned(), json!(self.description))]);
        if let Some(content) = content {
            document.insert("content".to_owned(), content);
        }
        if !self.headers.is_empty() {
            document.insert("headers".to_owned(), json!(self.headers));
        }
        if !self.links.is_empty() {
            document.insert("links".to_owned(), json!(self.links));
        }
        Value::Object(document)
    }
}

/// `GET /jobs/:id` is `getJobsById`.
fn operation_id(endpoint: &str) -> String {
    let mut id = String::new();
    for word in endpoint.split([' ', '/']).filter(|word| !word.is_empty()) {
        let (joint, word) = match word.strip_prefix(':') {
            Some(name) => ("By", name),
            None => ("", word),
        };
        id.push_str(joint);
        for part in word.split(['-', '.']) {
            let lower = part.to_ascii_lowercase();
            if id.is_empty() {
                id.push_str(&lower);
            } else {
                let mut letters = lower.chars();
                id.extend(letters.next().map(|first| first.to_ascii_uppercase()));
                id.push_str(letters.as_str());
            }
        }
    }
    id
}

/// Any text.
pub(crate) fn text() -> Value {
    json!({ "type": "string" })
}

/// A whole number.
pub(crate) fn number(range: RangeInclusive<u32>) -> Value {
    json!({ "type": "integer", "minimum": range.start(), "maximum": range.end() })
}

/// A whole number, and what it is when it is left out.
pub(crate) fn number_or(range: RangeInclusive<u32>, default: u32) -> Value {
    let mut schema = number(range);
    if let Value::Object(schema) = &mut schema {
        schema.insert("default".to_owned(), json!(default));
    }
    schema
}

/// One of these words.
pub(crate) fn one_of(words: &[&str]) -> Value {
    json!({ "type": "string", "enum": words })
}

/// A calendar date.
pub(crate) fn date() -> Value {
    json!({ "type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "example": "2024-12-08" })
}
