//! The same shapes as an SVG image, for export and for looking at a picture without a browser's canvas.

use super::geometry::{Cubic, Point};
use super::palette::{Ink, Palette};
use super::shape::{Anchor, Fill, Label, Shape, Stroke, broken_square};
use super::text::Weight;
use std::fmt::Write;

/// An image of this size in CSS pixels, on the stage's surface.
pub fn svg(shapes: &[Shape], palette: &Palette, width: f64, height: f64) -> String {
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} \
         {height}\" font-family=\"system-ui, sans-serif\" stroke-linecap=\"round\" stroke-linejoin=\"round\">\
         <rect width=\"100%\" height=\"100%\" fill=\"{}\"/>\n",
        palette.css(Ink::Panel)
    );
    for shape in shapes {
        element(shape, palette, &mut out);
        out.push('\n');
    }
    out.push_str("</svg>\n");
    out
}

/// Two decimals are finer than any screen.
fn n(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

fn paint(fill: Option<Fill>, line: Option<Stroke>, palette: &Palette) -> String {
    let mut out = match fill {
        Some(fill) => format!("fill=\"{}\"", palette.css(fill.ink)),
        None => "fill=\"none\"".to_string(),
    };
    // Writing to a string cannot fail.
    if let Some(fill) = fill.filter(|fill| fill.alpha < 1.0) {
        let _ = write!(out, " fill-opacity=\"{}\"", n(fill.alpha));
    }
    if let Some(line) = line {
        let _ = write!(out, " stroke=\"{}\" stroke-width=\"{}\"", palette.css(line.ink), n(line.width));
        if line.alpha < 1.0 {
            let _ = write!(out, " stroke-opacity=\"{}\"", n(line.alpha));
        }
        if line.dash.0 > 0.0 {
            let _ = write!(
                out,
                " stroke-linecap=\"butt\" stroke-dasharray=\"{} {}\"",
                n(line.dash.0),
                n(line.dash.1)
            );
        }
    }
    out
}

fn points(points: &[Point]) -> String {
    points.iter().map(|p| format!("{},{}", n(p.x), n(p.y))).collect::<Vec<_>>().join(" ")
}

fn path(cubics: &[Cubic]) -> String {
    let mut out = String::new();
    for (index, Cubic([a, b, c, d])) in cubics.iter().enumerate() {
        if index == 0 {
            let _ = write!(out, "M{} {}", n(a.x), n(a.y));
        }
        let _ = write!(out, "C{} {} {} {} {} {}", n(b.x), n(b.y), n(c.x), n(c.y), n(d.x), n(d.y));
    }
    out
}

fn element(shape: &Shape, palette: &Palette, out: &mut String) {
    let _ = match shape {
        Shape::Rect { rect, radius, fill, line } => write!(
            out,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\" {}/>",
            n(rect.x),
            n(rect.y),
            n(rect.width),
            n(rect.height),
            n(*radius),
            paint(*fill, *line, palette)
        ),
        Shape::Circle { center, radius, fill, line } => write!(
            out,
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" {}/>",
            n(center.x),
            n(center.y),
            n(*radius),
            paint(*fill, *line, palette)
        ),
        Shape::Polygon { points: corners, fill, line } => {
            write!(out, "<polygon points=\"{}\" {}/>", points(corners), paint(*fill, *line, palette))
        }
        Shape::Path { cubics, line } => {
            write!(out, "<path d=\"{}\" {}/>", path(cubics), paint(None, Some(*line), palette))
        }
        Shape::Polyline { points: corners, line } => {
            write!(out, "<polyline points=\"{}\" {}/>", points(corners), paint(None, Some(*line), palette))
        }
        Shape::Cross { center, size, line } => {
            let Point { x, y } = *center;
            let (l, r, t, b) = (n(x - size), n(x + size), n(y - size), n(y + size));
            write!(
                out,
                "<path d=\"M{l} {t}L{r} {b}M{l} {b}L{r} {t}\" {}/>",
                paint(None, Some(*line), palette)
            )
        }
        Shape::BrokenSquare { center, size, line } => {
            let halves = broken_square(*center, *size).map(|half| {
                format!("<polyline points=\"{}\" {}/>", points(&half), paint(None, Some(*line), palette))
            });
            write!(out, "{}{}", halves[0], halves[1])
        }
        Shape::Text(label) => text(label, palette, out),
    };
}

fn text(label: &Label, palette: &Palette, out: &mut String) -> std::fmt::Result {
    let anchor = match label.anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    };
    let weight = if label.weight == Weight::Bold { 700 } else { 400 };
    write!(
        out,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"{anchor}\" font-size=\"{}\" font-weight=\"{weight}\" fill=\"{}\"",
        n(label.at.x),
        n(label.at.y),
        n(label.size),
        palette.css(label.ink)
    )?;
    if label.alpha < 1.0 {
        write!(out, " fill-opacity=\"{}\"", n(label.alpha))?;
    }
    write!(out, ">{}</text>", escaped(&label.text))
}

fn escaped(text: &str) -> String {
    let safe = |character: char| match character {
        '&' => "&amp;".to_string(),
        '<' => "&lt;".to_string(),
        '>' => "&gt;".to_string(),
        // XML 1.0 has no place for control characters.
        other if other.is_control() => " ".to_string(),
        other => other.to_string(),
    };
    text.chars().map(safe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::geometry::point;

    #[test]
    fn text_cannot_break_out_of_its_element() {
        let label = Label::new("<script>&\u{7}", point(1.0, 2.0), 10.0);
        let image = svg(&[label.into()], &Palette::LIGHT, 10.0, 10.0);
        assert!(image.contains(">&lt;script&gt;&amp; </text>"), "{image}");
    }
}
