//! A lab's page: panels, stage, transport, charts, and the dialogs above them.

use super::address::Address;
use super::bridge::use_bridge;
use super::charts::charts;
use super::clock::use_clock;
use super::controls::{Controls, Origin};
use super::dom::{is_embed, remember_scenario, takes_key, takes_text, use_media};
use super::engine::{Engine, Pulse};
use super::head::{Around, embed_head, head};
use super::incoming::deliver;
use super::inspect::{inspect, selected};
use super::later;
use super::lesson::{markdown, moment_ms};
use super::log::LogDialog;
use super::notice::Say;
use super::open::Opened;
use super::part::{part, parts};
use super::stage::Stage;
use super::tabs::Tabs;
use super::task::{Challenge, Question};
use super::theme::Theme;
use super::transport::Transport;
use super::work::use_work;
use gloo_events::EventListener;
use gloo_timers::callback::Timeout;
use std::rc::Rc;
use switchyard::labs::lesson::Lesson;
use switchyard::scenario::{Checked, envelope, link, variants};
use switchyard::sim::Time;
use wasm_bindgen::JsCast;
use web_sys::{DragEvent, File};
use yew::prelude::*;

parts!(LabPage use_lab_page, Layout use_layout);

/// How fast a lab begins: slow enough to follow a request, fast enough to see queues grow.
pub const SPEED: f64 = 0.05;
/// A lab as it was made opens here and waits: requests are on every track, and trouble is near.
const OPENING_MS: f64 = 600.0;
/// The address follows the scenario after it has rested for so long.
const REST_MS: u32 = 250;

pub struct LabPage {
    pub opened: Rc<Opened>,
    pub theme: Theme,
    pub on_theme: Callback<Theme>,
    pub say: Say,
}

impl PartialEq for LabPage {
    fn eq(&self, other: &LabPage) -> bool {
        Rc::ptr_eq(&self.opened, &other.opened) && self.theme == other.theme
    }
}

#[derive(Clone, Default, PartialEq)]
enum Above {
    #[default]
    Nothing,
    Log(Option<File>),
}

#[hook]
fn use_lab_page(props: &LabPage) -> Html {
    let opened = &props.opened;
    let engine = use_memo(Rc::as_ptr(opened) as usize, |_| begin(opened, &props.say));
    let engine: Engine = (*engine).clone();
    let seen = use_node_ref();
    let pulse = use_clock(&engine, &seen);
    let above = use_state(Above::default);
    let lab = opened.lab.as_ref().map(|lab| lab.lab);
    use_address(&engine, pulse.revision, opened);
    use_shortcuts(&engine);
    use_bridge(&engine, &pulse, opened);
    use_work(&engine, opened);

    let on_log = {
        let above = above.setter();
        Callback::from(move |()| above.set(Above::Log(None)))
    };
    let close = {
        let above = above.setter();
        Callback::from(move |()| above.set(Above::Nothing))
    };
    let go = use_context::<Around>().map(|around| around.go).unwrap_or_default();
    let on_incoming = {
        let (above, go, say) = (above.setter(), go.clone(), props.say.clone());
        Callback::from(move |incoming| {
            above.set(Above::Nothing);
            deliver(incoming, go.clone(), say.clone());
        })
    };
    let may_open = opened.address.word("edit") == "full";
    let drop = use_drop({
        let above = above.setter();
        Callback::from(move |file| {
            if may_open {
                above.set(Above::Log(Some(file)));
            }
        })
    });
    let title = engine.session().scenario().title.clone();
    let parts = Parts {
        engine: engine.clone(),
        pulse: pulse.clone(),
        lesson: opened.lab.as_ref().map(|lab| lab.lesson.clone()),
        lab: lab.map(|lab| lab.id),
        on_log: on_log.clone(),
    };
    let compare = {
        let (engine, opened) = (engine.clone(), opened.clone());
        Callback::from(move |_: MouseEvent| {
            let address = {
                let session = engine.session();
                let made = opened.lab.as_ref().map(|lab| &lab.made);
                let named = made.map(|made| variants::as_named(session.scenario(), made));
                let address = address_of(named.as_ref().unwrap_or(session.scenario()), &opened);
                Address { compare: true, t_ms: Some(session.now().ms()), ..address }
            };
            go.emit(address);
        })
    };
    let share = props.say.clone();
    let share = Callback::from(move |_: MouseEvent| later::open("share", &share));
    let acts = html! {
        <>
            if may_open {
                <button type="button" class="button" onclick={on_log.reform(|_: MouseEvent| ())}>{ "Open file" }</button>
            }
            if !is_embed() { <button type="button" class="button" onclick={compare}>{ "Compare" }</button> }
            <button type="button" class="button" onclick={share}>{ "Share link" }</button>
        </>
    };
    html! {
        <div class={classes!("page", drop.over.then_some("is-over"))} ondragover={drop.ondragover} ondragleave={drop.ondragleave} ondrop={drop.ondrop}>
            if is_embed() {
                if shows(opened, "title") { { embed_head(&title, &engine, opened) } }
            } else if shows(opened, "title") {
                { head(Some((lab.map(|lab| lab.topic), &title)), props.theme, &props.on_theme, &props.say, acts) }
            }
            { part(Layout { parts, opened: opened.clone(), seen }) }
            { match &*above {
                Above::Nothing => html! {},
                Above::Log(file) => part(LogDialog { engine, file: file.clone(), on_close: close, on_incoming }),
            } }
        </div>
    }
}

