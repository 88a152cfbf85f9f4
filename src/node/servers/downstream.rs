//! Calls downstream that are more than one try, and timers of the fleet.

use super::{Servers, fleet};
use crate::node::calling::{Done, Want};
use crate::sim::{Context, Env, Timer};

impl Servers {
    /// The worker asks everything downstream at once, and is held until all inquiries are over.
    pub(super) fn inquire<E: Env>(&mut self, cx: &mut Context<'_, E>, member: usize, index: usize) {
        let call = self.machines[member].workers[index].call;
        let request = cx.call_at(call).request;
        let events_way = self.events_way;
        for way in (0..cx.outgoing().len() as u16).filter(|way| Some(*way as usize) != events_way) {
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

    /// An inquiry may be over.
    pub(super) fn inquired<E: Env>(&mut self, cx: &mut Context<'_, E>, done: Option<Done>) {
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

    pub(super) fn fleet_timer<E: Env>(&mut self, cx: &mut Context<'_, E>, timer: Timer) {
        let before = self.in_service();
        match timer.kind {
            fleet::TICK => self.fleet.decide(cx, self.settings.workers),
            _ => self.fleet.booted(cx, timer.index),
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
