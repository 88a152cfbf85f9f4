//! The curves of a sweep: one for each variant with its confidence band, and what theory says.

use super::engine::Engine;
use super::measure::{Measured, logarithmic};
use super::paint;
use super::part::{part, parts};
use super::plot::{Paint, Plot};
use super::theme::palette;
use std::rc::Rc;
use switchyard::play::experiment::foreseen;
use switchyard::scene::{Ink, Line, LineChart, Over, Table, VARIANT_INKS};
use web_sys::HtmlCanvasElement;
use yew::prelude::*;

parts!(MeasurePlot use_measure_plot);

const BOUND: &str = "grey: MIN, which knows the future";

/// (value of the setting, figure)
pub type Points = Vec<(f64, Option<f64>)>;

#[derive(Clone, Debug, PartialEq)]
struct Curve {
    name: String,
    /// By value of the setting.
    points: Points,
    /// The same from left to right.
    drawn: Points,
    band: Vec<(f64, f64, f64)>,
    theory: Points,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Curves {
    curves: Vec<Curve>,
    /// What no variant can exceed, as far as it is known; each once.
    pub bounds: Vec<Points>,
    figure: String,
    unit: &'static str,
    setting: String,
    setting_unit: &'static str,
    /// Of the setting.
    values: Vec<f64>,
    /// The figure that the horizontal axis is of, and its unit, where it is not the setting.
    pub over: Option<(String, &'static str)>,
    logarithmic: bool,
    ends: (f64, f64),
    models: Vec<String>,
}

impl Curves {
    /// What is known of a figure so far, over the setting or (by id) over another figure.
    pub fn new(measured: &Measured, figure: &str, over: &str) -> Curves {
        let (plan, results) = (&measured.plan, measured.results.borrow());
        let index = results.figure(figure);
        let (factor, setting_unit) = measured.told_in();
        // Without what multiplying adds behind the ninth decimal.
        let values: Vec<f64> = plan.values().iter().map(|at| (at * factor * 1e9).round() / 1e9).collect();
        let found = |point: usize, variant: usize| results.estimate(plan, point, variant, index?);
        let over = results.figure(over);
        // Where a point lies on the horizontal axis; that of a figure is known once something was measured.
        let place = |point: usize, variant: usize| match over {
            Some(over) => results.estimate(plan, point, variant, over).map(|found| found.mean),
            None => values.get(point).copied(),
        };
        let along = |variant: usize, value: &dyn Fn(usize) -> Option<f64>| -> Points {
            let at = |point| place(point, variant).map_or((0.0, None), |at| (at, value(point)));
            (0..values.len()).map(at).collect()
        };
        // Theory has a horizontal axis of its own where that is of a figure.
        let in_theory = |point: usize, variant: usize| {
            let at = match over {
                Some(over) => plan.theory(point, variant, &results.figures[over].id),
                None => values.get(point).copied(),
            };
            at.map_or((0.0, None), |at| (at, plan.theory(point, variant, figure)))
        };
        let curve = |(variant, name): (usize, &str)| {
            let points = along(variant, &|point| found(point, variant).map(|found| found.mean));
            let (mut drawn, mut band) = (points.clone(), vec![]);
            for (point, (at, value)) in points.iter().enumerate() {
                let interval = value.and_then(|_| found(point, variant)?.interval());
                // No figure is below zero, whatever few seeds allow.
                band.extend(interval.map(|(low, high)| (*at, low.max(0.0), high)));
            }
            drawn.sort_by(|one, other| one.0.total_cmp(&other.0));
            band.sort_by(|one, other| one.0.total_cmp(&other.0));
            let theory = (0..values.len()).map(|point| in_theory(point, variant)).collect();
            Curve { name: name.to_owned(), points, drawn, band, theory }
        };
        // All variants have the same, but not at the same place of another axis.
        let bound = results.figure(&foreseen(figure)).filter(|_| over.is_none());
        let bounded = |variant: usize| -> Option<Points> {
            let best = along(variant, &|point| Some(results.estimate(plan, point, variant, bound?)?.mean));
            best.iter().any(|(_, value)| value.is_some()).then_some(best)
        };
        let mut bounds: Vec<Points> = vec![];
        for points in (0..plan.names().len()).filter_map(bounded) {
            if !bounds.contains(&points) {
                bounds.push(points);
            }
        }
        let knob = measured.knob.as_ref();
        let places = (0..values.len()).flat_map(|point| (0..plan.names().len()).map(move |it| (point, it)));
        let places = places.filter_map(|(point, variant)| place(point, variant));
        let ends = places.fold((f64::MAX, f64::MIN), |(least, most), at| (least.min(at), most.max(at)));
        Curves {
            bounds,
            curves: plan.names().into_iter().enumerate().map(curve).collect(),
            figure: index.map(|index| results.figures[index].name.clone()).unwrap_or_default(),
            unit: index.map_or("", |index| results.figures[index].unit),
            setting: knob.map(|knob| knob.label.clone()).unwrap_or_default(),
            setting_unit,
            over: over.map(|over| (results.figures[over].name.clone(), results.figures[over].unit)),
            logarithmic: over.is_none() && logarithmic(measured),
            models: plan.models(figure),
            ends: if ends.0 < ends.1 { ends } else { (0.0, 1.0) },
            values,
        }
    }

    /// What is swept, with its unit.
    pub fn setting(&self) -> String {
        headed(&self.setting, self.setting_unit)
    }

    /// The name of the horizontal axis, and its unit.
    fn axis(&self) -> (&str, &'static str) {
        let setting = (self.setting.as_str(), self.setting_unit);
        self.over.as_ref().map_or(setting, |(name, unit)| (name.as_str(), *unit))
    }

    /// Where a point of a variant lies on the horizontal axis; `None` as long as nothing is known of it.
    pub fn place(&self, point: usize, variant: usize) -> Option<f64> {
        let (at, value) = *self.curves.get(variant)?.points.get(point)?;
        value.map(|_| at)
    }

    fn caption(&self) -> String {
        format!("{} over {}", self.figure, self.axis().0)
    }

    /// What the dashed lines are of: "M/M/4", or from which model to which; and the grey ones.
    pub fn models(&self) -> Option<String> {
        let dashed = match (self.models.first(), self.models.last()) {
            (Some(first), Some(last)) if first != last => {
                // What is said of both is said once.
                let (first, _) = first.split_once(", ").unwrap_or((first, ""));
                format!("dashed: {first} … {last}")
            }
            (Some(first), _) => format!("dashed: {first}"),
            _ if self.bounds.is_empty() => return None,
            _ => return Some(BOUND.to_owned()),
        };
        Some(if self.bounds.is_empty() { dashed } else { format!("{dashed} · {BOUND}") })
    }

    fn chart(&self, width: f64, height: f64) -> LineChart<'_> {
        let (name, unit) = self.axis();
        LineChart {
            width,
            height,
            lines: (self.curves.iter().zip(VARIANT_INKS))
                .map(|(curve, ink)| Line { name: &curve.name, ink, points: &curve.drawn })
                .chain(self.bounds.iter().map(|_| Line { name: "MIN", ink: Ink::DimInk, points: &[] }))
                .collect(),
            unit: self.unit,
            from_s: self.ends.0,
            to_s: self.ends.1,
            marks: (0..self.curves.len()).collect(),
            bands: self.curves.iter().map(|curve| curve.band.as_slice()).collect(),
            predicted: (self.curves.iter().map(|curve| &curve.theory).chain(&self.bounds))
                .map(|points| points.as_slice())
                .collect(),
            over: Some(Over { name, unit, logarithmic: self.logarithmic }),
            ..LineChart::default()
        }
    }

    /// For each variant its mean, the ends of its interval, and what theory says.
    pub fn table(&self) -> Table {
        let mut head = vec![self.setting()];
        for curve in &self.curves {
            let named = |what: &str| headed(&format!("{}: {}{what}", curve.name, self.figure), self.unit);
            head.extend(self.over.as_ref().map(|(name, of)| headed(&format!("{}: {name}", curve.name), of)));
            head.extend([named(""), named(", 95 % from"), named(", 95 % to"), named(", theory")]);
        }
        head.extend(self.bounds.iter().map(|_| headed(&format!("MIN: {}", self.figure), self.unit)));
        let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        let row = |(point, value): (usize, &f64)| {
            let mut row = vec![value.to_string()];
            for curve in &self.curves {
                let at = curve.points[point].0;
                let band = curve.band.iter().find(|(place, ..)| *place == at);
                row.extend(self.over.as_ref().map(|_| number(curve.points[point].1.map(|_| at))));
                row.extend([
                    number(curve.points[point].1),
                    number(band.map(|band| band.1)),
                    number(band.map(|band| band.2)),
                    number(curve.theory[point].1),
                ]);
            }
            row.extend(self.bounds.iter().map(|bound| number(bound[point].1)));
            row
        };
        Table { head, rows: self.values.iter().enumerate().map(row).collect() }
    }
}

/// The head of a column: a name with its unit, if it has one.
pub fn headed(name: &str, unit: &str) -> String {
    if unit.is_empty() { name.to_owned() } else { format!("{name} ({unit})") }
}

#[derive(PartialEq)]
pub struct MeasurePlot {
    pub engine: Engine,
    pub curves: Rc<Curves>,
    /// Runs that are over.
    pub done: usize,
}

#[hook]
fn use_measure_plot(props: &MeasurePlot) -> Html {
    let paint = use_memo(props.curves.clone(), |curves| {
        let curves = curves.clone();
        Paint::new(move |_, canvas| {
            let (width, height, ratio) = canvas.ready_for_text()?;
            let shapes = curves.chart(width, height).shapes();
            paint::paint(&canvas.context, &shapes, palette(), (width, height), ratio);
            // It is not over time.
            None
        })
    });
    let label = props.curves.caption();
    part(Plot { engine: props.engine.clone(), paint: (*paint).clone(), label })
}

/// The picture that is saved.
const SIZE: (f64, f64) = (900.0, 480.0);

/// A canvas with the curves and their names; `None` where the browser gives none.
pub fn picture(curves: &Curves) -> Option<HtmlCanvasElement> {
    let chart = curves.chart(SIZE.0, SIZE.1);
    let caption = match curves.models() {
        Some(models) => format!("{} · {models}", curves.caption()),
        None => curves.caption(),
    };
    let shapes = chart.shapes().into_iter().chain(chart.legend()).collect();
    paint::picture(shapes, caption, SIZE)
}
