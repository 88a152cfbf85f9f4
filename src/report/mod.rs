//! What a run is said to have done: metrics, percentiles, statistics, and theory beside them.

pub mod statistics;
pub mod theory;
