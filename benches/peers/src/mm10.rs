//! The model that every contestant runs: Poisson arrivals, ten single-worker first-come-first-served
//! servers with exponential service, no limit on the queues, load 0.8.

/// Servers behind the balancer.
pub const SERVERS: usize = 10;
/// Arrivals per mean service time.
pub const OFFERED: f64 = 8.0;

/// How the balancer chooses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Policy {
    RoundRobin,
    LeastConnections,
}

impl Policy {
    pub const ALL: [Policy; 2] = [Policy::RoundRobin, Policy::LeastConnections];

    /// The id in scenario files.
    pub fn id(self) -> &'static str {
        match self {
            Policy::RoundRobin => "round-robin",
            Policy::LeastConnections => "least-connections",
        }
    }
}

/// What one repetition gave.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// An arrival is one event, a departure another.
    pub events_per_s: f64,
    /// Wall time of the repetition.
    pub seconds: f64,
    /// Time average of the requests waiting or in service, all servers together: for the check.
    pub mean_in_system: f64,
}

/// Integrates the number in the system over simulated time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Area {
    number: u32,
    since: f64,
    sum: f64,
}

impl Area {
    #[inline]
    pub fn step(&mut self, now: f64, by: i32) {
        self.sum += f64::from(self.number) * (now - self.since);
        self.since = now;
        self.number = self.number.wrapping_add_signed(by);
    }

    pub fn mean(&self) -> f64 {
        self.sum / self.since
    }
}
