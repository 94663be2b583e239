//! Schemathesis from PyPI, which tests the api against its OpenAPI document: installed once into a virtual environment in the
//! cache folder.

use std::fs;
use std::path::{Path, PathBuf};

use crate::process::{ProcessError, capture, command, run};
use crate::setup::{self, SetupError};

/// Its version; the environment has a folder for each.
const VERSION: &str = "4.32.5";

/// It is there and could not be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SchemathesisError {
    /// No folder for it is known.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// Python is there, and the installation failed.
    #[error("Schemathesis {VERSION} could not be installed into {folder}")]
    Install {
        folder: String,
        source: ProcessError,
    },
    /// What is half installed could not be removed, or what is whole not moved into place.
    #[error("could not move Schemathesis into {folder}")]
    Place {
        folder: String,
        source: std::io::Error,
    },
    /// It found something; what it said is above.
    #[error("the api is not as its OpenAPI document says")]
    Found(#[source] ProcessError),
}

/// Runs it as admin, as reader and without a token. Without Python it is said that nothing was checked.
pub(crate) fn check(full: bool) -> Result<(), SchemathesisError> {
    let Some(python) = python() else {
        println!(
            "NOT CHECKED: Schemathesis needs Python 3.10 or newer with venv and pip, which is not here."
        );
        return Ok(());
    };
    let program = installed(python)?;
    let mut node = setup::node();
    node.args([
        "--disable-warning=ExperimentalWarning",
        "tests/schemathesis/main.mjs",
    ])
    .env("SCHEMATHESIS", program);
    if full {
        node.env("CACHE_TEST_FULL", "1");
    }
    run(&mut node).map_err(SchemathesisError::Found)
}

/// The command of a Python that is new enough and can make environments.
fn python() -> Option<&'static str> {
    const PROBE: &str = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))";
    ["python3", "python"]
        .into_iter()
        .find(|python| capture(command(python).args(["-c", PROBE])).is_ok())
}

/// Installs it where it is missing. An environment does not work elsewhere than where it was made, so the mark that it is whole is
/// written last.
fn installed(python: &str) -> Result<PathBuf, SchemathesisError> {
    let home = setup::cache_folder()?.join(format!("schemathesis-{VERSION}"));
    let (mark, program) = (home.join(".installed"), binary(&home, "st"));
    if mark.is_file() && program.is_file() {
        return Ok(program);
    }
    let folder = home.display().to_string();
    println!(
        "setup: installing Schemathesis {VERSION} into {folder} (tests the api against its OpenAPI document)"
    );
    let place = |source| SchemathesisError::Place {
        folder: folder.clone(),
        source,
    };
    let install = |source| SchemathesisError::Install {
        folder: folder.clone(),
        source,
    };
    if home.exists() {
        fs::remove_dir_all(&home).map_err(place)?;
    }
    run(command(python).args(["-m", "venv"]).arg(&home)).map_err(install)?;
    let package = format!("schemathesis=={VERSION}");
    let mut pip = command(binary(&home, "python"));
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]);
    run(pip.arg(package)).map_err(install)?;
    fs::write(&mark, VERSION).map_err(place)?;
    Ok(program)
}

/// A command of an environment.
fn binary(home: &Path, name: &str) -> PathBuf {
    let folder = if cfg!(windows) { "Scripts" } else { "bin" };
    home.join(folder)
        .join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}
