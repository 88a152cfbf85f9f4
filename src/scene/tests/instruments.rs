//! Insides of policies: they get their room, tracks end at their cards, and what is drawn is what is there.

use super::picture::{SIZES, assert_legible};
use super::system::*;
use crate::node::division::Division;
use crate::node::station::{Inside, Station, StationMember};
use crate::run::snapshot::*;
use crate::scene::yard::Density;
use crate::sim::Place;

/// Clients, a node in the place of the balancer, four servers.
fn with_station(station: Station) -> System {
    let mut system = System::new(4);
    system.snapshot.nodes[LB] = NodeView {
        id: "mid".into(),
        name: "Middle".into(),
        kind: "cache",
        state: NodeState::Station(station),
    };
    system
}

fn members(count: u32, inside: &Inside) -> Vec<StationMember> {
    let member = |number| StationMember { number, inside: inside.clone(), ..StationMember::default() };
    (1..=count).map(member).collect()
}

/// Each kind of inside as the node's and as that of so many members.
fn stations() -> Vec<Station> {
    let insides = [
        Inside::Cache(Box::default()),
        Inside::Limit(Box::default()),
        Inside::Ring(Box::<Division>::default()),
    ];
    let mut all = vec![];
    for inside in insides {
        for count in [0, 1, 3, 8, 100] {
            let mut station = Station { does: "What it does".into(), ..Station::default() };
            station.members = members(count, if count > 0 { &inside } else { &Inside::Nothing });
            all.push(Station {
                inside: inside.clone(),
                members: members(count, &Inside::Nothing),
                ..station.clone()
            });
            all.push(station);
        }
    }
    all
}

#[test]
fn instruments_have_room_or_give_way_to_cards() {
    for size in SIZES {
        for station in stations() {
            let count = station.members.len();
            let picture = with_station(station).picture(size.0, size.1);
            assert_legible(&picture, size, &format!("{count} members at {size:?}"));
            let layout = &picture.layout;
            for link in 0..2 {
                for member in 0..4 {
                    let journey =
                        layout.journey(link, Place { node: 0, member: 0 }, Place { node: 1, member });
                    let (end, _) = journey.expect("there is a way").at(1.0, 0.0);
                    let card = layout.member(link + 1, member as usize).expect("it is there");
                    let yard = &layout.yards[link + 1];
                    let at = if yard.density == Density::Cells { yard.rect } else { card };
                    let known = member == 0 || (member as usize) < yard.cards.len();
                    assert!(!known || at.grown(1.0).contains(end), "{count} at {size:?}: {end:?} {at:?}");
                }
            }
        }
    }
}

#[test]
fn on_a_usual_stage_a_few_insides_are_instruments() {
    let inside = |at: usize| stations()[at].inside.clone();
    for station in [
        Station { members: members(3, &inside(0)), ..Station::default() },
        Station { inside: inside(0), ..Station::default() },
        Station { inside: inside(10), ..Station::default() },
        Station { inside: inside(20), members: members(4, &Inside::Nothing), ..Station::default() },
    ] {
        let wide = with_station(station.clone()).picture(770.0, 500.0);
        let yard = &wide.layout.yards[LB];
        assert!(yard.density == Density::Instrument || yard.inside.is_some(), "{station:?}");
        assert_eq!(wide.layout.scale, 1.0);
    }
}
