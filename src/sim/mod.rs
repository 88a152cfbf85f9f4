//! The engine: time, random streams, event queue, calls, world, observers. It knows no policy and
//! no kind of node.

mod random;
mod time;

pub use random::{Draw, Purpose, Random, Stream, mix, name_hash, stream_seed};
pub use time::{NS_PER_MS, NS_PER_S, Span, Time};
