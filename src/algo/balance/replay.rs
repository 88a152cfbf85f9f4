//! A policy alone, fed one request after another: for the command line and for tests.

use super::{Ask, Backends, TABLE, find};
use crate::algo::setting::Knobs;
use crate::sim::{Purpose, Span, Stream, Time};

/// Most weights that [`replay`] takes.
pub const WEIGHTS_MAX: usize = 1000;
/// Greatest weight that [`replay`] takes.
pub const WEIGHT_MAX: u32 = 256;
/// Most requests that [`replay`] takes.
pub const REQUESTS_MAX: u64 = 10_000_000;

/// Whom `policy` picks for each of `requests`, as 0-based indices into `weights`.
///
/// All backends are up. Request i, from 0, comes at i milliseconds from client i with key i. Requests
/// are held: none comes back, so those in flight only grow, and policies that go by them spread what
/// there is. Policies that go by latency never see one. Random draws are those of seed 1.
///
/// # Errors
/// One sentence, if the policy does not exist or a limit is exceeded.
pub fn replay(policy: &str, knobs: &Knobs, weights: &[u32], requests: u64) -> Result<Vec<usize>, String> {
    let entry = find(policy).ok_or_else(|| {
        let ids: Vec<&str> = TABLE.iter().map(|entry| entry.info.id).collect();
        format!("the policy must be one of {}", ids.join(", "))
    })?;
    if !(1..=WEIGHTS_MAX).contains(&weights.len()) {
        return Err(format!("there must be 1 to {WEIGHTS_MAX} weights, there are {}", weights.len()));
    }
    if let Some(weight) = weights.iter().find(|weight| !(1..=WEIGHT_MAX).contains(*weight)) {
        return Err(format!("a weight must be between 1 and {WEIGHT_MAX}, one is {weight}"));
    }
    if requests > REQUESTS_MAX {
        return Err(format!("there may be at most {REQUESTS_MAX} requests, asked for {requests}"));
    }
    let mut backends = Backends::with_weights(weights);
    let mut policy = (entry.build)(knobs);
    let mut random = Stream::new(1, "balancer", Purpose::Policy);
    policy.rebuild(&backends);
    let mut picks = Vec::with_capacity(requests as usize);
    for request in 0..requests as u32 {
        let now = Time::ZERO + Span(u64::from(request) * 1_000_000);
        let pick = policy.pick(&Ask { now, client: request, key: request }, &backends, &mut random);
        backends.in_flight[pick.backend] += 1;
        picks.push(pick.backend);
    }
    Ok(picks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_refused_in_words() {
        let knobs = Knobs::default();
        let refused =
            |policy, weights: &[u32], requests| replay(policy, &knobs, weights, requests).unwrap_err();
        assert!(refused("best", &[1], 1).contains("round-robin"));
        assert!(refused("random", &[], 1).contains("1 to 1000 weights"));
        assert!(refused("random", &[1; 1001], 1).contains("there are 1001"));
        assert!(refused("random", &[1, 0], 1).contains("one is 0"));
        assert!(refused("random", &[257], 1).contains("one is 257"));
        assert!(refused("random", &[1], 10_000_001).contains("at most 10000000"));
        assert_eq!(replay("random", &knobs, &[1], 2), Ok(vec![0, 0]));
    }
}
