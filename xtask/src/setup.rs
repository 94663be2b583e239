//! `cargo xtask setup`: whatever a build needs beyond Rust and Node, installed once.
//!
//! Every command that needs it runs it first; when nothing is missing it takes a few milliseconds and says nothing.

mod cargo_tools;
mod chromium;
mod node;
mod rust;

use crate::process::ProcessError;

pub(crate) use cargo_tools::{Tools, cache_folder};
pub(crate) use chromium::ensure_browser;
pub(crate) use node::{node, search_path};

/// Something is missing that set-up cannot install, or an installation failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SetupError {
    /// The person has to do something first; the text says what.
    #[error("{0}")]
    Prerequisite(String),
    /// An installation failed.
    #[error("could not install {what}")]
    Install { what: String, source: ProcessError },
    /// A file of ours could not be read or written.
    #[error("could not {action} {path}")]
    File {
        action: &'static str,
        path: String,
        source: std::io::Error,
    },
    /// Cargo.lock does not name the crate whose version a tool must match.
    #[error("Cargo.lock names no wasm-bindgen; run `cargo generate-lockfile`")]
    NoLockedVersion,
}

/// Installs what is missing and returns where the cargo tools are.
pub(crate) fn setup() -> Result<Tools, SetupError> {
    rust::ensure_target()?;
    node::ensure_modules()?;
    cargo_tools::ensure()
}

/// Announces an installation: what, and why.
fn announce(what: &str, why: &str) {
    println!("setup: installing {what} ({why})");
}

fn file_error(
    action: &'static str,
    path: &std::path::Path,
) -> impl FnOnce(std::io::Error) -> SetupError {
    let path = path.display().to_string();
    move |source| SetupError::File {
        action,
        path,
        source,
    }
}
