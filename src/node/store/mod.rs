//! A store: machines that hold keys, each key on several of them.
//!
//! Keys are divided among the members by a partitioner of the family `ring`; each has N owners in order of
//! preference. Members talk to each other over the node's own link, and only there: one asks, the other's workers
//! take their time, the answer comes back ([`op`]). Whoever a client's call reaches coordinates it or passes it on
//! ([`coordinate`]).
//!
//! Replication: by quorums of N, R and W (Gifford, 1979; Dynamo, DeCandia et al., 2007), with read repair, hints
//! ([`repair`]) and anti-entropy ([`entropy`]); or by a leader for each key, synchronous or not ([`view`],
//! [`leader`]). Conflicts: last write wins by the coordinators' clocks, which may be skewed, or version vectors
//! ([`version`]). Rows move when the division changes ([`rebalance`]); scans ask everybody ([`scatter`]);
//! transfers take two phases ([`transact`]).
//!
//! What is measured (stale reads, lost updates, lost writes) an oracle says that knows every write ([`oracle`]);
//! nothing is decided by it. Durable, and there again after a crash: rows, hints, balances, locks, decisions. Lost
//! with a crash: queues and operations under way. Never a key's quorum: a minority's writes are refused with
//! `no-backend`, or time out.
//!
//! Left out: the coordination service behind map and leaders (its news reach everybody at once), consensus on the
//! log (leaders are chosen by the service), sloppy quorums, deletes, sizes of rows, work of the coordinator itself.
//!
//! A partitioner that goes by load counts the keys that were ever asked for: each gets its place when it is, and
//! has it until the members change.

mod check;
mod coordinate;
mod drive;
mod entropy;
mod explain;
mod leader;
mod map;
mod op;
mod oracle;
mod rebalance;
mod repair;
mod rows;
mod scatter;
mod serve;
mod settings;
mod slab;
mod table;
mod transact;
mod version;
mod view;
mod watch;

pub use map::{Home, REPLICAS_MAX};
pub use rows::Rows;
pub use settings::{Conflicts, MEMBER_SETTINGS, ReadFrom, Replication, SETTINGS, Settings};
pub use transact::{ACCOUNTS_MAX, BALANCE, Lock};
pub use version::{Row, SIBLINGS_MAX, Seen, Version};

use super::division::{Divided, Division};
use super::member::MemberSettings;
use super::pages::Pages;
use super::station::{Inside, Station, StationMember};
use super::work::Desk;
use super::{KeyFact, Kind, Show, Site};
use crate::sim::{
    Behaviour, CallId, Context, Counter, Env, Handle, Member, Outcome, Purpose, Sampler, Time, Timer,
    stream_seed,
};
use map::Map;
use op::{Ask, Messages, Ops};
use oracle::Oracle;
use rebalance::TakenBy;
use scatter::Scans;
use table::Table;
use transact::Decision;
use view::View;
use watch::Watch;

/// What menus, validation and documentation need of this kind of node.
pub const KIND: Kind = Kind {
    id: "store",
    name: "Store",
    summary: "Machines that hold keys, each key on several of them.",
    settings: SETTINGS,
    member_settings: MEMBER_SETTINGS,
    calls: (0, 0),
    called: true,
    talks: true,
    counters: &[
        Counter::Reads,
        Counter::Writes,
        Counter::StaleReads,
        Counter::LostUpdates,
        Counter::LostWrites,
        Counter::Conflicts,
        Counter::ReadRepairs,
        Counter::Hints,
        Counter::HintsDelivered,
        Counter::Synced,
        Counter::MovedRows,
        Counter::Commits,
        Counter::Aborts,
        Counter::InDoubt,
    ],
};

// Kinds of timers.
const WORK: u8 = 0;
const OP: u8 = 1;
const DETECT: u8 = 2;
const HINTS: u8 = 3;
const ENTROPY: u8 = 4;
const MOVE: u8 = 5;
const RECOVER: u8 = 6;

/// Timers of the node as a whole are held up by no member's condition.
const NOBODYS: u16 = u16::MAX;

/// Operations under way at once; further requests are refused.
const OPS_MAX: usize = 200_000;