fn begin(opened: &Opened, say: &Say) -> Engine {
    let engine = Engine::new(opened.scenario.clone(), opened.address.speed.unwrap_or(SPEED));
    engine.on_notice(say.clone());
    match opened.address.t_ms {
        Some(t_ms) => engine.seek(Time::from_ms(t_ms)),
        None if opened.lab.is_some() && opened.address.fragment.is_empty() => {
            engine.wait_at(Time::from_ms(OPENING_MS));
        }
        None => {}
    }
    // What plays passes time only where it can be seen, so `visible` and `auto` are the same here.
    if opened.address.word("start") != "click" {
        engine.play();
    }
    engine
}

/// What a frame shows if its address does not say.
const EMBED_PANELS: [&str; 4] = ["title", "stage", "transport", "controls"];

/// Whether `show=` asks for a panel, or does not say.
fn shows(opened: &Opened, panel: &str) -> bool {
    match &opened.address.show {
        Some(shown) => shown.contains(&panel),
        None => !is_embed() || EMBED_PANELS.contains(&panel),
    }
}

/// Keeps the address, and what boot.js offers if the worst happens, at the present scenario.
#[hook]
pub fn use_address(engine: &Engine, revision: u32, opened: &Rc<Opened>) {
    let (engine, opened) = (engine.clone(), opened.clone());
    use_effect_with((Rc::as_ptr(&opened) as usize, revision), move |_| {
        let follow = move || {
            let address = address_of(engine.runs().scenario(), &opened);
            remember_scenario(&address.absolute());
            address.replace();
        };
        let rest = Timeout::new(REST_MS, follow);
        move || drop(rest)
    });
}

/// The address of the present scenario.
pub fn present_address(engine: &Engine, opened: &Opened) -> Address {
    address_of(engine.runs().scenario(), opened)
}

/// The lab by its name where it is as it was made, else with the whole scenario.
pub fn address_of(scenario: &Checked, opened: &Opened) -> Address {
    let untouched = opened.lab.as_ref().is_some_and(|lab| lab.made == *scenario);
    let fragment = if untouched { None } else { fragment_of(scenario) }.unwrap_or_default();
    let asked = opened.address.clone();
    // What came from elsewhere is in the fragment now, as are settings, seed and changes.
    let src = asked.src.clone().filter(|_| fragment.is_empty() && !untouched);
    Address { fragment, src, settings: vec![], seed: None, t_ms: None, ..asked }
}

/// The scenario as a link holds it; `None` where none can: a log makes it longer than browsers take.
pub fn fragment_of(scenario: &Checked) -> Option<String> {
    Some(link::encode(scenario)).filter(|fragment| fragment.len() <= envelope::FRAGMENT_BYTES_MAX)
}

