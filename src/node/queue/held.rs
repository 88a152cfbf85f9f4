//! Messages that were handed out at least once.

use super::backlog::Message;
use crate::sim::{Handle, Time};

/// One of them. It is kept until nobody has it in hand any more, so that a late answer is understood.
#[derive(Clone, Debug)]
pub struct Held {
    pub message: Message,
    pub partition: u16,
    pub state: State,
    /// Attempts that failed.
    pub failed: u32,
    /// Times that it was handed out.
    pub sent: u32,
    /// The delivery whose answer counts; [`NOBODY`] while there is none.
    pub delivery: u32,
    /// Deliveries that have not come back.
    pub outstanding: u32,
    /// Some consumer got through with it.
    pub processed: bool,
    /// The end of the time to acknowledge, or of the rest.
    pub timer: Handle,
    pub due: Time,
}

pub const NOBODY: u32 = u32::MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    InFlight,
    Resting,
    /// May be handed out again.
    Waiting,
    /// In flight when the queue lost its memory: only its consumer knows of it.
    Orphan,
    /// Acknowledged, dead or lost.
    Over,
}

impl Held {
    pub fn new(message: Message, partition: u16) -> Held {
        Held {
            message,
            partition,
            state: State::Waiting,
            failed: 0,
            sent: 0,
            delivery: NOBODY,
            outstanding: 0,
            processed: false,
            timer: Handle::NONE,
            due: Time::NEVER,
        }
    }
}

/// A message in a consumer's hand.
#[derive(Clone, Copy, Debug)]
pub struct Delivered {
    /// Which of the held.
    pub held: u32,
    pub consumer: u16,
    /// Its time to be acknowledged is over.
    pub overdue: bool,
}
