//! `cargo xtask COMMAND`: set-up, serve, build, test, bench, pictures.
//!
//! Also a multi-call program: linked under `target/tools/bin` as `wasm-bindgen` and
//! `wasm-bindgen-test-runner`, where Trunk and cargo find them. So one `Cargo.lock` pins the library
//! and its tools.

mod bench;
mod browser;
mod build;
mod data;
mod labs;
mod module;
mod offline;
mod outline;
mod pages;
mod pictures;
mod post_build;
mod process;
mod program;
mod script;
mod serve;
mod setup;
mod sizes;
mod split;
mod test;
mod wasm;
mod zip;

use anyhow::{Result, bail};
use std::env;
use std::path::PathBuf;
use std::process::ExitCode;

struct Command {
    name: &'static str,
    summary: &'static str,
    run: fn(&[String]) -> Result<()>,
}

const COMMANDS: &[Command] = &[
    Command { name: "serve", summary: "build, serve and rebuild on every change", run: serve::serve },
    Command { name: "build", summary: "the deployable site, in dist/", run: build::build },
    Command { name: "zip", summary: "that site in one file, target/switchyard.zip", run: zip::zip },
    Command { name: "test", summary: "every check; --quick: those without a browser", run: test::test },
    Command {
        name: "bench",
        summary: "engine and policies beside their peers, and in a browser",
        run: bench::bench,
    },
    Command {
        name: "pictures",
        summary: "screenshots of the built site, in target/pictures/",
        run: pictures::pictures,
    },
    Command {
        name: "module",
        summary: "only the JavaScript module, in target/module/",
        run: module::command_line,
    },
    Command {
        name: "profile",
        summary: "what of the program a first visit runs: xtask/late.txt",
        run: program::profile,
    },
    Command {
        name: "apart",
        summary: "a module cut at half of its forks, for the tests",
        run: outline::command_line,
    },
    Command { name: "setup", summary: "only fetch what the other commands need", run: setup::setup },
    Command {
        name: "post-build",
        summary: "Trunk's hook: finishes a release build",
        run: post_build::post_build,
    },
];

fn main() -> ExitCode {
    let called_as = env::args_os().next().map(PathBuf::from).unwrap_or_default();
    let result = match called_as.file_stem().and_then(|stem| stem.to_str()) {
        Some("wasm-bindgen") => wasm_bindgen_cli::wasm_bindgen::run_cli_with_args(env::args_os()),
        Some("wasm-bindgen-test-runner") => {
            wasm_bindgen_cli::wasm_bindgen_test_runner::run_cli_with_args(env::args_os())
        }
        _ => xtask(&env::args().skip(1).collect::<Vec<_>>()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn xtask(args: &[String]) -> Result<()> {
    match args.split_first().map(|(name, rest)| (name.as_str(), rest)) {
        None | Some(("help" | "-h" | "--help", _)) => {
            print!("{}", usage());
            Ok(())
        }
        Some((name, rest)) => match COMMANDS.iter().find(|command| command.name == name) {
            Some(command) => (command.run)(rest),
            None => bail!("there is no command `{name}`\n\n{}", usage()),
        },
    }
}

fn usage() -> String {
    let lines: String =
        COMMANDS.iter().map(|command| format!("  {:<11} {}\n", command.name, command.summary)).collect();
    format!("usage: cargo xtask COMMAND\n\n{lines}")
}
