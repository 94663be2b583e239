//! `POST /backups/:id/link`: hands a dump to somebody who has no token.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use serde::Serialize;
use serde_json::Value;
use shared::catalogue::views::{self, BackupView};
use shared::ports::{Clock, ObjectStore};

use super::download::lost;
use super::pins::{find, gone};
use super::{rfc3339, whole_body};
use crate::auth::sign_link;
use crate::envelope::Envelope;
use crate::origin::origin;
use crate::ports::Ports;
use crate::problem::{Kind, Problem};
use crate::selected::Selected;
use crate::state::App;

/// No valid body comes near it.
pub(crate) const LONGEST_BODY: usize = 64 * 1024;

const DEFAULT_SECONDS: i64 = 3_600;
const FEWEST_SECONDS: i64 = 60;
const MOST_SECONDS: i64 = 7 * 86_400;

/// The body of a link, for the document; [`Wish::read`] reads it.
#[cfg(native)]
#[derive(schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code)]
struct LinkBody {
    /// From a minute to 7 days; an hour unless told.
    expires_in: Option<Lifetime>,
    /// Which tables; all of the dump unless told.
    #[schemars(length(min = 1, max = 100))]
    table: Option<Vec<String>>,
    /// `transaction`, or nothing around it.
    envelope: Option<OneEnvelope>,
}

#[cfg(native)]
#[derive(schemars::JsonSchema)]
#[schemars(untagged, inline)]
#[allow(dead_code)]
enum Lifetime {
    Seconds(#[schemars(range(min = 60, max = 604_800))] i64),
    Text(#[schemars(regex(pattern = r"^(6[0-9]s|[1-9][0-9]?m|[1-9]h|[1-7]d)$"))] String),
}

#[cfg(native)]
#[derive(schemars::JsonSchema)]
#[schemars(inline)]
#[allow(dead_code)]
enum OneEnvelope {
    #[schemars(rename = "transaction")]
    Transaction,
}

/// A link.
#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Made {
    id: i64,
    database: String,
    date: String,
    /// Empty for the whole dump.
    tables: Vec<String>,
    /// Works without a token.
    url: String,
    expires_at: String,
}

/// What is asked for.
#[derive(Debug)]
struct Wish {
    seconds: i64,
    tables: Vec<String>,
    envelope: Envelope,
}

/// Makes a link to a backup's dump, or some of its tables.
///
/// 1. Read the body, the row, the object's head and, for tables, the manifest: a link that could not be followed is not made.
/// 2. Sign it. Nothing is written: made twice, there are two links.
#[worker::send]
pub(crate) async fn link<P: Ports>(
    State(app): State<App<P>>,
    uri: Uri,
    headers: HeaderMap,
    id: Result<Path<String>, PathRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let wish = Wish::read(&whole_body(
        body,
        LONGEST_BODY,
        "",
        "read the body of a link",
    )?)?;
    let backup = find(&app, id).await?;
    if backup.deleted_at.is_some() || backup.lost_at.is_some() {
        return Err(gone(&backup, "downloaded"));
    }
    let (name, date, job) = (
        &backup.database_name,
        &backup.backup_date,
        backup.job_id.as_deref(),
    );
    let [found] = app.query([views::backup_on(name, date, job)]).await?;
    let found: Option<BackupView> = found.first()?;
    let found = found.filter(|found| found.id == backup.id);
    let found = found.ok_or_else(|| gone(&backup, "named by a link"))?;
    let info = app.ports().bucket().head(&found.r2_key).await?;
    let info = info.ok_or_else(|| lost(&found))?;
    if !wish.tables.is_empty() {
        Selected::of(&app, &found, &info, &wish.tables).await?;
    }
    let expires = app.ports().clock().now().plus_seconds(wish.seconds);
    let path = format!("/download/{date}/{name}");
    let signed = sign_link(app.tokens(), &path, &wish.query(job), expires);
    let signed = signed.ok_or_else(|| {
        Problem::new(
            Kind::NotConfigured,
            "A link is signed with `API_TOKEN`, which is not set.",
        )
    })?;
    Ok((
        StatusCode::CREATED,
        Json(Made {
            id: backup.id,
            url: format!("{}{signed}", origin(&uri, &headers)),
            expires_at: rfc3339(expires.seconds()),
            tables: wish.tables,
            date: backup.backup_date,
            database: backup.database_name,
        }),
    ))
}

impl Wish {
    /// Reads a body. An empty one asks for all of it and an hour.
    fn read(body: &[u8]) -> Result<Self, Problem> {
        let mut wish = Self {
            seconds: DEFAULT_SECONDS,
            tables: Vec::new(),
            envelope: Envelope::None,
        };
        if body.trim_ascii().is_empty() {
            return Ok(wish);
        }
        let body: Value = serde_json::from_slice(body).map_err(|error| {
            let detail = format!(
                "The body is no JSON: {error}. Leave it empty for a link that works for an hour."
            );
            Problem::new(Kind::InvalidJson, detail).field("body")
        })?;
        let Value::Object(fields) = body else {
            let detail =
                "The body must be a JSON object, such as {\"expiresIn\": \"1h\"}, or empty.";
            return Err(invalid("body", detail));
        };
        for (field, value) in fields {
            match (field.as_str(), value) {
                ("expiresIn" | "table" | "envelope", Value::Null) => {}
                ("expiresIn", value) => wish.seconds = seconds(&value)?,
                ("table", value) => wish.tables = tables(value)?,
                ("envelope", Value::String(name)) => {
                    let envelope = Envelope::named(Some(&name));
                    wish.envelope = envelope.map_err(|_| no_envelope())?;
                }
                ("envelope", _) => return Err(no_envelope()),
                (unknown, _) => {
                    let detail = format!(
                        "There is no field `{unknown}`; there are `expiresIn` (\"90m\", or seconds), `table` (a list of names) and \
                         `envelope`."
                    );
                    return Err(invalid(unknown, detail));
                }
            }
        }
        Ok(wish)
    }

