//! What instruments draw is what the policies hold, in real runs and at many instants.
//!
//! To look at the pictures: `STAGE_GALLERY=folder cargo test --test instruments`.

mod common;
#[path = "instruments/fleet.rs"]
mod fleet;
#[path = "instruments/payments.rs"]
mod payments;
#[path = "instruments/queries.rs"]
mod queries;
#[path = "instruments/rows.rs"]
mod rows;
#[path = "instruments/services.rs"]
mod services;
#[path = "instruments/transfers.rs"]
mod transfers;

use common::record::scenario;
use serde_json::{Value, json};
use switchyard::algo::setting::Knobs;
use switchyard::algo::{balance, cache, limit};
use switchyard::node::Node;
use switchyard::node::queue::Delivery;
use switchyard::node::station::{CacheView, Inside, LimitView};
use switchyard::run::Simulation;
use switchyard::run::snapshot::{NodeState, PoolView};
use switchyard::scenario::Checked;
use switchyard::scene::geometry::{Point, Rect};
use switchyard::scene::palette::Ink;
use switchyard::scene::shape::{Anchor, Label, Shape};
use switchyard::scene::yard::Density;
use switchyard::scene::{self, Palette, Picture, Readings, View};
use switchyard::sim::Time;

const SIZES: [(f64, f64); 5] =
    [(770.0, 500.0), (1100.0, 700.0), (640.0, 420.0), (390.0, 700.0), (390.0, 560.0)];

fn cached(policy: &str, set: Value) -> Checked {
    let mut node =
        json!({ "id": "cache", "kind": "cache", "eviction": policy, "capacity": 16, "to": ["origin"] });
    if policy == "ttl" {
        node["ttl_ms"] = json!(600);
    }
    for (name, value) in set.as_object().unwrap() {
        node[name] = value.clone();
    }
    let nodes = json!([
        { "id": "clients", "kind": "clients", "rate_per_s": 200, "keys": { "kind": "zipf", "count": 60, "s": 0.9 },
          "mix": [{ "path": "/", "write_share": 0.1 }], "to": ["cache"] },
        node,
        { "id": "origin", "kind": "servers", "workers": 8, "queue": 50, "service_ms": { "dist": "constant", "value": 10 } },
    ]);
    scenario(nodes, json!([{ "from": "clients", "to": "cache", "latency_ms": 5 }]), json!([]))
}

fn limited(policy: &str, set: Value) -> Checked {
    let mut node =
        json!({ "id": "limiter", "kind": "limiter", "policy": { "id": policy }, "to": ["origin"] });
    for (name, value) in set.as_object().unwrap() {
        node[name] = value.clone();
    }
    let nodes = json!([
        { "id": "clients", "kind": "clients", "rate_per_s": 14, "arrivals": "bursty", "clients": 12, "to": ["limiter"] },
        node,
        { "id": "origin", "kind": "servers", "workers": 8, "queue": 50,
          "service_ms": { "dist": "exponential", "mean": 400 } },
    ]);
    scenario(nodes, json!([{ "from": "clients", "to": "limiter", "latency_ms": 5 }]), json!([]))
}

fn picture(simulation: &Simulation, (width, height): (f64, f64)) -> Picture {
    let view = View { width, height, ..View::default() };
    scene::stage(&simulation.snapshot(), &Readings::default(), &view)
}

/// What is drawn on one card, in painting order and in the layout's units.
struct Card<'a> {
    rect: Rect,
    shapes: Vec<&'a Shape>,
    factor: f64,
}

impl<'a> Card<'a> {
    fn texts(&self) -> Vec<&'a Label> {
        let label = |shape: &&'a Shape| match *shape {
            Shape::Text(label) if !label.text.is_empty() => Some(label),
            _ => None,
        };
        self.shapes.iter().filter_map(label).collect()
    }

    /// Keys, and what stands for those that are not shown: "k17", "… 812 more", "+ 5 free".
    fn words(&self) -> Vec<&'a str> {
        let word = |text: &str| {
            let key = text.strip_prefix('k').is_some_and(|digits| digits.parse::<u32>().is_ok());
            key || text.starts_with('…') || (text.starts_with('+') && text.ends_with("free"))
        };
        self.texts().into_iter().map(|label| label.text.as_str()).filter(|text| word(text)).collect()
    }

    /// Circles filled with this ink, as radii in the layout's units.
    fn discs(&self, ink: Ink) -> Vec<(f64, f64, f64)> {
        let disc = |shape: &&Shape| match shape {
            Shape::Circle { center, radius, fill: Some(fill), .. }
                if fill.ink == ink && fill.alpha == 1.0 =>
            {
                Some((center.x * self.factor, center.y * self.factor, radius * self.factor))
            }
            _ => None,
        };
        self.shapes.iter().filter_map(disc).collect()
    }

    fn assert_legible(&self, what: &str) {
        let texts = self.texts();
        let card = Rect {
            x: self.rect.x / self.factor,
            y: self.rect.y / self.factor,
            width: self.rect.width / self.factor,
            height: self.rect.height / self.factor,
        };
        for (index, one) in texts.iter().enumerate() {
            assert!(one.rect().inside(card), "{what}: {:?} leaves the card", one.text);
            for other in &texts[index + 1..] {
                let apart = !one.rect().overlaps(other.rect());
                assert!(apart, "{what}: {:?} runs into {:?}", one.text, other.text);
            }
        }
    }
}

fn cards<'a>(picture: &'a Picture, node: usize) -> Vec<Card<'a>> {
    let yard = &picture.layout.yards[node];
    let rects = match (yard.inside, yard.density) {
        (Some(rect), _) => vec![rect],
        (None, Density::Instrument) => yard.cards.clone(),
        _ => vec![],
    };
    let factor = 1.0 / picture.layout.scale;
    let center = |shape: &Shape| match shape {
        Shape::Rect { rect, .. } => Some(rect.center()),
        Shape::Circle { center, .. } | Shape::Cross { center, .. } => Some(*center),
        Shape::Polygon { points, .. } | Shape::Polyline { points, .. } => points.first().copied(),
        Shape::Text(label) => Some(label.rect().center()),
        _ => None,
    };
    let on = |rect: Rect| {
        let inside = |shape: &&Shape| {
            center(shape).is_some_and(|at| rect.contains(Point { x: at.x * factor, y: at.y * factor }))
        };
        Card { rect, shapes: picture.shapes.iter().filter(inside).collect(), factor }
    };
    rects.into_iter().map(on).collect()
}

