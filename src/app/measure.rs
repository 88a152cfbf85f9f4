//! The variants over many seeds, or over a range of a setting: figures with their confidence intervals.

use super::compare_charts::{signed, unit_of_difference};
use super::dom::{input_of, save, save_canvas};
use super::engine::Engine;
use super::measure_plot::{Curves, MeasurePlot, headed, picture};
use super::part::{part, parts};
use super::slider::plain;
use super::trials::{Done, Work, start};
use super::variants::mark;
use std::cell::RefCell;
use std::rc::Rc;
use switchyard::algo::setting::{Scale, SettingKind};
use switchyard::labs::sweep_of;
use switchyard::play::experiment::{POINTS_MAX, Plan, Results, Spot};
use switchyard::play::{Knob, sweep};
use switchyard::report::statistics::Estimate;
use switchyard::report::{KeyFigure, key_figures};
use switchyard::scenario::json::decimal;
use switchyard::scene::{Table, figures};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

parts!(Measure use_measure);

#[derive(PartialEq)]
pub struct Measure {
    pub engine: Engine,
    /// Of the scenario.
    pub revision: u32,
    pub sweep: bool,
    pub lab: Option<&'static str>,
}

/// A plan and what has come of it.
pub struct Measured {
    pub plan: Rc<Plan>,
    pub results: RefCell<Results>,
    /// The setting that is swept.
    pub knob: Option<Knob>,
    revision: u32,
}

impl Measured {
    /// In what the setting's values are told, and how many of these 1 is.
    pub fn told_in(&self) -> (f64, &'static str) {
        self.knob.as_ref().map_or((1.0, ""), |knob| knob.setting.told_in())
    }
}

/// What is chosen.
#[derive(Clone, PartialEq)]
struct Choice {
    seeds: f64,
    path: String,
    range: (f64, f64),
    points: f64,
    figure: String,
    /// The figure over which the other is drawn; empty for the setting.
    over: String,
}

#[hook]
fn use_measure(props: &Measure) -> Html {
    let engine = &props.engine;
    let knobs = sweep::knobs(&engine.runs());
    let choice = use_state(|| begin(engine, props.lab, &knobs, props.sweep));
    let measured = use_state(|| None::<Rc<Measured>>);
    let done = use_state(|| 0usize);
    let cancelled = use_state(|| false);
    let work = use_mut_ref(|| None::<Work>);
    let run = {
        let (engine, choice, measured) = (engine.clone(), (*choice).clone(), measured.setter());
        let (done, cancelled, work) = (done.setter(), cancelled.setter(), work.clone());
        let (sweep, revision, knobs) = (props.sweep, props.revision, knobs.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let knob = knobs.iter().find(|knob| sweep && knob.path == choice.path).cloned();
            let values = knob.as_ref().map(|knob| (knob.path.clone(), values(knob, &choice)));
            let plan =
                Plan::new(engine.runs().scenario().clone(), values, choice.seeds.clamp(0.0, 1e6) as u32);
            let plan = match plan {
                Ok(plan) => Rc::new(plan),
                Err(found) => return engine.say(super::open::problems("That cannot be run", found)),
            };
            let results = RefCell::new(Results::new(&plan));
            let now = Rc::new(Measured { plan: plan.clone(), results, knob, revision });
            let on_done = {
                let (now, done) = (now.clone(), done.clone());
                Callback::from(move |runs: Done| {
                    let mut results = now.results.borrow_mut();
                    runs.into_iter().for_each(|(run, values)| results.take(run, values));
                    done.set(results.done());
                })
            };
            // What was under way stops.
            *work.borrow_mut() = None;
            measured.set(Some(now));
            done.set(0);
            cancelled.set(false);
            *work.borrow_mut() = Some(start(plan, on_done));
        })
    };
    let cancel = {
        let (work, cancelled) = (work.clone(), cancelled.setter());
        Callback::from(move |_: MouseEvent| {
            *work.borrow_mut() = None;
            cancelled.set(true);
        })
    };
    let all = measured.as_ref().map_or(0, |measured| measured.plan.count());
    let running = *done < all && !*cancelled;
    html! {
        <section class="panel measure" aria-label={if props.sweep { "Sweep" } else { "Many seeds" }}>
            <p class="dim">{ if props.sweep {
                "One setting over a range, for every variant: the mean over the seeds, and where it is with 95 % confidence. Each seed is a whole run."
            } else {
                "Each seed is another run with other requests, the same for all variants. So a difference that is luck is told from one that is not."
            } }</p>
            <form class="fields" onsubmit={run}>
                if props.sweep { { sweep_fields(engine, &choice, &knobs) } }
                { field("Seeds", "seeds", (choice.seeds, 1.0), &choice, |choice, value| choice.seeds = value) }
                if props.sweep { { figure_menus(engine, &choice) } }
                <button class="button is-main">{ "Run" }</button>
                if running { <button type="button" class="button" onclick={cancel}>{ "Cancel" }</button> }
            </form>
            if let Some(measured) = &*measured {
                <div>
                    <progress max={all.to_string()} value={done.to_string()} aria-label="Runs that are over"></progress>
                    <p class="dim small" aria-live="polite">{ standing(*done, all, *cancelled, measured.revision != props.revision) }</p>
                </div>
                if props.sweep { { sweep_results(engine, measured, &choice, *done) } } else { { seeds_results(measured) } }
            }
        </section>
    }
}

