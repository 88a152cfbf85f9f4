//! Observers that make metrics and traces, and what theory says beside them.

mod caching;
mod events;
mod key_figures;
mod latency;
mod member;
mod metrics;
mod predict;
mod series;
pub mod statistics;
mod summary;
pub mod theory;
mod trace;

pub use caching::{Leaving, hit_ratio, hit_ratio_of};
pub use events::{Happened, What, happened, trace_events};
pub use key_figures::{KeyFigure, key_figures};
pub use latency::Latencies;
pub use member::MemberTally;
pub use metrics::{Ended, Fall, Metrics, Tally};
pub use predict::{TheoryLine, theory_of};
pub use series::{RECENT_WINDOWS, Series, WINDOWS, Window};
pub use summary::{Figures, NodeSummary, Summary, summarise};
pub use trace::{Hop, Trace, Tracer};
