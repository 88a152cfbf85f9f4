//! What happens for every event: [`sim`], [`algo`], [`node`]. A package of its own, so that it is
//! compiled for speed and what stands around it for size; `switchyard` shows its modules as its own.

#[path = "../algo/mod.rs"]
pub mod algo;
#[path = "../node/mod.rs"]
pub mod node;
#[path = "../sim/mod.rs"]
pub mod sim;
