//! The simulation against queueing theory: within its own confidence intervals, over many seeds. The
//! seeds are fixed, so that each of these is a fact and not a chance.

use serde_json::{Value, json};
use switchyard::report::statistics::{estimate, paired_difference};
use switchyard::report::theory::{md1, mg1, mmc, mmck};
use switchyard::report::{Metrics, summarise};
use switchyard::run::{NO_LIMIT, Simulation};
use switchyard::scenario::Checked;
use switchyard::sim::{Distribution, Observer, Outcome, Place, Request, Span, Time};

/// What a run gave after its warm-up.
#[derive(Clone, Debug, Default)]
struct Measured {
    issued: f64,
    answered: f64,
    refused: f64,
    sojourn_ms: f64,
    /// Integrals over time, all members together.
    busy_ms: f64,
    queued_ms: f64,
    span_ms: f64,
    members: Vec<(u32, u32, Time)>,
}

const WARM_UP: Time = Time(60_000_000_000);
const SEEDS: std::ops::RangeInclusive<u64> = 1..=48;

impl Measured {
    fn mean_sojourn_ms(&self) -> f64 {
        self.sojourn_ms / self.answered
    }

    fn throughput_per_s(&self) -> f64 {
        self.answered / self.span_ms * 1000.0
    }

    fn pass(&mut self, member: usize, now: Time) {
        if self.members.len() <= member {
            self.members.resize(member + 1, (0, 0, WARM_UP));
        }
        let (busy, queued, since) = &mut self.members[member];
        let ms = now.since(*since).ms();
        (self.busy_ms, self.queued_ms) =
            (self.busy_ms + *busy as f64 * ms, self.queued_ms + *queued as f64 * ms);
        *since = now.max(WARM_UP);
    }
}

impl Observer for Measured {
    fn issued(&mut self, request: &Request) {
        self.issued += (request.born >= WARM_UP) as u32 as f64;
    }

    fn ended(&mut self, request: &Request, outcome: Outcome, now: Time) {
        if request.born < WARM_UP {
            return;
        }
        if outcome.is_ok() {
            self.answered += 1.0;
            self.sojourn_ms += now.since(request.born).ms();
        } else {
            assert_eq!(outcome, Outcome::QueueFull);
            self.refused += 1.0;
        }
    }

    fn occupied(&mut self, place: Place, busy: u32, queued: u32, now: Time) {
        let member = place.member as usize;
        self.pass(member, now);
        (self.members[member].0, self.members[member].1) = (busy, queued);
    }
}

/// Clients, and what they call; `seconds` after the warm-up.
fn scenario(seconds: f64, clients: Value, behind: Value) -> Value {
    let mut first = json!({ "id": "clients", "kind": "clients", "timeout_ms": 0, "to": ["s"] });
    let mut nodes = vec![];
    if behind["policy"].is_string() {
        first["to"] = json!(["lb"]);
        nodes.push(json!({ "id": "lb", "kind": "balancer", "policy": behind["policy"], "to": ["s"] }));
    }
    for (name, value) in clients.as_object().expect("settings") {
        first[name] = value.clone();
    }
    let mut servers = json!({ "id": "s", "kind": "servers", "queue": 50_000 });
    for (name, value) in behind.as_object().expect("settings").iter().filter(|(name, _)| *name != "policy") {
        servers[name] = value.clone();
    }
    nodes.extend([first, servers]);
    json!({ "v": 1, "duration_ms": WARM_UP.ms() + seconds * 1000.0, "nodes": nodes })
}

fn measure(mut scenario: Value) -> Vec<Measured> {
    let run = |seed: u64| {
        scenario["seed"] = json!(seed);
        let scenario = Checked::from_value(scenario.clone()).expect("the scenario is fine");
        let mut measured = Measured::default();
        let mut simulation = Simulation::new(&scenario, &mut measured);
        let end = Time::from_ms(scenario.duration_ms);
        simulation.advance(end, NO_LIMIT, &mut measured);
        simulation.world().check().expect("the books add up");
        for member in 0..measured.members.len() {
            measured.pass(member, end);
        }
        measured.span_ms = end.since(WARM_UP).ms();
        measured
    };
    SEEDS.map(run).collect()
}

/// Some twenty figures are compared. At 95 % each, one of them would miss by chance whenever the streams
/// change; wider by this much (Student's t with 23 degrees of freedom at 99.75 % over 95 %: 3.4 / 2.07),
/// all of them together are right 95 times in a hundred (Bonferroni).
const TOGETHER: f64 = 1.64;

