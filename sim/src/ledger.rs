//! What Cache has promised so far, kept apart from its own catalogue.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::rc::Rc;

use rusqlite::{Connection, params};
use shared::manifest::{Consistency, Manifest, manifest_key};
use shared::native::{MemoryObjects, NativeDatabase};
use shared::ports::ObjectStore;
use shared::time::Timestamp;
use testkit::fingerprint::{self, Fingerprint};
use testkit::{d1, restore};

use crate::scheduler::Sim;
use crate::sources::{Look, Source};
use crate::world::immediately;

/// A backup of which the catalogue says that it was made.
#[derive(Debug, Clone)]
pub(crate) struct Acknowledged {
    /// Of which database.
    pub(crate) database: String,
    /// The dump's key in the bucket.
    pub(crate) key: String,
    /// The dump as it is stored.
    pub(crate) body: Rc<Vec<u8>>,
    /// Whether retention took it away.
    pub(crate) is_gone: bool,
}

/// The promises.
#[derive(Debug)]
pub(crate) struct Ledger {
    catalogue: NativeDatabase,
    sources: Rc<Vec<Source>>,
    /// By job and database.
    backups: RefCell<BTreeMap<(String, String), Acknowledged>>,
    /// The job and database of a dump's key and its manifest's: of those that are there.
    by_key: RefCell<BTreeMap<String, (String, String)>>,
    /// Manual jobs that a client was told of.
    jobs: RefCell<BTreeSet<String>>,
    stored: Cell<u64>,
}

impl Ledger {
    /// Without a promise.
    pub(crate) fn new(catalogue: &NativeDatabase, sources: &Rc<Vec<Source>>) -> Self {
        Self {
            catalogue: catalogue.clone(),
            sources: Rc::clone(sources),
            backups: RefCell::default(),
            by_key: RefCell::default(),
            jobs: RefCell::default(),
            stored: Cell::new(0),
        }
    }

    /// A client was told that there is such a job.
    pub(crate) fn promise_job(&self, job_id: &str) {
        self.jobs.borrow_mut().insert(job_id.to_owned());
    }

    /// Those jobs.
    pub(crate) fn promised_jobs(&self) -> Vec<String> {
        self.jobs.borrow().iter().cloned().collect()
    }

    /// All backups so far.
    pub(crate) fn backups(&self) -> Vec<Acknowledged> {
        self.backups.borrow().values().cloned().collect()
    }

    /// An object is new in the bucket.
    pub(crate) fn stored(&self, sim: &Sim, key: &str) {
        self.stored.set(self.stored.get() + 1);
        if self.by_key.borrow().contains_key(key) {
            sim.violate("no key is ever overwritten", || {
                format!("{key} was put anew while its backup counts")
            });
        }
    }

    /// An object is about to go.
    pub(crate) fn before_deletion(&self, sim: &Sim, objects: &MemoryObjects, key: &str) {
        self.check_new(sim, objects);
        let Some(owner) = self.by_key.borrow().get(key).cloned() else {
            return;
        };
        let Some(dump) = self.backups.borrow().get(&owner).map(|it| it.key.clone()) else {
            return;
        };
        let begun: Option<String> = self
            .connection()
            .prepare_cached("SELECT deleted_because FROM backup_inventory WHERE r2_key = ?1 AND deleted_at IS NULL")
            .and_then(|mut statement| statement.query_row(params![dump], |row| row.get(0)))
            .unwrap_or_default();
        if begun.is_none() {
            sim.violate("no acknowledged backup is missing", || {
                format!("{key} goes, and nobody recorded why")
            });
        }
        if let Some(backup) = self.backups.borrow_mut().get_mut(&owner) {
            backup.is_gone = true;
        }
        let mut by_key = self.by_key.borrow_mut();
        by_key.remove(&dump);
        by_key.remove(&manifest_key(&dump));
        drop(by_key);
        self.check_floor(sim, objects, &owner.1);
    }

    /// The last good backup of a database always exists.
    pub(crate) fn check_floor(&self, sim: &Sim, objects: &MemoryObjects, database: &str) {
        let keys = objects.keys();
        let is_there = |key: &String| keys.binary_search(key).is_ok();
        let backups = self.backups.borrow();
        let mut of_database = backups
            .values()
            .filter(|it| it.database == database)
            .peekable();
        if of_database.peek().is_none() {
            return;
        }
        let is_whole = |backup: &Acknowledged| {
            !backup.is_gone && is_there(&backup.key) && is_there(&manifest_key(&backup.key))
        };
        if !of_database.any(is_whole) {
            sim.violate("the last good backup of a database always exists", || {
                format!("{database} has none left")
            });
        }
    }

    /// Finds the backups that count by now and did not before, and proves each of them.
    pub(crate) fn check_new(&self, sim: &Sim, objects: &MemoryObjects) {
        let found = self.successes().expect("the catalogue can be read");
        for (job, database, key, planned, recorded) in found {
            let owner = (job, database);
            if self.backups.borrow().contains_key(&owner) {
                continue;
            }
            let body = self.prove(sim, objects, &owner, &key, planned, recorded);
            let mut by_key = self.by_key.borrow_mut();
            for object in [key.clone(), manifest_key(&key)] {
                if let Some(other) = by_key.insert(object, owner.clone()) {
                    sim.violate("no key is ever overwritten", || {
                        format!("{key} is the backup of {other:?} and of {owner:?}")
                    });
                }
            }
            drop(by_key);
            let backup = Acknowledged {
                database: owner.1.clone(),
                key,
                body: Rc::new(body),
                is_gone: false,
            };
            self.backups.borrow_mut().insert(owner, backup);
            sim.figures.borrow_mut().backups += 1;
        }
    }

