//! The sign that says what machines are together.

use super::*;
use switchyard::scene::figures;

fn fleet(count: u32, set: Value) -> Checked {
    let mut servers = json!({ "id": "servers", "kind": "servers", "count": count, "workers": 4, "queue": 10,
        "service_ms": { "dist": "exponential", "mean": 80 }, "cost_per_hour": 1.5 });
    for (name, value) in set.as_object().unwrap() {
        servers[name] = value.clone();
    }
    let nodes = json!([
        { "id": "clients", "kind": "clients", "rate_per_s": 90, "arrivals": "poisson", "to": ["lb"] },
        { "id": "lb", "kind": "balancer", "to": ["servers"] },
        servers,
    ]);
    let changes = json!([{ "at_ms": 2000, "node": "servers/1", "set": { "down": true } },
        { "at_ms": 3000, "node": "servers/1", "set": { "down": false, "slow": 2 } }]);
    scenario(nodes, json!([{ "from": "clients", "to": "lb", "latency_ms": 5 }]), changes)
}

/// Counted at the machines themselves.
#[test]
fn what_machines_are_together_is_drawn_as_it_is() {
    let growing = json!({ "autoscale": "utilisation", "scale_min": 1, "scale_max": 6, "scale_every_ms": 500,
        "scale_boot_ms": 700 });
    let (mut singles, mut down, mut drawn) = (0, 0, 0);
    for (count, set) in [(1, json!({})), (3, json!({})), (8, json!({})), (1, growing)] {
        let mut simulation = Simulation::new(&fleet(count, set), &mut ());
        for step in 1..60 {
            let at = Time::from_ms(83.0 * f64::from(step));
            simulation.advance(at, u64::MAX, &mut ());
            let Node::Servers(servers) = &simulation.world().nodes()[2] else { panic!("no servers") };
            let (all, booting) = (u32::from(servers.in_service()), servers.booting() as u32);
            let is_down =
                |member: u16| simulation.world().condition(switchyard::sim::Place { node: 2, member }).down;
            let up: Vec<u16> = (0..all as u16).filter(|member| !is_down(*member)).collect();
            let busy: u32 = up.iter().map(|member| servers.machines()[*member as usize].busy()).sum();
            // One that is twice as slow does half as much.
            let slow = at > Time::from_ms(3000.0);
            let machines = up.len() as f64 - if slow { 0.5 } else { 0.0 };
            let cost = format!("cost {}", figures::short(1.5 * f64::from(all + booting)));
            let costs = [format!("{cost} per h"), format!("{cost}/h")];
            let capacity = figures::with_unit(Some(machines * 50.0), "req/s");
            for size in SIZES {
                let what = format!("{all} machines at {} ms at {size:?}", at.ms());
                for card in cards(&picture(&simulation, size), 2) {
                    card.assert_legible(&what);
                    let texts: Vec<&str> = card.texts().iter().map(|label| label.text.as_str()).collect();
                    let has = |said: &str| texts.iter().any(|text| text.contains(said));
                    assert!(
                        costs.iter().any(|cost| has(cost)) && has(&capacity),
                        "{what}: {cost} {capacity} {texts:?}"
                    );
                    let workers = 4 * up.len();
                    let said =
                        [format!("{busy} of {workers} workers busy"), format!("{busy}/{workers} busy")];
                    assert!(said.iter().any(|said| has(said)), "{what}: {busy} {texts:?}");
                    assert_eq!(has("single point"), all == 1 && booting == 0, "{what}: {texts:?}");
                    assert_eq!(
                        has(&format!("{} of {all}", up.len())),
                        (up.len() as u32) < all,
                        "{what}: {texts:?}"
                    );
                    (singles, down) = (singles + u32::from(has("single")), down + u32::from(has(" up")));
                    drawn += 1;
                }
            }
        }
    }
    assert!(drawn > 700 && singles > 100 && down > 50, "{drawn} {singles} {down}");
}
