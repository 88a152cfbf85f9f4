//! What a node shows of how its keys are divided: at many instants of real runs, for every policy of the table,
//! against the policy itself and against counting by hand.

mod common;

use common::record::{change, scenario};
use serde_json::{Value, json};
use switchyard::algo::choice::PolicyChoice;
use switchyard::algo::ring::{self, Key, Members, Partition, Way};
use switchyard::node::division::{Division, KEYS_SHOWN};
use switchyard::node::station::Inside;
use switchyard::play::Session;
use switchyard::run::snapshot::NodeState;
use switchyard::scenario::Checked;
use switchyard::scene::geometry::rect;
use switchyard::scene::instrument::Moment;
use switchyard::scene::instrument::places::{POINTS_EXACT, Segment, segments};
use switchyard::scene::instrument::ring::places;
use switchyard::scene::{Palette, Readings, Shape, View, describe, figures, insides, stage, svg};
use switchyard::sim::Time;

/// Clients, a cache or store of four members that has five from 2000 ms and three from 4000 ms on.
fn run(kind: &str, policy: impl Into<Value>) -> Session {
    let clients = json!({ "id": "c", "kind": "clients", "rate_per_s": 100,
        "keys": { "kind": "uniform", "count": 600 }, "to": ["n"] });
    let mut node = json!({ "id": "n", "kind": kind, "count": 4, "partitioner": policy.into() });
    let mut nodes = vec![clients];
    if kind == "cache" {
        node["to"] = json!(["o"]);
        node["capacity"] = json!(50);
        nodes.push(node);
        nodes.push(json!({ "id": "o", "kind": "servers", "workers": 500 }));
    } else {
        // Of several replicas the stage shows what each holds.
        node["replicas"] = json!(1);
        nodes.push(node);
    }
    let changes: Vec<Value> =
        [(2000.0, 5), (4000.0, 3)].map(|(at, count)| change(at, "n", json!({ "count": count }))).to_vec();
    Session::new(scenario(json!(nodes), json!([]), json!(changes)))
}

fn at(session: &mut Session, ms: f64) -> Division {
    session.advance(Time::from_ms(ms), u64::MAX);
    shown(session)
}

fn shown(session: &Session) -> Division {
    match &session.snapshot().nodes[1].state {
        NodeState::Station(station) => match &station.inside {
            Inside::Ring(division) => (**division).clone(),
            other => panic!("the inside is {other:?}"),
        },
        other => panic!("a station is {other:?}"),
    }
}

/// The policy as the node should have built it, member by member: with so many, one time after the other.
fn policy(kind: &str, id: &str, counts: &[usize]) -> (Box<dyn Partition>, Members) {
    let entry = ring::find(id).unwrap();
    let mut policy = (entry.build)(&PolicyChoice::new(id).resolve("ring").unwrap());
    let between = if kind == "cache" { "-" } else { "/" };
    let members = |count: usize| Members::named((1..=count).map(|number| format!("n{between}{number}")));
    counts.iter().for_each(|count| policy.rebuild(&members(*count)));
    (policy, members(*counts.last().unwrap()))
}

/// All but the bounded ring: where that puts a key depends on the loads as well, which a policy built here
/// does not know. `tests/cache.rs` and `tests/store/moves.rs` hold what it knows of them.
fn placing_by_key_alone() -> impl Iterator<Item = &'static ring::Entry> {
    ring::TABLE.iter().filter(|entry| entry.info.id != "bounded-ring")
}

