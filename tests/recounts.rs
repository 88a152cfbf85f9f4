//! Figures of the stage, counted again from outside: from what an observer is told of every call, and from the rows
//! that stand in each picture, event by event. None of the code that makes the figures is asked.

use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use switchyard::labs::find;
use switchyard::node::replicas::ReplicasView;
use switchyard::node::station::Inside;
use switchyard::play::Session;
use switchyard::run::Simulation;
use switchyard::run::snapshot::NodeState;
use switchyard::scenario::Checked;
use switchyard::scene::{Readings, Shape, View, stage};
use switchyard::sim::{Call, CallId, Counter, Observer, Outcome, Place, Request, Span, Time};

fn lab(id: &str) -> Checked {
    Checked::parse(find(id).expect("the lab is in the table").scenario)
        .unwrap_or_else(|problems| panic!("{id}: {problems:?}"))
}

/// Where the lab has nodes that are asked for.
fn places<T>(simulation: &Simulation, of: impl Fn(&NodeState) -> Option<T>) -> Vec<(usize, T)> {
    let snapshot = simulation.snapshot();
    snapshot.nodes.iter().enumerate().filter_map(|(place, node)| Some((place, of(&node.state)?))).collect()
}

/// What clients were told of their calls.
#[derive(Default)]
struct Calls {
    /// When each departed.
    made: Vec<(u16, Time)>,
    /// When each answer came for which somebody waited, and how it went.
    told: Vec<(u16, Time, Outcome)>,
    /// When too few machines were there, as whoever decided that said it; and whether it was a write.
    refused: Vec<(Time, bool)>,
}

impl Observer for Calls {
    fn departed(&mut self, _: CallId, call: &Call, _: &Request) {
        if call.parent == CallId::NONE && !call.probe {
            self.made.push((call.from.node, call.departed));
        }
    }
    fn returned(&mut self, _: CallId, call: &Call, request: &Request, now: Time) {
        if call.parent != CallId::NONE || call.probe {
            return;
        }
        if !call.abandoned {
            self.told.push((call.from.node, now, call.outcome));
        }
        // Machines also ask each other on behalf of nobody.
        if call.outcome == Outcome::NoBackend && call.from.node == 0 {
            self.refused.push((call.finished, request.write));
        }
    }
}

const TENTH_NS: u64 = 100_000_000;

/// Of calls offered, those that were of use: as many as departed in the ten whole tenths of a second before, and as many of them
/// or earlier ones as were answered well then.
#[test]
fn offered_and_useful_calls_are_those_of_the_last_full_second() {
    for id in ["resilience/retry-storm", "resilience/backoff-and-jitter", "chat/one-room"] {
        let mut simulation = Simulation::new(&lab(id), &mut ());
        let mut calls = Calls::default();
        let (mut compared, mut wasted) = (0, 0);
        for step in 1..400u64 {
            // Between two tenths, now nearer to the one, now to the other.
            let at = Time(step * TENTH_NS + 1 + step * 7919 % (TENTH_NS - 2));
            simulation.advance(at, u64::MAX, &mut calls);
            let gates = places(&simulation, |state| match state {
                NodeState::Clients(pool) => pool.gate.load,
                _ => None,
            });
            for (place, load) in gates {
                let last =
                    (step.saturating_sub(10)..step).map(|tenth| tenth * TENTH_NS..(tenth + 1) * TENTH_NS);
                let within = |time: Time| last.clone().any(|tenth| tenth.contains(&time.0));
                let made =
                    calls.made.iter().filter(|(from, time)| usize::from(*from) == place && within(*time));
                let well = calls.told.iter().filter(|(from, time, outcome)| {
                    usize::from(*from) == place && *outcome == Outcome::Ok && within(*time)
                });
                let (made, well) = (made.count() as u32, well.count() as u32);
                assert_eq!(load, (made, well), "{id}, node {place} at {at:?}");
                compared += made;
                wasted += made.saturating_sub(well);
            }
        }
        assert!(compared > 500 && wasted > 10, "{id}: {compared} calls, {wasted} of no use");
    }
}

/// What the rows in each picture say of keys on which the replicas differ.
#[derive(Default)]
struct Differences {
    /// The newest acknowledged write of each key that is shown, and when it was first seen.
    newest: BTreeMap<u32, (u32, Time)>,
    /// Since when the owners of a key have not all had it.
    since: BTreeMap<u32, Time>,
    agreed: VecDeque<Span>,
}