/// Space plays and pauses, arrows step, Ctrl+Z undoes. `www/later/keys.js` tells of them.
#[hook]
pub fn use_shortcuts(engine: &Engine) {
    use_effect_with(engine.clone(), |engine| {
        let engine = engine.clone();
        let options = gloo_events::EventListenerOptions::enable_prevent_default();
        let listener =
            EventListener::new_with_options(&super::dom::document(), "keydown", options, move |event| {
                let Some(key) = event.dyn_ref::<KeyboardEvent>() else { return };
                let with_control = (key.ctrl_key() || key.meta_key()) && !key.shift_key() && !key.alt_key();
                if with_control && key.key() == "z" && !takes_text(event) {
                    engine.undo();
                    return event.prevent_default();
                }
                if takes_key(event, &key.key()) || key.ctrl_key() || key.meta_key() || key.alt_key() {
                    return;
                }
                match (key.key().as_str(), key.shift_key()) {
                    (" ", false) => engine.toggle(),
                    ("ArrowRight", false) => engine.step_event(),
                    ("ArrowRight", true) => engine.step_request(),
                    ("ArrowLeft", false) => engine.step_back(),
                    _ => return,
                }
                event.prevent_default();
            });
        move || drop(listener)
    });
}

struct Drop {
    over: bool,
    ondragover: Callback<DragEvent>,
    ondragleave: Callback<DragEvent>,
    ondrop: Callback<DragEvent>,
}

/// A file may be dropped anywhere on the page.
#[hook]
fn use_drop(on_file: Callback<File>) -> Drop {
    let over = use_state(|| false);
    let turn = |to: bool| {
        let over = over.setter();
        Callback::from(move |event: DragEvent| {
            event.prevent_default();
            over.set(to);
        })
    };
    let ondrop = {
        let over = over.setter();
        Callback::from(move |event: DragEvent| {
            over.set(false);
            let file = event.data_transfer().and_then(|data| data.files()).and_then(|files| files.get(0));
            // A text is for whoever takes it on every page; in a frame that is nobody.
            if file.is_some() || is_embed() {
                event.prevent_default();
            }
            if let Some(file) = file {
                on_file.emit(file);
            }
        })
    };
    Drop { over: *over, ondragover: turn(true), ondragleave: turn(false), ondrop }
}

/// What the panels show.
#[derive(Clone, PartialEq)]
struct Parts {
    engine: Engine,
    pulse: Pulse,
    lesson: Option<Rc<Lesson>>,
    lab: Option<&'static str>,
    on_log: Callback<()>,
}

struct Layout {
    parts: Parts,
    opened: Rc<Opened>,
    seen: NodeRef,
}

impl PartialEq for Layout {
    fn eq(&self, other: &Layout) -> bool {
        self.parts == other.parts && Rc::ptr_eq(&self.opened, &other.opened)
    }
}

/// Side by side where there is room; on a phone the stage and the transport, then one panel at a time.
#[hook]
fn use_layout(props: &Layout) -> Html {
    let (parts, opened) = (&props.parts, &props.opened);
    let narrow = use_media("(max-width: 47.99rem)");
    let tab = use_state(|| AttrValue::from("controls"));
    let tabs = tabs(parts, opened, narrow);
    let chosen = tabs.iter().find(|(id, _)| *id == *tab).or(tabs.first()).map(|(id, _)| id.clone());
    let flags = use_memo(parts.pulse.revision, |_| Rc::new(parts.engine.session().flags()));
    let era = flags.iter().filter(|flag| flag.at <= parts.pulse.now).count();
    let on_choose = {
        let tab = tab.setter();
        Callback::from(move |id| tab.set(id))
    };
    let below = shows(opened, "charts").then(|| charts(&parts.engine, &parts.pulse, &flags));
    let side = right(parts, opened);
    html! {
        <main id="main" class="lab" tabindex="-1">
            <div class="middle">
                if shows(opened, "stage") {
                    <div class="panel stage-panel" ref={props.seen.clone()}>
                        { part(Stage { engine: parts.engine.clone(), pulse: parts.pulse.clone(), name: "the system".into(), run: 0, miniature: false }) }
                        if is_embed() && !parts.engine.begun() && !parts.pulse.playing { { begin_button(&parts.engine) } }
                    </div>
                }
                if shows(opened, "transport") {
                    { part(Transport { engine: parts.engine.clone(), pulse: parts.pulse.clone(), flags: (*flags).clone() }) }
                }
                if !narrow { { below.clone() } }
            </div>
            if let Some(chosen) = chosen {
                <div class="panel left">
                    { part(Tabs { label: "Panels", tabs, chosen: chosen.clone(), on_choose }) }
                    <div class="tabpanel" role="tabpanel" id={format!("panel-{chosen}")} aria-labelledby={format!("tab-{chosen}")} tabindex="0">
                        { match chosen.as_str() {
                            "lesson" => lesson_panel(parts),
                            "inspect" => inspect(&parts.engine, &parts.pulse),
                            "charts" => below.unwrap_or_default(),
                            "task" => html! { <div class="right">{ side.clone() }</div> },
                            _ => controls(parts, opened, era),
                        } }
                    </div>
                </div>
            }
            if !narrow && (shows(opened, "inspector") || shows(opened, "challenge")) {
                <aside class="panel right" aria-label="Selection and challenge" tabindex="0">{ side }</aside>
            }
        </main>
    }
}

