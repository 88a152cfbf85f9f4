//! One node, member or connection: its figures, and what a balancer's policy knows.

use super::engine::{Engine, Pulse};
use super::inside::Inside;
use super::names::{member_name, target_name};
use super::part::part;
use super::request::shown;
use switchyard::algo::policies;
use switchyard::node::KeyFact;
use switchyard::node::station::{Station, StationMember};
use switchyard::play::Session;
use switchyard::run::snapshot::{
    BalancerView, ClientsView, MemberView, NodeState, NodeView, PoolView, ServersView, Snapshot,
};
use switchyard::scene::{Target, figures, instrument, is_taken_out};
use switchyard::sim::{OUTCOMES, Outcome, OutcomeKind, Place};
use yew::prelude::*;

/// Everything but requests, which have a panel of their own.
pub fn target_panel(engine: &Engine, pulse: &Pulse, target: Target) -> Html {
    let session = engine.session();
    let snapshot = &pulse.snapshot;
    let inside = match target {
        Target::Node(index) => {
            snapshot.nodes.get(index).map(|node| node_panel(engine, &session, snapshot, index, node))
        }
        Target::Member { node: index, member } => {
            snapshot.nodes.get(index).and_then(|node| match &node.state {
                NodeState::Servers(servers) => {
                    let taken_out = is_taken_out(snapshot, index, member);
                    Some(member_panel(&session, index, member, servers.members.get(member)?, taken_out))
                }
                NodeState::Station(station) => {
                    let it = station.members.get(member)?;
                    Some(machine_panel(engine, &session, (index, member), station, it))
                }
                _ => Some(node_panel(engine, &session, snapshot, index, node)),
            })
        }
        Target::Link(index) => Some(link_panel(snapshot, index)),
        Target::Key(key) => Some(key_panel(&session, snapshot, key)),
        Target::Request(_) => None,
    };
    html! {
        <>
            <h2>{ target_name(snapshot, target) }</h2>
            { inside.unwrap_or_else(|| html! { <p class="dim">{ "It is not there at this moment." }</p> }) }
        </>
    }
}

fn pairs(rows: &[(&str, String)]) -> Html {
    html! {
        <dl class="pairs">{ for rows.iter().map(|(name, value)| html! { <><dt>{ *name }</dt><dd>{ value }</dd></> }) }</dl>
    }
}

fn node_panel(
    engine: &Engine,
    session: &Session,
    snapshot: &Snapshot,
    index: usize,
    node: &NodeView,
) -> Html {
    match &node.state {
        NodeState::Clients(clients) => clients_panel(session, snapshot, index, clients),
        NodeState::Balancer(balancer) => balancer_panel(snapshot, balancer),
        NodeState::Servers(servers) => servers_panel(session, index, node, servers),
        NodeState::Station(station) => station_panel(engine, session, index, node, station),
    }
}

/// What it does, what it says of itself, and what it has counted; its machines, each with an inside of its own.
fn station_panel(
    engine: &Engine,
    session: &Session,
    index: usize,
    node: &NodeView,
    station: &Station,
) -> Html {
    let counted = session.metrics().counted(index as u16);
    let rows: Vec<(&str, String)> =
        counted.into_iter().map(|(what, n)| (what.label(), figures::whole(n))).collect();
    let inside = |it: &StationMember| !it.note.is_empty() || !instrument::describe(&it.inside).is_empty();
    let said = instrument::in_full(&station.inside);
    let button = |(member, it): (usize, &StationMember)| {
        let engine = engine.clone();
        let onclick =
            Callback::from(move |_: MouseEvent| engine.select(Some(Target::Member { node: index, member })));
        html! {
            <li key={member}><button type="button" class="text-button" {onclick}>{ node.member_name(it.number) }</button>
                if !it.note.is_empty() { <span class="dim small">{ " " }{ &it.note }</span> }</li>
        }
    };
    html! {
        <>
            <p class="strong">{ &station.does }</p>
            // The words below say what it holds in full.
            { for station.notes.iter().filter(|note| !said.contains(note.as_str())).map(|note| html! { <p>{ note }</p> }) }
            if !said.is_empty() { <p class="dim small">{ said }</p> }
            { pairs(&rows) }
            if station.members.len() > 1 && station.members.iter().any(inside) {
                <ul role="list" class="machines" aria-label="Machines">{ for station.members.iter().enumerate().map(button) }</ul>
            }
        </>
    }
}

