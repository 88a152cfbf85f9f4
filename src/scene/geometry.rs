//! Points, rectangles and curves that are walked at constant speed. Units are CSS pixels, y down.
//!
//! What is called from many places is not inlined: it would be a first visit's bytes for nothing that can be measured.

/// A place on the stage.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    pub x: f64,
    pub y: f64,
}

/// An upright rectangle.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

pub const fn point(x: f64, y: f64) -> Point {
    Point { x, y }
}

pub const fn rect(x: f64, y: f64, width: f64, height: f64) -> Rect {
    Rect { x, y, width, height }
}

impl Point {
    pub fn distance(self, other: Point) -> f64 {
        let (x, y) = (self.x - other.x, self.y - other.y);
        (x * x + y * y).sqrt()
    }

    /// How far it is from the line between two points.
    #[inline(never)]
    pub fn distance_to_line(self, from: Point, to: Point) -> f64 {
        let (dx, dy) = (to.x - from.x, to.y - from.y);
        let along = ((self.x - from.x) * dx + (self.y - from.y) * dy) / (dx * dx + dy * dy).max(1e-9);
        self.distance(from.toward(to, along.clamp(0.0, 1.0)))
    }

    /// `share` of the way to `other`.
    pub fn toward(self, other: Point, share: f64) -> Point {
        point(self.x + (other.x - self.x) * share, self.y + (other.y - self.y) * share)
    }

    pub fn moved(self, x: f64, y: f64) -> Point {
        point(self.x + x, self.y + y)
    }
}

impl Rect {
    pub fn right(self) -> f64 {
        self.x + self.width
    }

    pub fn bottom(self) -> f64 {
        self.y + self.height
    }

    pub fn center(self) -> Point {
        point(self.x + self.width / 2.0, self.y + self.height / 2.0)
    }

    pub fn contains(self, p: Point) -> bool {
        p.x >= self.x && p.x <= self.right() && p.y >= self.y && p.y <= self.bottom()
    }

    /// They share more than an edge.
    pub fn overlaps(self, other: Rect) -> bool {
        self.x < other.right() && other.x < self.right() && self.y < other.bottom() && other.y < self.bottom()
    }

    /// Wholly inside `outer`, half a pixel of rounding allowed.
    pub fn inside(self, outer: Rect) -> bool {
        self.x >= outer.x - 0.5
            && self.y >= outer.y - 0.5
            && self.right() <= outer.right() + 0.5
            && self.bottom() <= outer.bottom() + 0.5
    }

    /// Larger by `by` on each side (smaller if negative).
    pub fn grown(self, by: f64) -> Rect {
        rect(self.x - by, self.y - by, (self.width + 2.0 * by).max(0.0), (self.height + 2.0 * by).max(0.0))
    }

    /// Grown about its centre until it is at least `side` wide and high.
    pub fn at_least(self, side: f64) -> Rect {
        let (width, height) = (self.width.max(side), self.height.max(side));
        let center = self.center();
        rect(center.x - width / 2.0, center.y - height / 2.0, width, height)
    }
}

/// A cubic Bézier curve: start, two control points, end.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cubic(pub [Point; 4]);

impl Cubic {
    pub fn straight(from: Point, to: Point) -> Cubic {
        Cubic([from, from.toward(to, 1.0 / 3.0), from.toward(to, 2.0 / 3.0), to])
    }

    #[inline(never)]
    pub fn at(&self, t: f64) -> Point {
        let [a, b, c, d] = self.0;
        let u = 1.0 - t;
        let (wa, wb, wc, wd) = (u * u * u, 3.0 * u * u * t, 3.0 * u * t * t, t * t * t);
        point(a.x * wa + b.x * wb + c.x * wc + d.x * wd, a.y * wa + b.y * wb + c.y * wc + d.y * wd)
    }

    /// Unit vector along the curve.
    #[inline(never)]
    pub fn direction(&self, t: f64) -> Point {
        let (near, far) = (self.at((t - 0.01).max(0.0)), self.at((t + 0.01).min(1.0)));
        let length = near.distance(far).max(1e-9);
        point((far.x - near.x) / length, (far.y - near.y) / length)
    }

    /// The piece from `from` to `to` (de Casteljau).
    #[inline(never)]
    pub fn piece(&self, from: f64, to: f64) -> Cubic {
        let tail = self.split(from).1;
        tail.split(if from < 1.0 { (to - from) / (1.0 - from) } else { 1.0 }).0
    }

    #[inline(never)]
    fn split(&self, t: f64) -> (Cubic, Cubic) {
        let [a, b, c, d] = self.0;
        let (ab, bc, cd) = (a.toward(b, t), b.toward(c, t), c.toward(d, t));
        let (abc, bcd) = (ab.toward(bc, t), bc.toward(cd, t));
        let middle = abc.toward(bcd, t);
        (Cubic([a, ab, abc, middle]), Cubic([middle, bcd, cd, d]))
    }
}

