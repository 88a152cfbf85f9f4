//! Queueing theory's closed forms, to stand beside measured values: Erlang B and C, M/M/c, M/M/c/K, M/G/1.
//!
//! Kendall's notation: M = Poisson arrivals or exponential service, D = constant, G = any; then the number
//! of servers c; then, where finite, the number K of requests that fit, those in service included. All
//! results are for the steady state, first come first served. Shapes and units: rates are per second,
//! times in milliseconds, lengths in requests, shares and probabilities in 0..=1.
//!
//! Sources: A. K. Erlang, "The theory of probabilities and telephone conversations" (1909) and "Solution of
//! some problems in the theory of probabilities …" (1917); F. Pollaczek (1930) and A. Khinchine (1932) for
//! M/G/1; J. D. C. Little, "A proof for the queuing formula L = λW" (1961). Textbook: L. Kleinrock,
//! *Queueing Systems*, volume 1 (1975), chapters 3 and 5.

mod waiting;

use serde::Serialize;
use std::fmt;
use waiting::WaitingLaw;

/// More servers than this are out of range: the forms take time in proportion.
pub const SERVERS_MAX: u32 = 1_000_000;
/// More waiting places than this are out of range, for the same reason.
pub const PLACES_MAX: u32 = 1_000_000;

/// Mean service times that are in range: from one nanosecond to some thirty years.
const SERVICE_MS: std::ops::RangeInclusive<f64> = 1e-6..=1e12;

/// A place where requests arrive at random, may wait in one queue, and are served.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Station {
    /// Poisson arrivals, per second; 0 or more.
    pub arrivals_per_s: f64,
    /// Mean service time of one request; 1e-6 to 1e12.
    pub service_ms: f64,
    /// Variance of the service time over its squared mean: 0 constant, 1 exponential, more for heavier tails.
    pub service_scv: f64,
    /// Requests served at once, 1..=[`SERVERS_MAX`].
    pub servers: u32,
    /// Requests that can wait; `None` for no limit, at most [`PLACES_MAX`] else.
    pub waiting_places: Option<u32>,
}

/// What theory says of a station in its steady state.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Prediction {
    /// Which model this is, in Kendall's notation: `M/M/4/20`.
    pub model: String,
    /// Arrival rate × mean service time, in erlangs: the mean number of servers that would be busy if
    /// nobody were turned away.
    pub offered_load: f64,
    /// Mean share of the servers that are busy.
    pub utilisation: f64,
    /// Share of the *admitted* requests that have to wait.
    pub wait_probability: f64,
    /// Share of *all* requests that are turned away because the queue is full.
    pub blocked_share: f64,
    /// Requests finished per second.
    pub throughput_per_s: f64,
    /// Mean number waiting, those in service not counted.
    pub mean_queue_length: f64,
    /// Mean number waiting or in service.
    pub mean_in_system: f64,
    /// Mean wait of an admitted request; 0 for one that need not wait.
    pub mean_wait_ms: f64,
    /// Mean wait plus service of an admitted request.
    pub mean_sojourn_ms: f64,
    #[serde(skip)]
    law: WaitingLaw,
}

/// Why there is no prediction.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum NoPrediction {
    /// More work arrives than the servers can do, and nobody is turned away: the queue grows for ever.
    /// `utilisation` is what would be needed, 1 or more.
    Unstable { utilisation: f64 },
    /// No closed form is known for this combination.
    NoClosedForm,
    /// A rate, time or size is negative, not a number, or beyond its bound.
    OutOfRange,
}

impl fmt::Display for NoPrediction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoPrediction::Unstable { utilisation } => {
                write!(f, "unstable: {:.0} % of the servers' capacity arrives", utilisation * 100.0)
            }
            NoPrediction::NoClosedForm => write!(f, "no closed form is known"),
            NoPrediction::OutOfRange => write!(f, "out of the range of the theory"),
        }
    }
}

impl std::error::Error for NoPrediction {}

impl Station {
    /// The prediction of whichever closed form fits.
    ///
    /// # Errors
    /// [`NoPrediction`] says why none does.
    pub fn predict(&self) -> Result<Prediction, NoPrediction> {
        let (arrivals, service, servers) = (self.arrivals_per_s, self.service_ms, self.servers);
        match self.waiting_places {
            Some(places) if self.service_scv == 1.0 => mmck(arrivals, service, servers, places),
            // Erlang's loss formula holds for any service distribution (Sevastyanov, 1957).
            Some(0) => {
                mmck(arrivals, service, servers, 0).map(|p| p.called(format!("M/G/{servers}/{servers}")))
            }
            Some(_) => Err(NoPrediction::NoClosedForm),
            None if self.service_scv == 1.0 => mmc(arrivals, service, servers),
            None if servers == 1 => mg1(arrivals, service, self.service_scv),
            None => Err(NoPrediction::NoClosedForm),
        }
    }
}

