//! Snapshots made by hand.

use crate::algo::balance::Inspection;
use crate::run::snapshot::*;
use crate::scene::*;
use crate::sim::{Outcome, Place, Time, mix};

/// The system of the picture: clients, a balancer, servers, and something under way everywhere.
pub struct System {
    pub snapshot: Snapshot,
    pub readings: Readings,
}

pub const LB: usize = 1;
pub const SERVERS: usize = 2;

fn share(seed: u64) -> f64 {
    (mix(seed) >> 40) as f64 / (1u64 << 24) as f64
}

pub fn member(number: u32, workers: usize, busy: usize, queued: u32, places: u32) -> MemberView {
    let work = |worker: usize| {
        (worker < busy).then(|| WorkView {
            request: 1000 * number as u64 + worker as u64,
            progress: share((number as u64) << 8 | worker as u64),
            abandoned: false,
            source: 0,
        })
    };
    MemberView {
        number,
        workers: (0..workers).map(work).collect(),
        queue: (0..queued as u64).map(|n| 5000 + n).collect(),
        queued,
        queue_places: places,
        weight: 1,
        speed: 1.0,
        slow: 1.0,
        ..MemberView::default()
    }
}

impl System {
    pub fn new(servers: usize) -> System {
        let members: Vec<MemberView> =
            (1..=servers as u32).map(|n| member(n, 4, 1 + (n as usize) % 3, (n + 1) % 3 / 2, 16)).collect();
        let clients = ClientsView {
            rate_per_s: Some(180.0),
            clients: 12,
            waiting: (0..12).map(|n| (n % 5 != 2) as u32).collect(),
            arrivals: "Poisson".into(),
            ..ClientsView::default()
        };
        let pool = PoolView {
            node: SERVERS,
            inspection: Inspection {
                next: servers.min(3).checked_sub(1),
                note: format!("next → {}", servers.min(3)),
                ..Inspection::default()
            },
            eligible: vec![true; servers],
            in_flight: vec![1; servers],
            weight: vec![1; servers],
            kept: None,
        };
        let balancer =
            BalancerView { policy_id: "round-robin".into(), policy: "Round robin".into(), pools: vec![pool] };
        let node =
            |id: &str, name: &str, kind, state| NodeView { id: id.into(), name: name.into(), kind, state };
        let snapshot = Snapshot {
            now: Time::from_ms(12_480.0),
            nodes: vec![
                node("clients", "Clients", "clients", NodeState::Clients(clients)),
                node("lb", "Load balancer", "balancer", NodeState::Balancer(balancer)),
                node(
                    "servers",
                    "Servers",
                    "servers",
                    NodeState::Servers(ServersView { members, ..ServersView::default() }),
                ),
            ],
            links: vec![
                LinkView { from: 0, to: LB, cut: false },
                LinkView { from: LB, to: SERVERS, cut: false },
            ],
            issued: 2231,
            in_flight: 40,
            ..Snapshot::default()
        };
        let mut system = System { snapshot, readings: Readings::default() };
        system.readings.members = vec![vec![], vec![], (0..servers).map(|n| system.reading(n)).collect()];
        system.under_way(40);
        system
    }

    fn reading(&mut self, member: usize) -> MemberReading {
        let p99 = 95.0 + 20.0 * share(member as u64 + 99);
        let of = MemberReading::of(&self.members()[member]);
        let utilisation = 0.35 + 0.3 * share(member as u64 + 7);
        MemberReading {
            p99_ms: Some(p99),
            utilisation,
            status: Status::of(utilisation, 0.0, 16).max(of.status.min(Status::Calm)),
            per_s: None,
        }
    }

    pub fn members(&mut self) -> &mut Vec<MemberView> {
        match &mut self.snapshot.nodes[SERVERS].state {
            NodeState::Servers(servers) => &mut servers.members,
            _ => unreachable!("the third node has members"),
        }
    }

    pub fn balancer(&mut self) -> &mut BalancerView {
        match &mut self.snapshot.nodes[LB].state {
            NodeState::Balancer(balancer) => balancer,
            _ => unreachable!("the second node is the balancer"),
        }
    }

    /// This many calls and answers, spread over both links.
    pub fn under_way(&mut self, count: u64) {
        let servers = self.members().len();
        let now = self.snapshot.now;
        let dot = |n: u64| {
            let link = (n % 3 != 0) as usize;
            let span = 1000.0;
            let departed = Time::from_ms(now.ms() - span * (0.02 + 0.96 * share(n * 31 + 5)));
            let to = if link == 0 { 0 } else { (mix(n) % servers.max(1) as u64) as u16 };
            Dot {
                request: n + 1,
                link,
                from: Place { node: link as u16, member: 0 },
                to: Place { node: link as u16 + 1, member: to },
                way: if n % 5 < 3 { Way::Out } else { Way::Back },
                departed,
                due: Time::from_ms(departed.ms() + span),
                outcome: Outcome::Ok,
                abandoned: false,
                probe: false,
            }
        };
        self.snapshot.dots = (0..count).map(dot).collect();
        self.snapshot.under_way = count;
    }

    /// Member 3 is five times slower, its queue full, and refuses.
    pub fn overloaded(mut self) -> System {
        let index = 2.min(self.members().len() - 1);
        let number = index as u32 + 1;
        self.members()[index] = MemberView { slow: 5.0, ..member(number, 4, 4, 16, 16) };
        self.readings.members[SERVERS][index] =
            MemberReading { p99_ms: Some(2612.0), utilisation: 1.0, status: Status::Over, per_s: None };
        self.readings.ended_by[Outcome::QueueFull as usize] = 7;
        self.readings.ended_by[Outcome::Ok as usize] = 2000;
        for n in 0..7 {
            self.readings.falls.push(Fall {
                request: 2000 + n,
                at: Time::from_ms(self.snapshot.now.ms() - 11.0 * n as f64 - 4.0),
                outcome: Outcome::QueueFull,
                spot: Spot::Place(Place { node: SERVERS as u16, member: index as u16 }),
            });
        }
        self
    }

    /// The last member is down and taken out.
    pub fn crashed(mut self) -> System {
        let last = self.members().len() - 1;
        let workers = self.members()[last].workers.len();
        let number = last as u32 + 1;
        self.members()[last] = MemberView { down: true, ..member(number, workers, 0, 0, 16) };
        self.readings.members[SERVERS][last] = MemberReading::default();
        if let Some(eligible) = self.balancer().pools[0].eligible.get_mut(last) {
            *eligible = false;
        }
        self.readings.ended_by[Outcome::Crashed as usize] = 3;
        self.readings.falls.push(Fall {
            request: 1999,
            at: Time::from_ms(self.snapshot.now.ms() - 12.0),
            outcome: Outcome::Crashed,
            spot: Spot::Place(Place { node: SERVERS as u16, member: last as u16 }),
        });
        self
    }

    pub fn view(width: f64, height: f64) -> View {
        View { width, height, ..View::default() }
    }

    pub fn picture(&self, width: f64, height: f64) -> Picture {
        stage(&self.snapshot, &self.readings, &System::view(width, height))
    }
}