/// Every key that is shown stands once, in its list's order, and what is not shown is counted. Returns the keys
/// shown with their marks, ghosts apart.
fn assert_lists(card: &Card<'_>, view: &CacheView, what: &str) -> Vec<(u32, Option<u32>)> {
    let words = card.words();
    let mut at = 0;
    let mut shown = vec![];
    let (mut free, mut cut) = (0, false);
    for list in &view.held.lists {
        let name = |key: &u32| format!("k{key}");
        let from = at;
        let mut here: Vec<usize> = vec![];
        while list.keys.get(at - from).is_some_and(|key| words.get(at) == Some(&name(key).as_str())) {
            here.push(at - from);
            at += 1;
        }
        if here.len() < list.len as usize {
            let note = words.get(at).and_then(|word| word.strip_prefix("… ")?.strip_suffix(" more"));
            let hidden: usize =
                note.unwrap_or_else(|| panic!("{what}: {:?} {words:?}", list.name)).parse().unwrap();
            at += 1;
            cut = true;
            for index in here.len() + hidden..list.len as usize {
                assert_eq!(words[at], name(&list.keys[index]), "{what}: the end of {}", list.name);
                here.push(index);
                at += 1;
            }
            assert_eq!(here.len() + hidden, list.len as usize, "{what}: {}", list.name);
        }
        if let Some(more) = words.get(at).and_then(|word| word.strip_prefix("+ ")?.strip_suffix(" free")) {
            free += more.parse::<usize>().unwrap();
            at += 1;
        }
        if !list.ghost {
            shown.extend(here.into_iter().map(|index| (list.keys[index], list.marks.get(index).copied())));
        }
    }
    assert_eq!(at, words.len(), "{what}: {words:?}");
    let empty = |shape: &&&Shape| {
        matches!(shape, Shape::Rect { fill: Some(fill), line: Some(line), .. }
            if fill.ink == Ink::Empty && line.ink == Ink::Line)
    };
    free += card.shapes.iter().filter(empty).count();
    let places = (view.capacity - view.entries) as usize;
    assert!(if cut { free <= places } else { free == places }, "{what}: {free} places of {places}");
    shown
}

fn assert_cache(card: &Card<'_>, view: &CacheView, what: &str) {
    card.assert_legible(what);
    let shown = assert_lists(card, view, what);
    let lirs = view.policy == "lirs";
    let held = |key: u32, mark: Option<u32>| !(lirs && mark == Some(0)) && key < u32::MAX;
    let hit = view.last.filter(|last| last.1).map(|last| last.0);
    let hits = shown.iter().filter(|(key, mark)| Some(*key) == hit && held(*key, *mark)).count();
    let expired = |key: u32| view.lives.iter().any(|life| life.0 == key && life.1 <= 0.0);
    let ink = if view.last_stale { Ink::WaitingText } else { Ink::OkText };
    let glows = |shape: &&&Shape| matches!(shape, Shape::Rect { fill: Some(fill), .. } if fill.ink == ink);
    if hit.is_none_or(|key| !expired(key)) {
        assert_eq!(card.shapes.iter().filter(glows).count(), hits, "{what}: what was hit glows");
    }
    let dots: u32 = match view.policy {
        "clock" | "sieve" | "s3-fifo" => shown.iter().map(|(_, mark)| mark.unwrap_or(0).min(3)).sum(),
        _ => 0,
    };
    let marks = card.discs(Ink::Ink).len() + card.discs(Ink::OnStrong).len();
    assert_eq!(marks, dots as usize, "{what}: marks");
    let dirty = shown.iter().filter(|(key, _)| view.unflushed.contains(key)).count();
    let wanted = dirty + usize::from(view.unflushed_count > 0);
    assert_eq!(card.discs(Ink::Waiting).len(), wanted, "{what}: writes kept");
    for list in &view.held.lists {
        let Some(hand) = list.hand else { continue };
        let hands = card.shapes.iter().filter_map(|shape| match shape {
            Shape::Polygon { points, fill: Some(fill), .. } if fill.ink == Ink::Failed => Some(points[0]),
            _ => None,
        });
        let hands: Vec<Point> = hands.collect();
        assert_eq!(hands.len(), 1, "{what}: one hand");
        let over = card.texts().into_iter().filter(|label| {
            let at = label.rect().center();
            (at.x - hands[0].x).abs() < 0.6 && at.y < hands[0].y
        });
        let nearest = over.max_by(|a, b| a.at.y.total_cmp(&b.at.y));
        let wanted = format!("k{}", list.keys[hand as usize]);
        if let Some(label) = nearest.filter(|label| label.text.starts_with('k')) {
            assert_eq!(label.text, wanted, "{what}: the hand");
        }
    }
}

/// The numbers of the keys that are named, in order.
fn keys_in(words: &str) -> Vec<u32> {
    let number = |word: &str| {
        let key = word.split(' ').find(|word| word.starts_with('k'))?;
        key.strip_prefix('k')?.parse().ok()
    };
    words.split(", ").filter_map(number).collect()
}

/// The line of a cache tells each list as the policy shows it: its length, first keys, last key and hand.
fn assert_cache_words(line: &str, view: &CacheView, what: &str) {
    let parts: Vec<&str> = line.split_once(": ").expect("a name").1.split("; ").collect();
    assert_eq!(parts[0], format!("{} of {} places taken", view.entries, view.capacity), "{what}");
    for list in &view.held.lists {
        let start = format!("{} {}", list.name, list.len);
        let part = parts.iter().find(|part| {
            part.strip_prefix(start.as_str())
                .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
        });
        let part = part.unwrap_or_else(|| panic!("{what}: {start} in {line}"));
        assert_eq!(part.contains("gone but remembered"), list.ghost, "{what}: {part}");
        let mut wanted: Vec<u32> = list.keys.iter().copied().take(6).collect();
        let last = list.keys.last().filter(|_| list.len > 6 && list.keys.len() == list.len as usize);
        wanted.extend(last);
        let hand = list.hand.and_then(|hand| list.keys.get(hand as usize));
        wanted.extend(hand);
        assert_eq!(part.contains("the hand at"), hand.is_some(), "{what}: {part}");
        let words = part.split_once(": ").map_or("", |it| it.1);
        assert_eq!(keys_in(words), wanted, "{what}: {part}");
        let more =
            list.len as usize - list.keys.len().min(6).min(list.len as usize) - usize::from(last.is_some());
        assert_eq!(part.contains(&format!("{more} more")), more > 0, "{what}: {part}");
        if matches!(view.policy, "clock" | "sieve") {
            let marked =
                (0..list.keys.len()).filter(|at| *at < 6 || (last.is_some() && at + 1 == list.keys.len()));
            let marked = marked.filter(|at| list.marks[*at] > 0).count();
            let said = part.matches(if view.policy == "clock" { " used" } else { " visited" }).count();
            assert_eq!(said, marked, "{what}: {part}");
        }
    }
    if let Some((key, hit)) = view.last {
        let verdict = match (hit, view.last_stale) {
            (true, true) => "hit, but old",
            (true, false) => "hit",
            (false, _) => "missed",
        };
        assert!(parts.contains(&format!("k{key} {verdict}").as_str()), "{what}: {line}");
    }
    if view.unflushed_count > 0 {
        let part =
            parts.iter().find(|part| part.contains("kept: ")).unwrap_or_else(|| panic!("{what}: {line}"));
        let wanted: Vec<u32> = view.unflushed.iter().copied().take(6).collect();
        assert_eq!(keys_in(part.split_once(": ").unwrap().1), wanted, "{what}: {part}");
    }
}

/// The views of a node's insides, as its cards stand.
fn caches(simulation: &Simulation) -> Vec<CacheView> {
    let snapshot = simulation.snapshot();
    let NodeState::Station(station) = &snapshot.nodes[1].state else { panic!("no station") };
    let views = station.members.iter().filter_map(|member| match &member.inside {
        Inside::Cache(view) => Some((**view).clone()),
        _ => None,
    });
    views.collect()
}

