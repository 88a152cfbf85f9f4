//! Workers beside the page. A worker is this same program: what the page has compiled is handed to it, so nothing is
//! loaded twice. `www/later/sim-worker.js` begins it there, and leaves it its job and canvas.

use super::dom::document;
use super::marks;
#[cfg(feature = "whole")]
use super::trials;
use js_sys::{Array, Object, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent, OffscreenCanvas};

#[wasm_bindgen]
extern "C" {
    /// boot.js makes it, and tells it the rest of the program: workers are what Trusted Types must allow.
    #[wasm_bindgen(catch, js_name = __newWorker)]
    fn new_worker(message: &Object, moved: &Array) -> Result<web_sys::Worker, JsValue>;
}

/// It ends when dropped.
pub struct Worker {
    worker: web_sys::Worker,
    _told: Closure<dyn FnMut(MessageEvent)>,
    _failed: Closure<dyn FnMut(MessageEvent)>,
}

impl Worker {
    /// `told` gets its messages; `failed` is called if it turns out not to start, or breaks. `None` where there are no
    /// workers.
    pub fn start(
        job: &str,
        canvas: Option<&OffscreenCanvas>,
        mut told: impl FnMut(JsValue) + 'static,
        mut failed: impl FnMut() + 'static,
    ) -> Option<Worker> {
        let glue = document().get_element_by_id("app-script").map(|link| property(&link, "href"))?;
        let (message, mut moved) = (Object::new(), Array::new());
        moved.extend(canvas);
        let fields: [(&str, JsValue); 4] = [
            ("glue", glue),
            ("module", wasm_bindgen::module()),
            ("job", job.into()),
            ("canvas", canvas.into()),
        ];
        for (name, value) in fields {
            Reflect::set(&message, &name.into(), &value).ok()?;
        }
        let worker = new_worker(&message, &moved).ok()?;
        let told: Closure<dyn FnMut(MessageEvent)> =
            Closure::new(move |event: MessageEvent| told(event.data()));
        let failed: Closure<dyn FnMut(MessageEvent)> = Closure::new(move |_: MessageEvent| failed());
        worker.set_onmessage(Some(told.as_ref().unchecked_ref()));
        worker.set_onerror(Some(failed.as_ref().unchecked_ref()));
        Some(Worker { worker, _told: told, _failed: failed })
    }

    /// The numbers are moved to it, not copied.
    pub fn tell(&self, numbers: &js_sys::Float32Array) {
        let moved = Array::new();
        moved.push(&property(numbers, "buffer"));
        let _ = self.worker.post_message_with_transfer(numbers, &moved);
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

/// What web-sys has as well, but for each property with a function of its own in the page's script, and for each type
/// with one that looks whether a value is of it: bytes of every first visit.
fn property(of: &JsValue, name: &str) -> JsValue {
    Reflect::get(of, &name.into()).unwrap_or_default()
}

/// This program, run as a worker.
pub fn serve() {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let canvas = property(&scope, "canvas");
    match canvas.is_object() {
        true => marks::serve(&scope, canvas.unchecked_into()),
        #[cfg(feature = "whole")]
        false => trials::serve(&scope, &property(&scope, "job").as_string().unwrap_or_default()),
        #[cfg(not(feature = "whole"))]
        false => {}
    }
}