#[test]
fn what_is_shown_is_what_the_policy_says() {
    for kind in ["cache", "store"] {
        for entry in placing_by_key_alone() {
            let (id, mut session) = (entry.info.id, run(kind, entry.info.id));
            let counts = [4, 5, 3];
            for (era, ms) in
                [(0, 300.0), (0, 1900.0), (1, 2000.0), (1, 2600.0), (1, 3900.0), (2, 4000.1), (2, 5500.0)]
            {
                let division = at(&mut session, ms);
                let (now, members) = policy(kind, id, &counts[..=era]);
                assert_eq!(division.now.seen, now.inspect(&members), "{kind} {id} at {ms}");
                assert_eq!(division.now.members, (0..counts[era] as u16).collect::<Vec<_>>());
                let owner =
                    |policy: &dyn Partition, key| policy.owner(&Key::number(key, policy.hashing())) as u16;
                let before = (era > 0).then(|| policy(kind, id, &counts[..era]).0);
                assert!(!division.keys.is_empty() && division.keys.len() <= KEYS_SHOWN);
                for it in division.keys.iter().chain(&division.latest) {
                    assert_eq!(it.owner, owner(&*now, it.key), "{kind} {id}");
                    assert_eq!(it.before, before.as_ref().map(|before| owner(&**before, it.key)));
                    assert_eq!(it.place, now.place(&Key::number(it.key, now.hashing())));
                }
                let latest = division.latest.expect("keys were asked for").key;
                assert_eq!(division.way, now.way(&Key::number(latest, now.hashing())));
                assert_eq!(
                    matches!(division.way, Way::Place),
                    !["rendezvous", "jump", "multi-probe"].contains(&id)
                );
                assert_eq!(division.before.is_some(), era > 0);
            }
        }
    }
}

/// Requests by owner, and what a change moves, counted by hand from the keys that were asked for.
#[test]
fn loads_and_moves_are_counted_right() {
    for entry in placing_by_key_alone() {
        let id = entry.info.id;
        let mut session = run("cache", id);
        let mut keys = vec![];
        let (four, _) = policy("cache", id, &[4]);
        let mut asked = vec![0; 4];
        // The last one steps over the change.
        while session.now() < Time::from_ms(1900.0) {
            let before = shown(&session);
            session.step_event();
            let after = shown(&session);
            if before.asked != after.asked {
                let key = after.latest.unwrap().key;
                keys.push(key);
                asked[four.owner(&Key::number(key, four.hashing()))] += 1;
                let found = (0..4).map(|member| after.asked_of(member)).collect::<Vec<u32>>();
                assert_eq!(found, asked, "{id}");
            }
        }
        assert!(keys.len() > 100, "{id}: {}", keys.len());
        let changed = at(&mut session, 2000.0);
        let moved = changed.moved.expect("keys were known");
        assert_eq!(changed.changed, Time::from_ms(2000.0));
        assert!(moved.of > 90 && moved.moved <= moved.of, "{id}: {moved:?}");
        // Four of five keys move with modulo when a fifth member comes; 4 deviations of a sample.
        let expected = 0.8 * f64::from(moved.of);
        assert!(
            (f64::from(moved.with_modulo) - expected).abs() < 4.0 * libm::sqrt(0.16 * f64::from(moved.of))
        );
        match id {
            "modulo" => assert_eq!(moved.moved, moved.with_modulo),
            // All of these keys are below 600, and `range` divides 10 000.
            "range" | "scan-by-name" => assert_eq!(moved.moved, 0, "{id}"),
            _ => {
                let part = f64::from(moved.moved) / f64::from(moved.of);
                assert!((0.08..0.36).contains(&part), "{id}: {moved:?}");
            }
        }
    }
}

/// The stage with this division, as text that a browser shows.
#[test]
fn gallery() {
    let Ok(folder) = std::env::var("STAGE_GALLERY") else { return };
    let choices = ring::TABLE.iter().map(|entry| (entry.info.id, json!(entry.info.id)));
    let few = json!({ "id": "ring", "points": 7 });
    for (name, choice) in choices.chain([("few", few)]) {
        for kind in ["cache", "store"] {
            let mut session = run(kind, choice.clone());
            for ms in [1900.0, 2030.0, 3000.0] {
                session.advance(Time::from_ms(ms), u64::MAX);
                for (width, height) in [(770.0, 500.0), (1100.0, 640.0), (366.0, 640.0)] {
                    let view = View { width, height, ..View::default() };
                    let picture = stage(&session.snapshot(), &Readings::default(), &view);
                    for (suffix, palette) in [("light", Palette::LIGHT), ("dark", Palette::DARK)] {
                        let svg = svg::svg(&picture.all_shapes(), &palette, width, height);
                        let name = format!("{kind}-{name}-{ms}-{width}-{suffix}");
                        std::fs::write(format!("{folder}/{name}.svg"), svg).unwrap();
                    }
                }
            }
        }
    }
}

