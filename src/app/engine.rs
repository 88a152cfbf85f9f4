//! The run on the page, or the variants that are compared: whether they play and how fast, and what is selected.
//!
//! It lives outside the virtual DOM. The clock moves it; components hear of it by [`Pulse`]s.

use super::address::SPEEDS;
use super::notice::{Notice, Say};
use super::open::problems;
use super::theme;
use std::cell::{Cell, OnceCell, Ref, RefCell};
use std::rc::Rc;
use switchyard::play::{Comparison, Session, When};
use switchyard::run::snapshot::Snapshot;
use switchyard::scenario::{Checked, Problem};
use switchyard::scene::Target;
use switchyard::sim::Time;
use yew::Callback;

/// What components know of the run: the same until the next pulse.
#[derive(Clone, Debug)]
pub struct Pulse {
    count: u32,
    /// Changes when the scenario does.
    pub revision: u32,
    pub playing: bool,
    pub speed: f64,
    /// This machine cannot keep up with the speed.
    pub strained: bool,
    pub selected: Option<Target>,
    pub now: Time,
    pub end: Time,
    /// Of the first run.
    pub snapshot: Rc<Snapshot>,
    /// Of every run.
    pub snapshots: Rc<[Rc<Snapshot>]>,
}

impl PartialEq for Pulse {
    fn eq(&self, other: &Pulse) -> bool {
        self.count == other.count
    }
}

/// What is handed to whoever paints.
pub struct Frame<'a> {
    pub session: &'a Session,
    taken: &'a OnceCell<Rc<Snapshot>>,
    pub selected: Option<Target>,
    /// Of the screen, for what eases.
    pub screen_ms: f64,
    pub speed: f64,
    /// The moment that is pointed at in a chart.
    pub pointed: Option<Time>,
    /// Time passes.
    pub moving: bool,
    /// All is painted, not only what moves in every frame.
    pub pulse: bool,
}

impl<'a> Frame<'a> {
    /// Taken once for all who ask: in most frames of a busy run nobody does.
    pub fn snapshot(&self) -> &'a Rc<Snapshot> {
        self.taken.get_or_init(|| Rc::new(self.session.snapshot()))
    }
}

/// How often a painter is called while the run plays; after a change both are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    EveryFrame,
    EveryPulse,
}

type Paint = Rc<dyn Fn(&Frame)>;

#[derive(Clone)]
pub struct Engine(Rc<Inner>);

struct Inner {
    runs: RefCell<Comparison>,
    playing: Cell<bool>,
    /// Somebody has let time pass, or has gone to a moment.
    begun: Cell<bool>,
    speed: Cell<f64>,
    strained: Cell<bool>,
    selected: Cell<Option<Target>>,
    /// A moment under the pointer, shown by a hairline in all charts.
    pointed: Cell<Option<Time>>,
    revision: Cell<u32>,
    pulses: Cell<u32>,
    /// A wish of the timeline; taken up once per frame, however often it changes.
    wish: Cell<Option<Time>>,
    /// On the way to that moment.
    seeking: Cell<Option<Time>>,
    /// Moments that were stepped from, so that one can step back.
    trail: RefCell<Vec<Time>>,
    /// What was before each change, so that it can be undone.
    past: RefCell<Vec<Past>>,
    /// With the run that each paints.
    painters: RefCell<Vec<(u32, Pace, usize, Paint)>>,
    next_painter: Cell<u32>,
    /// Wakes the clock.
    wake: RefCell<Callback<()>>,
    say: RefCell<Say>,
}

impl PartialEq for Engine {
    fn eq(&self, other: &Engine) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// The scenario before a change.
struct Past {
    scenario: Checked,
    /// The number that was changed; empty for anything else.
    path: String,
    /// When, by the browser's clock.
    at_ms: f64,
}

/// The most steps that can be taken back.
const TRAIL_MAX: usize = 200;
/// The most changes that can be undone.
const PAST_MAX: usize = 30;
/// A slider that is drawn on sets its number many times: changes of one number so soon after each other are one.
const SAME_CHANGE_MS: f64 = 1000.0;

impl Engine {
    pub fn new(scenario: Checked, speed: f64) -> Engine {
        Engine::of(Comparison::alone(scenario), speed)
    }

