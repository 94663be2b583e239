//! `GET /databases` and `GET /databases/:name`: each database at a glance.

use std::collections::HashMap;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::Uri;
use serde::Serialize;
use serde_json::json;
use shared::catalogue::alarms::{self, AlarmRow};
use shared::catalogue::overview::{self, Day, History, Landmark, Name, Stored};
use shared::catalogue::views::{self, BackupView, ResultView};
use shared::ports::Clock;
use shared::time::Timestamp;

use super::alerts::Alarm;
use super::download::no_such_database;
use super::rfc3339;
use crate::parameters::Parameters;
use crate::ports::Ports;
use crate::problem::{Kind, Problem};
use crate::state::App;
use crate::text::bytes;

/// Databases on a page, unless told, and at most.
const PAGE: u32 = 100;
const LARGEST_PAGE: u32 = 200;
/// The most databases outside of the registry that are looked for.
const MOST_FORMER: u32 = 1_000;

/// A page of databases: those of the registry in its order, then those that left it and have backups, by name.
#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
pub(crate) struct Databases {
    databases: Vec<AtAGlance>,
    /// All that there are.
    total: usize,
    /// What to give as `after` for the next page; `null` on the last one.
    next: Option<String>,
}

/// A database.
#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct AtAGlance {
    database: String,
    /// Whether it is backed up: one that is not has left the registry.
    in_registry: bool,
    /// Of the registry; `null` when it has left it.
    database_id: Option<String>,
    description: Option<String>,
    #[cfg_attr(native, schemars(with = "Option<crate::openapi::Priority>"))]
    priority: Option<&'static str>,
    retention_weeks: Option<u32>,
    /// When the schedule fires next.
    next_run: Option<String>,
    /// The newest backup that is all there as it was recorded, and that no drill has failed on. Looked for among the newest
    /// hundred.
    last_good: Option<BackupRef>,
    /// The newest of those that a drill has restored.
    last_verified: Option<BackupRef>,
    /// What last became of it, or is becoming.
    newest_result: Option<NewestResult>,
    /// Oldest first.
    alarms: Vec<Alarm>,
    stored: Totals,
    /// Its backups of the last twelve weeks, also those that are deleted by now: the newest of each day, oldest first.
    history: Vec<Size>,
}

/// A database, with what was done on each day.
#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Database {
    #[serde(flatten)]
    database: AtAGlance,
    /// The first day that `days` tells of.
    days_from: String,
    /// The days of the last twelve weeks on which something was done, oldest first.
    days: Vec<DayView>,
}

/// A backup to look at.
#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct BackupRef {
    id: i64,
    date: String,
    r2_key: String,
    job_id: Option<String>,
    size: String,
    size_bytes: u64,
    tables: Option<u64>,
    rows: Option<u64>,
    created_at: String,
    verified_at: Option<String>,
}

/// What a job did with it.
#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewestResult {
    job_id: String,
    #[cfg_attr(native, schemars(with = "crate::openapi::ResultStatus"))]
    status: String,
    attempts: u64,
    started_at: String,
    completed_at: Option<String>,
    duration_ms: Option<i64>,
    error: Option<String>,
}

/// What is stored.
#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Totals {
    backups: u64,
    size: String,
    size_bytes: u64,
    oldest_at: Option<String>,
    newest_at: Option<String>,
}

/// A backup in the history of sizes.
#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Size {
    date: String,
    size: String,
    size_bytes: u64,
    rows: Option<u64>,
}

/// What was done on one day, by UTC: how many of the exports that began then came to what.
#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct DayView {
    date: String,
    successful: u64,
    failed: u64,
    skipped: u64,
    unfinished: u64,
    /// Of the newest one that succeeded.
    size: Option<String>,
    size_bytes: Option<u64>,
    rows: Option<u64>,
}

