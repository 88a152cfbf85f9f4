//! How many machines there are: autoscaling against its rule, worked examples, and the account of it.

mod common;

use common::record::{change, play, scenario};
use serde_json::{Value, json};
use switchyard::node::Node;
use switchyard::play::Session;
use switchyard::run::{NO_LIMIT, Simulation, snapshot::NodeState};
use switchyard::scenario::{Checked, paths};
use switchyard::sim::{Outcome, Time};

fn with(mut node: Value, settings: Value) -> Value {
    for (name, value) in settings.as_object().expect("settings") {
        node[name] = value.clone();
    }
    node
}

/// Steady clients of a balancer, and machines of one worker that need 20 ms for a request.
fn system(rate_per_s: f64, servers: Value, changes: Value) -> Checked {
    let servers = with(
        json!({ "id": "s", "kind": "servers", "workers": 1, "queue": 0, "service_ms": { "dist": "constant", "value": 20 },
            "autoscale": "utilisation", "scale_target": 0.5, "scale_every_ms": 500, "scale_boot_ms": 500,
            "scale_cooldown_ms": 1500 }),
        servers,
    );
    let clients = json!({ "id": "clients", "kind": "clients", "arrivals": "steady", "rate_per_s": rate_per_s,
        "timeout_ms": 0, "to": ["lb"] });
    let lb = json!({ "id": "lb", "kind": "balancer", "policy": "least-connections", "to": ["s"] });
    scenario(json!([clients, lb, servers]), json!([]), changes)
}

/// (milliseconds, machines in service) whenever their number changed.
fn numbers(scenario: &Checked) -> Vec<(f64, u16)> {
    let mut simulation = Simulation::new(scenario, &mut ());
    let mut numbers = vec![(0.0, in_service(&simulation))];
    while simulation.step(Time::from_ms(scenario.duration_ms), &mut ()).is_some() {
        let now = in_service(&simulation);
        let at_ms = simulation.now().ms();
        match numbers.last_mut() {
            Some((_, before)) if *before == now => {}
            // Several come up at the same moment.
            Some((at, before)) if *at == at_ms => *before = now,
            _ => numbers.push((at_ms, now)),
        }
    }
    numbers
}

fn in_service(simulation: &Simulation) -> u16 {
    match &simulation.world().nodes()[2] {
        Node::Servers(servers) => servers.in_service(),
        _ => panic!("servers"),
    }
}

/// Two erlangs at a target of one half: one machine is full, so two are wanted; then two are full, and
/// four are wanted, at which the utilisation is the target. Each takes the evaluation and the boot.
#[test]
fn the_number_climbs_to_what_the_load_needs_and_stays() {
    // Ordered at 500 and 1500; at 1000 and 2000 what is ordered is not up yet.
    assert_eq!(numbers(&system(100.0, json!({}), json!([]))), [(0.0, 1), (1000.0, 2), (2000.0, 4)]);
    // What is on its way is not ordered twice, however often it is looked at.
    let impatient = json!({ "scale_every_ms": 100, "scale_boot_ms": 2000 });
    let climb = numbers(&system(100.0, impatient, json!([])));
    assert_eq!(climb[..3], [(0.0, 1), (2100.0, 2), (4200.0, 4)], "{climb:?}");
}

#[test]
fn the_bounds_hold() {
    let narrow = json!({ "count": 9, "scale_min": 3, "scale_max": 5 });
    assert_eq!(numbers(&system(1000.0, narrow.clone(), json!([]))), [(0.0, 5)]);
    assert_eq!(numbers(&system(1.0, narrow, json!([]))), [(0.0, 5), (1500.0, 3)]);
    let upside_down = json!({ "v": 1, "nodes": [{ "id": "c", "kind": "clients", "to": ["s"] },
        { "id": "s", "kind": "servers", "autoscale": "utilisation", "scale_min": 5, "scale_max": 4 }] });
    let problems = Checked::from_value(upside_down).expect_err("the bounds are upside down");
    assert_eq!(problems[0].path, "s.scale_min");
}

