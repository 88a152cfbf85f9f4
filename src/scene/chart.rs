//! Line charts: series over simulated time, with theory, changes and one moment marked; and their table.

use super::axis::Axis;
use super::figures;
use super::geometry::{Point, Rect, point, rect};
use super::palette::Ink;
use super::shape::{Fill, Label, Shape, Stroke, disc};
use crate::sim::order;

/// One curve. A point without a value is a gap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line<'a> {
    pub name: &'a str,
    pub ink: Ink,
    /// (simulated seconds, value), in order of time.
    pub points: &'a [(f64, Option<f64>)],
}

/// A value that theory gives, for the whole run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Theory<'a> {
    pub value: f64,
    /// "M/M/16".
    pub label: &'a str,
}

/// Something that was changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flag<'a> {
    pub at_s: f64,
    pub label: &'a str,
}

/// What surely holds a value: (place on the horizontal axis, lower end, upper end), in order.
pub type Band = [(f64, f64, f64)];

/// What stands for each of the variants that are compared, in their order: colours, and [`mark`]s.
pub const VARIANT_INKS: [Ink; 4] = [Ink::Request, Ink::Failed, Ink::Ok, Ink::Refused];

/// The mark of a variant: ● ▲ ■ ◆.
pub fn mark(variant: usize, at: Point, size: f64, ink: Ink) -> Shape {
    let corner = |x: f64, y: f64| point(at.x + x * size, at.y + y * size);
    let points = match variant % 4 {
        0 => return disc(at, size, ink),
        1 => vec![corner(0.0, -1.2), corner(1.15, 0.85), corner(-1.15, 0.85)],
        2 => vec![corner(-0.95, -0.95), corner(0.95, -0.95), corner(0.95, 0.95), corner(-0.95, 0.95)],
        _ => vec![corner(0.0, -1.3), corner(1.3, 0.0), corner(0.0, 1.3), corner(-1.3, 0.0)],
    };
    Shape::Polygon { points, fill: Some(Fill::of(ink)), line: None }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct LineChart<'a> {
    /// CSS pixels.
    pub width: f64,
    pub height: f64,
    pub lines: Vec<Line<'a>>,
    pub unit: &'a str,
    /// What the horizontal axis covers, in simulated seconds.
    pub from_s: f64,
    pub to_s: f64,
    pub theory: Option<Theory<'a>>,
    pub flags: Vec<Flag<'a>>,
    /// Now: a hairline.
    pub cursor_s: Option<f64>,
    /// Where it is pointed at: a hairline with values.
    pub hover_s: Option<f64>,
    /// Of which variant each line is, and so which mark it carries; empty for none.
    pub marks: Vec<usize>,
    /// Around the lines, in their order; a line may have none.
    pub bands: Vec<&'a Band>,
    /// What theory says along the axis, dashed in the colours of the lines in whose order they are.
    pub predicted: Vec<&'a [(f64, Option<f64>)]>,
    /// The horizontal axis is of a setting, not of time.
    pub over: Option<Over<'a>>,
}

/// A horizontal axis of a setting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Over<'a> {
    pub name: &'a str,
    pub unit: &'a str,
    pub logarithmic: bool,
}

/// A chart as rows, for reading and saving.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    pub head: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// RFC 4180: fields with commas, quotes or line ends are quoted.
    pub fn csv(&self) -> String {
        let field = |text: &String| match text.contains([',', '"', '\n', '\r']) {
            true => format!("\"{}\"", text.replace('"', "\"\"")),
            false => text.clone(),
        };
        let row = |fields: &Vec<String>| fields.iter().map(field).collect::<Vec<_>>().join(",") + "\r\n";
        std::iter::once(&self.head).chain(&self.rows).map(row).collect()
    }
}

const SIZE: f64 = 10.5;

