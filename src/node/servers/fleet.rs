//! How many machines there are now: in service, ordered, and what that has come to.

use super::scaling::{Scaling, desired};
use crate::node::FleetAccount;
use crate::sim::{Context, Counter, Env, Handle, Span, Time};

/// Timers of the fleet. They belong to no machine, so that no machine's trouble holds them up.
pub const TICK: u8 = 1;
pub const BOOTED: u8 = 2;
const NO_MACHINE: u16 = u16::MAX;

const NS_PER_HOUR: f64 = 3.6e12;

#[derive(Clone, Debug)]
pub struct Fleet {
    settings: Scaling,
    on: bool,
    /// Those that callers know of: the first so many.
    in_service: u16,
    /// Ordered and not up yet.
    booting: Vec<Order>,
    ordered: u32,
    tick: Handle,
    /// When the number last changed.
    changed: Time,
    meters: Vec<Meter>,
    sums: Sums,
    /// When the sums were last brought up to date.
    since: Time,
    /// The sums have been of interest at some time.
    accounted: bool,
}

/// A machine that is not up yet.
#[derive(Clone, Copy, Debug)]
struct Order {
    serial: u32,
    timer: Handle,
    at: Time,
    up_at: Time,
}

/// Over time.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    machine_ns: u128,
    in_service_ns: u128,
    cost: f64,
}

/// How busy a machine was since the last decision.
#[derive(Clone, Copy, Debug, Default)]
struct Meter {
    busy: u32,
    since: Time,
    busy_ns: u128,
    /// When the measurement began.
    began: Time,
}

impl Meter {
    fn busy(&mut self, busy: u32, now: Time) {
        self.busy_ns += now.since(self.since).summed(self.busy);
        (self.busy, self.since) = (busy, now);
    }

    /// Busy worker-time over worker-time, and begins anew.
    fn read(&mut self, workers: u16, now: Time) -> Option<f64> {
        self.busy(self.busy, now);
        let all = now.since(self.began).0 as f64 * f64::from(workers);
        let utilisation = (all > 0.0).then(|| self.busy_ns as f64 / all);
        (self.busy_ns, self.began) = (0, now);
        utilisation
    }
}

impl Fleet {
    pub fn new(settings: Scaling, count: u16) -> Fleet {
        let in_service = if settings.is_on() { settings.bounded(count) } else { count };
        Fleet {
            on: settings.is_on(),
            settings,
            in_service,
            booting: vec![],
            ordered: 0,
            tick: Handle::NONE,
            changed: Time::ZERO,
            meters: vec![],
            sums: Sums::default(),
            since: Time::ZERO,
            accounted: settings.is_on() || settings.cost_per_hour > 0.0,
        }
    }

    /// Machines that callers know of.
    pub fn in_service(&self) -> u16 {
        self.in_service
    }

    /// Machines that were ordered and are not up yet.
    pub fn booting(&self) -> usize {
        self.booting.len()
    }

    /// Of the machines that are up next: how many they are, when they were ordered, and when they will be up.
    pub fn next_up(&self) -> Option<(u32, Time, Time)> {
        let next = self.booting.iter().min_by_key(|order| order.up_at)?;
        let together = self.booting.iter().filter(|order| order.up_at == next.up_at).count();
        Some((together as u32, next.at, next.up_at))
    }

    #[inline(always)]
    pub fn is_on(&self) -> bool {
        self.on
    }

    /// A machine has so many busy workers from now on.
    pub fn busy(&mut self, machine: usize, busy: u32, now: Time) {
        if let Some(meter) = self.meters.get_mut(machine) {
            meter.busy(busy, now);
        }
    }

    pub fn account(&self, now: Time) -> FleetAccount {
        let sums = self.sums_at(now);
        let steady = sums.in_service_ns == u128::from(self.in_service) * u128::from(now.0);
        let mean = sums.in_service_ns as f64 / now.0.max(1) as f64;
        FleetAccount {
            machine_hours: self.accounted.then_some(sums.machine_ns as f64 / NS_PER_HOUR),
            cost: self.accounted.then_some(sums.cost),
            in_service: if steady { self.in_service.into() } else { mean },
            steady,
        }
    }

    /// What an hour costs now, machines that are on order included; `None` as long as nobody scaled and nothing cost.
    pub fn cost_per_hour(&self) -> Option<f64> {
        let paid = f64::from(self.in_service) + self.booting.len() as f64;
        self.accounted.then_some(paid * self.settings.cost_per_hour)
    }

    fn sums_at(&self, now: Time) -> Sums {
        let span = u128::from(now.since(self.since).0);
        let paid = span * (u128::from(self.in_service) + self.booting.len() as u128);
        Sums {
            machine_ns: self.sums.machine_ns + paid,
            in_service_ns: self.sums.in_service_ns + span * u128::from(self.in_service),
            cost: self.sums.cost + paid as f64 / NS_PER_HOUR * self.settings.cost_per_hour,
        }
    }

    /// Books what there was since the last time.
    fn pass(&mut self, now: Time) {
        (self.sums, self.since) = (self.sums_at(now), now);
    }