impl Prediction {
    /// The wait that a share of the admitted requests does not exceed: 0.99 for the 99th percentile.
    /// `None` where the distribution is not known, or `share` is not in 0..1.
    pub fn wait_quantile_ms(&self, share: f64) -> Option<f64> {
        self.law.wait_quantile_ms(share)
    }

    /// As [`Prediction::wait_quantile_ms`], for wait plus service.
    pub fn sojourn_quantile_ms(&self, share: f64) -> Option<f64> {
        self.law.sojourn_quantile_ms(share)
    }

    fn called(mut self, model: String) -> Prediction {
        self.model = model;
        self
    }
}

/// Erlang's loss formula: the share of calls that find all `servers` busy, where nobody waits.
/// `offered` is in erlangs. By the recursion over the number of servers, which neither overflows nor cancels.
pub fn erlang_b(servers: u32, offered: f64) -> f64 {
    (1..=servers).fold(1.0, |blocked, n| offered * blocked / (f64::from(n) + offered * blocked))
}

/// Erlang's delay formula: the share of calls that must wait, where nobody is turned away.
/// `None` if `offered` (erlangs) is not below `servers`.
pub fn erlang_c(servers: u32, offered: f64) -> Option<f64> {
    let utilisation = offered / f64::from(servers);
    if !(0.0..1.0).contains(&utilisation) {
        return None;
    }
    let blocked = erlang_b(servers, offered);
    Some(blocked / (1.0 - utilisation * (1.0 - blocked)))
}

/// One server, exponential service, no limit on the queue.
///
/// # Errors
/// See [`NoPrediction`].
pub fn mm1(arrivals_per_s: f64, service_ms: f64) -> Result<Prediction, NoPrediction> {
    mmc(arrivals_per_s, service_ms, 1)
}

/// `servers` servers, exponential service, one queue without a limit (Erlang's delay system).
///
/// # Errors
/// See [`NoPrediction`].
pub fn mmc(arrivals_per_s: f64, service_ms: f64, servers: u32) -> Result<Prediction, NoPrediction> {
    let offered_load = offered(arrivals_per_s, service_ms, servers)?;
    let utilisation = offered_load / f64::from(servers);
    let wait_probability = erlang_c(servers, offered_load).ok_or(NoPrediction::Unstable { utilisation })?;
    // Whoever waits, waits for an exponential time with this rate: cμ − λ.
    let drain_per_ms = f64::from(servers) * (1.0 - utilisation) / service_ms;
    let mean_wait_ms = wait_probability / drain_per_ms;
    let law = WaitingLaw::Exponential { wait_probability, drain_per_ms, service_per_ms: 1.0 / service_ms };
    let model = format!("M/M/{servers}");
    Ok(Prediction {
        wait_probability,
        law,
        ..unlimited(model, arrivals_per_s, service_ms, servers, mean_wait_ms)
    })
}

/// One server, any service time with the squared coefficient of variation `service_scv` (its variance over
/// its squared mean), no limit on the queue: the Pollaczek–Khinchine formula. Percentiles are known for
/// `service_scv` 0 and 1, taken to mean constant and exponential.
///
/// # Errors
/// See [`NoPrediction`].
pub fn mg1(arrivals_per_s: f64, service_ms: f64, service_scv: f64) -> Result<Prediction, NoPrediction> {
    if !(service_scv.is_finite() && service_scv >= 0.0) {
        return Err(NoPrediction::OutOfRange);
    }
    let utilisation = offered(arrivals_per_s, service_ms, 1)?;
    if utilisation >= 1.0 {
        return Err(NoPrediction::Unstable { utilisation });
    }
    let mean_wait_ms = utilisation * (1.0 + service_scv) / 2.0 * service_ms / (1.0 - utilisation);
    let (model, law) = if service_scv == 0.0 {
        ("M/D/1", WaitingLaw::constant_service(utilisation, service_ms))
    } else if service_scv == 1.0 {
        return mm1(arrivals_per_s, service_ms);
    } else {
        ("M/G/1", WaitingLaw::Unknown)
    };
    // An arrival waits if it finds the server busy, which it is a share `utilisation` of the time.
    let base = unlimited(model.to_string(), arrivals_per_s, service_ms, 1, mean_wait_ms);
    Ok(Prediction { wait_probability: utilisation, law, ..base })
}

/// One server, constant service, no limit on the queue.
///
/// # Errors
/// See [`NoPrediction`].
pub fn md1(arrivals_per_s: f64, service_ms: f64) -> Result<Prediction, NoPrediction> {
    mg1(arrivals_per_s, service_ms, 0.0)
}

