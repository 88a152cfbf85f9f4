//! Traces of many requests at once, their events in order, and what Perfetto is given.

use serde_json::Value;
use std::collections::BTreeMap;
use switchyard::labs::LABS;
use switchyard::play::Session;
use switchyard::report::{What, happened, trace_events};
use switchyard::scenario::Checked;
use switchyard::sim::Time;

/// Every lab and every example of a kind of node, played for a while.
fn sessions() -> Vec<(String, Session)> {
    let labs = LABS.iter().map(|lab| (lab.id.to_owned(), lab.scenario.to_owned()));
    let files = std::fs::read_dir("tests/scenarios").unwrap().map(|entry| {
        let path = entry.unwrap().path();
        (path.display().to_string(), std::fs::read_to_string(&path).unwrap())
    });
    let play = |(name, json): (String, String)| {
        let mut session = Session::new(Checked::parse(&json).unwrap());
        session.advance(Time::from_ms(20_000.0), u64::MAX);
        (name, session)
    };
    labs.chain(files).map(play).collect()
}

#[test]
fn many_traces_are_the_same_as_one_by_one() {
    for (name, session) in sessions() {
        let traces = session.traces(3, 40);
        assert!(!traces.is_empty(), "{name}");
        for trace in &traces {
            assert_eq!(session.trace(trace.number).as_ref(), Some(trace), "{name}");
        }
        let issued = session.simulation().world().books().issued;
        assert_eq!(traces.len() as u64, issued.min(40) - 2, "{name}");
        assert_eq!(session.traces(issued + 1, issued + 9), [], "{name}: what is not issued has no trace");
    }
}

#[test]
fn events_are_in_order_and_a_request_is_issued_first_and_ended_once() {
    for (name, session) in sessions() {
        let traces = session.traces(1, 200);
        let events = happened(&traces);
        assert!(events.is_sorted_by_key(|event| event.at.0), "{name}");
        for trace in &traces {
            let own: Vec<_> = events.iter().filter(|event| event.request == trace.number).collect();
            assert_eq!((own[0].what, own[0].at), (What::Issued, trace.born), "{name}");
            let ended = own.iter().filter(|event| matches!(event.what, What::Ended(_))).count();
            assert_eq!(ended, usize::from(trace.ended.is_some()), "{name}");
            // Every message that was sent stands in the list.
            let sent = own.iter().filter(|event| event.what == What::Sent).count();
            assert_eq!(sent, trace.hops.len(), "{name}");
        }
    }
}

/// What a viewer needs: on one thread spans lie within or beside each other.
#[test]
fn spans_of_a_thread_nest() {
    for (name, session) in sessions() {
        let traces = session.traces(1, 300);
        let names: Vec<String> = session.snapshot().nodes.iter().map(|node| node.name.clone()).collect();
        let json = trace_events(&traces, &names, session.now());
        let events = json["traceEvents"].as_array().unwrap();
        let text = |event: &Value, field: &str| event[field].as_str().unwrap_or_default().to_owned();
        let mut threads: BTreeMap<(u64, u64), Vec<(u64, u64)>> = BTreeMap::new();
        let ns = |event: &Value, field: &str| (event[field].as_f64().unwrap() * 1000.0).round() as u64;
        for event in events.iter().filter(|event| text(event, "ph") == "X") {
            let thread = (event["pid"].as_u64().unwrap(), event["tid"].as_u64().unwrap());
            assert!(thread.0 as usize <= names.len(), "{name}");
            threads.entry(thread).or_default().push((ns(event, "ts"), ns(event, "ts") + ns(event, "dur")));
        }
        for ((pid, tid), mut spans) in threads {
            // The longer one first, as viewers have it.
            spans.sort_by_key(|(from, to)| (*from, u64::MAX - *to));
            let mut open: Vec<u64> = vec![];
            for (from, to) in spans {
                while open.last().is_some_and(|end| *end <= from) {
                    open.pop();
                }
                assert!(open.last().is_none_or(|end| to <= *end), "{name}: process {pid}, thread {tid}");
                open.push(to);
            }
            let named = |event: &Value| {
                text(event, "name") == "thread_name" && event["pid"] == pid && event["tid"] == tid
            };
            assert!(events.iter().any(named), "{name}: process {pid}, thread {tid} has a name");
        }
        // One span for each request, and one for each call that arrived.
        let calls = traces.iter().flat_map(|trace| &trace.hops).filter(|hop| hop.arrived.is_some()).count();
        let requests = events.iter().filter(|event| text(event, "name").starts_with("request ")).count();
        assert_eq!(requests, traces.len() + calls, "{name}");
        let (starts, ends) = ("s", "f");
        let count = |phase: &str| events.iter().filter(|event| text(event, "ph") == phase).count();
        assert_eq!(count(starts), count(ends), "{name}");
        assert_eq!(count(starts), calls, "{name}: every call that arrived has an arrow");
    }
}

