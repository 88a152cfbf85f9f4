//! Paints shapes on a 2D canvas, and puts a raster's pixels on one.

use super::dom::document;
use super::theme::palette;
use std::f64::consts::TAU;
use switchyard::scene::geometry::{Cubic, Point, Rect, point, rect};
use switchyard::scene::shape::{Anchor, Fill, Label, Shape, Stroke, broken_square, slab};
use switchyard::scene::sheet::Changed;
use switchyard::scene::text::Weight;
use switchyard::scene::{Ink, Palette, Raster};
use wasm_bindgen::{Clamped, JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

/// The page's own font stack; the scene's table of widths holds for each of them.
pub const FONT_FAMILY: &str = "system-ui, -apple-system, \"Segoe UI\", Roboto, \"DejaVu Sans\", sans-serif";

/// Paints the shapes in their order on the colour of panels, on a canvas of this size in CSS pixels; it is itself `dpr`
/// times as large.
pub fn paint(
    context: &CanvasRenderingContext2d,
    shapes: &[Shape],
    palette: &Palette,
    size: (f64, f64),
    dpr: f64,
) {
    paint_within(context, shapes, palette, size, 0.0, dpr);
}

/// Around a picture that is saved.
const MARGIN: f64 = 16.0;
/// Below it, for what it is of.
const CAPTION: f64 = 26.0;
/// Device pixels for each of its own.
const PICTURE_RATIO: f64 = 2.0;

/// A picture to be saved: what is drawn in this size, and below it what it is of. `None` where the browser gives no canvas.
pub fn picture(
    mut shapes: Vec<Shape>,
    caption: String,
    (width, height): (f64, f64),
) -> Option<HtmlCanvasElement> {
    let canvas: HtmlCanvasElement = document().create_element("canvas").ok()?.dyn_into().ok()?;
    let context: CanvasRenderingContext2d = canvas.get_context("2d").ok().flatten()?.dyn_into().ok()?;
    let whole = height + CAPTION;
    canvas.set_width(((width + 2.0 * MARGIN) * PICTURE_RATIO) as u32);
    canvas.set_height(((whole + 2.0 * MARGIN) * PICTURE_RATIO) as u32);
    let at = point(width / 2.0, height + CAPTION / 2.0);
    shapes.push(Label::new(caption, at, 12.0).bold().middle().into());
    paint_within(&context, &shapes, palette(), (width, whole), MARGIN, PICTURE_RATIO);
    Some(canvas)
}

/// The same with a margin around it.
fn paint_within(
    context: &CanvasRenderingContext2d,
    shapes: &[Shape],
    palette: &Palette,
    (width, height): (f64, f64),
    margin: f64,
    dpr: f64,
) {
    // Setting a transform fails only for values that are not finite, which a device ratio is.
    let _ = context.set_transform(dpr, 0.0, 0.0, dpr, margin * dpr, margin * dpr);
    let mut painter = Painter { context, palette: *palette, pen: Pen::default() };
    painter.begin();
    // Parts of device pixels at the edges included.
    painter.shape(&slab(
        rect(-margin, -margin, width + 2.0 * margin + 1.0, height + 2.0 * margin + 1.0),
        0.0,
        Ink::Panel,
    ));
    for shape in shapes {
        painter.shape(shape);
    }
    context.set_global_alpha(1.0);
}

/// Puts what changed of the raster on a canvas of the raster's size in device pixels.
///
/// # Errors
///
/// If the browser cannot make an image of that size.
pub fn blit(context: &CanvasRenderingContext2d, raster: &mut Raster) -> Result<(), JsValue> {
    let (width, _) = raster.size();
    raster.take_changed(|Changed { first_row, rows, columns, pixels }| {
        let image = ImageData::new_with_u8_clamped_array_and_sh(Clamped(pixels), width as u32, rows as u32)?;
        let (from, across) = (columns.start as f64, columns.len() as f64);
        context.put_image_data_with_dirty_x_and_dirty_y_and_dirty_width_and_dirty_height(
            &image,
            0.0,
            first_row as f64,
            from,
            0.0,
            across,
            rows as f64,
        )
    })
}

/// What the context is set to: setting it anew costs more than comparing.
#[derive(Debug, Default)]
struct Pen {
    fill: Option<Ink>,
    stroke: Option<Ink>,
    alpha: f64,
    width: f64,
    dash: (f64, f64),
    font: Option<(f64, Weight)>,
    anchor: Option<Anchor>,
}

#[derive(Debug)]
struct Painter<'a> {
    context: &'a CanvasRenderingContext2d,
    palette: Palette,
    pen: Pen,
}

