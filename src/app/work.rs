//! The learner's own work: what was changed since it was opened. Nothing takes its place unasked.

use super::address::Address;
use super::dom::is_embed;
use super::engine::Engine;
use super::lab::{fragment_of, present_address};
use super::later;
use super::notice::Say;
use super::open::Opened;
use std::cell::RefCell;
use std::rc::Rc;
use switchyard::scenario::Checked;
use yew::prelude::*;

/// The run that is on the page.
#[derive(Clone)]
struct Work {
    engine: Engine,
    opened: Rc<Opened>,
    /// The scenario as it was before anybody touched it.
    untouched: Checked,
}

thread_local! {
    static PRESENT: RefCell<Option<Work>> = const { RefCell::new(None) };
}

/// Knows of the run for as long as its page is shown.
#[hook]
pub fn use_work(engine: &Engine, opened: &Rc<Opened>) {
    let opened = opened.clone();
    use_effect_with(engine.clone(), move |engine| {
        let engine = engine.clone();
        let untouched = engine.runs().scenario().clone();
        PRESENT.set(Some(Work { engine: engine.clone(), opened, untouched }));
        // The next page's may stand there already.
        move || PRESENT.with_borrow_mut(|present| drop(present.take_if(|work| work.engine == engine)))
    });
}

fn present() -> Option<Work> {
    PRESENT.with_borrow(Clone::clone)
}

impl Work {
    fn address(&self) -> Address {
        present_address(&self.engine, &self.opened)
    }
}

/// Whether another run may take the place of the present one: asks if it has changes of the learner's own.
pub async fn may_go(say: &Say) -> bool {
    let Some(work) = present() else { return true };
    let scenario = work.engine.runs().scenario().clone();
    if scenario == work.untouched {
        return true;
    }
    // A log makes a scenario that no address holds, and a frame has no history of its own.
    let stays = !is_embed() && fragment_of(&scenario).is_some();
    later::ask("ask", if stays { "stays" } else { "" }, say).await.is_some_and(|answer| answer.is_truthy())
}

/// The page's address is that of the run again.
pub fn show_address() {
    if let Some(work) = present() {
        work.address().replace();
    }
}

/// Runs a scenario in the place of the present one, to which Back leads. False where no run is on the page.
pub fn open_here(scenario: Checked) -> bool {
    let Some(work) = present() else { return false };
    if !is_embed() {
        work.address().replace();
        work.address().push();
    }
    work.engine.open(scenario);
    true
}
