//! The browser of the tests in `tests/browser/`: what is there, else Debian's package.

use std::path::Path;

use super::{SetupError, announce};
use crate::process::{capture, command, run};

/// Where `tests/harness/browser.mjs` looks too, after `$CHROMIUM`.
const PLACES: [&str; 5] = [
    "/usr/bin/chromium",
    "/usr/bin/google-chrome",
    "/usr/bin/google-chrome-stable",
    "/usr/bin/chromium-browser",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/// Installs Debian's Chromium where there is no browser and we may; else says what is missing, which fails the browser tests.
pub(crate) fn ensure_browser() -> Result<(), SetupError> {
    let is_there = PLACES.iter().any(|place| Path::new(place).exists());
    if is_there || std::env::var_os("CHROMIUM").is_some() {
        return Ok(());
    }
    let is_root = capture(command("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if !is_root || capture(command("apt-get").arg("--version")).is_err() {
        println!(
            "setup: there is no Chromium and no Chrome, so the browser tests will fail: install one (on Debian: \
             `sudo apt-get install chromium`), or name it by CHROMIUM=/path"
        );
        return Ok(());
    }
    announce(
        "Debian's package chromium",
        "the dashboard is tested in a browser",
    );
    let install = |source| SetupError::Install {
        what: "Debian's package chromium".into(),
        source,
    };
    run(command("apt-get").args(["update", "-qq"])).map_err(install)?;
    let mut apt = command("apt-get");
    apt.args([
        "install",
        "-y",
        "-qq",
        "--no-install-recommends",
        "chromium",
    ]);
    run(&mut apt).map_err(install)
}
