//! Services on servers: every one runs, keeps its books under faults, and shows what it promises about
//! repetition and loss.

mod common;

use common::audit::audit;
use serde_json::{Value, json};
use switchyard::node::Node;
use switchyard::play::Session;
use switchyard::report::Summary;
use switchyard::run::{NO_LIMIT, Simulation};
use switchyard::scenario::Checked;
use switchyard::sim::Time;
use switchyard::systems::SERVICES;

fn checked(file: Value) -> Checked {
    Checked::from_value(file).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn summary(scenario: &Checked, until_ms: f64) -> Summary {
    let mut session = Session::new(scenario.clone());
    session.advance(Time::from_ms(until_ms), u64::MAX);
    session.summary()
}

/// Clients that ask for all operations of a service, over a bad network.
fn system(service: &str, operations: &[&str], runs: Value, loss: f64) -> Value {
    let mix: Vec<Value> = operations.iter().map(|path| json!({ "path": path })).collect();
    json!({ "v": 1, "seed": 5, "duration_ms": 6000, "nodes": [
        { "id": "c", "kind": "clients", "rate_per_s": 200, "clients": 60, "mix": mix, "timeout_ms": 100,
          "retries": 5, "backoff": "fixed", "backoff_ms": 20, "keys": { "kind": "uniform", "count": 30 }, "to": [service] },
        { "id": service, "kind": "servers", "count": 3, "workers": 8, "service_ms": 3, "row_ms": 0.25,
          "runs": runs, "events_to": "sink", "to": ["sink"] },
        { "id": "sink", "kind": "servers", "workers": 50, "queue": 1000, "service_ms": 5 }],
      "links": [{ "from": "c", "to": service, "latency_ms": 2, "loss": loss }],
      "changes": [
        { "at_ms": 1500, "node": format!("{service}/1"), "set": { "down": true } },
        { "at_ms": 1600, "node": format!("{service}/2"), "set": { "frozen": true } },
        { "at_ms": 2500, "node": format!("{service}/2"), "set": { "frozen": false } },
        { "at_ms": 3000, "node": format!("{service}/1"), "set": { "down": false, "slow": 3 } },
        { "at_ms": 5000, "node": "c", "set": { "rate_per_s": 0 } }] })
}

/// Each service's own `check` recounts its money, messages, rows at every stop.
#[test]
fn every_service_keeps_its_books_under_faults_and_repetition() {
    for service in SERVICES {
        let operations: Vec<&str> = service.operations.iter().map(|operation| operation.path).collect();
        for loss in [0.0, 0.15] {
            let scenario = checked(system(service.id, &operations, json!(service.id), loss));
            let mut simulation = Simulation::new(&scenario, &mut ());
            for stop in 1..=60 {
                simulation.advance(Time::from_ms(f64::from(stop) * 100.0), NO_LIMIT, &mut ());
                audit(&simulation);
                let Node::Servers(servers) = &simulation.world().nodes()[1] else { panic!("servers") };
                servers
                    .running()
                    .expect("it runs a service")
                    .check()
                    .unwrap_or_else(|e| panic!("{}: {e}", service.id));
            }
            simulation.advance(Time::from_ms(60_000.0), NO_LIMIT, &mut ());
            assert_eq!(simulation.world().books().in_flight(), 0);
            let ok = simulation.world().books().ended[0];
            let issued = simulation.world().books().issued;
            assert!(issued > 900 && ok > issued / 10, "{}: {ok} of {issued}", service.id);
        }
    }
}

/// Answers are lost, clients pay again: with keys nobody pays twice, without them many do.
#[test]
fn without_idempotency_keys_retries_pay_twice() {
    let paid = |idempotency: bool| {
        let runs = json!({ "id": "payments", "idempotency": idempotency, "fraud_threshold": 1000 });
        let scenario = checked(system("payments", &["POST /payments"], runs, 0.15));
        let summary = summary(&scenario, 20_000.0);
        (
            summary.nodes["payments"].service["payments"] as u64,
            summary.total.requests,
            summary.total.outcomes["ok"],
        )
    };
    let (payments, requests, ok) = paid(true);
    assert!(ok <= payments && payments <= requests, "{payments} payments for {requests} requests, {ok} ok");
    let (doubled, requests, _) = paid(false);
    assert!(doubled > requests + requests / 10, "{doubled} payments for {requests} requests");
}

/// A message that was acknowledged is there, once, whatever was repeated.
#[test]
fn an_acknowledged_message_is_kept_once() {
    let scenario = checked(system("chat", &["POST /messages"], json!("chat"), 0.15));
    let summary = summary(&scenario, 20_000.0);
    let kept = summary.nodes["chat"].service["messages acknowledged"] as u64;
    // Some took effect although their client never heard of it.
    assert!(summary.total.outcomes["ok"] <= kept && kept <= summary.total.requests);
}

/// The receiver is down for a while: webhooks wait, are tried again, and all arrive in the end.
#[test]
fn webhooks_outlast_a_receiver_that_is_down() {
    let mut file =
        system("payments", &["POST /payments"], json!({ "id": "payments", "fraud_threshold": 1000 }), 0.0);
    file["changes"] = json!([
        { "at_ms": 500, "node": "sink/1", "set": { "down": true } },
        { "at_ms": 4000, "node": "sink/1", "set": { "down": false } },
        { "at_ms": 5000, "node": "c", "set": { "rate_per_s": 0 } }]);
    let scenario = checked(file);
    let during = &summary(&scenario, 3900.0).nodes["payments"].service.clone();
    assert!(during["webhooks waiting"] > 100.0, "{during:?}");
    let mut simulation = Simulation::new(&scenario, &mut ());
    simulation.advance(Time::from_ms(80_000_000.0), NO_LIMIT, &mut ());
    let Node::Servers(servers) = &simulation.world().nodes()[1] else { panic!("servers") };
    let inspection = servers.running().unwrap().inspect(simulation.now());
    let figure =
        |name| inspection.figures.iter().find(|figure| figure.name == name).map(|figure| figure.value);
    assert_eq!(figure("webhooks waiting"), Some(0.0));
    assert!(figure("webhooks confirmed").unwrap() >= figure("payments").unwrap());
}

/// Rows take time: fan-out on write makes posts slow, fan-out on read makes feeds slow.
#[test]
fn fan_out_moves_the_work() {
    let latency = |fan_out: &str, path: &str| {
        let runs = json!({ "id": "feed", "fan_out": fan_out });
        let mut file = system("feed", &[path], runs, 0.0);
        file["changes"] = json!([]);
        file["nodes"][0]["rate_per_s"] = json!(20);
        file["nodes"][0]["timeout_ms"] = json!(0);
        summary(&checked(file), 6000.0).total.latency_ms.mean.unwrap()
    };
    assert!(latency("write", "POST /posts") > 1.5 * latency("read", "POST /posts"));
    assert!(latency("read", "GET /feed") > 1.2 * latency("write", "GET /feed"));
}

/// What a gateway stops never reaches what is behind it.
#[test]
fn a_gateway_stops_what_is_not_in_order() {
    let text = include_str!("scenarios/gateway.json");
    let summary = summary(&Checked::parse(text).unwrap(), 10_000.0);
    let outcomes = &summary.total.outcomes;
    for stopped in ["no-route", "invalid", "unauthorised"] {
        assert!(outcomes[stopped] > 10, "{stopped}: {outcomes:?}");
    }
    let forwarded = summary.nodes["gateway"].service["forwarded"] as u64;
    assert!(summary.nodes["servers"].calls.abs_diff(forwarded) < 20);
    assert!(forwarded < summary.total.requests);
}

/// Where a node is named as the service that a request is for, only that node is asked.
#[test]
fn a_gateway_leads_each_request_to_its_service() {
    let server = |id: &str| {
        json!({ "id": id, "kind": "servers", "workers": 16, "queue": 100,
        "service_ms": { "dist": "constant", "value": 2 }, "runs": id })
    };
    for calling in [json!({}), json!({ "call_timeout_ms": 500 })] {
        let mut gateway = json!({ "id": "edge", "kind": "servers", "workers": 32, "queue": 100,
            "service_ms": { "dist": "constant", "value": 1 }, "runs": "gateway", "to": ["feed", "shortener"] });
        for (name, value) in calling.as_object().unwrap() {
            gateway[name] = value.clone();
        }
        let file = json!({ "v": 1, "seed": 3, "duration_ms": 10_000.0, "nodes": [
            { "id": "c", "kind": "clients", "rate_per_s": 100, "clients": 20, "keys": { "kind": "uniform", "count": 100 },
              "mix": [{ "path": "GET /l", "share": 3 }, { "path": "GET /feed", "share": 1 }], "to": ["edge"] },
            gateway, server("feed"), server("shortener")] });
        let summary = summary(&checked(file), 10_000.0);
        let (feed, shortener) = (summary.nodes["feed"].calls, summary.nodes["shortener"].calls);
        assert!(feed + shortener <= summary.total.requests, "{feed} {shortener} {:?}", summary.total);
        assert!(feed + shortener + 5 >= summary.total.requests, "{feed} {shortener} {:?}", summary.total);
        let share = feed as f64 / (feed + shortener) as f64;
        assert!((share - 0.25).abs() < 0.06, "{share}");
        assert_eq!(summary.total.lost, 0, "each node knows the requests that it gets");
    }
}

/// Every scenario of the examples runs, as a file and after being saved.
#[test]
fn every_example_runs_and_survives_saving() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios");
    let mut examples = 0;
    for entry in std::fs::read_dir(folder).expect("there are examples") {
        let path = entry.expect("it can be read").path();
        let text = std::fs::read_to_string(&path).expect("it is text");
        let scenario = Checked::parse(&text).unwrap_or_else(|problems| panic!("{path:?}: {problems:?}"));
        let again =
            Checked::parse(&scenario.to_json()).unwrap_or_else(|problems| panic!("{path:?}: {problems:?}"));
        assert_eq!(scenario, again, "{path:?}");
        let summary = summary(&scenario, scenario.duration_ms);
        assert!(summary.total.outcomes["ok"] > summary.total.requests / 2, "{path:?}: {:?}", summary.total);
        examples += 1;
    }
    assert!(examples >= 6);
}
