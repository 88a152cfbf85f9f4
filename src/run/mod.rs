//! A scenario under way: the world that it builds, and snapshots of it.

pub mod snapshot;