#[test]
fn every_cache_is_drawn_as_it_is() {
    let settings = [
        json!({ "capacity": 16 }),
        json!({ "capacity": 40, "ttl_ms": 300, "strategy": "write-behind", "flush_every_ms": 200 }),
        json!({ "capacity": 9, "count": 3, "strategy": "write-behind", "flush_every_ms": 700 }),
        json!({ "capacity": 500 }),
    ];
    let mut drawn = 0;
    for entry in cache::TABLE.iter().filter(|entry| entry.info.id != "min") {
        for (number, set) in settings.iter().enumerate() {
            let mut simulation = Simulation::new(&cached(entry.info.id, set.clone()), &mut ());
            for step in 0..24 {
                simulation.advance(Time::from_ms(37.0 * f64::from(step * step)), u64::MAX, &mut ());
                let views = caches(&simulation);
                // How several divide the keys has a picture of its own, in place of theirs.
                let mut snapshot = simulation.snapshot();
                let lines = scene::insides(&snapshot);
                for (number, view) in views.iter().enumerate() {
                    let name = format!("Cache {}: ", number + 1);
                    let line = lines.iter().find(|line| {
                        line.starts_with(&name) || (views.len() == 1 && line.starts_with("Cache"))
                    });
                    let line = line.unwrap_or_else(|| panic!("{name}: {lines:?}"));
                    assert_cache_words(line, view, &format!("{} step {step}", entry.info.id));
                }
                if let NodeState::Station(station) = &mut snapshot.nodes[1].state {
                    station.inside = Inside::Nothing;
                }
                for size in SIZES {
                    let view = View { width: size.0, height: size.1, ..View::default() };
                    let picture = scene::stage(&snapshot, &Readings::default(), &view);
                    let what = format!("{} {number} step {step} at {size:?}", entry.info.id);
                    for (card, view) in cards(&picture, 1).iter().zip(&views) {
                        assert_cache(card, view, &what);
                        drawn += 1;
                    }
                }
            }
        }
    }
    assert!(drawn > 5000, "{drawn} cards");
}

/// The policy that knows the future has no place in a run: its picture by itself.
#[test]
fn the_optimum_is_drawn_as_it_is() {
    let knobs = Knobs::defaults(&[]);
    let mut policy = (cache::find("min").unwrap().build)(12, &knobs);
    let keys: Vec<u32> = (0..600u32).map(|n| n * n % 31).collect();
    policy.foresee(&keys);
    let mut simulation = Simulation::new(&cached("lru", json!({ "capacity": 12 })), &mut ());
    simulation.advance(Time::from_ms(100.0), u64::MAX, &mut ());
    let mut snapshot = simulation.snapshot();
    for key in keys {
        policy.access(key, &mut switchyard::sim::Stream::new(1, "", switchyard::sim::Purpose::Policy));
        let held = policy.inspect();
        let view =
            CacheView { policy: "min", held, entries: policy.len(), capacity: 12, ..CacheView::default() };
        let NodeState::Station(station) = &mut snapshot.nodes[1].state else { panic!("no station") };
        station.members[0].inside = Inside::Cache(Box::new(view.clone()));
        let view_of = View { width: 770.0, height: 500.0, ..View::default() };
        let picture = scene::stage(&snapshot, &Readings::default(), &view_of);
        assert_cache(&cards(&picture, 1)[0], &view, "min");
    }
}

fn limiter(simulation: &Simulation) -> LimitView {
    let snapshot = simulation.snapshot();
    let NodeState::Station(station) = &snapshot.nodes[1].state else { panic!("no station") };
    let Inside::Limit(view) = &station.inside else { panic!("no limit") };
    (**view).clone()
}

fn assert_limit(card: &Card<'_>, view: &LimitView, what: &str) {
    card.assert_legible(what);
    let texts: Vec<String> = card.texts().iter().map(|label| label.text.replace('\u{202f}', "")).collect();
    assert!(texts.contains(&format!("{} passed", view.passed_count)), "{what}: {texts:?}");
    let state = &view.state;
    match view.policy {
        "token-bucket" | "token-bucket-whole-seconds" | "leaky-meter" | "leaky-queue" => {
            let units = card.discs(Ink::Request).into_iter().filter(|disc| disc.2 > 2.7).count();
            assert_eq!(units as f64, (state.level + 1e-9).floor(), "{what}: units");
        }
        "gcra" => {
            let arrival = card.discs(Ink::RequestText)[0];
            let now = card
                .texts()
                .into_iter()
                .find(|label| label.text == "now")
                .map(|label| label.at.x * card.factor);
            if let Some(now) = now {
                // 1.66 bursts are as wide as the card without its margins.
                let wanted = state.level / state.most / 1.66 * (card.rect.width - 24.0);
                assert!((arrival.0 - now - wanted).abs() < 1.0, "{what}: {} {wanted}", arrival.0 - now);
            }
        }
        "fixed-window" => {
            let window = state.window.unwrap();
            let length = window.to.since(window.from);
            assert!(texts.contains(&format!("{} of {}", state.level, state.most)), "{what}: {texts:?}");
            if view.since == Time::ZERO && window.from.0 >= length.0 {
                let start = Time(window.from.0 - length.0);
                let counted = view.passed.iter().filter(|at| **at >= start && **at < window.from).count();
                assert!(texts.contains(&format!("{counted} of {}", state.most)), "{what}: {texts:?}");
            }
        }
        "sliding-log" => {
            let green = card.discs(Ink::Ok).into_iter().filter(|disc| disc.2 > 3.2).count();
            assert!(green <= state.log.len() && (green > 0) != state.log.is_empty(), "{what}: {green}");
            assert!(texts.contains(&format!("{} of {} in the window", state.level, state.most)), "{what}");
        }
        "sliding-counter" => {
            let window = state.window.unwrap();
            let sum = format!("{} × ", window.before.unwrap());
            assert!(texts.iter().any(|text| text.starts_with(&sum)), "{what}: {texts:?}");
        }
        "concurrency" => {
            let taken = |shape: &&&Shape| {
                matches!(shape, Shape::Rect { fill: Some(fill), line: None, .. }
                if fill.ink == Ink::Request && fill.alpha == 1.0)
            };
            let bars = if view.per.is_empty() { 0 } else { usize::MAX };
            let slots = card.shapes.iter().filter(taken).count();
            assert!(bars > 0 || slots as f64 == state.level, "{what}: {slots} {}", state.level);
        }
        other => panic!("{other} has no test"),
    }
    if view.refused_count > 0 && !view.refused.is_empty() && view.policy == "sliding-log" {
        let crosses = card.shapes.iter().filter(|shape| matches!(shape, Shape::Cross { .. })).count();
        assert!(crosses >= 1, "{what}: refusals are crosses");
    }
    for it in &view.keys {
        assert!(view.per.is_empty() || view.keys.len() > 12 || it.most > 0.0, "{what}");
    }
}

