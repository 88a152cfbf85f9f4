//! The kinds of node: what each does with an arriving call. One file per kind.

pub mod balancer;
pub mod cache;
pub mod calling;
pub mod clients;
pub mod configure;
pub mod division;
pub mod keys;
pub mod limiter;
pub mod member;
mod pages;
mod placing;
pub mod queries;
pub mod queue;
pub mod replicas;
pub mod servers;
pub mod station;
pub mod store;
pub mod transfers;
pub mod work;

pub use configure::Configure;

use crate::algo::setting::Setting;
use crate::algo::{self, Family, PolicyInfo};
use crate::sim::{Behaviour, CallId, Context, Counter, Env, Member, Time, Timer, mix};
use crate::systems::{self, Inspection};
use configure::Fieldwise;
use serde::Serialize;
use station::Station;
use std::sync::Arc;

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
    /// Its members talk to each other, over a link from the node to itself.
    pub talks: bool,
    /// What it counts, in the order in which reports list it.
    pub counters: &'static [Counter],
}

/// Every family of policies, and the services.
pub fn families() -> Vec<Family> {
    let services = Family { id: servers::SERVICE, name: "Services", policies: servers::infos };
    algo::FAMILIES.iter().copied().chain([services]).collect()
}

/// What a setting of this family can be; empty for a family that does not exist.
pub fn policies(family: &str) -> Vec<PolicyInfo> {
    if family == servers::SERVICE { servers::infos() } else { algo::policies(family) }
}

/// The kind with this id.
pub fn kind(id: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.id == id)
}

/// What one machine of a node is called: "Server" of "Servers", "Worker" of "Workers"; other names stay as they are.
pub fn one_of(name: &str) -> &str {
    if name.ends_with("ers") || name == "Shards" { &name[..name.len() - 1] } else { name }
}

/// What follows from a list of kinds, `module Name`. The module has `KIND`, `Settings` (which says the rest by
/// [`Configure`]), and a type of this name for the running node.
macro_rules! kinds {
    ($($module:ident $Name:ident),+) => {
        /// Every kind of node that this build has.
        pub const KINDS: &[Kind] = &[$($module::KIND),+];

        /// The settings of a node of any kind.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
        #[serde(tag = "kind", rename_all = "kebab-case")]
        pub enum Settings {
            $($Name($module::Settings)),+
        }

        impl Settings {
            pub fn kind(&self) -> &'static Kind {
                match self {
                    $(Settings::$Name(_) => const { &$module::KIND }),+
                }
            }

            /// Reads the settings of this kind.
            pub fn read(kind: &Kind, how: impl Read) -> Option<Settings> {
                match kind.id {
                    $(id if id == $module::KIND.id => how.read().map(Settings::$Name),)+
                    _ => None,
                }
            }

            /// What they say of themselves.
            pub fn configure(&self) -> &dyn Configure {
                match self {
                    $(Settings::$Name(settings) => settings),+
                }
            }

            pub fn configure_mut(&mut self) -> &mut dyn Configure {
                match self {
                    $(Settings::$Name(settings) => settings),+
                }
            }

            /// The node at rest.
            pub fn build(&self, site: &Site<'_>) -> Node {
                match self {
                    $(Settings::$Name(settings) => {
                        Node::$Name(Box::new($module::$Name::new(site, settings.clone())))
                    }),+
                }
            }
        }

        /// A running node of any kind.
        #[derive(Clone, Debug)]
        pub enum Node {
            $($Name(Box<$module::$Name>)),+
        }

        macro_rules! each {
            ($node:expr, $inner:ident => $act:expr) => {
                match $node {
                    $(Node::$Name($inner) => $act),+
                }
            };
        }

        impl Node {
            pub fn kind(&self) -> &'static Kind {
                match self {
                    $(Node::$Name(_) => const { &$module::KIND }),+
                }
            }

            // A change keeps a node's kind: the scenario's check sees to it.
            fn take_settings<E: Env>(&mut self, cx: &mut Context<'_, E>, settings: &Settings) {
                match (self, settings) {
                    $((Node::$Name(node), Settings::$Name(new)) => node.change(cx, new),)+
                    _ => {}
                }
            }
        }
    };
}

/// One line for each kind, in the order in which they are listed: first what the page of a first visit has,
/// then what only the whole build has, where every new kind belongs.
macro_rules! table {
    ($($module:ident $Name:ident),+; whole: $($whole:ident $Whole:ident),+ $(,)?) => {
        /// Ids of the kinds that only the whole build has.
        pub const ONLY_WHOLE: &[&str] = &[$($whole::KIND.id),+];

        #[cfg(feature = "whole")]
        kinds! { $($module $Name),+, $($whole $Whole),+ }
        #[cfg(not(feature = "whole"))]
        kinds! { $($module $Name),+ }
    };
}

