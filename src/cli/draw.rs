//! `switchyard draw`: the stage at one moment of a run, as an SVG image for slides and pages.

use super::{Failure, input};
use crate::play::Session;
use crate::scene::svg::svg;
use crate::scene::{Palette, Readings, View, stage};
use crate::sim::Time;
use std::io::Write;

/// Draw the stage at one moment of a run, as an SVG image
#[derive(Debug, clap::Args)]
pub struct Options {
    /// A scenario file, a lab's id, or - for standard input
    #[arg(value_name = "FILE|LAB")]
    scenario: String,
    /// The moment, in milliseconds of simulated time
    #[arg(long, default_value_t = 2000.0)]
    at_ms: f64,
    /// In pixels
    #[arg(long, default_value_t = 960.0)]
    width: f64,
    /// In pixels
    #[arg(long, default_value_t = 540.0)]
    height: f64,
    /// For a dark page
    #[arg(long)]
    dark: bool,
}

/// What a picture may measure, each way.
const SIDE: std::ops::RangeInclusive<f64> = 120.0..=8000.0;

pub fn draw(options: &Options, out: &mut impl Write) -> Result<(), Failure> {
    let scenario = input::scenario(&options.scenario)?;
    let Options { at_ms, width, height, dark, .. } = *options;
    if !SIDE.contains(&width) || !SIDE.contains(&height) {
        return Err(Failure::input(format!("a side must have {} to {} pixels", SIDE.start(), SIDE.end())));
    }
    let end_ms = scenario.duration_ms;
    if !(0.0..=end_ms).contains(&at_ms) {
        return Err(Failure::input(format!("--at-ms must be between 0 and the run's end, {end_ms}")));
    }
    let mut session = Session::new(scenario);
    session.advance(Time::from_ms(at_ms), u64::MAX);
    let readings = Readings { ended_by: session.metrics().total().ended, ..Readings::default() };
    let picture = stage(&session.snapshot(), &readings, &View { width, height, ..View::default() });
    let palette = if dark { Palette::DARK } else { Palette::LIGHT };
    Ok(write!(out, "{}", svg(&picture.all_shapes(), &palette, width, height))?)
}
