//! How waits and sojourns are distributed, where that is known in closed form.
//!
//! Each law gives tails, the share of admitted requests that take longer than a time; percentiles are found
//! from them by bisection.

/// The distribution of an admitted request's wait and sojourn. Times are in milliseconds.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum WaitingLaw {
    Unknown,
    /// M/M/c: a share waits, for an exponential time.
    Exponential {
        wait_probability: f64,
        drain_per_ms: f64,
        service_per_ms: f64,
    },
    /// M/D/1. `waiting_at_most[n]` is the share of time in which no more than n wait.
    Constant {
        utilisation: f64,
        service_ms: f64,
        waiting_at_most: Vec<f64>,
    },
    /// M/M/c/K. `ahead[j]` is the share of admitted requests that find all servers busy and j waiting; such
    /// a one waits for j + 1 services to end.
    FinitePlaces {
        servers: f64,
        service_ms: f64,
        served_at_once: f64,
        ahead: Vec<f64>,
    },
}

/// Beyond so many queue lengths M/D/1's percentiles are left unknown (utilisation above about 0.9996).
const CONSTANT_LENGTHS_MAX: usize = 40_000;
/// Beyond so many servers and places together M/M/c/K's percentiles are left unknown.
const FINITE_STATES_MAX: u32 = 20_000;

impl WaitingLaw {
    /// M/D/1's queue lengths, from its embedded chain. Balance across the cut between n and n + 1 gives
    /// each share as a sum of positive terms only, so nothing cancels.
    pub(super) fn constant_service(utilisation: f64, service_ms: f64) -> WaitingLaw {
        let none_arrives = libm::exp(-utilisation);
        let more_arrive = poisson_tails(utilisation);
        let mut shares = vec![1.0 - utilisation];
        let mut below = 1.0 - utilisation;
        let mut waiting_at_most = Vec::new();
        while waiting_at_most.len() < CONSTANT_LENGTHS_MAX {
            let n = shares.len() - 1;
            // A service that begins with i ≥ 1 in the system ends with more than n if more than n + 1 − i
            // arrive during it; one that begins with a new arrival at an idle server counts as i = 1.
            let from_idle = shares[0] * more_arrive.get(n).copied().unwrap_or(0.0);
            let from_busy: f64 =
                (1..=n).rev().zip(more_arrive.iter().skip(1)).map(|(from, tail)| shares[from] * tail).sum();
            let share = (from_idle + from_busy) / none_arrives;
            shares.push(share);
            below += share;
            waiting_at_most.push(below);
            if 1.0 - below < 1e-12 {
                return WaitingLaw::Constant { utilisation, service_ms, waiting_at_most };
            }
        }
        WaitingLaw::Unknown
    }

    /// M/M/c/K, where the share `waits` of the admitted requests waits.
    pub(super) fn finite_places(
        servers: u32,
        offered: f64,
        places: u32,
        service_ms: f64,
        waits: f64,
    ) -> WaitingLaw {
        if servers.saturating_add(places) > FINITE_STATES_MAX {
            return WaitingLaw::Unknown;
        }
        let ratio = offered / f64::from(servers);
        // A geometric series in j, taken from its larger end so that nothing overflows.
        let shrink = if ratio > 1.0 { 1.0 / ratio } else { ratio };
        let mut ahead: Vec<f64> =
            std::iter::successors(Some(1.0), |weight| Some(weight * shrink)).take(places as usize).collect();
        let sum: f64 = ahead.iter().sum();
        ahead.iter_mut().for_each(|weight| *weight *= waits / sum);
        if ratio > 1.0 {
            ahead.reverse();
        }
        WaitingLaw::FinitePlaces {
            servers: f64::from(servers),
            service_ms,
            served_at_once: 1.0 - waits,
            ahead,
        }
    }

    pub(super) fn wait_quantile_ms(&self, share: f64) -> Option<f64> {
        self.quantile(share, WaitingLaw::wait_tail)
    }

    pub(super) fn sojourn_quantile_ms(&self, share: f64) -> Option<f64> {
        self.quantile(share, WaitingLaw::sojourn_tail)
    }

    /// Share of admitted requests that wait longer than `ms`.
    fn wait_tail(&self, ms: f64) -> f64 {
        match self {
            WaitingLaw::Unknown => f64::NAN,
            WaitingLaw::Exponential { wait_probability, drain_per_ms, .. } => {
                wait_probability * libm::exp(-drain_per_ms * ms)
            }
            WaitingLaw::Constant { utilisation, service_ms, waiting_at_most } => {
                constant_wait_tail(*utilisation, ms / service_ms, waiting_at_most)
            }
            WaitingLaw::FinitePlaces { servers, service_ms, ahead, .. } => {
                let ended = poisson(servers * ms / service_ms, ahead.len());
                let mut at_most = 0.0;
                ahead.iter().zip(&ended).fold(0.0, |tail, (share, probability)| {
                    at_most += probability;
                    tail + share * at_most
                })
            }
        }
    }

    /// Share of admitted requests whose wait and service take longer than `ms`.
    fn sojourn_tail(&self, ms: f64) -> f64 {
        match self {
            WaitingLaw::Unknown => f64::NAN,
            WaitingLaw::Exponential { wait_probability, drain_per_ms, service_per_ms } => {
                (1.0 - wait_probability) * libm::exp(-service_per_ms * ms)
                    + wait_probability * two_stage_tail(*drain_per_ms, *service_per_ms, ms)
            }
            WaitingLaw::Constant { service_ms, .. } => {
                if ms < *service_ms {
                    1.0
                } else {
                    self.wait_tail(ms - service_ms)
                }
            }
            WaitingLaw::FinitePlaces { servers, service_ms, served_at_once, ahead } => {
                let in_service = served_at_once * libm::exp(-ms / service_ms);
                in_service + finite_sojourn_tail(*servers, ms / service_ms, ahead)
            }
        }
    }

