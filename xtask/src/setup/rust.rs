//! The Rust side: the WebAssembly target.

use std::path::PathBuf;

use super::{SetupError, announce};
use crate::process::{ProcessError, capture, command, run};

const TARGET: &str = "wasm32-unknown-unknown";

/// Adds the WebAssembly target to the pinned toolchain when it is not there: rust-toolchain.toml names it, but
/// rustup installs it by itself only where automatic installation is on.
pub(super) fn ensure_target() -> Result<(), SetupError> {
    let sysroot =
        capture(command("rustc").args(["--print", "sysroot"])).map_err(|error| match error {
            ProcessError::Missing { .. } => SetupError::Prerequisite(
                "Rust is missing: install rustup from https://rustup.rs and run this again.".into(),
            ),
            source => SetupError::Install {
                what: "the Rust toolchain of rust-toolchain.toml".into(),
                source,
            },
        })?;
    if PathBuf::from(sysroot.trim())
        .join("lib/rustlib")
        .join(TARGET)
        .is_dir()
    {
        return Ok(());
    }
    announce(
        &format!("the Rust target {TARGET}"),
        "Workers run WebAssembly",
    );
    run(command("rustup").args(["target", "add", TARGET])).map_err(|error| match error {
        ProcessError::Missing { .. } => SetupError::Prerequisite(format!(
            "This Rust cannot compile for {TARGET} and was not installed by rustup: install rustup from https://rustup.rs and run this again."
        )),
        source => SetupError::Install {
            what: format!("the Rust target {TARGET}"),
            source,
        },
    })
}
