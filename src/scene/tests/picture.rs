//! What is drawn agrees with the snapshot, and nothing runs into anything else.

use super::gallery::odd;
use super::system::*;
use crate::run::snapshot::*;
use crate::scene::geometry::*;
use crate::scene::shape::Label;
use crate::scene::yard::Density;
use crate::scene::*;
use crate::sim::{Outcome, Place};

pub const SIZES: [(f64, f64); 6] =
    [(390.0, 560.0), (640.0, 420.0), (780.0, 520.0), (1100.0, 700.0), (320.0, 480.0), (300.0, 160.0)];
const COUNTS: [usize; 8] = [1, 2, 4, 7, 8, 16, 100, 1000];

pub fn labels(shapes: &[Shape]) -> Vec<&Label> {
    fn label(shape: &Shape) -> Option<&Label> {
        match shape {
            Shape::Text(label) if !label.text.is_empty() => Some(label),
            _ => None,
        }
    }
    shapes.iter().filter_map(label).collect()
}

/// Fills of these colours inside a card's heading-free part, leaving out the utilisation bar.
fn fills(picture: &Picture, card: Rect, ink: Ink) -> (usize, usize) {
    let mut slots = 0;
    let mut places = 0;
    for shape in &picture.shapes {
        match shape {
            Shape::Rect { rect, fill: Some(fill), line: None, .. } => {
                slots += (fill.ink == ink && rect.inside(card)) as usize;
            }
            Shape::Circle { center, fill: Some(fill), line: None, .. } => {
                places += (fill.ink == ink && card.contains(*center)) as usize;
            }
            _ => {}
        }
    }
    (slots, places)
}

#[test]
fn what_comes_to_a_machine_behind_a_cache_is_said_however_small_its_card() {
    for (width, height) in SIZES {
        let mut system = System::new(1);
        let reading = &mut system.readings.members[SERVERS][0];
        (reading.per_s, reading.p99_ms) = (Some(33.0), Some(104.0));
        let picture = system.picture(width, height);
        let said = labels(&picture.shapes).iter().any(|label| label.text.starts_with("33.0/s"));
        assert!(said, "{width} × {height}");
    }
}

#[test]
fn filled_slots_are_busy_workers_and_filled_places_are_queued_requests() {
    for (width, height) in [(800.0, 520.0), (1100.0, 700.0), (390.0, 620.0)] {
        let mut system = System::new(4);
        for (index, queued) in [0, 3, 9, 16].into_iter().enumerate() {
            system.members()[index] = member(index as u32 + 1, 4, 4 - index, queued, 16);
        }
        system.readings.members[SERVERS].iter_mut().for_each(|reading| reading.status = Status::Calm);
        let picture = system.picture(width, height);
        assert_eq!(picture.layout.yards[SERVERS].density, Density::Full);
        for (index, card) in picture.layout.yards[SERVERS].cards.iter().enumerate() {
            let scale = picture.layout.scale;
            let card = &rect(card.x * scale, card.y * scale, card.width * scale, card.height * scale);
            let queued = [0, 3, 9, 16][index];
            assert_eq!(fills(&picture, *card, Ink::Request), (4 - index, queued), "server {index}");
            // Every place is there, taken or not.
            let all = picture
                .shapes
                .iter()
                .filter(|shape| matches!(shape, Shape::Circle { center, .. } if card.contains(*center)));
            assert_eq!(all.count(), 16);
        }
    }
}

#[test]
fn a_queue_too_long_for_places_is_a_meter_with_its_figures() {
    let mut system = System::new(2);
    system.members()[0] = member(1, 64, 20, 130, 256);
    let picture = system.picture(800.0, 520.0);
    let texts: Vec<&str> = labels(&picture.shapes).iter().map(|label| label.text.as_str()).collect();
    assert!(texts.contains(&"130/256") && texts.contains(&"20/64 busy"), "{texts:?}");
}

#[test]
fn the_same_input_gives_the_same_picture() {
    let system = System::new(8).overloaded().crashed();
    assert_eq!(system.picture(800.0, 520.0), system.picture(800.0, 520.0));
}