/// Machines leave no sooner than the cooldown after the last change, finish what they have, and nothing is
/// lost by it.
#[test]
fn removal_waits_and_loses_nothing() {
    let calmer = json!([change(5000.0, "clients", json!({ "rate_per_s": 20 }))]);
    let scenario = system(100.0, json!({ "count": 4 }), calmer);
    // 0.4 erlangs: four machines at 10 % where 50 % are wanted, so ceil(4 · 0.1 / 0.5) = 1.
    assert_eq!(numbers(&scenario), [(0.0, 4), (5500.0, 1)]);
    let record = play(&scenario);
    assert!(record.ended.iter().all(|end| end.outcome == Outcome::Ok));
    // The same just after a change of the number.
    let early = json!([change(2100.0, "clients", json!({ "rate_per_s": 20 }))]);
    let climb = numbers(&system(100.0, json!({}), early));
    assert_eq!(climb, [(0.0, 1), (1000.0, 2), (2000.0, 4), (3500.0, 1)]);
}

#[test]
fn a_crashed_machine_does_not_drive_the_number() {
    // Two of four are down: the others are full. Idle as they are taken to be, the mean is on target.
    let outage = json!([
        change(2000.0, "s/1", json!({ "down": true })),
        change(2000.0, "s/2", json!({ "down": true }))
    ]);
    let mut scenario = system(100.0, json!({ "count": 4, "queue": 100 }), outage);
    for (path, value) in
        [("lb.health_every_ms", 20), ("lb.health_timeout_ms", 10), ("lb.health_down_after", 1)]
    {
        scenario = paths::with(&scenario, path, json!(value)).expect("a health check");
    }
    assert_eq!(numbers(&scenario), [(0.0, 4)]);
}

/// A member that is set to be down is down when autoscaling brings it.
#[test]
fn faults_of_machines_to_come_are_kept_for_them() {
    let scenario = system(100.0, json!({ "members": [{}, { "down": true }] }), json!([]));
    let mut simulation = Simulation::new(&scenario, &mut ());
    simulation.advance(Time::from_ms(1100.0), NO_LIMIT, &mut ());
    let NodeState::Servers(view) = &simulation.snapshot().nodes[2].state else { panic!("servers") };
    assert_eq!((view.in_service, view.members.len()), (2, 2));
    assert!(view.members[1].down && !view.members[0].down);
}

#[test]
fn a_number_set_by_hand_is_where_it_goes_on_from() {
    let by_hand = json!([
        change(3000.0, "s", json!({ "count": 7 })),
        change(3100.0, "s", json!({ "autoscale": "off" })),
        change(3200.0, "s", json!({ "count": 3 })),
        change(6000.0, "s", json!({ "autoscale": "utilisation" }))
    ]);
    let found = numbers(&system(100.0, json!({}), by_hand));
    // 2 erlangs on 3 machines: 67 % where 50 % are wanted.
    assert_eq!(found, [(0.0, 1), (1000.0, 2), (2000.0, 4), (3000.0, 7), (3200.0, 3), (7000.0, 4)]);
}

#[test]
fn what_is_ordered_is_seen_and_removed_before_it_is_up() {
    let calmer = json!([change(600.0, "clients", json!({ "rate_per_s": 1 }))]);
    let slow = json!({ "count": 4, "queue": 3, "scale_boot_ms": 5000, "scale_cooldown_ms": 0 });
    let scenario = system(400.0, slow, calmer);
    let mut session = Session::new(scenario.clone());
    session.advance(Time::from_ms(700.0), u64::MAX);
    let NodeState::Servers(view) = &session.snapshot().nodes[2].state else { panic!("servers") };
    // Full: ceil(4 · 1 / 0.5), 4 of them to come.
    assert_eq!((view.in_service, view.booting), (4, 4));
    session.advance(Time::from_ms(1700.0), u64::MAX);
    let NodeState::Servers(view) = &session.snapshot().nodes[2].state else { panic!("servers") };
    assert_eq!(view.booting, 0, "{view:?}");
    let summary = session.summary();
    assert_eq!(summary.nodes["s"].counts["scaled_out"], 4);
    assert!(summary.nodes["s"].counts["scaled_in"] >= 4);
    // None of them came up.
    assert!(numbers(&scenario).iter().all(|(_, machines)| *machines <= 4));
}

