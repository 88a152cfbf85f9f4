//! The picture of two-phase commit.

use super::*;
use switchyard::node::Node;
use switchyard::scene::figures;

fn transfers() -> Checked {
    let nodes = json!([
        { "id": "clients", "kind": "clients", "rate_per_s": 60, "mix": [{ "path": "/transfer" }],
          "keys": { "kind": "uniform", "count": 200 }, "to": ["store"] },
        { "id": "store", "kind": "store", "count": 3, "replicas": 1, "replication": "leader-sync", "accounts": 200,
          "workers": 16, "service_ms": 40 },
    ]);
    let links = json!([{ "from": "clients", "to": "store", "latency_ms": 5 },
        { "from": "store", "to": "store", "latency_ms": 30 }]);
    let changes = json!([{ "at_ms": 1500, "node": "store/3", "set": { "down": true } },
        { "at_ms": 3500, "node": "store/3", "set": { "down": false } }]);
    scenario(nodes, links, changes)
}

/// Held against the machines: whose lock each is, what is locked, what was carried out.
#[test]
fn two_phase_commit_is_drawn_as_it_is() {
    let mut simulation = Simulation::new(&transfers(), &mut ());
    let (mut drawn, mut doubted) = (0, 0);
    for step in 1..60 {
        simulation.advance(Time::from_ms(83.0 * f64::from(step)), u64::MAX, &mut ());
        let snapshot = simulation.snapshot();
        let NodeState::Station(station) = &snapshot.nodes[1].state else { panic!("no station") };
        let Inside::Transfers(view) = &station.inside else { continue };
        let Node::Store(store) = &simulation.world().nodes()[1] else { panic!("no store") };
        let locked: u32 = view.members.iter().map(|machine| machine.locked).sum();
        assert_eq!(locked as usize, store.locked(), "step {step}");
        let doubt: u32 = view.members.iter().map(|machine| machine.in_doubt).sum();
        let wanted = if station.members[2].down { store.locked_for(2) } else { 0 };
        assert_eq!(doubt as usize, wanted, "step {step}");
        for lock in view.members.iter().flat_map(|machine| &machine.locks) {
            let held = store.lock(lock.key).unwrap();
            assert_eq!((held.coordinator, held.since), (lock.coordinator, lock.since), "step {step}");
        }
        doubted += doubt;
        for size in SIZES {
            let what = format!("step {step} at {size:?}");
            for card in cards(&picture(&simulation, size), 1) {
                card.assert_legible(&what);
                let texts: Vec<&str> = card.texts().iter().map(|label| label.text.as_str()).collect();
                let done = format!("{} carried out", figures::whole(view.carried_out));
                assert!(texts.contains(&done.as_str()), "{what}: {texts:?}");
                for (member, machine) in station.members.iter().zip(&view.members) {
                    let said = format!("{} locked", machine.locked);
                    let as_said = member.down || machine.locked == 0 || texts.contains(&said.as_str());
                    assert!(as_said, "{what}: {said}");
                }
                if doubt > 0 {
                    let said = figures::count(doubt.into(), "account in doubt", "accounts in doubt");
                    assert!(texts.contains(&said.as_str()), "{what}: {texts:?}");
                }
                drawn += 1;
            }
        }
    }
    assert!(drawn > 200 && doubted > 0, "{drawn} {doubted}");
}

#[test]
fn gallery() {
    let mut simulation = Simulation::new(&transfers(), &mut ());
    simulation.advance(Time::from_ms(2900.0), u64::MAX, &mut ());
    let words = scene::target::node_name(&simulation.snapshot().nodes[1]);
    assert!(words.contains("in doubt"), "{words}");
    for size in SIZES {
        keep(&format!("transfers-{}x{}", size.0, size.1), &picture(&simulation, size), size);
    }
}
