//! Several ways to do the same thing, timed in turns, so that another program's noise falls on all alike.

use std::time::Instant;

/// How often each is timed.
const REPETITIONS: usize = 7;
/// Shorter would measure the clock.
const SECONDS_WANTED: f64 = 0.25;

/// One way: does the thing once (a million look-ups, say) and answers with a checksum.
pub struct Way<'a> {
    pub name: &'static str,
    pub act: Box<dyn FnMut() -> u64 + 'a>,
}

impl<'a> Way<'a> {
    pub fn new(name: &'static str, act: impl FnMut() -> u64 + 'a) -> Way<'a> {
        Way { name, act: Box::new(act) }
    }
}

/// `name`: how many `per_act` things a second each does (median, fastest), and the ratios of medians.
/// `wanted`: (over, under, least ratio, if the project asks for one).
pub fn compare(
    name: &str,
    unit: &str,
    per_act: f64,
    mut ways: Vec<Way>,
    wanted: &[(&str, &str, Option<f64>)],
) {
    let times: Vec<u32> = ways.iter_mut().map(calibrated).collect();
    let mut rates = vec![vec![]; ways.len()];
    for _ in 0..REPETITIONS {
        for ((way, &times), rates) in ways.iter_mut().zip(&times).zip(&mut rates) {
            rates.push(f64::from(times) * per_act / seconds(way, times));
        }
    }
    let mut medians = vec![];
    for (way, rates) in ways.iter().zip(&mut rates) {
        rates.sort_by(f64::total_cmp);
        let (median, fastest) = (rates[REPETITIONS / 2], rates[REPETITIONS - 1]);
        println!("{name:<28} {:<22} {:>10.2} {:>10.2} {unit}", way.name, median / 1e6, fastest / 1e6);
        medians.push((way.name, median));
    }
    let median =
        |wanted: &str| medians.iter().find(|(name, _)| *name == wanted).map_or(f64::NAN, |(_, rate)| *rate);
    for (over, under, least) in wanted {
        let least = least.map_or(String::new(), |least| format!(" (wanted: {least})"));
        println!("{name:<28} {over} / {under}: {:.2}{least}", median(over) / median(under));
    }
}

/// How often it must act to take long enough.
fn calibrated(way: &mut Way) -> u32 {
    let once = seconds(way, 1).min(seconds(way, 1));
    (SECONDS_WANTED / once).ceil().clamp(1.0, 1e6) as u32
}

fn seconds(way: &mut Way, times: u32) -> f64 {
    let begun = Instant::now();
    for _ in 0..times {
        std::hint::black_box((way.act)());
    }
    begun.elapsed().as_secs_f64()
}