/// Three machines for four seconds, five for six: 42 machine-seconds, at 3 an hour; dearer by half for the
/// last two.
#[test]
fn machine_hours_and_cost_add_up() {
    let servers = json!({ "autoscale": "off", "count": 3, "cost_per_hour": 3 });
    let changes = json!([
        change(4000.0, "s", json!({ "count": 5 })),
        change(8000.0, "s", json!({ "cost_per_hour": 4.5 }))
    ]);
    let mut session = Session::new(system(100.0, servers, changes));
    session.advance(session.end(), u64::MAX);
    let summary = &session.summary().nodes["s"];
    let close = |found: Option<f64>, wanted: f64| (found.expect("an account") - wanted).abs() < 1e-12;
    assert!(close(summary.machine_hours, 42.0 / 3600.0), "{:?}", summary.machine_hours);
    assert!(close(summary.cost, (32.0 * 3.0 + 10.0 * 4.5) / 3600.0), "{:?}", summary.cost);
    // 100/s of 20 ms are two busy workers, of 4.2 on average.
    let utilisation = summary.utilisation.expect("there are workers");
    assert!((utilisation - 2.0 / 4.2).abs() < 0.005, "{utilisation}");

    let plain = paths::with(session.scenario(), "s.cost_per_hour", json!(0)).expect("a cost");
    let plain =
        Checked::new(switchyard::scenario::Scenario { changes: vec![], ..(*plain).clone() }).expect("fine");
    let mut session = Session::new(plain);
    session.advance(session.end(), u64::MAX);
    assert_eq!((session.summary().nodes["s"].machine_hours, session.summary().nodes["s"].cost), (None, None));
}

/// What is booting is paid for, and not yet in service.
#[test]
fn booting_is_paid_for() {
    let mut session =
        Session::new(system(100.0, json!({ "cost_per_hour": 1, "scale_boot_ms": 200 }), json!([])));
    session.advance(Time::from_ms(1000.0), u64::MAX);
    // 1 for 500 ms, 2 (one of them booting) for 500 ms; in service 1 for 700 and 2 for 300.
    let summary = &session.summary().nodes["s"];
    assert!((summary.machine_hours.expect("an account") - 1.5 / 3600.0).abs() < 1e-12);
    let utilisation = summary.utilisation.expect("there are workers");
    assert!((utilisation - (0.99 + 0.3) / 1.3).abs() < 0.02, "{utilisation}");
}

/// Four are wanted at 0.5 s, and are up at 1 s.
#[test]
fn it_says_when_ordered_machines_will_be_up() {
    let system = system(100.0, json!({ "count": 1 }), json!([]));
    let mut session = Session::new(system);
    let servers = |session: &mut Session, at_ms: f64| {
        session.advance(Time::from_ms(at_ms), u64::MAX);
        let snapshot = session.snapshot();
        let NodeState::Servers(view) = snapshot.nodes[2].state.clone() else { panic!("servers") };
        view
    };
    assert_eq!(servers(&mut session, 400.0).next_up, None);
    let view = servers(&mut session, 600.0);
    assert!(view.booting > 0);
    assert_eq!(view.next_up, Some((view.booting, Time::from_ms(500.0), Time::from_ms(1000.0))));
    assert_eq!(servers(&mut session, 1001.0).in_service, 1 + view.booting);
}
