//! The stage in words: says what is there and what is the matter, and keeps still otherwise.

use super::system::*;
use crate::scene::*;
use crate::sim::{Outcome, Time};

#[test]
fn what_is_there_and_what_is_the_matter() {
    let system = System::new(4).overloaded().crashed();
    assert_eq!(
        describe(&system.snapshot, &system.readings),
        "Clients: 12 clients, 180\u{a0}req/s. Load balancer: Round robin. Servers: 4 machines with 4 workers each. \
         Server 3 is 5× slower, full, and refuses. Server 4 is down, taken out. \
         Some requests ended: queue full. Some requests ended: server down."
    );
}

/// Some policies' short names end with a point.
#[test]
fn sentences_end_once() {
    let mut system = System::new(4);
    for entry in crate::algo::balance::TABLE {
        system.balancer().policy = entry.info.short.into();
        let text = describe(&system.snapshot, &system.readings);
        assert!(text.contains(entry.info.short.trim_end_matches('.')) && !text.contains(".."), "{text}");
    }
}

#[test]
fn it_changes_only_when_something_notable_does() {
    let mut system = System::new(8).overloaded();
    let before = describe(&system.snapshot, &system.readings);
    system.snapshot.now = Time::from_ms(99_000.0);
    system.under_way(900);
    system.members()[0].queued = 3;
    system.readings.ended_by[Outcome::QueueFull as usize] += 1;
    assert_eq!(describe(&system.snapshot, &system.readings), before);
    system.readings.ended_by[Outcome::QueueFull as usize] = 4_321;
    let after = describe(&system.snapshot, &system.readings);
    assert!(after.contains("More than 999 requests ended: queue full."), "{after}");
}

#[test]
fn many_members_in_one_state_are_counted() {
    let mut system = System::new(20);
    for reading in &mut system.readings.members[SERVERS][..9] {
        reading.status = Status::Near;
    }
    let text = describe(&system.snapshot, &system.readings);
    assert!(text.contains("9 machines of Servers: near the limit."), "{text}");
}

#[test]
fn starting_machines_and_when_they_are_up() {
    let up = |machines, s: f64| Some((machines, Time::ZERO, Time::from_ms(s * 1000.0)));
    let said = |booting, next_up| {
        let servers = crate::run::snapshot::ServersView { booting, next_up, ..Default::default() };
        crate::scene::servers::starting(&servers)
    };
    assert_eq!(said(1, up(1, 19.0)), "1 machine starting, up at 19.0\u{a0}s");
    assert_eq!(said(3, up(3, 19.0)), "3 machines starting, up at 19.0\u{a0}s");
    assert_eq!(said(3, up(2, 19.0)), "3 machines starting, 2 up at 19.0\u{a0}s");
}
