//! Variants over many seeds and over a range of a setting: what to run, each run, and what they say together.
//!
//! The runs share nothing, so they can be done anywhere and in any order: on the page a little at a time, in a
//! worker, on the command line. Job and results are plain data.

use crate::report::statistics::{Estimate, estimate, paired_difference};
use crate::report::{
    KeyFigure, capacity_for_reads, foreseen_hit_ratio, hit_ratio_of, imbalance_of, key_figures, only_cache,
    settling_ms, summarise, theory_of,
};
use crate::scenario::{Checked, Problem, paths, variants};
use crate::sim::{Progress, Time};
use crate::watch::Measured;
use serde_json::{Value, json};

/// What is to be run: variants × values of a setting × seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    scenario: Checked,
    /// Each with its name.
    variants: Vec<(String, Checked)>,
    /// The setting that is swept, and its values; none for the scenario as it is.
    sweep: Option<(String, Vec<f64>)>,
    /// They are 1, 2, 3 …
    seeds: u32,
}

/// The most seeds.
pub const SEEDS_MAX: u32 = 1000;
/// So many relaxation times a run takes at least where theory stands beside it.
const SETTLES: f64 = 15.0;
/// The most values of the setting that is swept.
pub const POINTS_MAX: usize = 100;

/// One run of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// From 0; the seed is one more.
    pub seed: usize,
    /// Index of the value.
    pub point: usize,
    pub variant: usize,
}

impl Plan {
    /// # Errors
    /// What is wrong with the setting or with one of its values, in some variant; with the number of seeds or points.
    pub fn new(
        scenario: Checked,
        sweep: Option<(String, Vec<f64>)>,
        seeds: u32,
    ) -> Result<Plan, Vec<Problem>> {
        let one = |path: &str, sentence: String| Err(vec![Problem::new(path, sentence)]);
        if !(1..=SEEDS_MAX).contains(&seeds) {
            return one("seeds", format!("must be between 1 and {SEEDS_MAX}, is {seeds}"));
        }
        let mut variants = variants::variants(&scenario);
        if let Some((path, values)) = &sweep {
            if !(1..=POINTS_MAX).contains(&values.len()) {
                return one("points", format!("must be between 1 and {POINTS_MAX}, is {}", values.len()));
            }
            let having: Vec<&Checked> =
                variants.iter().map(|(_, it)| it).filter(|it| paths::get(it, path).is_some()).collect();
            // If nobody has it, the first says so.
            let asked = if having.is_empty() { vec![&variants[0].1] } else { having };
            for variant in asked {
                for value in values {
                    variants::from_start(variant, path, number(*value))?;
                }
            }
            variants = told_apart(variants, path, values[0]);
        }
        Ok(Plan { scenario, variants, sweep, seeds })
    }

    /// How many runs there are.
    pub fn count(&self) -> usize {
        self.seeds as usize * self.points() * self.variants.len()
    }

    pub fn points(&self) -> usize {
        self.sweep.as_ref().map_or(1, |(_, values)| values.len())
    }

    pub fn values(&self) -> &[f64] {
        self.sweep.as_ref().map_or(&[], |(_, values)| values)
    }

