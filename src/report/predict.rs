//! What theory says of a scenario, where it says anything.
//!
//! Clients with Poisson arrivals in front of equal servers, with a balancer between or without. With
//! one server, or with a balancer that draws at random (a Poisson stream split at random is Poisson
//! again), the closed form is exact. With other policies it is the figure of one shared queue in front
//! of all workers, which no policy can beat on average: a bound to compare with. Faults are left out on
//! purpose: the line says what there would be if all were well. Servers of unequal speeds have no such
//! closed form.

use super::theory::{Prediction, Station};
use crate::node::Settings;
use crate::node::clients::Arrivals;
use crate::scenario::{NodeSpec, Scenario, paths};
use serde::Serialize;

/// A line in the charts and a row in the report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TheoryLine {
    /// "M/M/16".
    pub model: String,
    /// The closed form holds for this system, not only as a bound.
    pub exact: bool,
    /// Mean time from request to answer, connections included.
    pub mean_ms: f64,
    pub p50_ms: Option<f64>,
    pub p95_ms: Option<f64>,
    pub p99_ms: Option<f64>,
    pub utilisation: f64,
    /// Answered, a second.
    pub throughput_per_s: f64,
    pub mean_queue_length: f64,
}

impl TheoryLine {
    /// "M/M/16"; "one M/M/16 queue" where that is what no policy can beat.
    #[inline(never)]
    pub fn label(&self) -> String {
        if self.exact { self.model.clone() } else { format!("one {} queue", self.model) }
    }
}

/// The prediction for the settings of this scenario; changes in it are left out of account (pass the
/// state at the moment of interest). `None` where no closed form is known or the system is unstable.
pub fn theory_of(scenario: &Scenario) -> Option<TheoryLine> {
    let Behind { station, network_ms, split, exact } = behind(scenario)?;
    let prediction = predict(station)?;
    let plus = |ms: Option<f64>| ms.map(|ms| ms + network_ms);
    Some(TheoryLine {
        exact,
        mean_ms: prediction.mean_sojourn_ms + network_ms,
        p50_ms: plus(prediction.sojourn_quantile_ms(0.5)),
        p95_ms: plus(prediction.sojourn_quantile_ms(0.95)),
        p99_ms: plus(prediction.sojourn_quantile_ms(0.99)),
        utilisation: prediction.utilisation,
        throughput_per_s: prediction.throughput_per_s * split,
        mean_queue_length: prediction.mean_queue_length * split,
        model: prediction.model,
    })
}

/// How long it takes until what there was at first is forgotten, to a factor of e; where there is theory.
pub fn settling_ms(scenario: &Scenario) -> Option<f64> {
    behind(scenario).map(|behind| relaxation_ms(&behind.station))
}

/// What stands behind the clients.
struct Behind {
    station: Station,
    /// There and back.
    network_ms: f64,
    /// So many such stations share the requests.
    split: f64,
    exact: bool,
}

fn behind(scenario: &Scenario) -> Option<Behind> {
    let index_of = |id: &str| scenario.nodes.iter().position(|node| node.id == id);
    let is_clients = |node: &&NodeSpec| matches!(node.settings, Settings::Clients(_));
    let mut sources = scenario.nodes.iter().enumerate().filter(|(_, node)| is_clients(node));
    let ((at, source), None) = (sources.next()?, sources.next()) else { return None };
    let Settings::Clients(clients) = &source.settings else { return None };
    if clients.arrivals != Arrivals::Poisson
        || clients.mix.iter().any(|class| class.cost != 1.0)
        || !clients.calling.is_plain()
    {
        return None;
    }
    let mut network_ms = 0.0;
    let mut random = false;
    let mut from = at;
    let servers = loop {
        let [to] = scenario.nodes[from].to.as_slice() else { return None };
        let next = index_of(to)?;
        let link = paths::link_between(scenario, from, next);
        if link.loss > 0.0 || link.cut {
            return None;
        }
        network_ms += 2.0 * link.latency_ms.mean_ms();
        match &scenario.nodes[next].settings {
            Settings::Balancer(balancer) => {
                random = balancer.policy.id == "random";
                from = next;
            }
            Settings::Servers(servers) if scenario.nodes[next].to.is_empty() => break servers,
            _ => return None,
        }
    };
    let speed = servers.member(0).speed;
    // What a service does depends on what it is asked.
    if servers.scaling.is_on() || servers.runs.id != "plain" {
        return None;
    }
    if (0..servers.count as usize).any(|index| servers.member(index).speed != speed) {
        return None;
    }
    let count = servers.count as f64;
    let split = if random { count } else { 1.0 };
    let shared = if random { 1 } else { servers.count as u32 };
    let station = Station {
        arrivals_per_s: clients.rate_per_s / split,
        service_ms: servers.service_ms.mean_ms() / speed,
        service_scv: servers.service_ms.squared_variation()?,
        servers: servers.workers as u32 * shared,
        waiting_places: Some(servers.queue * shared),
    };
    Some(Behind { station, network_ms, split, exact: random || servers.count == 1 })
}

