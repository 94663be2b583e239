//! Where things are in the checkout.

use std::path::{Path, PathBuf};

/// The four Workers, in the order in which a local system lists them: the first answers HTTP.
pub(crate) const WORKERS: [&str; 4] = ["api", "producer", "exporter", "janitor"];

/// The Worker that runs the contracts of the ports against the real adapters. It is built for the tests and never deployed.
pub(crate) const CONTRACT: &str = "contract";

/// The wrangler configuration of a Worker: a generated one, except where the Worker belongs to the tests.
pub(crate) fn config(worker: &str) -> PathBuf {
    if worker == CONTRACT {
        path("tests/contract/wrangler.jsonc")
    } else {
        path("wrangler").join(format!("{worker}.jsonc"))
    }
}

/// The checkout's root folder.
pub(crate) fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

/// A path inside the checkout.
pub(crate) fn path(relative: impl AsRef<Path>) -> PathBuf {
    root().join(relative)
}

/// A command that `npm ci` installed.
pub(crate) fn npm_bin(name: &str) -> PathBuf {
    path("node_modules/.bin").join(name)
}

/// `path` as a person would type it from the root.
pub(crate) fn relative(path: &Path) -> String {
    path.strip_prefix(root())
        .unwrap_or(path)
        .display()
        .to_string()
}
