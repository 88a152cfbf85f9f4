//! Observers that make metrics and traces, and a run together with them. The engine's loop is generic over its
//! observer: only here is it compiled for them, so that whatever shows a run need not be compiled for speed.

mod latency;
mod member;
mod metrics;
mod series;
mod trace;
mod watched;

pub use latency::Latencies;
pub use member::MemberTally;
pub use metrics::{Ended, FALLS_MAX, Fall, Metrics, Tally};
pub use series::{RECENT_WINDOWS, Series, WINDOWS, Window};
pub use trace::{Hop, Trace, Tracer};
pub use watched::{Measured, Watched};
