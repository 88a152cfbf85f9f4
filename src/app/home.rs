//! The first page: a lab that runs at once, then all labs by topic.

use super::address::Address;
use super::clock::use_clock;
use super::dom::less_motion;
use super::engine::Engine;
use super::head::{head, link};
use super::part::{part, parts};
use super::stage::Stage;
use super::storage;
use super::texts;
use super::theme::{Theme, is_dark};
use super::whole;
use switchyard::labs::{LABS, Lab};
use switchyard::scenario::{Checked, elsewhere};
use yew::prelude::*;

parts!(Miniature use_miniature, Alive use_alive, Home use_home, Card use_card, RunningMiniature use_running_miniature);

#[derive(PartialEq)]
pub struct Home {
    pub theme: Theme,
    pub on_theme: Callback<Theme>,
}

/// Slow enough to follow a single request.
const MINIATURE_SPEED: f64 = 0.05;

#[hook]
fn use_home(props: &Home) -> Html {
    let mut topics: Vec<&str> = vec![];
    for lab in LABS {
        if !topics.contains(&lab.topic) {
            topics.push(lab.topic);
        }
    }
    let dark = is_dark();
    let topic = |topic: &&'static str| {
        let id = format!("topic-{}", topic.to_ascii_lowercase().replace(' ', "-"));
        html! {
            <section class="topic" aria-labelledby={id.clone()}>
                <h2 {id}>{ *topic }</h2>
                <ul role="list" class="gallery">
                    { for LABS.iter().filter(|lab| lab.topic == *topic).map(|lab| html! { <li key={lab.id}>{ part(Card { lab, dark }) }</li> }) }
                </ul>
            </section>
        }
    };
    html! {
        <div class="page is-home">
            { head(None, props.theme, &props.on_theme, html! {}) }
            <main id="main" class="home" tabindex="-1">
                if let Some(lab) = LABS.first() { { hero(lab) } }
                { for topics.iter().map(topic) }
                <footer><p>{ "Every figure and every dot comes from a simulation that runs in your browser. Nothing is sent anywhere." }</p></footer>
            </main>
        </div>
    }
}

fn address_of(lab: &Lab) -> Address {
    Address { lab: Some(lab.id.to_owned()), ..Address::default() }
}

struct Card {
    lab: &'static Lab,
    dark: bool,
}

impl PartialEq for Card {
    fn eq(&self, other: &Card) -> bool {
        self.lab.id == other.lab.id && self.dark == other.dark
    }
}

/// What this is, beside a run that has already begun.
fn hero(lab: &'static Lab) -> Html {
    html! {
        <section class="hero" aria-labelledby="title">
            <div>
                <h1 id="title" tabindex="-1">{ "See what every request goes through" }</h1>
                <p class="lead">{ "Set up load balancers and servers, press play, and watch each request travel. \
                    The algorithms are the real ones; the figures are measured, not made up." }</p>
                <div class="acts">{ link(address_of(lab), "button is-main", format!("Open “{}”", lab.title).into()) }</div>
            </div>
            <figure>
                { part(Miniature { lab }) }
                <figcaption>{ format!("{}: {}", lab.title, lab.summary) }</figcaption>
            </figure>
        </section>
    }
}

/// A lab in the gallery: its picture, which comes to life while the card is pointed at or has the focus.
#[hook]
fn use_card(props: &Card) -> Html {
    let lab = props.lab;
    let alive = use_state(|| false);
    let turn = |to: bool| {
        let alive = alive.setter();
        move || alive.set(to)
    };
    let (enter, leave, focus, blur) = (turn(true), turn(false), turn(true), turn(false));
    html! {
        <article class="panel card"
            onpointerenter={move |_: PointerEvent| enter()} onpointerleave={move |_: PointerEvent| leave()}
            onfocusin={move |_: FocusEvent| focus()} onfocusout={move |_: FocusEvent| blur()}>
            <div class="picture">
                <img src={texts::picture(lab, props.dark)} alt={format!("Picture of {}", lab.title)} loading="lazy" width="600" height="340" />
                { part(Alive { lab, plays: *alive }) }
            </div>
            <div class="about">
                <h3>{ link(address_of(lab), "", lab.title.into()) }</h3>
                <p>{ lab.summary }</p>
                if storage::completed(lab.id) { <p class="mark">{ "✓ Challenge met" }</p> }
            </div>
        </article>
    }
}