impl LineChart<'_> {
    fn value_axis(&self) -> Axis {
        let values = self.lines.iter().flat_map(|line| line.points).filter_map(|(at, value)| {
            value.filter(|value| value.is_finite() && (self.from_s..=self.to_s).contains(at))
        });
        let theory = self.theory.map(|theory| theory.value).filter(|value| value.is_finite());
        let predicted = self.predicted.iter().flat_map(|points| points.iter()).filter_map(|point| point.1);
        let bands = self.bands.iter().flat_map(|band| band.iter()).flat_map(|(_, low, high)| [*low, *high]);
        let all = values.chain(theory).chain(predicted.chain(bands).filter(|value| value.is_finite()));
        let (least, most) =
            all.fold((0.0, 0.0), |(least, most), value| (f64::min(least, value), f64::max(most, value)));
        let axis = Axis::around(least, most, ((self.height / 46.0) as usize).clamp(2, 6));
        let mut shown = self.lines.iter().flat_map(|line| line.points).filter_map(|point| point.1);
        let is_count = self.unit.is_empty() && shown.all(|value| value == libm::trunc(value));
        if is_count { axis.whole() } else { axis }
    }

    /// From start to end; of the logarithm where that is wanted.
    fn time_axis(&self) -> Axis {
        let count = ((self.width / 60.0) as usize).clamp(2, 8);
        Axis::between(self.scaled(self.from_s), self.scaled(self.to_s), count)
    }

    fn scaled(&self, at: f64) -> f64 {
        if self.over.is_some_and(|over| over.logarithmic) { libm::log10(at.max(1e-12)) } else { at }
    }

    /// What is written on the horizontal axis: where (as the axis counts), and the label.
    fn time_ticks(&self, axis: &Axis) -> Vec<(f64, String)> {
        if !self.over.is_some_and(|over| over.logarithmic) {
            return axis.ticks().into_iter().map(|tick| (tick, axis.label(tick))).collect();
        }
        let decades = libm::floor(axis.from) as i32..=libm::ceil(axis.to) as i32;
        let digits: &[f64] = if axis.to - axis.from > 2.5 { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let tick = |decade: i32, digit: f64| {
            let value = digit * libm::pow(10.0, f64::from(decade));
            (libm::log10(value), figures::short(value))
        };
        let all = decades.flat_map(|decade| digits.iter().map(move |digit| tick(decade, *digit)));
        all.filter(|(at, _)| (axis.from - 1e-9..=axis.to + 1e-9).contains(at)).collect()
    }

    /// Where the curves are.
    pub fn plot(&self) -> Rect {
        let axis = self.value_axis();
        let widest =
            axis.ticks().into_iter().map(|tick| Label::new(axis.label(tick), Point::default(), SIZE).width());
        let left = widest.fold(0.0, f64::max) + 8.0;
        rect(left, 18.0, (self.width - left - 8.0).max(1.0), (self.height - 18.0 - 20.0).max(1.0))
    }

    /// The simulated time at a place of the chart, for pointing.
    pub fn time_at(&self, x: f64) -> f64 {
        let plot = self.plot();
        let share = ((x - plot.x) / plot.width).clamp(0.0, 1.0);
        let axis = self.time_axis();
        let at = axis.from + (axis.to - axis.from) * share;
        if self.over.is_some_and(|over| over.logarithmic) { libm::pow(10.0, at) } else { at }
    }

    pub fn shapes(&self) -> Vec<Shape> {
        let (plot, values, times) = (self.plot(), self.value_axis(), self.time_axis());
        let place = |at: f64, value: f64| {
            let x = plot.x + plot.width * times.share(self.scaled(at));
            point(x, plot.bottom() - plot.height * values.share(value))
        };
        let mut shapes = vec![];
        self.draw_grid(plot, &values, &times, &mut shapes);
        self.draw_flags(plot, &times, &mut shapes);
        if let Some(cursor) = self.cursor_s.filter(|at| (times.from..=times.to).contains(at)) {
            let x = plot.x + plot.width * times.share(cursor);
            let points = vec![point(x, plot.y), point(x, plot.bottom())];
            shapes.push(Shape::Polyline { points, line: Stroke::new(Ink::DimInk, 1.0) });
        }
        self.draw_bands(&place, &mut shapes);
        for (index, line) in self.lines.iter().enumerate() {
            draw_line(line, (self.from_s, self.to_s.max(self.from_s)), &place, &mut shapes);
            if let Some(variant) = self.marks.get(index) {
                self.draw_marks(*variant, line, plot, &place, &mut shapes);
            }
        }
        if let Some(theory) = self.theory.filter(|theory| theory.value.is_finite()) {
            self.draw_theory(theory, plot, &place, &mut shapes);
        }
        self.draw_hover(plot, &place, &mut shapes);
        shapes
    }

    /// What theory says, and where the values surely are.
    fn draw_bands(&self, place: &dyn Fn(f64, f64) -> Point, shapes: &mut Vec<Shape>) {
        for (band, line) in self.bands.iter().zip(&self.lines) {
            let lower = band.iter().map(|(at, low, _)| place(*at, *low));
            let upper = band.iter().rev().map(|(at, _, high)| place(*at, *high));
            let points: Vec<Point> = lower.chain(upper).collect();
            if points.len() > 2 {
                let fill = Some(Fill { ink: line.ink, alpha: 0.18 });
                shapes.push(Shape::Polygon { points, fill, line: None });
            }
        }
        for (predicted, line) in self.predicted.iter().zip(&self.lines) {
            for piece in predicted.split(|(_, value)| value.is_none()).filter(|piece| piece.len() > 1) {
                let points = piece.iter().filter_map(|(at, value)| Some(place(*at, (*value)?))).collect();
                let line = Stroke::new(line.ink, 1.5).dashed(5.0, 4.0);
                shapes.push(Shape::Polyline { points, line });
            }
        }
    }

    /// At the newest point, and now and then on the way.
    fn draw_marks(
        &self,
        index: usize,
        line: &Line<'_>,
        plot: Rect,
        place: &dyn Fn(f64, f64) -> Point,
        shapes: &mut Vec<Shape>,
    ) {
        let mut last = f64::INFINITY;
        // Points of a setting are few, and each was measured.
        let apart = if self.over.is_some() { 0.0 } else { (plot.width / 4.0).max(30.0) };
        for (at, value) in line.points.iter().rev() {
            let Some(value) = value.filter(|value| value.is_finite()) else { continue };
            let at = place(*at, value);
            if at.x <= last - apart && at.x <= plot.right() + 0.5 {
                shapes.push(mark(index, at, 3.4, line.ink));
                last = at.x - if last.is_infinite() { index as f64 * 7.0 } else { 0.0 };
            }
        }
    }

    fn draw_grid(&self, plot: Rect, values: &Axis, times: &Axis, shapes: &mut Vec<Shape>) {
        for tick in values.ticks() {
            let y = plot.bottom() - plot.height * values.share(tick);
            let points = vec![point(plot.x, y), point(plot.right(), y)];
            let ink = if tick == 0.0 && values.from < 0.0 { Ink::DimInk } else { Ink::Line };
            shapes.push(Shape::Polyline { points, line: Stroke::new(ink, 1.0) });
            let label = Label::new(values.label(tick), point(plot.x - 6.0, y + 3.6), SIZE).end();
            shapes.push(label.ink(Ink::DimInk).into());
        }
        shapes.push(
            Label::new(self.unit, point(2.0, 9.0), SIZE).ink(Ink::DimInk).within(self.width / 2.0).into(),
        );
        let unit_at = plot.right();
        let text = match self.over {
            None => "s".to_string(),
            Some(Over { name, unit: "", .. }) => name.to_string(),
            Some(Over { name, unit, .. }) => format!("{name} ({unit})"),
        };
        // The name of a setting stands above the axis, where there are no ticks.
        let baseline = if self.over.is_some() { plot.bottom() - 5.0 } else { self.height - 4.0 };
        let unit = Label::new(text, point(unit_at, baseline), SIZE).end().ink(Ink::DimInk);
        let unit = unit.within(plot.width * 0.6);
        let mut free_from = 0.0;
        for (tick, text) in self.time_ticks(times) {
            let x = plot.x + plot.width * times.share(tick);
            let label = Label::new(text, point(x, self.height - 4.0), SIZE).middle().ink(Ink::DimInk);
            // The last one moves in.
            let beyond = (label.rect().right() + 0.5 - self.width).max(0.0);
            let label =
                if self.over.is_some() { Label { at: label.at.moved(-beyond, 0.0), ..label } } else { label };
            let covers = label.rect();
            let end = if self.over.is_some() { self.width } else { unit.rect().x - 3.0 };
            if covers.x >= free_from && covers.right() < end {
                free_from = covers.right() + 3.0;
                shapes.push(label.into());
            }
        }
        shapes.push(unit.into());
    }

    fn draw_flags(&self, plot: Rect, times: &Axis, shapes: &mut Vec<Shape>) {
        for flag in self.flags.iter().filter(|flag| (times.from..=times.to).contains(&flag.at_s)) {
            let x = plot.x + plot.width * times.share(flag.at_s);
            let points = vec![point(x, plot.y - 6.0), point(x, plot.bottom())];
            let line = Stroke::new(Ink::Failed, 1.2).faded(0.75);
            shapes.push(Shape::Polyline { points, line });
            let points = vec![point(x, plot.y - 8.0), point(x + 8.0, plot.y - 5.0), point(x, plot.y - 2.0)];
            shapes.push(Shape::Polygon { points, fill: Some(Fill::of(Ink::Failed)), line: None });
        }
    }

    fn draw_theory(
        &self,
        theory: Theory<'_>,
        plot: Rect,
        place: &dyn Fn(f64, f64) -> Point,
        shapes: &mut Vec<Shape>,
    ) {
        let y = place(self.from_s, theory.value).y;
        let points = vec![point(plot.x, y), point(plot.right(), y)];
        shapes.push(Shape::Polyline { points, line: Stroke::new(Ink::DimInk, 1.3).dashed(4.0, 3.0) });
        let figure = figures::with_unit(Some(theory.value), self.unit);
        // In the head, where no curve runs through it; a piece of the line explains the dashes, which say that it is
        // theory where there is no room to.
        let room = plot.width - 44.0;
        let label = |text: String| Label::new(text, point(plot.right(), 9.0), SIZE).end().ink(Ink::DimInk);
        let forms = [
            format!("mean in theory, {}: {figure}", theory.label),
            format!("mean, {}: {figure}", theory.label),
            format!("{}: {figure}", theory.label),
            format!("theory: {figure}"),
        ];
        let fits = forms.into_iter().map(label).find(|label| label.width() <= room);
        let label = fits.unwrap_or_else(|| label(figure).within(room));
        let (left, y) = (label.rect().x - 6.0, 5.5);
        if !label.text.is_empty() {
            let points = vec![point(left - 16.0, y), point(left, y)];
            shapes.push(Shape::Polyline { points, line: Stroke::new(Ink::DimInk, 1.3).dashed(4.0, 3.0) });
        }
        shapes.push(label.into());
    }

    /// The names of the lines beside their marks, in the head: for a picture that stands alone.
    pub fn legend(&self) -> Vec<Shape> {
        let mut shapes = vec![];
        let mut x = self.plot().x + 30.0;
        for (index, line) in self.lines.iter().enumerate() {
            shapes.push(match self.marks.get(index) {
                Some(variant) => mark(*variant, point(x, 7.0), 3.4, line.ink),
                None => {
                    let points = vec![point(x - 6.0, 7.0), point(x + 4.0, 7.0)];
                    Shape::Polyline { points, line: Stroke::new(line.ink, 2.5) }
                }
            });
            let label = Label::new(line.name, point(x + 8.0, 10.5), SIZE).bold();
            x = label.rect().right() + 18.0;
            shapes.push(label.into());
        }
        shapes
    }

    /// The hairline where it is pointed at, a dot on every curve, and the values beside.
    fn draw_hover(&self, plot: Rect, place: &dyn Fn(f64, f64) -> Point, shapes: &mut Vec<Shape>) {
        let Some(at) = self.hover_s.filter(|at| (self.from_s..=self.to_s).contains(at)) else { return };
        let x = place(at, 0.0).x;
        let points = vec![point(x, plot.y), point(x, plot.bottom())];
        shapes.push(Shape::Polyline { points, line: Stroke::new(Ink::Ink, 1.0) });
        let readout = self.readout(at);
        for (line, (_, value)) in self.lines.iter().zip(&readout) {
            if let Some(value) = value {
                shapes.push(disc(place(at, *value), 3.2, line.ink));
            }
        }
        let rows: Vec<(String, Ink)> = (self.lines.iter().zip(&readout))
            .map(|(line, (name, value))| {
                (format!("{name} {}", figures::with_unit(*value, self.unit)), line.ink.text())
            })
            .collect();
        let widest = rows.iter().map(|(text, _)| Label::new(text, point(0.0, 0.0), SIZE).bold().width());
        let width = widest.fold(0.0, f64::max) + 16.0;
        let left = if x + 8.0 + width <= self.width { x + 8.0 } else { (x - 8.0 - width).max(0.0) };
        let panel = rect(left, plot.y, width, rows.len() as f64 * 14.0 + 8.0);
        shapes.push(Shape::Rect {
            rect: panel,
            radius: 6.0,
            fill: Some(Fill { ink: Ink::Paper, alpha: 0.94 }),
            line: Some(Stroke::new(Ink::Line, 1.0)),
        });
        for (index, (text, ink)) in rows.into_iter().enumerate() {
            let baseline = point(left + 8.0, panel.y + 14.5 + index as f64 * 14.0);
            shapes.push(Label::new(text, baseline, SIZE).bold().ink(ink).into());
        }
    }

    /// Each curve's value at this time: that of the last point at or before it.
    pub fn readout(&self, at_s: f64) -> Vec<(&str, Option<f64>)> {
        let value = |line: &Line<'_>| {
            let after = line.points.partition_point(|(at, _)| *at <= at_s);
            line.points.get(after.checked_sub(1)?)?.1
        };
        self.lines.iter().map(|line| (line.name, value(line))).collect()
    }

    /// A row for each time at which some curve has a point.
    pub fn table(&self) -> Table {
        let unit = |name: &str| match self.unit {
            "" => name.to_string(),
            unit => format!("{name} ({unit})"),
        };
        let first = match self.over {
            None => "time (s)".to_string(),
            Some(Over { name, unit: "", .. }) => name.to_string(),
            Some(Over { name, unit, .. }) => format!("{name} ({unit})"),
        };
        let head = std::iter::once(first).chain(self.lines.iter().map(|line| unit(line.name)));
        let mut times: Vec<f64> = self.lines.iter().flat_map(|line| line.points).map(|(at, _)| *at).collect();
        order::sort_by_key(&mut times, |time| order::total_order(*time));
        times.dedup();
        let cell = |line: &Line<'_>, at: f64| {
            let index = line.points.partition_point(|(time, _)| *time < at);
            match line.points.get(index) {
                Some((time, Some(value))) if *time == at => format!("{value}"),
                _ => String::new(),
            }
        };
        let row = |at: f64| {
            let cells = self.lines.iter().map(|line| cell(line, at));
            // Times to the millisecond.
            let first = if self.over.is_none() { (at * 1000.0).round() / 1000.0 } else { at };
            std::iter::once(format!("{first}")).chain(cells).collect()
        };
        Table { head: head.collect(), rows: times.into_iter().map(row).collect() }
    }
}

