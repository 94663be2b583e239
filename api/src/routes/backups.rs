//! `GET /backups/:id`: one backup with all that is known of it, also when it is gone.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use serde::Serialize;
use shared::catalogue::overview::{self, BackupDetails, DrillView};
use shared::manifest::{Manifest, TableEntry, manifest_key};
use shared::ports::{Clock, ObjectStore};
use shared::reconciliation::LARGEST_MANIFEST;

use super::pins::{no_such_backup, row};
use super::rfc3339;
use crate::ports::Ports;
use crate::problem::Problem;
use crate::state::App;
use crate::text::{bytes, duration};

/// A backup.
#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Backup {
    id: i64,
    database: String,
    date: String,
    r2_key: String,
    job_id: Option<String>,
    /// `stored`; `pinned` when it is that too; `lost` when its objects are gone; `deleting` and `deleted`.
    #[cfg_attr(native, schemars(with = "crate::openapi::State"))]
    state: &'static str,
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
    pinned_at: Option<String>,
    /// Why somebody pinned it.
    pin_note: Option<String>,
    /// When a restore drill last restored it.
    verified_at: Option<String>,
    /// When one last failed; `null` after one that passed.
    drill_failed_at: Option<String>,
    /// When its objects were found to be gone from the bucket.
    lost_at: Option<String>,
    /// What of its objects disagrees with what was recorded.
    damage: Option<String>,
    /// What it has less than the backup before.
    shrunk: Option<String>,
    /// When a lock of the bucket last refused to let it go.
    locked_at: Option<String>,
    deleted_at: Option<String>,
    /// Why it was deleted, or is being deleted.
    deleted_because: Option<String>,
    /// What the bucket has beside the dump; `null` where it has nothing, or nothing that reads.
    manifest: Option<Contents>,
    /// Why there is no manifest.
    manifest_missing: Option<String>,
    /// The newest twenty, newest first.
    drills: Vec<Drill>,
}

/// What the dump holds, as its manifest says.
#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Contents {
    /// Of the format of dump and manifest.
    format: u32,
    /// The version of Cache that wrote it.
    tool: String,
    /// When the data was read.
    generated_at: String,
    /// SHA-256 of the statements of the schema.
    schema_sha256: String,
    total_rows: u64,
    /// In the order of the dump.
    tables: Vec<Table>,
    /// What the registry had left out.
    left_out: Vec<String>,
    /// Tables that were taken without their rows.
    without_rows: Vec<String>,
    /// Foreign keys that need deferred checks at a restore: `child -> parent`.
    deferred: Vec<String>,
    /// What to know before one trusts this dump alone.
    warnings: Vec<String>,
    /// The size of the object when it is stored as gzip.
    gzip_bytes: Option<u64>,
}

/// A table of the dump.
#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Table {
    name: String,
    rows: u64,
    /// Of its rows in the dump.
    size: String,
    size_bytes: u64,
    /// Of its rows in order.
    sha256: String,
}

/// A restore drill.
#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Drill {
    id: i64,
    #[cfg_attr(native, schemars(with = "crate::openapi::DrillStatus"))]
    status: String,
    requested_at: String,
    started_at: Option<String>,
    /// When it was last seen to go on.
    progress_at: Option<String>,
    completed_at: Option<String>,
    duration: Option<String>,
    duration_ms: Option<i64>,
    /// Of the text, what is restored.
    done_bytes: u64,
    total_bytes: u64,
    /// The first error, why nothing is proved, or why it did not get on so far.
    error: Option<String>,
}