    /// The smallest time whose tail is at most 1 − `share`.
    fn quantile(&self, share: f64, tail: fn(&WaitingLaw, f64) -> f64) -> Option<f64> {
        let start_ms = match self {
            WaitingLaw::Unknown => return None,
            WaitingLaw::Exponential { service_per_ms, .. } => 1.0 / service_per_ms,
            WaitingLaw::Constant { service_ms, .. } | WaitingLaw::FinitePlaces { service_ms, .. } => {
                *service_ms
            }
        };
        if !(share > 0.0 && share < 1.0) {
            return None;
        }
        let longer = 1.0 - share;
        if tail(self, 0.0) <= longer {
            return Some(0.0);
        }
        let (mut low, mut high) = (0.0, start_ms);
        for _ in 0..200 {
            if tail(self, high) <= longer {
                break;
            }
            (low, high) = (high, high * 2.0);
        }
        while high - low > 1e-12 * high {
            let middle = low + (high - low) / 2.0;
            if middle <= low || middle >= high {
                break;
            }
            if tail(self, middle) <= longer { high = middle } else { low = middle }
        }
        high.is_finite().then_some(high)
    }
}

/// P(A + B > t) for independent exponential A and B with rates `a` and `b`, equal or not.
fn two_stage_tail(a: f64, b: f64, t: f64) -> f64 {
    let (slow, fast) = if a < b { (a, b) } else { (b, a) };
    let apart = fast - slow;
    // ∫₀ᵗ e^(−apart·s) ds, which becomes t where the rates meet.
    let overlap = if apart * t < 1e-300 { t } else { -libm::expm1(-apart * t) / apart };
    libm::exp(-slow * t) * (1.0 + slow * overlap)
}

/// M/D/1's P(wait > t), with t in services, by G. J. Franx, "A simple solution for the M/D/c waiting time
/// distribution", Operations Research Letters 29 (2001): unlike Erlang's own series it has no negative terms.
fn constant_wait_tail(utilisation: f64, t: f64, waiting_at_most: &[f64]) -> f64 {
    if t >= waiting_at_most.len() as f64 {
        return 0.0;
    }
    let whole = t as usize;
    // The request that arrived just before must have left the queue: this much of a service is left for it.
    let left = utilisation * (whole as f64 + 1.0 - t);
    let mut term = libm::exp(-left);
    let mut not_longer = 0.0;
    for (j, at_most) in waiting_at_most.iter().take(whole + 1).rev().enumerate() {
        not_longer += term * at_most;
        term *= left / (j as f64 + 1.0);
        if term < 1e-20 {
            break;
        }
    }
    1.0 - not_longer
}

/// The part of M/M/c/K's P(sojourn > t) that comes from requests that wait; t in mean services.
///
/// With x = ct, a request that finds j waiting is still there if at most j services have ended (Poisson),
/// or if its own service has begun and goes on. The second part I(j + 1), with I(k) = P(the k-th service ended
/// before t, one's own goes on at t), obeys I(k−1) = (1 − 1/c) I(k) + P(exactly k − 1 ended): integration by parts.
fn finite_sojourn_tail(servers: f64, t: f64, ahead: &[f64]) -> f64 {
    let ended = poisson(servers * t, ahead.len());
    let mut own_goes_on = vec![0.0; ended.len()];
    for k in (1..ended.len()).rev() {
        own_goes_on[k - 1] = (1.0 - 1.0 / servers) * own_goes_on[k] + ended[k - 1];
    }
    let mut at_most = 0.0;
    ahead.iter().enumerate().fold(0.0, |tail, (j, share)| {
        at_most += ended[j];
        tail + share * (at_most + own_goes_on[j + 1])
    })
}

/// Poisson probabilities with mean `x`, for 0 to at least `top` + 1 and on until they are negligible. They are
/// taken outwards from the most likely one, so that none is lost to underflow that matters.
fn poisson(x: f64, top: usize) -> Vec<f64> {
    let reach = (x + 12.0 * libm::sqrt(x) + 40.0) as usize;
    let mut probability = vec![0.0; top.max(reach) + 2];
    let mode = x as usize;
    let at_mode = if x > 0.0 {
        libm::exp(mode as f64 * libm::log(x) - x - libm::lgamma(mode as f64 + 1.0))
    } else {
        1.0
    };
    probability[mode] = at_mode;
    for k in mode + 1..probability.len() {
        probability[k] = probability[k - 1] * x / k as f64;
    }
    for k in (1..=mode).rev() {
        probability[k - 1] = probability[k] * k as f64 / x;
    }
    probability
}

/// P(Poisson(`x`) > k) for k = 0, 1, … until it is negligible; x at most 1.
fn poisson_tails(x: f64) -> Vec<f64> {
    let probability = poisson(x, 0);
    let mut tails: Vec<f64> = probability
        .iter()
        .rev()
        .scan(0.0, |above, p| {
            let tail = *above;
            *above += p;
            Some(tail)
        })
        .collect();
    tails.reverse();
    tails
}
