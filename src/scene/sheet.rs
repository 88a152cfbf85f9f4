//! Pixels, and sprites that are stamped into them at quarter-pixel places.
//!
//! Pixels are what a browser's `ImageData` takes: RGBA, 8 bits each, not premultiplied, row by row.
//! Only the rows that the last picture touched are cleared.

use std::ops::Range;

/// Places within a pixel, each way.
pub const PHASES: usize = 4;
/// No side is longer, in pixels.
pub const SIDE_MAX: f64 = 16_384.0;

/// Red, green, blue, alpha.
pub type Pixel = [u8; 4];

/// One row of a sprite: pixels from column `start` on, of which `solid` are opaque.
#[derive(Clone, Debug, Default, PartialEq)]
struct Row {
    start: i32,
    /// Where in the sprite's pixels they are.
    pixels: Range<usize>,
    /// Counted from the row's first.
    solid: Range<usize>,
}

/// A picture as high as wide, centred on its middle pixel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sprite {
    rows: Vec<Row>,
    pixels: Vec<Pixel>,
}

impl Sprite {
    /// From its rows, all as long as there are rows.
    pub fn new(rows: impl Iterator<Item = Vec<Pixel>>) -> Sprite {
        let mut sprite = Sprite::default();
        rows.for_each(|row| sprite.push(&row));
        sprite
    }

    /// Without the empty pixels at both ends; finds the longest opaque run.
    fn push(&mut self, row: &[Pixel]) {
        let Some(start) = row.iter().position(|pixel| pixel[3] > 0) else {
            return self.rows.push(Row::default());
        };
        let end = row.iter().rposition(|pixel| pixel[3] > 0).map_or(start, |last| last + 1);
        let (mut solid, mut run) = (0..0, 0..0);
        for (index, pixel) in row[start..end].iter().enumerate() {
            run = if pixel[3] == 255 { run.start..index + 1 } else { index + 1..index + 1 };
            if run.len() > solid.len() {
                solid = run.clone();
            }
        }
        let from = self.pixels.len();
        self.pixels.extend_from_slice(&row[start..end]);
        self.rows.push(Row { start: start as i32, pixels: from..self.pixels.len(), solid });
    }
}

/// Pixels that sprites are stamped into.
#[derive(Clone, Debug)]
pub struct Sheet {
    width: usize,
    height: usize,
    pixels: Vec<Pixel>,
    /// By row: the columns that were written, from and up to.
    touched: Vec<(u32, u32)>,
    /// What differs from what was last taken lies in these rows and columns.
    changed: Option<(Range<usize>, Range<usize>)>,
}

/// Pixels that have changed: whole rows, and the columns of them in which the changes are.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed<'a> {
    pub first_row: usize,
    pub rows: usize,
    pub columns: Range<usize>,
    /// RGBA of whole rows.
    pub pixels: &'a [u8],
}

impl Sheet {
    /// Empty. Sides are taken as 1 at least and [`SIDE_MAX`] at most.
    pub fn new(width: usize, height: usize) -> Sheet {
        let [width, height] = [width, height].map(|side| side.clamp(1, SIDE_MAX as usize));
        Sheet {
            width,
            height,
            pixels: vec![[0; 4]; width * height],
            touched: vec![(u32::MAX, 0); height],
            changed: None,
        }
    }

    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// RGBA of all.
    pub fn pixels(&self) -> &[u8] {
        self.pixels.as_flattened()
    }

    /// What has changed since the last call.
    pub fn take_changed(&mut self) -> Option<Changed<'_>> {
        let (rows, columns) = self.changed.take()?;
        let pixels = self.pixels.get(rows.start * self.width..rows.end * self.width)?.as_flattened();
        Some(Changed { first_row: rows.start, rows: rows.len(), columns, pixels })
    }

    fn change(&mut self, rows: Range<usize>, columns: Range<usize>) {
        let joined = |a: &Range<usize>, b: Range<usize>| a.start.min(b.start)..a.end.max(b.end);
        self.changed = Some(match &self.changed {
            Some((known, across)) => (joined(known, rows), joined(across, columns)),
            None => (rows, columns),
        });
    }

    #[inline(never)]
    pub fn clear(&mut self) {
        let (mut first, mut last) = (usize::MAX, 0);
        let (mut left, mut right) = (usize::MAX, 0);
        let rows = self.pixels.chunks_exact_mut(self.width).zip(&mut self.touched).enumerate();
        for (row, (pixels, touched)) in rows {
            let (from, upto) = (touched.0 as usize, touched.1 as usize);
            if let Some(written) = pixels.get_mut(from..upto) {
                written.fill([0; 4]);
                (first, last) = (first.min(row), row + 1);
                (left, right) = (left.min(from), right.max(upto));
                *touched = (u32::MAX, 0);
            }
        }
        if first < last {
            self.change(first..last, left..right);
        }
    }

    /// Centres a sprite on this place, in pixels, to the nearest quarter: `sprites` has one for each place within a
    /// pixel, row by row. What lies beyond the edge is cut off.
    // Inlined into code that is compiled for size, it would be so too.
    #[inline(never)]
    pub fn stamp(&mut self, sprites: &[Sprite], x: f64, y: f64) {
        if !(x.abs() < SIDE_MAX && y.abs() < SIDE_MAX) {
            return;
        }
        let quarters = |at: f64| (at * PHASES as f64 + 0.5).floor() as i32;
        let (qx, qy) = (quarters(x), quarters(y));
        let phases = PHASES as i32;
        let phase = qy.rem_euclid(phases) * phases + qx.rem_euclid(phases);
        let Some(sprite) = sprites.get(phase as usize) else { return };
        let half = (sprite.rows.len() / 2) as i32;
        let (left, top) = (qx.div_euclid(phases) - half, qy.div_euclid(phases) - half);
        let seen = clip(top, sprite.rows.len(), self.height);
        if seen.is_empty() {
            return;
        }
        let first = (top + seen.start as i32) as usize;
        let across = clip(left, sprite.rows.len(), self.width);
        if across.is_empty() {
            return;
        }
        let from = (left + across.start as i32) as usize;
        self.change(first..first + seen.len(), from..from + across.len());
        let below = self.pixels.chunks_exact_mut(self.width).zip(&mut self.touched).skip(first);
        for (row, (line, touched)) in sprite.rows[seen].iter().zip(below) {
            let start = left + row.start;
            let columns = clip(start, row.pixels.len(), self.width);
            if columns.is_empty() {
                continue;
            }
            let x = (start + columns.start as i32) as usize;
            let (Some(over), Some(below)) =
                (sprite.pixels[row.pixels.clone()].get(columns.clone()), line.get_mut(x..x + columns.len()))
            else {
                continue;
            };
            lay(over, below, &row.solid, columns.start);
            touched.0 = touched.0.min(x as u32);
            touched.1 = touched.1.max((x + columns.len()) as u32);
        }
    }
}