/// One machine of a station: its inside as it stands.
fn machine_panel(
    engine: &Engine,
    session: &Session,
    (node, member): (usize, usize),
    station: &Station,
    it: &StationMember,
) -> Html {
    let tally = session.metrics().member(place(node, member));
    let label = instrument::in_full(&it.inside);
    let state = if it.down {
        "crashed".to_owned()
    } else if it.frozen {
        "frozen".to_owned()
    } else if it.slow > 1.0 {
        format!("{} slower", figures::factor(it.slow))
    } else {
        "well".to_owned()
    };
    let mut rows = vec![("State", state)];
    if it.queued.1 > 0 {
        rows.push((
            "In its queue",
            format!("{} of {}", figures::whole(it.queued.0.into()), figures::whole(it.queued.1.into())),
        ));
    }
    if let Some(tally) = tally {
        rows.push(("Received lately", figures::with_unit(Some(tally.recent_per_s(session.now())), "req/s")));
        rows.push(("Received so far", figures::whole(tally.arrived)));
    }
    html! {
        <>
            // The instrument says it too.
            if label.is_empty() { <p class="strong">{ &station.does }</p> }
            if !it.note.is_empty() { <p>{ &it.note }</p> }
            if !label.is_empty() { { part(Inside { engine: engine.clone(), node, member, label }) } }
            { pairs(&rows) }
        </>
    }
}

/// What every node knows of a key.
fn key_panel(session: &Session, snapshot: &Snapshot, key: u32) -> Html {
    let nodes = session.simulation().world().nodes().iter().zip(&snapshot.nodes);
    let known = nodes.map(|(node, view)| (view, node.about_key(key, snapshot.now)));
    let about = |(view, facts): (&NodeView, Vec<KeyFact>)| {
        let name = |fact: &KeyFact| {
            fact.member.map_or_else(|| view.name.clone(), |member| member_name(view, member as usize))
        };
        html! {
            <dl class="pairs">
                { for facts.iter().map(|fact| html! { <><dt>{ name(fact) }</dt><dd>{ &fact.fact }</dd></> }) }
            </dl>
        }
    };
    let mut known = known.filter(|(_, facts)| !facts.is_empty()).peekable();
    if known.peek().is_none() {
        return html! { <p class="dim">{ "No node here keeps anything by key." }</p> };
    }
    html! { <>{ for known.map(about) }</> }
}

fn clients_panel(session: &Session, snapshot: &Snapshot, index: usize, clients: &ClientsView) -> Html {
    let metrics = session.metrics();
    let is_clients = |node: &&NodeView| matches!(node.state, NodeState::Clients(_));
    let alone = snapshot.nodes.iter().filter(is_clients).count() == 1;
    let own = metrics.source(index as u16);
    let latency = if alone { Some(&metrics.total().latency) } else { own.map(|own| &own.latency) };
    let quantile = |share: f64| figures::ms(latency.and_then(|latency| latency.quantile_ms(share)));
    let requests = if alone {
        [("Requests issued", snapshot.issued), ("Under way", snapshot.in_flight)]
    } else {
        // Of several kinds of clients each has its own figures.
        let ended = own.map_or(0, |own| own.ended.iter().sum());
        let answered = own.map_or(0, |own| own.ended[Outcome::Ok as usize]);
        [("Requests that ended", ended), ("Answered", answered)]
    };
    let [first, mut second] = requests.map(|(name, count)| (name, figures::whole(count)));
    if let Some(own) = own.filter(|_| !alone) {
        let ended: u64 = own.ended.iter().sum();
        let share = figures::percent(own.ended[Outcome::Ok as usize] as f64 / ended.max(1) as f64);
        second.1 = format!("{}, {share}", second.1);
    }
    let rate = clients.rate_per_s.map_or("–".into(), |rate| figures::with_unit(Some(rate), "req/s"));
    let mut rows = vec![
        ("Arrivals", clients.arrivals.clone()),
        ("Rate as set", rate),
        ("Distinct clients", figures::whole(clients.clients as u64)),
        first,
        second,
    ];
    if let Some(own) = own.filter(|_| !alone) {
        let refused = OUTCOMES.iter().filter(|(_, kind, ..)| *kind == OutcomeKind::Refused);
        let refused = refused.map(|(outcome, ..)| own.ended[*outcome as usize]).sum();
        rows.push(("Refused", figures::whole(refused)));
    }
    rows.extend([("p50 of its answered", quantile(0.5)), ("p99 of its answered", quantile(0.99))]);
    if let Some(own) = own.filter(|own| own.hits + own.misses > 0) {
        rows.push((
            "Hit ratio of its reads",
            figures::percent(own.hits as f64 / (own.hits + own.misses) as f64),
        ));
    }
    pairs(&rows)
}

