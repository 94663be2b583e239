//! `GET /list`: the stored backups, newest first.

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use serde::Serialize;
use shared::catalogue::views::{self, BackupFilter, BackupView, Count};

use super::download::no_such_database;
use super::rfc3339;
use crate::parameters::Parameters;
use crate::ports::Ports;
use crate::problem::Problem;
use crate::state::{App, only};
use crate::text::bytes;

/// The most that one answer lists, and what it lists unless told: nine databases for two years.
const MOST: u32 = 1_000;

/// A page of the stored backups.
#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
pub(crate) struct List {
    backups: Vec<ListedBackup>,
    /// All that are stored.
    total: u64,
    /// Those that the filters let pass.
    filtered: u64,
    limit: u32,
    offset: u32,
}

#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct ListedBackup {
    id: i64,
    database: String,
    date: String,
    r2_key: String,
    job_id: Option<String>,
    size: String,
    size_bytes: u64,
    tables: Option<u64>,
    rows: Option<u64>,
    sha256: Option<String>,
    #[cfg_attr(native, schemars(with = "Option<crate::openapi::Consistency>"))]
    consistency: Option<String>,
    created_at: String,
    expires_at: String,
    pinned: bool,
    /// When a restore drill last restored it.
    verified_at: Option<String>,
}

/// Reads the catalogue at one instant.
#[worker::send]
pub(crate) async fn list<P: Ports>(
    State(app): State<App<P>>,
    uri: Uri,
) -> Result<Json<List>, Problem> {
    let parameters = Parameters::read(&uri, &["database", "date", "limit", "offset"])?;
    let limit = parameters.number("limit", 1..=MOST)?.unwrap_or(MOST);
    let offset = parameters.number("offset", 0..=u32::MAX)?.unwrap_or(0);
    let filter = BackupFilter {
        database: parameters.text("database").map(ToOwned::to_owned),
        date: parameters.date("date")?.map(ToOwned::to_owned),
    };
    let of_database = BackupFilter {
        date: None,
        ..filter.clone()
    };
    let [total, of_database, filtered, page] = app
        .query([
            views::backup_count(&BackupFilter::default()),
            views::backup_count(&of_database),
            views::backup_count(&filter),
            views::backups(&filter, limit, offset),
        ])
        .await?;
    if let Some(name) = &filter.database {
        // A database that left the registry is listed as long as a backup of it is stored.
        let stored = only::<Count>(of_database)?.count > 0;
        if !stored && app.registry().find(name).is_none() {
            return Err(no_such_database(&app, name).field("database"));
        }
    }
    Ok(Json(List {
        backups: page
            .read::<BackupView>()?
            .into_iter()
            .map(ListedBackup::from)
            .collect(),
        total: only::<Count>(total)?.count,
        filtered: only::<Count>(filtered)?.count,
        limit,
        offset,
    }))
}

impl From<BackupView> for ListedBackup {
    fn from(backup: BackupView) -> Self {
        Self {
            id: backup.id,
            database: backup.database_name,
            date: backup.backup_date,
            r2_key: backup.r2_key,
            job_id: backup.job_id,
            size: bytes(backup.size_bytes),
            size_bytes: backup.size_bytes,
            tables: backup.table_count,
            rows: backup.row_count,
            sha256: backup.sha256,
            consistency: backup.consistency,
            created_at: rfc3339(backup.created_at),
            expires_at: rfc3339(backup.expires_at),
            pinned: backup.pinned_at.is_some(),
            verified_at: backup.verified_at.map(rfc3339),
        }
    }
}

/// What the OpenAPI document has of this.
#[cfg(native)]
pub(crate) fn operations() -> Vec<crate::openapi::Operation> {
    use crate::openapi::Operation;
    use crate::openapi::operation::{date, number, number_or, text};
    use crate::problem::Kind;

    vec![
        Operation::of("GET /list")
            .query("database", text(), "Only this database's; also one that left the registry, while a backup of it is stored.")
            .query("date", date(), "Only this day's.")
            .query("limit", number_or(1..=MOST, MOST), "At most so many.")
            .query("offset", number(0..=u32::MAX), "Without the first so many.")
            .json::<List>(200, "The stored backups, newest first.")
            .link("GET /backups/:id", &[("id", "/backups/0/id")])
            .link("POST /backups/:id/pin", &[("id", "/backups/0/id")])
            .link("POST /backups/:id/unpin", &[("id", "/backups/0/id")])
            .link("POST /backups/:id/drill", &[("id", "/backups/0/id")])
            .link("GET /download/:date/:db", &[("date", "/backups/0/date"), ("db", "/backups/0/database")])
            .link("GET /restore-guide/:db", &[("db", "/backups/0/database")])
            .problems(&[Kind::InvalidParameter, Kind::NoSuchDatabase]),
    ]
}
