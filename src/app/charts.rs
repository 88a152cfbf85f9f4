//! The three charts under the stage: latency, throughput, load share.

use super::chart_picture::{self, Kind, loaded_node};
use super::dom::{save, save_canvas};
use super::engine::{Engine, Pulse};
use super::paint;
use super::part::{keyed, part, parts};
use super::plot::{Paint, Plot};
use std::rc::Rc;
use switchyard::play::{Flag, Session};
use switchyard::report::{RECENT_WINDOWS, Window, fairness_lately};
use switchyard::run::snapshot::Snapshot;
use switchyard::scenario::json::decimal;
use switchyard::scene::{Table, figures};
use yew::prelude::*;

parts!(Chart use_chart);

type Count = fn(&Window) -> u64;

/// A chart as the page has it.
impl Kind {
    fn title(self) -> &'static str {
        ["Latency", "Throughput", "Hit ratio", "Load share", "Under way", "Stale and lost"][self as usize]
    }

    fn id(self) -> &'static str {
        ["latency", "throughput", "hit-ratio", "load-share", "under-way", "stale-and-lost"][self as usize]
    }

    /// What matters most, beside the title.
    fn head(self, session: &Session, snapshot: &Snapshot) -> String {
        let metrics = session.metrics();
        let last = metrics.series().complete().last();
        match self {
            Kind::Latency => {
                let (p50, p99) = last.map_or((None, None), |window| (window.p50_ms, window.p99_ms));
                format!("p50 {} · p99 {}", figures::ms(p50), figures::ms(p99))
            }
            Kind::Throughput => {
                let Some(last) = metrics.series().complete().len().checked_sub(1) else {
                    return "– ok/s".into();
                };
                let over = chart_picture::rate_windows(session);
                let counts: [(&str, Count); 4] = [
                    ("ok", |window| window.ok),
                    ("refused", |window| window.refused),
                    ("failed", |window| window.failed),
                    ("timed out", |window| window.timed_out),
                ];
                let [ok, bad @ ..] =
                    counts.map(|(name, count)| (metrics.series().per_s_over(over, last, count), name));
                let said = |(per_s, name): (f64, &str)| format!("{} {name}/s", figures::figure(per_s));
                // The chart has them all; beside the title there is room for the worst. A queue's producers have their
                // answers long before anybody has dealt with what they sent.
                let dealt_with =
                    metrics.series().complete().iter().any(|window| window.dealt_with > 0).then(|| {
                        let per_s = metrics.series().per_s_over(over, last, |window| window.dealt_with);
                        (per_s, "dealt with")
                    });
                let worst =
                    bad.into_iter().filter(|(per_s, _)| *per_s > 0.0).max_by(|a, b| a.0.total_cmp(&b.0));
                [Some(ok), dealt_with.or(worst)]
                    .into_iter()
                    .flatten()
                    .map(said)
                    .collect::<Vec<_>>()
                    .join(" · ")
            }
            Kind::Hits => {
                let last = metrics.series().complete().len().checked_sub(1);
                let ratio = last.and_then(|last| metrics.series().recent_hit_ratio(last));
                let hits = format!("{} hits", ratio.map_or("–".into(), figures::percent));
                match last.and_then(|last| metrics.series().recent_stale_ratio(last)).filter(|it| *it > 0.0) {
                    Some(stale) => format!("{hits} · {} stale", figures::percent(stale)),
                    None => hits,
                }
            }
            Kind::Waiting => {
                let [under_way, waiting] =
                    [metrics.total().in_flight(), metrics.series().waiting()].map(figures::whole);
                format!("{under_way} now · {waiting} in queues")
            }
            Kind::Wrong => {
                let series = metrics.series();
                let Some(last) = series.complete().len().checked_sub(1) else { return "– stale/s".into() };
                let per_s = |count: Count| figures::figure(series.per_s_over(RECENT_WINDOWS, last, count));
                format!("{} stale/s · {} lost/s", per_s(|window| window.stale), per_s(|window| window.lost))
            }
            Kind::Load => {
                let fairness = loaded_node(snapshot).and_then(|(node, members)| {
                    fairness_lately(metrics, node as u16, members.len(), session.now())
                });
                format!("Jain fairness {}", fairness.map_or("–".into(), |value| format!("{value:.2}")))
            }
        }
    }

    /// Of which time a point tells.
    fn caption(self, session: &Session) -> Option<String> {
        let windows =
            if self == Kind::Throughput { chart_picture::rate_windows(session) } else { RECENT_WINDOWS };
        let window_s = session.metrics().series().window().seconds() * windows as f64;
        // Nothing gives up and waits on where there are neither queues nor limiters: not on the page of a first visit.
        if cfg!(feature = "whole") && self == Kind::Waiting {
            let metrics = session.metrics();
            let forsaken = metrics.series().waiting() > metrics.total().in_flight();
            return forsaken.then(|| "some that wait were given up".into());
        }
        let looks_back = !matches!(self, Kind::Load | Kind::Waiting);
        looks_back.then(|| format!("of the last {}", figures::with_unit(Some(window_s), "s")))
    }

    /// What the colours mean: (class, name).
    fn key(self, session: &Session, snapshot: &Snapshot) -> Vec<(&'static str, String)> {
        let named = |key: &[(&'static str, &str)]| {
            key.iter().map(|(class, name)| (*class, (*name).to_owned())).collect()
        };
        let fixed: &[(&str, &str)] = match self {
            Kind::Latency => &[("good", "p50"), ("slow", "p95"), ("bad", "p99")],
            Kind::Throughput => &[
                ("", "let through"),
                ("good", "ok"),
                ("", "dealt with"),
                ("refused", "refused"),
                ("bad", "failed"),
                ("slow", "timed out"),
            ],
            Kind::Hits => &[],
            Kind::Waiting => &[("", "under way"), ("slow", "in queues")],
            Kind::Wrong => &[("slow", "stale reads"), ("bad", "lost updates")],
            // What is not there is not explained.
            Kind::Load if is_any_troubled(snapshot) => &[("", "received lately"), ("bad", "in trouble")],
            Kind::Load => &[("", "received lately")],
        };
        let mut key: Vec<(&'static str, String)> = named(fixed);
        if self == Kind::Hits {
            let groups = chart_picture::groups(session);
            key.push(("good", chart_picture::hits_of(&groups).to_owned()));
            key.push(("bad", chart_picture::STALE.to_owned()));
            let groups = groups.into_iter().zip(["", "slow", "refused"]);
            key.extend(groups.map(|((_, name, _), class)| (class, name)));
        }
        key
    }
}

fn is_any_troubled(snapshot: &Snapshot) -> bool {
    loaded_node(snapshot).is_some_and(|(_, machines)| machines.iter().any(|machine| machine.troubled))
}

/// The three side by side.
pub fn charts(engine: &Engine, pulse: &Pulse, flags: &Rc<Vec<Flag>>) -> Html {
    html! {
        <div class="charts">
            { for Kind::of(&pulse.snapshot).map(|kind| html! {
                { keyed(kind.id(), Chart { kind, engine: engine.clone(), pulse: pulse.clone(), flags: flags.clone() }) }
            }) }
        </div>
    }
}

#[derive(PartialEq)]
struct Chart {
    kind: Kind,
    engine: Engine,
    pulse: Pulse,
    flags: Rc<Vec<Flag>>,
}

#[hook]
fn use_chart(props: &Chart) -> Html {
    let kind = props.kind;
    let as_table = use_state(|| false);
    let paint = use_memo(props.flags.clone(), |flags| {
        let flags = flags.clone();
        Paint::new(move |shown, canvas| chart_picture::paint(kind, shown, &flags, canvas))
    });
    let session = props.engine.session();
    let snapshot = &props.pulse.snapshot;
    let toggle = {
        let as_table = as_table.clone();
        Callback::from(move |_: MouseEvent| as_table.set(!*as_table))
    };
    let save = {
        let engine = props.engine.clone();
        Callback::from(move |_: MouseEvent| {
            let session = engine.session();
            let table = chart_picture::table(kind, &session, &session.snapshot());
            save(&format!("{}.csv", kind.id()), "text/csv", &table.csv());
        })
    };
    let title = format!("chart-{}", kind.id());
    let head = kind.head(&session, snapshot);
    let key = kind.key(&session, snapshot).into_iter().filter(|(_, name)| {
        let count = |window: &Window| match name.as_str() {
            "let through" => window.passed,
            "dealt with" => window.dealt_with,
            "in queues" => window.waiting,
            "refused" => window.refused,
            "failed" => window.failed,
            chart_picture::STALE => window.stale,
            _ => window.timed_out,
        };
        let windows = session.metrics().series().complete();
        chart_picture::is_shown(name, windows.iter().map(|window| count(window) as f64))
    });
    html! {
        <section class="panel chart" aria-labelledby={title.clone()}>
            <header><h2 id={title}>{ kind.title() }</h2><p>{ &head }</p></header>
            if *as_table {
                { table_view(kind, &chart_picture::table(kind, &session, snapshot)) }
            } else {
                { part(Plot { engine: props.engine.clone(), paint: (*paint).clone(), label: format!("{}: {head}", kind.title()) }) }
            }
            <footer>
                <p class="key">
                    { for key.map(|(class, name)| html! { <span class={class}>{ name }</span> }) }
                    { for kind.caption(&session) }
                </p>
                <div>
                    <button type="button" class="text-button is-quiet" onclick={toggle} aria-pressed={as_table.to_string()}
                        aria-label={format!("{} as a table", kind.title())}>{ "Table" }</button>
                    <button type="button" class="text-button is-quiet" onclick={save} aria-label={format!("Save {} as CSV", kind.title())}>{ "CSV" }</button>
                    if *as_table { { picture_button(props) } }
                </div>
            </footer>
        </section>
    }
}

/// The picture that is saved.
const PICTURE: (f64, f64) = (720.0, 360.0);

/// Beside the other ways to have the chart otherwise.
#[inline(never)]
fn picture_button(props: &Chart) -> Html {
    let onclick = {
        let (kind, engine) = (props.kind, props.engine.clone());
        Callback::from(move |_: MouseEvent| {
            let session = engine.session();
            let caption = format!(
                "{} · {} · {}",
                kind.title(),
                session.scenario().title,
                figures::seconds(session.now().seconds())
            );
            let shapes = chart_picture::alone(kind, &session, PICTURE);
            if let Some(canvas) = paint::picture(shapes, caption, PICTURE) {
                save_canvas(&format!("{}.png", kind.id()), &canvas);
            }
        })
    };
    html! {
        <button type="button" class="text-button is-quiet" {onclick}
            aria-label={format!("Save {} as PNG", props.kind.title())}>{ "PNG" }</button>
    }
}

/// The last rows; the file has all.
const ROWS_MAX: usize = 60;

fn table_view(kind: Kind, table: &Table) -> Html {
    let cell = |text: &String| match decimal(text) {
        Some(value) => figures::figure(value),
        None if text.is_empty() => figures::NONE.to_owned(),
        None => text.clone(),
    };
    let row = |cells: &Vec<String>| {
        let (name, rest) = cells.split_first()?;
        Some(html! {
            <tr key={name.clone()}>
                <th scope="row">{ name }</th>
                { for rest.iter().map(|text| html! { <td>{ cell(text) }</td> }) }
            </tr>
        })
    };
    // What is newest is what is looked for.
    let rows: Vec<_> = match kind {
        Kind::Load => table.rows.iter().take(ROWS_MAX).collect(),
        _ => table.rows.iter().rev().take(ROWS_MAX).collect(),
    };
    html! {
        <div class="plot-table" tabindex="0" role="group" aria-label={format!("{} as a table", kind.title())}>
            <table class="figures">
                <thead><tr>{ for table.head.iter().map(|column| html! { <th scope="col">{ column }</th> }) }</tr></thead>
                <tbody>{ for rows.into_iter().filter_map(row) }</tbody>
            </table>
        </div>
    }
}
