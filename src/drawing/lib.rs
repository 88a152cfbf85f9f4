//! Pictures of a run, [`scene`]: a package of its own, so that it is compiled for size; `switchyard`
//! shows its module as its own.

use switchyard_engine::algo;
use switchyard_engine::sim;
use switchyard_nodes::node;
use switchyard_running::{run, watch};
#[cfg(feature = "whole")]
use switchyard_services::systems;

#[path = "../scene/mod.rs"]
pub mod scene;
