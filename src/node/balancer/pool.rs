//! A pool: the servers behind one link of a balancer, their health, and the policy that chooses.

use super::settings::Settings;
use crate::algo::balance::{self, Ask, Backends, Balance, Pick};
use crate::sim::{Member, Outcome, OutcomeKind, Purpose, Span, Stream, Time};

/// The servers behind one link.
#[derive(Clone, Debug)]
pub struct Pool {
    pub link: u16,
    pub backends: Backends,
    pub policy: Box<dyn Balance>,
    learns: bool,
    pub health: Vec<Health>,
    random: Stream,
    /// Weights as the servers tell them, before slow start.
    weights: Vec<u32>,
    /// Calls in flight to members that were removed since.
    left_behind: Vec<u32>,
}

/// What the balancer knows of a server's health.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Health {
    /// By active checks.
    pub up: bool,
    /// By passive ones: gets nothing until then.
    pub ejected_until: Time,
    pub checks_failed: u32,
    pub checks_passed: u32,
    pub errors_in_a_row: u32,
    /// Since when it is eligible again, for slow start.
    pub back_since: Option<Time>,
    /// A check is under way.
    pub probing: bool,
}

impl Health {
    const WELL: Health = Health {
        up: true,
        ejected_until: Time::ZERO,
        checks_failed: 0,
        checks_passed: 0,
        errors_in_a_row: 0,
        back_since: None,
        probing: false,
    };

    fn eligible(&self, now: Time) -> bool {
        self.up && self.ejected_until <= now
    }
}

/// Steps in which slow start raises a weight.
pub const SLOW_START_STEPS: u64 = 10;

impl Pool {
    /// `name` identifies the policy's random numbers.
    pub fn new(seed: u64, name: &str, link: u16, settings: &Settings) -> Pool {
        let policy = build_policy(settings);
        Pool {
            link,
            backends: Backends::default(),
            learns: policy.learns(),
            policy,
            health: vec![],
            random: Stream::new(seed, name, Purpose::Policy),
            weights: vec![],
            left_behind: vec![],
        }
    }

    /// Another policy takes over, knowing nothing of what was.
    pub fn replace_policy(&mut self, settings: &Settings) {
        self.policy = build_policy(settings);
        self.learns = self.policy.learns();
        self.policy.rebuild(&self.backends);
    }

    /// The servers told how many they are, and their weights.
    pub fn meet(&mut self, members: &[Member], settings: &Settings, now: Time) {
        let (before, count) = (self.backends.len(), members.len());
        for removed in count..before {
            self.left_behind.resize(self.left_behind.len().max(removed + 1), 0);
            self.left_behind[removed] = self.backends.in_flight[removed];
        }
        let in_flight_of = |index: usize| match self.backends.in_flight.get(index) {
            Some(in_flight) => *in_flight,
            None => self.left_behind.get(index).copied().unwrap_or(0),
        };
        let in_flight: Vec<u32> = (0..count).map(in_flight_of).collect();
        for index in before..count {
            if let Some(left) = self.left_behind.get_mut(index) {
                *left = 0;
            }
        }
        // Those that join later than the start begin slowly.
        let newcomer = Health { back_since: (before > 0).then_some(now), ..Health::WELL };
        self.health.resize(count, newcomer);
        self.weights = members.iter().map(|member| member.weight).collect();
        self.backends = Backends {
            id: (1..=count as u32).collect(),
            weight: self.weights.clone(),
            in_flight,
            eligible: vec![true; count],
            eligible_count: count,
        };
        self.refresh(settings, now);
    }

    /// Works out eligibility and weights anew, and tells the policy.
    pub fn refresh(&mut self, settings: &Settings, now: Time) {
        for index in 0..self.backends.len() {
            let eligible = self.health[index].eligible(now);
            self.backends.set_eligible(index, eligible);
            self.backends.weight[index] = self.weight_now(index, settings, now);
        }
        self.policy.rebuild(&self.backends);
    }

    /// With slow start, weights are in hundredths and grow in steps.
    fn weight_now(&self, index: usize, settings: &Settings, now: Time) -> u32 {
        let weight = self.weights[index];
        if settings.slow_start_ms <= 0.0 {
            return weight;
        }
        let share = match self.health[index].back_since {
            None => 1.0,
            Some(since) => (now.since(since).ms() / settings.slow_start_ms).min(1.0),
        };
        let step = ((share * SLOW_START_STEPS as f64) as u64).max(1);
        (weight as u64 * 100 * step / SLOW_START_STEPS).max(1) as u32
    }

