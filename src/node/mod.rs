//! The kinds of node: what each does with an arriving call. One file per kind.

pub mod balancer;
pub mod clients;
pub mod keys;
pub mod servers;

use crate::algo::setting::Setting;
use crate::sim::{Behaviour, CallId, Context, Env, Member, Timer, mix};
use serde::{Deserialize, Serialize};

/// What menus, validation and documentation need of a kind of node.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// As in scenario files; never changes once released.
    pub id: &'static str,
    pub name: &'static str,
    pub summary: &'static str,
    pub settings: &'static [Setting],
    /// Settings of single members, such as `servers/3.slow`.
    pub member_settings: &'static [Setting],
    /// How many nodes it may call, at least and at most.
    pub calls: (usize, usize),
    /// May be called.
    pub called: bool,
}

/// Every kind of node.
pub const KINDS: &[Kind] = &[
    Kind {
        id: "clients",
        name: "Clients",
        summary: "Where requests come from, and how long they wait.",
        settings: clients::SETTINGS,
        member_settings: &[],
        calls: (1, 1),
        called: false,
    },
    Kind {
        id: "balancer",
        name: "Load balancer",
        summary: "Chooses a server for each request.",
        settings: balancer::SETTINGS,
        member_settings: &[],
        calls: (1, 8),
        called: true,
    },
    Kind {
        id: "servers",
        name: "Servers",
        summary: "Machines with workers and a bounded queue.",
        settings: servers::SETTINGS,
        member_settings: servers::MEMBER_SETTINGS,
        calls: (0, 8),
        called: true,
    },
];

/// The kind with this id.
pub fn kind(id: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.id == id)
}

/// What one machine of a node is called: "Server" of "Servers"; a name of one's own stays as it is.
pub fn one_of(name: &str) -> &str {
    if name == "Servers" { "Server" } else { name }
}

/// The settings of a node of any kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Settings {
    Clients(clients::Settings),
    Balancer(balancer::Settings),
    Servers(servers::Settings),
}

impl Settings {
    pub fn kind(&self) -> &'static Kind {
        &KINDS[match self {
            Settings::Clients(_) => 0,
            Settings::Balancer(_) => 1,
            Settings::Servers(_) => 2,
        }]
    }

    /// The node at rest. `seed` and `id` name its random streams; `to` are the ids of what it calls.
    pub fn build(&self, seed: u64, id: &str, to: &[String]) -> Node {
        match self {
            Settings::Clients(settings) => {
                Node::Clients(Box::new(clients::Clients::new(seed, id, settings.clone())))
            }
            Settings::Balancer(settings) => {
                Node::Balancer(Box::new(balancer::Balancer::new(seed, id, to, settings.clone())))
            }
            Settings::Servers(settings) => {
                Node::Servers(Box::new(servers::Servers::new(seed, id, settings.clone())))
            }
        }
    }
}

/// A running node of any kind.
#[derive(Clone, Debug)]
pub enum Node {
    Clients(Box<clients::Clients>),
    Balancer(Box<balancer::Balancer>),
    Servers(Box<servers::Servers>),
}

macro_rules! each {
    ($node:expr, $inner:ident => $act:expr) => {
        match $node {
            Node::Clients($inner) => $act,
            Node::Balancer($inner) => $act,
            Node::Servers($inner) => $act,
        }
    };
}

impl Behaviour for Node {
    type Settings = Settings;

    fn start<E: Env>(&mut self, cx: &mut Context<'_, E>) {
        each!(self, node => node.start(cx));
    }

    #[inline(always)]
    fn arrive<E: Env>(&mut self, cx: &mut Context<'_, E>, call: CallId) {
        each!(self, node => node.arrive(cx, call));
    }

    #[inline(always)]
    fn returned<E: Env>(&mut self, cx: &mut Context<'_, E>, call: CallId) {
        each!(self, node => node.returned(cx, call));
    }

    #[inline(always)]
    fn timer<E: Env>(&mut self, cx: &mut Context<'_, E>, timer: Timer) {
        each!(self, node => node.timer(cx, timer));
    }

    fn change<E: Env>(&mut self, cx: &mut Context<'_, E>, settings: &Settings) {
        // A change keeps a node's kind: the scenario's check sees to it.
        match (self, settings) {
            (Node::Clients(node), Settings::Clients(new)) => node.change(cx, new),
            (Node::Balancer(node), Settings::Balancer(new)) => node.change(cx, new),
            (Node::Servers(node), Settings::Servers(new)) => node.change(cx, new),
            _ => {}
        }
    }

    fn condition<E: Env>(&mut self, cx: &mut Context<'_, E>, member: u16) {
        each!(self, node => node.condition(cx, member));
    }

    fn downstream<E: Env>(&mut self, cx: &mut Context<'_, E>, link: u16, members: &[Member]) {
        each!(self, node => node.downstream(cx, link, members));
    }

    fn members(&self) -> Vec<Member> {
        each!(self, node => node.members())
    }
}

/// The member that a caller without a balancer reaches: any, as a name with many addresses gives.
fn any_member(request_seed: u64, count: u16) -> u16 {
    match count {
        0 | 1 => 0,
        n => (mix(request_seed ^ 0x6d65_6d62_6572) % n as u64) as u16,
    }
}
