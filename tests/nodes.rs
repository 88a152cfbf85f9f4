//! What nodes do, on examples small enough to be worked out by hand.

mod common;

use common::record::{change, log, play, scenario};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use switchyard::play::{Session, When};
use switchyard::run::{NO_LIMIT, Simulation, snapshot::NodeState};
use switchyard::scenario::Checked;
use switchyard::sim::{Outcome, Time};

use Outcome::{Crashed, Lost, NoRoute, Ok as Fine, QueueFull, TimedOut};

fn one_server(extra: Value) -> Value {
    let mut node = json!({ "id": "s", "kind": "servers", "count": 1, "workers": 1, "queue": 5,
        "service_ms": { "dist": "constant", "value": 1 } });
    for (name, value) in extra.as_object().unwrap() {
        node[name] = value.clone();
    }
    node
}

fn no_links() -> Value {
    json!([])
}

#[test]
fn a_crash_fails_what_is_inside_and_a_restart_works_again() {
    let rows = [(0.0, 100.0), (10.0, 100.0), (20.0, 100.0), (100.0, 100.0), (250.0, 100.0)];
    let record = play(&scenario(
        json!([log(&rows, "s"), one_server(json!({}))]),
        no_links(),
        json!([change(50.0, "s/1", json!({ "down": true })), change(200.0, "s/1", json!({ "down": false }))]),
    ));
    let wanted =
        [(1, 50.0, Crashed), (2, 50.0, Crashed), (3, 50.0, Crashed), (4, 100.0, Crashed), (5, 350.0, Fine)];
    assert_eq!(record.ends(), wanted);
}

#[test]
fn frozen_work_resumes_with_what_was_left_of_it() {
    let record = play(&scenario(
        json!([log(&[(0.0, 100.0), (40.0, 100.0)], "s"), one_server(json!({}))]),
        no_links(),
        json!([
            change(30.0, "s/1", json!({ "frozen": true })),
            change(530.0, "s/1", json!({ "frozen": false }))
        ]),
    ));
    // 30 done before, 70 after; the second knocked while nobody was there to hear it.
    assert_eq!(record.ends(), [(1, 600.0, Fine), (2, 700.0, Fine)]);
}

#[test]
fn a_change_of_speed_takes_effect_in_the_middle_of_work() {
    let changes =
        json!([change(40.0, "s/1", json!({ "slow": 5 })), change(140.0, "s/1", json!({ "slow": 2 }))]);
    let nodes = |speed: f64| {
        json!([log(&[(0.0, 100.0)], "s"), one_server(json!({ "members": [{ "speed": speed }] }))])
    };
    // 40 done at speed 1, 20 at a fifth, 40 at a half.
    assert_eq!(play(&scenario(nodes(1.0), no_links(), changes.clone())).ends(), [(1, 220.0, Fine)]);
    // At half speed: 20 done, 10 at a tenth, 70 at a quarter.
    assert_eq!(play(&scenario(nodes(0.5), no_links(), changes)).ends(), [(1, 420.0, Fine)]);
}

/// Requests every 10 ms, 5 ms past the full ten, of 1 ms each: which of them found the server down.
fn downtimes(changes: Value) -> Vec<f64> {
    let rows: Vec<(f64, f64)> = (0..80).map(|n| (n as f64 * 10.0 + 5.0, 1.0)).collect();
    let record = play(&scenario(json!([log(&rows, "s"), one_server(json!({}))]), no_links(), changes));
    record.ended.iter().filter(|end| end.outcome == Crashed).map(|end| end.born).collect()
}

fn every_ten(spans: &[(u32, u32)]) -> Vec<f64> {
    let times = spans.iter().flat_map(|(from, to)| (*from..*to).step_by(10));
    times.map(|ms| ms as f64 + 5.0).collect()
}

#[test]
fn a_flapping_server_is_down_and_up_in_turn_until_it_stops() {
    let flap = change(50.0, "s/1", json!({ "flap": { "down_ms": 100, "up_ms": 200 } }));
    let stop = change(700.0, "s/1", json!({ "flap": null }));
    assert_eq!(downtimes(json!([flap, stop])), every_ten(&[(50, 150), (350, 450), (650, 700)]));
}

#[test]
fn another_fault_does_not_disturb_the_flapping() {
    let flap = change(50.0, "s/1", json!({ "flap": { "down_ms": 100, "up_ms": 200 } }));
    let meanwhile = change(100.0, "s/1", json!({ "drop_share": 0.000001 }));
    assert_eq!(downtimes(json!([flap, meanwhile])), every_ten(&[(50, 150), (350, 450), (650, 750)]));
}