table! {
    clients Clients,
    balancer Balancer,
    servers Servers;
    whole:
    cache Cache,
    store Store,
    queue Queue,
    limiter Limiter,
}

/// Whether only the whole build has the kind or the service with this id, and this is not that build.
pub fn is_elsewhere(id: &str) -> bool {
    !cfg!(feature = "whole") && (ONLY_WHOLE.contains(&id) || systems::ONLY_WHOLE.contains(&id))
}

impl Node {
    /// The node as a station, if it has no view of its own.
    pub fn station(&self, now: Time) -> Option<Station> {
        each!(self, node => node.station(now))
    }

    /// What the service that it runs shows, if it runs one.
    pub fn service(&self, now: Time) -> Option<Inspection> {
        each!(self, node => node.service(now))
    }

    /// What it knows of a key; empty if it knows nothing of single keys.
    pub fn about_key(&self, key: u32, now: Time) -> Vec<KeyFact> {
        each!(self, node => node.about_key(key, now))
    }

    /// Memory that a checkpoint copies of it, beside its calls, in bytes, roughly.
    pub fn bytes(&self) -> usize {
        each!(self, node => node.bytes())
    }

    /// What its machines have come to so far; `None` for what has no machines that come and go.
    pub fn fleet(&self, now: Time) -> Option<FleetAccount> {
        each!(self, node => node.fleet(now))
    }
}

/// What a node knows of one key, at one of its members or as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyFact {
    /// From 0.
    pub member: Option<u16>,
    /// "owner, not held", "version 7".
    pub fact: String,
}

/// What a running node shows of itself.
pub trait Show {
    /// As plain text and levels; `None` for a kind with a view of its own (see `run::snapshot`).
    fn station(&self, _now: Time) -> Option<Station> {
        None
    }

    /// What the service that it runs shows.
    fn service(&self, _now: Time) -> Option<Inspection> {
        None
    }

    /// What it knows of a key; empty if it knows nothing of single keys.
    fn about_key(&self, _key: u32, _now: Time) -> Vec<KeyFact> {
        vec![]
    }

    /// See [`Node::bytes`]. Nothing to speak of, or shared by checkpoints.
    fn bytes(&self) -> usize {
        0
    }

    /// See [`Node::fleet`].
    fn fleet(&self, _now: Time) -> Option<FleetAccount> {
        None
    }
}

/// What a node's machines have come to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FleetAccount {
    /// From the order of each to its removal: what is paid for, if they ever cost something or scaled by themselves.
    pub machine_hours: Option<f64>,
    pub cost: Option<f64>,
    /// How many were in service, on average over time.
    pub in_service: f64,
    /// As many all the time.
    pub steady: bool,
}

/// Where a node is built: `seed` and `id` name its random streams, `to` are the ids of what it calls.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    pub seed: u64,
    pub id: &'a str,
    pub to: &'a [String],
    /// What all nodes are called, by number.
    pub names: &'a Arc<[String]>,
}

/// A way to read settings of any kind: from JSON, with its errors reported.
pub trait Read {
    fn read<T: Fieldwise>(self) -> Option<T>;
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
        self.take_settings(cx, settings);
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

/// The member that a caller without a balancer reaches: the one that has the key, where the callee says
/// which; else any, as a name with many addresses gives.
#[inline(always)]
fn member_for<E: Env>(cx: &Context<'_, E>, link: u16, request_seed: u64, key: u32) -> u16 {
    match cx.member_count(link) {
        0 | 1 => 0,
        n => cx.placed(link, key).unwrap_or_else(|| (mix(request_seed ^ 0x6d65_6d62_6572) % n as u64) as u16),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A scenario means the same in both builds: what the small one has comes first, in the same order.
    #[test]
    fn the_small_build_has_the_first_kinds_of_the_whole_one() {
        let mut wanted = vec!["clients", "balancer", "servers"];
        if cfg!(feature = "whole") {
            wanted.extend(ONLY_WHOLE);
        }
        assert_eq!(KINDS.iter().map(|kind| kind.id).collect::<Vec<_>>(), wanted);
    }

    #[test]
    fn every_service_is_only_in_the_whole_build() {
        let services: Vec<&str> = servers::infos().iter().map(|info| info.id).collect();
        let mut wanted = vec![servers::PLAIN];
        if cfg!(feature = "whole") {
            wanted.extend(systems::ONLY_WHOLE);
        }
        assert_eq!(services, wanted);
    }

    #[test]
    fn what_is_elsewhere_is_what_this_build_lacks() {
        for id in ONLY_WHOLE.iter().chain(systems::ONLY_WHOLE).copied() {
            assert_ne!(is_elsewhere(id), kind(id).is_some() || systems::find(id).is_some(), "{id}");
        }
        assert!(
            ["clients", "balancer", "servers", servers::PLAIN, "nonsense"].iter().all(|id| !is_elsewhere(id))
        );
    }
}