/// The counts, the keys' levels, the window and the marks of time, as the policy has them.
fn assert_limit_words(line: &str, view: &LimitView) {
    let has = |words: String| assert!(line.contains(&words), "{words} in {line}");
    has(format!("; {} passed", view.passed_count));
    let waits = view.retry_after.is_some() && view.waiting == 0;
    assert_eq!(line.contains(" refused"), view.refused_count > 0 || waits, "{line}");
    if view.waiting > 0 {
        has(format!("; {} held", view.waiting));
    }
    if !view.per.is_empty() {
        has(format!("{} of {} {}s limited", view.limited, view.known, view.per));
        // Clients count from 1, under the name of their node, the only one here.
        let name = |key: u32| match view.per {
            "client" => format!("Clients {}", key % (1 << 20) + 1),
            _ => format!("key {key}"),
        };
        let begins = |name: &&str| name.starts_with("Clients ") || name.starts_with("key ");
        let told: Vec<&str> =
            line.split("; ").filter_map(|part| Some(part.split_once(": ")?.0)).filter(begins).collect();
        assert_eq!(told, view.keys.iter().map(|it| name(it.key)).collect::<Vec<_>>(), "{line}");
        for it in
            view.keys.iter().filter(|it| it.level == it.level.trunc() && it.level >= 1.0 && it.level < 1e3)
        {
            has(format!("{}: {} of ", name(it.key), it.level));
        }
    }
    if let Some(before) = view.state.window.and_then(|window| window.before) {
        has(format!("{before} in the one before"));
    }
    for mark in view.state.marks.iter().filter(|mark| mark.at > view.now) {
        // What is held takes each token that comes.
        let comes = view.waiting == 0 || mark.name != "if idle, full";
        assert_eq!(line.contains(&format!("{} in ", mark.name)), comes, "{line}");
    }
}

#[test]
fn every_limiter_is_drawn_as_it_is() {
    let settings =
        [json!({}), json!({ "per": "client" }), json!({ "when_over": "delay", "delay_max_ms": 400 })];
    let mut drawn = 0;
    for entry in limit::TABLE {
        for (number, set) in settings.iter().enumerate() {
            let mut simulation = Simulation::new(&limited(entry.info.id, set.clone()), &mut ());
            for step in 0..60 {
                simulation.advance(Time::from_ms(161.0 * f64::from(step)), u64::MAX, &mut ());
                let view = limiter(&simulation);
                let lines = scene::insides(&simulation.snapshot());
                let line = lines.iter().find(|line| line.contains(&view.state.note)).expect("its line");
                assert_limit_words(&line.replace('\u{202f}', ""), &view);
                for size in SIZES {
                    let picture = picture(&simulation, size);
                    let what = format!("{} {number} step {step} at {size:?}", entry.info.id);
                    for card in cards(&picture, 1) {
                        assert_limit(&card, &view, &what);
                        drawn += 1;
                    }
                }
            }
        }
    }
    assert!(drawn > 4000, "{drawn} cards");
}

/// A burst at the end of a window and one at the start of the next: both pass, and it is said.
#[test]
fn the_edge_of_a_fixed_window_is_marked_when_twice_the_limit_passed() {
    let rows: Vec<Value> =
        (0..20).map(|n| json!([if n < 10 { 950 + n } else { 1000 + n }, 0, 0, 1])).collect();
    let mut file = json!({ "id": "clients", "kind": "clients", "arrivals": "replay", "timeout_ms": 0, "to": ["limiter"] });
    file["replay"] = json!({ "name": "log", "paths": ["/"], "rows": rows });
    let nodes = json!([file,
        { "id": "limiter", "kind": "limiter", "policy": { "id": "fixed-window" }, "to": ["origin"] },
        { "id": "origin", "kind": "servers", "workers": 90 }]);
    let mut simulation = Simulation::new(&scenario(nodes, json!([]), json!([])), &mut ());
    simulation.advance(Time::from_ms(1100.0), u64::MAX, &mut ());
    let picture = picture(&simulation, (770.0, 500.0));
    let card = &cards(&picture, 1)[0];
    let said = card.texts().into_iter().any(|label| label.text == "20 in 1\u{a0}s, across the edge");
    assert!(said, "{:?}", card.texts());
    let words = scene::target::node_name(&simulation.snapshot().nodes[1]);
    assert!(words.contains("10 of 10") && words.contains("20 in 1\u{a0}s, across the edge"), "{words}");
}

fn balanced(policy: &str, count: usize) -> Checked {
    let nodes = json!([
        { "id": "clients", "kind": "clients", "rate_per_s": 25 * count, "clients": 30, "to": ["lb"] },
        { "id": "lb", "kind": "balancer", "policy": { "id": policy }, "health_every_ms": 300, "to": ["servers"] },
        { "id": "servers", "kind": "servers", "count": count, "workers": 2, "queue": 16,
          "service_ms": { "dist": "exponential", "mean": 80 } },
    ]);
    let links = json!([{ "from": "clients", "to": "lb", "latency_ms": 5 }, { "from": "lb", "to": "servers", "latency_ms": 5 }]);
    let changes = json!([
        { "at_ms": 0, "node": "servers/1", "set": { "weight": 3 } },
        { "at_ms": 700, "node": "servers/2", "set": { "down": true } },
        { "at_ms": 1600, "node": "servers/2", "set": { "down": false } },
    ]);
    scenario(nodes, links, changes)
}

fn pool(simulation: &Simulation) -> PoolView {
    let snapshot = simulation.snapshot();
    let NodeState::Balancer(balancer) = &snapshot.nodes[1].state else { panic!("no balancer") };
    balancer.pools[0].clone()
}