/// Text that belongs to the picture, that is not to a mark.
pub fn assert_legible(picture: &Picture, (width, height): (f64, f64), what: &str) {
    let stage = rect(0.0, 0.0, width, height);
    let labels = labels(&picture.shapes);
    for (index, one) in labels.iter().enumerate() {
        assert!(one.rect().inside(stage), "{what}: {:?} leaves the stage at {:?}", one.text, one.rect());
        for other in labels.iter().skip(index + 1) {
            let apart = !one.rect().overlaps(other.rect());
            assert!(apart, "{what}: {:?} runs into {:?}", one.text, other.text);
        }
    }
    for (node, yard) in picture.layout.yards.iter().enumerate() {
        let space = rect(0.0, 0.0, picture.layout.width, picture.layout.height);
        assert!(yard.rect.inside(space), "{what}: node {node} leaves the stage");
        for (index, card) in yard.cards.iter().enumerate() {
            assert!(card.inside(yard.rect), "{what}: card {index} leaves its node");
            assert!(yard.cards[index + 1..].iter().all(|other| !card.overlaps(*other)), "{what}");
        }
        for other in &picture.layout.yards[node + 1..] {
            assert!(!yard.rect.overlaps(other.rect), "{what}: nodes overlap");
        }
    }
}

#[test]
fn no_text_runs_into_another_or_leaves_the_stage() {
    for size in SIZES {
        for servers in COUNTS {
            let system = System::new(servers).overloaded();
            let crashed = System::new(servers).overloaded().crashed();
            for (system, name) in [(&System::new(servers), "calm"), (&system, "over"), (&crashed, "down")] {
                for reduced_motion in [false, true] {
                    let view = View { reduced_motion, ..System::view(size.0, size.1) };
                    let picture = stage(&system.snapshot, &system.readings, &view);
                    assert_legible(&picture, size, &format!("{servers} {name} servers at {size:?}"));
                }
            }
        }
    }
}

#[test]
fn several_nodes_of_a_kind_and_long_names_stay_apart() {
    for size in SIZES {
        assert_legible(&odd().picture(size.0, size.1), size, &format!("{size:?}"));
    }
}

#[test]
fn servers_behind_servers_are_reached_from_where_all_meet() {
    let mut system = System::new(4);
    let mut last = system.snapshot.nodes[SERVERS].clone();
    last.name = "Database".into();
    system.snapshot.nodes.push(last);
    system.snapshot.links.push(LinkView { from: SERVERS, to: 3, cut: false });
    for size in [(1100.0, 700.0), (390.0, 900.0), (640.0, 420.0)] {
        let picture = system.picture(size.0, size.1);
        assert_legible(&picture, size, "two tiers");
        let layout = &picture.layout;
        for (from, to) in [(0, 0), (3, 2), (1, 3)] {
            let place = |node, member| Place { node, member };
            let journey = layout.journey(2, place(2, from), place(3, to)).expect("there is a way");
            let (start, _) = journey.at(0.0, 0.0);
            let (end, _) = journey.at(1.0, 0.0);
            let beside = |at: Point, card: Rect| card.grown(1.0).contains(at);
            let card = |node: usize, member: u16| layout.member(node, member as usize).expect("it is there");
            assert!(beside(
                start,
                if layout.yards[2].density == Density::Cells { layout.yards[2].rect } else { card(2, from) }
            ));
            assert!(beside(
                end,
                if layout.yards[3].density == Density::Cells { layout.yards[3].rect } else { card(3, to) }
            ));
        }
    }
}

/// No track leads behind a node that it does not belong to.
fn assert_in_the_open(picture: &Picture, what: &str) {
    for tracks in picture.layout.tracks.iter() {
        for curve in tracks.ins.iter().chain(&tracks.outs) {
            for step in 0..=80 {
                let at = curve.at(curve.length() * f64::from(step) / 80.0).0;
                for (node, yard) in picture.layout.yards.iter().enumerate() {
                    let is_own = [tracks.from, tracks.to].contains(&node);
                    assert!(is_own || !yard.rect.grown(-1.0).contains(at), "{what}: behind node {node}");
                }
            }
        }
    }
}

