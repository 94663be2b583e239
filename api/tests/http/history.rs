//! What is read of a long history: 100 databases, backed up daily for three years.

use std::cell::RefCell;
use std::rc::Rc;

use api::auth::{Role, Tokens};
use api::ports::System;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use rusqlite::StatementStatus;
use shared::native::{MemoryLimiter, MemoryObjects, MemoryQueue, NativeDatabase, TestClock};
use shared::ports::{Database, DatabaseError, Outcome, Param, Statement};
use shared::registry::{DatabaseConfig, Registry};
use shared::time::Timestamp;
use tower::ServiceExt;

use crate::server::{Bucket, NOW, TOKEN};

const HISTORY: &str = include_str!("../../../tests/harness/history.sql");
const YEARS: u32 = 3 * 365;
/// A catalogue that remembers what it was asked.
#[derive(Debug, Clone)]
struct Watched {
    database: NativeDatabase,
    asked: Rc<RefCell<Vec<Statement>>>,
}

impl Watched {
    /// A history of so many days, of which so many are stored.
    fn catalogue(days: u32, kept: u32) -> Self {
        let database = NativeDatabase::catalogue();
        let numbers = [
            (":databases", 100),
            (":days", i64::from(days)),
            (":kept", i64::from(kept)),
            (":now", NOW),
        ];
        let sql = numbers
            .iter()
            .fold(HISTORY.to_owned(), |sql, (word, number)| {
                sql.replace(word, &number.to_string())
            });
        database.connection().execute_batch(&sql).unwrap();
        Self {
            database,
            asked: Rc::default(),
        }
    }

    /// What a GET asks of the catalogue.
    fn asked(&self, path: &str) -> Vec<Statement> {
        let mut registry = Registry::embedded().unwrap();
        let template = registry.databases[0].clone();
        let named = |number| DatabaseConfig {
            name: format!("db-{number:03}"),
            ..template.clone()
        };
        registry.databases = (1..=100).map(named).collect();
        let system = System {
            catalogue: self.clone(),
            exports: MemoryQueue::default(),
            events: MemoryQueue::default(),
            bucket: Bucket(MemoryObjects::default()),
            clock: TestClock::at(Timestamp::from_seconds(NOW)),
            limiter: MemoryLimiter::of(10),
        };
        let tokens = Tokens::default().with(Role::Admin, Some(TOKEN));
        let request = Request::get(path)
            .header("authorization", format!("Bearer {TOKEN}"))
            .body(Body::empty())
            .unwrap();
        self.asked.borrow_mut().clear();
        pollster::block_on(async {
            let router = api::router(system, registry, tokens);
            let response = router.oneshot(request).await.unwrap();
            assert_eq!(response.status(), 200, "{path}");
            to_bytes(response.into_body(), usize::MAX).await.unwrap();
        });
        self.asked.borrow().clone()
    }

    /// The steps of SQLite's machine that they take: each row that is read costs several.
    fn steps(&self, statements: &[Statement]) -> i64 {
        let steps = statements.iter().map(|statement| {
            let mut prepared = self.database.connection().prepare(&statement.sql).unwrap();
            let params = statement.params.iter().map(|param| match param {
                Param::Null => rusqlite::types::Value::Null,
                Param::Integer(number) => rusqlite::types::Value::from(*number),
                Param::Text(text) => rusqlite::types::Value::from(text.clone()),
            });
            let mut rows = prepared.query(rusqlite::params_from_iter(params)).unwrap();
            while rows.next().unwrap().is_some() {}
            drop(rows);
            i64::from(prepared.get_status(StatementStatus::VmStep))
        });
        steps.sum()
    }
}

impl Database for Watched {
    async fn batch(&self, statements: &[Statement]) -> Result<Vec<Outcome>, DatabaseError> {
        self.asked.borrow_mut().extend_from_slice(statements);
        self.database.batch(statements).await
    }
}

/// What a monitor asks every minute, and a person first.
const WATCHED: &[&str] = &["/status"];
/// Everything else that reads the catalogue.
const READ: &[&str] = &[
    "/dashboard",
    "/dashboard/jobs/00000000-0000-4000-8000-000000000007",
    "/dashboard/jobs",
    "/dashboard/databases/db-042",
    "/dashboard/backups/7",
    "/dashboard/restore/db-042",
    "/dashboard/alarms",
    "/dashboard/dead-letters?state=all",
    "/dashboard/audit",
    "/dashboard/trigger",
    "/health",
    "/list",
    "/list?limit=20&offset=100",
    "/list?database=db-042",
    "/list?date=2024-12-08",
    "/list?database=db-042&date=2024-12-08",
    "/databases",
    "/databases/db-042",
    "/backups/1",
    "/jobs",
    "/jobs?status=running",
    "/jobs?database=db-042&limit=500",
    "/jobs/00000000-0000-4000-8000-000000000007",
    "/alerts",
    "/alerts/deliveries",
    "/dead-letters?state=all",
    "/audit",
    "/metrics",
    "/restore-guide/db-042",
    "/retention?database=db-042",
];

#[test]
fn a_status_takes_five_queries_at_most() {
    let catalogue = Watched::catalogue(YEARS, 84);
    for path in WATCHED {
        let asked = catalogue.asked(path);
        assert!(asked.len() <= 5, "{path}: {}", asked.len());
    }
}

/// Asks both for the same, and compares what it takes.
fn assert_as_quick(few: &Watched, many: &Watched, paths: &[&str]) {
    for path in paths {
        let asked = many.asked(path);
        let (few, many) = (few.steps(&asked), many.steps(&asked));
        assert!(many <= few + few / 10, "{path}: {few} steps, then {many}");
    }
}

#[test]
fn three_years_are_read_like_three_months() {
    let months = Watched::catalogue(120, 84);
    let years = Watched::catalogue(YEARS, 84);
    assert_as_quick(&months, &years, WATCHED);
}

/// After two years there is more of everything than one answer has.
#[test]
fn nothing_that_is_asked_for_takes_longer_in_the_third_year() {
    let two = Watched::catalogue(2 * 365, 84);
    let three = Watched::catalogue(YEARS, 84);
    assert_as_quick(&two, &three, READ);
}

#[test]
fn a_status_does_not_count_what_is_stored() {
    let months = Watched::catalogue(120, 84);
    let all = Watched::catalogue(YEARS, YEARS);
    assert_as_quick(&months, &all, WATCHED);
}