/// `servers` servers, exponential service, `places` to wait in; whoever finds them taken is turned away.
/// Always stable. With 0 places it is Erlang's loss system. K, in the notation, is `servers + places`.
///
/// # Errors
/// [`NoPrediction::OutOfRange`].
pub fn mmck(
    arrivals_per_s: f64,
    service_ms: f64,
    servers: u32,
    places: u32,
) -> Result<Prediction, NoPrediction> {
    if places > PLACES_MAX {
        return Err(NoPrediction::OutOfRange);
    }
    let offered_load = offered(arrivals_per_s, service_ms, servers)?;
    let states = FiniteStates::new(servers, offered_load, places);
    let throughput_per_s = arrivals_per_s * states.admitted;
    let mean_queue_length = states.mean_queue_length;
    let mean_wait_ms =
        if throughput_per_s > 0.0 { mean_queue_length / throughput_per_s * 1000.0 } else { 0.0 };
    let busy = throughput_per_s * service_ms / 1000.0;
    Ok(Prediction {
        model: format!("M/M/{servers}/{}", u64::from(servers) + u64::from(places)),
        offered_load,
        utilisation: busy / f64::from(servers),
        wait_probability: states.waits,
        blocked_share: states.blocked,
        throughput_per_s,
        mean_queue_length,
        mean_in_system: mean_queue_length + busy,
        mean_wait_ms,
        mean_sojourn_ms: mean_wait_ms + service_ms,
        law: WaitingLaw::finite_places(servers, offered_load, places, service_ms, states.waits),
    })
}

/// Steady-state shares of M/M/c/K's states, as far as they are needed.
struct FiniteStates {
    /// Share of arrivals let in.
    admitted: f64,
    /// Share of arrivals turned away: all servers busy and all places taken.
    blocked: f64,
    /// Share of *admitted* arrivals that find all servers busy.
    waits: f64,
    mean_queue_length: f64,
}

impl FiniteStates {
    /// The states from "all servers busy" on form a geometric series with ratio r = a/c. It is summed from
    /// its larger end, so that nothing overflows; the states below it weigh (1 − B) : B against its first.
    fn new(servers: u32, offered: f64, places: u32) -> FiniteStates {
        let ratio = offered / f64::from(servers);
        let rising = ratio > 1.0;
        let shrink = if rising { 1.0 / ratio } else { ratio };
        let all_busy = erlang_b(servers, offered);
        let (mut sum, mut length, mut full, mut first) = (0.0, 0.0, 0.0, 0.0);
        let mut weight = all_busy;
        for step in 0..=places {
            let waiting = if rising { places - step } else { step };
            if waiting == places {
                full = weight;
            } else {
                sum += weight;
            }
            if waiting == 0 {
                first = weight;
            }
            length += weight * f64::from(waiting);
            if weight == 0.0 {
                break;
            }
            weight *= shrink;
        }
        let free = if rising { (1.0 - all_busy) * (first / all_busy) } else { 1.0 - all_busy };
        let (let_in, total) = (free + sum, free + sum + full);
        FiniteStates {
            admitted: let_in / total,
            blocked: full / total,
            waits: if let_in > 0.0 { sum / let_in } else { 0.0 },
            mean_queue_length: length / total,
        }
    }
}

/// The offered load in erlangs, if everything is in range.
fn offered(arrivals_per_s: f64, service_ms: f64, servers: u32) -> Result<f64, NoPrediction> {
    let offered = arrivals_per_s * service_ms / 1000.0;
    let in_range = arrivals_per_s >= 0.0
        && SERVICE_MS.contains(&service_ms)
        && offered.is_finite()
        && (1..=SERVERS_MAX).contains(&servers);
    if in_range { Ok(offered) } else { Err(NoPrediction::OutOfRange) }
}

/// What follows from the mean wait by Little's law where nobody is turned away.
fn unlimited(
    model: String,
    arrivals_per_s: f64,
    service_ms: f64,
    servers: u32,
    mean_wait_ms: f64,
) -> Prediction {
    let offered_load = arrivals_per_s * service_ms / 1000.0;
    let mean_queue_length = arrivals_per_s * mean_wait_ms / 1000.0;
    Prediction {
        model,
        offered_load,
        utilisation: offered_load / f64::from(servers),
        wait_probability: 0.0,
        blocked_share: 0.0,
        throughput_per_s: arrivals_per_s,
        mean_queue_length,
        mean_in_system: mean_queue_length + offered_load,
        mean_wait_ms,
        mean_sojourn_ms: mean_wait_ms + service_ms,
        law: WaitingLaw::Unknown,
    }
}

#[cfg(test)]
mod tests;