/// The number on a filled disc is whose turn it is, or whom the last pick took; figures stand beside their numbers.
fn assert_ledger(card: &Card<'_>, pool: &PoolView, what: &str) {
    card.assert_legible(what);
    let (inside, count) = (&pool.inspection, pool.eligible.len());
    let texts: Vec<&Label> = card.texts();
    let words: Vec<String> =
        texts.iter().map(|label| label.text.replace('\u{202f}', "").replace('−', "-")).collect();
    let chosen = inside.next.or(inside.taken).filter(|chosen| pool.eligible[*chosen]);
    let discs = card.discs(Ink::RequestText);
    let numbered = |at: (f64, f64, f64)| {
        let on = |label: &&&Label| {
            let center = label.rect().center();
            (center.x * card.factor - at.0).abs() < 1.0 && (center.y * card.factor - at.1).abs() < at.2
        };
        texts.iter().find(on).map(|label| label.text.parse::<usize>().expect("a number") - 1)
    };
    if let [disc] = discs[..] {
        assert_eq!(numbered(disc), chosen.or(inside.taken), "{what}: who is chosen");
    }
    if let Some(places) = &inside.places {
        let ink = |owner: &u32| match *owner {
            balance::NOBODYS => Ink::Empty,
            owner => Ink::owner(owner as usize),
        };
        let drawn = card.shapes.iter().filter_map(|shape| match shape {
            Shape::Rect { fill: Some(fill), line: None, .. } if !places.circle => Some(fill.ink),
            Shape::Polyline { line, .. } if places.circle && line.ink != Ink::Ink => Some(line.ink),
            _ => None,
        });
        let drawn: Vec<Ink> = drawn.take(places.owners.len()).collect();
        assert_eq!(drawn, places.owners.iter().map(ink).collect::<Vec<_>>(), "{what}: places");
        if let (Some((number, _)), Some(taken)) = (places.last, inside.taken) {
            assert!(words.contains(&format!("{} {number} → {}", places.by, taken + 1)), "{what}: {words:?}");
        }
        return;
    }
    let Some(column) = inside.columns.last() else {
        let numbers: Vec<String> = (1..=count).map(|number| number.to_string()).collect();
        assert_eq!(words[1..], numbers, "{what}");
        return assert_eq!(discs.len(), usize::from(chosen.is_some()), "{what}: one is next");
    };
    let values = &column.values;
    let (low, high) = values.iter().fold((0.0_f64, 0.0_f64), |(a, b), it| (a.min(*it), b.max(*it)));
    let filled = |shape: &&Shape| match *shape {
        Shape::Rect { rect, fill: Some(fill), line: None, .. } if fill.ink == Ink::Request => Some(*rect),
        _ => None,
    };
    let bars: Vec<Rect> = card.shapes.iter().filter_map(filled).collect();
    let rows = words.iter().any(|word| word == "1");
    let lengths: Vec<f64> = bars.iter().map(|bar| if rows { bar.width } else { bar.height }).collect();
    if rows {
        for (member, value) in values.iter().enumerate().filter(|(_, value)| value.abs() < 1e3) {
            // A number and a figure for each.
            let at = words.iter().position(|word| word == "1").expect("the first number") + 2 * member;
            assert_eq!(words[at], (member + 1).to_string(), "{what}: {words:?}");
            let said: f64 = words[at + 1].parse().unwrap_or_else(|_| panic!("{what}: {words:?}"));
            assert!((said - value).abs() <= value.abs() * 0.006 + 1e-9, "{what}: {said} for {value}");
        }
    }
    let longest = lengths.iter().copied().fold(0.0, f64::max);
    let widest = values.iter().map(|value| value.abs()).fold(0.0, f64::max);
    let wanted = values.iter().map(|value| value.abs() / widest.max(1e-9) * longest);
    let wanted: Vec<f64> = wanted.filter(|length| !rows || *length * card.factor >= 0.5).collect();
    assert!(low < high || lengths.len() == if rows { 0 } else { count }, "{what}");
    assert_eq!(lengths.len(), wanted.len(), "{what}: {values:?}");
    for (length, wanted) in lengths.iter().zip(wanted) {
        assert!((length - wanted).abs() < 1.2, "{what}: a bar of {length} for {wanted}");
    }
}

#[test]
fn every_balancer_is_drawn_as_it_is() {
    let mut drawn = 0;
    for entry in balance::TABLE {
        for count in [3, 12] {
            let mut simulation = Simulation::new(&balanced(entry.info.id, count), &mut ());
            for step in 0..40 {
                simulation.advance(Time::from_ms(61.0 * f64::from(step)), u64::MAX, &mut ());
                let pool = pool(&simulation);
                let lines = scene::insides(&simulation.snapshot());
                if let Some(column) =
                    pool.inspection.columns.last().filter(|_| pool.inspection.places.is_none())
                {
                    let line =
                        lines.iter().find(|line| line.starts_with("Load balancer: ")).expect("its line");
                    // The last of them is the one that is compared: "1: 3, 2: 0".
                    let figures = line.rsplit_once(column.name).unwrap_or_else(|| panic!("{line}")).1;
                    for (member, value) in
                        column.values.iter().enumerate().filter(|(_, value)| value.abs() < 100.0)
                    {
                        let said = figures.split(", ").find_map(|part| {
                            let part = part.rsplit_once("ms ").map_or(part, |it| it.1).trim();
                            part.strip_prefix(&format!("{}: ", member + 1))
                        });
                        let said: f64 =
                            said.unwrap_or_else(|| panic!("{line}")).replace('−', "-").parse().unwrap();
                        assert!((said - value).abs() <= value.abs() * 0.006 + 1e-6, "{line}: {value}");
                    }
                }
                for size in SIZES {
                    let what = format!("{} of {count} step {step} at {size:?}", entry.info.id);
                    for card in cards(&picture(&simulation, size), 1) {
                        assert_ledger(&card, &pool, &what);
                        drawn += 1;
                    }
                }
                let name = scene::target::node_name(&simulation.snapshot().nodes[1]);
                if let Some(column) =
                    pool.inspection.columns.last().filter(|_| pool.inspection.places.is_none())
                {
                    assert!(name.contains(column.name), "{name}");
                }
                if let (Some(taken), true) = (pool.inspection.taken, step > 2) {
                    assert!(name.contains(&format!("→ {}", taken + 1)), "{name}");
                }
            }
        }
    }
    assert!(drawn > 4000, "{drawn} panels");
}

/// Where clients come back to the server that they had, it is shown how many each server has.
#[test]
fn those_who_come_back_are_counted_on_the_ledger() {
    for (settings, what) in [
        (json!({ "sticky": "cookie" }), "cookies"),
        (json!({ "sticky": "client", "sticky_ms": 5000 }), "addresses"),
        (json!({ "layer": "4", "connection_requests": 1000 }), "connections"),
    ] {
        let set = |checked: Checked, (name, value): (&String, &Value)| {
            switchyard::scenario::paths::with(&checked, &format!("lb.{name}"), value.clone()).unwrap()
        };
        let checked = settings.as_object().unwrap().iter().fold(balanced("round-robin", 3), set);
        let mut simulation = Simulation::new(&checked, &mut ());
        for step in 1..40 {
            simulation.advance(Time::from_ms(61.0 * f64::from(step)), u64::MAX, &mut ());
            let pool = pool(&simulation);
            let (by, kept) = pool.kept.as_ref().expect("some come back");
            assert_eq!(*by, what);
            assert!(kept.iter().sum::<u32>() <= 30, "{kept:?}");
            let out = kept.iter().zip(&pool.eligible).filter(|(_, eligible)| !**eligible);
            assert!(out.into_iter().all(|(kept, _)| *kept == 0), "{kept:?} {:?}", pool.eligible);
            // All thirty have been there by then.
            assert!(step < 39 || kept.iter().sum::<u32>() == 30, "{kept:?}");
            let said: Vec<String> =
                (1..).zip(kept).map(|(server, count)| format!("{server}: {count}")).collect();
            let lines = scene::insides(&simulation.snapshot());
            let said = format!("{what} {}", said.join(", "));
            assert!(lines.iter().any(|line| line.contains(&said)), "{said}: {lines:?}");
            for size in SIZES {
                for card in cards(&picture(&simulation, size), 1) {
                    let texts: Vec<&str> =
                        card.texts().into_iter().map(|label| label.text.as_str()).collect();
                    card.assert_legible(what);
                    assert!(texts[0].starts_with(what), "{texts:?}");
                    // Where rows have no room there are columns, with a figure for one of them.
                    if texts.len() <= 2 {
                        continue;
                    }
                    let figures: Vec<u32> = texts[1..].iter().map(|text| text.parse().unwrap()).collect();
                    let wanted: Vec<u32> =
                        (1..).zip(kept).flat_map(|(server, count)| [server, *count]).collect();
                    assert_eq!(figures, wanted, "{texts:?}");
                }
            }
        }
    }
    assert_eq!(pool(&Simulation::new(&balanced("round-robin", 3), &mut ())).kept, None);
}