fn balancer_panel(snapshot: &Snapshot, balancer: &BalancerView) -> Html {
    let info = policies("balance").into_iter().find(|info| info.id == balancer.policy_id);
    html! {
        <>
            if let Some(info) = info {
                <p><span class="strong">{ format!("{}. ", info.name) }</span>{ info.summary }</p>
                <p class="dim small">{ format!("Source: {}", info.source) }</p>
            }
            { for balancer.pools.iter().filter_map(|pool| pool_table(snapshot, pool)) }
        </>
    }
}

/// What the policy knows of each backend at this moment.
fn pool_table(snapshot: &Snapshot, pool: &PoolView) -> Option<Html> {
    let node = snapshot.nodes.get(pool.node)?;
    let columns = &pool.inspection.columns;
    // The policy's own columns may already say it.
    let shows_in_flight = columns.iter().all(|column| column.name != "in flight");
    let heading = |column: &switchyard::algo::balance::Column| match column.unit {
        "" => column.name.to_owned(),
        unit => format!("{} ({unit})", column.name),
    };
    let row = |member: usize| {
        let is_next = pool.inspection.next == Some(member);
        let cell = |column: &switchyard::algo::balance::Column| {
            html! { <td>{ column.values.get(member).map_or("–".into(), |value| shown(*value)) }</td> }
        };
        html! {
            <tr>
                <th scope="row">{ member_name(node, member) }{ if is_next { " ← next" } else { "" } }</th>
                if shows_in_flight { <td>{ pool.in_flight.get(member).copied().unwrap_or(0) }</td> }
                <td>{ pool.weight.get(member).copied().unwrap_or(0) }</td>
                { for columns.iter().map(cell) }
                if let Some((_, clients)) = &pool.kept { <td>{ clients.get(member).copied().unwrap_or(0) }</td> }
                <td>{ if pool.eligible[member] { "yes" } else { "no" } }</td>
            </tr>
        }
    };
    Some(html! {
        <div class="scroll" tabindex="0" role="group" aria-label="What the policy knows">
            <table class="figures">
                <caption>{ format!("What it knows now. {}", pool.inspection.note) }</caption>
                <thead><tr>
                    <th scope="col">{ "Server" }</th>
                    if shows_in_flight { <th scope="col">{ "in flight" }</th> }
                    <th scope="col">{ "weight" }</th>
                    { for columns.iter().map(|column| html! { <th scope="col">{ heading(column) }</th> }) }
                    if let Some((what, _)) = &pool.kept { <th scope="col">{ *what }</th> }
                    <th scope="col">{ "may get it" }</th>
                </tr></thead>
                <tbody>{ for (0..pool.eligible.len()).map(row) }</tbody>
            </table>
        </div>
    })
}

fn servers_panel(session: &Session, index: usize, node: &NodeView, servers: &ServersView) -> Html {
    let now = session.now();
    let row = |(member, view): (usize, &MemberView)| {
        let tally = session.metrics().member(place(index, member));
        let busy = view.workers.iter().flatten().count();
        let lately = tally.map_or("–".into(), |tally| figures::figure(tally.recent_per_s(now)));
        // Five columns have little room: a name may wrap, and the unit stands in the head.
        let name = member_name(node, member).replace(figures::UNIT, " ");
        let p99 = figures::ms(tally.and_then(|tally| tally.recent_p99_ms(now)));
        html! {
            <tr>
                <th scope="row">{ name }</th>
                <td>{ format!("{busy}/{}", view.workers.len()) }</td>
                <td>{ view.queued }</td>
                <td>{ lately }</td>
                <td>{ p99.trim_end_matches("ms").trim_end().to_owned() }</td>
            </tr>
        }
    };
    html! {
        <>
        { for servers.service.as_ref().map(service_figures) }
        <div class="scroll" tabindex="0" role="group" aria-label="Machines">
            <table class="figures">
                <caption>{ "Rate and p99 are recent ones." }</caption>
                <thead><tr>
                    <th scope="col">{ "Machine" }</th><th scope="col">{ "busy" }</th><th scope="col">{ "queue" }</th>
                    <th scope="col">{ "req/s" }</th><th scope="col">{ "p99 ms" }</th>
                </tr></thead>
                <tbody>{ for servers.members.iter().enumerate().map(row) }</tbody>
            </table>
        </div>
        </>
    }
}

