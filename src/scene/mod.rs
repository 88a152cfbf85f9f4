//! The picture as a pure function of (snapshot, readings, view): plain shapes, painted elsewhere.
//!
//! | file | what it is |
//! |---|---|
//! | [`geometry`] | points, rectangles, curves walked at constant speed |
//! | [`palette`] | roles of colours, light and dark; contrast |
//! | [`text`] | widths of text without a browser; ellipsis |
//! | [`shape`] | the shapes |
//! | [`figures`] | numbers as the page writes them |
//! | [`input`] | what is needed beside a snapshot: readings, view, targets |
//! | [`yard`], [`layout`] | where members and nodes stand, and the tracks between them |
//! | [`stage`] | the picture; its parts are [`clients`], [`balancer`], [`servers`], [`station`], [`rails`], [`dots`], [`falls`] … |
//! | [`instrument`] | the insides of policies |
//! | [`travel`] | where dots are on their ways, and which of them can be told apart |
//! | [`target`] | what is under a point; areas to press |
//! | [`raster`], [`sheet`] | thousands of dots as pixels |
//! | [`axis`], [`chart`], [`bars`] | charts, and the same as tables |
//! | [`describe`] | the stage in words |
//! | [`svg`] | the shapes as an image file |
//!
//! Nothing here knows a browser. What moves depends on simulated time alone, so a pause freezes it.

pub mod axis;
pub mod balancer;
pub mod bars;
pub mod chart;
pub mod clients;
pub mod counts;
pub mod describe;
pub mod dots;
pub mod falls;
pub mod figures;
mod fleet;
pub mod gauges;
pub mod input;
pub mod instrument;
pub mod labels;
pub mod layout;
pub mod ledger;
pub mod legend;
pub mod palette;
pub mod rails;
pub mod raster;
pub mod servers;
pub mod shape;
pub mod stage;
pub mod station;
pub mod svg;
pub mod target;
pub mod text;
pub mod yard;

pub use switchyard_pixels::{geometry, sheet, travel};

pub use bars::{Bar, BarChart};
pub use chart::{Band, Flag, Line, LineChart, Over, Table, Theory, VARIANT_INKS};
pub use describe::{describe, insides};
pub use input::{Fall, MemberReading, Readings, Spot, Status, Target, View};
pub use layout::{Height, height, is_flat, is_narrow};
pub use palette::{Ink, Palette};
pub use raster::Raster;
pub use shape::Shape;
pub use stage::{Picture, is_taken_out, stage};
pub use target::TargetArea;
pub use travel::{Mark, MarkKind};

#[cfg(test)]
mod tests;
