//! `cargo xtask test`: every check, each with its name and its time, and a summary at the end.

use std::time::{Duration, Instant};

use clap::Args;

use crate::process::{capture, cargo, run};
use crate::workspace::{CONTRACT, WORKERS};
use crate::{bundle, generate, schemathesis, setup, sim};

/// How much to check.
#[derive(Debug, Args)]
pub(crate) struct Checks {
    /// Run the large counts too: more random databases, more simulated runs
    #[arg(long)]
    full: bool,
}

/// Some check did not pass.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChecksError {
    /// The tools come first.
    #[error(transparent)]
    Setup(#[from] setup::SetupError),
    /// These failed; what they said is above.
    #[error("{} of {total} checks failed: {}", failed.len(), failed.join(", "))]
    Failed {
        failed: Vec<&'static str>,
        total: usize,
    },
}

/// What a check that did not pass has to say.
type Outcome = Result<(), Box<dyn std::error::Error>>;

/// One check.
struct Check {
    name: &'static str,
    /// The check without whose success this one would judge something old.
    after: Option<&'static str>,
    run: Box<dyn Fn() -> Outcome>,
}

impl Check {
    fn new(name: &'static str, run: impl Fn() -> Outcome + 'static) -> Self {
        Self {
            name,
            after: None,
            run: Box::new(run),
        }
    }

    fn after(self, name: &'static str) -> Self {
        Self {
            after: Some(name),
            ..self
        }
    }
}

/// A check that ran.
struct Verdict {
    name: &'static str,
    passed: bool,
    time: Duration,
}

/// Runs all checks, also after a failure: the person sees everything that is wrong at once.
pub(crate) fn run_all(options: &Checks) -> Result<(), ChecksError> {
    setup::setup()?;
    setup::ensure_browser()?;
    let full = options.full;
    let checks = [
        Check::new("format", || cargo_with(&["fmt", "--all", "--check"])),
        Check::new("generated files", || Ok(generate::check()?)),
        Check::new("lints", lints),
        Check::new("lints for WebAssembly", wasm_lints),
        Check::new("native tests", move || native_tests(full)),
        Check::new("simulation", move || {
            Ok(sim::seeds(if full { 20_000 } else { 1000 })?)
        }),
        Check::new("documentation", documentation),
        Check::new("build", build),
        Check::new("end-to-end tests", move || end_to_end(full)).after("build"),
        Check::new("Schemathesis", move || Ok(schemathesis::check(full)?)).after("build"),
    ];
    let mut verdicts: Vec<Verdict> = Vec::new();
    for check in &checks {
        println!("\n=== {} ===", check.name);
        let start = now();
        let missing = verdicts
            .iter()
            .find(|done| !done.passed && check.after == Some(done.name));
        let outcome = match missing {
            Some(failed) => Err(format!("not run, because `{}` failed", failed.name).into()),
            None => (check.run)(),
        };
        if let Err(error) = &outcome {
            eprintln!("{}: {}", check.name, crate::chain(error.as_ref()));
        }
        verdicts.push(Verdict {
            name: check.name,
            passed: outcome.is_ok(),
            time: start.elapsed(),
        });
    }
    summarise(&verdicts);
    let failed: Vec<_> = verdicts
        .iter()
        .filter(|done| !done.passed)
        .map(|done| done.name)
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    Err(ChecksError::Failed {
        failed,
        total: verdicts.len(),
    })
}

fn summarise(verdicts: &[Verdict]) {
    let all = verdicts.iter().all(|done| done.passed);
    println!("\n=== summary{} ===", if all { ": all passed" } else { "" });
    for Verdict { name, passed, time } in verdicts {
        let word = if *passed { "ok" } else { "FAILED" };
        println!("{word:6} {name:24} {:>7.1} s", time.as_secs_f64());
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a native tool may look at the clock"
)]
fn now() -> Instant {
    Instant::now()
}

fn cargo_with(arguments: &[&str]) -> Outcome {
    Ok(run(cargo().args(arguments))?)
}

fn lints() -> Outcome {
    cargo_with(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ])
}

fn wasm_lints() -> Outcome {
    let mut clippy = cargo();
    clippy.args(["clippy", "--target", "wasm32-unknown-unknown"]);
    for worker in WORKERS.into_iter().chain([CONTRACT]) {
        clippy.args(["--package", worker]);
    }
    Ok(run(clippy.args(["--", "-D", "warnings"]))?)
}

fn native_tests(full: bool) -> Outcome {
    let mut tests = cargo();
    if capture(cargo().args(["nextest", "--version"])).is_ok() {
        tests.args(["nextest", "run", "--workspace", "--no-fail-fast"]);
    } else {
        tests.args(["test", "--workspace", "--no-fail-fast"]);
    }
    run(with_counts(&mut tests, full))?;
    // nextest does not run the examples in the documentation.
    cargo_with(&["test", "--quiet", "--doc", "--package", "shared"])
}

fn documentation() -> Outcome {
    let mut doc = cargo();
    doc.args([
        "doc",
        "--workspace",
        "--no-deps",
        "--quiet",
        "--document-private-items",
    ])
    .env("RUSTDOCFLAGS", "-D warnings");
    Ok(run(&mut doc)?)
}

/// The Workers, and the program from which the end-to-end tests have random databases.
fn build() -> Outcome {
    bundle::build_with_contract()?;
    cargo_with(&["build", "--package", "testkit", "--example", "databases"])
}

fn end_to_end(full: bool) -> Outcome {
    let mut node = setup::node();
    // One file at a time: each starts the whole system, and tests must not depend on how many cores there are.
    node.args([
        "--disable-warning=ExperimentalWarning",
        "--test",
        "--test-concurrency=1",
        "tests/**/*.test.mjs",
    ]);
    Ok(run(with_counts(&mut node, full))?)
}

/// Tests with large counts look at this variable.
fn with_counts(tests: &mut std::process::Command, full: bool) -> &mut std::process::Command {
    if full {
        tests.env("CACHE_TEST_FULL", "1");
    }
    tests
}
