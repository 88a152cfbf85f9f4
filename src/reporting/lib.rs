//! What is said of runs, and runs that are played, [`report`] and [`play`]: a package of its own, so that it is
//! compiled for size; `switchyard` shows its modules as its own.

use switchyard_engine::{algo, sim};
use switchyard_format::scenario;
use switchyard_nodes::node;
use switchyard_running::{run, watch};

#[path = "../play/mod.rs"]
pub mod play;
#[path = "../report/mod.rs"]
pub mod report;
