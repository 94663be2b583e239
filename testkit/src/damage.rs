//! A database that has gone on living since its backup.

use rusqlite::Connection;

use crate::dice::Dice;
use crate::fingerprint::live_tables;
use crate::sql::{identifier, literal};

/// Changes, adds and deletes rows as far as keys allow, drops indexes, views and triggers, and adds an index and a table.
///
/// What cannot be done to this database is left out, so this never fails.
pub fn damage(connection: &Connection, seed: u64) {
    let mut dice = Dice::new(seed);
    let live = live_tables(connection);
    for (table, index) in &live {
        for _ in 0..dice.below(3) {
            let change = change(connection, &mut dice, table);
            attempt(connection, &change);
        }
        if *index && dice.percent(50) {
            attempt(connection, &format!("DELETE FROM {}", identifier(table)));
        }
    }
    for (kind, name) in droppable(connection) {
        if dice.percent(30) {
            attempt(connection, &format!("DROP {kind} {}", identifier(&name)));
        }
    }
    if let Some((table, _)) = live.iter().find(|(_, index)| !index) {
        let column = columns(connection, table).remove(0);
        let (table, column) = (identifier(table), identifier(&column));
        attempt(
            connection,
            &format!("CREATE INDEX \"added since\" ON {table} ({column})"),
        );
        if dice.percent(30) {
            attempt(
                connection,
                &format!("ALTER TABLE {table} ADD COLUMN \"added since\" DEFAULT 'new'"),
            );
        }
        if dice.percent(10) {
            attempt(connection, &format!("DROP TABLE {table}"));
        }
    }
    if dice.percent(40) {
        attempt(
            connection,
            "CREATE TABLE \"table added since\" (a UNIQUE); INSERT INTO \"table added since\" VALUES (1)",
        );
        attempt(
            connection,
            "ALTER TABLE \"table added since\" ADD COLUMN b REFERENCES missing",
        );
    }
}

fn change(connection: &Connection, dice: &mut Dice, table: &str) -> String {
    let name = identifier(table);
    let columns = columns(connection, table);
    let column = identifier(dice.pick::<String>(&columns));
    let some = dice.below(4);
    match dice.below(5) {
        0 => format!("DELETE FROM {name}"),
        1 => format!(
            "DELETE FROM {name} WHERE {column} = (SELECT {column} FROM {name} LIMIT 1 OFFSET {some})"
        ),
        2 => format!(
            "UPDATE {name} SET {column} = 'changed' WHERE {column} = (SELECT {column} FROM {name} LIMIT 1 OFFSET {some})"
        ),
        3 => format!("INSERT INTO {name} ({column}) VALUES (424242)"),
        _ => format!("UPDATE {name} SET {column} = NULL"),
    }
}

/// Each in a transaction of its own, and only if it breaks no key.
fn attempt(connection: &Connection, statement: &str) {
    // Refused by this database: nothing has changed.
    let _refused = connection.execute_batch(statement);
}

fn droppable(connection: &Connection) -> Vec<(String, String)> {
    let sql = "SELECT type, name FROM sqlite_schema WHERE type IN ('index', 'view', 'trigger') AND sql IS NOT NULL ORDER BY name";
    let mut statement = connection.prepare(sql).expect("the schema can be read");
    let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    found
        .expect("the schema can be read")
        .map(|row| row.expect("the schema can be read"))
        .collect()
}

fn columns(connection: &Connection, table: &str) -> Vec<String> {
    let sql = format!("SELECT name FROM pragma_table_info({})", literal(table));
    let mut statement = connection.prepare(&sql).expect("the columns can be listed");
    let found = statement.query_map([], |row| row.get(0));
    found
        .expect("the columns can be listed")
        .map(|name| name.expect("a column has a name"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fingerprint::{complaints, differences, of};
    use crate::random::database;

    #[test]
    fn a_damaged_database_is_another_one_and_breaks_no_key() {
        let mut damaged = 0;
        for seed in 0..200 {
            let connection = database(seed).build();
            let before = of(&connection);
            damage(&connection, seed);
            damaged += usize::from(!differences(&before, &of(&connection)).is_empty());
            let orphans: Vec<_> = complaints(&connection)
                .into_iter()
                .filter(|complaint| complaint.contains("has no parent"))
                .collect();
            assert_eq!(orphans, [""; 0], "seed {seed}");
        }
        assert!(damaged > 190, "only {damaged} of 200 were damaged");
    }

    #[test]
    fn the_same_seed_does_the_same_damage() {
        let damaged = || {
            let connection = database(5).build();
            damage(&connection, 9);
            of(&connection)
        };
        assert_eq!(damaged(), damaged());
    }
}
