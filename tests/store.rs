//! Stores against theorems, closed forms and models that know nothing of their code.

mod common;

#[path = "store/faults.rs"]
mod faults;
#[path = "store/leaders.rs"]
mod leaders;
#[path = "store/moves.rs"]
mod moves;
#[path = "store/play.rs"]
mod play;
#[path = "store/quorum.rs"]
mod quorum;
#[path = "store/repair.rs"]
mod repair;
#[path = "store/transfers.rs"]
mod transfers;