/// Reads the names at one instant, and what there is of each at another.
#[worker::send]
pub(crate) async fn list<P: Ports>(
    State(app): State<App<P>>,
    uri: Uri,
) -> Result<Json<Databases>, Problem> {
    let query = Parameters::read(&uri, &["after", "limit"])?;
    let limit = query.number("limit", 1..=LARGEST_PAGE)?.unwrap_or(PAGE);
    let mut names = app.database_names();
    let [stored] = app.query([overview::stored_databases(MOST_FORMER)]).await?;
    for Name { database_name } in stored.read()? {
        if app.registry().find(&database_name).is_none() {
            names.push(database_name);
        }
    }
    let total = names.len();
    let start = match query.text("after") {
        None => 0,
        Some(after) => {
            let place = names.iter().position(|name| name == after);
            let place = place.ok_or_else(|| no_such_database(&app, after).field("after"))?;
            place.saturating_add(1)
        }
    };
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let page: Vec<String> = names.into_iter().skip(start).take(size).collect();
    let is_last = start.saturating_add(page.len()) >= total;
    let next = page.last().filter(|_| !is_last).cloned();
    let now = app.ports().clock().now();
    let databases = glances(&app, page, now).await?;
    Ok(Json(Databases {
        databases: databases.into_iter().map(|(glance, _)| glance).collect(),
        total,
        next,
    }))
}