    pub fn names(&self) -> Vec<&str> {
        self.variants.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// Every seed goes over all points and variants before the next begins, so that curves come in whole.
    pub fn spot(&self, run: usize) -> Spot {
        let (variants, points) = (self.variants.len(), self.points());
        Spot { variant: run % variants, point: run / variants % points, seed: run / variants / points }
    }

    fn run_of(&self, spot: Spot) -> usize {
        (spot.seed * self.points() + spot.point) * self.variants.len() + spot.variant
    }

    /// The variant at a point; `None` outside the plan.
    fn setting(&self, point: usize, variant: usize) -> Option<Checked> {
        let (_, scenario) = self.variants.get(variant)?;
        match &self.sweep {
            None => Some(scenario.clone()),
            Some((path, values)) => turned(scenario, path, *values.get(point)?),
        }
    }

    /// Begins a run; `None` outside the plan.
    pub fn trial(&self, run: usize) -> Option<Trial> {
        let spot = self.spot(run);
        let seed = spot.seed + 1;
        if run >= self.count() {
            return None;
        }
        let scenario = paths::with(&self.setting(spot.point, spot.variant)?, "seed", seed.into()).ok()?;
        Some(Trial::new(scenario))
    }

    /// What theory says of a figure at a point.
    pub fn theory(&self, point: usize, variant: usize, figure: &str) -> Option<f64> {
        self.predicted(point, variant, figure).map(|(value, _)| value)
    }

    /// The models behind [`Plan::theory`], each once: "M/M/4", "Che’s approximation".
    pub fn models(&self, figure: &str) -> Vec<String> {
        let mut models: Vec<String> = vec![];
        for point in 0..self.points() {
            for variant in 0..self.variants.len() {
                if let Some((_, model)) = self.predicted(point, variant, figure) {
                    if !models.contains(&model) {
                        models.push(model);
                    }
                }
            }
        }
        models
    }

    /// The value, and the model that it is of.
    fn predicted(&self, point: usize, variant: usize, figure: &str) -> Option<(f64, String)> {
        let scenario = self.setting(point, variant)?;
        if figure.ends_with(".hit_ratio") {
            let (id, share) = hit_ratio_of(&scenario)?;
            let of_it = figure.strip_suffix(".hit_ratio") == Some(&id);
            return of_it.then(|| (share * 100.0, "Che’s approximation".to_owned()));
        }
        if let Some(id) = figure.strip_suffix(".imbalance") {
            return Some((imbalance_of(&scenario, id)?, "points of a ring at random".to_owned()));
        }
        // What holds in the long run says little of a run that is over before it is forgotten that all was empty.
        settling_ms(&scenario).filter(|settling| settling * SETTLES < scenario.duration_ms)?;
        let line = theory_of(&scenario)?;
        let value = match figure {
            "mean" => line.mean_ms,
            "p50" => line.p50_ms?,
            "p95" => line.p95_ms?,
            "p99" => line.p99_ms?,
            "throughput" => line.throughput_per_s,
            _ if figure.ends_with(".utilisation") => line.utilisation * 100.0,
            _ => return None,
        };
        Some((value, if line.exact { line.model } else { format!("{}, one queue for all", line.model) }))
    }

    /// As text, for another thread.
    pub fn to_json(&self) -> String {
        let scenario: Value = serde_json::from_str(&self.scenario.to_json()).unwrap_or_default();
        json!({ "scenario": scenario, "seeds": self.seeds, "sweep": self.sweep }).to_string()
    }

    /// Reads what [`Plan::to_json`] wrote.
    ///
    /// # Errors
    /// What cannot be used.
    pub fn parse(text: &str) -> Result<Plan, Vec<Problem>> {
        let bad = |what: String| vec![Problem::new("", what)];
        let mut job: Value = serde_json::from_str(text).map_err(|error| bad(error.to_string()))?;
        let scenario = Checked::from_value(job["scenario"].take())?;
        let seeds = job["seeds"].as_u64().and_then(|seeds| u32::try_from(seeds).ok()).unwrap_or(0);
        let sweep = serde_json::from_value(job["sweep"].take()).map_err(|error| bad(error.to_string()))?;
        Plan::new(scenario, sweep, seeds)
    }
}

/// Whole numbers stay whole: some settings want them so.
fn number(value: f64) -> Value {
    if value == libm::trunc(value) && value.abs() < 1e15 { json!(value as i64) } else { json!(value) }
}

/// A variant with the setting at this value; one that has no such setting stays as it is.
fn turned(variant: &Checked, path: &str, value: f64) -> Option<Checked> {
    match paths::get(variant, path) {
        Some(_) => variants::from_start(variant, path, number(value)).ok(),
        None => Some(variant.clone()),
    }
}

/// Variants that differ in nothing but the setting that is swept are one, with all their names.
fn told_apart(variants: Vec<(String, Checked)>, path: &str, value: f64) -> Vec<(String, Checked)> {
    let count = variants.len();
    let mut kept: Vec<(Vec<String>, Checked, Checked)> = vec![];
    for (name, variant) in variants {
        let swept = turned(&variant, path, value).unwrap_or_else(|| variant.clone());
        match kept.iter_mut().find(|(.., other)| *other == swept) {
            Some((names, ..)) => names.push(name),
            None => kept.push((vec![name], variant, swept)),
        }
    }
    let named = |names: Vec<String>| match names.len() {
        of if of == count && of > 1 => "All variants".to_owned(),
        _ => names.join(" · "),
    };
    kept.into_iter().map(|(names, variant, _)| (named(names), variant)).collect()
}

/// The figure that bounds this one: for hit ratios that of MIN, which knows the future.
pub fn foreseen(figure: &str) -> String {
    format!("{figure}.min")
}

/// One run under way.
#[derive(Clone, Debug)]
pub struct Trial {
    scenario: Checked,
    run: Measured,
}

impl Trial {
    fn new(scenario: Checked) -> Trial {
        Trial { run: Measured::new(&scenario), scenario }
    }

