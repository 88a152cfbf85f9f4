//! What the browser tests need: Chromium, its driver, Node, and the packages of `tests/browser`.
//! On Debian and its relatives, as root, what is missing is installed.

use crate::process::{browser_dir, command, output, run, which};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Playwright's own requirement.
const NODE_MAJOR_MIN: u32 = 18;

/// Where Chrome lies on systems that do not put it on `PATH`.
const USUAL_PLACES: &[&str] = &[
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
];

/// Chromium or Chrome; the variable `CHROME` overrides what is found.
pub fn chromium() -> Result<PathBuf> {
    if let Some(path) = env::var_os("CHROME") {
        return Ok(path.into());
    }
    let find = || {
        ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
            .iter()
            .find_map(|name| which(name))
            .or_else(|| USUAL_PLACES.iter().map(PathBuf::from).find(|path| path.is_file()))
    };
    found_or_installed(
        find,
        &["chromium"],
        "Chromium or Chrome (Debian: `apt-get install chromium`), or its path in the variable CHROME",
    )
}

/// Chromium's driver, of the same version; the variable `CHROMEDRIVER` overrides what is found.
pub fn chromedriver() -> Result<PathBuf> {
    if let Some(path) = env::var_os("CHROMEDRIVER") {
        return Ok(path.into());
    }
    found_or_installed(
        || which("chromedriver"),
        &["chromium-driver"],
        "chromedriver, of the browser's version (Debian: `apt-get install chromium-driver`), or its path in \
         the variable CHROMEDRIVER",
    )
}

/// Firefox; the variable `FIREFOX` overrides what is found. It needs no driver: it speaks WebDriver BiDi itself.
///
/// # Errors
/// Where there is none and it cannot be installed: its tests are skipped then.
pub fn firefox() -> Result<PathBuf> {
    if let Some(path) = env::var_os("FIREFOX") {
        return Ok(path.into());
    }
    found_or_installed(
        || ["firefox-esr", "firefox"].iter().find_map(|name| which(name)),
        &["firefox-esr"],
        "Firefox 128 or later (Debian: `apt-get install firefox-esr`), or its path in the variable FIREFOX",
    )
}

/// Node with npm, and the packages that `tests/browser/package-lock.json` names.
pub fn playwright() -> Result<()> {
    let node = format!("Node {NODE_MAJOR_MIN} or later, with npm (Debian: `apt-get install nodejs npm`)");
    found_or_installed(|| which("node"), &["nodejs"], &node)?;
    // On Windows npm is a script, which `which` does not see.
    found_or_installed(|| which("npm").or_else(|| which("npm.cmd")), &["npm"], &node)?;
    let version = output(command("node").arg("--version")).unwrap_or_default();
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < NODE_MAJOR_MIN) {
        bail!("needed: {node}; this one says {version:?}");
    }
    packages(&browser_dir())
}

/// The packages that a folder's `package-lock.json` names.
pub fn packages(folder: &Path) -> Result<()> {
    let changed = |file: &str| fs::metadata(folder.join(file)).and_then(|file| file.modified()).ok();
    if changed("package-lock.json") > changed("node_modules/.package-lock.json") {
        let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
        run(command(npm).arg("ci").current_dir(folder))?;
    }
    Ok(())
}

fn found_or_installed(
    find: impl Fn() -> Option<PathBuf>,
    packages: &[&str],
    needed: &str,
) -> Result<PathBuf> {
    if let Some(path) = find() {
        return Ok(path);
    }
    apt_install(packages).with_context(|| format!("needed: {needed}"))?;
    find().with_context(|| format!("needed: {needed}; installing {} brought none", packages.join(", ")))
}

fn apt_install(packages: &[&str]) -> Result<()> {
    if which("apt-get").is_none() {
        bail!("it is missing, and there is no apt-get here to install it with");
    }
    if output(command("id").arg("-u")).as_deref() != Some("0") {
        bail!("it is missing, and only root can install it with apt-get");
    }
    let mut install = command("apt-get");
    install.env("DEBIAN_FRONTEND", "noninteractive");
    install.args(["install", "--yes", "--no-install-recommends"]).args(packages);
    // A fresh image has no lists of packages, an old one outdated lists.
    run(&mut install).or_else(|_| {
        run(command("apt-get").arg("update"))?;
        run(&mut install)
    })
}
