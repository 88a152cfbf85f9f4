//! The browser runs what the native engine runs, bit for bit.
#![cfg(target_arch = "wasm32")]

use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

mod common;

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn scenarios_give_the_same_runs_as_natively() {
    let differing = common::digests::differing();
    assert!(differing.is_empty(), "another run than natively: {differing:?}");
}
