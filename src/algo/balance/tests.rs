//! What every balancing policy must do, whatever is thrown at it; and helpers for the policies' tests.

use super::*;
use crate::algo::setting::Value;
use crate::sim::Purpose;
use proptest::prelude::*;

/// The policy with its default knobs, ready for `backends`.
pub(super) fn policy(id: &str, backends: &Backends) -> Box<dyn Balance> {
    let entry = find(id).expect("a policy of the table");
    let mut policy = (entry.build)(&Knobs::defaults(entry.info.knobs));
    policy.rebuild(backends);
    policy
}

pub(super) fn pick_with(
    policy: &mut Box<dyn Balance>,
    client: u32,
    backends: &Backends,
    random: &mut Stream,
) -> Pick {
    policy.pick(&Ask { now: Time::ZERO, client, key: client }, backends, random)
}

/// A pick for which chance does not matter.
pub(super) fn pick(policy: &mut Box<dyn Balance>, client: u32, backends: &Backends) -> Pick {
    pick_with(policy, client, backends, &mut Stream::new(1, "pick", Purpose::Policy))
}

/// Requests that are all held: the picks in order, and how many each backend has got.
pub(super) fn held(
    id: &str,
    knobs: &Knobs,
    weights: &[u32],
    requests: u32,
    seed: u64,
) -> (Vec<usize>, Vec<u32>) {
    let mut backends = Backends::with_weights(weights);
    let mut policy = (find(id).expect("a policy of the table").build)(knobs);
    policy.rebuild(&backends);
    let mut random = Stream::new(seed, "held", Purpose::Policy);
    let mut one = |request| {
        let backend = pick_with(&mut policy, request, &backends, &mut random).backend;
        backends.in_flight[backend] += 1;
        backend
    };
    let picks = (0..requests).map(&mut one).collect();
    (picks, backends.in_flight)
}

pub(super) fn counts(id: &str, weights: &[u32], requests: u32) -> Vec<u32> {
    held(id, &Knobs::default(), weights, requests, 1).1
}

/// The picks as letters: the first backend is A.
pub(super) fn names(id: &str, weights: &[u32], requests: u32) -> String {
    let picks = held(id, &Knobs::default(), weights, requests, 1).0;
    picks.into_iter().map(|backend| char::from(b'A' + backend as u8)).collect()
}

/// The id that each of the clients (and keys) 0, 1, … gets.
pub(super) fn owners(policy: &mut Box<dyn Balance>, backends: &Backends, clients: u32) -> Vec<u32> {
    let mut random = Stream::new(1, "owners", Purpose::Policy);
    (0..clients).map(|client| backends.id[pick_with(policy, client, backends, &mut random).backend]).collect()
}

/// Something that happens to a balancer. Numbers are taken modulo what there is.
#[derive(Clone, Debug)]
enum Event {
    Pick { client: u32 },
    Finish { nth: usize, ok: bool },
    Wait { ns: u64 },
    Eligible { nth: usize, eligible: bool },
    Weight { nth: usize, weight: u32 },
    Scale { up: bool },
    Add { weight: u32 },
    Remove { nth: usize },
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let nth = 0..64usize;
    let event = prop_oneof![
        12 => (0..50u32).prop_map(|client| Event::Pick { client }),
        6 => (nth.clone(), any::<bool>()).prop_map(|(nth, ok)| Event::Finish { nth, ok }),
        4 => (0..5_000_000_000u64).prop_map(|ns| Event::Wait { ns }),
        3 => (nth.clone(), any::<bool>()).prop_map(|(nth, eligible)| Event::Eligible { nth, eligible }),
        2 => (nth.clone(), 1..=256u32).prop_map(|(nth, weight)| Event::Weight { nth, weight }),
        1 => any::<bool>().prop_map(|up| Event::Scale { up }),
        1 => (1..=256u32).prop_map(|weight| Event::Add { weight }),
        1 => nth.prop_map(|nth| Event::Remove { nth }),
    ];
    prop::collection::vec(event, 1..200)
}

/// A balancer's side of the contract.
struct World {
    backends: Backends,
    policy: Box<dyn Balance>,
    random: Stream,
    now: Time,
    ids: u32,
    /// Requests in flight: the backend's id and when they were sent.
    in_flight: Vec<(u32, Time)>,
}