/// Where the picture says that a place is somebody's, the policy says so too, before and after each change.
#[test]
fn the_picture_covers_the_circle_once_and_by_the_right_owner() {
    let few = json!({ "id": "ring", "points": 7 });
    for choice in ring::TABLE.iter().map(|entry| json!(entry.info.id)).chain([few]) {
        for kind in ["cache", "store"] {
            let mut session = run(kind, choice.clone());
            for ms in [500.0, 1900.0, 2000.0, 2030.0, 3000.0, 4000.0, 5500.0] {
                let division = at(&mut session, ms);
                let view = View::default();
                let drawn = places(&division, Moment { now: Time::from_ms(ms), view: &view });
                assert!((0.0..=1.0).contains(&drawn.eased));
                let parts = segments(drawn.now, drawn.before);
                let length: f64 = parts.iter().map(|it| it.to - it.from).sum();
                let marked = division.keys.iter().filter(|it| it.place.is_some());
                if parts.is_empty() {
                    assert_eq!(marked.count(), 0, "{choice}");
                    continue;
                }
                assert!(
                    (length - 1.0).abs() < 1e-9 && parts.windows(2).all(|pair| pair[0].to == pair[1].from)
                );
                let exact = division.now.seen.points_total <= POINTS_EXACT;
                for it in marked {
                    let place = it.place.unwrap();
                    // On a circle a point owns what lies at it and before it, on a line what lies at it and behind.
                    let inside = |part: &&Segment| match division.now.seen.circle {
                        true => (place > part.from && place <= part.to) || place + 1.0 <= part.to,
                        false => place >= part.from && place < part.to,
                    };
                    let part = parts.iter().find(inside).expect("every place is somebody's");
                    assert!(!exact || part.owner == it.owner, "{choice} at {ms}: {it:?} in {part:?}");
                    let compared = exact && !division.now.seen.zones && division.before.is_some();
                    // Multi-probe's nearest probe may be another one than before.
                    if compared && division.now.policy != "multi-probe" {
                        assert_eq!(part.before.is_some(), it.has_moved(), "{choice} at {ms}: {it:?}");
                    }
                }
                for (cell, owner) in division.now.seen.cells.iter().enumerate().filter(|_| !exact) {
                    let middle = (cell as f64 + 0.5) / 360.0;
                    let part = parts.iter().find(|part| part.from < middle && middle < part.to).unwrap();
                    assert_eq!(u32::from(part.owner), *owner);
                }
            }
        }
    }
}

