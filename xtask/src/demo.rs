//! `cargo xtask demo`: the whole system on this machine, from a cron tick to restored databases.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::bundle::{self, BundleError};
use crate::process::{self, ProcessError};
use crate::setup;
use crate::workspace::path;

/// What every SQLite file begins with.
const SQLITE_MAGIC: &[u8] = b"SQLite format 3\0";

/// How to run the demo.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Exit at the end instead of serving; with status 1 when a restored database differs
    #[arg(long)]
    once: bool,
    /// Back up this SQLite file in place of the first database's sample data
    #[arg(long, value_name = "FILE.sqlite")]
    import: Option<PathBuf>,
    /// Serve on this port (otherwise 8787, or a free one when that is taken)
    #[arg(long)]
    port: Option<u16>,
}

/// The demo could not run, or found a difference.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DemoError {
    /// The Workers come first.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The file to import cannot be read.
    #[error("--import needs the path of a SQLite file, and {} cannot be read", file.display())]
    Unreadable { file: PathBuf, source: io::Error },
    /// The file to import is something else.
    #[error("{} is not a SQLite database file; make one from SQL text with `sqlite3 new.sqlite < file.sql`", .0.display())]
    NotSqlite(PathBuf),
    /// The script said why on the terminal.
    #[error("the demo did not succeed")]
    Script(#[source] ProcessError),
}

/// Builds, then hands over to the script that drives the system.
pub(crate) fn demo(options: &Demo) -> Result<(), DemoError> {
    // Before the build, which takes minutes the first time.
    let import = options.import.as_deref().map(checked).transpose()?;
    bundle::build(None)?;
    let mut script = setup::node();
    script
        .args(["--disable-warning=ExperimentalWarning"])
        .arg(path("tests/demo/main.mjs"));
    if options.once {
        script.arg("--once");
    }
    if let Some(file) = import {
        script.arg("--import").arg(file);
    }
    if let Some(port) = options.port {
        script.args(["--port", &port.to_string()]);
    }
    process::replace(&mut script).map_err(DemoError::Script)
}

/// The absolute path of a SQLite file: the script runs in the checkout's root, its user may not.
fn checked(file: &Path) -> Result<PathBuf, DemoError> {
    let unreadable = |source| DemoError::Unreadable {
        file: file.to_owned(),
        source,
    };
    let mut start = Vec::new();
    File::open(file)
        .and_then(|opened| opened.take(16).read_to_end(&mut start))
        .map_err(unreadable)?;
    if start != SQLITE_MAGIC {
        return Err(DemoError::NotSqlite(file.to_owned()));
    }
    std::path::absolute(file).map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{DemoError, checked};

    #[test]
    fn a_file_that_is_not_there_is_reported_with_its_name() {
        let error = checked(Path::new("no-such.sqlite")).unwrap_err();
        assert!(matches!(error, DemoError::Unreadable { .. }));
        assert!(error.to_string().contains("no-such.sqlite"));
    }

    #[test]
    fn a_file_that_is_no_database_is_refused() {
        let error = checked(Path::new(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/Cargo.toml"
        )))
        .unwrap_err();
        assert!(matches!(error, DemoError::NotSqlite(_)));
    }
}
