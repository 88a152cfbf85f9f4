//! What happens for every event: [`sim`], [`algo`]. A package of its own, so that it is
//! compiled for speed and what stands around it for size; `switchyard` shows its modules as its own.

#[path = "../algo/mod.rs"]
pub mod algo;
#[path = "../sim/mod.rs"]
pub mod sim;
