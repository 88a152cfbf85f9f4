//! Runs, and what watches them event by event: [`run`], [`report`], [`play`]. The engine's loop is
//! generic over its observer, so it is these that compile it: a package of its own, compiled for speed;
//! `switchyard` shows its modules as its own.

use switchyard_engine::{algo, sim};
use switchyard_format::scenario;
use switchyard_nodes::node;
use switchyard_services::systems;

#[path = "../play/mod.rs"]
pub mod play;
#[path = "../report/mod.rs"]
pub mod report;
#[path = "../run/mod.rs"]
pub mod run;