/// What the oracle counted of a cache stands on its card.
#[test]
fn stale_hits_and_lost_writes_stand_on_the_cache() {
    let mut seen = [false; 2];
    for (id, variant) in
        [("caching/ttl-and-refresh", 0), ("caching/write-strategies", 0), ("caching/write-strategies", 2)]
    {
        let lab = switchyard::labs::LABS.iter().find(|lab| lab.id == id).unwrap();
        let checked = Checked::parse(lab.scenario).unwrap();
        let (_, varied) = switchyard::scenario::variants(&checked).swap_remove(variant);
        let mut session = switchyard::play::Session::new(varied);
        for step in 1..=20 {
            session.advance(Time::from_ms(1500.0 * f64::from(step)), u64::MAX);
            let snapshot = session.snapshot();
            let cache = snapshot.nodes.iter().position(|node| node.kind == "cache").unwrap();
            let NodeState::Station(station) = &snapshot.nodes[cache].state else { panic!("no station") };
            let Inside::Cache(view) = &station.members[0].inside else { panic!("no cache") };
            let counts = &session.summary().nodes["cache"].counts;
            assert_eq!(
                (view.stale, view.lost),
                (counts["stale_reads"], counts["lost_writes"]),
                "{id} {step}"
            );
            let page = View { width: 770.0, height: 500.0, ..View::default() };
            let picture = scene::stage(&snapshot, &Readings::default(), &page);
            let card = &cards(&picture, cache)[0];
            card.assert_legible(id);
            let texts: Vec<String> =
                card.texts().iter().map(|label| label.text.replace('\u{202f}', "")).collect();
            // In as many words as there is room for.
            let says =
                |forms: [String; 2]| texts.iter().any(|text| forms.iter().any(|form| text.starts_with(form)));
            let (stale, lost) = (view.stale, view.lost);
            let says_stale = says([format!("{stale} stale, "), format!("{stale} stale")]);
            // Beside lost writes there may be no room.
            assert!(says_stale == (stale > 0) || lost > 0, "{texts:?}");
            assert_eq!(says([format!("{lost} writes lost"), format!("{lost} lost")]), lost > 1, "{texts:?}");
            seen = [seen[0] || view.stale > 0, seen[1] || view.lost > 1];
        }
    }
    assert_eq!(seen, [true; 2]);
}

/// A balancer that routes by path has a pool behind each of its ways, and a panel for each.
#[test]
fn each_pool_of_a_balancer_has_a_panel() {
    for (pools, policy) in
        [(2, "least-connections"), (3, "round-robin"), (3, "consistent-hash"), (2, "peak-ewma")]
    {
        let ids: Vec<String> = (1..=pools).map(|nth| format!("s{nth}")).collect();
        let routes: Vec<Value> = ids.iter().map(|id| json!({ "path": format!("/{id}"), "to": id })).collect();
        let mix: Vec<Value> = ids.iter().map(|id| json!({ "path": format!("/{id}"), "share": 1 })).collect();
        let mut nodes = vec![
            json!({ "id": "clients", "kind": "clients", "rate_per_s": 120, "clients": 30, "mix": mix, "to": ["lb"] }),
            json!({ "id": "lb", "kind": "balancer", "policy": { "id": policy }, "layer": "7", "routes": routes, "to": ids }),
        ];
        nodes.extend(ids.iter().map(|id| {
            json!({ "id": id, "kind": "servers", "name": format!("Pool {id}"), "count": 3, "workers": 2, "queue": 16,
                "service_ms": { "dist": "exponential", "mean": 60 } })
        }));
        let mut simulation = Simulation::new(&scenario(json!(nodes), json!([]), json!([])), &mut ());
        let mut shown = 0;
        for step in 1..20 {
            simulation.advance(Time::from_ms(97.0 * f64::from(step)), u64::MAX, &mut ());
            let snapshot = simulation.snapshot();
            let NodeState::Balancer(balancer) = &snapshot.nodes[1].state else { panic!("no balancer") };
            assert_eq!(balancer.pools.len(), pools, "{policy}");
            let told = scene::insides(&snapshot);
            for size in SIZES {
                let picture = picture(&simulation, size);
                let Some(room) = picture.layout.yards[1].inside else { continue };
                let what = format!("{policy} {pools} step {step} at {size:?}");
                let panels = scene::ledger::panels(balancer, room);
                let factor = 1.0 / picture.layout.scale;
                for (index, (pool, rect)) in panels.iter().enumerate() {
                    let own = |shape: &&Shape| match shape {
                        Shape::Text(label) => {
                            let at = label.rect().center();
                            rect.contains(Point { x: at.x * factor, y: at.y * factor })
                        }
                        _ => false,
                    };
                    let card =
                        Card { rect: *rect, shapes: picture.shapes.iter().filter(own).collect(), factor };
                    card.assert_legible(&what);
                    let heading = card.texts()[0].text.clone();
                    let name = &snapshot.nodes[pool.node].name;
                    assert!(heading.starts_with(name.as_str()) || heading.contains('…'), "{what}: {heading}");
                    assert!(panels[..index].iter().all(|(_, other)| !other.overlaps(*rect)), "{what}");
                    assert!(rect.inside(room), "{what}: {rect:?} {room:?}");
                }
                // On a wide stage with room below the hexagon all have one.
                if size == SIZES[1] {
                    assert_eq!(panels.len(), pools, "{what}");
                    shown += 1;
                }
            }
            for pool in &balancer.pools {
                let name = format!("Load balancer to {}: ", snapshot.nodes[pool.node].name);
                assert!(told.iter().any(|line| line.starts_with(&name)), "{name} {told:?}");
            }
        }
        assert!(shown > 10, "{policy}: {shown}");
    }
}

fn replicated(set: Value) -> Checked {
    let mut store = json!({ "id": "store", "kind": "store", "count": 4, "replicas": 3, "replication": "quorum",
        "read_quorum": 1, "write_quorum": 1, "timeout_ms": 200, "failover_ms": 300 });
    for (name, value) in set.as_object().unwrap() {
        store[name] = value.clone();
    }
    let nodes = json!([
        { "id": "clients", "kind": "clients", "rate_per_s": 90, "keys": { "kind": "uniform", "count": 14 },
          "mix": [{ "path": "/", "write_share": 0.4 }], "timeout_ms": 900, "to": ["store"] },
        store,
    ]);
    let links = json!([{ "from": "clients", "to": "store", "latency_ms": 5 },
        { "from": "store", "to": "store", "latency_ms": { "dist": "exponential", "mean": 30 } }]);
    let changes = json!([
        { "at_ms": 800, "node": "store/4", "set": { "side": 1 } },
        { "at_ms": 1500, "node": "store/2", "set": { "down": true } },
        { "at_ms": 2200, "node": "store/4", "set": { "side": 0 } },
        { "at_ms": 2500, "node": "store/2", "set": { "down": false } },
    ]);
    scenario(nodes, links, changes)
}

