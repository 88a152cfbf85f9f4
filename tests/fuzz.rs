//! Whatever somebody sends: it is refused with reasons, or it runs. `FUZZ_INPUTS=1000000` tries more.

mod common;

use common::mutate::damaged;
use common::scenarios::{Size, checked};
use switchyard::labs::LABS;
use switchyard::run::Simulation;
use switchyard::scenario::{Checked, Problem, link};
use switchyard::sim::{Purpose, Random, Stream, Time};

/// How many inputs each test tries.
fn inputs() -> u64 {
    std::env::var("FUZZ_INPUTS").ok().and_then(|number| number.parse().ok()).unwrap_or(10_000)
}

fn texts() -> Vec<String> {
    let labs = LABS.iter().map(|lab| lab.scenario.to_owned());
    labs.chain((0..20).map(|seed| checked(seed, Size::FULL).to_json())).collect()
}

fn explained(problems: &[Problem], input: &str) {
    assert!(!problems.is_empty(), "refused without a reason: {input}");
    for problem in problems {
        assert!(!problem.sentence.trim().is_empty(), "{problems:?}");
        assert!(problem.path.chars().count() <= 200 && problem.sentence.chars().count() <= 600, "{problem}");
    }
}

/// Runs a little, and once more from what it writes.
fn runs(scenario: &Checked) {
    let mut simulation = Simulation::new(scenario, &mut ());
    simulation.advance(Time::from_ms(scenario.duration_ms), 1000, &mut ());
    simulation.world().check().expect("the books add up");
    simulation.snapshot();
}

#[test]
fn damaged_files_are_refused_with_reasons_or_run() {
    let texts = texts();
    let (mut accepted, inputs) = (0, inputs());
    for number in 0..inputs {
        let input = damaged(number, &texts);
        match Checked::parse(&input) {
            Ok(scenario) => {
                accepted += 1;
                runs(&scenario);
                let again = Checked::parse(&scenario.to_json());
                assert_eq!(again.as_ref(), Ok(&scenario), "input {number} reads itself otherwise");
            }
            Err(problems) => explained(&problems, &input),
        }
    }
    // Else it would only ever test the refusals.
    assert!(accepted > inputs / 50, "only {accepted} of {inputs} were accepted");
    println!("{accepted} of {inputs} were accepted");
}

#[test]
fn damaged_links_do_not_open_or_run() {
    let links: Vec<String> = (0..20).map(|seed| link::encode(&checked(seed, Size::FULL))).collect();
    for number in 0..inputs() {
        let mut random = Stream::new(number, "links", Purpose::Fault);
        let mut input: Vec<char> = links[random.below(20) as usize].chars().collect();
        for _ in 0..1 + random.below(3) {
            let at = random.below(input.len().max(1) as u64) as usize;
            match random.below(4) {
                0 => input.truncate(at),
                1 => input.insert(at, char::from_u32(random.below(0x3000) as u32).unwrap_or('~')),
                2 if at < input.len() => drop(input.remove(at)),
                _ if at < input.len() => input[at] = (b'A' + random.below(50) as u8) as char,
                _ => {}
            }
        }
        let input: String = input.into_iter().collect();
        match link::decode(&input) {
            Ok(scenario) => runs(&scenario),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}
