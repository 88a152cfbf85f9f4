//! Variants side by side on the same requests: one clock, one transport, shared axes.

use super::address::Address;
use super::bridge::use_bridge;
use super::clock::use_clock;
use super::compare_charts::{figure_table, variant_charts};
use super::controls::Controls;
use super::engine::{Engine, Pulse};
use super::head::{button_to, head};
use super::lab::{SPEED, address_of, origin, use_address, use_shortcuts};
use super::later;
use super::measure::Measure;
use super::notice::{Notice, Say};
use super::open::Opened;
use super::part::{keyed, part, parts};
use super::stage::Stage;
use super::tabs::Tabs;
use super::theme::Theme;
use super::transport::Transport;
use super::variants::{mark, variants};
use super::work::use_work;
use std::rc::Rc;
use switchyard::labs::over_time_of;
use switchyard::play::{Comparison, Session};
use switchyard::scene::figures;
use switchyard::sim::Time;
use yew::prelude::*;

parts!(ComparePage use_compare_page, SideBySide use_side_by_side);

pub struct ComparePage {
    pub opened: Rc<Opened>,
    pub theme: Theme,
    pub on_theme: Callback<Theme>,
    pub say: Say,
}

impl PartialEq for ComparePage {
    fn eq(&self, other: &ComparePage) -> bool {
        Rc::ptr_eq(&self.opened, &other.opened) && self.theme == other.theme
    }
}

#[hook]
fn use_compare_page(props: &ComparePage) -> Html {
    let opened = &props.opened;
    let engine = use_memo(Rc::as_ptr(opened) as usize, |_| begin(opened, &props.say));
    let engine: Engine = (*engine).clone();
    let seen = use_node_ref();
    let pulse = use_clock(&engine, &seen);
    let left = use_state(|| AttrValue::from("variants"));
    let view = use_state(|| AttrValue::from("stages"));
    use_address(&engine, pulse.revision, opened);
    use_shortcuts(&engine);
    use_bridge(&engine, &pulse, opened);
    use_work(&engine, opened);
    let share = props.say.clone();
    let share = Callback::from(move |_: MouseEvent| later::open("share", &share));
    let back = back_to_the_lab(&engine, opened);
    let acts = html! {
        <>
            { button_to(back, "Back to the lab") }
            <button type="button" class="button" onclick={share}>{ "Share link" }</button>
        </>
    };
    let title = format!("{}, compared", engine.session().scenario().title);
    let choose = |state: &UseStateHandle<AttrValue>| {
        let (state, engine) = (state.setter(), engine.clone());
        Callback::from(move |id: AttrValue| {
            // What is not seen does not go on.
            if id == "seeds" || id == "sweep" {
                engine.pause();
            }
            state.set(id);
        })
    };
    let lefts = [("variants", "Variants"), ("controls", "For all")];
    let views = [("stages", "Side by side"), ("seeds", "Many seeds"), ("sweep", "Sweep")];
    let tabs = |all: &[(&'static str, &'static str)]| {
        all.iter().map(|(id, name)| (AttrValue::from(*id), AttrValue::from(*name))).collect::<Vec<_>>()
    };
    let shown = match view.as_str() {
        "stages" => {
            let lab = opened.lab.as_ref().map(|lab| lab.lab.id);
            part(SideBySide { engine: engine.clone(), pulse: pulse.clone(), lab })
        }
        which => keyed(
            which,
            Measure {
                engine: engine.clone(),
                revision: pulse.revision,
                sweep: which == "sweep",
                lab: opened.lab.as_ref().map(|lab| lab.lab.id),
            },
        ),
    };
    html! {
        <div class="page">
            { head(Some((opened.lab.as_ref().map(|lab| lab.lab.topic), &title)), props.theme, &props.on_theme, &props.say, acts) }
            <main id="main" class="lab compare" tabindex="-1">
                <div class="middle">
                    <div class="panel view-tabs">{ part(Tabs { label: "What to compare", tabs: tabs(&views), chosen: (*view).clone(), on_choose: choose(&view) }) }</div>
                    <div role="tabpanel" class="view" ref={seen} id={format!("panel-{}", *view)} aria-labelledby={format!("tab-{}", *view)}>{ shown }</div>
                </div>
                <div class="panel left">
                    { part(Tabs { label: "Panels", tabs: tabs(&lefts), chosen: (*left).clone(), on_choose: choose(&left) }) }
                    <div class="tabpanel" role="tabpanel" id={format!("panel-{}", *left)} aria-labelledby={format!("tab-{}", *left)} tabindex="0">
                        if *left == "variants" { { variants(&engine) } } else { { for_all(&engine, &pulse, opened) } }
                    </div>
                </div>
            </main>
        </div>
    }
}

