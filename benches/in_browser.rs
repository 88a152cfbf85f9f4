//! The engine's speed, natively and in a browser: the same program for both, so that their ratio
//! says what WebAssembly costs. Run by `cargo xtask bench`; prints `speed NAME MILLIONS_PER_SECOND`.
//!
//! M/M/10 at load 0.8 behind two balancers, unobserved; an arrival or a departure is one event.

use switchyard::run::Simulation;
use switchyard::scenario::Checked;
use switchyard::sim::{Outcome, Time};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// Milliseconds of a clock that only goes forward.
#[cfg(target_arch = "wasm32")]
fn clock_ms() -> f64 {
    web_sys::window().and_then(|window| window.performance()).map_or(0.0, |clock| clock.now())
}

#[cfg(not(target_arch = "wasm32"))]
#[allow(clippy::disallowed_types, reason = "a bench reads the wall clock")]
fn clock_ms() -> f64 {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    START.get_or_init(std::time::Instant::now).elapsed().as_secs_f64() * 1000.0
}

fn say(line: &str) {
    #[cfg(target_arch = "wasm32")]
    wasm_bindgen_test::console_log!("{line}");
    #[cfg(not(target_arch = "wasm32"))]
    println!("{line}");
}

const SECONDS_OF_MODEL: f64 = 60.0;
const REPETITIONS: usize = 7;
/// Cold WebAssembly runs slowly: the engine is advanced in slices, as the page does.
const SLICE_EVENTS: u64 = 100_000;

fn scenario(policy: &str) -> Checked {
    let json = format!(
        r#"{{"v":1,"seed":1,"duration_ms":{},"nodes":[
        {{"id":"clients","kind":"clients","rate_per_s":8000,"clients":1,"timeout_ms":0,"to":["lb"]}},
        {{"id":"lb","kind":"balancer","policy":"{policy}","to":["servers"]}},
        {{"id":"servers","kind":"servers","count":10,"workers":1,"queue":100000,
          "service_ms":{{"dist":"exponential","mean":1}}}}]}}"#,
        SECONDS_OF_MODEL * 1000.0
    );
    Checked::parse(&json).expect("the bench's scenario is fine")
}

/// Millions of model events a second in the fastest of several runs: what other programs take of the machine, and
/// what a browser takes to compile, comes on top of what is to be compared.
fn speed(policy: &str) -> f64 {
    let scenario = scenario(policy);
    let rates = (0..REPETITIONS).map(|_| {
        let mut simulation = Simulation::new(&scenario, &mut ());
        let end = Time::from_ms(scenario.duration_ms);
        let from = clock_ms();
        while simulation.advance(end, SLICE_EVENTS, &mut ()) == switchyard::sim::Progress::OutOfBudget {}
        let books = simulation.world().books();
        let events = books.issued + books.ended[Outcome::Ok as usize];
        events as f64 / (clock_ms() - from) / 1000.0
    });
    rates.fold(0.0, f64::max)
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn model_events_a_second() {
    for policy in ["round-robin", "least-connections"] {
        let speed = speed(policy);
        say(&format!("speed {policy} {speed:.2}"));
        assert!(speed > 0.0);
    }
}