    /// Goes on for `budget` events; the figures when it is over.
    pub fn advance(&mut self, budget: u64) -> Option<Vec<KeyFigure>> {
        let end = Time::from_ms(self.scenario.duration_ms);
        let over = self.run.advance(end, budget) == Progress::Reached;
        over.then(|| self.figures(end))
    }

    fn figures(&self, now: Time) -> Vec<KeyFigure> {
        let nodes = self.run.simulation.world().nodes();
        let summary = summarise(&self.scenario, &self.run.metrics, nodes, now);
        let mut figures = key_figures(&self.scenario, &summary);
        if let Some(cache) = only_cache(&self.scenario) {
            let node = &self.scenario.nodes[cache];
            let own = format!("{}.hit_ratio", node.id);
            let place = figures.iter().position(|figure| figure.id == own);
            let figure = KeyFigure {
                id: foreseen(&own),
                name: format!("Hit ratio of MIN · {}", node.name),
                unit: "%",
                value: self.foreseen().map(|share| share * 100.0),
            };
            figures.insert(place.map_or(figures.len(), |place| place + 1), figure);
        }
        figures
    }

    /// The hit ratio of who knows the future.
    fn foreseen(&self) -> Option<f64> {
        foreseen_hit_ratio(self.run.reads()?, capacity_for_reads(&self.scenario)?)
    }
}

/// What the runs of a plan have given so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Results {
    /// The figures of a run, without their values.
    pub figures: Vec<KeyFigure>,
    /// By run, then in the order of `figures`; empty for a run that is not over.
    values: Vec<Vec<Option<f64>>>,
    done: usize,
}

impl Results {
    pub fn new(plan: &Plan) -> Results {
        // Which figures there are does not depend on what happens.
        let figures = plan.trial(0).map(|trial| trial.figures(Time::ZERO));
        Results { figures: figures.unwrap_or_default(), values: vec![vec![]; plan.count()], done: 0 }
    }

    pub fn done(&self) -> usize {
        self.done
    }

    /// Takes a run's values; what is out of place is left out.
    pub fn take(&mut self, run: usize, values: Vec<Option<f64>>) {
        if let Some(place) = self.values.get_mut(run) {
            if place.is_empty() && values.len() == self.figures.len() && !values.is_empty() {
                *place = values;
                self.done += 1;
            }
        }
    }

    /// The runs that are over, each with its values in the order of `figures`.
    pub fn runs<'a>(&'a self, plan: &'a Plan) -> impl Iterator<Item = (Spot, &'a [Option<f64>])> {
        let over = self.values.iter().enumerate().filter(|(_, values)| !values.is_empty());
        over.map(|(run, values)| (plan.spot(run), values.as_slice()))
    }

    pub fn figure(&self, id: &str) -> Option<usize> {
        self.figures.iter().position(|figure| figure.id == id)
    }

    /// By seed, of those that are over.
    fn of(&self, plan: &Plan, point: usize, variant: usize, figure: usize) -> Vec<(usize, Option<f64>)> {
        let value =
            |seed| Some((seed, *self.values[plan.run_of(Spot { seed, point, variant })].get(figure)?));
        (0..plan.seeds as usize).filter_map(value).collect()
    }

    /// Mean and 95 % confidence interval; `None` where a run has no such figure, or none is over.
    pub fn estimate(&self, plan: &Plan, point: usize, variant: usize, figure: usize) -> Option<Estimate> {
        let values: Option<Vec<f64>> =
            self.of(plan, point, variant, figure).into_iter().map(|(_, value)| value).collect();
        estimate(&values?)
    }

    /// The mean difference from the first variant, paired by seed.
    pub fn difference(&self, plan: &Plan, point: usize, variant: usize, figure: usize) -> Option<Estimate> {
        let first = self.of(plan, point, 0, figure);
        let (mut before, mut after) = (vec![], vec![]);
        for (seed, value) in self.of(plan, point, variant, figure) {
            if let Some((_, base)) = first.iter().find(|(other, _)| *other == seed) {
                before.push((*base)?);
                after.push(value?);
            }
        }
        paired_difference(&before, &after)
    }
}
