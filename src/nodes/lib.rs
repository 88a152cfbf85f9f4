//! The kinds of node, [`node`]: a package of its own, compiled for speed like the engine that they stand on;
//! `switchyard` shows its module as its own.

use switchyard_engine::{algo, sim};
use switchyard_services::systems;

#[path = "../node/mod.rs"]
pub mod node;