/// The lab as it was made, or else what was opened.
pub fn origin(opened: &Opened) -> Origin {
    match &opened.lab {
        Some(lab) => Origin { scenario: lab.made.clone(), at: Time::from_ms(OPENING_MS), is_lab: true },
        None => Origin { scenario: opened.scenario.clone(), at: Time::ZERO, is_lab: false },
    }
}

fn controls(parts: &Parts, opened: &Opened, era: usize) -> Html {
    part(Controls {
        engine: parts.engine.clone(),
        revision: parts.pulse.revision,
        era,
        on_log: parts.on_log.clone(),
        only_knobs: opened.address.word("edit") == "knobs",
        origin: Rc::new(origin(opened)),
    })
}

/// A frame of somebody else's page waits to be asked.
fn begin_button(engine: &Engine) -> Html {
    let engine = engine.clone();
    let onclick = Callback::from(move |_: MouseEvent| engine.play());
    html! { <button type="button" class="button is-main begin" {onclick}>{ "▶ Start" }</button> }
}

fn tabs(parts: &Parts, opened: &Opened, narrow: bool) -> Vec<(AttrValue, AttrValue)> {
    let all = [
        ("lesson", "Lesson", "lesson", parts.lesson.is_some()),
        ("controls", "Controls", "controls", opened.address.word("edit") != "none"),
        ("inspect", "Inspect", "inspector", true),
        ("charts", "Charts", "charts", narrow),
        ("task", "Task", "challenge", narrow && parts.lesson.is_some()),
    ];
    let wanted = all.iter().filter(|(_, _, panel, there)| *there && shows(opened, panel));
    wanted.map(|(id, name, ..)| (AttrValue::from(*id), AttrValue::from(*name))).collect()
}

fn lesson_panel(parts: &Parts) -> Html {
    let Some(lesson) = &parts.lesson else { return html! {} };
    let onclick = {
        let engine = parts.engine.clone();
        Callback::from(move |event: MouseEvent| {
            if let Some(at_ms) = moment_ms(&event) {
                engine.seek(Time::from_ms(at_ms));
            }
        })
    };
    html! {
        <div {onclick}>
            { markdown(&lesson.intro) }
            <h2 class="heading">{ "Try" }</h2>
            { markdown(&lesson.try_) }
            <details class="hint"><summary>{ "What to notice" }</summary>{ markdown(&lesson.notice) }</details>
            if !lesson.left_out.is_empty() {
                <div class="left-out"><p class="strong">{ "What this model leaves out" }</p>{ markdown(&lesson.left_out) }</div>
            }
        </div>
    }
}

/// The selection, the question, the challenge.
fn right(parts: &Parts, opened: &Opened) -> Html {
    let on_play = {
        let engine = parts.engine.clone();
        Callback::from(move |()| engine.play())
    };
    html! {
        <>
            if shows(opened, "inspector") {
                <section aria-label="Selection">{ selected(&parts.engine, &parts.pulse) }</section>
            }
            if let (true, Some(lesson), Some(lab)) = (shows(opened, "challenge"), &parts.lesson, parts.lab) {
                { part(Question { lesson: lesson.clone(), lab, playing: parts.pulse.playing, begun: parts.engine.begun(), on_play }) }
                { part(Challenge { engine: parts.engine.clone(), pulse: parts.pulse.clone(), lesson: lesson.clone(), lab }) }
            }
        </>
    }
}
