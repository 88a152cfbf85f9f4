//! Lets screen time move simulated time: one `requestAnimationFrame` loop, outside the virtual DOM.
//!
//! Frames come only while the run plays where it can be seen, and after a change. A frame's step is
//! capped, so a tab that was asleep does not leap; a run that is too heavy slows down and says so.

use super::dom::{Sight, now_ms, window};
use super::engine::{Engine, Pulse};
use super::head::Around;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use switchyard::sim::Span;
use wasm_bindgen::prelude::*;
use web_sys::Element;
use yew::prelude::*;

/// The longest screen time that one frame stands for.
const FRAME_MS_MAX: f64 = 50.0;
/// What the simulation may use of a frame.
const WORK_MS_MAX: f64 = 10.0;
/// The same on the way to another moment, when nothing else moves.
const SEEK_MS_MAX: f64 = 30.0;
/// Events between two looks at the watch.
const SLICE: u64 = 2000;
/// Between two pulses while playing.
const PULSE_MS: f64 = 100.0;
/// How quickly strain shows and passes; the share of the wanted speed below which it does.
const STRAIN: (f64, f64) = (0.05, 0.9);

type OnFrame = Closure<dyn FnMut(f64)>;

struct Clock {
    engine: Engine,
    on_pulse: Callback<Pulse>,
    frame: RefCell<Option<OnFrame>>,
    pending: Cell<Option<i32>>,
    /// Something changed since the last frame.
    stale: Cell<bool>,
    visible: Cell<bool>,
    last_frame: Cell<Option<f64>>,
    last_pulse: Cell<f64>,
    /// Smoothed share of the wanted simulated time that was reached.
    reached: Cell<f64>,
}

impl Clock {
    fn start(engine: Engine, on_pulse: Callback<Pulse>) -> Rc<Clock> {
        let clock = Rc::new(Clock {
            engine,
            on_pulse,
            frame: RefCell::default(),
            pending: Cell::new(None),
            stale: Cell::new(true),
            visible: Cell::new(true),
            last_frame: Cell::new(None),
            last_pulse: Cell::new(f64::NEG_INFINITY),
            reached: Cell::new(1.0),
        });
        let weak = Rc::downgrade(&clock);
        *clock.frame.borrow_mut() = Some(Closure::new(move |at| {
            if let Some(clock) = weak.upgrade() {
                clock.frame_at(at);
            }
        }));
        let weak = Rc::downgrade(&clock);
        clock.engine.on_wake(Callback::from(move |()| {
            if let Some(clock) = weak.upgrade() {
                clock.stale.set(true);
                clock.ask();
            }
        }));
        clock.ask();
        clock
    }

    /// Asks for a frame, unless one is under way.
    fn ask(&self) {
        if self.pending.get().is_some() {
            return;
        }
        if let Some(frame) = self.frame.borrow().as_ref() {
            self.pending.set(window().request_animation_frame(frame.as_ref().unchecked_ref()).ok());
        }
    }

    fn frame_at(&self, at: f64) {
        self.pending.set(None);
        let changed = self.stale.replace(false);
        let seeking = self.engine.seeking();
        if seeking {
            let began = now_ms();
            self.engine.settle_seek(SLICE, || now_ms() - began < SEEK_MS_MAX);
        }
        let moving = self.engine.playing() && self.visible.get() && !self.engine.seeking();
        if moving {
            let elapsed = at - self.last_frame.get().unwrap_or(at);
            self.pass(elapsed.clamp(0.0, FRAME_MS_MAX));
        }
        self.last_frame.set(moving.then_some(at));
        let pulse = changed || seeking || !self.engine.playing() || at - self.last_pulse.get() >= PULSE_MS;
        if pulse {
            self.last_pulse.set(at);
        }
        if let Some(pulse) = self.engine.show(at, pulse) {
            self.on_pulse.emit(pulse);
        }
        if (self.engine.playing() && self.visible.get()) || self.stale.get() || self.engine.seeking() {
            self.ask();
        }
    }

    /// Lets simulated time pass for `screen_ms`.
    fn pass(&self, screen_ms: f64) {
        if screen_ms <= 0.0 {
            return;
        }
        let from = self.engine.session().now();
        let wanted = Span::from_ms(screen_ms * self.engine.speed());
        let began = now_ms();
        let all = self.engine.advance(from + wanted, SLICE, || now_ms() - began < WORK_MS_MAX);
        let share = match all || wanted == Span::ZERO {
            true => 1.0,
            false => self.engine.session().now().since(from).0 as f64 / wanted.0 as f64,
        };
        let reached = self.reached.get() + (share - self.reached.get()) * STRAIN.0;
        self.reached.set(reached);
        self.engine.set_strained(reached < STRAIN.1);
    }

    fn set_visible(&self, visible: bool) {
        self.visible.set(visible);
        if visible {
            self.last_frame.set(None);
            self.ask();
        }
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        if let Some(id) = self.pending.get() {
            let _ = window().cancel_animation_frame(id);
        }
    }
}

/// Runs the engine's clock for as long as the component exists and answers with the last pulse.
/// `seen` is what must be on the screen for time to pass.
#[hook]
pub fn use_clock(engine: &Engine, seen: &NodeRef) -> Pulse {
    let pulse = use_state(|| engine.pulse());
    let dark = use_context::<Around>().is_some_and(|around| around.dark);
    // What stands still is painted in other colours, too.
    {
        let engine = engine.clone();
        use_effect_with(dark, move |_| engine.touch());
    }
    {
        let (setter, seen) = (pulse.setter(), seen.clone());
        use_effect_with(engine.clone(), move |engine| {
            let clock = Clock::start(engine.clone(), Callback::from(move |pulse| setter.set(pulse)));
            let sight = seen.cast::<Element>().and_then(|element| watch(&clock, &element));
            let engine = engine.clone();
            move || {
                engine.on_wake(Callback::noop());
                drop((sight, clock));
            }
        });
    }
    (*pulse).clone()
}

/// Tells the clock whether the element can be seen. (A hidden tab gets no frames anyway.)
fn watch(clock: &Rc<Clock>, element: &Element) -> Option<Sight> {
    let weak = Rc::downgrade(clock);
    Sight::of(element, move |visible| {
        if let Some(clock) = weak.upgrade() {
            clock.set_visible(visible);
        }
    })
}
