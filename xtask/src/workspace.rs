//! Where things are in the checkout.

use std::path::{Path, PathBuf};

/// The four Workers, in the order in which a local system lists them: the first answers HTTP.
pub(crate) const WORKERS: [&str; 4] = ["api", "producer", "exporter", "janitor"];

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