/// The last part to come decides, and its work is seen in the line of its machine.
#[test]
fn a_query_is_answered_by_its_slowest_part() {
    let lab = LABS.iter().find(|lab| lab.id == "sharding/a-query-over-all-shards").unwrap();
    let mut session = Session::new(Checked::parse(lab.scenario).unwrap());
    session.advance(Time::from_ms(10_000.0), u64::MAX);
    let mut slow = 0;
    for trace in session.traces(1, 100).iter().filter(|trace| trace.ended.is_some()) {
        let parts = || (1..trace.hops.len()).filter(|index| trace.hops[*index].above == Some(0));
        assert_eq!(parts().count(), 19, "{}: its own part crosses no network", trace.number);
        assert_eq!(trace.held_until(0), trace.hops[0].finished);
        for part in parts() {
            assert_eq!(trace.held_until(part), trace.hops[part].finished);
        }
        let last = parts().map(|part| &trace.hops[part]).max_by_key(|hop| hop.returned).unwrap();
        let ours = last.returned == trace.hops[0].finished;
        assert_eq!(trace.answered(), if ours { last.finished } else { trace.hops[0].finished });
        slow += usize::from(last.finished.unwrap().since(last.arrived.unwrap()).ms() > 400.0);
    }
    assert!((5..40).contains(&slow), "{slow}");
}

#[test]
fn what_one_machine_does_is_answered_by_it() {
    let mut session = Session::new(Checked::parse(LABS[0].scenario).unwrap());
    session.advance(Time::from_ms(3000.0), u64::MAX);
    for trace in session.traces(1, 50).iter().filter(|trace| trace.ended.is_some()) {
        let [balancer, server] = &trace.hops[..] else { continue };
        assert_eq!(trace.held_until(0), Some(server.departed));
        assert_eq!((trace.answered(), balancer.finished), (server.finished, server.returned));
    }
}

fn lab(id: &str, ms: f64) -> Session {
    let lab = LABS.iter().find(|lab| lab.id == id).unwrap();
    let mut session = Session::new(Checked::parse(lab.scenario).unwrap());
    session.advance(Time::from_ms(ms), u64::MAX);
    session
}

#[test]
fn a_transfer_says_what_was_asked_of_whom_and_what_was_decided() {
    let session = lab("sharding/a-transaction-over-two", 5_000.0);
    let traces = session.traces(1, 200);
    let mut carried_out = 0;
    for trace in traces.iter().filter(|trace| trace.ended.is_some_and(|(_, outcome)| outcome.is_ok())) {
        let (_, why) = &trace.hops[0].choices[0];
        assert_eq!((why.what, why.sentence.contains("carried out")), ("", true), "{why:?}");
        for hop in &trace.hops[1..] {
            let (_, why) = &hop.choices[0];
            assert_eq!((why.what, why.sentence.contains("votes yes")), ("prepare", true), "{why:?}");
        }
        carried_out += 1;
    }
    assert!(carried_out > 100, "{carried_out}");
    // It is told when it was decided, not when the request came.
    let told: Vec<_> =
        happened(&traces).iter().filter(|event| event.why().is_some()).map(|event| event.what).collect();
    assert!(!told.is_empty() && told.iter().all(|what| matches!(what, What::Answered(_))));
}

#[test]
fn every_stale_read_says_that_it_is() {
    let session = lab("consistency/strong-or-eventual", 20_000.0);
    let issued = session.simulation().world().books().issued;
    let traces = session.traces(1, issued);
    let stale =
        |hop: &switchyard::report::Hop| hop.choices.iter().any(|(_, why)| why.sentence.contains("Stale:"));
    let told = traces.iter().flat_map(|trace| &trace.hops).filter(|hop| stale(hop)).count() as u64;
    let counted = session.summary().nodes["store"].counts["stale_reads"];
    let series = session.metrics().series();
    let charted: u64 = series.complete().iter().chain([series.current()]).map(|window| window.stale).sum();
    assert!(counted > 50);
    assert_eq!((told, charted), (counted, counted));
}