#[test]
fn a_track_leads_past_a_node_that_stands_between() {
    let mut system = System::new(2);
    let last = system.snapshot.nodes[SERVERS].clone();
    system.snapshot.nodes.push(last);
    // From clients straight to what stands behind the servers.
    for (from, to) in [(SERVERS, 3), (0, 3)] {
        system.snapshot.links.push(LinkView { from, to, cut: false });
    }
    for size in [(1100.0, 700.0), (800.0, 520.0), (390.0, 900.0)] {
        let picture = system.picture(size.0, size.1);
        assert_legible(&picture, size, "past others");
        assert_in_the_open(&picture, &format!("{size:?}"));
    }
}

#[test]
fn many_nodes_on_a_narrow_stage_stand_two_by_two_in_full_size() {
    let mut system = System::new(1);
    for node in 3..6 {
        let shard = system.snapshot.nodes[SERVERS].clone();
        system.snapshot.nodes.push(shard);
        system.snapshot.links.push(LinkView { from: LB, to: node, cut: false });
    }
    let picture = system.picture(366.0, 460.0);
    assert_eq!(picture.layout.scale, 1.0);
    assert_legible(&picture, (366.0, 460.0), "four shards");
    assert_in_the_open(&picture, "four shards");
}

#[test]
fn the_legend_stands_beside_what_reaches_up_to_it() {
    let mut system = System::new(2);
    for _ in 0..2 {
        let clients = system.snapshot.nodes[0].clone();
        system.snapshot.nodes.push(clients);
        system.snapshot.links.push(LinkView { from: system.snapshot.nodes.len() - 1, to: LB, cut: false });
    }
    let picture = system.picture(800.0, 440.0);
    assert!(labels(&picture.shapes).iter().any(|label| label.text == "request"), "no legend");
    assert_legible(&picture, (800.0, 440.0), "three clients");
}

#[test]
fn a_legend_with_little_room_tells_what_went_wrong_before_all_else() {
    let mut system = System::new(2);
    system.readings.probing = true;
    for outcome in [Outcome::QueueFull, Outcome::Crashed, Outcome::TimedOut] {
        system.readings.ended_by[outcome as usize] = 170;
    }
    let picture = system.picture(366.0, 460.0);
    assert_legible(&picture, (366.0, 460.0), "a full legend");
    let texts: Vec<&str> = labels(&picture.shapes).iter().map(|label| label.text.as_str()).collect();
    for told in ["refused ×170", "failed ×170", "timed out ×170"] {
        assert!(texts.contains(&told), "{told} is not in {texts:?}");
    }
}

#[test]
fn clients_on_narrow_cards_keep_their_names_counts_and_discs() {
    let mut system = System::new(2);
    system.snapshot.nodes[0].name = "Noisy client".into();
    let mut second = system.snapshot.nodes[0].clone();
    second.name = "Readers".into();
    if let NodeState::Clients(clients) = &mut second.state {
        (clients.clients, clients.waiting) = (1000, vec![0; 64]);
    }
    system.snapshot.nodes.push(second);
    system.snapshot.links.push(LinkView { from: 3, to: LB, cut: false });
    let picture = system.picture(366.0, 460.0);
    assert_legible(&picture, (366.0, 460.0), "two clients");
    let texts: Vec<&str> = labels(&picture.shapes).iter().map(|label| label.text.as_str()).collect();
    assert!(texts.contains(&"Noisy client") && texts.contains(&"64 of 1\u{202f}000"), "{texts:?}");
    let card = picture.layout.yards[3].rect;
    let disc = |shape: &&Shape| matches!(shape, Shape::Circle { center, .. } if card.contains(*center));
    assert_eq!(picture.shapes.iter().filter(disc).count(), 64);
}