    /// Whether a server has not reached its full weight.
    pub fn warming(&self, settings: &Settings, now: Time) -> bool {
        let warming = |health: &Health| {
            health.back_since.is_some_and(|since| now.since(since).ms() < settings.slow_start_ms)
        };
        settings.slow_start_ms > 0.0 && self.health.iter().any(warming)
    }

    /// Chooses; `None` if no server is eligible.
    #[inline(always)]
    pub fn pick(&mut self, ask: &Ask) -> Option<Pick> {
        (self.backends.eligible_count > 0).then(|| self.policy.pick(ask, &self.backends, &mut self.random))
    }

    pub fn is_eligible(&self, index: usize) -> bool {
        self.backends.eligible.get(index).copied().unwrap_or(false)
    }

    #[inline(always)]
    pub fn sent(&mut self, index: usize) {
        self.backends.in_flight[index] += 1;
    }

    /// A call that departed then came back. True if that changed who is eligible.
    #[inline(always)]
    pub fn came_back(
        &mut self,
        index: usize,
        departed: Time,
        outcome: Outcome,
        settings: &Settings,
        now: Time,
    ) -> bool {
        if let Some(in_flight) = self.backends.in_flight.get_mut(index) {
            *in_flight = in_flight.saturating_sub(1);
        } else {
            if let Some(left) = self.left_behind.get_mut(index) {
                *left = left.saturating_sub(1);
            }
            return false;
        }
        let failed =
            !outcome.is_ok() && matches!(outcome.kind(), OutcomeKind::Failed | OutcomeKind::TimedOut);
        if self.learns {
            self.policy.finished(index, now.since(departed), !failed, now);
        }
        let health = &mut self.health[index];
        health.errors_in_a_row = if failed { health.errors_in_a_row + 1 } else { 0 };
        failed && self.eject(index, settings, now)
    }

    /// Keeps a server out for a while if it failed too often in a row. True if so.
    #[cold]
    fn eject(&mut self, index: usize, settings: &Settings, now: Time) -> bool {
        let health = &self.health[index];
        if settings.eject_after == 0 || health.errors_in_a_row < settings.eject_after || !health.eligible(now)
        {
            return false;
        }
        let ejected = self.health.iter().filter(|health| health.ejected_until > now).count();
        if (ejected + 1) as f64 > settings.eject_share_max * self.health.len() as f64 {
            return false;
        }
        let health = &mut self.health[index];
        (health.ejected_until, health.errors_in_a_row) = (now + Span::from_ms(settings.eject_ms), 0);
        self.refresh(settings, now);
        true
    }

    /// An ejection may be over.
    pub fn readmit(&mut self, index: usize, settings: &Settings, now: Time) {
        if let Some(health) = self.health.get_mut(index) {
            if health.ejected_until <= now {
                health.back_since = Some(now);
                self.refresh(settings, now);
            }
        }
    }

    /// The result of an active check. True if that changed who is eligible.
    pub fn checked(&mut self, index: usize, passed: bool, settings: &Settings, now: Time) -> bool {
        let Some(health) = self.health.get_mut(index) else { return false };
        health.probing = false;
        if passed {
            (health.checks_passed, health.checks_failed) = (health.checks_passed + 1, 0);
        } else {
            (health.checks_failed, health.checks_passed) = (health.checks_failed + 1, 0);
        }
        let was_up = health.up;
        if health.up && health.checks_failed >= settings.health_down_after {
            health.up = false;
        } else if !health.up && health.checks_passed >= settings.health_up_after {
            (health.up, health.back_since, health.errors_in_a_row) = (true, Some(now), 0);
        }
        let changed = was_up != health.up;
        if changed {
            self.refresh(settings, now);
        }
        changed
    }

    /// A check came back that does not count any more.
    pub fn check_lapsed(&mut self, index: usize) {
        if let Some(health) = self.health.get_mut(index) {
            health.probing = false;
        }
    }

    /// Without active checks nobody is known to be down.
    pub fn forget_checks(&mut self, settings: &Settings, now: Time) {
        for health in &mut self.health {
            (health.up, health.checks_failed, health.checks_passed) = (true, 0, 0);
        }
        self.refresh(settings, now);
    }
}

fn build_policy(settings: &Settings) -> Box<dyn Balance> {
    // The scenario's check has seen to it that the policy exists; round robin stands in if not.
    let entry = balance::find(&settings.policy.id).unwrap_or(&balance::TABLE[0]);
    let knobs = settings.policy.resolve("balance").unwrap_or_default();
    (entry.build)(&knobs)
}