fn standing(done: usize, all: usize, cancelled: bool, stale: bool) -> String {
    let said = match (done == all, cancelled) {
        (true, _) => format!("All {} are done.", figures::count(all as u64, "run", "runs")),
        (_, true) => {
            format!("Stopped after {} of {} runs.", figures::whole(done as u64), figures::whole(all as u64))
        }
        _ => format!("{} of {} runs", figures::whole(done as u64), figures::whole(all as u64)),
    };
    if stale { format!("{said} The variants have changed since: run again.") } else { said }
}

/// What the lab has for a sweep, else the first number and p99.
fn begin(engine: &Engine, lab: Option<&str>, knobs: &[Knob], sweep: bool) -> Choice {
    let runs = engine.runs();
    let beginning = sweep::beginning(&runs, lab.and_then(sweep_of));
    let range = knobs
        .iter()
        .find(|knob| knob.path == beginning.path)
        .map_or((0.0, 1.0), |knob| sweep::range(&runs, knob));
    let seeds = if sweep { 5.0 } else { 30.0 };
    Choice { seeds, path: beginning.path, range, points: 9.0, figure: beginning.figure, over: String::new() }
}

fn is_logarithmic(knob: &Knob, (from, to): (f64, f64)) -> bool {
    matches!(knob.setting.kind, SettingKind::Number { scale: Scale::Logarithmic, .. })
        && from > 0.0
        && to / from > 8.0
}

/// At equal distances, or equal ratios.
fn values(knob: &Knob, choice: &Choice) -> Vec<f64> {
    let SettingKind::Number { step, .. } = knob.setting.kind else { return vec![] };
    let ((from, to), points) = (choice.range, choice.points.clamp(2.0, POINTS_MAX as f64) as usize);
    let value = |index: usize| {
        let share = index as f64 / (points - 1) as f64;
        let value = match is_logarithmic(knob, choice.range) {
            true => from * libm::pow(to / from, share),
            false => from + (to - from) * share,
        };
        if step > 0.0 { (value / step).round() * step } else { three_digits(value) }
    };
    let mut all: Vec<f64> = (0..points).map(value).collect();
    all.dedup();
    all
}

/// What is measured at 40.6 need not be measured at 40.625.
fn three_digits(value: f64) -> f64 {
    if value == 0.0 {
        return value;
    }
    let unit = libm::pow(10.0, 2.0 - libm::floor(libm::log10(value.abs())));
    (value * unit).round() / unit
}

type Take = fn(&mut Choice, f64);

/// `factor`: what the value is multiplied by as it is read and typed.
fn field(
    label: &'static str,
    id: &'static str,
    (value, factor): (f64, f64),
    choice: &UseStateHandle<Choice>,
    take: Take,
) -> Html {
    let shown = plain(value * factor);
    let onchange = {
        let shown = shown.clone();
        let choice = choice.clone();
        Callback::from(move |event: Event| {
            let Some(input) = input_of(&event) else { return };
            match decimal(input.value().trim()) {
                Some(value) => {
                    let mut next = (*choice).clone();
                    take(&mut next, value / factor);
                    choice.set(next);
                }
                None => input.set_value(&shown),
            }
        })
    };
    html! {
        <label>{ label }<input type="text" inputmode="decimal" autocomplete="off" name={id} value={shown} {onchange} /></label>
    }
}

fn menu(
    label: &'static str,
    options: Vec<(String, String)>,
    chosen: &str,
    on_choose: Callback<String>,
) -> Html {
    let onchange = Callback::from(move |event: Event| {
        if let Some(menu) = event.target_dyn_into::<HtmlSelectElement>() {
            on_choose.emit(menu.value());
        }
    });
    html! {
        <label>{ label }<select {onchange}>
            { for options.into_iter().map(|(id, name)| html! { <option value={id.clone()} selected={id == chosen}>{ name }</option> }) }
        </select></label>
    }
}

