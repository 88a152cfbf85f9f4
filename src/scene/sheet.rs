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

/// What of a sprite's row is not empty.
#[derive(Clone, Debug, Default, PartialEq)]
struct Row {
    row: i32,
    /// Its first column.
    start: i32,
    pixels: Vec<Pixel>,
}

/// A picture as high as wide, centred on its middle pixel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sprite {
    side: i32,
    /// From above; those that are empty are left out.
    rows: Vec<Row>,
}

impl Sprite {
    /// From its rows, all as long as there are rows.
    pub fn new(rows: impl Iterator<Item = Vec<Pixel>>) -> Sprite {
        let mut sprite = Sprite::default();
        rows.for_each(|row| sprite.push(&row));
        sprite
    }

    fn push(&mut self, pixels: &[Pixel]) {
        let is_there = |pixel: &Pixel| pixel[3] > 0;
        if let (Some(first), Some(last)) =
            (pixels.iter().position(is_there), pixels.iter().rposition(is_there))
        {
            let pixels = pixels[first..=last].to_vec();
            self.rows.push(Row { row: self.side, start: first as i32, pixels });
        }
        self.side += 1;
    }
}

/// Pixels that sprites are stamped into.
#[derive(Clone, Debug)]
pub struct Sheet {
    width: usize,
    height: usize,
    pixels: Vec<Pixel>,
    /// By row: the columns that were written.
    touched: Vec<Columns>,
    /// By row: where it differs from what was last taken, but for what was written since.
    changed: Vec<Columns>,
    /// Nothing was written or cleared since the last picture was taken.
    taken: bool,
}

/// From and up to.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Columns(u32, u32);

impl Columns {
    const NONE: Columns = Columns(u32::MAX, 0);

    fn joined(self, other: Columns) -> Columns {
        Columns(self.0.min(other.0), self.1.max(other.1))
    }

    fn count(self) -> usize {
        self.1.saturating_sub(self.0) as usize
    }
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

/// What has changed is told in several parts where that leaves out more pixels than this: about what it costs to put
/// one more part on the screen.
const LEFT_OUT_MIN: usize = 16_384;

impl Sheet {
    /// Empty. Sides are taken as 1 at least and [`SIDE_MAX`] at most.
    pub fn new(width: usize, height: usize) -> Sheet {
        let [width, height] = [width, height].map(|side| side.clamp(1, SIDE_MAX as usize));
        Sheet {
            width,
            height,
            pixels: vec![[0; 4]; width * height],
            touched: vec![Columns::NONE; height],
            changed: vec![Columns::NONE; height],
            taken: true,
        }
    }

    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// RGBA of all.
    pub fn pixels(&self) -> &[u8] {
        self.pixels.as_flattened()
    }

