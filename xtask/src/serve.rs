//! `cargo xtask serve`: Trunk's development server.

use crate::process::give_way_to;
use crate::setup;
use anyhow::{Context, Result};
use std::env;
use std::net::TcpListener;

/// Tells Trunk's hook to say, after each build, where the site is.
const ADDRESS: &str = "SWITCHYARD_ADDRESS";

/// `args` go to `trunk serve`.
pub fn serve(args: &[String]) -> Result<()> {
    setup::wasm_target()?;
    setup::wasm_tools()?;
    let mut trunk = setup::trunk()?;
    // Beside `dist/`, which stays what `cargo xtask build` made.
    trunk.args(["serve", "--dist", "target/serve"]).args(args);
    let port = match args.iter().position(|arg| arg == "--port") {
        Some(at) => args.get(at + 1).and_then(|port| port.parse().ok()).context("--port needs a number")?,
        None => {
            let port = free_port(8080)?;
            trunk.args(["--port", &port.to_string()]);
            port
        }
    };
    trunk.env(ADDRESS, format!("http://127.0.0.1:{port}/"));
    give_way_to(&mut trunk)
}

/// Where the site is, if it is being served.
pub fn announce() {
    if let Ok(address) = env::var(ADDRESS) {
        println!("\n    Switchyard is at  {address}   (Ctrl-C stops it)\n");
    }
}

/// A port that nobody listens on now, `first` or the next free one.
pub fn free_port(first: u16) -> Result<u16> {
    (first..first.saturating_add(100))
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .with_context(|| format!("no free port from {first} on"))
}