/// Reads the row and its drills at one instant, then the manifest.
#[worker::send]
pub(crate) async fn backup<P: Ports>(
    State(app): State<App<P>>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Backup>, Problem> {
    let id = row(id)?;
    let now = app.ports().clock().now();
    let [backup, drills] = app
        .query([overview::backup(id), overview::drills_of(id, now)])
        .await?;
    let details: BackupDetails = backup.first()?.ok_or_else(no_such_backup)?;
    let drills: Vec<DrillView> = drills.read()?;
    let manifest = manifest(&app, &details).await?;
    Ok(Json(Backup::new(details, manifest, drills)))
}

/// The manifest, or why there is none.
pub(super) async fn manifest<P: Ports>(
    app: &App<P>,
    details: &BackupDetails,
) -> Result<Result<Manifest, String>, Problem> {
    if details.deleted_at.is_some() {
        return Ok(Err(
            "The backup is deleted, and its manifest with it.".to_owned()
        ));
    }
    let bucket = app.ports().bucket();
    let key = manifest_key(&details.backup.r2_key);
    let Some(info) = bucket.head(&key).await? else {
        return Ok(Err(format!("The bucket has no `{key}`.")));
    };
    if info.size > LARGEST_MANIFEST {
        return Ok(Err(format!(
            "`{key}` has {}, more than any manifest.",
            bytes(info.size)
        )));
    }
    let Some(body) = bucket.get(&key).await? else {
        return Ok(Err(format!("The bucket has no `{key}` any more.")));
    };
    Ok(serde_json::from_slice(&body).map_err(|error| format!("`{key}` does not read: {error}.")))
}

impl Backup {
    fn new(
        details: BackupDetails,
        manifest: Result<Manifest, String>,
        drills: Vec<DrillView>,
    ) -> Self {
        let state = state(&details);
        let backup = details.backup;
        let (manifest, manifest_missing) = match manifest {
            Ok(manifest) => (Some(manifest.into()), None),
            Err(reason) => (None, Some(reason)),
        };
        Self {
            id: backup.id,
            database: backup.database_name,
            date: backup.backup_date,
            r2_key: backup.r2_key,
            job_id: backup.job_id,
            state,
            size: bytes(backup.size_bytes),
            size_bytes: backup.size_bytes,
            tables: backup.table_count,
            rows: backup.row_count,
            sha256: backup.sha256,
            consistency: backup.consistency,
            created_at: rfc3339(backup.created_at),
            expires_at: rfc3339(backup.expires_at),
            pinned: backup.pinned_at.is_some(),
            pinned_at: backup.pinned_at.map(rfc3339),
            pin_note: details.pin_note,
            verified_at: backup.verified_at.map(rfc3339),
            drill_failed_at: details.drill_failed_at.map(rfc3339),
            lost_at: details.lost_at.map(rfc3339),
            damage: details.damage,
            shrunk: details.shrunk,
            locked_at: details.locked_at.map(rfc3339),
            deleted_at: details.deleted_at.map(rfc3339),
            deleted_because: details.deleted_because,
            manifest,
            manifest_missing,
            drills: drills.into_iter().map(Drill::from).collect(),
        }
    }
}

/// In one word.
const fn state(details: &BackupDetails) -> &'static str {
    if details.deleted_at.is_some() {
        "deleted"
    } else if details.deleted_because.is_some() {
        "deleting"
    } else if details.lost_at.is_some() {
        "lost"
    } else if details.backup.pinned_at.is_some() {
        "pinned"
    } else {
        "stored"
    }
}

impl From<Manifest> for Contents {
    fn from(manifest: Manifest) -> Self {
        Self {
            format: manifest.format,
            tool: manifest.tool,
            generated_at: manifest.generated,
            schema_sha256: manifest.schema_sha256,
            total_rows: manifest.total_rows,
            tables: manifest.tables.into_iter().map(Table::from).collect(),
            left_out: manifest.left_out,
            without_rows: manifest.without_rows,
            deferred: manifest.deferred,
            warnings: manifest.warnings,
            gzip_bytes: manifest.gzip.map(|gzip| gzip.size_bytes),
        }
    }
}

impl From<TableEntry> for Table {
    fn from(table: TableEntry) -> Self {
        Self {
            name: table.name,
            rows: table.rows,
            size: bytes(table.bytes),
            size_bytes: table.bytes,
            sha256: table.sha256,
        }
    }
}

impl From<DrillView> for Drill {
    fn from(drill: DrillView) -> Self {
        Self {
            id: drill.id,
            status: drill.status,
            requested_at: rfc3339(drill.requested_at),
            started_at: drill.started_at.map(rfc3339),
            progress_at: drill.progress_at.map(rfc3339),
            completed_at: drill.completed_at.map(rfc3339),
            duration: drill.duration_ms.map(duration),
            duration_ms: drill.duration_ms,
            done_bytes: drill.done_bytes,
            total_bytes: drill.total_bytes,
            error: drill.error_message,
        }
    }
}

/// What the OpenAPI document has of this.
#[cfg(native)]
pub(crate) fn operations() -> Vec<crate::openapi::Operation> {
    use crate::openapi::Operation;
    use crate::openapi::operation::number;
    use crate::problem::Kind;

    vec![
        Operation::of("GET /backups/:id")
            .says("Also when it is gone.")
            .path_part("id", number(0..=u32::MAX), "The `id` in `GET /list`.")
            .json::<Backup>(200, "The backup.")
            .link("GET /jobs/:id", &[("id", "/jobId")])
            .problems(&[Kind::NoSuchBackup]),
    ]
}
