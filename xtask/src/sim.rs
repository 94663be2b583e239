//! `cargo xtask sim`: the simulation, compiled with a profile of its own.

use std::ffi::OsString;

use clap::Args;

use crate::process::{self, ProcessError, cargo};

/// Which seeds to run: handed on as they are, `--help` among them.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Sim {
    /// `--from SEED`, `--seeds N`, `--minutes M`, `--trace`, `--all`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// A seed broke a promise, or nothing was run.
#[derive(Debug, thiserror::Error)]
#[error("the simulation did not pass")]
pub(crate) struct SimError(#[from] ProcessError);

/// Compiles the simulation and becomes it.
pub(crate) fn sim(options: &Sim) -> Result<(), SimError> {
    let mut command = command();
    command.args(&options.arguments);
    Ok(process::replace(&mut command)?)
}

/// Runs so many seeds from the first one on.
pub(crate) fn seeds(number: u32) -> Result<(), SimError> {
    let mut command = command();
    command.args(["--seeds", &number.to_string()]);
    Ok(process::run(&mut command)?)
}

fn command() -> std::process::Command {
    let mut command = cargo();
    command.args([
        "run",
        "--quiet",
        "--profile",
        "sim",
        "--package",
        "sim",
        "--",
    ]);
    command
}