/// The relaxation time of a birth and death process with these rates and as many states as there are places: one over
/// λ + cμ − 2 √(λcμ) cos(π ÷ (places + 1)) (Karlin and McGregor, 1958; Morse, "Queues, Inventories and
/// Maintenance", 1958). It is of one queue whose servers are all busy, which is when it matters; services that vary
/// otherwise than exponentially take longer or shorter in proportion.
fn relaxation_ms(station: &Station) -> f64 {
    let (arrivals, served) =
        (station.arrivals_per_s, f64::from(station.servers) * 1000.0 / station.service_ms);
    let places = station.waiting_places.map_or(f64::INFINITY, |waiting| f64::from(waiting + station.servers));
    let turn = libm::cos(std::f64::consts::PI / (places + 1.0));
    let rate = arrivals + served - 2.0 * libm::sqrt(arrivals * served) * turn;
    1000.0 / rate * (1.0 + station.service_scv) / 2.0
}

/// A queue so long that it is never full is as good as an endless one, and says so.
fn predict(station: Station) -> Option<Prediction> {
    let endless = Station { waiting_places: None, ..station };
    match station.predict() {
        Ok(bounded) if bounded.blocked_share > 1e-6 => Some(bounded),
        bounded => endless.predict().or(bounded).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Checked;

    fn line(members: &str) -> Option<TheoryLine> {
        let json = format!(
            r#"{{"v":1,"nodes":[{{"id":"c","kind":"clients","rate_per_s":10,"to":["s"]}},{{"id":"s","kind":"servers",
            "count":2,"queue":100000,"service_ms":{{"dist":"exponential","mean":100}},"members":{members}}}]}}"#
        );
        theory_of(&Checked::parse(&json).expect("the scenario is fine"))
    }

    /// At twice the speed the station is the same as one with half the service time.
    #[test]
    fn equal_speeds_shorten_the_service_and_unequal_ones_have_no_closed_form() {
        let utilisation = |members| line(members).map(|line| line.utilisation);
        assert_eq!(utilisation("[]"), Some(0.5));
        assert_eq!(utilisation(r#"[{"slow":5}]"#), Some(0.5), "a fault is left out");
        assert_eq!(utilisation(r#"[{"speed":2},{"speed":2},{"speed":7}]"#), Some(0.25));
        assert_eq!(utilisation(r#"[{"speed":2}]"#), None);
    }

    /// Its rows take time too, which no service time tells.
    #[test]
    fn nothing_is_said_of_a_service() {
        let json = |runs: &str| {
            format!(
                r#"{{"v":1,"nodes":[{{"id":"c","kind":"clients","rate_per_s":10,"mix":[{{"path":"GET /l"}}],"to":["s"]}},
                {{"id":"s","kind":"servers","service_ms":{{"dist":"exponential","mean":100}}{runs}}}]}}"#
            )
        };
        let line = |runs: &str| theory_of(&Checked::parse(&json(runs)).expect("the scenario is fine"));
        assert!(line("").is_some());
        assert_eq!(line(r#","row_ms":5,"runs":"shortener""#), None);
    }
}
