//! What is said of a run: its figures, the story of its requests, and what theory says beside them.

mod caching;
mod events;
mod foresight;
mod imbalance;
mod key_figures;
mod predict;
pub mod statistics;
mod summary;
pub mod theory;

// What the figures are made of stands beside them for whoever uses both.
pub use crate::watch::{
    Ended, Fall, Hop, Latencies, MemberTally, Metrics, RECENT_WINDOWS, Series, Tally, Trace, Tracer, WINDOWS,
    Window,
};
pub use caching::{Leaving, hit_ratio, hit_ratio_of};
pub use events::{Happened, What, happened, trace_events};
pub use foresight::{capacity_for_reads, foreseen_hit_ratio, only_cache};
pub use imbalance::{imbalance_of, largest_over_mean};
pub use key_figures::{KeyFigure, key_figures};
pub use predict::{TheoryLine, settling_ms, theory_of};
pub use summary::{Figures, NodeSummary, Summary, fairness_lately, summarise};