/// The theory's value must lie in the confidence interval of the mean over the seeds, and the interval
/// must be narrow enough to say anything.
fn agrees(what: &str, runs: &[Measured], figure: impl Fn(&Measured) -> f64, theory: f64) {
    let found = estimate(&runs.iter().map(figure).collect::<Vec<_>>()).expect("enough seeds");
    let width = found.half_width.expect("many seeds");
    assert!((found.mean - theory).abs() <= width * TOGETHER, "{what}: {found:?} for {theory}");
    assert!(width / found.mean < 0.04, "{what}: the interval is too wide to say anything: {found:?}");
}

fn exponential(mean: f64) -> Value {
    json!({ "dist": "exponential", "mean": mean })
}

#[test]
fn mm1_and_its_queue_and_utilisation() {
    let runs =
        measure(scenario(600.0, json!({ "rate_per_s": 70 }), json!({ "service_ms": exponential(10.0) })));
    let theory = mmc(70.0, 10.0, 1).expect("stable");
    agrees("mean stay", &runs, Measured::mean_sojourn_ms, theory.mean_sojourn_ms);
    agrees("utilisation", &runs, |run| run.busy_ms / run.span_ms, 0.7);
    agrees("queue length", &runs, |run| run.queued_ms / run.span_ms, theory.mean_queue_length);
}

#[test]
fn mmc_with_several_workers() {
    let behind = json!({ "workers": 4, "service_ms": exponential(100.0) });
    let runs = measure(scenario(1000.0, json!({ "rate_per_s": 32 }), behind));
    let theory = mmc(32.0, 100.0, 4).expect("stable");
    agrees("mean stay", &runs, Measured::mean_sojourn_ms, theory.mean_sojourn_ms);
    agrees("utilisation", &runs, |run| run.busy_ms / run.span_ms / 4.0, theory.utilisation);
}

#[test]
fn mmck_turns_away_and_lets_through_what_erlang_says() {
    let behind = json!({ "workers": 2, "queue": 3, "service_ms": exponential(20.0) });
    let runs = measure(scenario(400.0, json!({ "rate_per_s": 90 }), behind));
    let theory = mmck(90.0, 20.0, 2, 3).expect("in range");
    agrees("blocked", &runs, |run| run.refused / (run.refused + run.answered), theory.blocked_share);
    agrees("throughput", &runs, Measured::throughput_per_s, theory.throughput_per_s);
    agrees("mean stay", &runs, Measured::mean_sojourn_ms, theory.mean_sojourn_ms);
    agrees("queue length", &runs, |run| run.queued_ms / run.span_ms, theory.mean_queue_length);
}

#[test]
fn md1_waits_half_as_long_as_mm1() {
    let runs = measure(scenario(400.0, json!({ "rate_per_s": 75 }), json!({ "service_ms": 10 })));
    agrees("mean stay", &runs, Measured::mean_sojourn_ms, md1(75.0, 10.0).expect("stable").mean_sojourn_ms);
}

#[test]
fn mg1_follows_pollaczek_and_khinchine() {
    let services = [
        json!({ "dist": "lognormal", "mean": 10.0, "sigma": 0.8 }),
        json!({ "dist": "bimodal", "fast": 5.0, "slow": 55.0, "slow_share": 0.1 }),
        json!({ "dist": "uniform", "min": 0.0, "max": 20.0 }),
    ];
    for service in services {
        let distribution: Distribution = serde_json::from_value(service.clone()).expect("a distribution");
        let variation = distribution.squared_variation().expect("finite");
        let runs = measure(scenario(900.0, json!({ "rate_per_s": 60 }), json!({ "service_ms": service })));
        let theory = mg1(60.0, 10.0, variation).expect("stable");
        agrees("mean stay", &runs, Measured::mean_sojourn_ms, theory.mean_sojourn_ms);
    }
}

/// A Poisson stream split at random is Poisson again.
#[test]
fn behind_a_random_balancer_every_server_is_a_queue_of_its_own() {
    let behind = json!({ "policy": "random", "count": 3, "workers": 2, "service_ms": exponential(20.0) });
    let runs = measure(scenario(400.0, json!({ "rate_per_s": 210 }), behind));
    agrees(
        "mean stay",
        &runs,
        Measured::mean_sojourn_ms,
        mmc(70.0, 20.0, 2).expect("stable").mean_sojourn_ms,
    );
}

