//! What servers can run, [`systems`]: a package of its own, so that it is compiled for size; `switchyard`
//! shows its module as its own.

use switchyard_engine::{algo, sim};

#[path = "../systems/mod.rs"]
pub mod systems;
