//! What the labs on chats claim.

use super::common::{Proof, mean, run, run_until, seeds};
use serde_json::{Value, json};
use switchyard::node::Node;
use switchyard::play::Session;
use switchyard::report::Summary;

const ROOM: &str = "chat/one-room";
const PRESENCE: &str = "chat/presence";
const OFFLINE: &str = "chat/offline-and-back";
const GATEWAY: &str = "chat/a-gateway-dies";

pub fn proofs() -> Vec<Proof> {
    vec![
        Proof { id: ROOM, answer: "four times as many", solution: vec![("chat.runs.dedupe", json!(true))] },
        Proof {
            id: PRESENCE,
            answer: "about a tenth",
            solution: vec![("chat.runs.presence_ms", json!(3200))],
        },
        Proof { id: OFFLINE, answer: "about 15 s", solution: vec![("chat.runs.history_max", json!(200))] },
        Proof { id: GATEWAY, answer: "about 9", solution: vec![("chat.runs.trust_gateways", json!(false))] },
    ]
}

fn figure(summary: &Summary, name: &str) -> f64 {
    summary.nodes["chat"].service[name]
}

/// The service's own books: numbers without gaps, and what counts as delivered is on the device.
fn assert_books(session: &Session, what: &str) {
    let chat = session.simulation().world().nodes().iter().find_map(|node| match node {
        Node::Servers(servers) => servers.running(),
        _ => None,
    });
    chat.expect("a chat").check().unwrap_or_else(|error| panic!("{what}: {error}"));
}

fn checked_run(id: &str, seed: u64, settings: &[(&str, Value)]) -> Summary {
    let (summary, session) = run(id, seed, settings);
    assert_books(&session, &format!("{id}, seed {seed}, {settings:?}"));
    summary
}

#[test]
fn one_send_is_a_delivery_for_each_member() {
    let twice =
        [("chat.runs.users", json!(32)), ("people.clients", json!(32)), ("people.rate_per_s", json!(8))];
    let ratio = mean(ROOM, |seed| {
        let pushes = |settings: &[(&str, Value)]| figure(&checked_run(ROOM, seed, settings), "pushes");
        pushes(&twice) / pushes(&[])
    });
    println!("ratio {ratio}");
    assert!((ratio - 4.0).abs() < 0.3, "{ratio}");
    for seed in seeds(ROOM) {
        let usual = checked_run(ROOM, seed, &[]);
        assert_eq!(figure(&usual, "pushes per message"), 16.0, "{seed}");
    }
}

#[test]
fn a_lost_answer_doubles_what_has_no_name() {
    // A try is heard with 0.9², and up to four are made; each arrives with 0.9.
    let heard = 0.9 * 0.9;
    let tries = (1.0 - libm::pow(1.0 - heard, 4.0)) / heard;
    let (arrivals, arrived) = (0.9 * tries, 1.0 - libm::pow(0.1, 4.0));
    let theory = arrivals / arrived - 1.0;
    let doubled = mean(ROOM, |seed| {
        let usual = checked_run(ROOM, seed, &[]);
        let doubled = figure(&usual, "sends doubled");
        assert!(doubled >= 1.0, "{seed}");
        doubled / (figure(&usual, "messages acknowledged") - doubled)
    });
    println!("doubled {doubled}, theory {theory}");
    assert!((theory - 0.11).abs() < 0.005 && (doubled - theory).abs() < 0.02, "{doubled} {theory}");
    for seed in seeds(ROOM) {
        let named = checked_run(ROOM, seed, &[("chat.runs.dedupe", json!(true))]);
        assert_eq!(figure(&named, "sends doubled"), 0.0, "{seed}");
        assert!(figure(&named, "sends repeated") >= 1.0, "{seed}");
        // What was acknowledged is there, once: no more than was sent, no less than was heard of.
        let (sent, kept) = (&named.nodes["people"], figure(&named, "messages acknowledged"));
        let all: u64 = sent.outcomes.values().sum();
        assert!(sent.outcomes["ok"] as f64 <= kept && kept <= all as f64 + 4.0, "{seed}: {kept}");
    }
}