#[test]
fn hits_find_members_nodes_tracks_and_dots() {
    let system = System::new(4);
    let picture = system.picture(800.0, 520.0);
    for area in picture.targets(&system.snapshot, &system.readings) {
        assert!(area.rect.width >= 24.0 && area.rect.height >= 24.0);
        let center = area.rect.center();
        assert_eq!(picture.hit(center.x, center.y), Some(area.target), "{}", area.name);
    }
    for mark in &picture.marks {
        let hit = picture.hit(mark.at.x, mark.at.y);
        let there = picture.marks.iter().filter(|other| other.at.distance(mark.at) < 1e-9);
        assert!(there.map(|other| Some(Target::Request(other.request))).any(|target| target == hit));
    }
    let bare = stage(&system.snapshot, &system.readings, &View { reduced_motion: true, ..View::default() });
    let clients = bare.layout.yards[0].rect;
    assert_eq!(bare.hit(clients.right() + 20.0, clients.center().y), Some(Target::Link(0)));
    assert_eq!(bare.hit(5.0, 5.0), None);
}

#[test]
fn a_slow_server_on_a_narrow_card_keeps_its_figure() {
    let system = System::new(4).overloaded();
    let picture = system.picture(366.0, 460.0);
    assert_legible(&picture, (366.0, 460.0), "a slow server");
    let texts: Vec<&str> = labels(&picture.shapes).iter().map(|label| label.text.as_str()).collect();
    for told in ["5×", "2\u{202f}610\u{a0}ms"] {
        assert!(texts.iter().any(|text| text.contains(told)), "{told} is not in {texts:?}");
    }
}

#[test]
fn a_large_stage_is_drawn_larger_and_still_hit() {
    let system = System::new(4);
    let picture = system.picture(1300.0, 800.0);
    assert!(picture.layout.scale > 1.3, "{}", picture.layout.scale);
    for area in picture.targets(&system.snapshot, &system.readings) {
        let center = area.rect.center();
        assert_eq!(picture.hit(center.x, center.y), Some(area.target), "{}", area.name);
        assert!(area.rect.inside(rect(0.0, 0.0, 1300.0, 800.0)));
    }
}

#[test]
fn a_target_says_what_its_card_says() {
    let system = System::new(4).overloaded().crashed();
    let names: Vec<String> = (system.picture(800.0, 520.0).targets(&system.snapshot, &system.readings))
        .into_iter()
        .map(|area| area.name)
        .collect();
    assert_eq!(names[0], "Clients, 180\u{a0}req/s");
    assert_eq!(names[1], "Load balancer, Round robin, next → 3");
    assert_eq!(
        names[4],
        "Server 3, 5× slower, 4 of 4 workers busy, queue 16 of 16, p99 2\u{202f}610\u{a0}ms, over its limit"
    );
    assert_eq!(names[5], "Server 4, down, taken out");
}

#[test]
fn what_is_wrong_is_said_in_words_on_the_card() {
    let picture = System::new(4).overloaded().crashed().picture(800.0, 520.0);
    let texts: Vec<&str> = labels(&picture.shapes).iter().map(|label| label.text.as_str()).collect();
    for wanted in [
        "5× slower",
        "down",
        "queue full",
        "queue full ×7",
        "refused: queue full ×7",
        "failed: server down ×3",
    ] {
        assert!(texts.contains(&wanted), "{wanted} is missing in {texts:?}");
    }
}

#[test]
fn nothing_and_broken_snapshots_give_pictures_too() {
    let nothing = stage(&Snapshot::default(), &Readings::default(), &View::default());
    assert!(nothing.marks.is_empty());
    let mut system = System::new(0);
    system.snapshot.links.push(LinkView { from: 7, to: 9, cut: true });
    system.snapshot.links.push(LinkView { from: 2, to: 1, cut: false });
    system.snapshot.dots.iter_mut().for_each(|dot| dot.link = 2);
    for size in [(800.0, 520.0), (1.0, 1.0), (f64::NAN, 10.0), (1e9, 1e9)] {
        system.picture(size.0, size.1);
    }
}