#[test]
fn a_client_gives_up_and_the_server_works_on_for_nobody() {
    let mut clients = log(&[(0.0, 500.0), (50.0, 10.0)], "s");
    clients["timeout_ms"] = json!(100);
    let scenario = scenario(json!([clients, one_server(json!({}))]), no_links(), json!([]));
    let record = play(&scenario);
    assert_eq!(record.ends(), [(1, 100.0, TimedOut), (2, 150.0, TimedOut)]);
    let work: Vec<_> =
        record.at(1).iter().map(|hop| (hop.started, hop.finished, hop.outcome, hop.abandoned)).collect();
    assert_eq!(work, [(0.0, 500.0, Fine, true), (500.0, 510.0, Fine, true)]);

    let mut session = Session::new(scenario);
    session.advance(Time::from_ms(300.0), u64::MAX);
    let NodeState::Servers(servers) = &session.snapshot().nodes[1].state else { panic!("servers") };
    let worker = servers.members[0].workers[0].expect("it works");
    assert!(worker.abandoned && (worker.progress - 0.6).abs() < 1e-9, "{worker:?}");
    session.advance(Time::from_ms(1020.0), u64::MAX);
    // 510 ms of work in 1020 ms, none of it for anybody.
    let utilisation = session.summary().nodes["s"].utilisation.expect("there are workers");
    assert!((utilisation - 0.5).abs() < 1e-9);
    assert_eq!(session.summary().total.outcomes["ok"], 0);
}

#[test]
fn a_lost_message_is_noticed_after_a_second_or_by_the_timeout() {
    let cut = json!([{ "from": "clients", "to": "s", "cut": true }]);
    let healed = json!([change(500.0, "clients>s", json!({ "cut": false }))]);
    let mut clients = log(&[(0.0, 1.0), (600.0, 1.0)], "s");
    let nodes = |clients: &Value| json!([clients, one_server(json!({}))]);
    let record = play(&scenario(nodes(&clients), cut.clone(), healed.clone()));
    assert_eq!(record.ends(), [(1, 1000.0, Lost), (2, 601.0, Fine)]);
    clients["timeout_ms"] = json!(300);
    let record = play(&scenario(nodes(&clients), cut, healed));
    assert_eq!(record.ends(), [(1, 300.0, TimedOut), (2, 601.0, Fine)]);
}

/// Steady clients, a balancer and `count` servers, 5 ms apart.
fn behind_a_balancer(count: u32, rate_per_s: f64, balancer: Value, changes: Value) -> Checked {
    let mut lb = json!({ "id": "lb", "kind": "balancer", "to": ["s"] });
    for (name, value) in balancer.as_object().unwrap() {
        lb[name] = value.clone();
    }
    scenario(
        json!([
            { "id": "clients", "kind": "clients", "arrivals": "steady", "rate_per_s": rate_per_s, "clients": 4,
              "timeout_ms": 0, "to": ["lb"] },
            lb, one_server(json!({ "count": count, "queue": 100 }))]),
        json!([{ "from": "lb", "to": "s", "latency_ms": 5 }]),
        changes,
    )
}

#[test]
fn health_checks_take_a_crashed_server_out_and_bring_it_back() {
    let checks = json!({ "health_every_ms": 100, "health_timeout_ms": 50, "health_down_after": 3, "health_up_after": 2 });
    let changes = json!([
        change(1006.0, "s/2", json!({ "down": true })),
        change(2006.0, "s/2", json!({ "down": false }))
    ]);
    let record = play(&behind_a_balancer(3, 300.0, checks, changes));
    let to_second: Vec<f64> =
        record.at(2).iter().filter(|hop| hop.member == 2).map(|hop| hop.arrived - 5.0).collect();
    // The checks of 1000 and 2000 have just passed. Checks leave at 1100, 1200 and 1300 and fail 10 ms later; those of 2100 and 2200 succeed.
    assert!(to_second.iter().any(|sent| (1300.0..1310.0).contains(sent)));
    assert!(to_second.iter().all(|sent| !(1310.01..2210.0).contains(sent)));
    assert!(to_second.iter().any(|sent| (2210.0..2225.0).contains(sent)));
    let crashed = record.ended.iter().filter(|end| end.outcome == Crashed);
    assert!(crashed.clone().count() > 20 && crashed.clone().all(|end| end.at <= 1320.01));
}

