//! Charts of the variants on shared axes, the difference from the first, and the figures in a table.

use super::canvas::Canvas;
use super::chart_picture::{groups, horizon_s, rate_windows};
use super::dom::{save, save_canvas};
use super::engine::{Engine, Frame, Pulse};
use super::paint;
use super::part::{part, parts};
use super::plot::{Paint, Plot, TimeAxis};
use super::slider::plain;
use super::theme::palette;
use super::variants::mark;
use std::rc::Rc;
use switchyard::play::{Comparison, Flag, Session};
use switchyard::report::{KeyFigure, Window, key_figures};
use switchyard::scene::{self, Line, LineChart, Table, VARIANT_INKS, figures};
use switchyard::sim::Time;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

parts!(Charts use_charts);

/// A figure over time: name, unit, and where its value in a window comes from.
#[derive(Clone)]
struct OverTime {
    name: String,
    unit: &'static str,
    of: Of,
}

impl OverTime {
    /// What the chart of it is called, or that of its difference.
    fn title(&self, difference: bool) -> String {
        format!("{}{}", self.name, if difference { ", difference" } else { "" })
    }
}

/// No two have the same name.
impl PartialEq for OverTime {
    fn eq(&self, other: &OverTime) -> bool {
        self.name == other.name
    }
}

#[derive(Clone, Copy)]
enum Of {
    Window(fn(&Window) -> Option<f64>),
    /// A second.
    Rate(fn(&Window) -> u64),
    Hits,
    /// Of the requests of one node.
    GroupHits(u16),
}

/// Of queues: producers have their answers before.
const DEALT_WITH: &str = "Dealt with";

/// What can be shown of these runs.
fn figures_over_time(session: &Session) -> Vec<OverTime> {
    let of = |name: &str, unit, of| OverTime { name: name.to_owned(), unit, of };
    let mut all = vec![
        of("p99 latency", "ms", Of::Window(|window| window.p99_ms)),
        of("p50 latency", "ms", Of::Window(|window| window.p50_ms)),
        of("Mean latency", "ms", Of::Window(|window| window.mean_ms)),
        of("Answered", "/s", Of::Rate(|window| window.ok)),
        of("Not answered", "/s", Of::Rate(|window| window.refused + window.failed + window.timed_out)),
    ];
    let has = |kind: &str| session.scenario().nodes.iter().any(|node| node.settings.kind().id == kind);
    if has("limiter") {
        all.push(of("Let through", "/s", Of::Rate(|window| window.passed)));
    }
    if has("store") {
        all.push(of("Stale reads", "/s", Of::Rate(|window| window.stale)));
    }
    if has("store") && !has("cache") {
        all.push(of("Lost updates", "/s", Of::Rate(|window| window.lost)));
    }
    if has("queue") {
        all.push(of(DEALT_WITH, "/s", Of::Rate(|window| window.dealt_with)));
        all.push(of("In queues", "", Of::Window(|window| Some(window.waiting as f64))));
    }
    if has("cache") {
        all.push(of("Hit ratio", "%", Of::Hits));
        let groups = groups(session).into_iter();
        all.extend(
            groups.map(|(node, name, _)| of(&format!("Hit ratio · {name}"), "%", Of::GroupHits(node))),
        );
    }
    all
}

/// (simulated seconds, value)
type Point = (f64, Option<f64>);
type Points = Vec<Point>;

fn points(session: &Session, figure: &OverTime) -> Points {
    let (series, over) = (session.metrics().series(), rate_windows(session));
    let value = |at: usize, window: &Window| match figure.of {
        Of::Window(value) => value(window),
        Of::Rate(count) => Some(series.per_s_over(over, at, count)),
        Of::Hits => series.recent_hit_ratio(at).map(|share| share * 100.0),
        Of::GroupHits(node) => series.recent_hit_ratio_of(node, at).map(|share| share * 100.0),
    };
    let windows = series.complete().iter().enumerate();
    windows.map(|(at, window)| (window.end_ms / 1000.0, value(at, window))).collect()
}

/// Every variant's figure, or its difference from the first's.
fn lines(runs: &Comparison, figure: &OverTime, difference: bool) -> Vec<(String, usize, Points)> {
    let all: Vec<Points> = runs.runs().iter().map(|session| points(session, figure)).collect();
    let minus = |(point, first): (&Point, &Point)| {
        (point.0, point.1.zip(first.1).map(|(value, first)| value - first))
    };
    let line = |(run, name): (usize, &String)| match difference {
        false => (name.clone(), run, all[run].clone()),
        true => (name.clone(), run, all[run].iter().zip(&all[0]).map(minus).collect()),
    };
    runs.names().iter().enumerate().skip(usize::from(difference)).map(line).collect()
}

#[derive(PartialEq)]
struct Charts {
    engine: Engine,
    pulse: Pulse,
    flags: Rc<Vec<Flag>>,
    /// The figure that is shown at first; `None` for the usual one.
    begins_with: Option<&'static str>,
}

