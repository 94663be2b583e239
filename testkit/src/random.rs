//! Random databases that D1 would accept.
//!
//! Each statement is tried on a database as strict as D1 while it is made up. What is refused there is left out, so that
//! the rest runs without an error wherever it runs.

mod changes;
mod constraints;
mod design;
mod external;
mod extremes;
mod filling;
mod fulltext;
mod identity;
mod links;
mod model;
mod names;
mod objects;
mod together;
mod values;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use rusqlite::Connection;

use crate::d1;
use crate::dice::Dice;
use external::External;
use model::Table;
use names::Names;
use objects::View;
use values::Sizes;

/// Statements that build and fill a database, and what occurs in it.
#[derive(Debug, Clone)]
pub struct RandomDatabase {
    /// What makes this one again.
    pub seed: u64,
    /// To be run in this order, with foreign keys on and deferred, in one transaction.
    pub statements: Vec<String>,
    /// What it has in it that a dump may get wrong.
    pub features: BTreeSet<&'static str>,
}

impl RandomDatabase {
    /// The database, in memory and as strict as D1.
    pub fn build(&self) -> Connection {
        let connection = d1::empty();
        self.fill(&connection);
        connection
    }

    /// Runs the statements on an empty database.
    pub fn fill(&self, connection: &Connection) {
        let transaction = connection
            .unchecked_transaction()
            .expect("a transaction can begin");
        defer(connection);
        for statement in &self.statements {
            if let Err(error) = connection.execute_batch(statement) {
                panic!("seed {}: {error}: {statement}", self.seed);
            }
        }
        transaction
            .commit()
            .unwrap_or_else(|error| panic!("seed {}: {error} at the end", self.seed));
    }
}

/// The database of a seed, always the same.
pub fn database(seed: u64) -> RandomDatabase {
    let mut generator = Generator::new(seed);
    generator.run();
    generator.notice_names();
    RandomDatabase {
        seed,
        statements: generator.statements,
        features: generator.features,
    }
}

struct Generator {
    dice: Dice,
    /// Where each statement is tried before it is kept.
    trial: Connection,
    statements: Vec<String>,
    features: BTreeSet<&'static str>,
    /// Features of the statements that are being made up.
    pending: Vec<&'static str>,
    names: Names,
    sizes: Sizes,
    tables: Vec<Table>,
    views: Vec<View>,
    /// Full-text indexes on the text of others, and the tables that they read.
    external: Vec<External>,
    contents: BTreeSet<String>,
    refused: usize,
}

impl Generator {
    fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        Self {
            sizes: Sizes::random(&mut dice),
            trial: d1::empty(),
            statements: Vec::new(),
            features: BTreeSet::new(),
            pending: Vec::new(),
            names: Names::default(),
            tables: Vec::new(),
            views: Vec::new(),
            external: Vec::new(),
            contents: BTreeSet::new(),
            refused: 0,
            dice,
        }
    }

    fn run(&mut self) {
        if self.dice.percent(2) {
            self.features.insert("empty database");
            return;
        }
        self.design();
        self.create_tables();
        self.fill_tables();
        self.empty_some();
        self.link_rows();
        self.change_tables();
        self.edit_counters();
        self.add_indexes();
        self.add_fulltext();
        self.add_views();
        self.add_triggers();
        self.change_rows();
        self.change_late();
        self.analyze();
    }

    /// Keeps statements that belong together, if D1 takes them all and every key is right at their end.
    fn attempt(&mut self, unit: &[String]) -> bool {
        let pending = std::mem::take(&mut self.pending);
        let ran = self.try_out(unit);
        if ran {
            self.statements.extend_from_slice(unit);
            self.features.extend(pending);
        } else {
            self.refused += 1;
        }
        ran
    }

    /// Keeps one statement, if D1 takes it.
    fn attempt_one(&mut self, statement: String) -> bool {
        self.attempt(&[statement])
    }

    fn try_out(&self, unit: &[String]) -> bool {
        let transaction = self
            .trial
            .unchecked_transaction()
            .expect("a transaction can begin");
        defer(&self.trial);
        for statement in unit {
            if statement.len() > d1::LONGEST_STATEMENT
                || transaction.execute_batch(statement).is_err()
            {
                return false;
            }
        }
        transaction.commit().is_ok()
    }

    /// Says what the statements that are being made up will bring.
    fn has(&mut self, feature: &'static str) {
        self.pending.push(feature);
    }

    fn number(&self, sql: &str) -> usize {
        let found: i64 = self
            .trial
            .query_row(sql, [], |row| row.get(0))
            .unwrap_or_else(|error| panic!("{error}: {sql}"));
        usize::try_from(found).unwrap()
    }

    fn texts(&self, sql: &str) -> Vec<String> {
        let mut statement = self
            .trial
            .prepare(sql)
            .unwrap_or_else(|error| panic!("{error}: {sql}"));
        let found = statement.query_map([], |row| row.get(0)).unwrap();
        found.map(Result::unwrap).collect()
    }
}

/// Until the end of the transaction.
fn defer(connection: &Connection) {
    connection
        .pragma_update(None, "defer_foreign_keys", true)
        .expect("SQLite can defer foreign keys");
}