/// The running node.
#[derive(Clone, Debug)]
pub struct Store {
    settings: Settings,
    id: String,
    service: Sampler,
    service_stream: u64,
    /// Names the random numbers of errands.
    identity: u64,
    errands: u64,
    transfers: u64,
    carried_out: u64,
    given_up: u64,
    /// Rounds of anti-entropy.
    rounds: u64,
    machines: Vec<Machine>,
    map: Map,
    divided: Divided,
    view: View,
    /// The term when the replication was chosen: that of all writes without a leader.
    chosen_term: u32,
    taken_by: TakenBy,
    ops: Ops,
    messages: Messages,
    oracle: Oracle,
    watch: Watch,
    scans: Scans,
    entropy_timer: Handle,
    hints_due: bool,
    move_due: bool,
    recovery_due: bool,
    /// How many rounds in a row had to ask.
    recovery_rounds: u32,
}

/// One member.
#[derive(Clone, Debug)]
struct Machine {
    desk: Desk,
    rows: Rows,
    /// Writes kept for others, by member and key.
    hints: Table<Row>,
    /// Hints that are under way.
    hints_out: u32,
    /// Of keys that it coordinates writes of at the moment: the newest.
    begun: Table<Row>,
    /// For each other member: the page where the next comparison begins.
    cursors: Vec<usize>,
    /// Balances of keys that were ever part of a transfer.
    accounts: Pages<Option<i64>>,
    /// By key.
    locks: Table<Lock>,
    /// Writes that wait for a lock: (key, message).
    waiting: Vec<(u32, u32)>,
    /// Transfers that it coordinates: not decided yet, and to be carried out.
    undecided: Table<()>,
    decisions: Table<Decision>,
    down: bool,
}

impl Machine {
    fn new(member: u16) -> Machine {
        Machine {
            desk: Desk::new(member, WORK),
            rows: Rows::default(),
            hints: Table::default(),
            hints_out: 0,
            begun: Table::default(),
            cursors: vec![],
            accounts: Pages::default(),
            locks: Table::default(),
            waiting: vec![],
            undecided: Table::default(),
            decisions: Table::default(),
            down: false,
        }
    }

    /// A write that it coordinated is over.
    fn forget_begun(&mut self, key: u32, row: Option<&Row>) {
        if row.is_some_and(|row| self.begun.get(key.into()).is_some_and(|newest| newest.same(row))) {
            self.begun.remove(key.into());
        }
    }
}