    /// The query of the download.
    fn query(&self, job: Option<&str>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if let Some(job) = job {
            query.append_pair("job", job);
        }
        for table in &self.tables {
            query.append_pair("table", table);
        }
        if self.envelope == Envelope::Transaction {
            query.append_pair("envelope", "transaction");
        }
        query.finish()
    }
}

/// A number of seconds, or a text such as `90m`.
fn seconds(value: &Value) -> Result<i64, Problem> {
    let seconds = match value {
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(whole)),
        Value::String(text) => in_units(text.trim()),
        _ => None,
    };
    let in_range = |seconds: &i64| (FEWEST_SECONDS..=MOST_SECONDS).contains(seconds);
    seconds.filter(in_range).ok_or_else(|| {
        invalid(
            "expiresIn",
            "`expiresIn` must be from a minute to 7 days: whole seconds, or a number with `s`, `m`, `h` or `d`, such as \"90m\".",
        )
    })
}

/// For JSON, `3600.0` is an integer: <https://json-schema.org/draft/2020-12/json-schema-core#section-4.2.3>.
#[allow(clippy::cast_possible_truncation)] // whole, and in range
fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && number.abs() < EXACT).then_some(number as i64)
}

fn in_units(text: &str) -> Option<i64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return text.parse().ok(),
    };
    number.parse::<i64>().ok()?.checked_mul(unit)
}

/// A list of names, or one.
fn tables(value: Value) -> Result<Vec<String>, Problem> {
    let shape = || {
        invalid(
            "table",
            "`table` must be a list of names; leave it out for the whole dump.",
        )
    };
    let items = match value {
        Value::Array(items) if !items.is_empty() => items,
        Value::String(name) => return Ok(vec![name]),
        _ => return Err(shape()),
    };
    let names = items.into_iter().map(|item| match item {
        Value::String(name) => Ok(name),
        _ => Err(shape()),
    });
    names.collect()
}

fn no_envelope() -> Problem {
    invalid("envelope", "`envelope` can be `transaction`, or left out.")
}

fn invalid(field: &str, detail: impl Into<String>) -> Problem {
    Problem::new(Kind::InvalidBody, detail).field(field)
}

/// What the OpenAPI document has of this.
#[cfg(native)]
pub(crate) fn operations() -> Vec<crate::openapi::Operation> {
    use crate::openapi::Operation;
    use crate::openapi::operation::number;
    use serde_json::json;

    vec![
        Operation::of("POST /backups/:id/link")
            .path_part("id", number(0..=u32::MAX), "The `id` in `GET /list`.")
            .body::<LinkBody>(json!({ "expiresIn": "1h" }))
            .json::<Made>(201, "The link.")
            .problems(&[
                Kind::NoSuchBackup,
                Kind::NoSuchTable,
                Kind::BackupGone,
                Kind::WholeOnly,
                Kind::DumpLost,
                Kind::InvalidJson,
                Kind::InvalidBody,
                Kind::BodyTooLarge,
            ]),
    ]
}