/// What the machines hold is asked of the machines themselves: a chip for each of the keys that are headed.
fn assert_replicas(card: &Card<'_>, simulation: &Simulation, what: &str) {
    card.assert_legible(what);
    let world = simulation.world();
    let Node::Store(store) = &world.nodes()[1] else { panic!("no store") };
    let snapshot = simulation.snapshot();
    let NodeState::Station(station) = &snapshot.nodes[1].state else { panic!("no station") };
    let Inside::Replicas(view) = &station.inside else { panic!("no replicas") };
    let middle: Vec<&Label> =
        card.texts().into_iter().filter(|label| label.anchor == Anchor::Middle).collect();
    let heads: Vec<u32> =
        middle.iter().filter_map(|label| label.text.strip_prefix('k')?.parse().ok()).collect();
    assert!(heads.len() >= view.keys.len().min(3), "{what}: {heads:?}");
    let mut wanted = vec![];
    for member in 0..4 {
        let mut behind = 0;
        for (key, newest) in &view.keys {
            let row = store.rows(member).and_then(|rows| rows.get(*key));
            let numbers: Vec<u32> =
                row.map_or(vec![], |row| row.versions().iter().map(|version| version.number).collect());
            let home = store.home(*key).has(member as u16);
            behind += usize::from(home && numbers.first().is_none_or(|number| number < newest));
            if heads.contains(key) {
                match numbers[..] {
                    [] if home => wanted.push("none".to_owned()),
                    [] => {}
                    [one] => wanted.push(format!("v{one}")),
                    [one, two] => wanted.push(format!("{one}|{two}")),
                    _ => wanted.push(format!("{}|+{}", numbers[0], numbers.len() - 1)),
                }
            }
        }
        let it = &station.members[member];
        let said = match (it.down, view.keys.is_empty(), behind) {
            (true, ..) => "down".to_owned(),
            (_, true, _) => "empty".to_owned(),
            (.., 0) => "newest".to_owned(),
            (.., behind) => format!("{behind} behind"),
        };
        assert!(card.texts().iter().any(|label| label.text == said), "{what}: {said}");
    }
    let chips: Vec<&str> =
        middle.iter().filter(|label| !label.text.starts_with('k')).map(|label| label.text.as_str()).collect();
    assert_eq!(chips, wanted, "{what}");
    for shape in &card.shapes {
        let Shape::Rect { rect: chip, .. } = shape else { continue };
        if (chip.height * card.factor - 18.0).abs() < 0.01 {
            let under = card
                .texts()
                .into_iter()
                .find(|label| label.anchor != Anchor::Middle && label.rect().overlaps(*chip));
            assert!(under.is_none(), "{what}: a chip lies over {:?}", under.map(|label| &label.text));
        }
    }
}

#[test]
fn every_replica_is_drawn_as_it_is() {
    let mut drawn = 0;
    let settings = [
        json!({}),
        json!({ "conflicts": "version-vectors" }),
        json!({ "replication": "leader-async", "replication_lag_ms": 300 }),
        json!({ "read_quorum": 2, "write_quorum": 2, "hinted_handoff": false, "read_repair": false }),
    ];
    let (mut stale, mut siblings) = (0, 0);
    for (number, set) in settings.iter().enumerate() {
        let mut simulation = Simulation::new(&replicated(set.clone()), &mut ());
        for step in 0..60 {
            simulation.advance(Time::from_ms(67.0 * f64::from(step)), u64::MAX, &mut ());
            for size in SIZES {
                let picture = picture(&simulation, size);
                let what = format!("{number} step {step} at {size:?}");
                for card in cards(&picture, 1) {
                    assert_replicas(&card, &simulation, &what);
                    drawn += 1;
                    let has = |text: &str| card.texts().iter().any(|label| label.text.contains(text));
                    (stale, siblings) = (stale + u32::from(has("stale: k")), siblings + u32::from(has("|")));
                }
            }
        }
    }
    assert!(drawn > 1000 && stale > 100 && siblings > 10, "{drawn} cards, {stale} {siblings}");
}

fn queued(set: Value) -> Checked {
    let mut queue = json!({ "id": "queue", "kind": "queue", "partitions": 3, "consumers": 4, "capacity": 12,
        "when_full": "block", "ack_timeout_ms": 300, "attempts_max": 3, "retry_delay_ms": 100,
        "poison_share": 0.05, "to": ["workers"] });
    for (name, value) in set.as_object().unwrap() {
        queue[name] = value.clone();
    }
    let nodes = json!([
        { "id": "clients", "kind": "clients", "rate_per_s": 60, "timeout_ms": 900, "to": ["queue"] },
        queue,
        { "id": "workers", "kind": "servers", "count": 4, "queue": 4, "service_ms": { "dist": "exponential", "mean": 120 } },
    ]);
    let changes = json!([
        { "at_ms": 1000, "node": "workers/2", "set": { "down": true } },
        { "at_ms": 2500, "node": "workers/2", "set": { "down": false } },
    ]);
    scenario(nodes, json!([{ "from": "queue", "to": "workers", "latency_ms": 10 }]), changes)
}

/// What waits and what is out is asked of the queue itself.
fn assert_queue(card: &Card<'_>, simulation: &Simulation, what: &str) {
    card.assert_legible(what);
    let Node::Queue(queue) = &simulation.world().nodes()[1] else { panic!("no queue") };
    let texts: Vec<&str> = card.texts().iter().map(|label| label.text.as_str()).collect();
    assert!(texts.contains(&format!("{} waiting", queue.waiting()).as_str()), "{what}: {texts:?}");
    let has = |found: String| assert!(texts.contains(&found.as_str()), "{what}: {found} in {texts:?}");
    let ordered = queue.settings().delivery == Delivery::Ordered;
    for partition in queue.partitions() {
        let (waiting, out) = (partition.waiting(), partition.in_flight);
        let said = if out > 0 { format!("{waiting} wait, {out} out") } else { format!("{waiting} wait") };
        match ordered {
            true => assert!(texts.iter().any(|text| text.starts_with(&said)), "{what}: {said} in {texts:?}"),
            false => has(said),
        }
    }
    match queue.tally().dead {
        0 => has("no dead letters".to_owned()),
        1 => has("1 dead letter".to_owned()),
        dead => has(format!("{dead} dead letters")),
    }
    if let Some(letter) = queue.dead_letters().last() {
        has(format!("#{}", letter.number));
    }
    if queue.tally().seen_twice > 0 {
        has(format!("{} seen twice", queue.tally().seen_twice));
    }
    if queue.blocked() > 0 {
        has(format!("{} producers held", queue.blocked()));
    }
    if queue.settings().capacity < 20 {
        let radius = |disc: &(f64, f64, f64)| disc.2 > 2.0 && disc.0 > card.rect.x + 30.0;
        let below =
            card.texts().iter().find(|label| label.text == "consumers").map(|label| label.at.y * card.factor);
        let above = |disc: &(f64, f64, f64)| radius(disc) && Some(disc.1) < below;
        let taken =
            [Ink::Request, Ink::Waiting].map(|ink| card.discs(ink).iter().filter(|disc| above(disc)).count());
        let places = queue.settings().capacity as usize;
        let wanted: usize = queue.partitions().iter().map(|partition| partition.waiting().min(places)).sum();
        let bars = card.discs(Ink::Empty).is_empty() && wanted < places * queue.partitions().len();
        assert!(bars || taken[0] + taken[1] == wanted, "{what}: {taken:?} discs for {wanted}");
    }
}