    pub fn of(runs: Comparison, speed: f64) -> Engine {
        Engine(Rc::new(Inner {
            runs: RefCell::new(runs),
            playing: Cell::new(false),
            begun: Cell::new(false),
            speed: Cell::new(speed),
            strained: Cell::new(false),
            selected: Cell::default(),
            pointed: Cell::default(),
            revision: Cell::new(0),
            pulses: Cell::new(0),
            wish: Cell::new(None),
            seeking: Cell::new(None),
            trail: RefCell::default(),
            past: RefCell::default(),
            painters: RefCell::default(),
            next_painter: Cell::new(0),
            wake: RefCell::default(),
            say: RefCell::default(),
        }))
    }

    /// The first run, to read. Not to be held across anything that changes the run.
    pub fn session(&self) -> Ref<'_, Session> {
        Ref::map(self.runs(), Comparison::first)
    }

    /// All of them, to read as above.
    pub fn runs(&self) -> Ref<'_, Comparison> {
        self.0.runs.borrow()
    }

    pub fn on_notice(&self, say: Say) {
        self.0.say.replace(say);
    }

    pub fn on_wake(&self, wake: Callback<()>) {
        self.0.wake.replace(wake);
    }

    /// Something changed: it will be drawn and told.
    pub fn touch(&self) {
        let wake = self.0.wake.borrow().clone();
        wake.emit(());
    }

    fn revise(&self) {
        self.0.revision.set(self.0.revision.get() + 1);
        self.touch();
    }

    pub fn playing(&self) -> bool {
        self.0.playing.get()
    }

    /// Plays on; from the end it begins anew.
    pub fn play(&self) {
        let at_end = {
            let runs = self.runs();
            runs.now() >= runs.end()
        };
        if at_end {
            self.0.runs.borrow_mut().restart();
        }
        self.0.trail.borrow_mut().clear();
        self.0.playing.set(true);
        self.0.begun.set(true);
        self.touch();
    }

    pub fn pause(&self) {
        self.0.playing.set(false);
        self.0.strained.set(false);
        self.touch();
    }

    pub fn toggle(&self) {
        if self.playing() { self.pause() } else { self.play() }
    }

    pub fn speed(&self) -> f64 {
        self.0.speed.get()
    }

    pub fn set_speed(&self, speed: f64) {
        self.0.speed.set(speed.clamp(SPEEDS.0, SPEEDS.1));
        self.touch();
    }

    pub fn set_strained(&self, strained: bool) {
        self.0.strained.set(strained);
    }

    pub fn selected(&self) -> Option<Target> {
        self.0.selected.get()
    }

    pub fn select(&self, selected: Option<Target>) {
        self.0.selected.set(selected);
        self.touch();
    }

    /// Points all charts at a moment.
    pub fn point_at(&self, moment: Option<Time>) {
        if self.0.pointed.replace(moment) != moment {
            self.touch();
        }
    }

    /// Exactly one event.
    pub fn step_event(&self) {
        self.step(Comparison::step_event);
    }

    /// Until the next request ends.
    pub fn step_request(&self) {
        self.step(Comparison::step_request);
    }

    fn step(&self, step: impl FnOnce(&mut Comparison) -> Option<Time>) {
        self.0.playing.set(false);
        self.0.begun.set(true);
        let mut session = self.0.runs.borrow_mut();
        let mut trail = self.0.trail.borrow_mut();
        trail.push(session.now());
        let surplus = trail.len().saturating_sub(TRAIL_MAX);
        trail.drain(..surplus);
        let end = session.end();
        let stepped = step(&mut session).is_some();
        drop((session, trail));
        if !stepped {
            self.seek(end);
        }
        self.touch();
    }

    /// To where the last step began, or half a second of playing back.
    pub fn step_back(&self) {
        self.0.playing.set(false);
        let now = self.session().now();
        let back = Time::from_ms((now.ms() - 500.0 * self.speed()).max(0.0));
        let earlier = self.0.trail.borrow_mut().pop().filter(|time| *time <= now);
        self.seek(earlier.unwrap_or(back));
    }

    /// Goes to a moment, beginning with the next frame.
    pub fn seek(&self, time: Time) {
        self.0.begun.set(true);
        self.wait_at(time);
    }

    /// Shows a moment as that from which everything begins: see [`Engine::begun`].
    pub fn wait_at(&self, time: Time) {
        self.0.wish.set(Some(time));
        self.touch();
    }

    /// Whether anybody has let time pass. Until then settings are those of the whole run: what is
    /// shown of it is only to look at.
    pub fn begun(&self) -> bool {
        self.0.begun.get()
    }

    /// Whether a wish is not fulfilled yet.
    pub fn seeking(&self) -> bool {
        self.0.wish.get().or(self.0.seeking.get()).is_some()
    }

    /// Goes on towards the wished moment, `slice` events at a time while `more` says so.
    pub fn settle_seek(&self, slice: u64, more: impl Fn() -> bool) {
        if let Some(time) = self.0.wish.take() {
            let mut session = self.0.runs.borrow_mut();
            let time = time.min(session.end());
            // What is still to come is worked out below, a little at a time.
            session.seek(time, slice);
            self.0.seeking.set(Some(time));
        }
        if let Some(time) = self.0.seeking.get() {
            if self.advance(time, slice, more) {
                self.0.seeking.set(None);
            }
        }
    }

    pub fn restart(&self) {
        self.0.begun.set(true);
        self.0.wish.set(None);
        self.0.seeking.set(None);
        self.0.trail.borrow_mut().clear();
        self.0.runs.borrow_mut().restart();
        self.touch();
    }

    /// Lets simulated time pass, at most `slice` events at a time while `more` says so. True if all
    /// of it did.
    pub fn advance(&self, until: Time, slice: u64, more: impl Fn() -> bool) -> bool {
        let mut session = self.0.runs.borrow_mut();
        let end = session.end();
        let until = until.min(end);
        let reached = loop {
            if session.advance(until, slice) == switchyard::sim::Progress::Reached {
                break true;
            }
            if !more() {
                break false;
            }
        };
        if session.now() >= end {
            self.0.playing.set(false);
        }
        reached
    }

    /// Sets what a path names. What is wrong with it is said, and nothing changes.
    pub fn set(&self, path: &str, value: serde_json::Value, when: When) -> bool {
        match self.try_set(path, value, when) {
            Ok(()) => true,
            Err(found) => {
                self.say_problems(found);
                false
            }
        }
    }

    /// The same for who says himself what is wrong.
    ///
    /// # Errors
    /// What is wrong; nothing has changed then.
    pub fn try_set(&self, path: &str, value: serde_json::Value, when: When) -> Result<(), Vec<Problem>> {
        let (now, end) = (self.session().now(), self.session().end());
        let waits_at = (!self.begun()).then_some(now);
        // Before anything has happened and when all has, this moment has nothing that a change could meet.
        let idle = waits_at.is_some() || now == Time::ZERO || now >= end;
        let when = if idle { When::FromStart } else { when };
        let before = self.runs().scenario().clone();
        let drawn = if value.is_number() { path } else { "" };
        let result = self.0.runs.borrow_mut().set(path, value, when);
        self.remember(before, drawn);
        if let Some(time) = waits_at {
            self.wait_at(time);
        }
        self.revise();
        result
    }

    /// Keeps what was before a change, if it was one.
    fn remember(&self, before: Checked, path: &str) {
        if self.runs().is_of(&before) {
            return;
        }
        let mut past = self.0.past.borrow_mut();
        let at_ms = js_sys::Date::now();
        match past.last_mut() {
            Some(last) if last.path == path && !path.is_empty() && at_ms - last.at_ms < SAME_CHANGE_MS => {
                last.at_ms = at_ms;
            }
            _ => past.push(Past { scenario: before, path: path.to_owned(), at_ms }),
        }
        let surplus = past.len().saturating_sub(PAST_MAX);
        past.drain(..surplus);
    }

    /// Whether there is a change that can be undone.
    pub fn can_undo(&self) -> bool {
        !self.0.past.borrow().is_empty()
    }

    /// Takes the last change back, and goes on at the present moment.
    pub fn undo(&self) {
        let Some(past) = self.0.past.borrow_mut().pop() else { return };
        let now = self.where_it_is();
        self.0.runs.borrow_mut().adopt(past.scenario);
        self.wait_at(now);
        self.revise();
    }

    /// Everything as it was made, waiting at that moment. It can be undone.
    pub fn reset(&self, made: Checked, at: Time) {
        let before = self.runs().scenario().clone();
        self.0.playing.set(false);
        self.0.begun.set(false);
        self.0.trail.borrow_mut().clear();
        self.0.runs.borrow_mut().adopt(made);
        self.remember(before, "");
        self.wait_at(at);
        self.revise();
    }

    /// The present moment, or that which is on its way.
    fn where_it_is(&self) -> Time {
        self.0.wish.get().or(self.0.seeking.get()).unwrap_or(self.session().now())
    }

    #[cfg(feature = "whole")]
    /// Changes the variants, and goes back to the present moment in all of them.
    pub fn edit(&self, edit: impl FnOnce(&mut Comparison) -> Result<(), Vec<Problem>>) {
        let now = self.where_it_is();
        let before = self.runs().scenario().clone();
        let result = edit(&mut self.0.runs.borrow_mut());
        self.remember(before, "");
        self.wait_at(now);
        self.revise();
        if let Err(found) = result {
            self.say_problems(found);
        }
    }

    /// What is wrong with a setting, called as its control is.
    #[inline(never)]
    fn say_problems(&self, mut found: Vec<Problem>) {
        for problem in &mut found {
            // A change of the setting is meant, whichever it is.
            let path = problem.path.rsplit(": ").next().unwrap_or_default();
            if let Some(knob) = self.session().knob(path) {
                problem.path = format!("{} · {}", knob.group, knob.label);
            }
        }
        self.say(problems("That cannot be set", found));
    }

    pub fn say(&self, notice: Notice) {
        let say = self.0.say.borrow().clone();
        say.emit(notice);
    }

    /// Runs another scenario from its start.
    pub fn open(&self, scenario: Checked) {
        self.0.playing.set(false);
        self.0.begun.set(false);
        self.0.selected.set(None);
        self.0.trail.borrow_mut().clear();
        self.0.past.borrow_mut().clear();
        self.0.wish.set(None);
        self.0.seeking.set(None);
        self.0.runs.replace(Comparison::alone(scenario));
        self.revise();
    }

    /// Calls `paint` with what is to be painted, until what is returned is dropped.
    pub fn paint_with(&self, pace: Pace, paint: impl Fn(&Frame) + 'static) -> Painting {
        self.paint_run_with(0, pace, paint)
    }

    /// The same for one of the runs.
    pub fn paint_run_with(&self, run: usize, pace: Pace, paint: impl Fn(&Frame) + 'static) -> Painting {
        let id = self.0.next_painter.get();
        self.0.next_painter.set(id + 1);
        self.0.painters.borrow_mut().push((id, pace, run, Rc::new(paint)));
        self.touch();
        Painting { engine: self.clone(), id }
    }

    /// Has everything painted that is due, and tells what components should know if `pulse`.
    pub fn show(&self, screen_ms: f64, pulse: bool) -> Option<Pulse> {
        if pulse {
            theme::look_anew();
        }
        let runs = self.runs();
        let taken = vec![OnceCell::new(); runs.runs().len()];
        // A painter may come or go only between frames, but the list must not be borrowed meanwhile.
        let painters = self.0.painters.borrow().clone();
        for (_, pace, run, paint) in &painters {
            let Some((session, taken)) = runs.runs().get(*run).zip(taken.get(*run)) else { continue };
            if pulse || *pace == Pace::EveryFrame {
                paint(&Frame {
                    session,
                    taken,
                    selected: self.selected(),
                    screen_ms,
                    speed: self.speed(),
                    pointed: self.0.pointed.get(),
                    moving: self.playing(),
                    pulse,
                });
            }
        }
        let snapshot = |(session, taken): (&Session, OnceCell<Rc<Snapshot>>)| {
            taken.into_inner().unwrap_or_else(|| Rc::new(session.snapshot()))
        };
        let snapshots = pulse.then(|| runs.runs().iter().zip(taken).map(snapshot).collect());
        drop(runs);
        snapshots.map(|snapshots| self.pulse_of(snapshots))
    }

    /// What components should know now.
    pub fn pulse(&self) -> Pulse {
        let snapshots = self.runs().runs().iter().map(|session| Rc::new(session.snapshot())).collect();
        self.pulse_of(snapshots)
    }

    fn pulse_of(&self, snapshots: Rc<[Rc<Snapshot>]>) -> Pulse {
        let snapshot = snapshots[0].clone();
        self.0.pulses.set(self.0.pulses.get().wrapping_add(1));
        Pulse {
            count: self.0.pulses.get(),
            revision: self.0.revision.get(),
            playing: self.playing(),
            speed: self.speed(),
            strained: self.0.strained.get(),
            selected: self.selected(),
            now: snapshot.now,
            end: self.session().end(),
            snapshot,
            snapshots,
        }
    }
}

/// A painter's registration; ends when dropped.
pub struct Painting {
    engine: Engine,
    id: u32,
}

impl Drop for Painting {
    fn drop(&mut self) {
        self.engine.0.painters.borrow_mut().retain(|(id, ..)| *id != self.id);
    }
}
