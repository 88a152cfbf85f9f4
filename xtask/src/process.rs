//! Where things are, and how other programs are started.

use anyhow::{Context, Result, bail};
use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The repository.
pub fn root() -> PathBuf {
    // This crate lies one folder below.
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}

/// What we install for ourselves lies here, wherever `CARGO_TARGET_DIR` points.
pub fn tools_dir() -> PathBuf {
    root().join("target/tools")
}

pub fn dist_dir() -> PathBuf {
    root().join("dist")
}

/// The Playwright project.
pub fn browser_dir() -> PathBuf {
    root().join("tests/browser")
}

/// `name` under `target/tools/bin`, with the system's suffix for programs.
pub fn tool(name: &str) -> PathBuf {
    tools_dir().join("bin").join(format!("{name}{}", env::consts::EXE_SUFFIX))
}

/// `PATH` with our own tools in front.
fn search_path() -> OsString {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(tools_dir().join("bin")).chain(env::split_paths(&path));
    env::join_paths(folders).unwrap_or(path)
}

/// A program on `PATH`, with our own tools found first.
pub fn which(name: &str) -> Option<PathBuf> {
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&search_path()).map(|folder| folder.join(&file)).find(|path| path.is_file())
}

/// A command that runs in the repository's root and finds our own tools first.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root()).env("PATH", search_path());
    command
}

pub fn cargo() -> Command {
    command(env::var_os("CARGO").unwrap_or("cargo".into()))
}

/// Node running a script of the Playwright project.
pub fn node(script: &str) -> Command {
    let mut node = command("node");
    node.current_dir(browser_dir()).arg(script);
    node
}

/// The command as one would type it.
pub fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_stem().unwrap_or_default().to_string_lossy();
    let args = command.get_args().map(|arg| arg.to_string_lossy());
    std::iter::once(program).chain(args).collect::<Vec<_>>().join(" ")
}

/// Runs to the end; any other status than success is an error.
pub fn run(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    eprintln!("$ {shown}");
    let status = command.status().with_context(|| format!("cannot start `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    Ok(())
}

/// Lets this process go on as the other program, so that whoever ends the one ends the other.
#[cfg(unix)]
pub fn give_way_to(command: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    let shown = shown(command);
    eprintln!("$ {shown}");
    Err(command.exec()).with_context(|| format!("cannot start `{shown}`"))
}

#[cfg(not(unix))]
pub fn give_way_to(command: &mut Command) -> Result<()> {
    run(command)
}

/// What it prints, if it can be started and succeeds.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