fn sweep_fields(engine: &Engine, choice: &UseStateHandle<Choice>, knobs: &[Knob]) -> Html {
    let options = knobs.iter().map(|knob| (knob.path.clone(), format!("{} · {}", knob.group, knob.label)));
    let on_choose = {
        let (engine, choice, knobs) = (engine.clone(), choice.clone(), knobs.to_vec());
        Callback::from(move |path: String| {
            let knob = knobs.iter().find(|knob| knob.path == path);
            let range = knob.map_or(choice.range, |knob| sweep::range(&engine.runs(), knob));
            choice.set(Choice { path, range, ..(*choice).clone() });
        })
    };
    let told_in = knobs.iter().find(|knob| knob.path == choice.path).map(|knob| knob.setting.told_in());
    let (factor, unit) = told_in.unwrap_or((1.0, ""));
    let [from, to] = if unit == "%" { ["From (%)", "To (%)"] } else { ["From", "To"] };
    html! {
        <>
            { menu("Setting", options.collect(), &choice.path, on_choose) }
            { field(from, "from", (choice.range.0, factor), choice, |choice, value| choice.range.0 = value) }
            { field(to, "to", (choice.range.1, factor), choice, |choice, value| choice.range.1 = value) }
            { field("Points", "points", (choice.points, 1.0), choice, |choice, value| choice.points = value) }
        </>
    }
}

/// What is drawn, and over what: the setting, or how busy machines are with it.
fn figure_menus(engine: &Engine, choice: &UseStateHandle<Choice>) -> Html {
    let session = engine.session();
    let all = key_figures(session.scenario(), &session.summary());
    let options = all.into_iter().map(|figure| (figure.id, figure.name));
    let (figures, mut over): (Vec<_>, Vec<_>) =
        (options.clone().collect(), vec![(String::new(), "The setting".to_owned())]);
    over.extend(options.filter(|(id, _)| id.ends_with(".utilisation")));
    let on_choose = |take: fn(&mut Choice, String)| {
        let choice = choice.clone();
        Callback::from(move |chosen| {
            let mut next = (*choice).clone();
            take(&mut next, chosen);
            choice.set(next);
        })
    };
    html! {
        <>
            { menu("Figure", figures, &choice.figure, on_choose(|choice, id| choice.figure = id)) }
            if over.len() > 1 { { menu("Over", over, &choice.over, on_choose(|choice, id| choice.over = id)) } }
        </>
    }
}

/// "310 ± 25 ms".
fn with_interval(found: Option<Estimate>, unit: &str, sign: bool) -> String {
    let Some(found) = found else { return figures::NONE.into() };
    let mean = if sign { signed(Some(found.mean), "") } else { figures::figure(found.mean) };
    let unit = if sign { unit_of_difference(unit) } else { unit };
    let unit = if unit.is_empty() { String::new() } else { format!("{}{unit}", figures::UNIT) };
    match found.half_width {
        Some(half) => format!("{mean} ± {}{unit}", figures::beside(&mean, half)),
        None => format!("{mean}{unit}"),
    }
}

/// A row for each run that is over.
fn runs_table(measured: &Measured) -> Table {
    let (plan, results) = (&measured.plan, measured.results.borrow());
    let named = |figure: &KeyFigure| headed(&figure.name, figure.unit);
    let head = ["seed", "variant"].map(String::from).into_iter().chain(results.figures.iter().map(named));
    let row = |(spot, values): (Spot, &[Option<f64>])| {
        let name = plan.names().get(spot.variant).map_or(String::new(), |name| (*name).to_owned());
        let values = values.iter().map(|value| value.map_or(String::new(), plain));
        [(spot.seed + 1).to_string(), name].into_iter().chain(values).collect()
    };
    Table { head: head.collect(), rows: results.runs(plan).map(row).collect() }
}

fn seeds_results(measured: &Rc<Measured>) -> Html {
    let csv = {
        let measured = measured.clone();
        Callback::from(move |_: MouseEvent| save("seeds.csv", "text/csv", &runs_table(&measured).csv()))
    };
    html! {
        <>
            { seeds_table(measured) }
            <div class="row"><button type="button" class="button" onclick={csv}>{ "Save CSV" }</button></div>
        </>
    }
}

