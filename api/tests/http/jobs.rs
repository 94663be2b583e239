//! `/jobs`.

use serde_json::{Value, json};

use crate::server::{DAY, SUNDAY, Server};

/// Five jobs, of which every second failed.
fn five_jobs() -> Server {
    let server = Server::new();
    for n in 0..5 {
        let status = if n % 2 == 0 { "completed" } else { "failed" };
        let result = if n % 2 == 0 { "success" } else { "failed" };
        server.job(
            &format!("job-{n}"),
            SUNDAY - n * DAY,
            status,
            &[("groveauth", result)],
        );
    }
    server
}

/// The ids of a page, and the next one.
fn page(server: &Server, query: &str) -> (Vec<String>, Value) {
    let page = server.get(&format!("/jobs{query}")).json();
    let jobs = page["jobs"].as_array().unwrap().iter();
    let ids = jobs.map(|job| job["jobId"].as_str().unwrap().to_owned());
    (ids.collect(), page["next"].clone())
}

#[test]
fn a_listed_job_is_as_it_is_alone_but_for_its_results() {
    let server = five_jobs();
    let mut alone = server.get("/jobs/job-0").json();
    alone.as_object_mut().unwrap().remove("results");
    assert_eq!(
        server.get("/jobs?limit=1").json(),
        json!({ "jobs": [alone], "next": "job-0" })
    );
}

#[test]
fn pages_of_jobs_follow_each_other() {
    let server = five_jobs();
    assert_eq!(
        page(&server, "?limit=2"),
        (vec!["job-0".into(), "job-1".into()], json!("job-1"))
    );
    let (ids, next) = page(&server, "?limit=3&before=job-1");
    assert_eq!((ids.len(), next), (3, json!("job-4")));
    assert_eq!(
        page(&server, "?limit=3&before=job-4"),
        (vec![], Value::Null)
    );
    assert_eq!(page(&server, "").1, Value::Null);
}

#[test]
fn jobs_are_filtered() {
    let server = five_jobs();
    server.job("other", SUNDAY + 1, "running", &[("scout-db", "running")]);
    let count = |query: &str| page(&server, query).0.len();
    assert_eq!(count("?status=failed"), 2);
    assert_eq!(count("?status=running"), 1);
    assert_eq!(count("?trigger=manual"), 0);
    assert_eq!(count("?database=groveauth&status=completed"), 3);
    assert_eq!(count("?database=grovemusic-db"), 0);
}

#[test]
fn a_database_that_left_the_registry_can_be_asked_for_while_a_job_tells_of_it() {
    let server = Server::new();
    server.job("job", SUNDAY, "completed", &[("former-db", "success")]);
    assert_eq!(page(&server, "?database=former-db").0, ["job"]);
}

#[test]
fn a_bad_value_is_a_problem_that_names_the_field() {
    let server = five_jobs();
    for (query, status, kind, field) in [
        ("?status=done", 400, "invalid-parameter", "status"),
        ("?status=", 400, "invalid-parameter", "status"),
        ("?trigger=cron", 400, "invalid-parameter", "trigger"),
        ("?limit=0", 400, "invalid-parameter", "limit"),
        ("?limit=501", 400, "invalid-parameter", "limit"),
        ("?offset=1", 400, "invalid-parameter", "offset"),
        ("?before=none", 404, "no-such-job", "before"),
        ("?before=", 404, "no-such-job", "before"),
        ("?database=nobody", 404, "no-such-database", "database"),
    ] {
        let problem = server.get(&format!("/jobs{query}")).problem(status, kind);
        assert_eq!(problem["field"], field, "{query}");
    }
}