impl Store {
    pub fn new(site: &Site<'_>, settings: Settings) -> Store {
        let members = Store::partitioned(site.id, &settings);
        let mut store = Store {
            id: site.id.to_owned(),
            service: settings.service_ms.sampler(),
            service_stream: stream_seed(site.seed, site.id, Purpose::Service),
            identity: stream_seed(site.seed, site.id, Purpose::Errands),
            errands: 0,
            transfers: 0,
            carried_out: 0,
            given_up: 0,
            rounds: 0,
            machines: vec![],
            map: Map::new(&settings.partitioner, &members, settings.replicas as usize),
            divided: Divided::default(),
            view: View::default(),
            chosen_term: 0,
            taken_by: TakenBy::new(&settings),
            ops: Ops::default(),
            messages: Messages::default(),
            oracle: Oracle::default(),
            watch: Watch::default(),
            scans: Scans::default(),
            entropy_timer: Handle::NONE,
            hints_due: false,
            move_due: false,
            recovery_due: false,
            recovery_rounds: 0,
            settings,
        };
        store.choose_term();
        store.fit();
        store
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// A machine's rows, by member from 0; those of members that left included.
    pub fn rows(&self, member: usize) -> Option<&Rows> {
        self.machines.get(member).map(|machine| &machine.rows)
    }

    /// The members that hold a key now.
    pub fn home(&self, key: u32) -> Home {
        self.map.home(key)
    }

    /// Rows that are not yet where the partitioner wants them.
    pub fn rows_to_move(&self) -> usize {
        self.map.away()
    }

    /// Keys that are locked by transfers.
    pub fn locked(&self) -> usize {
        self.machines.iter().map(|machine| machine.locks.len()).sum()
    }

    /// The lock of a key, if a transfer holds one.
    pub fn lock(&self, key: u32) -> Option<&Lock> {
        self.machines.iter().find_map(|machine| machine.locks.get(key.into()))
    }

    /// Keys that are locked until this member says what becomes of them.
    pub fn locked_for(&self, coordinator: u16) -> usize {
        let of =
            |machine: &Machine| machine.locks.iter().filter(|it| it.1.coordinator == coordinator).count();
        self.machines.iter().map(of).sum()
    }

    /// Operations under way, and questions that are not answered yet.
    pub fn under_way(&self) -> (usize, usize) {
        (self.ops.len(), self.messages.len())
    }

    /// Writes from now on win over those under another kind of replication.
    fn choose_term(&mut self) {
        self.view.new_term();
        self.chosen_term = self.view.term();
    }

    /// Gives every member a machine.
    fn fit(&mut self) {
        let count = self.settings.count;
        for member in self.machines.len() as u16..count {
            self.machines.push(Machine::new(member));
        }
        self.view.fit(self.machines.len(), count as usize);
    }

    /// Everything that is not on the machine's disk is lost.
    fn crash<E: Env>(&mut self, cx: &mut Context<'_, E>, member: u16) {
        let machine = &mut self.machines[member as usize];
        machine.begun.clear();
        machine.undecided.clear();
        let jobs = machine.desk.crash(cx).into_iter().map(|job| job.id);
        let lost: Vec<u32> =
            jobs.chain(std::mem::take(&mut machine.waiting).into_iter().map(|it| it.1)).collect();
        self.forget_all_of(cx, member);
        self.machines[member as usize].hints_out = 0;
        for tag in lost {
            self.respond(cx, tag, Err(Outcome::Crashed));
        }
    }

    /// Brings a machine's speed and life in line with its settings and condition.
    fn obey<E: Env>(&mut self, cx: &mut Context<'_, E>, member: usize) {
        let condition = cx.condition(member as u16);
        let own = self.settings.member(member);
        let was_down = std::mem::replace(&mut self.machines[member].down, condition.down);
        if condition.down {
            let in_doubt = self.locked_for(member as u16) as u32;
            if !was_down && in_doubt > 0 {
                cx.count(member as u16, Counter::InDoubt, in_doubt);
            }
            self.crash(cx, member as u16);
        }
        let rate = if condition.frozen { 0.0 } else { own.speed / own.slow };
        self.machines[member].desk.set_rate(cx, rate);
        self.notice(cx, member);
    }

    /// Hands the conditions that the settings ask for to the engine. The first `known` members have
    /// those of the settings before; the others are new, and well.
    fn declare_conditions<E: Env>(&mut self, cx: &mut Context<'_, E>, before: &Settings, known: usize) {
        for member in 0..self.machines.len() {
            let old = if member < known { before.member(member) } else { MemberSettings::default() };
            let new = self.settings.member(member);
            if old.faults() != new.faults() {
                cx.set_condition(member as u16, new.faults());
            }
            if old != new {
                self.obey(cx, member);
            }
        }
    }
}

impl Show for Store {
    fn station(&self, now: Time) -> Option<Station> {
        let settings = &self.settings;
        let does = match settings.replication {
            Replication::LeaderSync => format!("leader, synchronous, N = {}", settings.replicas),
            Replication::LeaderAsync => format!("leader, asynchronous, N = {}", settings.replicas),
            Replication::Quorum => {
                let (n, r, w) = (settings.replicas, settings.read_quorum, settings.write_quorum);
                format!("N = {n}, R = {r}, W = {w}")
            }
        };
        let mut notes = vec![];
        let hints: usize = self.machines.iter().map(|machine| machine.hints.len()).sum();
        for (count, what) in
            [(self.map.away(), "rows to move"), (hints, "hints"), (self.locked(), "keys locked")]
        {
            if count > 0 {
                notes.push(format!("{count} {what}"));
            }
        }
        let member = |(index, machine): (usize, &Machine)| StationMember {
            number: index as u32 + 1,
            level: Some(f64::from(machine.desk.busy()) / f64::from(settings.workers.max(1))),
            note: match machine.rows.held() {
                1 => "1 row".to_owned(),
                rows => format!("{rows} rows"),
            },
            queued: (machine.desk.queued() as u32, settings.queue),
            slow: settings.member(index).slow,
            rows: Some(machine.rows.held()),
            ..StationMember::default()
        };
        let members = self.machines.iter().take(settings.count as usize).enumerate().map(member).collect();
        let divided = || {
            let handover = self.map.handover().cloned();
            let several = |it: &Division| it.latest.filter(|_| settings.replicas > 1);
            self.divided.view().map(|it| {
                let copies = several(&it).map_or(vec![], |latest| self.map.home(latest.key).all().to_vec());
                Inside::Ring(Box::new(Division { handover, copies, ..it }))
            })
        };
        let inside = self.replicas(now).or_else(|| self.two_phases(now)).or_else(|| self.scattered(now));
        let inside = inside.or_else(divided).unwrap_or_default();
        Some(Station { does, notes, members, inside })
    }

