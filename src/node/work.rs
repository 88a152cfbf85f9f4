//! A machine's work: so many workers, a bounded queue in order of arrival, and a speed that may change
//! in the middle of a piece of work.

use crate::sim::{CallId, Context, Env, Handle, Span, Time};
use std::collections::VecDeque;

/// A piece of work: what the node knows it by, the call that it is done for (or [`CallId::NONE`]), and how
/// long it takes at speed 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Job {
    pub id: u32,
    pub call: CallId,
    pub work: Span,
}

#[derive(Clone, Copy, Debug)]
struct Worker {
    job: Option<Job>,
    /// Work left at `since`, at speed 1.
    left: Span,
    since: Time,
    done: Handle,
}

const IDLE: Worker = Worker { job: None, left: Span::ZERO, since: Time::ZERO, done: Handle::NONE };

/// How much fits in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Room {
    pub workers: u16,
    pub queue: u32,
}

/// The workers of one member and those who wait for them. Timers of kind `timer_kind`, with the worker's
/// index, belong to it.
#[derive(Clone, Debug)]
pub struct Desk {
    member: u16,
    timer_kind: u8,
    workers: Vec<Worker>,
    busy: u16,
    queue: VecDeque<Job>,
    /// Work done per nanosecond: 1 when all is well, 0 when frozen.
    rate: f64,
}

impl Desk {
    pub fn new(member: u16, timer_kind: u8) -> Desk {
        Desk { member, timer_kind, workers: vec![], busy: 0, queue: VecDeque::new(), rate: 1.0 }
    }

    pub fn busy(&self) -> u16 {
        self.busy
    }

    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Takes a job on. False if there is no room for it.
    pub fn offer<E: Env>(&mut self, cx: &mut Context<'_, E>, job: Job, room: Room) -> bool {
        if self.busy < room.workers {
            self.begin(cx, job);
        } else if self.queue.len() < room.queue as usize {
            self.queue.push_back(job);
        } else {
            return false;
        }
        self.report(cx);
        true
    }

    fn begin<E: Env>(&mut self, cx: &mut Context<'_, E>, job: Job) {
        let idle = self.workers.iter().position(|worker| worker.job.is_none());
        let index = idle.unwrap_or_else(|| {
            self.workers.push(IDLE);
            self.workers.len() - 1
        });
        if job.call != CallId::NONE {
            cx.work(job.call);
        }
        let done = self.timer(cx, index, job.work);
        self.workers[index] = Worker { job: Some(job), left: job.work, since: cx.now(), done };
        self.busy += 1;
    }

    fn timer<E: Env>(&self, cx: &mut Context<'_, E>, index: usize, left: Span) -> Handle {
        let span = if self.rate == 1.0 { left } else { Span::from_ns(left.0 as f64 / self.rate) };
        match self.rate > 0.0 {
            true => cx.timer(self.member, self.timer_kind, index as u32, cx.now() + span),
            false => Handle::NONE,
        }
    }

    /// A worker's timer came: takes the job out that is done. `None` if it has none.
    pub fn done<E: Env>(&mut self, cx: &mut Context<'_, E>, worker: u32, room: Room) -> Option<u32> {
        let job = self.workers.get_mut(worker as usize)?.job.take()?;
        self.busy -= 1;
        self.go_on(cx, room);
        Some(job.id)
    }

    /// Gives idle workers what waits.
    pub fn go_on<E: Env>(&mut self, cx: &mut Context<'_, E>, room: Room) {
        while self.busy < room.workers
            && let Some(job) = self.queue.pop_front()
        {
            self.begin(cx, job);
        }
        self.report(cx);
    }

    /// Work under way goes on at another speed from now on.
    pub fn set_rate<E: Env>(&mut self, cx: &mut Context<'_, E>, rate: f64) {
        if self.rate == rate {
            return;
        }
        let (before, now) = (std::mem::replace(&mut self.rate, rate), cx.now());
        for index in 0..self.workers.len() {
            let worker = &mut self.workers[index];
            if worker.job.is_none() {
                continue;
            }
            cx.cancel(worker.done);
            let did = now.since(worker.since).times(before);
            let left = Span(worker.left.0.saturating_sub(did.0));
            (worker.left, worker.since) = (left, now);
            self.workers[index].done = self.timer(cx, index, left);
        }
    }

    /// Everything is lost: what was under way, then what waited.
    pub fn crash<E: Env>(&mut self, cx: &mut Context<'_, E>) -> Vec<Job> {
        let mut lost = vec![];
        for worker in &mut self.workers {
            if let Some(job) = worker.job.take() {
                cx.cancel(worker.done);
                lost.push(job);
            }
        }
        lost.extend(self.queue.drain(..));
        self.busy = 0;
        self.report(cx);
        lost
    }

    fn report<E: Env>(&self, cx: &mut Context<'_, E>) {
        cx.occupied(self.member, self.busy.into(), self.queue.len() as u32);
    }
}
