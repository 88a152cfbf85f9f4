//! Operations: what a machine wants of others (and of itself), as one small table of states.
//!
//! An operation belongs to one machine, its coordinator. It asks some machines the same thing, each of
//! them a leg. After every answer its [`Rule`] says whether that is enough, hopeless, or needs more
//! machines to be asked; what then happens depends on its [`Task`] alone. It is over when every leg is
//! back, or at its timeout.

use super::map::Home;
use super::slab::Slab;
use super::transact::Transfer;
use super::version::Row;
use crate::sim::{Answer, CallId, Handle, Outcome, RequestId};
use std::sync::Arc;

/// What an operation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Another machine coordinates it.
    Forward,
    Read,
    Write,
    /// Ask everybody for a part.
    Scan,
    /// A row goes to machines that lack it, and nobody waits.
    Push(Why),
    /// The same, not yet sent: an asynchronous leader gathers.
    Lag,
    /// A row is read at its old home, to be moved.
    Fetch,
    /// The row goes to its new home.
    Put,
    /// Two machines compare rows.
    Compare,
    /// Rows that the other lacked.
    Give,
    /// First phase of a transfer.
    Prepare,
    /// Second phase.
    Commit,
    Abort,
    /// What became of a transfer?
    Inquire,
}

/// Why a row is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// A read found the replica behind.
    Repair,
    /// It could not be reached when the row was written.
    Hint,
    /// It follows a leader.
    Follow,
}

/// When the answers are enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Every leg.
    All,
    /// So many of the key's home, and for a write of the home that it moves to.
    Quorum { need: u16, write: bool },
    /// The leader itself, and for a write everybody that the key moves to.
    Leader { write: bool },
    /// The leader and all followers that it sees.
    InSync,
    /// So few failed that every key has somebody who answered.
    Covering,
    /// So many of the home that the key moves to; with a leader, for which none are said, all whom it sees.
    Arrival { need: Option<u16> },
}

/// What one machine asks of another.
#[derive(Clone, Debug)]
pub enum Ask {
    /// Coordinate this. `expected` is the newest write that was acknowledged when the read began.
    Forward {
        expected: u32,
        hops: u16,
    },
    Read,
    /// Take this row. `led`: only from the key's leader.
    Write {
        row: Row,
        led: bool,
    },
    Scan,
    /// How your rows differ from these.
    Compare(Arc<super::entropy::Digests>),
    Give(Arc<Vec<(u32, Row)>>),
    Prepare(Transfer),
    Commit(Transfer),
    Abort(Transfer),
    Inquire(u64),
}

/// What it says, if it does what it was asked.
#[derive(Clone, Debug, Default)]
pub enum Reply {
    #[default]
    Done,
    Row(Option<Row>),
    Differing(Arc<super::entropy::Differing>),
}

/// A question under way: known by its number to the call's tag or to the machine's own queue.
#[derive(Clone, Debug)]
pub struct Message {
    /// Who wants to know; it may be over by the time of the answer.
    pub op: u32,
    pub leg: u16,
    pub from: u16,
    pub to: u16,
    pub key: u32,
    pub ask: Ask,
    /// [`CallId::NONE`] if it stays on the machine.
    pub call: CallId,
    pub reply: Reply,
}

#[derive(Clone, Debug)]
pub struct Leg {
    pub member: u16,
    pub state: LegState,
    pub reply: Reply,
    /// What it said is of a time when the key was elsewhere, and does not count.
    pub outdated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegState {
    Out,
    Done,
    Failed(Outcome),
}

impl Leg {
    pub fn row(&self) -> Option<&Row> {
        match &self.reply {
            Reply::Row(row) => row.as_ref(),
            _ => None,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Op {
    pub task: Task,
    pub rule: Rule,
    /// The coordinator.
    pub member: u16,
    pub key: u32,
    pub ask: Ask,
    /// Whom the answer goes to, until it went.
    pub client: Option<CallId>,
    /// On whose behalf the legs are.
    pub request: RequestId,
    /// The request is its own, and ends with it.
    pub errand: bool,
    pub timer: Handle,
    pub legs: Vec<Leg>,
    /// Tells its calls' random numbers apart.
    pub sends: u16,
    /// It was enough, or hopeless; what is still out is waited for all the same.
    pub settled: bool,
    /// Of a read: the newest write acknowledged before it began.
    pub expected: u32,
    /// Of a read: where the key was when its owners were asked.
    pub home: Home,
    /// Of a move: its number.
    pub move_number: u32,
    /// Of a write: what is written. Of a move: what is moved.
    pub row: Option<Row>,
    /// Of a write: version vectors have been the rule since it began.
    pub beside: bool,
    /// Of a forwarded request: what came back.
    pub answer: Answer,
}

impl Op {
    /// Nothing asked yet.
    pub fn new(task: Task, rule: Rule, member: u16, key: u32, ask: Ask) -> Op {
        Op {
            task,
            rule,
            member,
            key,
            ask,
            client: None,
            request: RequestId(0),
            errand: false,
            timer: Handle::NONE,
            legs: vec![],
            sends: 0,
            settled: false,
            expected: 0,
            home: Home::default(),
            move_number: 0,
            row: None,
            beside: false,
            answer: Answer::default(),
        }
    }

    pub fn asked(&self, member: u16) -> bool {
        self.legs.iter().any(|leg| leg.member == member && !leg.outdated)
    }

    pub fn is_done(&self, member: u16) -> bool {
        self.done().any(|leg| leg.member == member)
    }

    /// Those that did as they were asked.
    pub fn done(&self) -> impl Iterator<Item = &Leg> {
        self.legs.iter().filter(|leg| leg.state == LegState::Done && !leg.outdated)
    }

    pub fn all_back(&self) -> bool {
        self.legs.iter().all(|leg| leg.state != LegState::Out)
    }

    /// How the first failing leg failed.
    pub fn failure(&self) -> Option<Outcome> {
        self.legs.iter().find_map(|leg| match leg.state {
            LegState::Failed(outcome) => Some(outcome),
            _ => None,
        })
    }
}

/// What the rule says.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    Wait,
    Enough,
    Hopeless(Outcome),
    /// These must be asked too.
    Ask(Vec<u16>),
}

pub type Ops = Slab<Op>;
pub type Messages = Slab<Message>;