/// What the service that the servers run says of itself.
fn service_figures(service: &switchyard::systems::Inspection) -> Html {
    let value = |figure: &switchyard::systems::Figure| match figure.unit {
        "" => shown(figure.value),
        // As the stage writes money.
        "minor units" => {
            let sign = if figure.value < 0.0 { "−" } else { "" };
            format!("{sign}{}", figures::money(figure.value.abs() as u64))
        }
        unit => format!("{} {unit}", shown(figure.value)),
    };
    let rows: Vec<(&str, String)> =
        service.figures.iter().map(|figure| (figure.label(), value(figure))).collect();
    html! { <><p class="strong">{ figures::with_groups(&service.note) }</p>{ pairs(&rows) }</> }
}

fn place(node: usize, member: usize) -> Place {
    Place { node: node as u16, member: member as u16 }
}

fn member_panel(session: &Session, node: usize, member: usize, view: &MemberView, taken_out: bool) -> Html {
    let now = session.now();
    let tally = session.metrics().member(place(node, member));
    let busy = view.workers.iter().flatten().count();
    let utilisation = tally.map(|tally| tally.recent_busy(now) / view.workers.len().max(1) as f64);
    let count = |of: fn(&switchyard::report::MemberTally) -> u64| {
        tally.map_or("0".into(), |tally| figures::whole(of(tally)))
    };
    let mut rows = vec![
        ("State", state_of(view, taken_out)),
        ("Workers busy", format!("{busy} of {}", view.workers.len())),
        ("Queue", format!("{} of {} places", view.queued, view.queue_places)),
        ("Utilisation lately", utilisation.map_or("–".into(), figures::percent)),
        (
            "Received lately",
            tally.map_or("–".into(), |tally| figures::with_unit(Some(tally.recent_per_s(now)), "req/s")),
        ),
        ("p99 lately", figures::ms(tally.and_then(|tally| tally.recent_p99_ms(now)))),
        ("Received so far", count(|tally| tally.arrived)),
        ("Refused so far", count(|tally| tally.refused())),
        ("Mean wait", figures::ms(tally.and_then(|tally| tally.wait.mean_ms()))),
        ("Mean work", figures::ms(tally.and_then(|tally| tally.service.mean_ms()))),
    ];
    if view.weight != 1 {
        rows.push(("Weight", view.weight.to_string()));
    }
    pairs(&rows)
}

/// "well", "5× slower", "crashed".
fn state_of(view: &MemberView, taken_out: bool) -> String {
    let mut states = vec![];
    if view.down {
        states.push("crashed".to_owned());
    }
    if view.frozen {
        states.push("frozen".to_owned());
    }
    if view.slow > 1.0 {
        states.push(format!("{} slower", figures::factor(view.slow)));
    }
    if taken_out {
        states.push("taken out by a balancer".to_owned());
    }
    if view.leaving {
        states.push("leaving".to_owned());
    }
    if states.is_empty() { "well".into() } else { states.join(", ") }
}

fn link_panel(snapshot: &Snapshot, index: usize) -> Html {
    use switchyard::run::snapshot::Way;
    let on_it =
        |way: Way| snapshot.dots.iter().filter(|dot| dot.link == index && dot.way == way).count() as u64;
    let cut = snapshot.links.get(index).is_some_and(|link| link.cut);
    pairs(&[
        ("State", if cut { "cut".into() } else { "open".into() }),
        ("Requests on it", figures::whole(on_it(Way::Out))),
        ("Replies on it", figures::whole(on_it(Way::Back))),
    ])
}