/// A curve in pieces between its gaps; a value that stands alone is a dot.
fn draw_line(
    line: &Line<'_>,
    (from, to): (f64, f64),
    place: &dyn Fn(f64, f64) -> Point,
    shapes: &mut Vec<Shape>,
) {
    let inside = line.points.iter().filter(|(at, _)| (from..=to).contains(at));
    let mut piece: Vec<Point> = vec![];
    let mut finish = |piece: &mut Vec<Point>| {
        let points = std::mem::take(piece);
        match points.as_slice() {
            [] => {}
            [alone] => shapes.push(disc(*alone, 1.6, line.ink)),
            _ => shapes.push(Shape::Polyline { points, line: Stroke::new(line.ink, 2.0) }),
        }
    };
    for (at, value) in inside {
        match value.filter(|value| value.is_finite()) {
            Some(value) => piece.push(place(*at, value)),
            None => finish(&mut piece),
        }
    }
    finish(&mut piece);
}

#[cfg(test)]
mod tests {
    use super::*;

    const POINTS: [(f64, Option<f64>); 6] =
        [(0.0, Some(1.0)), (1.0, Some(2.0)), (2.0, None), (3.0, Some(4.0)), (4.0, Some(3.0)), (5.0, None)];

    fn chart() -> LineChart<'static> {
        LineChart {
            width: 250.0,
            height: 200.0,
            lines: vec![Line { name: "p99", ink: Ink::Failed, points: &POINTS }],
            unit: "ms",
            from_s: 0.0,
            to_s: 5.0,
            theory: Some(Theory { value: 2.5, label: "M/M/16" }),
            cursor_s: Some(4.5),
            hover_s: Some(1.4),
            flags: vec![Flag { at_s: 2.0, label: "servers/3 slow 5" }],
            ..LineChart::default()
        }
    }

    #[test]
    fn a_gap_is_a_gap() {
        let shapes = chart().shapes();
        let pieces: Vec<&Vec<Point>> = (shapes.iter())
            .filter_map(|shape| match shape {
                Shape::Polyline { points, line } if line.ink == Ink::Failed && line.width == 2.0 => {
                    Some(points)
                }
                _ => None,
            })
            .collect();
        assert_eq!(pieces.iter().map(|points| points.len()).collect::<Vec<_>>(), [2, 2]);
        // 4 of an axis to 4: the top of the plot; 0 s: its left edge.
        let plot = chart().plot();
        assert!((pieces[1][0].y - plot.y).abs() < 1e-9 && (pieces[0][0].x - plot.x).abs() < 1e-9);
    }

    #[test]
    fn pointing_reads_the_last_value_and_time() {
        let chart = chart();
        assert_eq!(chart.readout(1.4), [("p99", Some(2.0))]);
        assert_eq!(chart.readout(2.5), [("p99", None)]);
        let plot = chart.plot();
        assert!((chart.time_at(plot.x + plot.width / 2.0) - 2.5).abs() < 1e-9);
    }

    #[test]
    fn texts_stay_inside_and_apart() {
        for (width, height) in [(250.0, 200.0), (160.0, 110.0), (700.0, 260.0)] {
            let chart = LineChart { width, height, hover_s: None, ..chart() };
            let labels: Vec<Rect> = (chart.shapes().iter())
                .filter_map(|shape| match shape {
                    Shape::Text(label) if !label.text.is_empty() => Some(label.rect()),
                    _ => None,
                })
                .collect();
            for (index, one) in labels.iter().enumerate() {
                assert!(one.inside(rect(0.0, 0.0, width, height)), "{one:?}");
                assert!(labels.iter().skip(index + 1).all(|other| !one.overlaps(*other)), "{width} {one:?}");
            }
        }
    }

    #[test]
    fn what_theory_says_is_told_shorter_before_it_is_cut() {
        for width in [150, 180, 220, 260, 400] {
            let theory = Some(Theory { value: 2610.0, label: "M/M/16" });
            let chart = LineChart { width: f64::from(width), theory, hover_s: None, ..chart() };
            let texts: Vec<String> = (chart.shapes().iter())
                .filter_map(|shape| match shape {
                    Shape::Text(label) => Some(label.text.clone()),
                    _ => None,
                })
                .collect();
            assert!(texts.iter().any(|text| text.ends_with("2\u{202f}610\u{a0}ms")), "{width}: {texts:?}");
        }
    }

    #[test]
    fn differences_go_below_zero_and_settings_may_be_logarithmic() {
        let points = [(10.0, Some(-4.0)), (100.0, Some(2.0)), (1000.0, Some(1.0))];
        let band = [(10.0, -5.0, -3.0), (100.0, 1.0, 3.0), (1000.0, 0.5, 1.5)];
        let chart = LineChart {
            width: 400.0,
            height: 200.0,
            lines: vec![Line { name: "b", ink: Ink::Failed, points: &points }],
            from_s: 10.0,
            to_s: 1000.0,
            marks: vec![0],
            bands: vec![&band],
            over: Some(Over { name: "Entries", unit: "", logarithmic: true }),
            ..LineChart::default()
        };
        let (plot, shapes) = (chart.plot(), chart.shapes());
        let curve = shapes.iter().find_map(|shape| match shape {
            Shape::Polyline { points, line } if line.width == 2.0 => Some(points.clone()),
            _ => None,
        });
        let xs: Vec<f64> = curve.unwrap().iter().map(|point| (point.x - plot.x) / plot.width).collect();
        assert!(xs.iter().zip([0.0, 0.5, 1.0]).all(|(x, want)| (x - want).abs() < 1e-9), "{xs:?}");
        assert!((chart.time_at(plot.x + plot.width / 2.0) - 100.0).abs() < 1e-6);
        // One band, and a disc on each point.
        let bands = shapes.iter().filter(|shape| matches!(shape, Shape::Polygon { .. })).count();
        let discs = shapes.iter().filter(|shape| matches!(shape, Shape::Circle { radius: 3.4, .. })).count();
        assert_eq!((bands, discs), (1, 3));
        let texts: Vec<&str> = (shapes.iter())
            .filter_map(|shape| match shape {
                Shape::Text(label) => Some(label.text.as_str()),
                _ => None,
            })
            .collect();
        for wanted in ["−4", "10", "100", "Entries"] {
            assert!(texts.contains(&wanted), "{texts:?}");
        }
        assert_eq!(chart.table().head, ["Entries", "b"]);
    }

    #[test]
    fn the_table_has_a_row_for_each_time_and_is_saved_as_csv() {
        let table = chart().table();
        assert_eq!(table.head, ["time (s)", "p99 (ms)"]);
        assert_eq!(table.rows[2], ["2", ""]);
        assert!(table.csv().starts_with("time (s),p99 (ms)\r\n0,1\r\n"));
        let quoted = Table { head: vec!["a,\"b\"".into()], rows: vec![] };
        assert_eq!(quoted.csv(), "\"a,\"\"b\"\"\"\r\n");
    }
}