impl Painter<'_> {
    fn begin(&mut self) {
        self.context.set_line_cap("round");
        self.context.set_line_join("round");
        let _ = self.context.set_line_dash(&js_sys::Array::new());
        self.context.set_text_baseline("alphabetic");
    }

    fn alpha(&mut self, alpha: f64) {
        if self.pen.alpha != alpha {
            self.context.set_global_alpha(alpha);
            self.pen.alpha = alpha;
        }
    }

    fn fill_with(&mut self, ink: Ink, alpha: f64) {
        if self.pen.fill != Some(ink) {
            self.context.set_fill_style_str(&self.palette.css(ink));
            self.pen.fill = Some(ink);
        }
        self.alpha(alpha);
    }

    fn stroke_with(&mut self, line: &Stroke) {
        if self.pen.stroke != Some(line.ink) {
            self.context.set_stroke_style_str(&self.palette.css(line.ink));
            self.pen.stroke = Some(line.ink);
        }
        if self.pen.width != line.width {
            self.context.set_line_width(line.width);
            self.pen.width = line.width;
        }
        if self.pen.dash != line.dash {
            let lengths = js_sys::Array::new();
            if line.dash.0 > 0.0 {
                lengths.push(&line.dash.0.into());
                lengths.push(&line.dash.1.into());
            }
            // Round caps would close short gaps.
            self.context.set_line_cap(if line.dash.0 > 0.0 { "butt" } else { "round" });
            let _ = self.context.set_line_dash(&lengths);
            self.pen.dash = line.dash;
        }
        self.alpha(line.alpha);
    }

    /// Fills and strokes the present path.
    fn finish(&mut self, fill: Option<&Fill>, line: Option<&Stroke>) {
        if let Some(fill) = fill {
            self.fill_with(fill.ink, fill.alpha);
            self.context.fill();
        }
        if let Some(line) = line {
            self.stroke_with(line);
            self.context.stroke();
        }
    }

    fn shape(&mut self, shape: &Shape) {
        if let Shape::Text(label) = shape {
            return self.text(label);
        }
        self.context.begin_path();
        match shape {
            Shape::Rect { rect, radius, fill, line } => {
                self.trace_rect(*rect, *radius);
                self.finish(fill.as_ref(), line.as_ref());
            }
            Shape::Circle { center, radius, fill, line } => {
                let _ = self.context.arc(center.x, center.y, radius.max(0.0), 0.0, TAU);
                self.finish(fill.as_ref(), line.as_ref());
            }
            Shape::Polygon { points, fill, line } => {
                self.trace(points);
                self.context.close_path();
                self.finish(fill.as_ref(), line.as_ref());
            }
            Shape::Path { cubics, line } => {
                self.trace_cubics(cubics);
                self.finish(None, Some(line));
            }
            Shape::Polyline { points, line } => {
                self.trace(points);
                self.finish(None, Some(line));
            }
            Shape::Cross { center, size, line } => {
                let Point { x, y } = *center;
                self.trace(&[Point { x: x - size, y: y - size }, Point { x: x + size, y: y + size }]);
                self.trace(&[Point { x: x - size, y: y + size }, Point { x: x + size, y: y - size }]);
                self.finish(None, Some(line));
            }
            Shape::BrokenSquare { center, size, line } => {
                for half in broken_square(*center, *size) {
                    self.trace(&half);
                }
                self.finish(None, Some(line));
            }
            Shape::Text(_) => {}
        }
    }

    fn trace(&self, points: &[Point]) {
        for (index, p) in points.iter().enumerate() {
            match index {
                0 => self.context.move_to(p.x, p.y),
                _ => self.context.line_to(p.x, p.y),
            }
        }
    }

    fn trace_cubics(&self, cubics: &[Cubic]) {
        for (index, Cubic([a, b, c, d])) in cubics.iter().enumerate() {
            if index == 0 {
                self.context.move_to(a.x, a.y);
            }
            self.context.bezier_curve_to(b.x, b.y, c.x, c.y, d.x, d.y);
        }
    }

    /// By arcs: older browsers have no rounded rectangle.
    fn trace_rect(&self, r: Rect, radius: f64) {
        let radius = radius.min(r.width / 2.0).min(r.height / 2.0).max(0.0);
        if radius <= 0.0 {
            return self.context.rect(r.x, r.y, r.width, r.height);
        }
        let (right, bottom) = (r.right(), r.bottom());
        self.context.move_to(r.x + radius, r.y);
        let _ = self.context.arc_to(right, r.y, right, bottom, radius);
        let _ = self.context.arc_to(right, bottom, r.x, bottom, radius);
        let _ = self.context.arc_to(r.x, bottom, r.x, r.y, radius);
        let _ = self.context.arc_to(r.x, r.y, right, r.y, radius);
        self.context.close_path();
    }

    fn text(&mut self, label: &Label) {
        let font = (label.size, label.weight);
        if self.pen.font != Some(font) {
            let weight = if label.weight == Weight::Bold { 700 } else { 400 };
            self.context.set_font(&format!("{weight} {}px {FONT_FAMILY}", label.size));
            self.pen.font = Some(font);
        }
        if self.pen.anchor != Some(label.anchor) {
            self.context.set_text_align(match label.anchor {
                Anchor::Start => "left",
                Anchor::Middle => "center",
                Anchor::End => "right",
            });
            self.pen.anchor = Some(label.anchor);
        }
        self.fill_with(label.ink, label.alpha);
        // The widest the scene has reckoned with: a wider font is narrowed rather than overlapping.
        let _ = self.context.fill_text_with_max_width(
            &label.text,
            label.at.x,
            label.at.y,
            label.width().max(1.0),
        );
    }
}