impl World {
    fn new(entry: &Entry) -> World {
        let backends = Backends::with_weights(&[1, 5, 3]);
        let mut policy = (entry.build)(&Knobs::defaults(entry.info.knobs));
        policy.rebuild(&backends);
        let random = Stream::new(5, "world", Purpose::Policy);
        World { backends, policy, random, now: Time::ZERO, ids: 3, in_flight: vec![] }
    }

    fn happens(&mut self, event: &Event) {
        let n = self.backends.len();
        match *event {
            Event::Pick { client } if self.backends.eligible_count > 0 => self.pick(client),
            Event::Finish { nth, ok } if !self.in_flight.is_empty() => {
                let (id, sent) = self.in_flight.remove(nth % self.in_flight.len());
                if let Some(backend) = self.backends.id.iter().position(|other| *other == id) {
                    self.backends.in_flight[backend] -= 1;
                    self.policy.finished(backend, self.now.since(sent), ok, self.now);
                }
            }
            Event::Wait { ns } => self.now = self.now + Span(ns),
            Event::Eligible { nth, eligible } if n > 0 => self.backends.set_eligible(nth % n, eligible),
            Event::Weight { nth, weight } if n > 0 => self.backends.weight[nth % n] = weight,
            Event::Scale { up } => {
                let scaled =
                    |weight: &u32| if up { (weight * 100).min(25_600) } else { (weight / 100).max(1) };
                self.backends.weight = self.backends.weight.iter().map(scaled).collect();
            }
            Event::Add { weight } => {
                self.ids += 1;
                self.backends.push(self.ids, weight);
            }
            Event::Remove { nth } if n > 0 => self.backends.remove(nth % n),
            _ => {}
        }
        let changes = !matches!(event, Event::Pick { .. } | Event::Finish { .. } | Event::Wait { .. });
        if changes {
            self.policy.rebuild(&self.backends);
        }
    }

    fn pick(&mut self, client: u32) {
        let foretold = self.policy.inspect(&self.backends, self.now).next;
        let ask = Ask { now: self.now, client, key: client };
        let (mut twin, mut twins_random) = (self.policy.clone(), self.random.clone());
        let pick = self.policy.pick(&ask, &self.backends, &mut self.random);
        assert!(self.backends.eligible[pick.backend], "{} is not eligible", pick.backend);
        assert_eq!(twin.pick(&ask, &self.backends, &mut twins_random), pick, "a clone picks the same");
        assert!(
            foretold.is_none_or(|next| next == pick.backend),
            "{foretold:?} was shown as next, got {pick:?}"
        );
        confirm(&pick, &self.backends);
        self.backends.in_flight[pick.backend] += 1;
        self.in_flight.push((self.backends.id[pick.backend], self.now));
    }

    fn confirm_shown(&self) {
        self.policy.check(&self.backends).expect("the policy's invariants");
        let shown = self.policy.inspect(&self.backends, self.now);
        for column in &shown.columns {
            assert_eq!(column.values.len(), self.backends.len(), "{}", column.name);
            assert!(column.values.iter().all(|value| value.is_finite()), "{column:?}");
            if column.unit == "%" && self.backends.eligible_count > 0 {
                assert!((column.values.iter().sum::<f64>() - 100.0).abs() < 1e-6, "{column:?}");
            }
        }
    }
}

