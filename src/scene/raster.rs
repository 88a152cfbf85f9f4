//! Thousands of marks as pixels: antialiased sprites at quarter-pixel places, stamped into a [`Sheet`].

use super::dots;
use super::geometry::{Point, point};
use super::palette::{Ink, Palette, Rgb};
use super::shape::broken_square;
use super::sheet::{Changed, PHASES, SIDE_MAX, Sheet, Sprite, blend};
use super::travel::{Mark, MarkKind};

/// Samples within a pixel, each way, from which its coverage is taken.
const SAMPLES: usize = 4;

/// Pixels that marks are stamped into.
#[derive(Clone, Debug)]
pub struct Raster {
    sheet: Sheet,
    /// Device pixels per CSS pixel.
    ratio: f64,
    /// By kind, then by place within a pixel.
    sprites: Vec<Vec<Sprite>>,
    radius: f64,
    palette: Palette,
}

impl Raster {
    /// For a stage of this size in CSS pixels, with `ratio` device pixels to each.
    pub fn new(width: f64, height: f64, ratio: f64, palette: &Palette) -> Raster {
        let ratio = if ratio.is_finite() { ratio.clamp(0.5, 4.0) } else { 1.0 };
        let side = |length: f64| (length * ratio).round().clamp(1.0, SIDE_MAX) as usize;
        Raster {
            sheet: Sheet::new(side(width), side(height)),
            ratio,
            sprites: vec![],
            radius: 0.0,
            palette: *palette,
        }
    }

    /// Device pixels.
    pub fn size(&self) -> (usize, usize) {
        self.sheet.size()
    }

    /// RGBA of the whole buffer.
    pub fn pixels(&self) -> &[u8] {
        self.sheet.pixels()
    }

    /// Replaces the last marks by these, each over those before it. `radius` is that of a request's mark in CSS pixels.
    pub fn draw(&mut self, marks: &[Mark], radius: f64) {
        self.sheet.clear();
        if radius != self.radius {
            self.radius = radius;
            self.sprites = MarkKind::ALL.map(|kind| sprites(kind, radius * self.ratio, &self.palette)).into();
        }
        // The uppermost first: what comes later lies beneath.
        for Mark { at, kind, .. } in marks.iter().rev() {
            if let Some(sprites) = self.sprites.get(*kind as usize) {
                self.sheet.stamp(sprites, at.x * self.ratio, at.y * self.ratio);
            }
        }
    }

