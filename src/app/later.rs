//! Parts of the page that few visits need: dialogs in `www/later/`, whose scripts are loaded when they are asked for.

use super::notice::{Notice, Say};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// boot.js loads the script and calls what it calls `open`.
    #[wasm_bindgen(catch, js_name = __open)]
    async fn js_open(name: &str, with: &str) -> Result<JsValue, JsValue>;
}

/// Opens a dialog; the answer comes when it is closed. None if its script did not arrive, which is said.
pub async fn ask(name: &str, with: &str, say: &Say) -> Option<JsValue> {
    let answer = js_open(name, with).await;
    if answer.is_err() {
        say.emit(Notice::error(
            "This part of the page did not arrive: the connection broke, or the site was updated just now. Nothing has changed. Load the page again; its address keeps the run.",
        ));
    }
    answer.ok()
}

/// Opens a dialog that answers nothing.
pub fn open(name: &'static str, say: &Say) {
    let say = say.clone();
    wasm_bindgen_futures::spawn_local(async move { drop(ask(name, "", &say).await) });
}