pub fn variant_charts(
    engine: &Engine,
    pulse: &Pulse,
    flags: &Rc<Vec<Flag>>,
    begins_with: Option<&'static str>,
) -> Html {
    part(Charts { engine: engine.clone(), pulse: pulse.clone(), flags: flags.clone(), begins_with })
}

#[hook]
fn use_charts(props: &Charts) -> Html {
    let known = figures_over_time(&props.engine.session());
    // Begins with what the lab is about: a cache is there to be hit, a queue to be emptied.
    let is_first = |figure: &OverTime| match props.begins_with {
        Some(name) => figure.name == name,
        None => matches!(figure.of, Of::Hits) || figure.name == DEALT_WITH,
    };
    let chosen = use_state(|| known.iter().position(is_first).unwrap_or(0));
    let chosen_index = (*chosen).min(known.len() - 1);
    let figure = known[chosen_index].clone();
    let onchange = {
        let chosen = chosen.setter();
        Callback::from(move |event: Event| {
            let menu = event.target_dyn_into::<HtmlSelectElement>();
            chosen.set(menu.and_then(|menu| menu.value().parse().ok()).unwrap_or(0));
        })
    };
    let menu = html! {
        <select class="shape" aria-label="Figure over time" {onchange}>
            { for known.iter().enumerate().map(|(index, it)| html! {
                <option value={index.to_string()} selected={index == chosen_index}>{ &it.name }</option>
            }) }
        </select>
    };
    // Anew for other variants too.
    let parts = (props.engine.clone(), props.flags.clone(), figure.clone(), props.engine.runs().runs().len());
    let paints = use_memo(parts, |(engine, flags, figure, _)| {
        let paint = |difference: bool| {
            let (engine, flags, figure) = (engine.clone(), flags.clone(), figure.clone());
            Paint::new(move |shown, canvas| paint_lines(&engine, shown, &figure, difference, &flags, canvas))
        };
        (paint(false), paint(true))
    });
    let runs = props.engine.runs();
    let first = runs.names()[0].clone();
    let key = |from: usize| {
        runs.names()
            .iter()
            .enumerate()
            .skip(from)
            .map(|(run, name)| html! { <span>{ mark(run) }{ name }</span> })
    };
    let plot = |difference: bool| {
        let (alone, apart) = &*paints;
        part(Plot {
            engine: props.engine.clone(),
            paint: if difference { apart } else { alone }.clone(),
            label: figure.title(difference),
        })
    };
    html! {
        <div class="charts">
            <section class="panel chart" aria-labelledby="chart-variants">
                <header><h2 id="chart-variants">{ &figure.name }</h2>{ menu }</header>
                { plot(false) }
                <footer><p class="marks">{ for key(0) }</p>{ files(&props.engine, &props.flags, &figure, false) }</footer>
            </section>
            <section class="panel chart" aria-labelledby="chart-difference">
                <header><h2 id="chart-difference">{ "Difference" }</h2><p>{ format!("{} − {first}", figure.name) }</p></header>
                { plot(true) }
                <footer><p class="marks">{ for key(1) }</p>{ files(&props.engine, &props.flags, &figure, true) }</footer>
            </section>
        </div>
    }
}

/// Paints the figure of all variants, or its difference from the first's.
fn paint_lines(
    engine: &Engine,
    shown: &Frame,
    figure: &OverTime,
    difference: bool,
    flags: &[Flag],
    canvas: &Canvas,
) -> Option<TimeAxis> {
    let (width, height, ratio) = canvas.ready_for_text()?;
    let (now, pointed) = (shown.session.now(), shown.pointed);
    let runs = engine.runs();
    with_chart(&runs, figure, difference, flags, (now, pointed), (width, height), |chart| {
        paint::paint(&canvas.context, &chart.shapes(), palette(), (width, height), ratio);
        let plot = chart.plot();
        Some((plot.x, plot.width, chart.to_s))
    })
}

