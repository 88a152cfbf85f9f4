//! The JavaScript module. Natively there is none.

#[cfg(target_arch = "wasm32")]
mod module;
