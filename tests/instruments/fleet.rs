//! The sign that says what machines are together.

use super::*;
use switchyard::scene::figures;
use switchyard::scene::geometry::point;

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
                    let said = [
                        format!("{busy} of {} busy", figures::count(workers as u64, "worker", "workers")),
                        format!("{busy}/{workers} busy"),
                    ];
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

/// A lab as it is at that time.
fn lab(id: &str, at_ms: f64) -> Simulation {
    let lab = switchyard::labs::find(id).expect("it is in the table");
    let mut simulation = Simulation::new(&Checked::parse(lab.scenario).expect("it is allowed"), &mut ());
    simulation.advance(Time::from_ms(at_ms), u64::MAX, &mut ());
    simulation
}

/// On a narrow stage tracks pass behind a sign, and so does what travels on them.
#[test]
fn no_dot_runs_over_the_words_of_a_sign() {
    let mut hidden = 0;
    for step in 0..40 {
        let simulation = lab("scaling/adding-machines", 2000.0 + 37.0 * f64::from(step));
        let snapshot = simulation.snapshot();
        let picture = picture(&simulation, (366.0, 507.0));
        let layout = &picture.layout;
        // Those of the app's machines and the ledger's: the nodes behind the balancer.
        let signs: Vec<Rect> = layout.yards.iter().skip(2).filter_map(|yard| yard.inside).collect();
        let over = |marks: &[switchyard::scene::Mark], scale: f64| {
            let at = |mark: &switchyard::scene::Mark| point(mark.at.x / scale, mark.at.y / scale);
            let is_over = |at| signs.iter().any(|sign: &Rect| sign.contains(at));
            marks.iter().filter(|mark| is_over(at(mark))).count()
        };
        assert_eq!(over(&picture.marks, layout.scale), 0, "step {step}");
        hidden += over(&switchyard::scene::dots::marks(&snapshot.dots, snapshot.now, layout, 1), 1.0);
    }
    assert!(hidden > 10, "{hidden}");
}

/// The style sheet's heights of a stage on a phone that is 390 pixels wide; whatever stands there reaches far down.
#[test]
fn no_stage_is_blank_in_its_lower_part_on_a_phone() {
    use switchyard::scene::Height;
    for lab_ in switchyard::labs::LABS {
        let simulation = lab(lab_.id, 3000.0);
        let height = match scene::height(&simulation.snapshot()) {
            Height::Low => 359.0,
            Height::Usual => 460.0,
            Height::High => 507.0,
            Height::Highest => 604.0,
        };
        let layout = picture(&simulation, (366.0, height)).layout;
        let lowest = layout.yards.iter().map(|yard| yard.rect.bottom()).fold(0.0, f64::max);
        assert!(lowest > 0.78 * layout.height, "{}: {lowest} of {}", lab_.id, layout.height);
    }
}