    /// Tells `put` what is to be put on the screen since the last call.
    ///
    /// # Errors
    /// The first that `put` makes.
    pub fn take_changed<E>(&mut self, put: impl FnMut(Changed<'_>) -> Result<(), E>) -> Result<(), E> {
        self.sheet.take_changed(put)
    }
}

/// A sprite for every place within a pixel, for a request's radius in device pixels.
fn sprites(kind: MarkKind, radius: f64, palette: &Palette) -> Vec<Sprite> {
    let half = (radius * 1.3).ceil() as usize + 1;
    let size = 2 * half + 1;
    let (ink, ground) = (palette.rgb(dots::ink(kind)), palette.rgb(Ink::Panel));
    let pixel = |x: usize, y: usize, center: Point| {
        let layer = |[r, g, b]: Rgb, what| [r, g, b, coverage(kind, what, (x, y), center, radius)];
        blend(layer(ground, is_ground), layer(ink, is_ink))
    };
    let draw = |phase: usize| {
        let within = |step: usize| half as f64 + step as f64 / PHASES as f64;
        let center = point(within(phase % PHASES), within(phase / PHASES));
        Sprite::new((0..size).map(|y| (0..size).map(|x| pixel(x, y, center)).collect()))
    };
    (0..PHASES * PHASES).map(draw).collect()
}

fn coverage(
    kind: MarkKind,
    what: fn(MarkKind, Point) -> bool,
    (x, y): (usize, usize),
    center: Point,
    radius: f64,
) -> u8 {
    let sample = |index: usize| {
        let at = |step: usize| (step as f64 + 0.5) / SAMPLES as f64;
        let p = point(x as f64 + at(index % SAMPLES), y as f64 + at(index / SAMPLES));
        what(kind, point((p.x - center.x) / radius, (p.y - center.y) / radius))
    };
    let inside = (0..SAMPLES * SAMPLES).filter(|index| sample(*index)).count();
    (inside * 255 / (SAMPLES * SAMPLES)) as u8
}

/// Whether a point, in units of the radius, is on the mark: the same figures as
/// [`dots::shape`] has.
fn is_ink(kind: MarkKind, p: Point) -> bool {
    let far = (p.x * p.x + p.y * p.y).sqrt();
    let near = |a: Point, b: Point, width: f64| p.distance_to_line(a, b) <= width / 2.0;
    match kind {
        MarkKind::Request => far <= 1.0,
        MarkKind::Probe => far <= 0.55,
        MarkKind::Reply => (0.58..=0.98).contains(&far),
        // Eight dashes around.
        MarkKind::Abandoned => {
            let turn = libm::atan2(p.y, p.x) / std::f64::consts::TAU * 8.0;
            (0.7..=1.0).contains(&far) && (turn - turn.floor()) < 0.6
        }
        MarkKind::Refused => {
            let (a, b) = (point(-0.78, -0.78), point(0.78, 0.78));
            near(a, b, 0.42) || near(point(a.x, b.y), point(b.x, a.y), 0.42)
        }
        MarkKind::Failed => {
            let halves = broken_square(Point::default(), 0.8);
            halves.iter().any(|half| half.windows(2).any(|side| near(side[0], side[1], 0.36)))
        }
    }
}

fn is_ground(kind: MarkKind, p: Point) -> bool {
    kind == MarkKind::Reply && p.x * p.x + p.y * p.y <= 0.8 * 0.8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(x: f64, y: f64, kind: MarkKind) -> Mark {
        Mark { at: point(x, y), kind, request: 1 }
    }

    fn alpha_sum(raster: &Raster) -> f64 {
        raster.pixels().iter().skip(3).step_by(4).map(|alpha| *alpha as f64 / 255.0).sum()
    }

    /// The area of a disc is πr², wherever within a pixel it stands, and its weight is centred on it.
    #[test]
    fn a_disc_covers_its_area_at_its_place() {
        for ratio in [1.0, 2.0] {
            for step in 0..16 {
                let (x, y) = (40.0 + step as f64 * 0.23, 30.0 - step as f64 * 0.41);
                let mut raster = Raster::new(80.0, 60.0, ratio, &Palette::LIGHT);
                raster.draw(&[mark(x, y, MarkKind::Request)], 4.6);
                let expected = std::f64::consts::PI * 4.6 * 4.6 * ratio * ratio;
                assert!((alpha_sum(&raster) / expected - 1.0).abs() < 0.04);
                let (mut sum, mut at_x, mut at_y) = (0.0, 0.0, 0.0);
                for (index, pixel) in raster.pixels().chunks(4).enumerate() {
                    let weight = pixel[3] as f64;
                    sum += weight;
                    at_x += weight * ((index % raster.size().0) as f64 + 0.5);
                    at_y += weight * ((index / raster.size().0) as f64 + 0.5);
                }
                let placed = point(at_x / sum / ratio, at_y / sum / ratio);
                assert!(placed.distance(point(x, y)) < 0.25 / ratio, "{placed:?} for {x} {y}");
            }
        }
    }

    #[test]
    fn pixels_away_from_marks_stay_untouched_and_old_marks_are_cleared() {
        let mut raster = Raster::new(100.0, 50.0, 1.0, &Palette::DARK);
        raster.draw(&[mark(20.0, 20.0, MarkKind::Reply), mark(90.0, 40.0, MarkKind::Failed)], 4.0);
        for (index, pixel) in raster.pixels().chunks(4).enumerate() {
            let p = point((index % 100) as f64, (index / 100) as f64);
            let near = p.distance(point(20.0, 20.0)) < 8.0 || p.distance(point(90.0, 40.0)) < 8.0;
            assert!(near || pixel == [0; 4]);
        }
        let parts = |raster: &mut Raster| {
            let mut parts = 0;
            let taken: Result<(), ()> = raster.take_changed(|changed| {
                parts += 1;
                assert!(changed.first_row >= 12 && changed.pixels.len() == changed.rows * 400);
                assert!(changed.columns.start >= 12 && changed.columns.end <= 98, "{:?}", changed.columns);
                Ok(())
            });
            taken.map(|()| parts)
        };
        assert_eq!((parts(&mut raster), parts(&mut raster)), (Ok(1), Ok(0)));
        raster.draw(&[], 4.0);
        assert!(raster.pixels().iter().all(|byte| *byte == 0));
        assert_eq!(parts(&mut raster), Ok(1), "what was cleared has changed too");
    }

    #[test]
    fn marks_at_and_beyond_the_edge_are_cut_off() {
        let mut raster = Raster::new(30.0, 20.0, 1.0, &Palette::LIGHT);
        let places = [(0.0, 0.0), (30.0, 20.0), (-3.0, 10.0), (15.0, -900.0), (f64::NAN, 3.0), (1e300, 0.0)];
        let marks: Vec<Mark> = places.iter().map(|(x, y)| mark(*x, *y, MarkKind::Request)).collect();
        raster.draw(&marks, 5.0);
        assert!(alpha_sum(&raster) > 30.0);
    }

    #[test]
    fn kinds_differ_in_shape_not_in_colour_alone() {
        let cover = |kind: MarkKind| {
            let mut raster = Raster::new(40.0, 40.0, 2.0, &Palette::LIGHT);
            raster.draw(&[mark(20.0, 20.0, kind)], 5.0);
            raster.pixels().chunks(4).map(|pixel| pixel[3] > 127).collect::<Vec<bool>>()
        };
        let all = MarkKind::ALL.map(cover);
        for (index, one) in all.iter().enumerate() {
            for other in all.iter().skip(index + 1) {
                let differ = one.iter().zip(other).filter(|(a, b)| a != b).count();
                // A reply is a disc with a hole of the surface's colour.
                let hole = index == 0;
                assert!(differ > if hole { 2 } else { 20 }, "{index}: {differ}");
            }
        }
    }
}
