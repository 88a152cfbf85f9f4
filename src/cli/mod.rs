//! The native command line: runs scenarios, replays traces through policies, checks files.
//!
//! Results go to standard output, what is wrong to standard error with exit code 2. A reader that stops
//! early (`| head`) ends the program quietly.

mod across;
mod check;
mod draw;
mod input;
mod labs;
mod link;
mod policies;
mod replay;
mod report;
mod requests;
mod run;
mod schema;
mod table;

use clap::{Parser, Subcommand};
use std::io::{self, Write};

/// A system-design playground: real requests through real algorithms.
#[derive(Debug, Parser)]
#[command(name = "switchyard", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Options),
    Replay(replay::Options),
    Labs(labs::Options),
    Policies(policies::Options),
    Schema(schema::Options),
    Check(check::Options),
    Draw(draw::Options),
    Link(link::Options),
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
enum Failure {
    /// What was given cannot be used: one line for each problem.
    Input(Vec<String>),
    /// The result could not be written.
    Output(io::Error),
}

impl Failure {
    fn input(sentence: impl Into<String>) -> Failure {
        Failure::Input(vec![sentence.into()])
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Output(error)
    }
}

/// Runs the command that the arguments name, and ends the program with its exit code.
pub fn main() {
    let arguments = Arguments::parse();
    let mut out = io::BufWriter::new(io::stdout().lock());
    let done = perform(&arguments.command, &mut out).and_then(|()| Ok(out.flush()?));
    std::process::exit(done.map_or_else(report_failure, |()| 0));
}

fn perform(command: &Command, out: &mut impl Write) -> Result<(), Failure> {
    match command {
        Command::Run(options) => run::run(options, out),
        Command::Replay(options) => replay::replay(options, out),
        Command::Labs(options) => labs::labs(options, out),
        Command::Policies(options) => policies::policies(options, out),
        Command::Schema(options) => schema::schema(options, out),
        Command::Check(options) => check::check(options, out),
        Command::Draw(options) => draw::draw(options, out),
        Command::Link(options) => link::link(options, out),
    }
}

/// The exit code. Nobody is left to tell if standard error is closed too.
fn report_failure(failure: Failure) -> i32 {
    let lines = match failure {
        Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => return 0,
        Failure::Output(error) => vec![format!("the result could not be written: {error}")],
        Failure::Input(lines) => lines,
    };
    let mut err = io::stderr().lock();
    for line in lines {
        let _ = writeln!(err, "{line}");
    }
    2
}