/// Every text is on the panel and none runs into another, whatever the size.
#[test]
fn what_is_written_can_be_read() {
    let few = json!({ "id": "ring", "points": 7 });
    for choice in ring::TABLE.iter().map(|entry| json!(entry.info.id)).chain([few]) {
        for kind in ["cache", "store"] {
            let mut session = run(kind, choice.clone());
            for ms in [0.0, 1900.0, 2030.0, 4500.0] {
                session.advance(Time::from_ms(ms), u64::MAX);
                let snapshot = session.snapshot();
                for (width, height) in [(770.0, 500.0), (1100.0, 640.0), (640.0, 420.0), (366.0, 640.0)] {
                    let view = View { width, height, ..View::default() };
                    let picture = stage(&snapshot, &Readings::default(), &view);
                    let scale = picture.layout.scale;
                    let card = picture.layout.yards[1].rect;
                    let card = rect(card.x * scale, card.y * scale, card.width * scale, card.height * scale);
                    let what = format!("{kind} {choice} at {ms}, {width} × {height}");
                    let texts = picture.shapes.iter().filter_map(|shape| match shape {
                        Shape::Text(label) if card.contains(label.at) => Some(label),
                        _ => None,
                    });
                    let texts: Vec<_> = texts.collect();
                    assert!(texts.len() > 5, "{what}");
                    for (index, one) in texts.iter().enumerate() {
                        assert!(one.rect().inside(card), "{what}: {:?} leaves the card", one.text);
                        for other in &texts[index + 1..] {
                            let apart = !one.rect().overlaps(other.rect());
                            assert!(apart, "{what}: {:?} runs into {:?}", one.text, other.text);
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn the_stage_says_it_in_words() {
    let mut session = run("cache", "ring");
    session.advance(Time::from_ms(1900.0), u64::MAX);
    let words = |session: &Session| describe(&session.snapshot(), &Readings::default());
    assert!(words(&session).contains("Keys are divided among 4 members: Hash ring."), "{}", words(&session));
    session.advance(Time::from_ms(2100.0), u64::MAX);
    let moved = shown(&session).moved.unwrap();
    let percent = |count: u32| figures::percent(f64::from(count) / f64::from(moved.of));
    let wanted = format!(
        "Keys are divided among 5 members: Hash ring. The last change of members moved {} of the keys; modulo would have \
         moved {}.",
        percent(moved.moved),
        percent(moved.with_modulo)
    );
    assert!(words(&session).contains(&wanted), "{}", words(&session));
}

/// The line of the instrument says whose the last key is and what each member was asked, as the node counts it.
#[test]
fn the_instrument_is_told_as_it_is_drawn() {
    for policy in ["modulo", "ring", "rendezvous", "jump", "maglev", "multi-probe"] {
        let mut session = run("cache", policy);
        for step in 1..8 {
            session.advance(Time::from_ms(390.0 * f64::from(step)), u64::MAX);
            let division = shown(&session);
            let lines = insides(&session.snapshot());
            let line = lines.iter().find(|line| line.contains("Keys are divided")).expect("its line");
            let latest = division.latest.unwrap();
            let owner = format!("Key {} belongs to member {}.", latest.key, latest.owner + 1);
            assert!(line.contains(&owner), "{owner} {line}");
            let total: u32 = division.now.members.iter().map(|member| division.asked_of(*member)).sum();
            let share = |member: &u16| {
                let share = f64::from(division.asked_of(*member)) / f64::from(total);
                format!("{} {}", member + 1, figures::percent(share))
            };
            let shares: Vec<String> = division.now.members.iter().map(share).collect();
            assert!(line.contains(&format!("by member: {}.", shares.join(", "))), "{shares:?} {line}");
            let most = division.max_over_mean().unwrap();
            assert!(line.contains(&format!("The most is {most:.2} times the mean.")), "{most} {line}");
            // And each member's own lists.
            let own = lines.iter().filter(|line| line.contains("places taken")).count();
            let NodeState::Station(station) = &session.snapshot().nodes[1].state else {
                panic!("no station")
            };
            assert_eq!(own, station.members.len(), "{lines:?}");
        }
    }
}

/// The popular tenth of the keys is another one every ten seconds.
#[test]
fn keys_are_shown_that_were_asked_for_lately() {
    let lab = switchyard::labs::LABS.iter().find(|lab| lab.id == "sharding/which-key").unwrap();
    let mut session = Session::new(Checked::parse(lab.scenario).unwrap());
    for tenth in 0..4 {
        let division = at(&mut session, 10_000.0 * f64::from(tenth) + 8000.0);
        let popular = division.keys.iter().filter(|it| it.key / 1000 == tenth).count();
        assert!(division.keys.len() == KEYS_SHOWN && popular > KEYS_SHOWN * 6 / 10, "{tenth}: {popular}");
    }
}
