//! The engine: time, random streams, event queue, calls, world, observers. It knows no policy and
//! no kind of node.

mod call;
mod context;
mod core;
mod counter;
mod distribution;
mod event;
pub mod fields;
mod link;
mod observe;
pub mod order;
mod outcome;
mod placement;
mod queue;
mod random;
mod soon;
mod time;
mod truth;
mod world;
mod ziggurat;

pub use self::core::{Books, Condition};
pub use call::{Arena, CALLS_MAX, Call, CallId, NodeId, Phase, Place, Request, RequestId};
pub use context::{Context, NewRequest};
pub use counter::{COUNTERS, Counter};
pub use distribution::{DURATION_MS_MAX, Distribution, Sampler};
pub use event::{Event, Happening, NODES_MAX, Timer};
pub use link::{LOSS_NOTICE, Link, Outgoing};
pub use observe::{Candidate, Explanation, Observer};
pub use outcome::{OUTCOMES, Outcome, OutcomeKind};
pub use placement::Placement;
pub use queue::{EventQueue, Handle, Heap, Wheel};
pub use random::{Draw, Purpose, Random, Stream, mix, name_hash, stream_seed};
pub use time::{NS_PER_MS, NS_PER_S, Span, Time};
pub use truth::Answer;
pub use world::{Behaviour, Effect, Env, Member, Progress, Scheduled, World};
