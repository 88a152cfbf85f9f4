//! Runs, and what watches them event by event: [`run`], [`watch`]. The engine's loop is generic over its observer, so
//! it is these that compile it: a package of its own, compiled for speed; `switchyard` shows its modules as its own.

use switchyard_engine::{algo, sim};
use switchyard_format::scenario;
use switchyard_nodes::node;
use switchyard_services::systems;

#[path = "../run/mod.rs"]
pub mod run;
#[path = "../watch/mod.rs"]
pub mod watch;