fn begin(opened: &Opened, say: &Say) -> Engine {
    let runs = Comparison::of_variants(opened.scenario.clone());
    let engine = Engine::of(runs, opened.address.speed.unwrap_or(SPEED));
    engine.on_notice(say.clone());
    if let Some(t_ms) = opened.address.t_ms {
        engine.wait_at(Time::from_ms(t_ms));
    }
    engine
}

/// The lab as it is here, at this moment; without the variants where nothing was varied.
fn back_to_the_lab(engine: &Engine, opened: &Opened) -> Address {
    let runs = engine.runs();
    let scenario = runs.scenario().clone();
    let varied = scenario.variants.iter().any(|variant| !variant.set.is_empty());
    let scenario = if varied { scenario } else { scenario.without_variants() };
    Address { compare: false, t_ms: Some(runs.now().ms()), ..address_of(&scenario, opened) }
}

/// What is turned here is turned in every run that has no value of its own.
fn for_all(engine: &Engine, pulse: &Pulse, opened: &Opened) -> Html {
    let on_log = {
        let engine = engine.clone();
        Callback::from(move |()| {
            engine.say(Notice::note("Open the log in the lab first. Then compare.".to_owned()));
        })
    };
    let flags = engine.session().flags();
    let era = flags.iter().filter(|flag| flag.at <= pulse.now).count();
    part(Controls {
        engine: engine.clone(),
        revision: pulse.revision,
        era,
        on_log,
        only_knobs: false,
        origin: Rc::new(origin(opened)),
    })
}

/// What is read off beside a variant's name: so that it is seen without the charts and the table below.
fn head_figures(session: &Session) -> String {
    let series = session.metrics().series();
    let Some(last) = series.complete().len().checked_sub(1) else { return format!("p99 {}", figures::NONE) };
    let lost = series.recent_per_s(last, |window| window.refused + window.failed + window.timed_out);
    let said = [
        series.recent_hit_ratio(last).map(|share| format!("{} hits", figures::percent(share))),
        (series.recent_stale_ratio(last).filter(|share| *share > 0.0))
            .map(|share| format!("{} stale", figures::percent(share))),
        Some(format!("p99 {}", figures::ms(series.complete()[last].p99_ms))),
        (lost > 0.0).then(|| format!("{} not answered/s", figures::figure(lost))),
    ];
    format!("lately {}", said.into_iter().flatten().collect::<Vec<_>>().join(" · "))
}

#[derive(PartialEq)]
struct SideBySide {
    engine: Engine,
    pulse: Pulse,
    lab: Option<&'static str>,
}

/// The stages, the transport, the charts and the table.
#[hook]
fn use_side_by_side(props: &SideBySide) -> Html {
    let (engine, pulse) = (&props.engine, &props.pulse);
    let flags = use_memo(pulse.revision, |_| Rc::new(engine.session().flags()));
    let runs = engine.runs();
    let stage = |(run, name): (usize, &String)| {
        let figures = head_figures(&runs.runs()[run]);
        html! {
            <section key={run} class="panel variant-stage" aria-label={name.clone()}>
                <header><h2>{ mark(run) }{ name }</h2><p>{ figures }</p></header>
                { part(Stage { engine: engine.clone(), pulse: pulse.clone(), name: name.clone().into(), run, miniature: false }) }
            </section>
        }
    };
    html! {
        <>
            <div class="side-by-side">
                <div class={classes!("stages", (runs.runs().len() > 2).then_some("is-many"))}>
                    { for runs.names().iter().enumerate().map(stage) }
                </div>
                { part(Transport { engine: engine.clone(), pulse: pulse.clone(), flags: (*flags).clone() }) }
                { variant_charts(engine, pulse, &flags, props.lab.and_then(over_time_of)) }
            </div>
            <section class="panel chart" aria-label="Figures so far">{ figure_table(&runs) }</section>
        </>
    }
}
