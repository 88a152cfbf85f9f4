//! The scenario file, [`scenario`]: a package of its own, so that it is compiled for size;
//! `switchyard` shows its module as its own.

use switchyard_engine::{algo, sim};
use switchyard_nodes::node;

#[path = "../scenario/mod.rs"]
pub mod scenario;
