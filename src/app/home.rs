//! The first page: a lab that runs at once, then all labs by topic.

use super::address::Address;
use super::clock::use_clock;
use super::dom::{focus, input_of, less_motion};
use super::engine::Engine;
use super::head::{Around, head, link};
use super::notice::Say;
use super::part::{part, parts};
use super::stage::Stage;
use super::storage;
use super::texts;
use super::theme::Theme;
use super::whole;
use switchyard::labs::prose::unbroken;
use switchyard::labs::{LABS, Lab};
use switchyard::scenario::{Checked, elsewhere};
use yew::prelude::*;

parts!(Miniature use_miniature, Alive use_alive, Home use_home, Card use_card, RunningMiniature use_running_miniature);

#[derive(PartialEq)]
pub struct Home {
    pub theme: Theme,
    pub on_theme: Callback<Theme>,
    pub say: Say,
}

/// Slow enough to follow a single request.
const MINIATURE_SPEED: f64 = 0.05;

#[hook]
fn use_home(props: &Home) -> Html {
    let sought = use_state(String::new);
    let lessons = use_state(Vec::<String>::new);
    let words = sought.to_ascii_lowercase();
    let is_found = |index: usize, lab: &Lab| {
        let lesson = lessons.get(index).map(String::as_str).unwrap_or_default();
        let says =
            |word: &str| [lab.topic, lab.title, lab.summary, lesson].iter().any(|text| has(text, word));
        words.split_whitespace().all(says)
    };
    let mut topics: Vec<(&'static str, Vec<&'static Lab>)> = vec![];
    let mut found = 0;
    for (_, lab) in LABS.iter().enumerate().filter(|(index, lab)| is_found(*index, lab)) {
        found += 1;
        match topics.last_mut() {
            Some((topic, labs)) if *topic == lab.topic => labs.push(lab),
            _ => topics.push((lab.topic, vec![lab])),
        }
    }
    let said = match found {
        _ if words.is_empty() => String::new(),
        0 => "No lab has these words.".to_owned(),
        _ => format!("{} of {} labs", found, LABS.len()),
    };
    let topic = |(topic, labs): &(&'static str, Vec<&'static Lab>)| {
        let id = id_of(topic);
        html! {
            <section key={*topic} class="topic" aria-labelledby={id.clone()}>
                <h2 {id} tabindex="-1">{ *topic }</h2>
                <ul role="list" class="gallery">
                    { for labs.iter().map(|lab| html! { <li key={lab.id}>{ part(Card { lab }) }</li> }) }
                </ul>
            </section>
        }
    };
    html! {
        <div class="page is-home">
            { head(None, props.theme, &props.on_theme, &props.say, html! {}) }
            <main id="main" class="home" tabindex="-1">
                if let Some(lab) = LABS.first() { { hero(lab) } }
                <div class="labs">
                    <div class="finder">
                        { search_field(&sought, &lessons) }
                        <p class="dim small" role="status">{ said }</p>
                        { contents(&topics) }
                    </div>
                    <div>{ for topics.iter().map(topic) }</div>
                </div>
                <footer><p>{ "Every figure and every dot comes from a simulation that runs in your browser. Nothing is sent anywhere." }</p></footer>
            </main>
        </div>
    }
}

/// Whether a text has a word that is in small letters.
fn has(text: &str, word: &str) -> bool {
    text.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}

fn id_of(topic: &str) -> String {
    format!("topic-{}", topic.to_ascii_lowercase().replace(' ', "-"))
}

/// Leaves the labs that have all the words, in their titles or anywhere in their lessons: those are fetched when
/// somebody begins to look for something.
fn search_field(sought: &UseStateHandle<String>, lessons: &UseStateHandle<Vec<String>>) -> Html {
    let seek = |sought: &UseStateHandle<String>| {
        let sought = sought.setter();
        Callback::from(move |text: String| sought.set(text))
    };
    let oninput =
        seek(sought).reform(|event: InputEvent| input_of(&event).map(|it| it.value()).unwrap_or_default());
    let onkeydown = {
        let seek = seek(sought);
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Escape" {
                seek.emit(String::new());
            }
        })
    };
    let onfocus = {
        let (known, lessons) = (!lessons.is_empty(), lessons.setter());
        Callback::from(move |_: FocusEvent| {
            let lessons = lessons.clone();
            if !known {
                wasm_bindgen_futures::spawn_local(async move { lessons.set(texts::lessons().await) });
            }
        })
    };
    html! {
        <input type="search" aria-label="Find a lab" placeholder="Find a lab" autocomplete="off" spellcheck="false"
            value={(**sought).clone()} {oninput} {onkeydown} {onfocus} />
    }
}

/// Links to the topics that are there. A fragment of the address would be a scenario's, so they go there themselves.
fn contents(topics: &[(&'static str, Vec<&'static Lab>)]) -> Html {
    let link = |(topic, labs): &(&'static str, Vec<&'static Lab>)| {
        let id = id_of(topic);
        let onclick = {
            let heading = format!("#{id}");
            Callback::from(move |event: MouseEvent| {
                event.prevent_default();
                focus(&heading);
            })
        };
        html! { <li key={*topic}><a href={format!("#{id}")} {onclick}>{ *topic }<span class="dim">{ labs.len() }</span></a></li> }
    };
    html! { <nav aria-label="Topics"><ul role="list">{ for topics.iter().map(link) }</ul></nav> }
}

fn address_of(lab: &Lab) -> Address {
    Address { lab: Some(lab.id.to_owned()), ..Address::default() }
}

struct Card {
    lab: &'static Lab,
}

impl PartialEq for Card {
    fn eq(&self, other: &Card) -> bool {
        std::ptr::eq(self.lab, other.lab)
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
                <figcaption>{ format!("{}: {}", lab.title, unbroken(lab.summary)) }</figcaption>
            </figure>
        </section>
    }
}

/// A lab in the gallery: its picture, which comes to life while the card is pointed at or has the focus.
#[hook]
fn use_card(props: &Card) -> Html {
    let lab = props.lab;
    let alive = use_state(|| false);
    let dark = use_context::<Around>().is_some_and(|around| around.dark);
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
                <img src={texts::picture(lab, dark)} alt={format!("Picture of {}", lab.title)} loading="lazy" width="600" height="340" />
                { part(Alive { lab, plays: *alive }) }
            </div>
            <div class="about">
                <h3>{ link(address_of(lab), "", lab.title.into()) }</h3>
                <p>{ unbroken(lab.summary) }</p>
                if storage::completed(lab.id) { <p class="challenge-met">{ "✓ Challenge met" }</p> }
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
        std::ptr::eq(self.lab, other.lab)
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
        // Its lab stays: cards are keyed by theirs.
        self.plays == other.plays
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
