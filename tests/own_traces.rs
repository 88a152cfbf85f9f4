//! A user's own keys and arrivals: played through a node they come to what the policy alone makes of them.

use switchyard::algo::setting::Knobs;
use switchyard::algo::{cache, limit};
use switchyard::play::Session;
use switchyard::run::snapshot::NodeState;
use switchyard::scenario::Checked;
use switchyard::scenario::replay::{Sort, import};
use switchyard::sim::{Counter, Purpose, Random, Stream, Time};

/// Half of a thousand requests ask for ten keys, the others for a thousand.
fn keys() -> Vec<u32> {
    let mut random = Stream::new(7, "keys", Purpose::Keys);
    (0..1000)
        .map(|_| if random.below(2) == 0 { random.below(10) } else { random.below(1000) } as u32)
        .collect()
}

fn counted(session: &Session, node: u16, what: Counter) -> u64 {
    session.metrics().counted(node).into_iter().find(|(counter, _)| *counter == what).map_or(0, |(_, n)| n)
}

#[test]
fn a_list_of_keys_hits_a_cache_as_often_as_it_hits_the_policy() {
    let text: String = keys().iter().map(|key| format!("{key}\n")).collect();
    for entry in cache::TABLE.iter().filter(|entry| !["min", "random", "ttl"].contains(&entry.info.id)) {
        let id = entry.info.id;
        // An answer is there long before the next request.
        let base = format!(
            r#"{{"v":1,"nodes":[
                {{"id":"c","kind":"clients","arrivals":"steady","rate_per_s":100,"to":["cache"]}},
                {{"id":"cache","kind":"cache","capacity":50,"eviction":"{id}","strategy":"read-through","to":["s"]}},
                {{"id":"s","kind":"servers","service_ms":1}}]}}"#
        );
        let base = Checked::parse(&base).unwrap_or_else(|problems| panic!("{problems:?}"));
        let (scenario, imported) = import(text.as_bytes(), "keys.txt", &base).unwrap();
        assert_eq!((imported.what, imported.requests), (Sort::Keys, 1000));
        let mut session = Session::new(scenario);
        session.advance(Time::from_ms(10_000.0 + 5.0), u64::MAX);
        let mut policy = (entry.build)(50, &Knobs::defaults(entry.info.knobs));
        let mut random = Stream::new(1, "unused", Purpose::Policy);
        let issued = session.simulation().world().books().issued as usize;
        assert!(issued >= 1000, "{id}: {issued}");
        let asked: Vec<u32> = keys().into_iter().cycle().take(issued).collect();
        let hits = policy.replay(&asked, &mut random);
        assert_eq!(counted(&session, 1, Counter::Hits), hits, "{id}");
        // And the stage says whose keys they are.
        let NodeState::Clients(clients) = &session.snapshot().nodes[0].state else { panic!("clients") };
        assert_eq!(switchyard::scene::clients::pace(clients), "own keys, 100/s");
    }
}

#[test]
fn a_list_of_arrivals_passes_a_limiter_as_it_passes_the_policy() {
    let mut random = Stream::new(9, "arrivals", Purpose::Keys);
    let mut at_ms = 0;
    let arrivals: Vec<(u64, u32)> = (0..500)
        .map(|_| {
            at_ms += random.below(80) + 1;
            (at_ms, random.below(4) as u32)
        })
        .collect();
    let text: String =
        arrivals.iter().map(|(at, who)| format!("{}.{:03},client{who}\n", at / 1000, at % 1000)).collect();
    for entry in limit::TABLE.iter().filter(|entry| entry.info.id != "concurrency") {
        let id = entry.info.id;
        let base = format!(
            r#"{{"v":1,"nodes":[
                {{"id":"c","kind":"clients","to":["l"]}},
                {{"id":"l","kind":"limiter","policy":"{id}","per":"client","to":["s"]}},
                {{"id":"s","kind":"servers","workers":100}}]}}"#
        );
        let base = Checked::parse(&base).unwrap_or_else(|problems| panic!("{problems:?}"));
        let (scenario, imported) = import(text.as_bytes(), "arrivals.csv", &base).unwrap();
        assert_eq!((imported.what, imported.requests, imported.clients), (Sort::Arrivals, 500, 4));
        let mut session = Session::new(scenario);
        session.advance(session.end(), u64::MAX);
        let mut policy = (entry.build)(&Knobs::defaults(entry.info.knobs));
        let refused =
            arrivals.iter().filter(|(at, who)| !policy.ask(*who, 1, Time::from_ms(*at as f64)).allow).count()
                as u64;
        assert_eq!(counted(&session, 1, Counter::Limited), refused, "{id}");
    }
}

#[test]
fn what_is_no_list_is_refused_and_says_why() {
    let base = r#"{"v":1,"nodes":[{"id":"c","kind":"clients","to":["s"]},{"id":"s","kind":"servers"}]}"#;
    let base = Checked::parse(base).unwrap();
    let refused = import(b"a\nb\n", "keys.txt", &base).unwrap_err();
    assert!(refused.contains("access log"), "no node here knows keys: {refused}");
}
