//! `stored_totals` says what counting would say, whatever happens to a row: `migrations/015_totals.sql`.

use pollster::block_on;

use super::views::{StorageView, storage};
use crate::native::NativeDatabase;
use crate::ports::{Database, Statement};

/// A backup of 100 bytes, as the exporter and a rebuilt catalogue insert it.
const STORE: &str = "INSERT INTO backup_inventory (r2_key, database_name, backup_date, size_bytes, created_at, expires_at) \
     VALUES ('a', 'groveauth', '2024-12-08', 100, 1, 2) \
     ON CONFLICT (r2_key) DO UPDATE SET size_bytes = excluded.size_bytes, deleted_at = NULL";
const DELETE: &str = "UPDATE backup_inventory SET deleted_at = 3 WHERE r2_key = 'a'";

/// How many backups of how many bytes are stored after these statements, by the totals; a count must agree.
fn after(statements: &[&'static str]) -> (u64, u64) {
    let catalogue = NativeDatabase::catalogue();
    for sql in statements {
        block_on(catalogue.batch(&[Statement::new(*sql)])).unwrap();
        let wrong = Statement::new(
            "SELECT t.database_name FROM stored_totals t WHERE (t.backups, t.size_bytes) <> (SELECT count(*), coalesce(sum(b.size_bytes), 0) \
             FROM backup_inventory b WHERE b.database_name = t.database_name AND b.deleted_at IS NULL) UNION ALL \
             SELECT b.database_name FROM backup_inventory b WHERE b.deleted_at IS NULL AND b.database_name NOT IN (SELECT database_name FROM stored_totals)",
        );
        let wrong = block_on(catalogue.batch(&[wrong])).unwrap();
        assert!(wrong[0].rows.is_empty(), "{sql}");
    }
    let [storage] = block_on(catalogue.run([storage()])).unwrap();
    let storage: StorageView = storage.first().unwrap().unwrap();
    (storage.total_backups, storage.size_bytes)
}

#[test]
fn nothing_is_stored_in_a_new_catalogue() {
    assert_eq!(after(&[]), (0, 0));
}

#[test]
fn what_is_stored_counts_once_however_often_it_is_recorded() {
    assert_eq!(after(&[STORE]), (1, 100));
    assert_eq!(after(&[STORE, STORE]), (1, 100));
}

#[test]
fn what_is_deleted_does_not_count_until_it_is_back() {
    assert_eq!(after(&[STORE, DELETE]), (0, 0));
    assert_eq!(after(&[STORE, DELETE, DELETE]), (0, 0));
    assert_eq!(after(&[STORE, DELETE, STORE]), (1, 100));
}

#[test]
fn a_row_that_is_gone_does_not_count() {
    const WIPE: &str = "DELETE FROM backup_inventory";
    assert_eq!(after(&[STORE, WIPE]), (0, 0));
    assert_eq!(after(&[STORE, DELETE, WIPE]), (0, 0));
    assert_eq!(after(&[STORE, WIPE, STORE]), (1, 100));
}

#[test]
fn another_size_and_another_name_count() {
    assert_eq!(
        after(&[STORE, "UPDATE backup_inventory SET size_bytes = 7"]),
        (1, 7)
    );
    assert_eq!(
        after(&[STORE, "UPDATE backup_inventory SET database_name = 'other'"]),
        (1, 100)
    );
}

#[test]
fn a_row_that_comes_deleted_does_not_count() {
    let deleted = "INSERT INTO backup_inventory (r2_key, database_name, backup_date, size_bytes, created_at, expires_at, deleted_at) \
         VALUES ('b', 'groveauth', '2024-12-08', 5, 1, 2, 3)";
    assert_eq!(after(&[deleted]), (0, 0));
}
