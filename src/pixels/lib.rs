//! What is done for each of thousands of dots in every frame: [`travel`] along curves of [`geometry`], sprites stamped into a
//! [`sheet`]. Parts of `scene` in a package of their own, so that they are compiled for speed; `scene` shows them as its own.

use switchyard_engine::sim;
use switchyard_running::run;

#[path = "../scene/geometry.rs"]
pub mod geometry;
#[path = "../scene/sheet.rs"]
pub mod sheet;
#[path = "../scene/travel.rs"]
pub mod travel;
