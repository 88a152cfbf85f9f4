//! Every kind of stage as SVG: each is whole and every place on it is a number. To look at them, have
//! `STAGE_GALLERY=folder cargo test --lib gallery` write them.

use super::system::*;
use crate::run::snapshot::*;
use crate::scene::*;
use crate::sim::{Outcome, Place, Time};

/// Checks a picture's SVG, and writes it if a folder is named.
pub fn keep(name: &str, image: &str) {
    assert!(image.starts_with("<svg") && image.trim_end().ends_with("</svg>"), "{name} is not whole");
    assert!(!image.contains("NaN") && !image.contains("inf"), "{name} has a place that is no number");
    if let Ok(folder) = std::env::var("STAGE_GALLERY") {
        std::fs::write(format!("{folder}/{name}.svg"), image).expect("the folder can be written");
    }
}

fn save(name: &str, picture: &Picture, (width, height): (f64, f64)) {
    for (suffix, palette) in [("light", Palette::LIGHT), ("dark", Palette::DARK)] {
        keep(&format!("{name}-{suffix}"), &svg::svg(&picture.all_shapes(), &palette, width, height));
    }
}

#[test]
fn gallery() {
    let wide = (800.0, 520.0);
    let phone = (390.0, 560.0);
    for (size, width, height) in
        [("wide", 800.0, 520.0), ("phone", 390.0, 560.0), ("small", 640.0, 420.0), ("large", 1100.0, 700.0)]
    {
        for servers in [1, 2, 4, 8, 16, 100] {
            let system = System::new(servers).overloaded();
            save(&format!("{size}-{servers}"), &system.picture(width, height), (width, height));
        }
    }
    let crashed = System::new(4).overloaded().crashed();
    save("crashed", &crashed.picture(wide.0, wide.1), wide);
    save("crashed-phone", &crashed.picture(phone.0, phone.1), phone);
    let still = View {
        reduced_motion: true,
        selected: Some(Target::Member { node: SERVERS, member: 2 }),
        ..View::default()
    };
    save("still", &stage(&crashed.snapshot, &crashed.readings, &still), wide);
    let mut busy = System::new(16).overloaded();
    busy.under_way(30_000);
    save("busy", &busy.picture(wide.0, wide.1), wide);
    let many = System::new(1000).overloaded().crashed();
    save("thousand", &many.picture(wide.0, wide.1), wide);
    save("odd", &odd().picture(wide.0, wide.1), wide);
    save("odd-phone", &odd().picture(phone.0, phone.1), phone);
}

/// Two pools, a cut link, long names, many clients, large queues, lost and abandoned requests.
pub fn odd() -> System {
    let mut system = System::new(4);
    let mut second = system.snapshot.nodes[SERVERS].clone();
    second.id = "static".into();
    second.name = "Static file server".into();
    if let NodeState::Servers(servers) = &mut second.state {
        servers.members.truncate(2);
        servers.members[0] = MemberView { frozen: true, ..member(1, 64, 20, 130, 256) };
    }
    system.snapshot.nodes.push(second);
    system.snapshot.links.push(LinkView { from: LB, to: 3, cut: true });
    let balancer = system.balancer();
    balancer.policy = "Weighted least connections".into();
    let mut pool = balancer.pools[0].clone();
    pool.node = 3;
    balancer.pools.push(pool);
    if let NodeState::Clients(clients) = &mut system.snapshot.nodes[0].state {
        (clients.rate_per_s, clients.clients, clients.waiting) =
            (None, 5000, (0..64).map(|n| n % 3).collect());
        clients.arrivals = "5 000 users".into();
    }
    system.members()[0].workers[0] = Some(WorkView { request: 9, progress: 0.6, abandoned: true, source: 0 });
    let now = system.snapshot.now;
    for (index, dot) in system.snapshot.dots.iter_mut().enumerate() {
        dot.abandoned = index % 7 == 0;
        if index % 6 == 1 && dot.way == Way::Back {
            dot.outcome = Outcome::Crashed;
        }
        if index % 9 == 4 {
            (dot.way, dot.due) = (Way::Lost, Time::from_ms(now.ms() + 990.0));
        }
    }
    system.readings.ended_by[Outcome::TimedOut as usize] = 4;
    for n in 0..4 {
        system.readings.falls.push(Fall {
            request: n,
            at: Time::from_ms(now.ms() - 8.0 * n as f64),
            outcome: Outcome::TimedOut,
            spot: Spot::Place(Place { node: 0, member: 0 }),
        });
    }
    system
}