    pub fn start<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        self.schedule(cx);
    }

    /// New settings; `recount` if somebody set the number by hand.
    pub fn change<E: Env>(&mut self, cx: &mut Context<'_, E>, settings: Scaling, count: u16, recount: bool) {
        self.pass(cx.now());
        let before = std::mem::replace(&mut self.settings, settings);
        self.on = settings.is_on();
        self.accounted |= self.on || settings.cost_per_hour > 0.0;
        if !self.on {
            self.meters.clear();
        }
        if !self.on || recount {
            self.cancel_orders(cx, self.booting.len());
            self.in_service = if self.on { settings.bounded(count) } else { count };
            self.changed = cx.now();
        }
        if before.autoscale != settings.autoscale || before.scale_every_ms != settings.scale_every_ms {
            self.schedule(cx);
        }
    }

    fn schedule<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        cx.cancel(std::mem::replace(&mut self.tick, Handle::NONE));
        if self.on {
            let at = cx.now() + Span::from_ms(self.settings.scale_every_ms);
            self.tick = cx.timer(NO_MACHINE, TICK, 0, at);
        }
        self.measure_from(cx.now());
    }

    /// Forgets what was measured before.
    fn measure_from(&mut self, now: Time) {
        for meter in &mut self.meters {
            meter.busy(meter.busy, now);
            (meter.busy_ns, meter.began) = (0, now);
        }
    }

    /// There are machines up to this number; `busy` tells how many workers of one are busy.
    pub fn fit(&mut self, machines: usize, busy: impl Fn(usize) -> u32, now: Time) {
        for machine in self.meters.len()..if self.on { machines } else { 0 } {
            self.meters.push(Meter { busy: busy(machine), since: now, busy_ns: 0, began: now });
        }
    }

    /// Time for a decision.
    pub fn decide<E: Env>(&mut self, cx: &mut Context<'_, E>, workers: u16) {
        let now = cx.now();
        let utilisation = self.read(cx, workers);
        let (machines, wanted) = (utilisation.len(), desired(&utilisation, self.settings.scale_target));
        let wanted = self.settings.bounded(wanted.min(u16::MAX as usize) as u16) as usize;
        self.pass(now);
        self.schedule_next(cx);
        if wanted > machines {
            self.order(cx, wanted - machines);
        }
        let cool = now >= self.changed + Span::from_ms(self.settings.scale_cooldown_ms);
        if wanted < machines && cool {
            self.remove(cx, machines - wanted);
        }
    }

    fn schedule_next<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        let at = cx.now() + Span::from_ms(self.settings.scale_every_ms);
        self.tick = cx.timer(NO_MACHINE, TICK, 0, at);
    }

    /// The utilisation of each machine that was ordered, in service first.
    fn read<E: Env>(&mut self, cx: &Context<'_, E>, workers: u16) -> Vec<Option<f64>> {
        let now = cx.now();
        let mut found = vec![];
        for (machine, meter) in self.meters.iter_mut().enumerate() {
            let utilisation = meter.read(workers, now);
            if machine < self.in_service as usize {
                found.push(utilisation.filter(|_| !cx.condition(machine as u16).down));
            }
        }
        found.resize(self.in_service as usize + self.booting.len(), None);
        found
    }

    fn order<E: Env>(&mut self, cx: &mut Context<'_, E>, machines: usize) {
        let (at, up_at) = (cx.now(), cx.now() + Span::from_ms(self.settings.scale_boot_ms));
        for _ in 0..machines {
            self.ordered = self.ordered.wrapping_add(1);
            let timer = cx.timer(NO_MACHINE, BOOTED, self.ordered, up_at);
            self.booting.push(Order { serial: self.ordered, timer, at, up_at });
        }
        self.changed = cx.now();
        cx.count(self.in_service.saturating_sub(1), Counter::ScaledOut, machines as u32);
    }

    /// A machine that was ordered is up.
    pub fn booted<E: Env>(&mut self, cx: &mut Context<'_, E>, serial: u32) {
        let Some(at) = self.booting.iter().position(|order| order.serial == serial) else { return };
        self.pass(cx.now());
        self.booting.remove(at);
        self.in_service += 1;
        self.changed = cx.now();
        // Whoever comes back to service is measured anew.
        if let Some(meter) = self.meters.get_mut(self.in_service as usize - 1) {
            meter.read(1, cx.now());
        }
    }

    /// Those that are not up yet go first, then the last in service.
    fn remove<E: Env>(&mut self, cx: &mut Context<'_, E>, machines: usize) {
        cx.count(self.in_service.saturating_sub(1), Counter::ScaledIn, machines as u32);
        let unborn = machines.min(self.booting.len());
        self.cancel_orders(cx, unborn);
        self.in_service -= (machines - unborn) as u16;
        self.changed = cx.now();
    }

    fn cancel_orders<E: Env>(&mut self, cx: &mut Context<'_, E>, orders: usize) {
        for order in self.booting.drain(self.booting.len() - orders..) {
            cx.cancel(order.timer);
        }
    }
}
