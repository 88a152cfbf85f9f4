//! The runs of a plan: in a worker beside the page where one is to be had, else on the page a little at a time.
//! Job and results are JSON text.

use super::dom::now_ms;
use super::worker::Worker;
use gloo_timers::callback::Timeout;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use switchyard::play::experiment::{Plan, Trial};
use wasm_bindgen::JsValue;
use web_sys::DedicatedWorkerGlobalScope;
use yew::Callback;

/// Runs that are over, by number, and the values of their figures.
pub type Done = Vec<(usize, Vec<Option<f64>>)>;

/// Between two messages of a worker.
const TELL_MS: f64 = 100.0;
/// What runs on the page may use at a time, so that it still answers at once.
const WORK_MS: f64 = 12.0;
/// Events between two looks at the watch.
const SLICE: u64 = 2000;

/// Work under way. It stops when dropped.
pub struct Work {
    _worker: Option<Worker>,
    stopped: Rc<Cell<bool>>,
}

impl Drop for Work {
    fn drop(&mut self) {
        self.stopped.set(true);
    }
}

pub fn start(plan: Rc<Plan>, on_done: Callback<Done>) -> Work {
    let stopped = Rc::new(Cell::new(false));
    let here = {
        let (plan, on_done, stopped) = (plan.clone(), on_done.clone(), stopped.clone());
        move || {
            on_the_page(Here {
                plan: plan.clone(),
                on_done: on_done.clone(),
                stopped: stopped.clone(),
                run: 0,
                trial: None,
            })
        }
    };
    let told = move |message: JsValue| {
        let done = message.as_string().and_then(|text| serde_json::from_str(&text).ok());
        on_done.emit(done.unwrap_or_default());
    };
    let worker = Worker::start(&plan.to_json(), None, told, here.clone());
    if worker.is_none() {
        here();
    }
    Work { _worker: worker, stopped }
}

/// Work on the page itself.
struct Here {
    plan: Rc<Plan>,
    on_done: Callback<Done>,
    stopped: Rc<Cell<bool>>,
    run: usize,
    trial: Option<Trial>,
}

fn on_the_page(mut here: Here) {
    Timeout::new(0, move || {
        if here.stopped.get() || here.run >= here.plan.count() {
            return;
        }
        let (began, mut done) = (now_ms(), vec![]);
        while now_ms() - began < WORK_MS && here.run < here.plan.count() {
            let Some(mut trial) = here.trial.take().or_else(|| here.plan.trial(here.run)) else { break };
            match trial.advance(SLICE) {
                None => here.trial = Some(trial),
                Some(figures) => {
                    done.push((here.run, figures.into_iter().map(|figure| figure.value).collect()));
                    here.run += 1;
                }
            }
        }
        if !done.is_empty() {
            here.on_done.emit(done);
        }
        on_the_page(here);
    })
    .forget();
}

/// As a worker: does the job, tells, and is gone.
pub fn serve(scope: &DedicatedWorkerGlobalScope, job: &str) {
    let told = RefCell::new(Done::new());
    let tell = || {
        if let Ok(text) = serde_json::to_string(&told.take()) {
            let _ = scope.post_message(&text.into());
        }
    };
    let now = || scope.performance().map_or(0.0, |watch| watch.now());
    // The page has checked the plan, or there would be no job.
    if let Ok(plan) = Plan::parse(job) {
        let mut last = now();
        for run in 0..plan.count() {
            let figures = plan.trial(run).and_then(|mut trial| trial.advance(u64::MAX)).unwrap_or_default();
            told.borrow_mut().push((run, figures.into_iter().map(|figure| figure.value).collect()));
            if now() - last >= TELL_MS {
                last = now();
                tell();
            }
        }
        tell();
    }
    scope.close();
}
