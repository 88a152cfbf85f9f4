//! A canvas that keeps the size of its element, in device pixels.

use super::dom::{text_scale, window};
use super::engine::Engine;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{
    CanvasRenderingContext2d, HtmlCanvasElement, ImageBitmapRenderingContext, OffscreenCanvas,
    ResizeObserver, ResizeObserverEntry,
};
use yew::NodeRef;

pub struct Canvas {
    pub context: CanvasRenderingContext2d,
    element: HtmlCanvasElement,
    /// What is painted on, and where it is shown from there, for a picture that stands.
    sheet: Option<(OffscreenCanvas, ImageBitmapRenderingContext)>,
    /// CSS pixels, and how large text is beside the usual.
    size: Rc<Cell<(f64, f64, f64)>>,
    observer: ResizeObserver,
    _resized: Closure<dyn FnMut(js_sys::Array)>,
}

impl Canvas {
    /// For a picture that moves. Has the engine paint anew when the size changes.
    pub fn new(node: &NodeRef, engine: &Engine) -> Option<Canvas> {
        let element: HtmlCanvasElement = node.cast()?;
        let context = element.get_context("2d").ok().flatten()?.dyn_into().ok()?;
        Canvas::with(element, context, None, engine)
    }

    /// For a picture that mostly stands, and is shown by [`Canvas::show`]. A canvas that can be painted on costs the browser
    /// a fifth of a millisecond in each frame in which anything on the page moves, though it has not changed; a bitmap
    /// costs nothing.
    pub fn still(node: &NodeRef, engine: &Engine) -> Option<Canvas> {
        let sheet = OffscreenCanvas::new(1, 1).ok();
        let context = sheet.as_ref().and_then(|sheet| sheet.get_context("2d").ok().flatten());
        let Some((sheet, context)) = sheet.zip(context) else { return Canvas::new(node, engine) };
        let element: HtmlCanvasElement = node.cast()?;
        let shown = element.get_context("bitmaprenderer").ok().flatten()?.dyn_into().ok()?;
        // It has all that the context of an element has, but the element.
        Canvas::with(element, context.unchecked_into(), Some((sheet, shown)), engine)
    }

    fn with(
        element: HtmlCanvasElement,
        context: CanvasRenderingContext2d,
        sheet: Option<(OffscreenCanvas, ImageBitmapRenderingContext)>,
        engine: &Engine,
    ) -> Option<Canvas> {
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
        Some(Canvas { context, element, sheet, size, observer, _resized: resized })
    }

    /// Makes the bitmap as large as the element and answers with its size in CSS pixels and device
    /// pixels per CSS pixel; `None` if there is nothing to be seen.
    pub fn ready(&self) -> Option<(f64, f64, f64)> {
        let size = self.size(f64::INFINITY)?;
        self.fit(size);
        Some(size)
    }

    /// How large text is beside the usual.
    pub fn text(&self) -> f64 {
        self.size.get().2
    }

    /// The same in pixels of which a usual letter has as many as ever, however large the page's text is: what is laid out
    /// in them grows with it.
    pub fn ready_for_text(&self) -> Option<(f64, f64, f64)> {
        let text = self.text();
        self.ready().map(|(width, height, ratio)| (width / text, height / text, ratio * text))
    }

    /// The same without making it so large, with at most so many pixels per CSS pixel.
    pub fn size(&self, ratio_max: f64) -> Option<(f64, f64, f64)> {
        let (width, height, _) = self.size.get();
        let ratio = window().device_pixel_ratio().clamp(1.0, 3.0).min(ratio_max);
        (width >= 1.0 && height >= 1.0).then_some((width, height, ratio))
    }

    /// Makes the bitmap so large.
    pub fn fit(&self, (width, height, ratio): (f64, f64, f64)) {
        let (w, h) = ((width * ratio).round() as u32, (height * ratio).round() as u32);
        fit(self.sheet.as_ref().map_or(&self.element, |(sheet, _)| sheet.unchecked_ref()), w, h);
    }

    /// Shows all that has been painted since the last time: once for each picture, as what was painted on is empty then.
    pub fn show(&self) {
        let Some((sheet, shown)) = &self.sheet else { return };
        fit(&self.element, sheet.width(), sheet.height());
        if let Ok(picture) = sheet.transfer_to_image_bitmap() {
            shown.transfer_from_image_bitmap(&picture);
        }
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