#[test]
fn a_check_under_way_when_checks_are_turned_off_condemns_nobody() {
    let checks = json!({ "health_every_ms": 100, "health_timeout_ms": 50, "health_down_after": 1 });
    let changes = json!([
        change(1001.0, "s/1", json!({ "down": true })),
        change(1102.0, "lb", json!({ "health_every_ms": 0 })),
        change(1150.0, "s/1", json!({ "down": false }))
    ]);
    let record = play(&behind_a_balancer(2, 100.0, checks, changes));
    assert!(record.at(2).iter().any(|hop| hop.member == 1 && hop.arrived > 2000.0), "it never came back");
}

#[test]
fn a_server_that_fails_in_a_row_is_ejected_for_a_while() {
    let settings = json!({ "eject_after": 3, "eject_ms": 500, "eject_share_max": 0.5 });
    let down = json!([change(0.0, "s/1", json!({ "down": true }))]);
    let record = play(&behind_a_balancer(2, 100.0, settings.clone(), down));
    let failed: Vec<f64> =
        record.at(2).iter().filter(|hop| hop.outcome == Crashed).map(|hop| hop.arrived - 5.0).collect();
    // Every second request goes there, every 20 ms: the third failure comes back 10 ms after it left.
    assert_eq!(&failed[..3], [10.0, 30.0, 50.0]);
    assert!(failed[3] >= 560.0 && failed[3] <= 590.0, "{failed:?}");
    for ejections in failed.chunks(3).collect::<Vec<_>>().windows(2) {
        if let ([.., last], [first, ..]) = (ejections[0], ejections[1]) {
            assert!(first - last >= 510.0, "{failed:?}");
        }
    }

    // Both fail, but only half of them may be out at once.
    let down =
        json!([change(0.0, "s/1", json!({ "down": true })), change(0.0, "s/2", json!({ "down": true }))]);
    let record = play(&behind_a_balancer(2, 100.0, settings, down));
    assert!(
        record.ended.iter().all(|end| end.outcome == Crashed),
        "nobody is ever refused for want of a server"
    );
}

fn weights(simulation: &Simulation) -> Vec<u32> {
    let NodeState::Balancer(balancer) = &simulation.snapshot().nodes[1].state else { panic!("a balancer") };
    balancer.pools[0].weight.clone()
}

#[test]
fn slow_start_raises_a_newcomers_weight_step_by_step() {
    let settings = json!({ "policy": "weighted-smooth", "slow_start_ms": 1000 });
    let scenario = behind_a_balancer(1, 220.0, settings, json!([change(1000.0, "s", json!({ "count": 2 }))]));
    let mut simulation = Simulation::new(&scenario, &mut ());
    let mut seen = vec![];
    for tenth in 10..=21 {
        simulation.advance(Time::from_ms(tenth as f64 * 100.0 + 50.0), NO_LIMIT, &mut ());
        seen.push(weights(&simulation)[1]);
        assert_eq!(weights(&simulation)[0], 100);
    }
    assert_eq!(seen, [10, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 100]);
    let record = play(&scenario);
    let share = |from: f64, to: f64| {
        let hops = record.at(2).into_iter().filter(|hop| (from..to).contains(&hop.arrived));
        let (all, new) = hops.fold((0, 0), |(all, new), hop| (all + 1, new + (hop.member == 2) as u32));
        new as f64 / all as f64
    };
    assert!((share(1005.0, 1205.0) - 10.0 / 110.0).abs() < 0.03);
    assert!((share(1505.0, 1605.0) - 50.0 / 150.0).abs() < 0.06);
    assert!((share(2105.0, 9000.0) - 0.5).abs() < 0.01);
}

/// For each client the servers that its requests went to, in order.
fn servers_of_clients(scenario: &Checked) -> BTreeMap<u32, Vec<u16>> {
    let mut servers = BTreeMap::<u32, Vec<u16>>::new();
    for hop in play(scenario).at(2) {
        servers.entry(hop.client).or_default().push(hop.member);
    }
    servers
}

fn changes_of_server(servers: &[u16]) -> usize {
    servers.windows(2).filter(|pair| pair[0] != pair[1]).count()
}

