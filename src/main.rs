//! The command line. The page is the program in `src/app`.

fn main() {
    #[cfg(not(target_arch = "wasm32"))]
    switchyard::cli::main();
}
