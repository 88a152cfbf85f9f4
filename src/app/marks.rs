//! Thousands of marks, painted by a worker on a canvas of its own: the page only tells it where they are.

use super::canvas::{Canvas, fit};
use super::engine::Engine;
use super::paint::blit;
use super::worker::Worker;
use js_sys::Float32Array;
use std::cell::Cell;
use std::rc::Rc;
use switchyard::scene::geometry::point;
use switchyard::scene::{Mark, MarkKind, Palette, Picture, Raster};
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, HtmlCanvasElement, MessageEvent, OffscreenCanvas};

/// So many pictures may be under way: if the worker is slower than the page, it leaves some out.
const UNDER_WAY_MAX: u32 = 2;

/// Width and height in CSS pixels, device pixels to each.
pub type Size = (f64, f64, f64);

/// The page's half.
pub struct Marks {
    worker: Worker,
    canvas: HtmlCanvasElement,
    progress: Rc<Cell<Progress>>,
}

#[derive(Clone, Copy, Default)]
struct Progress {
    stage: Stage,
    under_way: u32,
    /// A newer picture was left out.
    owes: bool,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Stage {
    #[default]
    Starting,
    /// Nothing of it is on the screen yet.
    Ready,
    OnScreen,
    Failed,
}

impl Marks {
    /// On a canvas over this one. `None` where a browser has no workers, or none that paint.
    pub fn start(below: &Canvas, engine: &Engine) -> Option<Marks> {
        let canvas: HtmlCanvasElement = below.element().clone_node().ok()?.dyn_into().ok()?;
        let moved = canvas.transfer_control_to_offscreen().ok()?;
        let progress = Rc::new(Cell::new(Progress::default()));
        let told = {
            let (progress, engine) = (progress.clone(), engine.clone());
            move |_| {
                let Progress { stage, under_way, owes } = progress.get();
                let next = if stage == Stage::Starting { Stage::Ready } else { Stage::OnScreen };
                progress.set(Progress { stage: next, under_way: under_way.saturating_sub(1), owes: false });
                if owes || stage != next {
                    engine.touch();
                }
            }
        };
        let failed = {
            let (progress, engine, canvas) = (progress.clone(), engine.clone(), canvas.clone());
            move || {
                progress.set(Progress { stage: Stage::Failed, ..Progress::default() });
                remove(&canvas);
                engine.touch();
            }
        };
        let worker = Worker::start("", Some(&moved), told, failed)?;
        let below = below.element();
        below.parent_node()?.insert_before(&canvas, below.next_sibling().as_ref()).ok()?;
        Some(Marks { worker, canvas, progress })
    }

    /// Has a picture's marks painted; true if the worker's pictures are on the screen.
    pub fn paint(&self, picture: &Picture, dark: bool, (width, height, ratio): Size) -> bool {
        let mut progress = self.progress.get();
        if matches!(progress.stage, Stage::Ready | Stage::OnScreen) {
            progress.owes = progress.under_way >= UNDER_WAY_MAX;
            if !progress.owes {
                progress.under_way += 1;
                let head = [width, height, ratio, picture.mark_radius, f64::from(u8::from(dark))];
                let marks =
                    picture.marks.iter().flat_map(|mark| [mark.at.x, mark.at.y, f64::from(mark.kind as u8)]);
                let numbers: Vec<f32> = head.into_iter().chain(marks).map(|number| number as f32).collect();
                self.worker.tell(&Float32Array::from(&numbers[..]));
            }
            self.progress.set(progress);
        }
        progress.stage == Stage::OnScreen
    }
}

fn remove(canvas: &HtmlCanvasElement) {
    if let Some(parent) = canvas.parent_node() {
        let _ = parent.remove_child(canvas);
    }
}

impl Drop for Marks {
    fn drop(&mut self) {
        remove(&self.canvas);
    }
}

/// The worker's half: paints what it is told on its canvas, and says so each time; at first that it is there.
pub fn serve(scope: &DedicatedWorkerGlobalScope, canvas: OffscreenCanvas) {
    let Some(context) = canvas.get_context("2d").ok().flatten() else { return scope.close() };
    let page = scope.clone();
    let mut painted: Option<(Size, bool, Raster)> = None;
    let paint: Closure<dyn FnMut(MessageEvent)> = Closure::new(move |event: MessageEvent| {
        let numbers = Float32Array::new(&event.data()).to_vec();
        let Some((head, marks)) = numbers.split_first_chunk() else { return };
        let [width, height, ratio, radius, dark] = head.map(f64::from);
        let (size, dark) = ((width, height, ratio), dark > 0.0);
        let kept = painted.take().filter(|(of_size, of_dark, _)| (*of_size, *of_dark) == (size, dark));
        let mut raster =
            kept.map_or_else(|| Raster::new(width, height, ratio, Palette::of(dark)), |(.., raster)| raster);
        let (w, h) = raster.size();
        fit(canvas.unchecked_ref(), w as u32, h as u32);
        let mark = |of: &[f32]| {
            let kind = MarkKind::ALL.get(of[2] as usize).copied().unwrap_or(MarkKind::Request);
            Mark { at: point(of[0].into(), of[1].into()), kind, request: 0 }
        };
        raster.draw(&marks.chunks_exact(3).map(mark).collect::<Vec<_>>(), radius);
        // A canvas too large for the browser shows no dots; everything else goes on.
        let _ = blit(context.unchecked_ref(), &mut raster);
        painted = Some((size, dark, raster));
        let _ = page.post_message(&JsValue::NULL);
    });
    scope.set_onmessage(Some(paint.as_ref().unchecked_ref()));
    paint.forget();
    let _ = scope.post_message(&JsValue::NULL);
}
