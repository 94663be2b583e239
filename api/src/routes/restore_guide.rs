//! `GET /restore-guide/:db`: how to restore a database, in commands that can be pasted.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use serde::Serialize;
use shared::catalogue::views::{self, BackupView, ResultView};
use shared::manifest::Encoding;
use shared::registry::Priority;

use super::download::no_such_database;
use super::rfc3339;
use crate::origin::origin;
use crate::ports::Ports;
use crate::problem::Problem;
use crate::state::App;
use crate::text::bytes;

/// More than any retention keeps of one database.
const MOST: u32 = 1_000;

/// How to restore one database.
#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Guide {
    database: String,
    database_id: String,
    description: String,
    #[cfg_attr(native, schemars(with = "crate::openapi::Priority"))]
    priority: &'static str,
    /// What its backups are without, as the registry has it now.
    #[serde(flatten)]
    omissions: Omitted,
    available_backups: Vec<Available>,
    restore_instructions: Instructions,
}

#[derive(Debug, Default, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Omitted {
    leave_out: Vec<String>,
    without_rows: Vec<String>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Available {
    date: String,
    size: String,
    size_bytes: u64,
    job_id: Option<String>,
    created_at: String,
    download: String,
}

#[derive(Debug, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
struct Instructions {
    method1_wrangler: Method,
    method2_timetravel: Method,
    method3_sqlite3: Method,
    method4_tables: Method,
    method5_bucket: Method,
    method6_link: Method,
}

#[derive(Debug, Default, Serialize)]
#[cfg_attr(native, derive(schemars::JsonSchema))]
struct Method {
    name: &'static str,
    steps: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
}

/// What is known of a database: of one that left the registry, what its last job wrote down.
struct Described {
    id: String,
    description: String,
    priority: &'static str,
    omissions: Omitted,
}

