//! A canvas that keeps the size of its element, in device pixels.

use super::dom::{text_scale, window};
use super::engine::Engine;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ResizeObserver, ResizeObserverEntry};
use yew::NodeRef;

pub struct Canvas {
    pub context: CanvasRenderingContext2d,
    element: HtmlCanvasElement,
    /// CSS pixels, and how large text is beside the usual.
    size: Rc<Cell<(f64, f64, f64)>>,
    observer: ResizeObserver,
    _resized: Closure<dyn FnMut(js_sys::Array)>,
}

impl Canvas {
    /// Has the engine paint anew when the size changes. What shows nothing behind it is cheaper to show.
    pub fn new(node: &NodeRef, engine: &Engine, shows_behind: bool) -> Option<Canvas> {
        let element: HtmlCanvasElement = node.cast()?;
        let options = js_sys::Object::new();
        let _ = js_sys::Reflect::set(&options, &"alpha".into(), &shows_behind.into());
        let context = element.get_context_with_context_options("2d", &options).ok().flatten()?;
        let context = context.dyn_into().ok()?;
        let rect = element.get_bounding_client_rect();
        let size = Rc::new(Cell::new((rect.width(), rect.height(), text_scale())));
        let resized: Closure<dyn FnMut(js_sys::Array)> = {
            let (size, engine) = (size.clone(), engine.clone());
            Closure::new(move |entries: js_sys::Array| {
                let entry =
                    entries.iter().last().and_then(|entry| entry.dyn_into::<ResizeObserverEntry>().ok());
                if let Some(rect) = entry.map(|entry| entry.content_rect()) {
                    size.set((rect.width(), rect.height(), text_scale()));
                    engine.touch();
                }
            })
        };
        let observer = ResizeObserver::new(resized.as_ref().unchecked_ref()).ok()?;
        observer.observe(&element);
        Some(Canvas { context, element, size, observer, _resized: resized })
    }

    /// Width and height in CSS pixels, and device pixels to each, but at most so many; `None` if there is nothing to be seen.
    pub fn size(&self, ratio_max: f64) -> Option<(f64, f64, f64)> {
        let (width, height, _) = self.size.get();
        let ratio = window().device_pixel_ratio().clamp(1.0, 3.0).min(ratio_max);
        (width >= 1.0 && height >= 1.0).then_some((width, height, ratio))
    }

    /// Makes the bitmap so large.
    pub fn fit(&self, (width, height, ratio): (f64, f64, f64)) {
        fit(&self.element, (width * ratio).round() as u32, (height * ratio).round() as u32);
    }

    /// Makes the bitmap as large as the element, and answers with its size.
    pub fn ready(&self) -> Option<(f64, f64, f64)> {
        let size = self.size(f64::INFINITY)?;
        self.fit(size);
        Some(size)
    }

    /// The same in pixels of which a usual letter has as many as ever, however large the page's text is: what is laid out
    /// in them grows with it.
    pub fn ready_for_text(&self) -> Option<(f64, f64, f64)> {
        let text = self.text();
        self.ready().map(|(width, height, ratio)| (width / text, height / text, ratio * text))
    }

    /// How large text is beside the usual.
    pub fn text(&self) -> f64 {
        self.size.get().2
    }

    pub fn element(&self) -> &HtmlCanvasElement {
        &self.element
    }

    pub fn clear(&self) {
        let _ = self.context.reset_transform();
        self.context.clear_rect(0.0, 0.0, self.element.width() as f64, self.element.height() as f64);
    }
}

/// Gives a canvas that many device pixels. Setting a size clears, even if it is the same.
pub fn fit(canvas: &HtmlCanvasElement, width: u32, height: u32) {
    if canvas.width() != width || canvas.height() != height {
        canvas.set_width(width);
        canvas.set_height(height);
    }
}

impl Drop for Canvas {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}