/// Each of N servers sees every N-th arrival, so it is an E_N/M/1 queue. Its root σ = A*(μ(1 − σ)), with
/// A*(s) = (λ / (λ + s))^N for the whole stream's λ, gives a mean stay of 1 / (μ(1 − σ)): GI/M/1 in
/// Kleinrock, *Queueing Systems*, volume 1, chapter 6.
#[test]
fn behind_round_robin_every_server_sees_erlang_arrivals() {
    let (servers, arrivals, service) = (5, 400.0, 0.010);
    let mut root = 0.5;
    for _ in 0..10_000 {
        root = libm::pow(arrivals / (arrivals + (1.0 - root) / service), servers as f64);
    }
    let theory_ms = 1000.0 * service / (1.0 - root);
    let behind = json!({ "policy": "round-robin", "count": servers, "service_ms": exponential(10.0) });
    let runs = measure(scenario(200.0, json!({ "rate_per_s": arrivals }), behind));
    agrees("mean stay", &runs, Measured::mean_sojourn_ms, theory_ms);
    // And that is less than of a Poisson stream of the same rate.
    assert!(theory_ms < mmc(80.0, 10.0, 1).expect("stable").mean_sojourn_ms);
}

/// More knowledge, shorter stays: Mitzenmacher (2001) for two choices; the shortest queue is optimal for
/// exponential service (Winston, 1977), and one shared queue is a bound for all.
#[test]
fn policies_that_know_more_wait_less() {
    let means = |policy: &str| -> Vec<f64> {
        let behind = json!({ "policy": policy, "count": 8, "service_ms": exponential(10.0) });
        let runs = measure(scenario(60.0, json!({ "rate_per_s": 680 }), behind));
        runs.iter().map(Measured::mean_sojourn_ms).collect()
    };
    let order = ["random", "round-robin", "two-choices", "least-connections"].map(means);
    for pair in order.windows(2) {
        let difference = paired_difference(&pair[0], &pair[1]).expect("the same seeds");
        assert!(difference.mean < 0.0 && difference.excludes(0.0), "{difference:?}");
    }
    let bound = mmc(680.0, 10.0, 8).expect("stable").mean_sojourn_ms;
    let best = estimate(&order[3]).expect("many seeds");
    assert!(best.interval().expect("many seeds").0 > bound);
}

/// The operational laws hold in every run, whatever the distributions: Little's L = λW, and the
/// utilisation law U = λS (Denning and Buzen, 1978). The report's own figures are what is checked.
#[test]
fn the_report_obeys_littles_law() {
    let behind = json!({ "policy": "two-choices", "count": 3, "workers": 2,
        "service_ms": { "dist": "pareto", "mean": 20, "shape": 2.5 } });
    let mut file = scenario(600.0, json!({ "rate_per_s": 150, "arrivals": "bursty" }), behind);
    for seed in SEEDS {
        file["seed"] = json!(seed);
        let scenario = Checked::from_value(file.clone()).expect("the scenario is fine");
        let mut metrics = Metrics::new(Span::from_ms(scenario.duration_ms));
        let mut simulation = Simulation::new(&scenario, &mut metrics);
        simulation.advance(Time::from_ms(scenario.duration_ms), NO_LIMIT, &mut metrics);
        let summary = summarise(&scenario, &metrics, simulation.world().nodes(), simulation.now());
        let servers = &summary.nodes["s"];
        let per_ms = servers.throughput_per_s / 1000.0;
        let waiting = per_ms * servers.queueing_ms.mean.expect("calls");
        let close = |found: f64, wanted: f64| (found / wanted - 1.0).abs() < 0.01;
        assert!(close(servers.queue_length.mean, waiting), "{} for {waiting}", servers.queue_length.mean);
        let busy = per_ms * servers.service_ms.mean.expect("calls") / 6.0;
        assert!(close(servers.utilisation.expect("workers"), busy), "{:?} for {busy}", servers.utilisation);
    }
}

/// Machine repair, M/M/1//N: p₀ = 1 / Σ N!/(N−n)! (λ/μ)ⁿ and X = μ(1 − p₀) (Kleinrock, volume 1,
/// section 3.8); and the interactive response time law R = N/X − Z (Denning and Buzen, 1978).
#[test]
fn a_closed_loop_follows_machine_repair() {
    let (users, think_ms, service_ms) = (12u32, 100.0, 10.0);
    let ratio = service_ms / think_ms;
    let mut sum = 0.0;
    let mut term = 1.0;
    for n in 0..=users {
        sum += term;
        term *= (users - n) as f64 * ratio;
    }
    let throughput = 1000.0 / service_ms * (1.0 - 1.0 / sum);
    let clients = json!({ "arrivals": "closed", "users": users, "think_ms": exponential(think_ms) });
    let runs = measure(scenario(400.0, clients, json!({ "service_ms": exponential(service_ms) })));
    agrees("throughput", &runs, Measured::throughput_per_s, throughput);
    agrees("response", &runs, Measured::mean_sojourn_ms, users as f64 / throughput * 1000.0 - think_ms);
    let population = |run: &Measured| run.throughput_per_s() * (run.mean_sojourn_ms() + think_ms) / 1000.0;
    agrees("population", &runs, population, users as f64);
}
