//! What every limiting policy must do, whatever is thrown at it; the policies against literal models in plain
//! rational arithmetic; and helpers for the policies' tests.

use super::*;
use crate::algo::setting::Value;
use crate::sim::{Purpose, Random, Stream};
use proptest::prelude::*;

/// The policy with some knobs set.
pub(super) fn policy_with(id: &str, set: &[(&'static str, f64)]) -> Box<dyn Limit> {
    let entry = find(id).expect("a policy of the table");
    let mut knobs = Knobs::defaults(entry.info.knobs);
    set.iter().for_each(|(name, value)| knobs.set(name, Value::Number(*value)));
    (entry.build)(&knobs)
}

/// Limits by either pair of knobs.
#[derive(Clone, Copy, Debug)]
struct Set {
    most: u32,
    rate_thousandths: u64,
    window_ms: u32,
}

impl Set {
    fn policy(&self, id: &str) -> Box<dyn Limit> {
        let rate = self.rate_thousandths as f64 / 1000.0;
        let (most, window_ms) = (f64::from(self.most), f64::from(self.window_ms));
        policy_with(
            id,
            &[("capacity", most), ("rate_per_s", rate), ("limit", most), ("window_ms", window_ms)],
        )
    }

    fn window(&self) -> u64 {
        u64::from(self.window_ms) * 1_000_000
    }
}

fn sets() -> impl Strategy<Value = Set> {
    // From one in ten seconds to ten a millisecond, round and odd.
    let rates = prop_oneof![Just(1000), Just(3000), Just(5_000_000), Just(10_000_000), 100..10_000_000u64];
    (1..12u32, rates, prop_oneof![Just(1u32), 1..3000u32])
        .prop_map(|(most, rate_thousandths, window_ms)| Set { most, rate_thousandths, window_ms })
}

/// What happens next: a pause, and a request of a key with a cost.
#[derive(Clone, Copy, Debug)]
struct Event {
    pause: Pause,
    key: u32,
    cost: u32,
}

#[derive(Clone, Copy, Debug)]
enum Pause {
    Of(u64),
    /// As long as the last refusal said, less so much.
    AsTold(u64),
}

fn events(keys: u32) -> impl Strategy<Value = Vec<Event>> {
    let pause = prop_oneof![
        3 => Just(Pause::Of(0)),
        2 => Just(Pause::AsTold(0)),
        1 => Just(Pause::AsTold(1)),
        4 => (0..31u32, any::<u64>()).prop_map(|(bits, value)| Pause::Of(value % (2 << bits))),
        1 => (0..5_000u64).prop_map(|ms| Pause::Of(ms * 1_000_000)),
    ];
    let event = (pause, 0..keys, prop_oneof![4 => Just(1u32), 1 => 1..14u32]);
    prop::collection::vec(event.prop_map(|(pause, key, cost)| Event { pause, key, cost }), 1..150)
}

/// Plays the events; calls `each` with (time, event, decision of `policy`).
fn play(
    policy: &mut Box<dyn Limit>,
    events: &[Event],
    mut each: impl FnMut(Time, Event, Decision, &dyn Limit),
) {
    let (mut now, mut told) = (Time::ZERO, Span::ZERO);
    for event in events {
        now = now
            + match event.pause {
                Pause::Of(ns) => Span(ns),
                Pause::AsTold(less) => Span(told.0.saturating_sub(less)),
            };
        let decision = policy.ask(event.key, event.cost, now);
        told = decision.retry_after.unwrap_or(told);
        each(now, *event, decision, &**policy);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// What is said of later is true: to the nanosecond, and to the unit.
    #[test]
    fn every_policy_keeps_its_word(set in sets(), events in events(3)) {
        for entry in TABLE {
            let mut policy = set.policy(entry.info.id);
            play(&mut policy, &events, |now, event, decision, policy| {
                let id = entry.info.id;
                let again = |cost, now| policy.boxed().ask(event.key, cost, now).allow;
                policy.check().unwrap_or_else(|broken| panic!("{id}: {broken}"));
                assert!(decision.remaining <= set.most, "{id}");
                assert!(decision.remaining == 0 || again(decision.remaining, now), "{id} {decision:?}");
                assert!(!again(decision.remaining + 1, now), "{id} {decision:?}");
                match decision.retry_after {
                    Some(span) => {
                        assert!(!decision.allow && span > Span::ZERO, "{id} {decision:?}");
                        assert!(again(event.cost, now + span), "{id} {decision:?} at {now:?}");
                        assert!(!again(event.cost, now + Span(span.0 - 1)), "{id} {decision:?} at {now:?}");
                    }
                    None => assert!(decision.allow || event.cost > set.most || id == "concurrency", "{id}"),
                }
                assert!(decision.wait == Span::ZERO || decision.allow && id == "leaky-queue");
                let seen = policy.inspect(event.key, now);
                assert!((0.0..=seen.most).contains(&seen.level) && seen.most == f64::from(set.most), "{id}: {seen:?}");
            });
        }
    }

    /// Keys do not see each other, though the table grows and forgets: each behaves as if it were alone.
    #[test]
    fn keys_are_apart(set in sets(), seed: u64, pause_us in 1..100_000u64) {
        let mut random = Stream::new(seed, "keys", Purpose::Keys);
        for entry in TABLE {
            let mut all = set.policy(entry.info.id);
            let mut alone: Vec<_> = (0..200).map(|_| set.policy(entry.info.id)).collect();
            let mut now = Time::ZERO;
            for _ in 0..600 {
                now = now + Span(random.below(2000 * pause_us));
                let (number, cost) = (random.below(200) as usize, random.below(3) as u32 + 1);
                let key = number as u32 * 0x0100_0007;
                let decision = all.ask(key, cost, now);
                prop_assert_eq!(decision, alone[number].ask(key, cost, now), "{}", entry.info.id);
                if decision.allow && random.chance(0.5) {
                    all.done(key, cost, now);
                    alone[number].done(key, cost, now);
                }
                prop_assert_eq!(all.check(), Ok(()));
                prop_assert!(all.keys() <= 200);
            }
        }
    }

    /// Buckets against one in plain rational arithmetic: tokens in 10⁻¹² of one, never reduced. All four are
    /// the same limit (ATM Forum TM 4.0 proves it of two).
    #[test]
    fn buckets_are_one_and_exact(set in sets(), events in events(1)) {
        let (token, full) = (1_000_000_000_000i128, i128::from(set.most) * 1_000_000_000_000);
        for id in ["token-bucket", "leaky-meter", "leaky-queue", "gcra"] {
            let (mut tokens, mut last) = (full, Time::ZERO);
            play(&mut set.policy(id), &events, |now, event, decision, _| {
                let since = i128::from(now.since(last).0);
                tokens = full.min(tokens + since * i128::from(set.rate_thousandths));
                last = now;
                let wanted = i128::from(event.cost) * token;
                assert_eq!(decision.allow, wanted <= tokens, "{id} at {now:?}");
                if decision.allow {
                    // The queue: what was in before it must drip out first.
                    let before = full - tokens;
                    let wait = (before + i128::from(set.rate_thousandths) - 1) / i128::from(set.rate_thousandths);
                    let waits = if id == "leaky-queue" { wait } else { 0 };
                    assert_eq!(i128::from(decision.wait.0), waits, "{id} at {now:?}");
                    tokens -= wanted;
                }
                assert_eq!(i128::from(decision.remaining), tokens / token, "{id} at {now:?}");
            });
        }
    }

    /// Windows against everything that ever passed, counted anew each time.
    #[test]
    fn windows_by_brute_force(set in sets(), events in events(1)) {
        let window = set.window();
        for id in ["fixed-window", "sliding-log"] {
            let mut passed: Vec<(u64, u32)> = vec![];
            play(&mut set.policy(id), &events, |now, event, decision, _| {
                let counts = |at: u64| match id {
                    "fixed-window" => at / window == now.0 / window,
                    _ => at + window > now.0,
                };
                let sum: u32 = passed.iter().filter(|(at, _)| counts(*at)).map(|(_, cost)| cost).sum();
                assert_eq!(decision.allow, sum + event.cost <= set.most, "{id} at {now:?}");
                if decision.allow {
                    passed.push((now.0, event.cost));
                }
            });
            // No window of this length sees more, wherever it begins: it is enough to begin at what passed.
            for (begin, _) in passed.iter().filter(|_| id == "sliding-log") {
                let inside = passed.iter().filter(|(at, _)| (*begin..begin + window).contains(at));
                prop_assert!(inside.map(|(_, cost)| cost).sum::<u32>() <= set.most);
            }
        }
    }

    /// Cloudflare's formula, before · (1 − e) + count, as written, in rational arithmetic over all windows.
    #[test]
    fn sliding_counter_is_the_formula(set in sets(), events in events(1)) {
        let window = set.window();
        let mut passed: Vec<(u64, u32)> = vec![];
        play(&mut set.policy("sliding-counter"), &events, |now, event, decision, _| {
            let number = now.0 / window;
            let of = |wanted: Option<u64>| -> u128 {
                let in_it = passed.iter().filter(|(at, _)| Some(at / window) == wanted);
                in_it.map(|(_, cost)| u128::from(*cost)).sum()
            };
            let (before, count) = (of(number.checked_sub(1)), of(Some(number)));
            let left = u128::from(window - now.0 % window);
            let estimate = before * left + (count + u128::from(event.cost)) * u128::from(window);
            assert_eq!(decision.allow, estimate <= u128::from(set.most) * u128::from(window), "at {now:?}");
            if decision.allow {
                passed.push((now.0, event.cost));
            }
        });
    }

    /// A semaphore counted by hand.
    #[test]
    fn concurrency_is_what_is_under_way(limit in 1..6u32, events in prop::collection::vec((any::<bool>(), 1..4u32), 1..80)) {
        let mut policy = policy_with("concurrency", &[("limit", limit.into())]);
        let mut under_way: Vec<u32> = vec![];
        for (comes, cost) in events {
            if comes {
                let sum: u32 = under_way.iter().sum();
                let decision = policy.ask(7, cost, Time::ZERO);
                prop_assert_eq!(decision.allow, sum + cost <= limit);
                prop_assert_eq!(decision.remaining, limit - sum - if decision.allow { cost } else { 0 });
                if decision.allow {
                    under_way.push(cost);
                }
            } else if let Some(cost) = under_way.pop() {
                policy.done(7, cost, Time::ZERO);
            }
        }
    }
}

/// How many of 100 requests of cost 1 at `ms` pass.
fn passing(policy: &mut Box<dyn Limit>, ms: f64) -> u32 {
    (0..100).map(|_| u32::from(policy.ask(1, 1, Time::from_ms(ms)).allow)).sum()
}

/// The flaw of fixed windows, and what mends it: 10 a second, asked just before and at the second's turn.
#[test]
fn twice_the_limit_passes_around_an_edge() {
    let around = |id: &str| {
        let mut policy = policy_with(id, &[("limit", 10.0), ("window_ms", 1000.0)]);
        [passing(&mut policy, 999.999_999), passing(&mut policy, 1000.0), passing(&mut policy, 1_999.999_999)]
    };
    assert_eq!(around("fixed-window"), [10, 10, 0]);
    assert_eq!(around("sliding-log"), [10, 0, 10]);
    // All of the last window's ten count at its end, nearly none of them a window later.
    assert_eq!(around("sliding-counter"), [10, 0, 9]);
}

/// A drop of a rate that no binary fraction holds, for a simulated year: not one request too many or too few.
#[test]
fn nothing_drifts() {
    for id in ["token-bucket", "gcra", "leaky-meter"] {
        let mut policy = policy_with(id, &[("capacity", 1.0), ("rate_per_s", 0.003)]);
        let (mut now, mut passed) = (Time::ZERO, 0u64);
        while now.seconds() < 365.25 * 86_400.0 {
            let decision = policy.ask(1, 1, now);
            match decision.retry_after {
                None => passed += 1,
                Some(span) => now = now + span,
            }
        }
        assert_eq!(passed, (0.003 * 365.25 * 86_400.0) as u64 + 1, "{id}");
    }
}

/// As Go's `int(elapsed.Seconds()) * rate` does, step by step by hand: 2 a second, 4 at most.
#[test]
fn whole_seconds_lose_what_is_left_of_them() {
    let knobs = [("capacity", 4.0), ("rate_per_s", 2.0)];
    let mut policy = policy_with("token-bucket-whole-seconds", &knobs);
    let asked = [0.0, 999.0, 1900.0, 2800.0, 2900.0, 3900.0, 10_900.0];
    // Empty at once; 0.999 s bring nothing; 1.9 s bring one second's two, and the 0.9 s are lost.
    assert_eq!(asked.map(|ms| passing(&mut policy, ms)), [4, 0, 2, 0, 2, 2, 4]);
    let mut policy = policy_with("token-bucket-whole-seconds", &knobs);
    let passed: u32 = (1..=100).map(|nth| passing(&mut policy, f64::from(nth) * 1990.0)).sum();
    assert_eq!(passed, 4 + 99 * 2, "half of the rate");
    let entry = find("token-bucket-whole-seconds").unwrap();
    let mut knobs = Knobs::defaults(entry.info.knobs);
    knobs.set("rate_per_s", Value::Number(2.0));
    knobs.set("capacity", Value::Number(4.0));
    knobs.set("seconds", Value::Word("clock"));
    let mut policy = (entry.build)(&knobs);
    assert_eq!(asked.map(|ms| passing(&mut policy, ms)), [4, 0, 2, 2, 0, 2, 4]);
    let decision = policy.ask(1, 1, Time::from_ms(10_900.0));
    assert_eq!(decision.retry_after, Some(Span::from_ms(100.0)));
}

/// A million keys that come and go leave no more behind than those in use.
#[test]
fn memory_follows_the_keys_in_use() {
    for entry in TABLE {
        let mut policy = (entry.build)(&Knobs::defaults(entry.info.knobs));
        for key in 0..1_000_000u32 {
            let now = Time(u64::from(key) * 1_000_000);
            if policy.ask(key, 1, now).allow {
                policy.done(key, 1, now);
            }
        }
        // A thousand come in a second, and none is remembered for more than two.
        assert!(policy.keys() < 10_000, "{}: {}", entry.info.id, policy.keys());
        assert_eq!(policy.check(), Ok(()), "{}", entry.info.id);
    }
}

/// More keys at once than there is room for: those beyond share one limit, and nobody's is reset.
#[test]
fn a_flood_of_keys_shares_one_limit() {
    let mut policy = policy_with("gcra", &[("capacity", 1.0), ("rate_per_s", 0.001)]);
    let flood = KEYS_MAX as u32 + 200_000;
    let passed = (0..flood).filter(|&key| policy.ask(key, 1, Time(1)).allow).count();
    assert_eq!((passed, policy.keys()), (KEYS_MAX + 1, KEYS_MAX));
    assert!((0..flood).step_by(1001).all(|key| !policy.ask(key, 1, Time(2)).allow));
    assert_eq!(policy.check(), Ok(()));
    // When all have had their pause, there is room again.
    let later = Time::from_ms(2e6);
    let passed = (0..200_000).filter(|key| policy.ask(flood + key, 1, later).allow).count();
    assert!(passed > 130_000 && policy.keys() < 200_001, "{passed}");
}

#[test]
fn the_ids_that_scenarios_name_are_all_there() {
    let ids: Vec<&str> = TABLE.iter().map(|entry| entry.info.id).collect();
    let promised = "token-bucket token-bucket-whole-seconds leaky-meter leaky-queue gcra fixed-window \
        sliding-log sliding-counter concurrency";
    assert_eq!(ids.join(" "), promised);
    for entry in TABLE {
        let info = entry.info;
        assert!(info.summary.ends_with('.') && !info.source.is_empty(), "{}", info.id);
        assert!(info.knobs.iter().all(|knob| knob.default_value().is_some() && knob.help.ends_with('.')));
    }
}
