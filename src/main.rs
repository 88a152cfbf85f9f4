//! In the browser: mounts the app. Natively: the command line.

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    switchyard::cli::main();
}

#[cfg(target_arch = "wasm32")]
fn main() {
    switchyard::app::main();
}
