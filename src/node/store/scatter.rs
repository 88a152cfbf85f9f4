//! Scatter-gather: a request that every machine must answer for its part.
//!
//! The slowest part decides how long it takes (Dean and Barroso, "The tail at scale", 2013). With N replicas
//! of every key, N − 1 machines may fail to answer: whatever they hold is elsewhere too.

use super::Store;
use super::op::{Ask, Op, Rule, Task};
use crate::sim::{CallId, Context, Env};

impl Store {
    pub(super) fn scan<E: Env>(&mut self, cx: &mut Context<'_, E>, call: CallId) {
        let (member, key) = (cx.call_at(call).to.member, cx.request_of(call).key);
        let op = Op::new(Task::Scan, Rule::Covering, member, key, Ask::Scan);
        let everybody: Vec<u16> = (0..self.settings.count).collect();
        self.begin(cx, op, call, &everybody);
    }
}