/// Reads the catalogue at one instant.
#[worker::send]
pub(crate) async fn database<P: Ports>(
    State(app): State<App<P>>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Json<Database>, Problem> {
    let unreadable = || {
        let detail = "The name cannot be read: write it in UTF-8. `GET /databases` lists them.";
        Problem::new(Kind::NoSuchDatabase, detail).field("name")
    };
    let Path(name) = name.map_err(|_| unreadable())?;
    let now = app.ports().clock().now();
    let found = glances(&app, vec![name.clone()], now).await?;
    let found = found.into_iter().next();
    let (database, days) = found
        .filter(|(glance, _)| glance.in_registry || glance.stored.backups > 0)
        .ok_or_else(|| no_such_database(&app, &name).field("name"))?;
    Ok(Json(Database {
        database,
        days_from: overview::history_begins(now).date(),
        days: days.into_iter().map(DayView::from).collect(),
    }))
}

/// These databases in their order, each with its days.
async fn glances<P: Ports>(
    app: &App<P>,
    names: Vec<String>,
    now: Timestamp,
) -> Result<Vec<(AtAGlance, Vec<Day>)>, Problem> {
    let json = json!(names).to_string();
    let [landmarks, results, stored, history, open] = app
        .query([
            overview::landmarks(&json),
            views::newest_results(&json),
            overview::stored(&json),
            overview::history(&json, overview::history_begins(now)),
            alarms::open(),
        ])
        .await?;
    let (mut good, mut verified) = (HashMap::new(), HashMap::new());
    for landmark in landmarks.read::<Landmark>()? {
        let name = landmark.backup.database_name.clone();
        if landmark.is_verified != 0 {
            verified.insert(name.clone(), BackupRef::from(&landmark.backup));
        }
        if landmark.is_good != 0 {
            good.insert(name, BackupRef::from(&landmark.backup));
        }
    }
    let results = results.read::<ResultView>()?.into_iter();
    let mut results: HashMap<String, ResultView> = results
        .map(|result| (result.database_name.clone(), result))
        .collect();
    let stored = stored.read::<Stored>()?.into_iter();
    let mut stored: HashMap<String, Stored> = stored
        .map(|stored| (stored.database_name.clone(), stored))
        .collect();
    let mut days = HashMap::new();
    for history in history.read::<History>()? {
        days.insert(history.database_name.clone(), history.days()?);
    }
    let mut open_alarms: HashMap<String, Vec<Alarm>> = HashMap::new();
    for alarm in open.read::<AlarmRow>()? {
        let name = alarm.database_name.clone();
        open_alarms.entry(name).or_default().push(alarm.into());
    }
    let next_run = app.registry().next_run(now).map(Timestamp::rfc3339);
    let glance = |name: String| {
        let config = app.registry().find(&name);
        let days: Vec<Day> = days.remove(&name).unwrap_or_default();
        let glance = AtAGlance {
            in_registry: config.is_some(),
            database_id: config.map(|config| config.id.clone()),
            description: config.map(|config| config.description.clone()),
            priority: config.map(|config| config.priority.as_str()),
            retention_weeks: config.map(|_| app.registry().retention_weeks(&name)),
            next_run: next_run.clone().filter(|_| config.is_some()),
            last_good: good.remove(&name),
            last_verified: verified.remove(&name),
            newest_result: results.remove(&name).map(NewestResult::from),
            alarms: open_alarms.remove(&name).unwrap_or_default(),
            stored: stored.remove(&name).into(),
            history: days.iter().filter_map(Size::of).collect(),
            database: name,
        };
        (glance, days)
    };
    Ok(names.into_iter().map(glance).collect())
}

impl From<&BackupView> for BackupRef {
    fn from(backup: &BackupView) -> Self {
        Self {
            id: backup.id,
            date: backup.backup_date.clone(),
            r2_key: backup.r2_key.clone(),
            job_id: backup.job_id.clone(),
            size: bytes(backup.size_bytes),
            size_bytes: backup.size_bytes,
            tables: backup.table_count,
            rows: backup.row_count,
            created_at: rfc3339(backup.created_at),
            verified_at: backup.verified_at.map(rfc3339),
        }
    }
}

impl From<ResultView> for NewestResult {
    fn from(result: ResultView) -> Self {
        Self {
            job_id: result.job_id,
            status: result.status,
            attempts: result.attempts,
            started_at: rfc3339(result.started_at),
            completed_at: result.completed_at.map(rfc3339),
            duration_ms: result.duration_ms,
            error: result.error_message,
        }
    }
}

impl From<Option<Stored>> for Totals {
    fn from(stored: Option<Stored>) -> Self {
        let size_bytes = stored.as_ref().map_or(0, |stored| stored.size_bytes);
        let moment = |of: fn(&Stored) -> Option<i64>| stored.as_ref().and_then(of).map(rfc3339);
        Self {
            backups: stored.as_ref().map_or(0, |stored| stored.backups),
            size: bytes(size_bytes),
            size_bytes,
            oldest_at: moment(|stored| stored.oldest_at),
            newest_at: moment(|stored| stored.newest_at),
        }
    }
}

impl Size {
    fn of(day: &Day) -> Option<Self> {
        let size_bytes = day.size_bytes?;
        Some(Self {
            date: day.date.clone(),
            size: bytes(size_bytes),
            size_bytes,
            rows: day.row_count,
        })
    }
}

impl From<Day> for DayView {
    fn from(day: Day) -> Self {
        Self {
            date: day.date,
            successful: day.successful,
            failed: day.failed,
            skipped: day.skipped,
            unfinished: day.unfinished,
            size: day.size_bytes.map(bytes),
            size_bytes: day.size_bytes,
            rows: day.row_count,
        }
    }
}

/// What the OpenAPI document has of this.
#[cfg(native)]
pub(crate) fn operations() -> Vec<crate::openapi::Operation> {
    use crate::openapi::Operation;
    use crate::openapi::operation::{number_or, text};

    vec![
        Operation::of("GET /databases")
            .says("Those of the registry in its order, then those that left it while a backup of them is stored, by name.")
            .query("after", text(), "From behind the database of this name: `next` of the page before.")
            .query("limit", number_or(1..=LARGEST_PAGE, PAGE), "At most so many.")
            .json::<Databases>(200, "A page of them.")
            .link("GET /databases/:name", &[("name", "/databases/0/database")])
            .link("GET /databases", &[("after", "/next")])
            .problems(&[Kind::InvalidParameter, Kind::NoSuchDatabase]),
        Operation::of("GET /databases/:name")
            .path_part("name", text(), "Its name.")
            .json::<Database>(200, "The database.")
            .problems(&[Kind::NoSuchDatabase]),
    ]
}