/// Steps per cubic in the arc-length table.
const STEPS: usize = 24;

/// Cubics end to end, walked by distance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    cubics: Vec<Cubic>,
    /// Distance from the start at every step, `STEPS` per cubic, the first 0.
    lengths: Vec<f64>,
}

impl Curve {
    pub fn new(cubics: Vec<Cubic>) -> Curve {
        let mut lengths = vec![0.0];
        let mut total = 0.0;
        for cubic in &cubics {
            let mut last = cubic.at(0.0);
            for step in 1..=STEPS {
                let next = cubic.at(step as f64 / STEPS as f64);
                total += last.distance(next);
                lengths.push(total);
                last = next;
            }
        }
        Curve { cubics, lengths }
    }

    pub fn cubics(&self) -> &[Cubic] {
        &self.cubics
    }

    pub fn length(&self) -> f64 {
        self.lengths.last().copied().unwrap_or(0.0)
    }

    /// The cubic and the parameter on it at this distance from the start (kept within the curve).
    #[inline(never)]
    fn locate(&self, distance: f64) -> Option<(usize, f64)> {
        let after = self.lengths.partition_point(|length| *length < distance).max(1);
        let (before, upto) = match (self.lengths.get(after - 1), self.lengths.get(after)) {
            (Some(before), Some(upto)) => (*before, *upto),
            _ => return self.cubics.len().checked_sub(1).map(|last| (last, 1.0)),
        };
        let share = ((distance - before) / (upto - before).max(1e-9)).clamp(0.0, 1.0);
        let step = after - 1;
        Some((step / STEPS, (step % STEPS) as f64 / STEPS as f64 + share / STEPS as f64))
    }

    /// Place and direction at this distance from the start.
    #[inline(never)]
    pub fn at(&self, distance: f64) -> (Point, Point) {
        match self.locate(distance) {
            Some((index, t)) => (self.cubics[index].at(t), self.cubics[index].direction(t)),
            None => (Point::default(), point(1.0, 0.0)),
        }
    }

    /// The part between two distances from the start.
    pub fn part(&self, from: f64, to: f64) -> impl Iterator<Item = Cubic> + '_ {
        let (first, t0) = self.locate(from).unwrap_or((1, 0.0));
        let (last, t1) = self.locate(to).unwrap_or((0, 0.0));
        let piece = move |index: usize| {
            let start = if index == first { t0 } else { 0.0 };
            let end = if index == last { t1 } else { 1.0 };
            Some(self.cubics.get(index)?.piece(start, end))
        };
        (first..=last).filter_map(piece)
    }

    /// How far `p` is from the curve.
    pub fn distance(&self, p: Point) -> f64 {
        let steps = |cubic: &Cubic| (0..=STEPS).map(|step| cubic.at(step as f64 / STEPS as f64)).collect();
        let to_cubic = |cubic: &Cubic| {
            let points: Vec<Point> = steps(cubic);
            points.windows(2).map(|ends| p.distance_to_line(ends[0], ends[1])).fold(f64::INFINITY, f64::min)
        };
        self.cubics.iter().map(to_cubic).fold(f64::INFINITY, f64::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bend() -> Curve {
        Curve::new(vec![
            Cubic([point(0.0, 0.0), point(60.0, 0.0), point(40.0, 100.0), point(100.0, 100.0)]),
            Cubic::straight(point(100.0, 100.0), point(180.0, 100.0)),
        ])
    }

    #[test]
    fn equal_distances_along_the_curve_are_equal_steps_on_the_stage() {
        let curve = bend();
        let step = curve.length() / 400.0;
        for i in 0..400 {
            let (from, _) = curve.at(i as f64 * step);
            let (to, _) = curve.at((i + 1) as f64 * step);
            assert!((from.distance(to) / step - 1.0).abs() < 0.05, "{i}: {}", from.distance(to) / step);
        }
    }

    #[test]
    fn a_part_begins_and_ends_where_the_curve_is_at_these_distances() {
        let curve = bend();
        let part: Vec<Cubic> = curve.part(20.0, curve.length() - 30.0).collect();
        assert_eq!(part.len(), 2);
        assert!(part[0].0[0].distance(curve.at(20.0).0) < 1e-9);
        assert!(part[1].0[3].distance(curve.at(curve.length() - 30.0).0) < 1e-9);
    }

    #[test]
    fn a_straight_line_has_its_length_and_an_empty_curve_none() {
        let line = Curve::new(vec![Cubic::straight(point(0.0, 0.0), point(30.0, 40.0))]);
        assert!((line.length() - 50.0).abs() < 1e-9);
        assert!(line.at(25.0).0.distance(point(15.0, 20.0)) < 1e-9);
        assert_eq!(Curve::default().at(3.0).0, Point::default());
        assert_eq!(Curve::new(vec![]).part(0.0, 1.0).count(), 0);
    }
}