fn seeds_table(measured: &Measured) -> Html {
    let (plan, results) = (&measured.plan, measured.results.borrow());
    let names = plan.names();
    let row = |(index, figure): (usize, &KeyFigure)| {
        let cell = |variant: usize| {
            let difference = results.difference(plan, 0, variant, index).filter(|_| variant > 0);
            let found = results.estimate(plan, 0, variant, index);
            let mean = found.map_or(0.0, |found| found.mean);
            // What three digits of the figure do not show is no difference.
            let sure = difference.is_some_and(|difference| {
                difference.excludes(0.0) && difference.mean.abs() >= 5e-4 * mean.abs()
            });
            html! {
                <td>
                    { with_interval(found, figure.unit, false) }
                    if variant > 0 {
                        <small class={classes!(sure.then_some("sure"))}>{ with_interval(difference, figure.unit, true) }{ if sure { " ●" } else { "" } }</small>
                    }
                </td>
            }
        };
        html! { <tr key={figure.id.clone()}><th scope="row">{ &figure.name }</th>{ for (0..names.len()).map(cell) }</tr> }
    };
    let tells = |(index, figure): &(usize, &KeyFigure)| {
        let mean = |variant| results.estimate(plan, 0, variant, *index).map(|estimate| estimate.mean);
        figure.tells((0..names.len()).map(mean))
    };
    let head = names
        .iter()
        .enumerate()
        .map(|(variant, name)| html! { <th scope="col">{ mark(variant) }{ *name }</th> });
    html! {
        <div class="scroll" tabindex="0" role="group" aria-label="Figures over all seeds">
            <table class="figures compared">
                <caption>{ format!("Means with their 95 % confidence intervals. Below: the difference from {}, seed by seed; ● where its interval leaves out 0.", names.first().unwrap_or(&"the first")) }</caption>
                <thead><tr><th scope="col">{ "Figure" }</th>{ for head }</tr></thead>
                <tbody>{ for results.figures.iter().enumerate().filter(tells).map(row) }</tbody>
            </table>
        </div>
    }
}

fn sweep_results(engine: &Engine, measured: &Rc<Measured>, choice: &Choice, done: usize) -> Html {
    let curves = Rc::new(Curves::new(measured, &choice.figure, &choice.over));
    let csv = {
        let curves = curves.clone();
        Callback::from(move |_: MouseEvent| save("sweep.csv", "text/csv", &curves.table().csv()))
    };
    let png = {
        let curves = curves.clone();
        Callback::from(move |_: MouseEvent| {
            if let Some(canvas) = picture(&curves) {
                save_canvas("sweep.png", &canvas);
            }
        })
    };
    html! {
        <>
            { part(MeasurePlot { engine: engine.clone(), curves: curves.clone(), done }) }
            <div class="row">
                <p class="marks">{ for measured.plan.names().iter().enumerate().map(|(variant, name)| html! { <span>{ mark(variant) }{ *name }</span> }) }
                    if let Some(models) = curves.models() { <span class="dim">{ models }</span> }
                </p>
                <button type="button" class="button" onclick={csv}>{ "Save CSV" }</button>
                <button type="button" class="button" onclick={png}>{ "Save PNG" }</button>
            </div>
            { points_table(measured, &curves, &choice.figure) }
        </>
    }
}

fn points_table(measured: &Measured, curves: &Curves, figure: &str) -> Html {
    let (plan, results) = (&measured.plan, measured.results.borrow());
    let Some(index) = results.figure(figure) else { return html! {} };
    let (factor, _) = measured.told_in();
    let row = |(point, value): (usize, &f64)| {
        let cell = |variant: usize| {
            html! {
                <td>
                    { with_interval(results.estimate(plan, point, variant, index), results.figures[index].unit, false) }
                    if let Some((_, unit)) = &curves.over {
                        <small>{ format!("at {}", figures::with_unit(curves.place(point, variant), unit)) }</small>
                    }
                </td>
            }
        };
        let best = curves.bounds.iter().map(|bound| html! { <td class="dim">{ bound.get(point).and_then(|found| found.1).map_or(figures::NONE.into(), figures::figure) }</td> });
        html! { <tr key={point}><th scope="row">{ plain(*value * factor) }</th>{ for (0..plan.names().len()).map(cell) }{ for best }</tr> }
    };
    html! {
        <div class="scroll" tabindex="0" role="group" aria-label="The curves as a table">
            <table class={classes!("figures", curves.over.as_ref().map(|_| "compared"))}>
                <thead><tr><th scope="col">{ curves.setting() }</th>
                    { for plan.names().iter().map(|name| html! { <th scope="col">{ *name }</th> }) }
                    { for curves.bounds.iter().map(|_| html! { <th scope="col">{ "MIN (%)" }</th> }) }</tr></thead>
                <tbody>{ for plan.values().iter().enumerate().map(row) }</tbody>
            </table>
        </div>
    }
}

/// How the horizontal axis is drawn.
pub fn logarithmic(measured: &Measured) -> bool {
    let values = measured.plan.values();
    let ends = values.first().copied().zip(values.last().copied());
    measured.knob.as_ref().zip(ends).is_some_and(|(knob, ends)| is_logarithmic(knob, ends))
}
