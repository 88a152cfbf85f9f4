//! The page, as a program of its own. Natively there is none.

#[cfg(target_arch = "wasm32")]
#[path = "mod.rs"]
mod page;

fn main() {
    #[cfg(target_arch = "wasm32")]
    page::main();
}