/// What is done with the chart of these lines. `now`, and what is pointed at.
fn with_chart<T>(
    runs: &Comparison,
    figure: &OverTime,
    difference: bool,
    flags: &[Flag],
    (now, pointed): (Time, Option<Time>),
    (width, height): (f64, f64),
    act: impl FnOnce(&LineChart<'_>) -> T,
) -> T {
    let lines = lines(runs, figure, difference);
    act(&LineChart {
        width,
        height,
        lines: (lines.iter())
            .map(|(name, run, points)| Line { name, ink: VARIANT_INKS[run % 4], points })
            .collect(),
        unit: if difference { unit_of_difference(figure.unit) } else { figure.unit },
        to_s: horizon_s(runs.first()),
        marks: lines.iter().map(|(_, run, _)| *run).collect(),
        flags: flags.iter().map(|flag| scene::Flag { at_s: flag.at.seconds(), label: &flag.label }).collect(),
        cursor_s: Some(now.seconds()),
        hover_s: pointed.map(|at| at.seconds()),
        ..LineChart::default()
    })
}

/// The picture that is saved.
const PICTURE: (f64, f64) = (900.0, 420.0);

/// The chart as a file: its figures, or a picture.
fn files(engine: &Engine, flags: &Rc<Vec<Flag>>, figure: &OverTime, difference: bool) -> Html {
    let title = figure.title(difference);
    let csv = {
        let (engine, figure) = (engine.clone(), figure.clone());
        Callback::from(move |_: MouseEvent| {
            let lines = lines(&engine.runs(), &figure, difference);
            save("comparison.csv", "text/csv", &table(&lines, &figure).csv());
        })
    };
    let png = {
        let (engine, flags, figure, title) = (engine.clone(), flags.clone(), figure.clone(), title.clone());
        Callback::from(move |_: MouseEvent| {
            let runs = engine.runs();
            let now = runs.first().now();
            let caption =
                format!("{title} · {} · {}", runs.scenario().title, figures::seconds(now.seconds()));
            let shapes = with_chart(&runs, &figure, difference, &flags, (now, None), PICTURE, |chart| {
                chart.shapes().into_iter().chain(chart.legend()).collect()
            });
            if let Some(canvas) = paint::picture(shapes, caption, PICTURE) {
                save_canvas("comparison.png", &canvas);
            }
        })
    };
    html! {
        <div>
            <button type="button" class="text-button is-quiet" onclick={csv} aria-label={format!("Save {title} as CSV")}>{ "CSV" }</button>
            <button type="button" class="text-button is-quiet" onclick={png} aria-label={format!("Save {title} as PNG")}>{ "PNG" }</button>
        </div>
    }
}

/// A row for each window, a column for each variant.
fn table(lines: &[(String, usize, Points)], figure: &OverTime) -> Table {
    let unit = if figure.unit.is_empty() { String::new() } else { format!(" ({})", figure.unit) };
    let head = lines.iter().map(|(name, ..)| format!("{name}: {}{unit}", figure.name));
    let row = |at: usize| {
        let time = lines.first().and_then(|(.., points)| points.get(at)).map_or(0.0, |point| point.0);
        let value = |(.., points): &(String, usize, Points)| {
            points.get(at).and_then(|point| point.1).map_or(String::new(), plain)
        };
        std::iter::once(plain(time)).chain(lines.iter().map(value)).collect()
    };
    let rows = lines.iter().map(|(.., points)| points.len()).max().unwrap_or(0);
    Table {
        head: std::iter::once("time (s)".to_owned()).chain(head).collect(),
        rows: (0..rows).map(row).collect(),
    }
}

/// Every figure of every variant, and by how much it differs from the first's.
pub fn figure_table(runs: &Comparison) -> Html {
    let all: Vec<Vec<KeyFigure>> =
        runs.runs().iter().map(|session| key_figures(session.scenario(), &session.summary())).collect();
    let value_of = |run: usize, index: usize| all.get(run).and_then(|figures| figures.get(index)?.value);
    let tells =
        |(index, figure): &(usize, &KeyFigure)| figure.tells((0..all.len()).map(|run| value_of(run, *index)));
    let row = |(index, figure): (usize, &KeyFigure)| {
        let value = |run: usize| value_of(run, index);
        let cell = |run: usize| {
            let difference = value(run).zip(value(0)).map(|(value, first)| value - first).filter(|_| run > 0);
            html! {
                <td>
                    { figures::with_unit(value(run), figure.unit) }
                    if run > 0 { <small>{ signed(difference, figure.unit) }</small> }
                </td>
            }
        };
        html! { <tr key={figure.id.clone()}><th scope="row">{ &figure.name }</th>{ for (0..all.len()).map(cell) }</tr> }
    };
    html! {
        <div class="scroll" tabindex="0" role="group" aria-label="Figures of each variant">
            <table class="figures compared">
                <caption>{ format!("From the start to t = {}. Below: the difference from {}.", figures::seconds(runs.now().seconds()), runs.names()[0]) }</caption>
                <thead><tr><th scope="col">{ "Figure" }</th>{ for runs.names().iter().enumerate().map(|(run, name)| html! {
                    <th scope="col">{ mark(run) }{ name }</th>
                }) }</tr></thead>
                <tbody>{ for all[0].iter().enumerate().filter(tells).map(row) }</tbody>
            </table>
        </div>
    }
}

/// Between two shares there are points, not per cent.
pub fn unit_of_difference(unit: &str) -> &str {
    if unit == "%" { "points" } else { unit }
}

/// With its sign: "+12 ms", "−310 ms"; between two shares "+9 points".
pub fn signed(value: Option<f64>, unit: &str) -> String {
    let unit = unit_of_difference(unit);
    let plus = if value.is_some_and(|value| value > 0.0) { "+" } else { "" };
    format!("{plus}{}", figures::with_unit(value, unit))
}