impl Differences {
    fn see(&mut self, view: &ReplicasView, now: Time) {
        self.newest.retain(|key, _| view.keys.iter().any(|(shown, _)| shown == key));
        self.since.retain(|key, _| view.keys.iter().any(|(shown, _)| shown == key));
        for (at, &(key, newest)) in view.keys.iter().enumerate() {
            let known = self.newest.get(&key).copied();
            if known.is_none_or(|(number, _)| number != newest) {
                self.newest.insert(key, (newest, now));
                self.since.entry(key).or_insert(now);
            }
            let mut owners =
                view.members.iter().map(|member| &member.copies[at]).filter(|copies| copies.at_home);
            let agree = owners.all(|copies| copies.versions.first() == Some(&newest));
            if agree && self.since.remove(&key).is_some() {
                self.agreed.push_back(now.since(self.newest[&key].1));
                if self.agreed.len() > 64 {
                    self.agreed.pop_front();
                }
            }
        }
    }
}

#[test]
fn how_long_replicas_differ_is_what_their_rows_say() {
    for id in ["consistency/strong-or-eventual", "consistency/tune-r-and-w", "consistency/repair"] {
        let scenario = lab(id);
        let mut simulation = Simulation::new(&scenario, &mut ());
        let mut differences = Differences::default();
        let (mut apart, mut agreed) = (0, 0);
        let end = Time::from_ms(6000.0);
        while let Some(now) = simulation.step(end, &mut ()) {
            let views = places(&simulation, |state| match state {
                NodeState::Station(station) => match &station.inside {
                    Inside::Replicas(view) => Some(view.clone()),
                    _ => None,
                },
                _ => None,
            });
            let [(_, view)] = views.as_slice() else { panic!("{id}: {} stores", views.len()) };
            differences.see(view, now);
            let longest = differences.since.values().map(|since| now.since(*since)).max();
            assert_eq!(view.apart, longest, "{id} at {now:?}");
            let mut spans: Vec<Span> = differences.agreed.iter().copied().collect();
            spans.sort_unstable();
            assert_eq!(view.agreed.map(|agreed| agreed.most), spans.last().copied(), "{id} at {now:?}");
            // Of an even number the lower of the two in the middle.
            let median = spans.get(spans.len().saturating_sub(1) / 2).copied();
            assert_eq!(view.agreed.map(|agreed| agreed.median), median, "{id} at {now:?}");
            apart += usize::from(longest.is_some());
            agreed += usize::from(!spans.is_empty());
        }
        assert!(apart > 50 && agreed > 50, "{id}: {apart} and {agreed} moments");
    }
}

#[test]
fn what_a_store_refuses_is_what_its_clients_are_told() {
    let id = "consistency/cut-the-network";
    let mut refused = vec![];
    for (quorum, replication) in [(1, "quorum"), (3, "quorum"), (1, "leader-sync")] {
        let mut scenario: Value = serde_json::from_str(&lab(id).to_json()).expect("it was written");
        for (name, value) in [
            ("read_quorum", json!(quorum)),
            ("write_quorum", json!(quorum)),
            ("replication", json!(replication)),
        ] {
            scenario["nodes"][1][name] = value;
        }
        let scenario =
            Checked::parse(&scenario.to_string()).unwrap_or_else(|problems| panic!("{problems:?}"));
        let mut simulation = Simulation::new(&scenario, &mut ());
        let mut calls = Calls::default();
        let mut said = vec![];
        for second in 1..=35 {
            let at = Time::from_ms(1000.0 * f64::from(second));
            simulation.advance(at, u64::MAX, &mut calls);
            let views = places(&simulation, |state| match state {
                NodeState::Station(station) => match &station.inside {
                    Inside::Replicas(view) => Some(view.refused),
                    _ => None,
                },
                _ => None,
            });
            said.extend(views.into_iter().map(|(_, refused)| (at, refused)));
        }
        // The last answers are still under way.
        for (at, refused) in &said[..30] {
            let count = |write: bool| {
                calls.refused.iter().filter(|(time, w)| time <= at && *w == write).count() as u64
            };
            assert_eq!(
                (refused.reads, refused.writes),
                (count(false), count(true)),
                "{quorum} {replication} at {at:?}"
            );
        }
        refused.push(said[29].1.writes);
    }
    // One machine is always there; where a majority is asked for the cut leaves time to run out; a leader knows at once.
    assert!(refused[..2] == [0, 0] && refused[2] > 20, "{refused:?}");
}

/// When each request ended, whose it was, and whether well; and when each consumer was told that its message is done with.
#[derive(Default)]
struct Ends {
    all: Vec<(u16, Time, bool)>,
    dealt_with: Vec<Time>,
    now: Time,
}

