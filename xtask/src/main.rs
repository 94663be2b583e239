//! `cargo xtask`: every command of the project.

mod bench;
mod bundle;
mod checks;
mod demo;
#[cfg(test)]
mod docs;
mod generate;
mod process;
mod registry;
mod schemathesis;
mod setup;
mod sim;
mod workspace;

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Builds, tests and shows Cache.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Install what building needs; the other commands do it by themselves
    Setup,
    /// Check databases.toml and write what follows from it: the embedded registry and the Workers' configurations
    Gen(generate::Generate),
    /// Build the Workers into dist/
    Build {
        /// Only this one: api, producer, exporter, janitor, or contract, which only the tests need
        #[arg(long)]
        worker: Option<String>,
    },
    /// Run every check
    Test(checks::Checks),
    /// Run the whole system here with sample data, and prove that its backups restore
    Demo(demo::Demo),
    /// Measure a backup, beside other ways of making one
    Bench(bench::Bench),
    /// Simulate the whole system under faults, seed after seed; see docs/RELIABILITY.md
    Sim(sim::Sim),
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<(), Box<dyn Error>> {
    match task {
        Task::Setup => {
            setup::setup()?;
            println!("setup: everything is installed");
        }
        Task::Gen(options) => generate::generate(&options)?,
        Task::Build { worker } => bundle::build(worker.as_deref())?,
        Task::Test(options) => checks::run_all(&options)?,
        Task::Demo(options) => demo::demo(&options)?,
        Task::Bench(options) => bench::bench(&options)?,
        Task::Sim(options) => sim::sim(&options)?,
    }
    Ok(())
}

/// An error with its causes, as one sentence.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Lower-case hexadecimal.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
