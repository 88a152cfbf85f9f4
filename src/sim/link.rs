//! Connections between nodes: latency, loss, cuts.

use super::{CallId, Draw, NodeId, Purpose, Random, Request, Sampler, Span, stream_seed};

/// A connection, as built from a scenario.
#[derive(Clone, Debug)]
pub struct Link {
    pub from: NodeId,
    pub to: NodeId,
    latency: Sampler,
    /// Share of messages that are lost, each way.
    loss: f64,
    /// Nothing gets through.
    cut: bool,
    /// Every message arrives at once: the common case where nobody watches.
    pub(super) instant: bool,
    /// How many members the node that it leads to has.
    pub(super) members: u16,
    latency_stream: u64,
    loss_stream: u64,
}

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Way {
    Out,
    Back,
}

impl Link {
    /// `name` identifies the link's random numbers; the ids of its ends will do.
    pub fn new(seed: u64, name: &str, from: NodeId, to: NodeId, latency: Sampler, loss: f64) -> Link {
        let mut link = Link {
            from,
            to,
            latency,
            loss,
            cut: false,
            instant: false,
            members: 0,
            latency_stream: stream_seed(seed, name, Purpose::Latency),
            loss_stream: stream_seed(seed, name, Purpose::Loss),
        };
        link.set(latency, loss, false);
        link
    }

    /// What the connection is like from now on.
    pub fn set(&mut self, latency: Sampler, loss: f64, cut: bool) {
        (self.latency, self.loss, self.cut) = (latency, loss, cut);
        self.instant = latency == Sampler::ZERO && loss == 0.0 && !cut;
    }

    /// Nothing gets through.
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// How long this message takes; `None` if it is lost. Depends on the request and the attempt
    /// alone, not on what else is under way.
    pub(super) fn journey(&self, request: &Request, attempt: u16, way: Way) -> Option<Span> {
        if self.cut {
            return None;
        }
        // Distinct for each try and way of one request.
        let index = request.seed ^ ((attempt as u64) << 1 | (way == Way::Back) as u64) << 48;
        if self.loss > 0.0 && Draw::new(self.loss_stream, index).chance(self.loss) {
            return None;
        }
        match self.latency {
            Sampler::Constant(span) => Some(span),
            _ => Some(self.latency.draw(&mut Draw::new(self.latency_stream, index))),
        }
    }
}

/// How long a caller without a timeout of its own waits before it learns that a message was lost:
/// the connection breaks. A model constant, of the order of TCP's first retransmission timeout
/// (RFC 6298 starts at 1 s).
pub const LOSS_NOTICE: Span = Span(1_000_000_000);

/// What to send: see [`super::Context::call`].
#[derive(Clone, Copy, Debug)]
pub struct Outgoing {
    pub request: super::RequestId,
    /// The call on whose behalf; [`CallId::NONE`] for a client's own.
    pub parent: CallId,
    pub from_member: u16,
    pub link: u16,
    pub to_member: u16,
    pub attempt: u16,
    pub tag: u32,
    /// When the caller stops waiting.
    pub timeout: Option<Span>,
}
