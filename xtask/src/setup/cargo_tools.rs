//! Tools that come as crates: compiled once a version, into the user's cache folder, shared by all checkouts.

use std::fs;
use std::path::{Path, PathBuf};

use super::{SetupError, announce, file_error};
use crate::process::{ProcessError, capture, cargo, command, run};
use crate::workspace;

/// worker-build wraps a crate's WebAssembly into a Worker.
const WORKER_BUILD: &str = "0.8.7";

/// Where the installed commands are.
#[derive(Debug)]
pub(crate) struct Tools {
    /// Generates the JavaScript side of the WebAssembly.
    pub(crate) wasm_bindgen: PathBuf,
    /// Wraps a crate into a Worker.
    pub(crate) worker_build: PathBuf,
    /// Changes whenever a tool does.
    pub(crate) versions: String,
}

/// One tool: a crate, its version, and the command it installs.
struct Tool {
    package: &'static str,
    command: &'static str,
    version: String,
    why: &'static str,
    /// wasm-bindgen-cli does not install with its own lock: that names a crate version which cannot always be had.
    locked: bool,
}

impl Tool {
    fn home(&self) -> Result<PathBuf, SetupError> {
        Ok(cache_folder()?.join(format!("{}-{}", self.command, self.version)))
    }

    fn binary(&self, home: &Path) -> PathBuf {
        home.join("bin")
            .join(format!("{}{}", self.command, std::env::consts::EXE_SUFFIX))
    }
}

/// Compiles the tools that are missing.
pub(super) fn ensure() -> Result<Tools, SetupError> {
    let wasm_bindgen = Tool {
        package: "wasm-bindgen-cli",
        command: "wasm-bindgen",
        version: locked_wasm_bindgen()?,
        why: "must equal the wasm-bindgen of Cargo.lock",
        locked: false,
    };
    let worker_build = Tool {
        package: "worker-build",
        command: "worker-build",
        version: WORKER_BUILD.into(),
        why: "wraps a crate into a Worker",
        locked: true,
    };
    let missing: Vec<&Tool> = [&wasm_bindgen, &worker_build]
        .into_iter()
        .filter(|tool| tool.home().is_ok_and(|home| !tool.binary(&home).is_file()))
        .collect();
    if !missing.is_empty() {
        install(&missing)?;
    }
    Ok(Tools {
        versions: format!(
            "wasm-bindgen {} worker-build {}",
            wasm_bindgen.version, worker_build.version
        ),
        wasm_bindgen: wasm_bindgen.binary(&wasm_bindgen.home()?),
        worker_build: worker_build.binary(&worker_build.home()?),
    })
}

/// Compiles in a folder of its own and moves the result into place, so that a half-finished tool never looks finished.
fn install(missing: &[&Tool]) -> Result<(), SetupError> {
    let scratch = cache_folder()?.join(format!("installing-{}", std::process::id()));
    fs::create_dir_all(&scratch).map_err(file_error("create", &scratch))?;
    let installed = missing
        .iter()
        .try_for_each(|tool| install_one(tool, &scratch));
    // Only disk space is lost if this fails.
    let _ = fs::remove_dir_all(&scratch);
    installed
}

fn install_one(tool: &Tool, scratch: &Path) -> Result<(), SetupError> {
    let home = tool.home()?;
    let fresh = scratch.join(tool.command);
    announce(
        &format!("{} {} into {}", tool.package, tool.version, home.display()),
        &format!("{}; compiled once, takes minutes", tool.why),
    );
    let mut build = cargo();
    build
        .args([
            "install",
            "--quiet",
            tool.package,
            "--version",
            &tool.version,
        ])
        .args(["--bin", tool.command, "--root"])
        .arg(&fresh)
        .args(tool.locked.then_some("--locked"))
        // A tool that runs for seconds need not be optimised for minutes.
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        // Both tools share most of their dependencies.
        .env("CARGO_TARGET_DIR", scratch.join("target"));
    let install = |source| SetupError::Install {
        what: format!("{} {}", tool.package, tool.version),
        source,
    };
    run(&mut build).map_err(|error| match error {
        ProcessError::Missing { .. } => SetupError::Prerequisite(
            "cargo is missing: install rustup from https://rustup.rs and run this again.".into(),
        ),
        other => install(other),
    })?;
    capture(
        command(tool.binary(&fresh))
            .arg("--version")
            .env("RUST_BACKTRACE", "0"),
    )
    .or_else(|error| match error {
        // worker-build knows no --version and says so; that it answers at all is what matters.
        ProcessError::Failed { .. } => Ok(String::new()),
        other => Err(install(other)),
    })?;
    // What another set-up put there meanwhile is as good; what is broken goes away.
    if home.exists() && !tool.binary(&home).is_file() {
        fs::remove_dir_all(&home).map_err(file_error("remove", &home))?;
    }
    match fs::rename(&fresh, &home) {
        Err(_) if tool.binary(&home).is_file() => Ok(()),
        other => other.map_err(file_error("move into place", &home)),
    }
}

/// `$CACHE_TOOLS_DIR`, else the user's cache folder: for what is made once and used by all checkouts.
pub(crate) fn cache_folder() -> Result<PathBuf, SetupError> {
    let set = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    set("CACHE_TOOLS_DIR")
        .or_else(|| set("XDG_CACHE_HOME").map(|folder| folder.join("grove-cache")))
        .or_else(|| set("HOME").map(|home| home.join(".cache/grove-cache")))
        .or_else(|| set("LOCALAPPDATA").map(|folder| folder.join("grove-cache")))
        .map(|folder| std::path::absolute(&folder).unwrap_or(folder))
        .ok_or_else(|| {
            SetupError::Prerequisite(
                "No home folder is known: set CACHE_TOOLS_DIR to a folder for compiled tools."
                    .into(),
            )
        })
}

fn locked_wasm_bindgen() -> Result<String, SetupError> {
    let lock = workspace::path("Cargo.lock");
    let text = fs::read_to_string(&lock).map_err(file_error("read", &lock))?;
    locked_version(&text, "wasm-bindgen").ok_or(SetupError::NoLockedVersion)
}

/// The version that a lock file's text gives a package: cargo writes `name` and `version` on neighbouring lines.
fn locked_version(lock: &str, package: &str) -> Option<String> {
    let name = format!("name = \"{package}\"");
    let version = lock.lines().skip_while(|line| *line != name).nth(1)?;
    Some(
        version
            .strip_prefix("version = \"")?
            .strip_suffix('"')?
            .to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::locked_version;

    const LOCK: &str = "[[package]]\nname = \"wasm-bindgen-futures\"\nversion = \"0.4.1\"\n\n[[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";

    #[test]
    fn the_version_of_exactly_that_package_is_read_from_the_lock() {
        assert_eq!(
            locked_version(LOCK, "wasm-bindgen").as_deref(),
            Some("0.2.130")
        );
        assert_eq!(locked_version(LOCK, "wasm").as_deref(), None);
    }
}
