//! The three charts under the stage: latency, throughput, load share.

use super::canvas::Canvas;
use super::chart_picture;
use super::dom::save;
use super::engine::{Engine, Pace, Pulse};
use super::tables::{self, Table};
use crate::play::{Flag, Session};
use crate::run::snapshot::{NodeState, Snapshot};
use crate::scene::figures;
use std::rc::Rc;
use web_sys::Element;
use yew::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Latency,
    Throughput,
    Load,
}

impl Kind {
    const ALL: [Kind; 3] = [Kind::Latency, Kind::Throughput, Kind::Load];

    fn title(self) -> &'static str {
        ["Latency", "Throughput", "Load share"][self as usize]
    }

    fn id(self) -> &'static str {
        ["latency", "throughput", "load-share"][self as usize]
    }

    fn table(self, session: &Session, snapshot: &Snapshot) -> Table {
        match self {
            Kind::Latency => tables::latency(session),
            Kind::Throughput => tables::throughput(session),
            Kind::Load => tables::load(session, snapshot),
        }
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
                let seconds = metrics.series().window().seconds().max(1e-9);
                let per_s = |count: u64| figures::figure(count as f64 / seconds);
                match last {
                    Some(window) => format!("{} ok/s · {} lost/s", per_s(window.ok), per_s(window.refused + window.failed + window.timed_out)),
                    None => "– ok/s".into(),
                }
            }
            Kind::Load => {
                let fairness = tables::loaded_node(snapshot).and_then(|node| match &snapshot.nodes[node].state {
                    NodeState::Servers(servers) => metrics.fairness(node as u16, servers.members.len()),
                    _ => None,
                });
                format!("Jain fairness {}", fairness.map_or("–".into(), |value| format!("{value:.2}")))
            }
        }
    }

    /// What stands below: theory, or how to read it.
    fn foot(self, session: &Session) -> String {
        match self {
            Kind::Latency => match session.theory() {
                Some(line) if line.exact => format!("- - theory, {}: mean {}", line.model, figures::ms(Some(line.mean_ms))),
                Some(line) => format!("- - at best, {}: mean {}", line.model, figures::ms(Some(line.mean_ms))),
                None => "p50, p95, p99 of requests answered".into(),
            },
            Kind::Throughput => "requests that ended, a second".into(),
            Kind::Load => "of all calls since the start".into(),
        }
    }
}

#[derive(Properties, PartialEq)]
pub struct ChartsProps {
    pub engine: Engine,
    pub pulse: Pulse,
    pub flags: Rc<Vec<Flag>>,
}

#[component]
pub fn Charts(props: &ChartsProps) -> Html {
    html! {
        <div class="charts">
            { for Kind::ALL.map(|kind| html! {
                <Chart key={kind.id()} {kind} engine={props.engine.clone()} pulse={props.pulse.clone()} flags={props.flags.clone()} />
            }) }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct ChartProps {
    kind: Kind,
    engine: Engine,
    pulse: Pulse,
    flags: Rc<Vec<Flag>>,
}

#[component]
fn Chart(props: &ChartProps) -> Html {
    let kind = props.kind;
    let as_table = use_state(|| false);
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
            let table = kind.table(&session, &session.snapshot());
            save(&format!("{}.csv", kind.id()), "text/csv", &table.csv());
        })
    };
    let title = format!("chart-{}", kind.id());
    let head = kind.head(&session, snapshot);
    html! {
        <section class="panel chart" aria-labelledby={title.clone()}>
            <header><h2 id={title}>{ kind.title() }</h2><p>{ &head }</p></header>
            if *as_table {
                { table_view(kind, &kind.table(&session, snapshot)) }
            } else {
                <Plot {kind} engine={props.engine.clone()} flags={props.flags.clone()} label={format!("{}: {head}", kind.title())} />
            }
            <footer>
                <p>{ kind.foot(&session) }</p>
                <div>
                    <button type="button" class="text-button is-quiet" onclick={toggle} aria-pressed={as_table.to_string()}
                        aria-label={format!("{} as a table", kind.title())}>{ "Table" }</button>
                    <button type="button" class="text-button is-quiet" onclick={save} aria-label={format!("Save {} as CSV", kind.title())}>{ "CSV" }</button>
                </div>
            </footer>
        </section>
    }
}

/// The last rows; the file has all.
const ROWS_MAX: usize = 60;

fn table_view(kind: Kind, table: &Table) -> Html {
    let row = |(name, cells): &(String, Vec<Option<f64>>)| {
        html! {
            <tr key={name.clone()}>
                <th scope="row">{ name }</th>
                { for cells.iter().map(|cell| html! { <td>{ cell.map_or("–".into(), figures::figure) }</td> }) }
            </tr>
        }
    };
    // What is newest is what is looked for.
    let rows: Vec<_> = match kind {
        Kind::Load => table.rows.iter().take(ROWS_MAX).collect(),
        _ => table.rows.iter().rev().take(ROWS_MAX).collect(),
    };
    html! {
        <div class="plot-table" tabindex="0" role="group" aria-label={format!("{} as a table", kind.title())}>
            <table class="figures">
                <thead><tr>{ for table.columns.iter().map(|column| html! { <th scope="col">{ *column }</th> }) }</tr></thead>
                <tbody>{ for rows.into_iter().map(row) }</tbody>
            </table>
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct PlotProps {
    kind: Kind,
    engine: Engine,
    flags: Rc<Vec<Flag>>,
    label: String,
}

#[component]
fn Plot(props: &PlotProps) -> Html {
    let (node, frame) = (use_node_ref(), use_node_ref());
    {
        let (node, kind) = (node.clone(), props.kind);
        use_effect_with((props.engine.clone(), props.flags.clone()), move |(engine, flags)| {
            let flags = flags.clone();
            let painting = Canvas::new(&node, engine).map(|canvas| {
                engine.paint_with(Pace::EveryPulse, move |shown| chart_picture::paint(kind, shown, &flags, &canvas))
            });
            move || drop(painting)
        });
    }
    let onpointermove = {
        let (engine, frame, kind) = (props.engine.clone(), frame.clone(), props.kind);
        Callback::from(move |event: PointerEvent| {
            let Some(rect) = frame.cast::<Element>().map(|element| element.get_bounding_client_rect()) else { return };
            let x = event.client_x() as f64 - rect.left();
            engine.point_at(chart_picture::moment_at(kind, x, rect.width(), engine.session().end()));
        })
    };
    let onpointerleave = {
        let engine = props.engine.clone();
        Callback::from(move |_: PointerEvent| engine.point_at(None))
    };
    html! {
        <div ref={frame} class="plot" {onpointermove} {onpointerleave}>
            <canvas ref={node} role="img" aria-label={props.label.clone()}></canvas>
        </div>
    }
}
