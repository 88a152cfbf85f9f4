//! Marc Brooker's comparison of jitters ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015), made again with
//! the delays that the engine uses, in a simulation that knows nothing else of it.
//!
//! Taken from the article, and from the program that it names as its source (aws-samples/aws-arch-backoff-simulator):
//! clients that contend for one row by optimistic concurrency. Each reads the row's version and writes; the write fails
//! if another has written since, and the client begins anew after its delay, as often as it takes. Every message takes
//! the absolute value of a normal time of mean 10 ms and standard deviation 2 ms; base 5 ms, cap 2 s; failures are
//! counted from 1. Work is the number of writes that were tried, completion the time when the last one is done. His
//! program takes 10 to 190 clients, 100 runs each; here it is up to 100. No lab shows this: a client of a lab retries ten
//! times at most.

use super::backoff::delay_ms;
use super::settings::{Backoff, Calling, Jitter};
use crate::sim::{Purpose, Random, Stream};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

const RUNS: u32 = 60;

/// What a message brings to whom it comes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Message {
    /// To the row.
    Read,
    Write(u32),
    /// To the client.
    Version(u32),
    Failed,
}

/// A normal number of mean 10 and deviation 2, by Box and Muller (1958); never negative.
fn message_ms(random: &mut Stream) -> f64 {
    let (u, v) = (1.0 - random.unit(), random.unit());
    (10.0 + 2.0 * (-2.0 * libm::log(u)).sqrt() * libm::cos(2.0 * std::f64::consts::PI * v)).abs()
}

/// Writes that were tried, and when the last client was done.
#[derive(Clone, Copy, Default)]
struct Cost {
    calls: f64,
    done_ms: f64,
}

/// One run. Moments are bits of positive numbers, which are in order as the numbers are.
fn contend(settings: &Calling, clients: usize, random: &mut Stream) -> Cost {
    let mut messages = BinaryHeap::new();
    let mut failures = vec![(0, None); clients];
    for client in 0..clients {
        messages.push(Reverse((message_ms(random).to_bits(), client, Message::Read)));
    }
    let (mut version, mut cost) = (0, Cost::default());
    while let Some(Reverse((bits, client, message))) = messages.pop() {
        let now = f64::from_bits(bits);
        cost.done_ms = now;
        let (after, next) = match message {
            Message::Read => (0.0, Message::Version(version)),
            Message::Version(seen) => (0.0, Message::Write(seen)),
            Message::Write(seen) => {
                cost.calls += 1.0;
                if seen == version {
                    version += 1;
                    // The answer has yet to arrive, and nothing follows.
                    cost.done_ms = now + message_ms(random);
                    continue;
                }
                (0.0, Message::Failed)
            }
            Message::Failed => {
                let (count, before) = &mut failures[client];
                *count += 1;
                let delay = delay_ms(settings, *count, *before, random);
                *before = Some(delay);
                (delay, Message::Read)
            }
        };
        messages.push(Reverse(((now + after + message_ms(random)).to_bits(), client, next)));
    }
    cost
}

/// In the order in which he names them: no backoff at all, exponential without jitter, and with each.
const KINDS: [(Backoff, Jitter); 5] = [
    (Backoff::None, Jitter::None),
    (Backoff::Exponential, Jitter::None),
    (Backoff::Exponential, Jitter::Full),
    (Backoff::Exponential, Jitter::Equal),
    (Backoff::Exponential, Jitter::Decorrelated),
];

/// The mean of all runs, for each kind.
fn means(clients: usize) -> [Cost; 5] {
    KINDS.map(|(backoff, jitter)| {
        let settings =
            Calling { backoff, jitter, backoff_ms: 5.0, backoff_max_ms: 2000.0, ..Calling::default() };
        let mut random = Stream::new(2015, "contention", Purpose::Backoff);
        let mut sum = Cost::default();
        for _ in 0..RUNS {
            let run = contend(&settings, clients, &mut random);
            (sum.calls, sum.done_ms) = (sum.calls + run.calls, sum.done_ms + run.done_ms);
        }
        Cost { calls: sum.calls / f64::from(RUNS), done_ms: sum.done_ms / f64::from(RUNS) }
    })
}

/// What he concludes from his figures.
#[test]
fn jitter_saves_more_than_half_of_the_calls() {
    let all: Vec<(usize, [Cost; 5])> =
        (1..=10).map(|tens| 10 * tens).map(|clients| (clients, means(clients))).collect();
    for (clients, [none, exponential, full, equal, decorrelated]) in &all {
        // Of ten clients each kind makes about as many; from then on the curves part.
        for jittered in [full, equal, decorrelated] {
            assert!(jittered.calls < 0.9 * exponential.calls, "{clients} clients");
            assert!(jittered.done_ms < 0.3 * exponential.done_ms, "{clients} clients");
        }
        let grows = none.calls / exponential.calls;
        assert!(*clients < 40 || grows > 1.03, "{clients} clients: {grows}");
    }
    // Of a hundred clients full jitter makes less than half of the calls.
    let (_, [none, exponential, full, equal, decorrelated]) = all[9];
    assert!(full.calls < 0.5 * exponential.calls, "{} of {}", full.calls, exponential.calls);
    // Of the jittered ones equal is the loser: slightly more work than full, and much more time.
    let calls = |of: usize| all.iter().map(|(_, costs)| costs[of].calls).sum::<f64>();
    let done = |of: usize| all.iter().map(|(_, costs)| costs[of].done_ms).sum::<f64>();
    let part = calls(3) / calls(2);
    assert!((1.005..1.1).contains(&part), "{part}");
    assert!(done(3) > 1.3 * done(2));
    // Full makes fewer calls than decorrelated, and takes slightly longer.
    assert!(calls(2) < 0.95 * calls(4));
    let part = done(2) / done(4);
    assert!((1.02..1.5).contains(&part), "{part}");
    assert!(none.calls > exponential.calls && equal.calls < decorrelated.calls);
    // Without backoff work grows nearly with the square of the clients.
    let power = libm::log2(none.calls / all[4].1[0].calls);
    assert!((1.7..2.0).contains(&power), "{power}");
}

/// What his own program prints, run for these tests under Python 3, 100 runs each: calls, and milliseconds.
#[test]
fn calls_and_completion_are_those_of_his_program() {
    const PRINTED: [(usize, [(f64, f64); 5]); 3] = [
        (20, [(151.6, 603.0), (151.7, 14877.0), (100.2, 955.0), (107.5, 1620.0), (100.8, 823.0)]),
        (50, [(690.0, 1139.0), (623.6, 36338.0), (332.5, 2833.0), (347.4, 4282.0), (376.0, 2194.0)]),
        (100, [(2430.6, 2040.0), (1855.9, 63390.0), (795.6, 4982.0), (813.2, 6628.0), (1000.2, 4523.0)]),
    ];
    for (clients, printed) in PRINTED {
        for (nth, (ours, (calls, done_ms))) in means(clients).into_iter().zip(printed).enumerate() {
            assert!(
                (ours.calls / calls - 1.0).abs() < 0.03,
                "{clients}, {:?}: {} calls",
                KINDS[nth],
                ours.calls
            );
            assert!(
                (ours.done_ms / done_ms - 1.0).abs() < 0.1,
                "{clients}, {:?}: {} ms",
                KINDS[nth],
                ours.done_ms
            );
        }
    }
}
