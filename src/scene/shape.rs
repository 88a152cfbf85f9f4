//! What a picture is made of: plain shapes with roles for colours, in painting order.

use super::geometry::{Cubic, Point, Rect, point, rect};
use super::palette::Ink;
use super::text::{self, Weight};

/// A surface's colour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fill {
    pub ink: Ink,
    /// 0 to 1.
    pub alpha: f64,
}

/// A line's colour, width and dash.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stroke {
    pub ink: Ink,
    pub alpha: f64,
    pub width: f64,
    /// Lengths of a dash and of the gap after it; (0, 0) for none.
    pub dash: (f64, f64),
}

/// No text is set smaller than this so that it fits.
pub const SMALLEST: f64 = 9.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// One line of text. `at` is on its baseline.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    pub at: Point,
    pub anchor: Anchor,
    pub size: f64,
    pub weight: Weight,
    pub ink: Ink,
    pub alpha: f64,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Rounded if `radius` > 0.
    Rect {
        rect: Rect,
        radius: f64,
        fill: Option<Fill>,
        line: Option<Stroke>,
    },
    Circle {
        center: Point,
        radius: f64,
        fill: Option<Fill>,
        line: Option<Stroke>,
    },
    Polygon {
        points: Vec<Point>,
        fill: Option<Fill>,
        line: Option<Stroke>,
    },
    /// Cubics end to end, round caps.
    Path {
        cubics: Vec<Cubic>,
        line: Stroke,
    },
    /// Straight pieces end to end.
    Polyline {
        points: Vec<Point>,
        line: Stroke,
    },
    /// `size` is half the width.
    Cross {
        center: Point,
        size: f64,
        line: Stroke,
    },
    /// A square in two shifted halves. `size` is half the width.
    BrokenSquare {
        center: Point,
        size: f64,
        line: Stroke,
    },
    Text(Label),
}

impl Fill {
    pub fn of(ink: Ink) -> Fill {
        Fill { ink, alpha: 1.0 }
    }
}

impl Stroke {
    pub fn new(ink: Ink, width: f64) -> Stroke {
        Stroke { ink, width, alpha: 1.0, dash: (0.0, 0.0) }
    }

    pub fn dashed(self, dash: f64, gap: f64) -> Stroke {
        Stroke { dash: (dash, gap), ..self }
    }

    pub fn faded(self, alpha: f64) -> Stroke {
        Stroke { alpha: self.alpha * alpha, ..self }
    }
}

impl Label {
    pub fn new(text: impl Into<String>, at: Point, size: f64) -> Label {
        Label {
            at,
            anchor: Anchor::Start,
            size,
            weight: Weight::Regular,
            ink: Ink::Ink,
            alpha: 1.0,
            text: text.into(),
        }
    }

    pub fn bold(self) -> Label {
        Label { weight: Weight::Bold, ..self }
    }

    pub fn ink(self, ink: Ink) -> Label {
        Label { ink, ..self }
    }

    pub fn middle(self) -> Label {
        Label { anchor: Anchor::Middle, ..self }
    }

    pub fn end(self) -> Label {
        Label { anchor: Anchor::End, ..self }
    }

    /// Set smaller, down to [`SMALLEST`], until it is at most this wide; then without its last parts, and in the end cut.
    pub fn shrunk(mut self, width: f64) -> Label {
        while self.size > SMALLEST && self.width() > width {
            self.size = (self.size - 0.5).max(SMALLEST);
        }
        let ends = self.text.rmatch_indices([',', '·']).map(|(end, _)| self.text[..end].trim_end());
        let fits = |text: &&str| text::width(text, self.size, self.weight) <= width;
        let whole = Some(self.text.as_str()).into_iter().chain(ends).find(fits);
        match whole.filter(|text| !text.is_empty()).map(str::to_owned) {
            Some(text) => Label { text, ..self },
            None => self.within(width),
        }
    }

    /// Cut with an ellipsis until it is at most this wide.
    pub fn within(self, width: f64) -> Label {
        Label { text: text::fit(&self.text, self.size, self.weight, width), ..self }
    }

    pub fn width(&self) -> f64 {
        text::width(&self.text, self.size, self.weight)
    }

    /// What it covers, by the table of [`text`].
    pub fn rect(&self) -> Rect {
        let width = self.width();
        let left = match self.anchor {
            Anchor::Start => self.at.x,
            Anchor::Middle => self.at.x - width / 2.0,
            Anchor::End => self.at.x - width,
        };
        rect(left, self.at.y - 0.78 * self.size, width, self.size)
    }
}

impl From<Label> for Shape {
    fn from(label: Label) -> Shape {
        Shape::Text(label)
    }
}

/// A filled rounded rectangle.
pub fn slab(rect: Rect, radius: f64, ink: Ink) -> Shape {
    Shape::Rect { rect, radius, fill: Some(Fill::of(ink)), line: None }
}

/// A filled disc.
pub fn disc(center: Point, radius: f64, ink: Ink) -> Shape {
    Shape::Circle { center, radius, fill: Some(Fill::of(ink)), line: None }
}

/// A hollow circle.
pub fn ring(center: Point, radius: f64, line: Stroke) -> Shape {
    Shape::Circle { center, radius, fill: None, line: Some(line) }
}

/// The two halves of a broken square, as open lines.
pub fn broken_square(center: Point, size: f64) -> [[Point; 4]; 2] {
    let (gap, slip) = (size * 0.22, size * 0.3);
    let half = |side: f64| {
        let (edge, far, y) = (center.x + side * gap, center.x + side * size, center.y - side * slip);
        [point(edge, y - size), point(far, y - size), point(far, y + size), point(edge, y + size)]
    };
    [half(-1.0), half(1.0)]
}

impl Shape {
    /// The same, `factor` times as large about the origin.
    pub fn scaled(mut self, factor: f64) -> Shape {
        let p = |at: &mut Point| *at = point(at.x * factor, at.y * factor);
        let r = |it: &mut Rect| {
            *it = rect(it.x * factor, it.y * factor, it.width * factor, it.height * factor);
        };
        let s = |line: &mut Stroke| {
            line.width *= factor;
            line.dash = (line.dash.0 * factor, line.dash.1 * factor);
        };
        match &mut self {
            Shape::Rect { rect, radius, line, .. } => {
                r(rect);
                *radius *= factor;
                line.iter_mut().for_each(s);
            }
            Shape::Circle { center, radius, line, .. } => {
                p(center);
                *radius *= factor;
                line.iter_mut().for_each(s);
            }
            Shape::Polygon { points, line, .. } => {
                points.iter_mut().for_each(p);
                line.iter_mut().for_each(s);
            }
            Shape::Path { cubics, line } => {
                cubics.iter_mut().flat_map(|cubic| cubic.0.iter_mut()).for_each(p);
                s(line);
            }
            Shape::Polyline { points, line } => {
                points.iter_mut().for_each(p);
                s(line);
            }
            Shape::Cross { center, size, line } | Shape::BrokenSquare { center, size, line } => {
                p(center);
                *size *= factor;
                s(line);
            }
            Shape::Text(label) => {
                p(&mut label.at);
                label.size *= factor;
            }
        }
        self
    }
}
