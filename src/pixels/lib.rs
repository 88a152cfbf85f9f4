//! Stamping sprites, thousands for every frame: [`sheet`]. A part of `scene` in a package of its own, so that it is
//! compiled for speed; `scene` shows it as its own.

#[path = "../scene/sheet.rs"]
pub mod sheet;