#[test]
fn a_cookie_leads_back_to_the_same_server_for_as_long_as_it_is_there() {
    let settings =
        json!({ "sticky": "cookie", "policy": "random", "health_every_ms": 50, "health_down_after": 1 });
    let quiet = behind_a_balancer(5, 200.0, settings.clone(), json!([]));
    assert!(servers_of_clients(&quiet).values().all(|servers| changes_of_server(servers) == 0));
    let down = json!([
        change(3000.0, "s/1", json!({ "down": true })),
        change(4000.0, "s/2", json!({ "down": true }))
    ]);
    for (client, servers) in servers_of_clients(&behind_a_balancer(5, 200.0, settings, down)) {
        assert!(changes_of_server(&servers) <= 2, "client {client}: {servers:?}");
        assert!(servers.last().is_some_and(|last| *last > 2), "client {client}");
    }
}

#[test]
fn a_clients_address_is_forgotten_after_a_while() {
    let gaps = |sticky_ms: f64| {
        // One client, a request every 100 ms.
        let mut file = serde_json::to_value(&*behind_a_balancer(
            50,
            10.0,
            json!({ "sticky": "client", "sticky_ms": sticky_ms }),
            json!([]),
        ))
        .unwrap();
        file["nodes"][0]["clients"] = json!(1);
        changes_of_server(&servers_of_clients(&Checked::from_value(file).unwrap())[&0])
    };
    assert_eq!(gaps(101.0), 0);
    assert_eq!(gaps(99.0), 98);
}

#[test]
fn layer_4_keeps_a_connection_for_so_many_requests() {
    let settings = json!({ "layer": "4", "connection_requests": 5 });
    for (client, servers) in servers_of_clients(&behind_a_balancer(7, 200.0, settings, json!([]))) {
        for connection in servers.chunks(5) {
            assert_eq!(changes_of_server(connection), 0, "client {client}: {servers:?}");
        }
        // Round robin over seven servers and four clients: a new connection goes elsewhere nearly always.
        assert!(changes_of_server(&servers) * 10 >= servers.len() / 5 * 7, "client {client}: {servers:?}");
    }
}

#[test]
fn layer_7_takes_the_longest_route_and_refuses_what_has_none() {
    let paths = ["/api/users", "/api", "/apix", "/static/a", "/"];
    let rows: Vec<Value> = (0..5).map(|n| json!([n as f64, 0, n, 1.0])).collect();
    let server = |id: &str| json!({ "id": id, "kind": "servers" });
    let record = play(&scenario(
        json!([
            { "id": "c", "kind": "clients", "arrivals": "replay", "to": ["lb"],
              "replay": { "name": "log", "paths": paths, "rows": rows } },
            { "id": "lb", "kind": "balancer", "to": ["a", "b"], "routes": [
                { "path": "/api", "to": "b" }, { "path": "/api/users", "to": "a" }, { "path": "/static/", "to": "a" }] },
            server("a"), server("b")]),
        no_links(),
        json!([]),
    ));
    let to: BTreeMap<u64, u16> =
        record.hops.iter().filter(|hop| hop.node >= 2).map(|hop| (hop.number, hop.node)).collect();
    assert_eq!(to, BTreeMap::from([(1, 2), (2, 3), (3, 3), (4, 2)]));
    assert_eq!(record.ends()[4], (5, 4.0, NoRoute));
}

/// The order in which a server takes the requests that wait.
fn order(discipline: &str, changes: Value) -> Vec<u64> {
    let classes: Vec<Value> =
        (0..3).map(|n| json!({ "path": format!("/{n}"), "priority": n, "share": 1 })).collect();
    let record = play(&scenario(
        json!([
            { "id": "c", "kind": "clients", "arrivals": "steady", "rate_per_s": 100, "mix": classes, "timeout_ms": 0, "to": ["s"] },
            { "id": "s", "kind": "servers", "workers": 1, "queue": 8, "discipline": discipline, "service_ms": 1000 }]),
        no_links(),
        changes,
    ));
    let mut hops = record.at(1);
    hops.retain(|hop| hop.outcome == Fine && hop.number <= 9);
    hops.sort_by(|a, b| a.started.total_cmp(&b.started));
    assert!(record.hops.iter().any(|hop| hop.outcome == QueueFull && hop.number == 10));
    hops.iter().map(|hop| hop.number).collect()
}

/// With everything after the ninth request stopped, so that the queue is only emptied.
fn stopped() -> Value {
    change(105.0, "c", json!({ "rate_per_s": 0 }))
}

