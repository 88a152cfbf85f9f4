//! What every service must do, whatever it is asked; and what follows from the settings of each.

use super::*;
use crate::algo::setting::{SettingKind, Value};
use crate::sim::Span;
use proptest::prelude::*;

fn build(id: &str, set: &[(&'static str, Value)]) -> Box<dyn Service> {
    let info = find(id).expect("a service of the table");
    let mut knobs = Knobs::defaults(info.settings);
    for (name, value) in set {
        assert!(info.settings.iter().any(|setting| setting.name == *name), "{id} has {name}");
        knobs.set(name, value.clone());
    }
    (info.build)(&knobs, 7)
}

fn op(id: &str, path: &str, key: u32, client: u32, seed: u64, now: Time) -> Op {
    let route = find(id).and_then(|info| info.route(path)).expect("an operation of the table");
    Op { route, key, client, seed, now }
}

fn figure(service: &dyn Service, name: &str) -> f64 {
    let figures = service.inspect(Time::ZERO).figures;
    figures.iter().find(|figure| figure.name == name).expect("a figure of the service").value
}

#[test]
fn the_table_is_whole() {
    for (index, info) in SERVICES.iter().enumerate() {
        assert!(SERVICES[..index].iter().all(|other| other.id != info.id));
        assert!(info.summary.ends_with('.') && !info.operations.is_empty(), "{}", info.id);
        for (route, operation) in info.operations.iter().enumerate() {
            assert!(operation.summary.ends_with('.'), "{}", operation.path);
            assert_eq!(info.route(operation.path), Some(route), "{}", operation.path);
            let below = format!("{}/abc?x=1", operation.path);
            assert_eq!(info.route(&below), Some(route), "{below}");
            assert_eq!(info.route(&format!("{}x", operation.path)), None);
        }
        for setting in info.settings {
            assert!(setting.help.ends_with('.') && setting.default_value().is_some(), "{}", setting.name);
            if let SettingKind::Number { min, max, usual, default, .. } = setting.kind {
                assert!(
                    min <= usual.0 && usual.1 <= max && (min..=max).contains(&default),
                    "{}",
                    setting.name
                );
            }
        }
    }
    assert!(find("nothing").is_none());
}

/// The gateway has a line and a route for every operation of the services behind it, but the one that is
/// for the consumers of a queue.
#[test]
fn the_gateway_leads_to_every_operation() {
    let gateway = find("gateway").expect("the gateway");
    let mut service = build("gateway", &[]);
    for (index, info) in SERVICES.iter().enumerate().filter(|(_, info)| info.id != "gateway") {
        for operation in info.operations.iter().filter(|operation| operation.path != "POST /clicks") {
            assert!(gateway.route(operation.path).is_some(), "{}", operation.path);
            let reply = service.handle(&op("gateway", operation.path, 1, 2, 3, Time(4)));
            let to: Vec<u32> = reply.events.iter().map(|event| event.detail).collect();
            assert_eq!((reply.outcome, to), (Outcome::Ok, vec![index as u32]), "{}", operation.path);
        }
    }
    let reply = service.handle(&op("gateway", "GET /nowhere", 1, 2, 3, Time(4)));
    assert_eq!((reply.outcome, reply.note), (Outcome::NoRoute, "no route"));
}

#[test]
fn a_link_is_made_opened_and_counted() {
    let mut service = build("shortener", &[("links", Value::Number(10.0))]);
    let mut ask = |path, key| {
        let reply = service.handle(&op("shortener", path, key, 1, 1, Time(5)));
        (reply.outcome, reply.note, reply.cost.units())
    };
    assert_eq!(ask("GET /l", 9), (Outcome::Ok, "redirected", 2.0));
    assert_eq!(ask("GET /l", 10), (Outcome::Invalid, "unknown code", 1.0));
    assert_eq!(ask("POST /links", 10), (Outcome::Ok, "shortened", 2.0));
    assert_eq!(ask("GET /l/abc", 10), (Outcome::Ok, "redirected", 2.0));
    assert_eq!(ask("POST /custom", 10), (Outcome::Ok, "shortened", 2.0));
    assert_eq!(ask("POST /custom", 10), (Outcome::Ok, "known", 1.0));
    assert_eq!(figure(&*service, "clicks"), 2.0);
    service.check().unwrap();
}

/// Counted from a queue, a click costs the redirect nothing, and is there once the event is handled.
#[test]
fn queued_clicks_are_events() {
    let mut service = build("shortener", &[("clicks", Value::Word("queued"))]);
    let reply = service.handle(&op("shortener", "GET /l", 5, 1, 1, Time(5)));
    assert_eq!((reply.cost.units(), figure(&*service, "clicks")), (1.0, 0.0));
    let event = reply.events[0];
    assert_eq!((event.topic, event.key), (Topic::Click, 5));
    service.handle(&op("shortener", "POST /clicks", event.key, event.client, 2, Time(6)));
    assert_eq!(figure(&*service, "clicks"), 1.0);
}

/// Who has one code of a counter knows the others; of 62³ codes by hash 100 lead somewhere.
#[test]
fn codes_of_a_counter_are_guessed() {
    for (codes, wanted) in [("counter", 1.0), ("md5", 100.0 / 238_328.0)] {
        let set = [
            ("links", Value::Number(100.0)),
            ("codes", Value::Word(codes)),
            ("code_chars", Value::Number(3.0)),
        ];
        let mut service = build("shortener", &set);
        let tries = 20_000;
        for seed in 0..tries {
            service.handle(&op("shortener", "GET /guess", 1, 1, seed, Time(5)));
        }
        assert_eq!(figure(&*service, "guesses"), tries as f64);
        let found = figure(&*service, "guessed") / tries as f64;
        assert!(
            (found - wanted).abs() <= 0.3 * wanted * f64::from(u8::from(wanted < 1.0)) + 4e-4,
            "{codes}: {found}"
        );
        service.check().unwrap();
    }
}

/// Each block of numbers is a write to the counter's row, whoever makes the links.
#[test]
fn a_counter_is_written_once_for_a_block() {
    for (block, writes) in [(0.0, 0.0), (1.0, 250.0), (100.0, 3.0), (1000.0, 1.0)] {
        let set = [("links", Value::Number(0.0)), ("counter_block", Value::Number(block))];
        let mut service = build("shortener", &set);
        let cost: u32 = (0..250)
            .map(|key| service.handle(&op("shortener", "POST /links", key, 1, 1, Time(5))).cost.writes)
            .sum();
        assert_eq!(figure(&*service, "counter writes"), writes);
        assert_eq!(f64::from(cost), 250.0 + writes);
    }
}

/// The same requests cost a celebrity's writes, a reader's reads, or a little of both.
#[test]
fn fan_out_moves_the_work() {
    let cost = |fan_out| {
        let mut service = build("feed", &[("fan_out", Value::Word(fan_out))]);
        let post = service.handle(&op("feed", "POST /posts", 0, 0, 1, Time(5))).cost;
        let read = service.handle(&op("feed", "GET /feed", 0, 900, 2, Time(6))).cost;
        service.check().unwrap();
        (post.writes, read.reads)
    };
    let (write, read, hybrid) = (cost("write"), cost("read"), cost("hybrid"));
    println!(
        "(rows written by the most followed user's post, lists read by a reader): on write {write:?}, on read {read:?}, hybrid {hybrid:?}"
    );
    assert!(write.0 > 500 && write.1 == 1, "{write:?}");
    assert!(read.0 == 1 && read.1 > 15, "{read:?}");
    assert!(hybrid.0 == 1 && hybrid.1 > 1 && hybrid.1 < read.1, "{hybrid:?}");
}

/// Copies by events: the author is answered after one row, followers have the post when the event has been
/// dealt with, and an event that failed comes again.
#[test]
fn copies_by_events_arrive_when_the_event_does() {
    let mut service = build("feed", &[("copies", Value::Word("by-events"))]);
    let post = service.handle(&op("feed", "POST /posts", 0, 0, 1, Time(5)));
    assert_eq!(post.cost.writes, 1);
    let parts: Vec<u32> = post.events.iter().map(|event| event.detail).collect();
    let copies: u32 = parts.iter().sum();
    assert!(copies > 900 && parts.len() == copies.div_ceil(200) as usize, "{parts:?}");
    assert!(post.events.iter().all(|event| event.topic == Topic::Copies));
    let read = |service: &mut Box<dyn Service>| {
        for reader in 0..1000 {
            service.handle(&op("feed", "GET /feed", 0, reader, 2, Time(6)));
        }
        figure(&**service, "stale feeds")
    };
    assert_eq!(read(&mut service), f64::from(copies));
    for event in &post.events[1..] {
        service.answered(event, true, Time(7));
    }
    service.answered(&post.events[0], false, Time(8));
    assert_eq!(figure(&*service, "copies waiting"), f64::from(parts[0]));
    assert_eq!(read(&mut service), f64::from(copies + parts[0]));
    assert_eq!(service.due(), Time(8) + Span::from_seconds(1.0));
    let again = service.wake(service.due());
    assert_eq!(again, [post.events[0]]);
    service.answered(&again[0], true, Time(9));
    service.answered(&again[0], true, Time(9));
    assert_eq!(read(&mut service), f64::from(copies + parts[0]), "nobody lacks it any more");
    assert_eq!(figure(&*service, "copies made"), f64::from(copies));
    service.check().unwrap();
}

#[test]
fn a_message_waits_for_whom_is_offline() {
    let mut service = build("chat", &[("online_share", Value::Number(0.0))]);
    let mut ask = |path, key, client, seed| service.handle(&op("chat", path, key, client, seed, Time(5)));
    let sent = ask("POST /messages", 8, 3, 1);
    assert_eq!((sent.outcome, sent.note, sent.events.len()), (Outcome::Ok, "sent", 0));
    assert_eq!(ask("POST /messages", 8, 3, 1).note, "sent before");
    let back = ask("POST /connections", 0, 8, 2);
    assert_eq!(
        back.events.iter().map(|event| (event.topic, event.key)).collect::<Vec<_>>(),
        [(Topic::Deliver, 8)]
    );
    assert!(ask("POST /connections", 0, 8, 3).events.is_empty());
    let outsider = (0..1000).find(|client| {
        ask("POST /groups", 0, *client, 100 + u64::from(*client)).outcome == Outcome::Unauthorised
    });
    assert!(outsider.is_some());
    service.check().unwrap();
}

/// Confirmed by events, not at once: an event that is lost is made good on the next connection.
#[test]
fn a_lost_push_is_sent_again() {
    let set = [("instant_receipts", Value::Flag(false)), ("online_share", Value::Number(1.0))];
    let mut service = build("chat", &set);
    let sent = service.handle(&op("chat", "POST /messages", 8, 3, 1, Time(5)));
    assert_eq!(sent.events.len(), 2, "to both, the sender included");
    service.answered(&sent.events[0], true, Time(6));
    service.answered(&sent.events[1], false, Time(6));
    let again = |service: &mut Box<dyn Service>, client| {
        service.handle(&op("chat", "POST /connections", 0, client, 2, Time(7))).events.len()
    };
    assert_eq!((again(&mut service, sent.events[0].key), again(&mut service, sent.events[1].key)), (0, 1));
}

/// With heartbeats: silence ends presence, what was passed on and not confirmed by a sign of life is sent again.
#[test]
fn who_is_not_heard_of_gets_it_again() {
    let set = [
        ("users", Value::Number(2.0)),
        ("groups", Value::Number(1.0)),
        ("group_members", Value::Number(500.0)),
        ("instant_receipts", Value::Flag(false)),
        ("online_share", Value::Number(1.0)),
        ("gateways", Value::Number(2.0)),
        ("presence_ms", Value::Number(1000.0)),
    ];
    let mut service = build("chat", &set);
    let ms = |ms: f64| Time::from_ms(ms);
    let sent = service.handle(&op("chat", "POST /groups", 0, 0, 1, ms(100.0)));
    assert_eq!(sent.events.len(), 2, "the room is everybody");
    for event in &sent.events {
        service.answered(event, true, ms(150.0));
    }
    assert_eq!(figure(&*service, "deliveries"), 0.0, "no phone has confirmed it");
    service.handle(&op("chat", "POST /heartbeats", 0, 0, 2, ms(200.0)));
    assert_eq!((figure(&*service, "deliveries"), figure(&*service, "delivered after")), (1.0, 100.0));
    assert_eq!(service.due(), ms(1000.0));
    service.wake(ms(1000.0));
    assert_eq!((figure(&*service, "users online"), figure(&*service, "timed out")), (1.0, 1.0));
    let back = service.handle(&op("chat", "POST /heartbeats", 0, 1, 3, ms(1500.0)));
    assert_eq!((back.note, back.events.len()), ("connected", 1));
    // Its gateway is gone: the connection is broken, and the next one goes to the other gateway.
    service.answered(&back.events[0], false, ms(1600.0));
    assert_eq!(figure(&*service, "connections broken"), 1.0);
    let again = service.handle(&op("chat", "POST /heartbeats", 0, 1, 4, ms(1700.0)));
    assert_eq!((back.events[0].detail, again.events[0].detail), (1, 0));
    service.answered(&again.events[0], true, ms(1750.0));
    service.handle(&op("chat", "POST /receipts", 0, 1, 5, ms(1800.0)));
    assert_eq!((figure(&*service, "deliveries"), figure(&*service, "deliveries waiting")), (2.0, 0.0));
    service.check().unwrap();
}

/// Counted as delivered when handed over, a failure is a loss; a lost confirmation is a repetition.
#[test]
fn handed_over_is_not_delivered() {
    let run = |trust: bool, loss: f64, ok: bool| {
        let set = [
            ("instant_receipts", Value::Flag(false)),
            ("online_share", Value::Number(1.0)),
            ("trust_gateways", Value::Flag(trust)),
            ("receipt_loss", Value::Number(loss)),
        ];
        let mut service = build("chat", &set);
        let sent = service.handle(&op("chat", "POST /messages", 8, 3, 1, Time(5)));
        for event in &sent.events {
            service.answered(event, ok, Time(6));
        }
        let again = service.wake(Time::from_ms(2000.0));
        for event in &again {
            service.answered(event, true, Time::from_ms(2001.0));
        }
        service.check().unwrap();
        (figure(&*service, "messages lost"), figure(&*service, "received twice"))
    };
    assert_eq!((run(true, 0.0, true), run(true, 0.0, false)), ((0.0, 0.0), (2.0, 0.0)));
    assert_eq!((run(false, 0.0, false), run(false, 1.0, true)), ((0.0, 0.0), (0.0, 2.0)));
}

/// The same seed is the same request: with idempotency a retry is answered, without it is another sale.
#[test]
fn a_retried_payment_doubles_only_without_idempotency() {
    for idempotency in [true, false] {
        let mut service = build("payments", &[("idempotency", Value::Flag(idempotency))]);
        let notes: Vec<&str> = (0..3)
            .map(|at| service.handle(&op("payments", "POST /payments", 4, 9, 55, Time(at))).note)
            .collect();
        assert_eq!(notes == ["captured", "done before", "done before"], idempotency, "{notes:?}");
        assert_eq!(figure(&*service, "payments"), if idempotency { 1.0 } else { 3.0 });
        service.check().unwrap();
    }
}

#[test]
fn webhooks_are_repeated_until_they_are_confirmed() {
    let mut service = build("payments", &[]);
    let reply = service.handle(&op("payments", "POST /payments", 4, 9, 55, Time(0)));
    let first = reply.events[0];
    assert_eq!((first.topic, first.key, first.detail), (Topic::Webhook, 4, 1));
    assert_eq!(service.due(), Time::ZERO + Span::from_seconds(5.0));
    let now = service.due();
    let second = service.wake(now)[0];
    assert_eq!((second.id, second.detail), (first.id, 2));
    service.answered(&second, true, now);
    assert_eq!((figure(&*service, "webhooks waiting"), figure(&*service, "webhooks confirmed")), (0.0, 1.0));
    // What is next is the payout, a day later.
    assert_eq!(service.due(), Time::ZERO + Span::from_seconds(86_400.0));
    let now = service.due();
    assert_eq!(service.wake(now).len(), 1, "the merchant is told of the payout");
    assert_eq!(figure(&*service, "owed to merchants"), 0.0);
    assert!(figure(&*service, "paid out") > 0.0);
}

#[test]
fn the_gateway_limits_each_client() {
    let set = [("limit_per_s", Value::Number(10.0)), ("limit_burst", Value::Number(3.0))];
    let mut service = build("gateway", &set);
    let mut outcome =
        |client, ms| service.handle(&op("gateway", "GET /feed", 0, client, 1, Time::from_ms(ms))).outcome;
    let burst: Vec<bool> = (0..5).map(|_| outcome(1, 0.0).is_ok()).collect();
    assert_eq!(burst, [true, true, true, false, false]);
    assert_eq!(outcome(2, 0.0), Outcome::Ok);
    assert_eq!(outcome(1, 99.0), Outcome::RateLimited);
    assert_eq!(outcome(1, 100.0), Outcome::Ok);
}

#[test]
fn tokens_expire_unless_they_are_renewed() {
    for renew in [true, false] {
        let set = [("token_valid_ms", Value::Number(50.0)), ("renew", Value::Flag(renew))];
        let mut service = build("gateway", &set);
        let mut ask = |path, ms| service.handle(&op("gateway", path, 0, 1, 1, Time::from_ms(ms)));
        assert_eq!(ask("GET /feed", 49.0).outcome, Outcome::Ok);
        let late = ask("GET /feed", 50.0);
        assert_eq!(late.note, if renew { "forwarded" } else { "token expired" });
        ask("POST /login", 51.0);
        assert_eq!(ask("GET /feed", 52.0).outcome, Outcome::Ok);
    }
}

/// The values at the ends of a setting (or of its slider), or all that it can have.
fn ends(kind: SettingKind, of_slider: bool) -> Vec<Value> {
    match kind {
        SettingKind::Number { usual: (low, high), .. } if of_slider => {
            vec![Value::Number(low), Value::Number(high)]
        }
        SettingKind::Number { min, max, .. } => vec![Value::Number(min), Value::Number(max)],
        SettingKind::Choice { options, .. } => options.iter().map(|(id, _)| Value::Word(id)).collect(),
        _ => vec![Value::Flag(false), Value::Flag(true)],
    }
}

/// Each setting at its ends while the others have their defaults, then all sliders at their left and all
/// at their right: every operation has an answer, and what is conserved is.
#[test]
fn any_settings() {
    for info in SERVICES {
        let one = info.settings.iter().flat_map(|setting| {
            ends(setting.kind, false).into_iter().map(move |value| vec![(setting.name, value)])
        });
        let end = |last: bool| {
            let values = info.settings.iter().map(|setting| (setting.name, ends(setting.kind, true)));
            let chosen = values.filter_map(|(name, mut values)| {
                Some((name, if last { values.pop()? } else { values.swap_remove(0) }))
            });
            chosen.collect::<Vec<_>>()
        };
        for set in one.chain([end(false), end(true)]) {
            let mut service = build(info.id, &set);
            for at in 0..4 * info.operations.len() as u64 {
                let (route, key) = (at as usize % info.operations.len(), at as u32 / 7);
                let now = Time(at * 1_000_000_000);
                let reply = service.handle(&Op { route, key, client: u32::MAX - key, seed: at, now });
                assert!(reply.events.len() <= EVENTS_MAX, "{set:?}");
            }
            service.wake(Time::NEVER);
            assert_eq!(service.check(), Ok(()), "{} with {set:?}", info.id);
        }
    }
}

/// Small, so that limits are met.
fn small(id: &str) -> Vec<(&'static str, Value)> {
    let number = Value::Number;
    match id {
        "shortener" => vec![
            ("links", number(20.0)),
            ("links_max", number(30.0)),
            ("lifetime_s", number(4.0)),
            ("codes", Value::Word("md5-hex")),
            ("code_chars", number(2.0)),
        ],
        "feed" => vec![("users", number(12.0)), ("follows", number(4.0)), ("posts_max", number(40.0))],
        "chat" => vec![
            ("users", number(10.0)),
            ("groups", number(3.0)),
            ("group_members", number(4.0)),
            ("history_max", number(5.0)),
        ],
        "payments" => vec![
            ("payments_max", number(15.0)),
            ("day_s", number(3.0)),
            ("merchants", number(2.0)),
            ("amount_mean", number(40_000.0)),
            ("declined_share", number(0.1)),
        ],
        _ => {
            vec![("logged_in", number(5.0)), ("token_valid_ms", number(2000.0)), ("limit_per_s", number(1.0))]
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Any operations at all: nothing panics, what is conserved is, events are few, a clone made halfway
    /// goes on exactly as the original, and neither touches the other.
    #[test]
    fn any_operations(which in 0..SERVICES.len(), ops in prop::collection::vec(
        (0..30usize, 0..100u32, 0..14u32, 0..200u64, 0..2_000u64, any::<bool>()), 1..150,
    ), fork in 0..150usize) {
        let info = &SERVICES[which];
        let mut service = build(info.id, &small(info.id));
        let mut now = Time::ZERO;
        let mut twin = None;
        let mut seen = vec![];
        for (at, (route, key, client, seed, wait_ms, answers)) in ops.iter().enumerate() {
            now = now + Span::from_ms(*wait_ms as f64);
            if at == fork {
                twin = Some((service.clone(), service.inspect(now), now));
            }
            let op = Op { route: *route, key: *key, client: *client, seed: *seed, now };
            let reply = service.handle(&op);
            prop_assert!(reply.events.len() <= EVENTS_MAX && !reply.note.is_empty());
            prop_assert!(*route < info.operations.len() || reply.outcome == Outcome::NoRoute);
            for event in &reply.events {
                service.answered(event, *answers, now);
            }
            let woken = if service.due() <= now { service.wake(now) } else { vec![] };
            prop_assert!(woken.len() <= EVENTS_MAX);
            prop_assert_eq!(service.check(), Ok(()), "{} after {}", info.id, at);
            let inspection = service.inspect(now);
            for table in &inspection.tables {
                prop_assert!(table.rows.len() <= ROWS_MAX);
                prop_assert!(table.rows.iter().all(|row| row.len() == table.columns.len()));
            }
            if twin.is_some() {
                seen.push((op, reply, woken));
            }
        }
        if let Some((mut twin, inspection, then)) = twin {
            prop_assert_eq!(twin.inspect(then), inspection);
            for ((op, reply, woken), step) in seen.iter().zip(&ops[fork..]) {
                prop_assert_eq!(&twin.handle(op), reply);
                for event in &reply.events {
                    twin.answered(event, step.5, op.now);
                }
                if twin.due() <= op.now {
                    prop_assert_eq!(&twin.wake(op.now), woken);
                }
            }
            prop_assert_eq!(twin.inspect(now), service.inspect(now));
        }
    }
}