    fn connection(&self) -> &Connection {
        self.catalogue.reader()
    }

    #[allow(clippy::type_complexity)] // rows of one query
    fn successes(&self) -> rusqlite::Result<Vec<(String, String, String, i64, i64)>> {
        let mut statement = self.connection().prepare_cached(
            "SELECT r.job_id, r.database_name, r.r2_key, j.started_at, r.completed_at FROM backup_results r \
             JOIN backup_jobs j ON j.job_id = r.job_id WHERE r.status = 'success' ORDER BY r.id",
        )?;
        let rows = statement.query_map([], |row| {
            Ok((
                row.get(0)?,
                row.get(1)?,
                row.get(2)?,
                row.get(3)?,
                row.get(4)?,
            ))
        })?;
        rows.collect()
    }

    /// Restores a backup that counts, and compares it with what its database was; the dump as it is stored.
    fn prove(
        &self,
        sim: &Sim,
        objects: &MemoryObjects,
        owner: &(String, String),
        key: &str,
        planned: i64,
        recorded: i64,
    ) -> Vec<u8> {
        const MISSING: &str = "no acknowledged backup is missing";
        let read = |key: &str| immediately(objects.get(key)).ok().flatten();
        let Some(body) = read(key) else {
            sim.violate(MISSING, || {
                format!("{key} of {owner:?} is not in the bucket")
            });
            return Vec::new();
        };
        let manifest: Option<Manifest> =
            read(&manifest_key(key)).and_then(|body| serde_json::from_slice(&body).ok());
        let Some(manifest) = manifest.filter(|it| it.job_id == owner.0 && it.key == key) else {
            sim.violate(MISSING, || {
                format!("{key} of {owner:?} has no manifest of its own")
            });
            return body;
        };
        let restored = match restored(key, &body) {
            Ok(restored) => restored,
            Err(why) => {
                sim.violate("every backup restores", || format!("{key}: {why}"));
                return body;
            }
        };
        let source = self.sources.iter().find(|it| it.name == owner.1);
        let source = source.expect("a backup is of a database");
        let until = Timestamp::from_millis(recorded * 1000 + 999);
        let looks = source.looks(Timestamp::from_seconds(planned), until);
        let differences = match manifest.consistency {
            Consistency::Snapshot => no_single_state(&restored, &looks),
            Consistency::Paged => no_states(&restored, &looks),
        };
        if let Some(differences) = differences {
            sim.violate("a backup is a state that its database had", || {
                format!("{key} ({}): {differences}", manifest.consistency.as_str())
            });
        }
        body
    }
}

/// What a stored dump restores.
///
/// # Errors
///
/// Why it does not.
pub(crate) fn restored(key: &str, body: &[u8]) -> Result<Fingerprint, String> {
    let mut text = String::new();
    if key.ends_with(".gz") {
        flate2::read::MultiGzDecoder::new(body)
            .read_to_string(&mut text)
            .map_err(|error| error.to_string())?;
    } else {
        text = String::from_utf8(body.to_vec()).map_err(|error| error.to_string())?;
    }
    let database = d1::empty();
    restore::as_one_batch(&database, &text).map_err(|error| error.to_string())?;
    Ok(fingerprint::of(&database))
}

/// How it differs from each state that was seen; `None` when it is one of them.
fn no_single_state(restored: &Fingerprint, looks: &[Look]) -> Option<String> {
    if looks.iter().any(|look| *look.print == *restored) {
        return None;
    }
    let last = looks
        .last()
        .map(|look| fingerprint::differences(&look.print, restored));
    Some(format!(
        "none of {} looks; the last differs by {:?}",
        looks.len(),
        last.unwrap_or_default()
    ))
}

/// How it differs from a database whose rows are from several states: it has no row that no state had, and every row that
/// all of them had.
fn no_states(restored: &Fingerprint, looks: &[Look]) -> Option<String> {
    for (name, table) in &restored.tables {
        let of_looks = || looks.iter().filter_map(|look| look.print.tables.get(name));
        let is_known =
            |row: &Vec<u8>| of_looks().any(|known| known.rows.binary_search(row).is_ok());
        if let Some(row) = table.rows.iter().find(|row| !is_known(row)) {
            return Some(format!("{name} has a row that it never had: {row:?}"));
        }
        if of_looks().count() < looks.len() {
            continue;
        }
        let first = of_looks()
            .next()
            .map(|known| known.rows.as_slice())
            .unwrap_or_default();
        let always = |row: &&Vec<u8>| of_looks().all(|known| known.rows.binary_search(row).is_ok());
        let mut lasting = first.iter().filter(always);
        if let Some(row) = lasting.find(|row| table.rows.binary_search(row).is_err()) {
            return Some(format!(
                "{name} is without a row that it always had: {row:?}"
            ));
        }
    }
    let names = |print: &Fingerprint| print.tables.keys().cloned().collect::<Vec<_>>();
    let of_restored = names(restored);
    if looks.iter().any(|look| names(&look.print) == of_restored) {
        return None;
    }
    Some(format!(
        "it has the tables {of_restored:?}, which its database never had"
    ))
}
