//! `cargo xtask serve`: Trunk's development server.

use crate::process::run;
use crate::setup;
use anyhow::{Context, Result};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// `args` go to `trunk serve`.
pub fn serve(args: &[String]) -> Result<()> {
    setup::wasm_target()?;
    setup::wasm_tools()?;
    let mut trunk = setup::trunk()?;
    trunk.arg("serve").args(args);
    let port = match args.iter().position(|arg| arg == "--port") {
        Some(at) => args.get(at + 1).and_then(|port| port.parse().ok()).context("--port needs a number")?,
        None => {
            let port = free_port(8080)?;
            trunk.args(["--port", &port.to_string()]);
            port
        }
    };
    thread::spawn(move || announce(port));
    run(&mut trunk)
}

/// A port that nobody listens on now, `first` or the next free one.
pub fn free_port(first: u16) -> Result<u16> {
    (first..first.saturating_add(100))
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .with_context(|| format!("no free port from {first} on"))
}

/// Waits until somebody answers (the first build comes before), then says where.
fn announce(port: u16) {
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        thread::sleep(Duration::from_millis(200));
    }
    println!("\n    Switchyard is at  http://127.0.0.1:{port}/   (Ctrl-C stops it)\n");
}
