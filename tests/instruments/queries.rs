//! The picture of queries that ask every machine.

use super::*;
use std::collections::BTreeMap;
use switchyard::node::queries::QueriesView;
use switchyard::scene::figures;
use switchyard::sim::{Call, CallId, Observer, Outcome, Request, Span};

fn queries(count: u32) -> Checked {
    let nodes = json!([
        { "id": "clients", "kind": "clients", "rate_per_s": 30, "arrivals": "poisson", "mix": [{ "path": "/scan" }],
          "timeout_ms": 0, "to": ["store"] },
        { "id": "store", "kind": "store", "count": count, "replicas": 1, "replication": "leader-sync", "workers": 4,
          "service_ms": { "dist": "bimodal", "fast": 10, "slow": 500, "slow_share": 0.02 } },
    ]);
    let links = json!([{ "from": "clients", "to": "store", "latency_ms": 5 },
        { "from": "store", "to": "store", "latency_ms": { "dist": "exponential", "mean": 12 } }]);
    let changes = json!([{ "at_ms": 2500, "node": "store/2", "set": { "down": true } },
        { "at_ms": 3000, "node": "store/2", "set": { "down": false } }]);
    scenario(nodes, links, changes)
}

/// Of each query, by when it came to the store: answers of other machines, and how it ended there.
#[derive(Default)]
struct Seen {
    answers: BTreeMap<Time, Vec<(u16, Time)>>,
    ended: BTreeMap<Time, (Time, bool)>,
}

impl Observer for Seen {
    fn returned(&mut self, _: CallId, call: &Call, _: &Request, now: Time) {
        let ok = call.outcome == Outcome::Ok;
        match call.from.node {
            0 => _ = self.ended.insert(call.arrived, (call.finished, ok)),
            // Everybody is asked as soon as the query is there.
            _ if ok => self.answers.entry(call.departed).or_default().push((call.to.member, now)),
            _ => {}
        }
    }
}

fn view(simulation: &Simulation) -> Option<QueriesView> {
    let snapshot = simulation.snapshot();
    let NodeState::Station(station) = &snapshot.nodes[1].state else { panic!("no station") };
    match &station.inside {
        Inside::Queries(view) => Some((**view).clone()),
        _ => None,
    }
}

/// Held against every answer that crossed the network, and against the requests' ends.
#[test]
fn queries_over_all_machines_are_drawn_as_they_are() {
    let (mut drawn, mut failed, mut waited, mut slowest) = (0, 0, 0, 0.0_f64);
    for count in [1, 5, 40] {
        let mut seen = Seen::default();
        let mut simulation = Simulation::new(&queries(count), &mut seen);
        for step in 1..60 {
            simulation.advance(Time::from_ms(71.0 * f64::from(step)), u64::MAX, &mut seen);
            let Some(view) = view(&simulation) else { continue };
            let what = format!("{count} machines, step {step}");
            assert_eq!(view.fan_out, count, "{what}");
            for query in &view.queries {
                assert_eq!(query.asked, count, "{what}");
                let answers: Vec<(u16, Time)> =
                    query.answers.iter().map(|(member, after)| (*member, query.began + *after)).collect();
                let over = query.took.map_or(simulation.now(), |took| query.began + took);
                let wanted = seen.answers.get(&query.began).cloned().unwrap_or_default();
                // Its own part crosses no network.
                let own: Vec<_> = answers.iter().filter(|it| !wanted.contains(it)).collect();
                assert!(own.len() <= 1, "{what}: {own:?} {wanted:?}");
                assert!(wanted.iter().all(|it| it.1 > over || answers.contains(it)), "{what}: {wanted:?}");
                if let Some((at, ok)) = seen.ended.get(&query.began) {
                    assert_eq!(
                        (query.took.map(|took| query.began + took), query.ok),
                        (Some(*at), *ok),
                        "{what}"
                    );
                    assert!(!ok || query.answers.len() == count as usize, "{what}");
                    failed += u32::from(!ok);
                }
                waited += u32::from(query.took.is_none());
            }
            // However many have begun since: what is slow is over late.
            let mut over: Vec<(Time, Span)> = (seen.ended.iter())
                .filter(|(_, (_, ok))| *ok)
                .map(|(began, (at, _))| (*at, at.since(*began)))
                .collect();
            over.sort();
            let last = &over[over.len().saturating_sub(128)..];
            let slow = |slow: Span| last.iter().filter(|(_, took)| *took > slow).count() as f64;
            let share = view.slow.filter(|_| !last.is_empty()).map(|it| slow(it) / last.len() as f64);
            // Some answers are still on their way to the clients.
            let apart = view.whole.slow_share.unwrap_or(0.0) - share.unwrap_or(0.0);
            assert!(apart.abs() * last.len() as f64 <= 2.5, "{what}: {:?} for {share:?}", view.whole);
            slowest = slowest.max(share.unwrap_or(0.0));
            for size in SIZES {
                let what = format!("{what} at {size:?}");
                for card in cards(&picture(&simulation, size), 1) {
                    assert_card(&card, &view, &what);
                    drawn += 1;
                }
            }
        }
    }
    assert!(drawn > 600 && failed > 3 && waited > 30 && slowest > 0.2, "{drawn} {failed} {waited} {slowest}");
}

/// A line for each query from the newest on: how many answers it has, or how long it took.
fn assert_card(card: &Card<'_>, view: &QueriesView, what: &str) {
    card.assert_legible(what);
    let texts: Vec<&str> = card.texts().iter().map(|label| label.text.as_str()).collect();
    let said = |query: &switchyard::node::queries::Query| match query.took {
        None => format!("{} of {}", query.answers.len(), query.asked),
        Some(_) if !query.ok => "failed".to_owned(),
        Some(took) => figures::ms(Some(took.ms())),
    };
    let wanted: Vec<String> = view.queries.iter().map(said).collect();
    let from = texts.iter().position(|text| *text == wanted[0]).expect("the newest");
    let lines = texts[from..].iter().zip(&wanted).take_while(|(text, _)| **text != "0").count();
    assert!(lines >= wanted.len().min(3), "{what}: {texts:?}");
    for (text, wanted) in texts[from..from + lines].iter().zip(&wanted) {
        assert_eq!(text, wanted, "{what}");
    }
}

#[test]
fn gallery() {
    let mut simulation = Simulation::new(&queries(20), &mut ());
    simulation.advance(Time::from_ms(2400.0), u64::MAX, &mut ());
    let words = scene::target::node_name(&simulation.snapshot().nodes[1]);
    assert!(words.contains("each query asks 20 machines") && words.contains("p50"), "{words}");
    let said = scene::describe::describe(&simulation.snapshot(), &Readings::default());
    assert!(said.contains("waits for the slowest"), "{said}");
    for size in SIZES {
        keep(&format!("queries-{}x{}", size.0, size.1), &picture(&simulation, size), size);
    }
}