#[test]
fn who_is_next_depends_on_the_discipline() {
    let first_in = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    assert_eq!(order("fifo", json!([stopped()])), first_in);
    assert_eq!(order("lifo", json!([stopped()])), [1, 9, 8, 7, 6, 5, 4, 3, 2]);
    let by_priority = order("priority", json!([stopped()]));
    assert_ne!(by_priority, first_in);
    // Whoever waited when the discipline changed is sorted like the others.
    let late = change(100.5, "s", json!({ "discipline": "priority" }));
    assert_eq!(order("fifo", json!([late, stopped()])), by_priority);
}

/// The stage lists the next one first, whatever the discipline.
#[test]
fn the_snapshot_lists_the_queue_in_the_order_of_service() {
    for discipline in ["fifo", "lifo", "priority"] {
        let rows: Vec<(f64, f64)> = (0..5).map(|n| (n as f64, 100.0)).collect();
        let scenario = scenario(
            json!([log(&rows, "s"), one_server(json!({ "discipline": discipline }))]),
            no_links(),
            json!([]),
        );
        let mut simulation = Simulation::new(&scenario, &mut ());
        simulation.advance(Time::from_ms(50.0), NO_LIMIT, &mut ());
        let NodeState::Servers(servers) = &simulation.snapshot().nodes[1].state else { panic!("servers") };
        let listed = servers.members[0].queue.clone();
        let mut hops = play(&scenario).at(1);
        hops.sort_by(|a, b| a.started.total_cmp(&b.started));
        let served: Vec<u64> = hops.iter().map(|hop| hop.number).collect();
        assert_eq!(listed, served[1..], "{discipline}");
    }
}

#[test]
fn servers_come_and_go_while_it_runs() {
    let changes =
        json!([change(1000.0, "s", json!({ "count": 4 })), change(2000.0, "s", json!({ "count": 1 }))]);
    let record = play(&behind_a_balancer(2, 100.0, json!({}), changes));
    let seen = |from: f64, to: f64| {
        let mut members: Vec<u16> =
            record.at(2).iter().filter(|h| (from..to).contains(&h.arrived)).map(|h| h.member).collect();
        members.sort();
        members.dedup();
        members
    };
    assert_eq!(
        (seen(0.0, 1000.0), seen(1006.0, 2000.0), seen(2006.0, 1e9)),
        (vec![1, 2], vec![1, 2, 3, 4], vec![1])
    );
    assert!(record.ended.iter().all(|end| end.outcome == Fine));
}

#[test]
fn a_server_that_leaves_finishes_what_it_has() {
    let rows = [(0.0, 100.0), (1.0, 100.0), (2.0, 100.0), (3.0, 100.0)];
    let record = play(&scenario(
        json!([log(&rows, "lb"), { "id": "lb", "kind": "balancer", "to": ["s"] }, one_server(json!({ "count": 2 }))]),
        no_links(),
        json!([change(10.0, "s", json!({ "count": 1 }))]),
    ));
    assert_eq!(record.ends(), [(1, 100.0, Fine), (2, 101.0, Fine), (3, 200.0, Fine), (4, 201.0, Fine)]);
}

/// What a file says of `servers/3` holds from the moment when there is a third server.
#[test]
fn settings_of_a_member_wait_for_it() {
    let with_count = |count: u32, changes: Value| {
        let members = json!([{}, { "slow": 4 }, { "down": true }, { "frozen": true }]);
        let nodes = json!([log(&[(100.0, 10.0), (100.1, 10.0), (100.2, 10.0), (100.3, 10.0)], "lb"),
            { "id": "lb", "kind": "balancer", "to": ["s"] }, one_server(json!({ "count": count, "members": members }))]);
        play(&scenario(nodes, no_links(), changes)).ends()
    };
    let from_the_start = with_count(4, json!([]));
    assert_eq!(from_the_start, [(1, 110.0, Fine), (2, 140.1, Fine), (3, 100.2, Crashed)]);
    assert_eq!(with_count(1, json!([change(50.0, "s", json!({ "count": 4 }))])), from_the_start);
    // The same when the settings come while the member is not there, or together with it.
    let nodes = json!([log(&[(100.0, 10.0), (100.1, 10.0)], "lb"), { "id": "lb", "kind": "balancer", "to": ["s"] },
        one_server(json!({}))]);
    let later =
        json!([change(20.0, "s/2", json!({ "down": true })), change(50.0, "s", json!({ "count": 2 }))]);
    let together = json!([change(50.0, "s", json!({ "count": 2, "members": [{}, { "down": true }] }))]);
    for changes in [later, together] {
        assert_eq!(
            play(&scenario(nodes.clone(), no_links(), changes)).ends(),
            [(1, 110.0, Fine), (2, 100.1, Crashed)]
        );
    }
}