#[test]
fn a_second_loss_in_a_row_is_a_tenth_as_likely() {
    let gone = |seed, ms: u32| {
        figure(&checked_run(PRESENCE, seed, &[("chat.runs.presence_ms", json!(ms))]), "timed out") - 8.0
    };
    let (short, long) = (mean(PRESENCE, |seed| gone(seed, 1500)), mean(PRESENCE, |seed| gone(seed, 3000)));
    // A heartbeat is due 1060 ms after one that was answered, 1200 ms after one that was not.
    let beats = 20.0 * (24.0 + 16.0) / (0.81 * 1.067 + 0.19 * 1.2);
    let theory = beats * 0.9 * 0.1;
    println!("short {short} of {theory}, long {long}");
    assert!((short / theory - 1.0).abs() < 0.08, "{short} of {theory}");
    assert!((long / short - 0.1).abs() < 0.025, "{long} of {short}");
    for seed in seeds(PRESENCE) {
        assert!(gone(seed, 1500) > 35.0 && gone(seed, 3000) < 18.0 && gone(seed, 8000) == 0.0, "{seed}");
        let eight = [("chat.runs.presence_ms", json!(8000))];
        let online = |at_ms| figure(&run_until(PRESENCE, seed, &eight, at_ms), "users online");
        assert_eq!((online(24_000.0), online(29_500.0)), (24.0, 16.0), "{seed}");
    }
}

/// From the tunnel to the first message that is refused, in seconds.
fn until_full(seed: u64) -> f64 {
    let refused = |at_s: &f64| figure(&run_until(OFFLINE, seed, &[], at_s * 1000.0), "sends refused");
    let mut times = (6..40).map(f64::from);
    times.find(|at_s| refused(at_s) > 0.0).map_or(f64::INFINITY, |at_s| at_s - 6.0)
}

#[test]
fn a_room_is_full_after_as_many_messages_as_it_keeps() {
    let full = mean(OFFLINE, until_full);
    println!("full after {full}");
    assert!((full - 60.0 / 4.0).abs() < 1.5, "{full}");
    for seed in seeds(OFFLINE) {
        let usual = checked_run(OFFLINE, seed, &[]);
        assert!(figure(&usual, "sends refused") > 5.0, "{seed}");
        assert_eq!(figure(&usual, "messages lost") + figure(&usual, "received twice"), 0.0, "{seed}");
        let room = checked_run(OFFLINE, seed, &[("chat.runs.history_max", json!(200))]);
        assert_eq!(figure(&room, "sends refused"), 0.0, "{seed}");
        assert_eq!(figure(&room, "timed out"), 6.0, "{seed}");
        // All have all, but for what was just written.
        assert!(figure(&room, "deliveries waiting") <= 72.0, "{seed}");
        assert!(figure(&room, "delivered after at most") > 23_000.0, "{seed}");
    }
}

#[test]
fn what_counts_as_delivered_too_early_is_lost() {
    let lost = mean(GATEWAY, |seed| figure(&checked_run(GATEWAY, seed, &[]), "messages lost"));
    println!("lost {lost}");
    assert!((lost - 9.0).abs() < 1.5, "{lost}");
    for seed in seeds(GATEWAY) {
        let (usual, session) = run(GATEWAY, seed, &[]);
        assert_books(&session, "trusted");
        assert_eq!(figure(&usual, "connections broken"), 6.0, "{seed}");
        // One message each at least.
        let lost = figure(&usual, "messages lost");
        assert!((6.0..=36.0).contains(&lost), "{seed}: {lost}");
        let trust = ("chat.runs.trust_gateways", json!(false));
        let sure = checked_run(GATEWAY, seed, std::slice::from_ref(&trust));
        assert_eq!(figure(&sure, "messages lost"), 0.0, "{seed}");
        assert!(figure(&sure, "delivered after at most") <= 3500.0, "{seed}");
        let twice = checked_run(GATEWAY, seed, &[trust, ("chat.runs.receipt_loss", json!(0.1))]);
        assert!(figure(&twice, "received twice") > 100.0, "{seed}");
        assert_eq!(figure(&twice, "messages lost"), 0.0, "{seed}");
        // Nobody returns to the gateway that is back.
        let calls = |summary: &Summary| summary.nodes["gateways"].members[&2].calls;
        let then = run_until(GATEWAY, seed, &[], 26_000.0);
        assert_eq!(calls(&usual), calls(&then), "{seed}");
    }
}
