//! What a Worker is built from, as one hash.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{BundleError, file_error};
use crate::workspace::{config, path, relative};

/// Raise it when the way of building changes.
const RECIPE: u32 = 3;

/// Files outside the crates that go into every Worker.
const COMMON: [&str; 7] = [
    ".cargo/config.toml",
    "Cargo.toml",
    "Cargo.lock",
    "rust-toolchain.toml",
    "package-lock.json",
    "databases.toml",
    "migrations",
];

/// The hash of a Worker's sources, those of `shared`, its configuration and the tools.
pub(super) fn hash(worker: &str, tools: &str) -> Result<String, BundleError> {
    let mut files = Vec::new();
    for name in COMMON.iter().copied().chain(["shared", worker]) {
        collect(&path(name), &mut files)?;
    }
    collect(&config(worker), &mut files)?;
    files.sort();
    let mut hash = Sha256::new();
    hash.update(format!("{RECIPE} {tools}"));
    for file in files {
        let bytes = fs::read(&file).map_err(file_error("read", &file))?;
        // The lengths keep neighbours apart.
        hash.update(format!("\n{} {}\n", relative(&file), bytes.len()));
        hash.update(bytes);
    }
    Ok(crate::hex(&hash.finalize()))
}

/// The files at or below `path`; nothing when it does not exist. Outputs and tests are no inputs.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), BundleError> {
    if path.is_file() {
        files.push(path.to_owned());
        return Ok(());
    }
    if !path.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(file_error("list", path))? {
        let entry = entry.map_err(file_error("list", path))?;
        let name = entry.file_name();
        let skipped = ["build", "target", "tests", "node_modules"]
            .iter()
            .any(|skip| name == *skip)
            || name.to_string_lossy().starts_with('.');
        if !skipped {
            collect(&entry.path(), files)?;
        }
    }
    Ok(())
}