    /// Tells `put` what has changed since the last call.
    ///
    /// # Errors
    /// The first that `put` makes.
    pub fn take_changed<E>(&mut self, mut put: impl FnMut(Changed<'_>) -> Result<(), E>) -> Result<(), E> {
        if std::mem::replace(&mut self.taken, true) {
            return Ok(());
        }
        let pixels = &self.pixels;
        let mut put = |rows: Range<usize>, Columns(from, upto): Columns| {
            let of_rows = pixels.get(rows.start * self.width..rows.end * self.width).unwrap_or_default();
            let (first_row, rows, pixels) = (rows.start, rows.len(), of_rows.as_flattened());
            put(Changed { first_row, rows, columns: from as usize..upto as usize, pixels })
        };
        // The rows that make the present part, its columns, and how many of its pixels have not changed.
        let mut part = (0..0, Columns::NONE, 0);
        for (row, (changed, touched)) in self.changed.iter_mut().zip(&self.touched).enumerate() {
            let columns = std::mem::replace(changed, Columns::NONE).joined(*touched);
            if columns.count() == 0 {
                continue;
            }
            let (rows, across, spare) = part;
            let (more_rows, wider) = (rows.start..row + 1, across.joined(columns));
            let area = |rows: &Range<usize>, across: Columns| rows.len() * across.count();
            let spare = spare + area(&more_rows, wider) - area(&rows, across) - columns.count();
            part = if rows.is_empty() {
                (row..row + 1, columns, 0)
            } else if spare > LEFT_OUT_MIN {
                put(rows, across)?;
                (row..row + 1, columns, 0)
            } else {
                (more_rows, wider, spare)
            };
        }
        if part.0.is_empty() { Ok(()) } else { put(part.0, part.1) }
    }

    #[inline(never)]
    pub fn clear(&mut self) {
        let marks = self.touched.iter_mut().zip(&mut self.changed);
        for (pixels, (touched, changed)) in self.pixels.chunks_exact_mut(self.width).zip(marks) {
            if let Some(written) = pixels.get_mut(touched.0 as usize..touched.1 as usize) {
                written.fill([0; 4]);
                *changed = changed.joined(*touched);
                *touched = Columns::NONE;
                self.taken = false;
            }
        }
    }

    /// Centres a sprite on this place, in pixels, to the nearest quarter, beneath all that was stamped before: `sprites`
    /// has one for each place within a pixel, row by row. What lies beyond the edge is cut off.
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
        let half = sprite.side / 2;
        let (left, top) = (qx.div_euclid(phases) - half, qy.div_euclid(phases) - half);
        self.taken = false;
        for Row { row, start, pixels } in &sprite.rows {
            let (line, from) = ((top + row) as usize, left + start);
            // What lies beyond the edges is not below any line, or not within one.
            let x = from.max(0) as usize;
            let end = (from + pixels.len() as i32).clamp(0, self.width as i32) as usize;
            let own = pixels.get((x as i32 - from) as usize..);
            if let (Some(own), true, Some(touched)) = (own, x < end, self.touched.get_mut(line)) {
                let first = line * self.width;
                let there = self.pixels.get_mut(first + x..first + end).unwrap_or_default();
                lay_beneath(own, there);
                *touched = touched.joined(Columns(x as u32, end as u32));
            }
        }
    }
}

/// A pixel's four bytes as a number, alpha highest: from here on it is opaque.
const OPAQUE: u32 = 0xff00_0000;

/// Lays a row of pixels beneath what is there. Where many sprites lie over each other nearly all of it is hidden
/// already, which is seen at a glance; laid on top, every pixel would have to be mixed.
#[inline]
fn lay_beneath(own: &[Pixel], there: &mut [Pixel]) {
    for (there, own) in there.iter_mut().zip(own) {
        if u32::from_le_bytes(*there) < OPAQUE {
            *there = blend(*own, *there);
        }
    }
}

/// One pixel over another, neither premultiplied.
#[inline]
pub fn blend(below: Pixel, over: Pixel) -> Pixel {
    let (share, under) = (u32::from(over[3]), u32::from(below[3]));
    if share == 0 {
        below
    } else if over[..3] == below[..3] {
        // Most often.
        let alpha = share + under * (255 - share) / 255;
        [over[0], over[1], over[2], alpha as u8]
    } else {
        mixed(below, over)
    }
}

/// The same for two colours.
#[inline(never)]
fn mixed(below: Pixel, over: Pixel) -> Pixel {
    let (share, under) = (u32::from(over[3]), u32::from(below[3]));
    if share == 255 || under == 0 {
        return over;
    }
    if under == 255 {
        // Two channels at a time, 16 bits for each: (x + (x >> 8)) >> 8 is x / 255 without a division.
        let [over, below] = [over, below].map(u32::from_le_bytes);
        let mix = |shift: u32| {
            let pair = |pixel: u32| (pixel >> shift) & 0x00ff_00ff;
            let sum = pair(over) * share + pair(below) * (255 - share) + 0x0080_0080;
            ((sum + ((sum >> 8) & 0x00ff_00ff)) >> 8) & 0x00ff_00ff
        };
        return (mix(0) | mix(8) << 8 | OPAQUE).to_le_bytes();
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

    #[test]
    fn over_what_is_opaque_each_channel_is_mixed_by_its_share() {
        for share in 1..255_u8 {
            for over in (0..=255_u8).step_by(5) {
                for below in (0..=255_u8).step_by(3) {
                    let sum = u32::from(over) * u32::from(share) + u32::from(below) * u32::from(255 - share);
                    let mixed = (f64::from(sum) / 255.0).round() as u8;
                    let found = blend([below, 7, !below, 255], [over, 9, !over, share]);
                    assert_eq!([found[0], found[3]], [mixed, 255], "{share} of {over} over {below}");
                    assert_eq!(found[2], !mixed, "{share} of {over} over {below}");
                }
            }
        }
    }

    /// Whoever puts every part on a screen has the sheet there; what is far apart comes in parts of its own.
    #[test]
    fn a_screen_that_gets_the_changes_shows_the_sheet() {
        let (width, height) = (1000, 400);
        let sprites = vec![Sprite::new((0..5).map(|row| vec![if row % 2 == 0 { RED } else { HALF }; 5])); 16];
        let mut sheet = Sheet::new(width, height);
        let mut screen = vec![[0; 4]; width * height];
        let pictures = [
            vec![(10.0, 10.0), (990.0, 390.0)],
            vec![(500.0, 200.0), (510.0, 200.0), (505.0, 300.0)],
            vec![],
            vec![(0.0, 0.0), (999.0, 0.0), (999.0, 399.0), (-50.0, 3.0)],
        ];
        for (places, wanted_parts) in pictures.iter().zip([2, 3, 1, 2]) {
            sheet.clear();
            places.iter().for_each(|(x, y)| sheet.stamp(&sprites, *x, *y));
            let mut parts = 0;
            let done: Result<(), ()> = sheet.take_changed(|Changed { first_row, rows, columns, pixels }| {
                parts += 1;
                assert_eq!(pixels.len(), rows * width * 4);
                for (row, line) in (first_row..).zip(pixels.chunks_exact(width * 4)) {
                    for column in columns.clone() {
                        screen[row * width + column].copy_from_slice(&line[column * 4..column * 4 + 4]);
                    }
                }
                Ok(())
            });
            assert_eq!(done, Ok(()));
            assert!(screen == sheet.pixels, "{places:?}");
            assert_eq!(parts, wanted_parts, "{places:?}");
            assert_eq!(sheet.take_changed(|_| Err(())), Ok(()), "nothing has changed since");
        }
    }

    #[test]
    fn what_is_stamped_later_lies_beneath() {
        const BLUE: Pixel = [0, 0, 255, 255];
        let sprites =
            |pixel| vec![Sprite::new([vec![pixel; 3], vec![pixel; 3], vec![pixel; 3]].into_iter()); 16];
        let mut sheet = Sheet::new(4, 3);
        sheet.stamp(&sprites(HALF), 1.0, 1.0);
        sheet.stamp(&sprites(RED), 2.0, 1.0);
        sheet.stamp(&sprites(BLUE), 2.0, 1.0);
        assert_eq!(sheet.pixels[4..8], [HALF, blend(RED, HALF), blend(RED, HALF), RED]);
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