/// Answers for the newest backup, and lists every stored one.
#[worker::send]
pub(crate) async fn restore_guide<P: Ports>(
    State(app): State<App<P>>,
    headers: HeaderMap,
    uri: Uri,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<Guide>, Problem> {
    let Path(name) = path
        .map_err(|_| Problem::parameter("path", "The address must be /restore-guide/DATABASE."))?;
    let [stored, last] = app
        .query([views::backups_of(&name, MOST), views::newest_result(&name)])
        .await?;
    let stored: Vec<BackupView> = stored.read()?;
    let last: Option<ResultView> = last.first()?;
    let described = match (app.registry().find(&name), last) {
        (Some(database), _) => Described {
            id: database.id.clone(),
            description: database.description.clone(),
            priority: database.priority.as_str(),
            omissions: Omitted {
                leave_out: database.omissions.leave_out.clone(),
                without_rows: database.omissions.without_rows.clone(),
            },
        },
        (None, Some(last)) if !stored.is_empty() => Described {
            id: last.database_id,
            description: "No longer in the registry; its backups are kept until they expire"
                .to_owned(),
            priority: Priority::Normal.as_str(),
            omissions: Omitted::default(),
        },
        _ => return Err(no_such_database(&app, &name)),
    };
    let origin = origin(&uri, &headers);
    let restore_instructions = instructions(
        &name,
        &origin,
        &app.registry().backup.bucket,
        stored.first(),
    );
    Ok(Json(Guide {
        database_id: described.id,
        description: described.description,
        priority: described.priority,
        omissions: described.omissions,
        database: name,
        available_backups: available(&origin, stored),
        restore_instructions,
    }))
}

/// Newest first. The newest of a day has the plain address; an earlier one of the same day is named by its job.
fn available(origin: &str, stored: Vec<BackupView>) -> Vec<Available> {
    let mut day = String::new();
    let mut available = Vec::with_capacity(stored.len());
    for backup in stored {
        let address = format!(
            "{origin}/download/{}/{}",
            backup.backup_date, backup.database_name
        );
        let download = match &backup.job_id {
            Some(job) if backup.backup_date == day => format!("{address}?job={job}"),
            _ => address,
        };
        day.clone_from(&backup.backup_date);
        available.push(Available {
            date: backup.backup_date,
            size: bytes(backup.size_bytes),
            size_bytes: backup.size_bytes,
            job_id: backup.job_id,
            created_at: rfc3339(backup.created_at),
            download,
        });
    }
    available
}

/// Some tables only.
fn tables(name: &str, origin: &str, date: &str) -> Method {
    let file = format!("{name}-{date}-tables.sql");
    Method {
        name: "Some tables only",
        steps: vec![
            format!(
                "1. Download them, each as &table=NAME: curl -f -H \"Authorization: Bearer $API_TOKEN\" -o {file} \"{origin}/download/{date}/{name}?table=TABLE\""
            ),
            format!("2. Review what it needs: head -20 {file}"),
            format!(
                "3. Restore them into a new database, with the tables that their rows refer to: npx wrangler d1 create {name}-tables && \
                 npx wrangler d1 execute {name}-tables --remote --file={file}"
            ),
            format!(
                "4. Or over the live database; note its bookmark first, which undoes what follows: npx wrangler d1 time-travel info {name} && \
                 npx wrangler d1 execute {name} --remote --file={file}"
            ),
        ],
        warning: Some(
            "Step 4 will DROP and recreate these tables. Rows of other tables stay; where they could not, it stops at its start and \
             says why.",
        ),
        note: Some(
            "docs/RESTORE.md has what each message means. A dump that is stored as gzip comes as a whole only.",
        ),
    }
}

fn instructions(
    name: &str,
    origin: &str,
    bucket: &str,
    newest: Option<&BackupView>,
) -> Instructions {
    let date = newest.map_or("YYYY-MM-DD", |backup| &backup.backup_date);
    let moment = newest.map_or_else(
        || "YYYY-MM-DDTHH:MM:SSZ".to_owned(),
        |backup| rfc3339(backup.created_at),
    );
    let file = format!("{name}-{date}.sql");
    let encoding = newest.map_or(Encoding::Plain, |backup| Encoding::of_key(&backup.r2_key));
    let stored = format!("{name}-{date}{}", encoding.ending());
    let unpack = match encoding {
        Encoding::Plain => String::new(),
        Encoding::Gzip => format!("gunzip {stored}; "),
    };
    let download = format!(
        "1. Download backup: curl -f -H \"Authorization: Bearer $API_TOKEN\" -o {stored} {origin}/download/{date}/{name}"
    );
    let review = format!(
        "2. Review the SQL file, which when whole ends with \"Backup Complete\": {unpack}head -20 {file}; tail -6 {file}"
    );
    let new = format!("{name}-restored");
    Instructions {
        method1_wrangler: Method {
            name: "Wrangler CLI (Recommended)",
            steps: vec![
                download.clone(),
                review.clone(),
                format!("3. Create a new database: npx wrangler d1 create {new}"),
                format!(
                    "4. Restore into the new database first: npx wrangler d1 execute {new} --remote --file={file}"
                ),
                format!(
                    "5. Verify: npx wrangler d1 execute {new} --remote --command=\"PRAGMA foreign_key_check\"; and compare the rows \
                     of each table with what the file says: grep -A 1 '^-- Table: ' {file}"
                ),
                format!(
                    "6. Bind your Worker to {new}, which is done with this. Or go on, over the live database; note its bookmark first, which undoes what follows: npx wrangler d1 time-travel info {name}"
                ),
                format!(
                    "7. Restore over the live database: npx wrangler d1 execute {name} --remote --file={file}"
                ),
            ],
            warning: Some(
                "Step 7 will DROP and recreate tables. All existing data will be replaced; rows of tables made since the backup \
                 that refer to restored tables by ON DELETE CASCADE go too. Without --remote, wrangler changes a local copy and \
                 not the database.",
            ),
            note: None,
        },
        method2_timetravel: Method {
            name: "D1 Time Travel (Last 30 days)",
            steps: vec![
                format!("1. Get available restore points: npx wrangler d1 time-travel info {name}"),
                format!(
                    "2. Restore to timestamp: npx wrangler d1 time-travel restore {name} --timestamp=\"{moment}\""
                ),
                "3. Verify restoration; the command prints the bookmark that undoes it".to_owned(),
            ],
            warning: None,
            note: Some(
                "Time Travel is faster and doesn't require downloading files. It restores in place, to any minute of the last \
                 30 days (7 on the free plan).",
            ),
        },
        method3_sqlite3: Method {
            name: "sqlite3 shell (to look into a backup without Cloudflare)",
            steps: vec![
                download,
                review,
                format!("3. Restore into a new file: sqlite3 -bail {name}.sqlite \".read {file}\""),
                format!(
                    "4. Verify: sqlite3 {name}.sqlite \"PRAGMA integrity_check; PRAGMA foreign_key_check;\""
                ),
            ],
            warning: None,
            note: Some("Needs no account and no network once the file is there."),
        },
        method4_tables: tables(name, origin, date),
        method5_bucket: Method {
            name: "Straight from the bucket (when this Worker does not answer)",
            steps: vec![
                format!(
                    "1. Get the dump: npx wrangler r2 object get \"{bucket}/{}\" --remote --file={stored}",
                    newest.map_or_else(
                        || format!("YYYY-MM-DD/{name}.sql"),
                        |backup| backup.r2_key.clone()
                    )
                ),
                "2. Go on as with a downloaded one".to_owned(),
            ],
            warning: None,
            note: Some(
                "Write the key down now: without this Worker, only the bucket's page in Cloudflare's dashboard lists it.",
            ),
        },
        method6_link: Method {
            name: "A link for someone without the token",
            steps: vec![
                format!(
                    "1. Make a link that works for an hour: curl -fX POST -H \"Authorization: Bearer $API_TOKEN\" {origin}/backups/{}/link",
                    newest.map_or_else(|| "ID".to_owned(), |backup| backup.id.to_string())
                ),
                format!(
                    "2. Whoever has its `url` downloads the dump with it: curl -f -o {stored} \"$URL\""
                ),
            ],
            warning: Some("Who has the link has the dump."),
            note: None,
        },
    }
}

/// What the OpenAPI document has of this.
#[cfg(native)]
pub(crate) fn operations() -> Vec<crate::openapi::Operation> {
    use crate::openapi::Operation;
    use crate::openapi::operation::text;
    use crate::problem::Kind;

    vec![
        Operation::of("GET /restore-guide/:db")
            .says("For the newest backup, and with this Worker's own address.")
            .path_part("db", text(), "The database's name.")
            .json::<Guide>(200, "Commands to paste.")
            .problems(&[Kind::InvalidParameter, Kind::NoSuchDatabase]),
    ]
}