/// How much of a run has already happened when a miniature is first seen: as much as in its picture, see
/// `xtask/src/labs.rs`.
const BEGIN_MS: f64 = 2000.0;

/// The first lab, which plays as soon as it is seen.
struct Miniature {
    lab: &'static Lab,
}

impl PartialEq for Miniature {
    fn eq(&self, other: &Miniature) -> bool {
        self.lab.id == other.lab.id
    }
}

#[hook]
fn use_miniature(props: &Miniature) -> Html {
    let lab = props.lab;
    let engine = use_memo((), |()| texts::scenario_at_once(lab).and_then(begin));
    (*engine)
        .clone()
        .map_or_else(Html::default, |engine| part(RunningMiniature { engine, plays: true, name: lab.title }))
}

#[derive(Clone)]
enum Life {
    /// Nobody has pointed at it yet, or it did not arrive.
    None,
    Here(Engine),
    /// On the page for frames that has everything.
    Elsewhere,
}

/// A run over a card's picture, from when it is first pointed at.
struct Alive {
    lab: &'static Lab,
    plays: bool,
}

impl PartialEq for Alive {
    fn eq(&self, other: &Alive) -> bool {
        self.lab.id == other.lab.id && self.plays == other.plays
    }
}

#[hook]
fn use_alive(props: &Alive) -> Html {
    let lab = props.lab;
    let life = use_state(|| Life::None);
    {
        let life = life.clone();
        use_effect_with(props.plays, move |plays| {
            if *plays && matches!(*life, Life::None) && !less_motion() {
                wasm_bindgen_futures::spawn_local(async move {
                    let Ok(scenario) = texts::scenario(lab).await else { return };
                    let here = || begin(&scenario).map_or(Life::None, Life::Here);
                    life.set(if elsewhere::is_needed(&scenario) { Life::Elsewhere } else { here() });
                });
            }
        });
    }
    match &*life {
        Life::Here(engine) => {
            part(RunningMiniature { engine: engine.clone(), plays: props.plays, name: lab.title })
        }
        // It stops when it is left: there is one at most.
        Life::Elsewhere if props.plays => html! {
            <iframe class="stage" src={whole::frame(lab.id)} title={format!("{} runs", lab.title)} tabindex="-1"></iframe>
        },
        Life::Elsewhere | Life::None => html! {},
    }
}

/// The run of a miniature, some way on.
fn begin(scenario: &str) -> Option<Engine> {
    let engine = Engine::new(Checked::parse(scenario).ok()?, MINIATURE_SPEED);
    engine.seek(switchyard::sim::Time::from_ms(BEGIN_MS));
    Some(engine)
}

#[derive(PartialEq)]
struct RunningMiniature {
    engine: Engine,
    plays: bool,
    name: &'static str,
}

#[hook]
fn use_running_miniature(props: &RunningMiniature) -> Html {
    let node = use_node_ref();
    let pulse = use_clock(&props.engine, &node);
    {
        let (plays, engine) = (props.plays, props.engine.clone());
        use_effect_with((plays, pulse.playing), move |(plays, playing)| {
            // Whoever asked for less motion starts it by opening the lab.
            let may = *plays && !less_motion();
            if may && !*playing {
                engine.play();
            } else if !may && *playing {
                engine.pause();
            }
        });
    }
    let stage =
        Stage { engine: props.engine.clone(), pulse, name: props.name.into(), run: 0, miniature: true };
    html! { <div ref={node}>{ part(stage) }</div> }
}
