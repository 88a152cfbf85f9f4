//! The picture of rows that are moved, and of more machines than there are rows on the card for.

use super::*;
use switchyard::scene::figures;

fn growing(count: u32, more: u32, replicas: u32) -> Checked {
    let nodes = json!([
        { "id": "clients", "kind": "clients", "rate_per_s": 150, "keys": { "kind": "uniform", "count": 400 },
          "mix": [{ "path": "/", "write_share": 0.5 }], "to": ["store"] },
        { "id": "store", "kind": "store", "count": count, "replicas": replicas, "partitioner": "modulo",
          "replication": "leader-sync", "move_per_s": 60, "service_ms": 2 },
    ]);
    let links = json!([{ "from": "clients", "to": "store", "latency_ms": 5 },
        { "from": "store", "to": "store", "latency_ms": 5 }]);
    scenario(nodes, links, json!([{ "at_ms": 1500, "node": "store", "set": { "count": more } }]))
}

/// Where each row lies is asked of the machines, and where it belongs of the policy.
#[test]
fn rows_that_move_are_drawn_as_they_are() {
    let (mut moving, mut still) = (0, 0);
    for (count, more) in [(4, 5), (5, 3), (20, 21)] {
        let mut simulation = Simulation::new(&growing(count, more, 1), &mut ());
        for step in 1..40 {
            simulation.advance(Time::from_ms(131.0 * f64::from(step)), u64::MAX, &mut ());
            let snapshot = simulation.snapshot();
            let NodeState::Station(station) = &snapshot.nodes[1].state else { panic!("no station") };
            let Inside::Ring(division) = &station.inside else { panic!("no ring") };
            let Node::Store(store) = &simulation.world().nodes()[1] else { panic!("no store") };
            let what = format!("{count} to {more}, step {step}");
            let under_way = division.handover.as_ref().filter(|handover| !handover.is_over());
            assert_eq!(under_way.is_some(), store.rows_to_move() > 0, "{what}");
            if let Some(handover) = under_way {
                assert_eq!((handover.of - handover.moved) as usize, store.rows_to_move(), "{what}");
                let (members, all) = (division.now.members.len() as u64, (count.max(more)) as u16);
                let held = |member: u16| store.rows(member as usize).into_iter().flat_map(|rows| rows.iter());
                let hash = |key: u32| {
                    let at = division.keys.iter().find(|it| it.key == key);
                    at.map(|it| it.owner)
                };
                for member in 0..all {
                    let (leaving, _) = handover.of_member(member);
                    // Of the keys that are shown, those that lie here and belong elsewhere.
                    let strays =
                        held(member).filter(|(key, _)| hash(*key).is_some_and(|owner| owner != member));
                    assert!(strays.count() <= leaving as usize, "{what}: member {member} of {members}");
                }
                let [leaving, coming] =
                    [&handover.leaving, &handover.coming].map(|it| it.iter().sum::<u32>());
                assert_eq!(
                    (leaving, coming),
                    (handover.of - handover.moved, handover.of - handover.moved),
                    "{what}"
                );
                moving += 1;
            }
            for size in SIZES {
                let what = format!("{what} at {size:?}");
                for card in cards(&picture(&simulation, size), 1) {
                    card.assert_legible(&what);
                    let texts: Vec<&str> = card.texts().iter().map(|label| label.text.as_str()).collect();
                    let Some(handover) = under_way else {
                        still += 1;
                        continue;
                    };
                    let said = format!(
                        "{} of {}",
                        figures::whole(handover.moved.into()),
                        figures::whole(handover.of.into())
                    );
                    assert!(texts.contains(&said.as_str()), "{what}: {said} in {texts:?}");
                    // A row for each of a few machines: what it has, what goes, what comes.
                    for member in station.members.iter().filter(|_| more < 8) {
                        let (leaving, coming) = handover.of_member(member.number as u16 - 1);
                        let mut said = member.rows.unwrap().to_string();
                        for (count, sign) in [(leaving, '−'), (coming, '+')] {
                            if count > 0 {
                                said.push_str(&format!(" {sign}{count}"));
                            }
                        }
                        assert!(texts.contains(&said.as_str()), "{what}: {said} in {texts:?}");
                    }
                }
            }
        }
    }
    assert!(moving > 25 && still > 100, "{moving} {still}");
}

#[test]
fn gallery() {
    for (name, scenario, at_ms) in [
        ("moving", growing(4, 5, 1), 2400.0),
        ("twenty", growing(20, 20, 1), 3000.0),
        ("fifty", growing(50, 50, 1), 3000.0),
    ] {
        let mut simulation = Simulation::new(&scenario, &mut ());
        simulation.advance(Time::from_ms(at_ms), u64::MAX, &mut ());
        let said = scene::describe::describe(&simulation.snapshot(), &Readings::default());
        assert_eq!(said.contains("Rows are being moved"), name == "moving", "{said}");
        for size in SIZES {
            keep(&format!("rows-{name}-{}x{}", size.0, size.1), &picture(&simulation, size), size);
        }
    }
}
