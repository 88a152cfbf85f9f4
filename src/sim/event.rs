//! What can be due, packed into one word: events are copied a lot, and one word travels in a register.

use super::{CallId, NodeId, Place};

/// A [`Happening`] in 64 bits: 4 for which, 4 for a timer's kind, 8 for the node, 16 for the member,
/// 32 for a call or a timer's index.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Event(u64);

/// What can be due.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Happening {
    /// A call reaches its callee.
    Arrive(CallId),
    /// An answer reaches its caller.
    Return(CallId),
    /// A caller has waited long enough.
    Timeout(CallId),
    /// The same, for a caller that was frozen when it was due: the call may be over by now.
    LateTimeout(CallId),
    /// A lost call is noticed.
    LossNotice(CallId),
    /// Something that a node asked for.
    Timer(Timer),
    /// A flapping member goes down or comes up.
    Flap(Place),
}

/// A node's own timer: `kind` (below 16) and `index` mean what the node wants them to.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Timer {
    pub place: Place,
    pub kind: u8,
    pub index: u32,
}

/// Nodes that an event can name.
pub const NODES_MAX: usize = 256;

impl Event {
    /// Stands for none.
    pub(super) const NONE: Event = Event(u64::MAX);

    #[inline]
    fn new(which: u64, kind: u8, place: Place, index: u32) -> Event {
        let (kind, node, member) = (kind as u64 & 0xf, place.node as u64 & 0xff, place.member as u64);
        Event(which | kind << 4 | node << 8 | member << 16 | (index as u64) << 32)
    }

    #[inline]
    fn place(self) -> Place {
        Place { node: (self.0 >> 8 & 0xff) as NodeId, member: (self.0 >> 16) as u16 }
    }

    /// The call that reaches its callee, if that is what happens.
    #[inline]
    pub(super) fn arriving(self) -> Option<CallId> {
        (self.0 & 0xf == 0).then_some(self.call())
    }

    /// The timer that is due, if that is what happens.
    #[inline]
    pub(super) fn timer(self) -> Option<Timer> {
        let (kind, index) = ((self.0 >> 4 & 0xf) as u8, self.call().0);
        (self.0 & 0xf == 5).then_some(Timer { place: self.place(), kind, index })
    }

    /// The member whose turn it is to flap, if that is what happens.
    #[inline]
    pub(super) fn flapping(self) -> Option<Place> {
        (self.0 & 0xf == 6).then_some(self.place())
    }

    /// The call that it is about, if it is about one.
    #[inline]
    pub(super) fn call(self) -> CallId {
        CallId((self.0 >> 32) as u32)
    }

    /// Whether a call is over with this: an answer, or the notice of a loss.
    #[inline]
    pub(super) fn ends_call(self) -> bool {
        matches!(self.0 & 0xf, 1 | 4)
    }

    #[inline]
    pub fn happening(self) -> Happening {
        let index = (self.0 >> 32) as u32;
        let call = CallId(index);
        match self.0 & 0xf {
            0 => Happening::Arrive(call),
            1 => Happening::Return(call),
            2 => Happening::Timeout(call),
            3 => Happening::LateTimeout(call),
            4 => Happening::LossNotice(call),
            5 => Happening::Timer(Timer { place: self.place(), kind: (self.0 >> 4 & 0xf) as u8, index }),
            _ => Happening::Flap(self.place()),
        }
    }
}

impl From<Happening> for Event {
    #[inline]
    fn from(happening: Happening) -> Event {
        let nowhere = Place::default();
        match happening {
            Happening::Arrive(call) => Event::new(0, 0, nowhere, call.0),
            Happening::Return(call) => Event::new(1, 0, nowhere, call.0),
            Happening::Timeout(call) => Event::new(2, 0, nowhere, call.0),
            Happening::LateTimeout(call) => Event::new(3, 0, nowhere, call.0),
            Happening::LossNotice(call) => Event::new(4, 0, nowhere, call.0),
            Happening::Timer(Timer { place, kind, index }) => Event::new(5, kind, place, index),
            Happening::Flap(place) => Event::new(6, 0, place, 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_loses_nothing() {
        let place = Place { node: 255, member: 65_535 };
        let all = [
            Happening::Arrive(CallId(7)),
            Happening::Return(CallId(u32::MAX)),
            Happening::Timeout(CallId(1)),
            Happening::LateTimeout(CallId(2)),
            Happening::LossNotice(CallId(3)),
            Happening::Timer(Timer { place, kind: 15, index: u32::MAX }),
            Happening::Timer(Timer::default()),
            Happening::Flap(place),
        ];
        for happening in all {
            assert_eq!(Event::from(happening).happening(), happening);
        }
    }
}
