//! Why a store answered as it did, in words, for who looks at one request.

use super::Store;
use super::op::{Ask, Message, Op, Reply};
use super::version::Row;
use crate::sim::{Candidate, Explanation, Outcome};

fn said(what: &'static str, sentence: String) -> Explanation {
    Explanation { what, sentence, ..Explanation::default() }
}

/// "v5", or that there is nothing.
fn version(row: Option<&Row>) -> String {
    row.map_or_else(|| "nothing under this key".to_owned(), |row| format!("v{}", row.number()))
}

/// The newest of the answers goes to the client; `expected` is what an answer of now should be at least.
pub(super) fn read(op: &Op, version: u32, expected: u32) -> Explanation {
    let candidate = |leg: &super::op::Leg| {
        let figure = leg.row().map_or(0, Row::number);
        let name = format!("machine {}", leg.member + 1);
        Candidate { name, figure: f64::from(figure), eligible: true, chosen: figure == version }
    };
    let sentence = match (version, version < expected) {
        (0, false) => "Nothing has been written under this key yet.".to_owned(),
        (_, false) => {
            format!("v{version} is the newest of the answers, and nothing newer was acknowledged before.")
        }
        (0, true) => format!(
            "The answers have nothing under this key. Stale: v{expected} had been acknowledged before."
        ),
        (_, true) => {
            format!(
                "v{version} is the newest of the answers. Stale: v{expected} had been acknowledged before."
            )
        }
    };
    Explanation { sentence, candidates: op.done().map(candidate).collect(), figure: "version", what: "" }
}

pub(super) fn written(op: &Op, version: u32) -> Explanation {
    let (have, asked) = (op.done().count(), op.legs.len());
    said("", format!("Acknowledged as v{version}: {have} of the {asked} machines that were asked have it."))
}

/// The coordinator of a transfer has decided.
pub(super) fn decided(outcome: Outcome) -> Explanation {
    let sentence = match outcome {
        Outcome::Ok => "Both voted yes, so it is carried out whatever happens now. Both are told to commit.",
        Outcome::TimedOut => "A vote did not come in time. It is given up, and both are told to forget it.",
        _ => "A vote was no. It is given up, and both are told to forget it.",
    };
    said("", sentence.to_owned())
}

impl Store {
    /// What a machine did with a question of another.
    pub(super) fn explain(&self, message: &Message, answer: &Result<Reply, Outcome>) -> Explanation {
        let key = message.key;
        let is_locked = || self.machines[message.to as usize].locks.has(key.into());
        match (&message.ask, answer) {
            (Ask::Read, Ok(Reply::Row(row))) => said("read", format!("It has {}.", version(row.as_ref()))),
            (Ask::Write { row, .. }, Ok(_)) => said("write", format!("It takes {}.", version(Some(row)))),
            (Ask::Prepare(_), Ok(_)) => {
                said("prepare", format!("It votes yes, and k{key} is locked until it hears the decision."))
            }
            (Ask::Prepare(_), Err(_)) if is_locked() => {
                said("prepare", format!("It votes no: k{key} is locked by another transfer."))
            }
            (Ask::Prepare(_), Err(_)) => {
                said("prepare", format!("It votes no: k{key} has too little money, or is being moved."))
            }
            (Ask::Read | Ask::Write { .. }, Err(_)) => {
                said("", "It does not hold this key, or whoever asks does not lead.".to_owned())
            }
            (Ask::Scan, _) => said("its part", String::new()),
            _ => Explanation::default(),
        }
    }
}
