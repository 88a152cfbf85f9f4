//! What only a browser can show. Run by `cargo xtask test`, in headless Chromium.
#![cfg(target_arch = "wasm32")]

use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

#[path = "golden/bits.rs"]
mod golden;

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn streams_draw_the_same_bits_as_natively() {
    assert_eq!(golden::drawn(), golden::KEPT);
}