impl Observer for Ends {
    fn ended(&mut self, request: &Request, outcome: Outcome, now: Time) {
        self.all.push((request.source, now, outcome.is_ok()));
        self.now = now;
    }
    fn counted(&mut self, _: Place, what: Counter, n: u32) {
        if what == Counter::Acknowledged {
            self.dealt_with.extend(std::iter::repeat_n(self.now, n as usize));
        }
    }
}

fn ends(id: &str, until: Time) -> Ends {
    let mut ends = Ends::default();
    let mut simulation = Simulation::new(&lab(id), &mut ends);
    simulation.advance(until, u64::MAX, &mut ends);
    ends
}

/// Lately is the present twentieth of the run and the one before.
#[test]
fn what_ended_well_lately_is_counted_for_each_kind_of_clients() {
    let (mut bad, mut none) = (0, 0);
    for id in ["api-gateway/one-noisy-tenant", "resilience/bulkhead", "payments/refunds"] {
        let mut session = Session::new(lab(id));
        let period = Span((session.end().0 / 20).max(100_000_000));
        for at_ms in [0.0, 700.0, 9_100.0, 16_000.0, 23_900.0, 31_000.0, 39_999.0] {
            let now = Time::from_ms(at_ms);
            session.advance(now, u64::MAX);
            let from = (now.0 / period.0).saturating_sub(1) * period.0;
            let ends = ends(id, now);
            for node in 0..2 {
                let lately = ends.all.iter().filter(|(source, at, _)| *source == node && at.0 >= from);
                let (count, ok) = lately.fold((0, 0), |sum, end| (sum.0 + 1, sum.1 + u32::from(end.2)));
                let share = (count > 0).then(|| f64::from(ok) / f64::from(count));
                assert_eq!(session.metrics().ok_lately(node, now), share, "{id}, node {node}, {at_ms} ms");
                bad += usize::from(share.is_some_and(|share| share < 0.5));
                none += usize::from(share.is_none());
            }
        }
    }
    assert!(bad > 5 && none > 2, "{bad} {none}");
}

/// What the chart of a queue shows is what was acknowledged, and not what producers were told.
#[test]
fn what_consumers_have_dealt_with_is_in_the_windows() {
    for id in ["message-queue/poison", "message-queue/more-consumers", "message-queue/backpressure"] {
        let mut session = Session::new(lab(id));
        let end = session.end();
        session.advance(end, u64::MAX);
        let series = session.metrics().series();
        let sum: u64 = series.complete().iter().map(|window| window.dealt_with).sum();
        let all = ends(id, end).dealt_with.len() as u64;
        assert_eq!(sum + series.current().dealt_with, all, "{id}");
        assert!(
            all > 100 && series.complete().iter().filter(|window| window.dealt_with > 0).count() > 20,
            "{id}"
        );
    }
}

/// The texts of a lab's stage at a moment, as large as this.
fn texts(session: &Session, (width, height): (f64, f64)) -> Vec<String> {
    let metrics = session.metrics();
    let ok = |node: usize| metrics.ok_lately(node as u16, session.now());
    let readings = Readings {
        ended_by: metrics.total().ended,
        clients_ok: (0..session.scenario().nodes.len()).map(ok).collect(),
        ..Readings::default()
    };
    let view = View { width, height, ..View::default() };
    let shapes = stage(&session.snapshot(), &readings, &view).all_shapes();
    let text = |shape: Shape| match shape {
        Shape::Text(label) => Some(label.text),
        _ => None,
    };
    shapes.into_iter().filter_map(text).collect()
}

/// Whose requests die stands on the cards; what has occurred is explained at every width, with reasons where there is room.
#[test]
fn cards_and_legend_say_what_was_lost() {
    let mut session = Session::new(lab("api-gateway/one-noisy-tenant"));
    session.advance(Time::from_ms(30_000.0), u64::MAX);
    let ok = session.metrics().ok_lately(1, session.now()).unwrap();
    assert!((0.25..0.55).contains(&ok), "{ok}");
    let shown = texts(&session, (796.0, 516.0));
    assert!(shown.contains(&switchyard::scene::figures::percent(ok)), "{shown:?}");
    let mut session = Session::new(lab("api-gateway/which-check"));
    session.advance(Time::from_ms(16_000.0), u64::MAX);
    for (size, reasons) in [((366.0, 510.0), false), ((796.0, 516.0), true)] {
        let shown = texts(&session, size);
        let signs: Vec<_> = shown.iter().filter(|text| text.starts_with("refused")).collect();
        assert_eq!(signs.len(), 1, "{shown:?}");
        assert_eq!(signs[0].starts_with("refused: "), reasons, "{signs:?}");
    }
}
