//! Calls downstream that are more than one try, and timers of the fleet.

use super::{Servers, WAKE, fleet};
use crate::node::calling::{self, Done, Want};
use crate::sim::{CallId, Context, Env};

impl Servers {
    /// The worker asks everything downstream at once, and is held until all inquiries are over.
    #[cold]
    #[inline(never)]
    pub(super) fn inquire<E: Env>(&mut self, cx: &mut Context<'_, E>, member: usize, index: usize) {
        let call = self.machines[member].workers[index].call;
        let request = cx.call_at(call).request;
        let only = self.machines[member].workers[index].way;
        for way in 0..cx.outgoing().len() as u16 {
            if !self.asks(only, way.into()) {
                continue;
            }
            let want = Want { request, parent: call, member: member as u16, way, owner: index as u32 };
            let done = self.caller.ask(cx, want);
            let worker = &mut self.machines[member].workers[index];
            match done {
                None => worker.inquiries += 1,
                Some(done) => worker.learn(done.outcome, done.answer),
            }
        }
        self.answer_if_over(cx, member, index);
    }

    /// A call of an inquiry ended.
    #[cold]
    #[inline(never)]
    pub(super) fn inquired<E: Env>(&mut self, cx: &mut Context<'_, E>, id: CallId) {
        let done = self.caller.returned(cx, id);
        self.settle(cx, done);
    }

    /// An inquiry may be over.
    fn settle<E: Env>(&mut self, cx: &mut Context<'_, E>, done: Option<Done>) {
        let Some(Done { want, outcome, answer }) = done else { return };
        let (member, index) = (want.member as usize, want.owner as usize);
        let worker = &mut self.machines[member].workers[index];
        worker.inquiries -= 1;
        worker.learn(outcome, answer);
        self.answer_if_over(cx, member, index);
    }

    fn answer_if_over<E: Env>(&mut self, cx: &mut Context<'_, E>, member: usize, index: usize) {
        let worker = &self.machines[member].workers[index];
        if !worker.waits() {
            let worst = worker.worst;
            self.answer(cx, member, index, worst);
        }
    }

    /// Any timer but that of a worker. Single numbers, as they travel in registers.
    #[inline(never)]
    pub(super) fn rarer_timer<E: Env>(&mut self, cx: &mut Context<'_, E>, kind: u8, member: u16, index: u32) {
        if kind == WAKE {
            return self.wake(cx);
        }
        if kind < calling::TIMERS {
            return self.fleet_timer(cx, kind, index);
        }
        let done = self.caller.timer(cx, kind, member, index);
        self.settle(cx, done);
    }

    fn fleet_timer<E: Env>(&mut self, cx: &mut Context<'_, E>, kind: u8, index: u32) {
        let before = self.in_service();
        match kind {
            fleet::TICK => self.fleet.decide(cx, self.settings.workers),
            _ => self.fleet.booted(cx, index),
        }
        if self.in_service() != before {
            let known = self.machines.len();
            let settings = self.settings.clone();
            self.fit();
            self.declare_conditions(cx, &settings, known);
            self.measure(cx);
            cx.announce_members();
        }
    }

    /// Every machine is measured from now on, if it was not.
    pub(super) fn measure<E: Env>(&mut self, cx: &Context<'_, E>) {
        let machines = &self.machines;
        self.fleet.fit(machines.len(), |machine| machines[machine].busy(), cx.now());
    }
}
