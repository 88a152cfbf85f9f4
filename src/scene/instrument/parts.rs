//! What several instruments are made of.

use crate::scene::geometry::{Point, Rect, point, rect};
use crate::scene::palette::Ink;
use crate::scene::shape::{Fill, Label, Shape, Stroke, disc};

/// Words with their weight and colour, not yet placed.
pub struct Piece {
    text: String,
    bold: bool,
    ink: Ink,
}

impl Piece {
    pub fn plain(text: impl Into<String>) -> Piece {
        Piece { text: text.into(), bold: false, ink: Ink::Ink }
    }

    pub fn bold(text: impl Into<String>) -> Piece {
        Piece { bold: true, ..Piece::plain(text) }
    }

    pub fn dim(text: impl Into<String>) -> Piece {
        Piece::plain(text).ink(Ink::DimInk)
    }

    pub fn ink(self, ink: Ink) -> Piece {
        Piece { ink, ..self }
    }

    pub fn at(self, x: f64, baseline: f64, size: f64) -> Label {
        let label = Label::new(self.text, point(x, baseline), size).ink(self.ink);
        if self.bold { label.bold() } else { label }
    }
}

/// Words at both ends of a line; the left ones are set smaller if they would meet, and in the end shortened.
pub fn ends(area: Rect, baseline: f64, size: f64, left: Piece, right: Piece, shapes: &mut Vec<Shape>) {
    let right = right.at(area.right(), baseline, size).end().within(area.width);
    let left = left.at(area.x, baseline, size).shrunk(area.width - right.width() - 8.0);
    shapes.extend([left, right].into_iter().filter(|label| !label.text.is_empty()).map(Shape::from));
}

/// A row for each machine between a card's head and foot: at most `pitch_max` from one to the next, and `gap` between.
pub fn rows(card: Rect, members: usize, (head, foot): (f64, f64), pitch_max: f64, gap: f64) -> Vec<Rect> {
    let pitch = ((card.height - head - foot) / members.max(1) as f64).min(pitch_max);
    let row =
        |nth: usize| rect(card.x + 6.0, card.y + head + nth as f64 * pitch, card.width - 12.0, pitch - gap);
    (0..members).map(row).collect()
}

/// A line that takes pieces as long as they fit.
pub struct Line {
    x: f64,
    right: f64,
    baseline: f64,
    size: f64,
}

impl Line {
    pub fn new(area: Rect, baseline: f64, size: f64) -> Line {
        Line { x: area.x, right: area.right(), baseline, size }
    }

    /// False if there was no room.
    pub fn put(&mut self, piece: Piece, shapes: &mut Vec<Shape>) -> bool {
        let label = piece.at(self.x, self.baseline, self.size);
        let fits = self.x + label.width() <= self.right;
        if fits {
            self.x += label.width() + 12.0;
            shapes.push(label.into());
        }
        fits
    }

    /// A piece with a dot before it; false if there was no room.
    pub fn dot(&mut self, ink: Ink, piece: Piece, shapes: &mut Vec<Shape>) -> bool {
        self.marked(|center| disc(center, 3.0, ink), piece, shapes)
    }

    /// A piece with a cross before it.
    pub fn cross(&mut self, ink: Ink, piece: Piece, shapes: &mut Vec<Shape>) {
        let line = Stroke::new(ink, 1.7);
        self.marked(|center| Shape::Cross { center, size: 3.0, line }, piece, shapes);
    }

    /// A piece with any mark before it; false if there was no room.
    pub fn marked(&mut self, mark: impl Fn(Point) -> Shape, piece: Piece, shapes: &mut Vec<Shape>) -> bool {
        let at = point(self.x + 3.0, self.baseline - 3.5);
        let before = self.x;
        self.x += 10.0;
        let fits = self.put(piece, shapes);
        if fits {
            shapes.push(mark(at));
        } else {
            self.x = before;
        }
        fits
    }
}

/// An empty place.
pub fn empty(place: Rect, shapes: &mut Vec<Shape>) {
    let (fill, line) = (Some(Fill::of(Ink::Empty)), Some(Stroke::new(Ink::Line, 1.0)));
    shapes.push(Shape::Rect { rect: place, radius: 5.0, fill, line });
}
