//! `switchyard draw`: the stage at one moment of a run, as an SVG image for slides and pages.

use super::{Failure, input};
use crate::labs;
use crate::play::Session;
use crate::scenario::Checked;
use crate::scene::svg::svg;
use crate::scene::{Palette, Readings, Shape, View, stage};
use crate::sim::Time;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Draw the stage at one moment of a run, as an SVG image
#[derive(Debug, clap::Args)]
pub struct Options {
    /// A scenario file, a lab's id, or - for standard input
    #[arg(value_name = "FILE|LAB", required_unless_present = "labs_into")]
    scenario: Option<String>,
    /// Draw every lab, for light and for dark pages: FOLDER/TOPIC/NAME.light.svg and .dark.svg
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["scenario", "dark"])]
    labs_into: Option<PathBuf>,
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

/// How much later a lab is drawn of which nothing is under way.
const STEP_MS: f64 = 25.0;

/// What a picture may measure, each way.
const SIDE: std::ops::RangeInclusive<f64> = 120.0..=8000.0;

pub fn draw(options: &Options, out: &mut impl Write) -> Result<(), Failure> {
    let Options { width, height, dark, .. } = *options;
    if !SIDE.contains(&width) || !SIDE.contains(&height) {
        return Err(Failure::input(format!("a side must have {} to {} pixels", SIDE.start(), SIDE.end())));
    }
    if let Some(folder) = &options.labs_into {
        return labs::LABS.iter().try_for_each(|lab| draw_lab(lab.id, options, folder));
    }
    let scenario = input::scenario(options.scenario.as_deref().unwrap_or_default())?;
    let palette = Palette::of(dark);
    Ok(write!(out, "{}", svg(&shapes(scenario, options)?, palette, width, height))?)
}

/// One lab's run, in both palettes.
fn draw_lab(id: &str, options: &Options, folder: &Path) -> Result<(), Failure> {
    let shapes = shapes(input::scenario(id)?, options)?;
    for (theme, palette) in [("light", Palette::LIGHT), ("dark", Palette::DARK)] {
        let file = folder.join(format!("{id}.{theme}.svg"));
        let unwritten = |error| Failure::input(format!("{}: {error}", file.display()));
        file.parent().map_or(Ok(()), fs::create_dir_all).map_err(unwritten)?;
        fs::write(&file, svg(&shapes, &palette, options.width, options.height)).map_err(unwritten)?;
    }
    Ok(())
}

/// The stage at the moment that is asked for.
fn shapes(scenario: Checked, options: &Options) -> Result<Vec<Shape>, Failure> {
    let Options { at_ms, width, height, .. } = *options;
    let end_ms = scenario.duration_ms;
    if !(0.0..=end_ms).contains(&at_ms) {
        return Err(Failure::input(format!("--at-ms must be between 0 and the run's end, {end_ms}")));
    }
    let mut session = Session::new(scenario);
    session.advance(Time::from_ms(at_ms), u64::MAX);
    // A gallery of labs shows none before its beginning.
    let mut later_ms = at_ms;
    while options.labs_into.is_some() && session.snapshot().dots.is_empty() && later_ms + STEP_MS <= end_ms {
        later_ms += STEP_MS;
        session.advance(Time::from_ms(later_ms), u64::MAX);
    }
    let metrics = session.metrics();
    let p99_ms = |node| metrics.source(node as u16)?.latency.quantile_ms(0.99);
    let ok = |node| metrics.ok_lately(node as u16, session.now());
    let nodes = 0..session.scenario().nodes.len();
    let readings = Readings {
        ended_by: metrics.total().ended,
        clients_p99_ms: nodes.clone().map(p99_ms).collect(),
        clients_ok: nodes.map(ok).collect(),
        ..Readings::default()
    };
    Ok(stage(&session.snapshot(), &readings, &View { width, height, ..View::default() }).all_shapes())
}
