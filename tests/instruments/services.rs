//! Pictures of what servers run.

use super::*;
use switchyard::scene::figures;
use switchyard::systems::ServiceView;
use switchyard::systems::gateway::Check;

fn served(runs: Value, mix: Value) -> Checked {
    let nodes = json!([
        { "id": "clients", "kind": "clients", "rate_per_s": 120, "clients": 12, "mix": mix, "to": ["servers"] },
        { "id": "servers", "kind": "servers", "count": 2, "workers": 4, "queue": 20, "runs": runs,
          "service_ms": { "dist": "exponential", "mean": 20 } },
    ]);
    scenario(nodes, json!([{ "from": "clients", "to": "servers", "latency_ms": 5 }]), json!([]))
}

fn gateway() -> Checked {
    let runs = json!({ "id": "gateway", "anonymous_share": 0.1, "malformed_share": 0.1, "oversized_share": 0.05,
        "limit_per_s": 9, "limit_burst": 4, "token_valid_ms": 700, "renew": false });
    served(
        runs,
        json!([{ "path": "GET /l", "share": 6 }, { "path": "POST /links", "share": 2 },
        { "path": "POST /login", "share": 1 }, { "path": "GET /nowhere", "share": 1 }]),
    )
}

fn service(simulation: &Simulation) -> ServiceView {
    let snapshot = simulation.snapshot();
    let NodeState::Servers(servers) = &snapshot.nodes[1].state else { panic!("no servers") };
    let Inside::Service(view) = &servers.inside else { panic!("no service") };
    view.clone()
}

/// At many instants and sizes, if there is room for it.
fn assert_service(scenario: &Checked, assert: impl Fn(&Card<'_>, &ServiceView, &str)) {
    let mut simulation = Simulation::new(scenario, &mut ());
    let mut drawn = 0;
    for step in 0..60 {
        simulation.advance(Time::from_ms(83.0 * f64::from(step)), u64::MAX, &mut ());
        let view = service(&simulation);
        for size in SIZES {
            let picture = picture(&simulation, size);
            let what = format!("step {step} at {size:?}");
            for card in cards(&picture, 1) {
                card.assert_legible(&what);
                assert(&card, &view, &what);
                drawn += 1;
            }
        }
    }
    assert_eq!(drawn, 60 * SIZES.len());
}

#[test]
fn a_gateway_is_drawn_as_it_is() {
    assert_service(&gateway(), |card, view, what| {
        let ServiceView::Gateway(view) = view else { panic!("no gateway") };
        let texts: Vec<String> = card.texts().iter().map(|label| label.text.clone()).collect();
        let stopped = view.passages.iter().filter(|passage| passage.stopped.is_some()).count();
        let crosses: Vec<f64> = (card.shapes.iter())
            .filter_map(|shape| if let Shape::Cross { center, .. } = shape { Some(center.y) } else { None })
            .collect();
        assert_eq!(crosses.len(), stopped, "{what}: a cross for each that was stopped");
        for (check, count) in Check::ALL.iter().zip(view.stopped) {
            let label = card.texts().into_iter().find(|label| label.text == check.name()).unwrap();
            let beside = |other: &&&Label| other.at.y == label.at.y && other.at.x > label.at.x;
            let said = card.texts();
            let said = said.iter().find(beside).unwrap();
            assert_eq!(said.text, figures::whole(count), "{what}: {}", check.name());
            let here = crosses.iter().filter(|y| (**y - label.rect().center().y).abs() < 6.0).count();
            let wanted = view.passages.iter().filter(|passage| passage.stopped == Some(*check)).count();
            assert_eq!(here, wanted, "{what}: crosses at {}", check.name());
        }
        if let Some(last) = view.passages.last() {
            assert!(texts.iter().any(|text| text == last.why), "{what}: {texts:?}");
        }
    });
    let mut simulation = Simulation::new(&gateway(), &mut ());
    simulation.advance(Time::from_ms(5000.0), u64::MAX, &mut ());
    let ServiceView::Gateway(view) = service(&simulation) else { panic!("no gateway") };
    assert!(view.stopped.iter().all(|count| *count > 0), "{view:?}");
    let words = scene::target::node_name(&simulation.snapshot().nodes[1]);
    for (check, count) in Check::ALL.iter().zip(view.stopped) {
        assert!(words.contains(&format!("{count} stopped by {}", check.name())), "{words}");
    }
}

#[test]
fn gallery() {
    for (name, scenario) in [("gateway", gateway())] {
        let mut simulation = Simulation::new(&scenario, &mut ());
        simulation.advance(Time::from_ms(3000.0), u64::MAX, &mut ());
        for size in SIZES {
            keep(&format!("service-{name}-{}x{}", size.0, size.1), &picture(&simulation, size), size);
        }
    }
}