    fn about_key(&self, key: u32, _now: Time) -> Vec<KeyFact> {
        let home = self.map.home(key);
        let about = |(member, machine): (usize, &Machine)| {
            let row = machine.rows.get(key).map(|row| format!("version {}", row.number()));
            let role = match home.all().iter().position(|owner| *owner as usize == member) {
                Some(0) => "first replica",
                Some(_) => "replica",
                // A row that has not moved yet, or has not been thrown away.
                None => row.as_ref().map(|_| "not its place")?,
            };
            let fact = format!("{role}, {}", row.as_deref().unwrap_or("no row"));
            Some(KeyFact { member: Some(member as u16), fact })
        };
        let machines = self.machines.iter().take(self.settings.count as usize).enumerate();
        self.map.placing().fact(key).into_iter().chain(machines.filter_map(about)).collect()
    }
}

impl Behaviour for Store {
    type Settings = Settings;

    fn start<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        let settings = self.settings.clone();
        self.divided.follow(self.map.placing(), cx.now());
        self.declare_conditions(cx, &settings, 0);
        self.schedule_entropy(cx);
    }

    #[inline(never)]
    fn arrive<E: Env>(&mut self, cx: &mut Context<'_, E>, call: CallId) {
        if cx.request_of(call).probe {
            return cx.reply(call, Outcome::Ok);
        }
        let it = cx.call_at(call);
        if it.from.node != cx.node() {
            return self.client_call(cx, call);
        }
        let (tag, request, attempt) = (it.tag, it.request, it.attempt);
        let Some(message) = self.messages.get_mut(tag) else { return cx.reply(call, Outcome::Invalid) };
        message.call = call;
        if let Ask::Forward { expected, hops } = message.ask {
            return self.coordinate(cx, call, expected, hops);
        }
        if !self.enqueue(cx, tag, request, attempt) {
            cx.reply(call, Outcome::QueueFull);
        }
    }

    #[inline(never)]
    fn returned<E: Env>(&mut self, cx: &mut Context<'_, E>, id: CallId) {
        let call = cx.call_at(id);
        let (tag, outcome, answer) = (call.tag, call.outcome, call.answer);
        if let Some(message) = self.messages.remove(tag) {
            self.leg_back(cx, message, outcome, answer);
        }
    }

    #[inline(never)]
    fn timer<E: Env>(&mut self, cx: &mut Context<'_, E>, timer: Timer) {
        match timer.kind {
            WORK => {
                let (member, room) = (timer.place.member, self.settings.room());
                if let Some(tag) = self.machines[member as usize].desk.done(cx, timer.index, room) {
                    self.serve(cx, member, tag);
                }
            }
            OP => self.clock(cx, timer.index),
            DETECT => self.look(cx, timer.index as usize),
            HINTS => self.deliver_hints(cx),
            ENTROPY => self.compare_all(cx),
            MOVE => self.move_next(cx),
            _ => self.recover(cx),
        }
    }

    fn change<E: Env>(&mut self, cx: &mut Context<'_, E>, settings: &Settings) {
        let before = std::mem::replace(&mut self.settings, settings.clone());
        self.service = settings.service_ms.sampler();
        self.taken_by.change(settings);
        let (known, view) = (self.machines.len(), self.view.clone());
        self.fit();
        // With other members another side may have most of them.
        if before.count != settings.count && settings.has_leaders() {
            self.take_over(cx, &view);
        }
        if before.keeps_both() != settings.keeps_both() {
            self.change_rule(cx);
        }
        if before.replication != settings.replication {
            self.choose_term();
        }
        self.declare_conditions(cx, &before, known);
        let members = |settings: &Settings| Store::partitioned("", settings);
        let divided = (before.replicas, &before.partitioner, members(&before))
            != (settings.replicas, &settings.partitioner, members(settings));
        if divided {
            self.divide(cx);
        }
        self.schedule_move(cx);
        if before.anti_entropy_every_ms != settings.anti_entropy_every_ms {
            self.schedule_entropy(cx);
        }
        for machine in &mut self.machines {
            machine.desk.go_on(cx, settings.room());
        }
        cx.announce_members();
    }

    fn condition<E: Env>(&mut self, cx: &mut Context<'_, E>, member: u16) {
        self.obey(cx, member as usize);
    }

    fn downstream<E: Env>(&mut self, _: &mut Context<'_, E>, _: u16, _: &[Member]) {}

    fn members(&self) -> Vec<Member> {
        let weight = |index: usize| self.settings.member(index).weight;
        (0..self.settings.count as usize).map(|index| Member { weight: weight(index) }).collect()
    }
}