#[test]
fn every_queue_is_drawn_as_it_is() {
    let mut drawn = 0;
    let settings = [
        json!({}),
        json!({ "delivery": "ordered" }),
        json!({ "capacity": 400, "prefetch": 8 }),
        json!({ "partitions": 1, "consumers": 9, "when_full": "drop-oldest" }),
    ];
    for (number, set) in settings.iter().enumerate() {
        let mut simulation = Simulation::new(&queued(set.clone()), &mut ());
        for step in 0..60 {
            simulation.advance(Time::from_ms(97.0 * f64::from(step)), u64::MAX, &mut ());
            for size in SIZES {
                let what = format!("{number} step {step} at {size:?}");
                for card in cards(&picture(&simulation, size), 1) {
                    assert_queue(&card, &simulation, &what);
                    drawn += 1;
                }
            }
        }
    }
    assert!(drawn > 800, "{drawn} cards");
}

/// The clients' breaker, budget and bulkhead are those of their caller, on the card and in words.
#[test]
fn what_stands_between_callers_and_called_is_drawn_as_it_is() {
    let nodes = json!([
        { "id": "clients", "kind": "clients", "rate_per_s": 120, "timeout_ms": 200, "retries": 2, "retry_budget": 0.2,
          "breaker_failures": 0.5, "breaker_window": 20, "breaker_open_ms": 500, "bulkhead": 30, "to": ["servers"] },
        { "id": "servers", "kind": "servers", "workers": 4, "queue": 40, "service_ms": { "dist": "exponential", "mean": 60 } },
    ]);
    let checked =
        scenario(nodes, json!([{ "from": "clients", "to": "servers", "latency_ms": 10 }]), json!([]));
    let mut simulation = Simulation::new(&checked, &mut ());
    let mut seen: Vec<&str> = vec![];
    for step in 0..200 {
        simulation.advance(Time::from_ms(41.0 * f64::from(step)), u64::MAX, &mut ());
        let Node::Clients(clients) = &simulation.world().nodes()[0] else { panic!("no clients") };
        let state = clients.caller().breaker(0, 1, simulation.now()).unwrap_or("closed");
        let open = clients.caller().open_calls(0, 1, 0);
        let snapshot = simulation.snapshot();
        for size in SIZES {
            let picture = picture(&simulation, size);
            let (rect, factor) = (picture.layout.yards[0].rect, 1.0 / picture.layout.scale);
            let shapes = picture.shapes.iter().filter(|shape| match shape {
                Shape::Text(label) => {
                    let at = label.rect().center();
                    rect.contains(Point { x: at.x * factor, y: at.y * factor })
                }
                _ => false,
            });
            let card = Card { rect, shapes: shapes.collect(), factor };
            let what = format!("step {step} at {size:?}");
            card.assert_legible(&what);
            let texts: Vec<&str> = card.texts().iter().map(|label| label.text.as_str()).collect();
            assert!(texts.contains(&state), "{what}: {state} in {texts:?}");
            assert!(texts.contains(&format!("{open} of 30").as_str()), "{what}: {open} in {texts:?}");
            // A figure says nothing without its name.
            let (offered, useful) =
                clients.caller().gate(0, 1, 0, simulation.now()).load.expect("it retries");
            for (name, figure) in [("offered", offered), ("useful", useful)] {
                assert!(texts.contains(&name), "{what}: {name} in {texts:?}");
                assert!(texts.contains(&format!("{figure}/s").as_str()), "{what}: {figure} in {texts:?}");
            }
        }
        let words = scene::describe::describe(&snapshot, &Readings::default());
        assert_eq!(words.contains("circuit breaker is"), state != "closed", "{words}");
        assert!(scene::target::node_name(&snapshot.nodes[0]).contains(&format!("breaker {state}")));
        if !seen.contains(&state) {
            seen.push(state);
        }
    }
    assert_eq!(seen.len(), 3, "{seen:?}");
}

/// The stage's description says of a store and a queue what they have come to.
#[test]
fn insides_are_described_as_they_are() {
    let mut simulation = Simulation::new(&replicated(json!({})), &mut ());
    let mut queue = Simulation::new(&queued(json!({})), &mut ());
    let words =
        |simulation: &Simulation| scene::describe::describe(&simulation.snapshot(), &Readings::default());
    for step in 0..60 {
        let at = Time::from_ms(67.0 * f64::from(step));
        simulation.advance(at, u64::MAX, &mut ());
        queue.advance(at, u64::MAX, &mut ());
        let snapshot = simulation.snapshot();
        let NodeState::Station(station) = &snapshot.nodes[1].state else { panic!("no station") };
        let Inside::Replicas(view) = &station.inside else { panic!("no replicas") };
        let said = words(&simulation);
        assert_eq!(said.contains("reads were stale"), view.stale_reads > 0, "{said}");
        assert_eq!(said.contains("is down"), station.members.iter().any(|member| member.down), "{said}");
        assert_eq!(said.contains("is cut"), station.members.iter().any(|member| member.side > 0), "{said}");
        let Node::Queue(it) = &queue.world().nodes()[1] else { panic!("no queue") };
        let said = words(&queue);
        assert_eq!(said.contains("messages wait"), it.waiting() > 0, "{said}");
        assert_eq!(said.contains("dead letters"), it.tally().dead > 0, "{said}");
        assert_eq!(said.contains("more than 9 messages wait"), (10..100).contains(&it.waiting()), "{said}");
    }
}

/// Writes it where the gallery is wanted.
fn keep(name: &str, picture: &Picture, (width, height): (f64, f64)) {
    let Ok(folder) = std::env::var("STAGE_GALLERY") else { return };
    for (suffix, palette) in [("light", Palette::LIGHT), ("dark", Palette::DARK)] {
        let image = scene::svg::svg(&picture.all_shapes(), &palette, width, height);
        std::fs::write(format!("{folder}/{name}-{suffix}.svg"), image).expect("the folder can be written");
    }
}

#[test]
fn gallery() {
    for entry in cache::TABLE.iter().filter(|entry| entry.info.id != "min") {
        let mut simulation = Simulation::new(&cached(entry.info.id, json!({})), &mut ());
        simulation.advance(Time::from_ms(4000.0), u64::MAX, &mut ());
        for size in SIZES {
            keep(
                &format!("cache-{}-{}x{}", entry.info.id, size.0, size.1),
                &picture(&simulation, size),
                size,
            );
        }
    }
    let large = json!({ "count": 3, "capacity": 300, "ttl_ms": 800, "strategy": "write-behind", "flush_every_ms": 500 });
    for policy in ["lru", "arc", "s3-fifo", "w-tiny-lfu", "sieve", "clock"] {
        let mut simulation = Simulation::new(&cached(policy, large.clone()), &mut ());
        simulation.advance(Time::from_ms(4000.0), u64::MAX, &mut ());
        for size in SIZES {
            keep(&format!("caches-{policy}-{}x{}", size.0, size.1), &picture(&simulation, size), size);
        }
    }
    for entry in limit::TABLE {
        for (name, set) in [("all", json!({})), ("each", json!({ "per": "client" }))] {
            let mut simulation = Simulation::new(&limited(entry.info.id, set), &mut ());
            simulation.advance(Time::from_ms(4300.0), u64::MAX, &mut ());
            for size in SIZES {
                let name = format!("limit-{}-{name}-{}x{}", entry.info.id, size.0, size.1);
                keep(&name, &picture(&simulation, size), size);
            }
        }
    }
}
