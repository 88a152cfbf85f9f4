//! What the stage needs beside a snapshot: readings of the metrics, and how it is looked at.

use crate::run::snapshot::MemberView;
use crate::sim::{Outcome, Place, Time};

/// Something that can be pointed at. All numbers are indices into the snapshot, except those of
/// requests and keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    Node(usize),
    Member {
        node: usize,
        member: usize,
    },
    Link(usize),
    /// The request's number.
    Request(u64),
    /// A key, wherever it is.
    Key(u32),
}

/// How near a member is to its limits. A status warns before the first loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    #[default]
    Calm,
    Near,
    Over,
}

/// From this share of the queue's places on, a member is near its limit.
pub const NEAR_QUEUE: f64 = 0.75;
/// From this utilisation on, a member is near its limit.
pub const NEAR_UTILISATION: f64 = 0.85;

impl Status {
    /// From a smoothed utilisation (0 to 1) and a smoothed number of requests in the queue.
    pub fn of(utilisation: f64, queued: f64, queue_places: u32) -> Status {
        let filled = if queue_places == 0 { 0.0 } else { queued / queue_places as f64 };
        // A smoothed value only approaches a full queue.
        if filled >= 0.985 {
            Status::Over
        } else if filled >= NEAR_QUEUE || utilisation >= NEAR_UTILISATION {
            Status::Near
        } else {
            Status::Calm
        }
    }
}

/// What metrics say of one member.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MemberReading {
    pub p99_ms: Option<f64>,
    /// 0 to 1, smoothed.
    pub utilisation: f64,
    pub status: Status,
    /// Calls a second lately, where others than clients decide how many come: behind a cache.
    pub per_s: Option<f64>,
}

impl MemberReading {
    /// What can be said from a snapshot alone.
    pub fn of(member: &MemberView) -> MemberReading {
        let busy = member.workers.iter().flatten().count() as f64;
        let utilisation = busy / member.workers.len().max(1) as f64;
        let status = Status::of(utilisation, member.queued as f64, member.queue_places);
        MemberReading { p99_ms: None, utilisation, status, per_s: None }
    }
}

/// Where a request died.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spot {
    /// At a machine.
    Place(Place),
    /// On its way over a link to (or from) this member, `per_mille` of the way from the caller.
    Link { link: usize, member: u16, per_mille: u16 },
}

/// A request that ended otherwise than well.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fall {
    /// The request's number.
    pub request: u64,
    pub at: Time,
    pub outcome: Outcome,
    pub spot: Spot,
}

/// What metrics say at this instant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Readings {
    /// By node, then by member; what is missing is read off the snapshot.
    pub members: Vec<Vec<MemberReading>>,
    /// By node: of several kinds of clients the 99th percentile of what was answered to each so far, in milliseconds.
    pub clients_p99_ms: Vec<Option<f64>>,
    /// By node: of several kinds of clients the share of each one's requests that lately ended well.
    pub clients_ok: Vec<Option<f64>>,
    /// At least those of the last [`super::falls::LABEL_S`] seconds of screen time, in any order.
    /// Losses on a link need not be here: the snapshot has them.
    pub falls: Vec<Fall>,
    /// Requests that have ended so far, by outcome: the legend explains what has occurred.
    pub ended_by: [u64; Outcome::COUNT],
    /// Some balancer checks health: the legend explains that too.
    pub probing: bool,
}

impl Readings {
    pub fn of(&self, node: usize, member: usize, view: &MemberView) -> MemberReading {
        let known = self.members.get(node).and_then(|members| members.get(member));
        known.copied().unwrap_or_else(|| MemberReading::of(view))
    }
}

/// How the stage is looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// CSS pixels.
    pub width: f64,
    pub height: f64,
    /// How large the page's text is beside the usual: labels, and all that is laid out around them, follow it.
    pub text: f64,
    /// Simulated seconds per second of screen time: turns ages into seconds for the eye.
    pub speed: f64,
    /// No travelling dots; counts instead.
    pub reduced_motion: bool,
    pub selected: Option<Target>,
    pub hovered: Option<Target>,
    /// Of how many requests one got a dot in the picture before this one, 1 at first: keeps the
    /// number from changing to and fro. See [`super::dots::dots_per`].
    pub dots_per: u64,
    /// A dot for each request, however many there are.
    pub each: bool,
}

impl Default for View {
    fn default() -> View {
        View {
            width: 800.0,
            height: 520.0,
            text: 1.0,
            speed: 0.05,
            reduced_motion: false,
            selected: None,
            hovered: None,
            dots_per: 1,
            each: false,
        }
    }
}

impl View {
    /// Seconds of screen time since an instant of simulated time.
    pub fn age_s(&self, now: Time, at: Time) -> f64 {
        now.since(at).seconds() / self.speed.max(1e-9)
    }

    pub fn is_selected(&self, target: Target) -> bool {
        self.selected == Some(target)
    }
}
