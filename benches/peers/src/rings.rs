//! Hash rings beside `hashring` and `pingora-ketama`: look-ups by text, and building, with 160 points a node.
//!
//! Each with its own hash (SipHash, CRC-32, xxHash) of the same texts. Ours through the table of policies, as the
//! nodes of a scenario use them.

use crate::side_by_side::{Way, compare};
use hashring::HashRing;
use pingora_ketama::{Bucket, Continuum};
use std::net::SocketAddr;
use switchyard::algo::ring::{Hashing, Key, Members, Partition, find};
use switchyard::algo::setting::Knobs;

const POINTS: u32 = 160;
const KEYS: u32 = 1 << 16;

pub fn rings() {
    for nodes in [10, 1000] {
        look_ups(nodes);
        building(nodes);
    }
}

fn look_ups(nodes: u32) {
    let texts: Vec<String> = (0..KEYS).map(|number| number.to_string()).collect();
    let (ours, hashring, ketama) = (ours(nodes), hashring(nodes), ketama(nodes));
    let kept: Vec<Key> = texts.iter().map(|text| Key::text(text, Hashing::Xxhash)).collect();
    let ours = &*ours;
    let owner = |key: &Key| ours.owner(key) as u64;
    let ways = vec![
        Way::new("ours", || texts.iter().map(|text| owner(&Key::text(text, Hashing::Xxhash))).sum()),
        Way::new("ours, by number", || (0..KEYS).map(|key| owner(&Key::number(key, Hashing::Xxhash))).sum()),
        Way::new("ours, hashes kept", || kept.iter().map(owner).sum()),
        Way::new("hashring", || {
            texts.iter().filter_map(|text| hashring.get(text)).map(|point| u64::from(point.0)).sum()
        }),
        Way::new("pingora-ketama", || {
            texts
                .iter()
                .filter_map(|text| ketama.node(text.as_bytes()))
                .map(|node| u64::from(node.port()))
                .sum()
        }),
    ];
    let name = format!("ring look-ups, {nodes} x {POINTS}");
    let wanted = [("ours", "hashring", Some(2.0)), ("ours", "pingora-ketama", Some(2.0))];
    compare(&name, "M/s", f64::from(KEYS), ways, &wanted);
}

fn building(nodes: u32) {
    let ways = vec![
        Way::new("ours", || ours(nodes).owner(&Key::number(1, Hashing::Xxhash)) as u64),
        Way::new("hashring", || hashring(nodes).len() as u64),
        Way::new("pingora-ketama", || ketama(nodes).node(b"1").map_or(0, |node| node.port().into())),
    ];
    let name = format!("ring building, {nodes} x {POINTS}");
    let wanted = [("ours", "hashring", Some(1.0)), ("ours", "pingora-ketama", Some(1.0))];
    compare(&name, "M points/s", f64::from(nodes * POINTS), ways, &wanted);
}

fn ours(nodes: u32) -> Box<dyn Partition> {
    let entry = find("ring").expect("a policy of the table");
    let mut policy = (entry.build)(&Knobs::defaults(entry.info.knobs));
    policy.rebuild(&Members::named((0..nodes).map(|node| address(node).to_string())));
    policy
}

/// All points at once: one by one it sorts anew for each.
fn hashring(nodes: u32) -> HashRing<(u32, u32)> {
    let mut ring = HashRing::new();
    ring.batch_add((0..nodes).flat_map(|node| (0..POINTS).map(move |point| (node, point))).collect());
    ring
}

/// A weight of 1 is 160 points.
fn ketama(nodes: u32) -> Continuum {
    let buckets: Vec<Bucket> = (0..nodes).map(|node| Bucket::new(address(node), 1)).collect();
    Continuum::new(&buckets)
}

fn address(node: u32) -> SocketAddr {
    SocketAddr::from(([10, 0, (node >> 8) as u8, node as u8], 8000 + node as u16))
}