/// The reason given is true: compared with every backend, by brute force.
fn confirm(pick: &Pick, backends: &Backends) {
    let id = backends.id[pick.backend];
    let of = |wanted: u32| backends.id.iter().position(|id| *id == wanted).expect("an id that exists");
    let eligible: Vec<usize> = backends.eligible().collect();
    let loads = || eligible.iter().map(|&backend| backends.in_flight[backend]);
    assert!(pick.why.sentence(id).ends_with('.'));
    match pick.why {
        Why::Fewest { in_flight } => {
            assert_eq!(Some(in_flight), loads().min());
            assert_eq!(in_flight, backends.in_flight[pick.backend]);
        }
        Why::FewestPerWeight { in_flight, weight } => {
            assert_eq!(
                (in_flight, weight),
                (backends.in_flight[pick.backend], backends.weight[pick.backend])
            );
            let ratio = f64::from(in_flight) / f64::from(weight);
            let ratios =
                eligible.iter().map(|&b| f64::from(backends.in_flight[b]) / f64::from(backends.weight[b]));
            assert!(ratios.fold(f64::MAX, f64::min) >= ratio);
        }
        Why::FewerOfTwo { first, first_in_flight, second, second_in_flight } => {
            assert_ne!(first, second);
            assert_eq!(first_in_flight, backends.in_flight[of(first)]);
            assert_eq!(second_in_flight, backends.in_flight[of(second)]);
            assert_eq!(id, if second_in_flight < first_in_flight { second } else { first });
            assert!(backends.eligible[of(first)] && backends.eligible[of(second)]);
        }
        Why::LowerScore { first, first_us, second, second_us } => {
            assert_ne!(first, second);
            assert!(if id == first { first_us <= second_us } else { id == second && second_us <= first_us });
            assert!(backends.eligible[of(first)] && backends.eligible[of(second)]);
        }
        Why::Drawn { among } => assert!(among == 1 || among as usize == eligible.len()),
        Why::WeightedTurn { weight, .. } => assert_eq!(weight, backends.weight[pick.backend]),
        Why::InterleavedTurn { threshold, weight } => {
            assert_eq!(weight, backends.weight[pick.backend]);
            assert!(weight >= threshold && threshold > 0);
        }
        Why::HashSkipped { skipped, .. } => assert!(skipped > 0 && eligible.len() < backends.len()),
        Why::HashFull { own, in_flight, most, .. } => {
            assert!(own != id && backends.eligible[of(own)] && u64::from(in_flight) >= most);
            assert_eq!(in_flight, backends.in_flight[of(own)]);
        }
        Why::Stuck | Why::Turn | Why::FewestDrawn { .. } | Why::Hash { .. } => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn every_policy_keeps_the_contract(events in events()) {
        for entry in TABLE {
            let mut world = World::new(entry);
            for event in &events {
                world.happens(event);
                world.confirm_shown();
            }
        }
    }

    /// A clone taken anywhere goes on with the same picks.
    #[test]
    fn a_clone_goes_on_alike(before in events(), after in prop::collection::vec(0..50u32, 1..60)) {
        for entry in TABLE {
            let mut world = World::new(entry);
            before.iter().for_each(|event| world.happens(event));
            if world.backends.eligible_count == 0 {
                continue;
            }
            let mut twin = World { backends: world.backends.clone(), policy: world.policy.clone(),
                random: world.random.clone(), in_flight: vec![], ..world };
            for client in after.iter().copied() {
                world.pick(client);
                twin.pick(client);
            }
            prop_assert_eq!(&world.backends, &twin.backends, "{}", entry.info.id);
        }
    }
}

#[test]
fn the_ids_that_scenarios_name_are_all_there() {
    let ids: Vec<&str> = TABLE.iter().map(|entry| entry.info.id).collect();
    let promised = "round-robin weighted-interleaved weighted-smooth least-connections \
        weighted-least-connections random two-choices ip-hash consistent-hash maglev peak-ewma";
    assert_eq!(ids.join(" "), promised);
    for entry in TABLE {
        let info = entry.info;
        assert!(info.summary.ends_with('.') && !info.source.is_empty(), "{}", info.id);
        assert!(info.knobs.iter().all(|knob| knob.default_value().is_some() && knob.help.ends_with('.')));
    }
}

#[test]
fn the_nth_eligible_is_the_nth_of_the_list() {
    let mut backends = Backends::with_weights(&[1; 300]);
    (0..300).filter(|backend| backend % 7 < 3).for_each(|backend| backends.set_eligible(backend, false));
    let listed: Vec<usize> = backends.eligible().collect();
    assert_eq!(listed.len(), backends.eligible_count);
    let counted: Vec<usize> = (0..listed.len()).map(|nth| backends.nth_eligible(nth)).collect();
    assert_eq!(counted, listed);
}

/// What does not go by weight or load is even: with c picks of mean m, all within four deviations.
#[test]
fn random_is_even() {
    let counts = counts("random", &[1, 200, 3, 4], 40_000);
    assert!(counts.iter().all(|&count| (f64::from(count) - 10_000.0).abs() < 4.0 * 86.6), "{counts:?}");
}

/// A thousand backends, a hundredfold weights and only the last one up: every policy finds it.
#[test]
fn a_thousand_backends_with_one_left() {
    let mut backends = Backends::with_weights(&[25_600; 1000]);
    for entry in TABLE {
        let mut policy = policy(entry.info.id, &backends);
        (0..999).for_each(|backend| backends.set_eligible(backend, false));
        policy.rebuild(&backends);
        for client in 0..20 {
            assert_eq!(pick(&mut policy, client, &backends).backend, 999, "{}", entry.info.id);
        }
        (0..999).for_each(|backend| backends.set_eligible(backend, true));
    }
}

/// Whom a pick drew and took, and where its hash fell, are shown as they were.
#[test]
fn what_is_shown_of_a_pick_is_what_it_did() {
    for entry in TABLE {
        let mut backends = Backends::with_weights(&[3, 1, 2, 1, 1]);
        let mut knobs = Knobs::defaults(entry.info.knobs);
        // Few places, so that a sample shows most of them.
        knobs.set("points", Value::Number(1.0));
        knobs.set("table", Value::Word("251"));
        let mut policy = (entry.build)(&knobs);
        policy.rebuild(&backends);
        let (mut drew, mut hashed, mut led) = (0, 0, 0);
        let mut random = Stream::new(5, "shown", Purpose::Policy);
        for client in 0..400 {
            let before = policy.inspect(&backends, Time::ZERO);
            let pick = pick_with(&mut policy, client, &backends, &mut random);
            assert!(before.next.is_none_or(|next| next == pick.backend), "{}", entry.info.id);
            let after = policy.inspect(&backends, Time::ZERO);
            if let Why::FewerOfTwo { first, second, .. } | Why::LowerScore { first, second, .. } = pick.why {
                let ids: Vec<u32> = after.drawn.iter().map(|index| backends.id[*index]).collect();
                assert_eq!((ids, after.taken), (vec![first, second], Some(pick.backend)));
                drew += 1;
            }
            if let Some(places) = after.places {
                let (number, at) = places.last.expect("a request was placed");
                assert_eq!((number, after.taken), (client, Some(pick.backend)), "{}", entry.info.id);
                let shown = places.owners[(at * places.owners.len() as f64) as usize];
                assert!(places.owners.iter().all(|owner| (*owner as usize) < backends.len()));
                led += u32::from(shown == pick.backend as u32);
                hashed += 1;
            }
            backends.in_flight[pick.backend] += 1;
        }
        match entry.info.id {
            "two-choices" | "peak-ewma" => assert_eq!(drew, 400),
            // Eight places, all shown.
            "ip-hash" => assert_eq!((hashed, led), (400, 400)),
            "consistent-hash" => assert!(hashed == 400 && led > 380, "{led}"),
            "maglev" => assert!(hashed == 400 && led > 200, "{led}"),
            _ => assert_eq!((drew, hashed), (0, 0)),
        }
    }
}

/// Where the key alone decides, it is known beforehand whom a request for it would get.
#[test]
fn a_key_leads_where_its_requests_go() {
    let backends = Backends::with_weights(&[1, 2, 1, 3]);
    let mut random = Stream::new(1, "keys", Purpose::Policy);
    let mut known = 0;
    for entry in TABLE {
        let has_key = entry.info.knobs.iter().any(|knob| knob.name == "by");
        for by in ["key", "client"] {
            let mut knobs = Knobs::defaults(entry.info.knobs);
            if has_key {
                knobs.set("by", Value::Word(by));
            }
            let mut policy = (entry.build)(&knobs);
            policy.rebuild(&backends);
            for key in 0..300 {
                let foretold = policy.leads_to(key, &backends);
                assert_eq!(foretold.is_some(), has_key && by == "key", "{}", entry.info.id);
                let ask = Ask { key, client: 7, ..Ask::default() };
                let pick = policy.pick(&ask, &backends, &mut random);
                assert!(foretold.is_none_or(|foretold| foretold == pick), "{} {key}", entry.info.id);
                known += u32::from(foretold.is_some());
            }
        }
    }
    assert_eq!(known, 600);
}
