//! `GET /retention`: what the janitor would delete now, what stays, and why, by the function that it decides with.

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use serde::Serialize;
use shared::catalogue::retention::{self, Latest, Name};
use shared::ports::{Clock, Database};
use shared::registry::KeepRules;
use shared::retention::{Backup, Decision, MOST_BACKUPS, Verdict, plan};

use super::download::no_such_database;
use super::rfc3339;
use crate::parameters::Parameters;
use crate::ports::Ports;
use crate::problem::Problem;
use crate::state::App;

/// The most databases that are planned in one answer, with two queries each.
const MOST_DATABASES: u32 = 200;
/// The most backups that are listed of a database asked for by name.
const MOST_LISTED: usize = 1_000;
/// The most that are listed of each, of those that go, where all are asked for.
const MOST_LISTED_EACH: usize = 20;

/// The plan.
#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
pub(crate) struct Retention {
    /// The moment that it is for.
    at: String,
    /// Over all databases.
    keep: usize,
    delete: usize,
    databases: Vec<Planned>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Planned {
    database: String,
    policy: Policy,
    latest_failed: bool,
    keep: usize,
    delete: usize,
    backups: Vec<Decided>,
    /// Whether there are more than are listed.
    truncated: bool,
}

#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Policy {
    retention_weeks: u32,
    keep_last: u32,
    keep_daily: u32,
    keep_weekly: u32,
    keep_monthly: u32,
    keep_yearly: u32,
}

#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Decided {
    id: i64,
    r2_key: String,
    created_at: String,
    expires_at: String,
    #[cfg_attr(native, schemars(with = "crate::openapi::Verdict"))]
    verdict: &'static str,
    reasons: Vec<String>,
}

/// Reads one database after the other, each at one instant; changes nothing. Without `database` only those backups are
/// listed that go.
#[worker::send]
pub(crate) async fn retention<P: Ports>(
    State(app): State<App<P>>,
    uri: Uri,
) -> Result<Json<Retention>, Problem> {
    let parameters = Parameters::read(&uri, &["database"])?;
    let now = app.ports().clock().now();
    let names = names(&app, parameters.text("database")).await?;
    let all = parameters.text("database").is_none();
    let mut databases = Vec::with_capacity(names.len());
    for name in names {
        let statements = [
            retention::live(&name, MOST_BACKUPS),
            retention::latest(&name),
        ];
        let [live, latest] = app.ports().catalogue().run(statements).await?;
        let live: Vec<Backup> = live.read()?;
        let latest: Option<Latest> = latest.first()?;
        let latest_failed = latest.is_some_and(|latest| latest.failed());
        let rules = app.registry().keep_rules(&name);
        let decisions = plan(live, latest_failed, &rules, now);
        let delete = decisions.iter().filter(|decision| goes(decision)).count();
        let keep = decisions.len().saturating_sub(delete);
        let (listed, most) = if all {
            (delete, MOST_LISTED_EACH)
        } else {
            (decisions.len(), MOST_LISTED)
        };
        let backups = decisions
            .into_iter()
            .filter(|decision| !all || goes(decision))
            .take(most)
            .map(Decided::from)
            .collect();
        databases.push(Planned {
            policy: Policy::new(app.registry().retention_weeks(&name), rules),
            database: name,
            latest_failed,
            keep,
            delete,
            backups,
            truncated: listed > most,
        });
    }
    Ok(Json(Retention {
        at: rfc3339(now.seconds()),
        keep: databases.iter().map(|planned| planned.keep).sum(),
        delete: databases.iter().map(|planned| planned.delete).sum(),
        databases,
    }))
}

fn goes(decision: &Decision) -> bool {
    decision.verdict == Verdict::Delete
}

/// Which databases to plan: the one asked for, or those of the registry and then those that left it and have backups.
async fn names<P: Ports>(app: &App<P>, asked: Option<&str>) -> Result<Vec<String>, Problem> {
    let [stored] = app.query([retention::databases(MOST_DATABASES)]).await?;
    let stored: Vec<Name> = stored.read()?;
    let mut names = app.database_names();
    for stored in stored {
        if !names.contains(&stored.database_name) {
            names.push(stored.database_name);
        }
    }
    let Some(asked) = asked else {
        return Ok(names);
    };
    if !names.iter().any(|name| name == asked) {
        return Err(no_such_database(app, asked).field("database"));
    }
    Ok(vec![asked.to_owned()])
}

impl Policy {
    fn new(retention_weeks: u32, rules: KeepRules) -> Self {
        Self {
            retention_weeks,
            keep_last: rules.last.unwrap_or(0),
            keep_daily: rules.daily.unwrap_or(0),
            keep_weekly: rules.weekly.unwrap_or(0),
            keep_monthly: rules.monthly.unwrap_or(0),
            keep_yearly: rules.yearly.unwrap_or(0),
        }
    }
}

impl From<Decision> for Decided {
    fn from(decision: Decision) -> Self {
        Self {
            id: decision.backup.id,
            created_at: rfc3339(decision.backup.created_at),
            expires_at: rfc3339(decision.backup.expires_at),
            r2_key: decision.backup.r2_key,
            verdict: decision.verdict.as_str(),
            reasons: decision.reasons.iter().map(ToString::to_string).collect(),
        }
    }
}

/// What the OpenAPI document has of this.
#[cfg(native)]
pub(crate) fn operations() -> Vec<crate::openapi::Operation> {
    use crate::openapi::Operation;
    use crate::openapi::operation::text;
    use crate::problem::Kind;

    vec![
        Operation::of("GET /retention")
            .says("Without `database`, those backups are listed that go, up to twenty of each; with it, all up to a thousand.")
            .query("database", text(), "Only this database.")
            .json::<Retention>(200, "The plan of this moment.")
            .problems(&[Kind::InvalidParameter, Kind::NoSuchDatabase]),
    ]
}
