//! Bar charts: one bar for each member, such as each one's share of the load; and their table.

use super::chart::Table;
use super::figures;
use super::geometry::{point, rect};
use super::palette::Ink;
use super::shape::{Label, Shape, Stroke, slab};

#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// "S1".
    pub name: String,
    pub value: Option<f64>,
    pub ink: Ink,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct BarChart<'a> {
    /// CSS pixels.
    pub width: f64,
    pub height: f64,
    pub bars: Vec<Bar>,
    /// Behind each value: "/s".
    pub unit: &'a str,
    /// What the value is, for the table.
    pub quantity: &'a str,
    /// Each value is also said as its share of the sum.
    pub shares: bool,
    /// Where all bars would end if shares were equal: a tick on each.
    pub fair: Option<f64>,
}

const SIZE: f64 = 11.0;
/// A bar with its name needs this much height.
const PITCH_MIN: f64 = 15.0;
const PITCH_MAX: f64 = 38.0;

impl BarChart<'_> {
    /// Named bars while there is room, else thin bars side by side, at last one for the largest of each group.
    pub fn shapes(&self) -> Vec<Shape> {
        match self.bars.len() as f64 * PITCH_MIN <= self.height {
            true => self.rows(),
            false => self.columns(),
        }
    }

    fn most(&self) -> f64 {
        let values = self.bars.iter().filter_map(|bar| bar.value).chain(self.fair);
        values.filter(|value| value.is_finite()).fold(0.0, f64::max).max(1e-12)
    }

    fn sum(&self) -> f64 {
        self.bars.iter().filter_map(|bar| bar.value).sum()
    }

    fn share(&self, bar: &Bar) -> Option<f64> {
        bar.value.filter(|_| self.shares && self.sum() > 0.0).map(|value| value / self.sum())
    }

    fn value(&self, bar: &Bar) -> String {
        let value = match bar.value {
            Some(value) if self.unit.starts_with('/') => format!("{}{}", figures::figure(value), self.unit),
            value => figures::with_unit(value, self.unit),
        };
        match self.share(bar) {
            Some(share) => format!("{} · {value}", figures::percent(share)),
            None => value,
        }
    }

    fn rows(&self) -> Vec<Shape> {
        let mut shapes = vec![];
        let pitch = (self.height / self.bars.len().max(1) as f64).min(PITCH_MAX);
        let width = |text: &str| Label::new(text, point(0.0, 0.0), SIZE).width();
        let names = self.bars.iter().map(|bar| width(&bar.name)).fold(0.0, f64::max).min(self.width * 0.3);
        let values = self.bars.iter().map(|bar| width(&self.value(bar))).fold(0.0, f64::max);
        let (left, right) = (names + 10.0, self.width - values - 10.0);
        let room = (right - left).max(1.0);
        let thickness = (pitch * 0.46).min(17.0);
        for (index, bar) in self.bars.iter().enumerate() {
            let y = (index as f64 + 0.5) * pitch;
            let track = rect(left, y - thickness / 2.0, room, thickness);
            let share = bar.value.unwrap_or(0.0) / self.most();
            let name = Label::new(&bar.name, point(0.0, y + 4.0), SIZE).ink(Ink::DimInk);
            shapes.push(name.within(names + 1.0).into());
            let radius = thickness * 0.3;
            shapes.push(slab(track, radius, Ink::Empty));
            let length = room * share.clamp(0.0, 1.0);
            if length >= 0.5 {
                shapes.push(slab(rect(left, track.y, length, thickness), radius.min(length / 2.0), bar.ink));
            }
            shapes.push(Label::new(self.value(bar), point(self.width, y + 4.0), SIZE).end().into());
        }
        if let Some(fair) = self.fair.filter(|fair| fair.is_finite()) {
            let x = left + room * (fair / self.most()).clamp(0.0, 1.0);
            let points = vec![point(x, 2.0), point(x, self.bars.len() as f64 * pitch - 2.0)];
            let line = Stroke::new(Ink::DimInk, 1.2).dashed(4.0, 3.0);
            shapes.push(Shape::Polyline { points, line });
        }
        shapes
    }

    /// Thin bars side by side. More than there is room for: the largest of each group.
    fn columns(&self) -> Vec<Shape> {
        let room = self.height - 18.0;
        let columns = self.bars.len().min((self.width / 3.0).max(1.0) as usize).max(1);
        let pitch = self.width / columns as f64;
        let mut shapes = vec![];
        let group = |column: usize| {
            let (from, upto) =
                (column * self.bars.len() / columns, ((column + 1) * self.bars.len()).div_ceil(columns));
            let bars = self.bars.get(from..upto.min(self.bars.len())).unwrap_or(&[]);
            bars.iter().max_by(|a, b| a.value.unwrap_or(0.0).total_cmp(&b.value.unwrap_or(0.0)))
        };
        for column in 0..columns {
            let Some(bar) = group(column) else { continue };
            let height = room * (bar.value.unwrap_or(0.0) / self.most()).clamp(0.0, 1.0);
            let at = rect(column as f64 * pitch + pitch * 0.1, room - height, pitch * 0.8, height);
            shapes.push(slab(at, (pitch * 0.2).min(3.0), bar.ink));
        }
        let ends = [(self.bars.first(), 0.0), (self.bars.last(), self.width)];
        for (index, (bar, x)) in ends.into_iter().enumerate() {
            let Some(bar) = bar else { continue };
            let label = Label::new(&bar.name, point(x, self.height - 4.0), SIZE).ink(Ink::DimInk);
            let label = label.within(self.width * 0.3);
            shapes.push(if index == 0 { label } else { label.end() }.into());
        }
        let most = format!("most {}", figures::figure(self.most()) + self.unit);
        let label = Label::new(most, point(self.width / 2.0, self.height - 4.0), SIZE).middle();
        shapes.push(label.ink(Ink::DimInk).within(self.width * 0.36).into());
        shapes
    }

    pub fn table(&self) -> Table {
        let quantity = if self.unit.is_empty() {
            self.quantity.to_string()
        } else {
            format!("{} ({})", self.quantity, self.unit)
        };
        let number = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value}"));
        let share = |bar: &Bar| self.shares.then(|| number(self.share(bar).map(|share| share * 100.0)));
        let row = |bar: &Bar| {
            let cells = [Some(bar.name.clone()), Some(number(bar.value)), share(bar)];
            cells.into_iter().flatten().collect()
        };
        let head = [Some("member".to_owned()), Some(quantity), self.shares.then(|| "share (%)".to_owned())];
        Table { head: head.into_iter().flatten().collect(), rows: self.bars.iter().map(row).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(count: usize) -> BarChart<'static> {
        let bar =
            |n: usize| Bar { name: format!("S{}", n + 1), value: Some(n as f64 + 1.0), ink: Ink::Request };
        BarChart {
            width: 240.0,
            height: 180.0,
            bars: (0..count).map(bar).collect(),
            unit: "/s",
            quantity: "load",
            ..BarChart::default()
        }
    }

    #[test]
    fn shares_are_of_the_sum_and_stand_beside_their_values() {
        let shared = BarChart { shares: true, ..chart(4) };
        let texts: Vec<String> = (shared.shapes().into_iter())
            .filter_map(|shape| if let Shape::Text(label) = shape { Some(label.text) } else { None })
            .collect();
        for said in ["10\u{a0}% · 1.00/s", "20\u{a0}% · 2.00/s", "30\u{a0}% · 3.00/s", "40\u{a0}% · 4.00/s"]
        {
            assert!(texts.iter().any(|text| text == said), "{said}: {texts:?}");
        }
        let table = shared.table();
        assert_eq!(table.head[2], "share (%)");
        assert_eq!(table.rows[3], ["S4", "4", "40"]);
        let idle = BarChart { bars: vec![Bar { value: Some(0.0), ..chart(1).bars[0].clone() }], ..shared };
        assert_eq!(idle.table().rows[0][2], "", "nothing has no shares");
    }

    fn widest(shapes: &[Shape]) -> f64 {
        let width = |shape: &Shape| match shape {
            Shape::Rect { rect, fill: Some(fill), .. } if fill.ink == Ink::Request => Some(rect.width),
            _ => None,
        };
        shapes.iter().filter_map(width).fold(0.0, f64::max)
    }

    #[test]
    fn bars_are_as_long_as_their_values() {
        let shapes = chart(4).shapes();
        let widths: Vec<f64> = (shapes.iter())
            .filter_map(|shape| match shape {
                Shape::Rect { rect, fill: Some(fill), .. } if fill.ink == Ink::Request => Some(rect.width),
                _ => None,
            })
            .collect();
        assert_eq!(widths.len(), 4);
        for (index, width) in widths.iter().enumerate() {
            assert!((width / widest(&shapes) - (index + 1) as f64 / 4.0).abs() < 1e-9);
        }
    }

    #[test]
    fn many_bars_stand_side_by_side_inside_the_chart() {
        for count in [13, 100, 1000] {
            let shapes = chart(count).shapes();
            let bars = shapes.iter().filter(|shape| matches!(shape, Shape::Rect { .. })).count();
            assert!(bars <= 80.min(count) && bars >= 13, "{bars}");
        }
    }

    #[test]
    fn the_table_has_every_bar() {
        let table = chart(3).table();
        assert_eq!(table.head, ["member", "load (/s)"]);
        assert_eq!(table.rows, [["S1", "1"], ["S2", "2"], ["S3", "3"]]);
    }
}