/// Lays a row over what is there; `solid`, counted from `skipped` pixels before the first, is copied.
#[inline]
fn lay(over: &[Pixel], below: &mut [Pixel], solid: &Range<usize>, skipped: usize) {
    let from = solid.start.saturating_sub(skipped).min(over.len());
    let upto = solid.end.saturating_sub(skipped).clamp(from, over.len());
    for (below, over) in below[..from].iter_mut().zip(&over[..from]) {
        *below = blend(*below, *over);
    }
    for (below, over) in below[from..upto].iter_mut().zip(&over[from..upto]) {
        *below = *over;
    }
    for (below, over) in below[upto..].iter_mut().zip(&over[upto..]) {
        *below = blend(*below, *over);
    }
}

/// Which of `size` rows or columns, the first at `start`, lie within `limit`.
#[inline]
fn clip(start: i32, size: usize, limit: usize) -> Range<usize> {
    let from = (-start).clamp(0, size as i32);
    let upto = (limit as i32 - start).clamp(from, size as i32);
    from as usize..upto as usize
}

/// One pixel over another, neither premultiplied.
#[inline]
pub fn blend(below: Pixel, over: Pixel) -> Pixel {
    let (share, under) = (u32::from(over[3]), u32::from(below[3]));
    // Most often the same colour lies there already.
    if u32::from_le_bytes(below) == u32::from_le_bytes(over) | 0xff00_0000 {
        return below;
    }
    if share == 255 || under == 0 {
        return over;
    }
    if share == 0 {
        return below;
    }
    if under == 255 {
        // Nearly every pixel that is not empty; x * 257 >> 16 is x / 255 without a division.
        let mix = |channel: usize| {
            let sum = u32::from(over[channel]) * share + u32::from(below[channel]) * (255 - share);
            (((sum + 128) * 257) >> 16) as u8
        };
        return [mix(0), mix(1), mix(2), 255];
    }
    let kept = under * (255 - share) / 255;
    let alpha = share + kept;
    let mix = |channel: usize| {
        ((u32::from(over[channel]) * share + u32::from(below[channel]) * kept) / alpha) as u8
    };
    [mix(0), mix(1), mix(2), alpha as u8]
}

#[cfg(test)]
mod tests {
    use super::*;

    const RED: Pixel = [255, 0, 0, 255];
    const HALF: Pixel = [0, 0, 255, 128];

    #[test]
    fn over_everything_that_can_be_below() {
        assert_eq!(blend([0; 4], HALF), HALF);
        assert_eq!(blend(RED, [9, 9, 9, 0]), RED);
        assert_eq!(blend(HALF, RED), RED);
        assert_eq!(blend(RED, HALF), [127, 0, 128, 255]);
        // 128/255 over 128/255 covers 1 − (127/255)².
        assert_eq!(blend(HALF, HALF), [0, 0, 255, 191]);
    }

    /// By hand, pixel by pixel, with every way of being cut off.
    #[test]
    fn a_stamp_is_its_rows_laid_where_they_belong() {
        let row = |pixels: [Pixel; 3]| pixels.to_vec();
        let rows = [row([[0; 4], HALF, [0; 4]]), row([HALF, RED, HALF]), row([[0; 4], RED, [0; 4]])];
        let sprites = vec![Sprite::new(rows.iter().cloned()); PHASES * PHASES];
        for (x, y) in [(2, 2), (0, 0), (4, 3), (-1, 2), (5, 1), (2, -1), (2, 4), (9, 9), (-9, 2)] {
            let mut sheet = Sheet::new(5, 4);
            sheet.stamp(&sprites, f64::from(x), f64::from(y));
            for at in 0..20 {
                let (column, line) = (at % 5, at / 5);
                let own = (usize::try_from(line - y + 1), usize::try_from(column - x + 1));
                let wanted = match own {
                    (Ok(line @ 0..3), Ok(column @ 0..3)) => rows[line][column],
                    _ => [0; 4],
                };
                assert_eq!(sheet.pixels[at as usize], wanted, "{x} {y}: {column} {line}");
            }
            sheet.clear();
            assert!(sheet.pixels.iter().all(|pixel| *pixel == [0; 4]), "{x} {y}");
        }
    }
}
