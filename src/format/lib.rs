//! The scenario file, [`scenario`]: a package of its own, so that it is compiled for size;
//! `switchyard` shows its module as its own.

use switchyard_engine::{algo, node, sim};

#[path = "../scenario/mod.rs"]
pub mod scenario;
