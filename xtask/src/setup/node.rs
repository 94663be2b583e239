//! The Node side: wrangler, esbuild, wasm-opt and a Node recent enough to run them, all from package-lock.json.

use std::fs;
use std::process::Command;

use sha2::{Digest, Sha256};

use super::{SetupError, announce, file_error};
use crate::process::{ProcessError, capture, command, run};
use crate::workspace::{npm_bin, path};

/// The oldest system Node that can run npm's installation; everything after it runs on the installed one.
const OLDEST_NODE: u32 = 18;

/// The environment of wrangler and of our scripts: no usage reports, no look-up of where we are, no log files, and
/// nothing on the terminal that the script itself did not say.
const SCRIPT_ENV: [(&str, &str); 7] = [
    ("WRANGLER_LOG", "none"),
    ("WRANGLER_WRITE_LOGS", "false"),
    ("WRANGLER_SEND_METRICS", "false"),
    ("WRANGLER_HIDE_BANNER", "true"),
    ("WRANGLER_SEND_ERROR_REPORTS", "false"),
    ("CLOUDFLARE_CF_FETCH_ENABLED", "false"),
    ("NO_UPDATE_NOTIFIER", "1"),
];

/// The Node that package-lock.json pins, ready to run a script of ours.
pub(crate) fn node() -> Command {
    let mut node = command(npm_bin("node"));
    node.envs(SCRIPT_ENV);
    if let Some(search) = search_path() {
        node.env("PATH", search);
    }
    node
}

/// PATH with the installed commands first, so that scripts which call `node` get the right one.
pub(crate) fn search_path() -> Option<std::ffi::OsString> {
    let rest = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(
        std::iter::once(path("node_modules/.bin")).chain(std::env::split_paths(&rest)),
    )
    .ok()
}

/// Runs `npm ci` unless node_modules is already what package-lock.json says.
///
/// The note is written last: an installation that was interrupted is repeated.
pub(super) fn ensure_modules() -> Result<(), SetupError> {
    let note = path("node_modules/.installed-from");
    let wanted = lock_hash()?;
    if fs::read_to_string(&note).is_ok_and(|found| found == wanted) && runs() {
        return Ok(());
    }
    check_system_node()?;
    announce(
        "the Node tools of package-lock.json into node_modules/",
        "wrangler runs the Workers, esbuild and wasm-opt pack them",
    );
    let install = |source| SetupError::Install {
        what: "the Node tools".into(),
        source,
    };
    let mut npm = command("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
    match run(&mut npm) {
        Err(ProcessError::Missing { .. }) => {
            return Err(SetupError::Prerequisite(format!(
                "npm is missing: install it with Node {OLDEST_NODE} or newer, from https://nodejs.org."
            )));
        }
        other => other.map_err(install)?,
    }
    if !runs() {
        // Some npm configurations skip install scripts, which fetch the platform's Node.
        run(command("npm").args(["rebuild", "--loglevel=error", "node", "esbuild", "workerd"]))
            .map_err(install)?;
    }
    if !runs() {
        return Err(SetupError::Prerequisite(
            "npm installed the tools but node_modules/.bin/node does not run: allow install scripts (`npm config set ignore-scripts false`) and run this again."
                .into(),
        ));
    }
    fs::write(&note, wanted).map_err(file_error("write", &note))
}

/// Whether the installed Node starts.
fn runs() -> bool {
    capture(command(npm_bin("node")).arg("--version")).is_ok()
}

fn check_system_node() -> Result<(), SetupError> {
    let needed =
        format!("install Node {OLDEST_NODE} or newer from https://nodejs.org and run this again");
    let version = capture(command("node").arg("--version"))
        .map_err(|_| SetupError::Prerequisite(format!("Node is missing: {needed}.")))?;
    match major(&version) {
        Some(major) if major < OLDEST_NODE => Err(SetupError::Prerequisite(format!(
            "Node {} is too old: {needed}.",
            version.trim()
        ))),
        _ => Ok(()),
    }
}

/// `v20.1.0` is 20.
fn major(version: &str) -> Option<u32> {
    version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .next()?
        .parse()
        .ok()
}

fn lock_hash() -> Result<String, SetupError> {
    let mut hash = Sha256::new();
    for name in ["package.json", "package-lock.json"] {
        let file = path(name);
        hash.update(fs::read(&file).map_err(file_error("read", &file))?);
    }
    hash.update(std::env::consts::OS);
    hash.update(std::env::consts::ARCH);
    Ok(crate::hex(&hash.finalize()))
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn a_node_version_has_a_major_number() {
        assert_eq!(major("v18.19.1\n"), Some(18));
        assert_eq!(major("22.1"), Some(22));
        assert_eq!(major("nonsense"), None);
    }
}
