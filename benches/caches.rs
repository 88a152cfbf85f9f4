//! The eviction policies' speed, natively and in a browser: the same program for both. Run by `cargo xtask
//! bench` beside libCacheSim on the same trace; prints `speed POLICY/CAPACITY MILLIONS_OF_REQUESTS_PER_SECOND`.
//!
//! Requests to 10⁶ keys by Zipf's law (1.0); the cache is empty at first, and what is missed is taken in.

use switchyard::algo::cache::{Entry, TABLE};
use switchyard::algo::setting::Knobs;
use switchyard::sim::{Purpose, Random, Stream};

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

const KEYS: u32 = 1_000_000;
const REQUESTS: usize = 4_000_000;
const CAPACITIES: [u32; 2] = [KEYS / 100, KEYS / 10];
const REPETITIONS: usize = 5;
/// Cold WebAssembly runs slowly, and goes on to do so until the call is over: the trace comes in slices, as the
/// page's requests do.
const SLICE_REQUESTS: usize = 100_000;
/// It is told where to leave the trace for the peers.
#[cfg(not(target_arch = "wasm32"))]
const TRACE: &str = "SWITCHYARD_TRACE";

fn trace() -> Vec<u32> {
    let weights = (1..=KEYS).map(|rank| 1.0 / f64::from(rank));
    let sum = |sum: &mut f64, weight| {
        *sum += weight;
        Some(*sum)
    };
    let sums: Vec<f64> = weights.scan(0.0, sum).collect();
    let total = sums.last().copied().unwrap_or(0.0);
    let mut random = Stream::new(1, "caches", Purpose::Keys);
    let mut key = || {
        let place = random.unit() * total;
        sums.partition_point(|&sum| sum <= place) as u32
    };
    (0..REQUESTS).map(|_| key()).collect()
}

/// libCacheSim's format oracleGeneral: u32 time, u64 key (not 0), u32 size, i64 next request of the key.
#[cfg(not(target_arch = "wasm32"))]
fn leave(trace: &[u32], path: &std::ffi::OsStr) {
    let mut later = vec![i64::MAX; KEYS as usize];
    let mut records: Vec<[u8; 24]> = vec![[0; 24]; trace.len()];
    for (nth, &key) in trace.iter().enumerate().rev() {
        let next = std::mem::replace(&mut later[key as usize], nth as i64 + 1);
        let record = &mut records[nth];
        record[0..4].copy_from_slice(&(nth as u32).to_le_bytes());
        record[4..12].copy_from_slice(&(u64::from(key) + 1).to_le_bytes());
        record[12..16].copy_from_slice(&1u32.to_le_bytes());
        record[16..24].copy_from_slice(&next.to_le_bytes());
    }
    std::fs::write(path, records.concat()).expect("the trace can be written");
}

/// Millions of requests a second, the median of several runs.
fn speed(entry: &Entry, capacity: u32, trace: &[u32]) -> f64 {
    let mut rates: Vec<f64> = (0..REPETITIONS)
        .map(|_| {
            let mut policy = (entry.build)(capacity, &Knobs::defaults(entry.info.knobs));
            policy.foresee(trace);
            let mut random = Stream::new(1, "cache", Purpose::Policy);
            let from = clock_ms();
            let slices = trace.chunks(SLICE_REQUESTS);
            let hits: u64 = slices.map(|slice| policy.replay(slice, &mut random)).sum();
            assert!(hits > 0);
            trace.len() as f64 / (clock_ms() - from) / 1000.0
        })
        .collect();
    rates.sort_by(f64::total_cmp);
    rates[REPETITIONS / 2]
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn requests_a_second() {
    let trace = trace();
    #[cfg(not(target_arch = "wasm32"))]
    if let Some(path) = std::env::var_os(TRACE) {
        leave(&trace, &path);
    }
    for capacity in CAPACITIES {
        for entry in TABLE {
            say(&format!("speed {}/{capacity} {:.2}", entry.info.id, speed(entry, capacity, &trace)));
        }
    }
}