#[test]
fn a_log_that_takes_over_begins_where_the_time_is() {
    let mut clients = log(&[(100.0, 1.0), (200.0, 1.0), (900.0, 1.0), (950.0, 1.0)], "s");
    (clients["arrivals"], clients["rate_per_s"]) = (json!("steady"), json!(100));
    let changes = json!([change(505.0, "clients", json!({ "arrivals": "replay" }))]);
    let record = play(&scenario(json!([clients, one_server(json!({}))]), no_links(), changes));
    let born: Vec<f64> = record.ended.iter().map(|end| end.born).collect();
    assert_eq!(born.len(), 52);
    assert_eq!(&born[49..], [500.0, 900.0, 950.0]);
}

#[test]
fn work_that_waits_for_others_stays_done_when_the_speed_changes() {
    let scenario = scenario(
        json!([log(&[(0.0, 100.0)], "front"),
            { "id": "front", "kind": "servers", "to": ["back"] },
            { "id": "back", "kind": "servers" }]),
        json!([{ "from": "front", "to": "back", "latency_ms": 1000 }]),
        json!([
            change(110.0, "front/1", json!({ "slow": 1000 })),
            change(150.0, "front/1", json!({ "frozen": true }))
        ]),
    );
    let mut simulation = Simulation::new(&scenario, &mut ());
    for at_ms in [105.0, 120.0, 160.0] {
        simulation.advance(Time::from_ms(at_ms), NO_LIMIT, &mut ());
        let NodeState::Servers(front) = &simulation.snapshot().nodes[1].state else { panic!("servers") };
        assert_eq!(front.members[0].workers[0].expect("it waits").progress, 1.0, "at {at_ms} ms");
    }
}

/// Common random numbers: whatever stands between, both variants get the same requests and do the
/// same work for each.
#[test]
fn two_policies_see_the_same_requests() {
    let run = |policy: &str| {
        let record = play(&scenario(
            json!([
                { "id": "c", "kind": "clients", "rate_per_s": 150, "clients": 9, "to": ["lb"], "timeout_ms": 0,
                  "keys": { "kind": "zipf", "count": 100, "s": 1.0 },
                  "mix": [{ "path": "/a" }, { "path": "/b", "cost": 3 }] },
                { "id": "lb", "kind": "balancer", "policy": policy, "to": ["s"] },
                { "id": "s", "kind": "servers", "count": 4, "workers": 2, "queue": 1000,
                  "service_ms": { "dist": "lognormal", "mean": 20, "sigma": 1.2 } }]),
            json!([{ "from": "lb", "to": "s", "latency_ms": { "dist": "exponential", "mean": 3 } }]),
            json!([]),
        ));
        let asked: BTreeMap<u64, (f64, u32, u32)> =
            record.ended.iter().map(|end| (end.number, (end.born, end.client, end.key))).collect();
        let work: BTreeMap<u64, i64> = record
            .at(2)
            .iter()
            .map(|hop| (hop.number, ((hop.finished - hop.started) * 1e6).round() as i64))
            .collect();
        let placed: Vec<u16> = record.at(2).iter().map(|hop| hop.member).collect();
        (asked, work, placed)
    };
    let (asked, work, placed) = run("round-robin");
    for policy in ["random", "two-choices", "least-connections", "peak-ewma", "maglev"] {
        let (asked_too, work_too, placed_otherwise) = run(policy);
        let both: Vec<&u64> = work.keys().filter(|number| work_too.contains_key(number)).collect();
        assert!(both.len() > 1200, "{policy}");
        assert!(both.iter().all(|number| work[number] == work_too[number]), "{policy}: other work");
        assert!(both.iter().all(|number| asked[number] == asked_too[number]), "{policy}: other requests");
        assert_ne!(placed, placed_otherwise, "{policy} places as round robin does");
    }
}

#[test]
fn what_is_set_live_takes_effect_at_once_and_is_in_the_scenario() {
    let mut session = Session::new(behind_a_balancer(2, 100.0, json!({}), json!([])));
    session.advance(Time::from_ms(2000.0), u64::MAX);
    session.set("clients.rate_per_s", json!(0), When::Now).expect("a rate");
    let issued = session.simulation().world().books().issued;
    session.advance(session.end(), u64::MAX);
    assert_eq!((issued, session.simulation().world().books().issued), (200, 200));
    assert_eq!(session.scenario().changes.len(), 1);
    assert_eq!(session.value("clients.rate_per_s"), Some(json!(0.0)));
}
