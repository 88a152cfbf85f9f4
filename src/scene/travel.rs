//! Where thousands of requests and replies under way are, in every frame.

use super::geometry::{Curve, Point};
use crate::run::snapshot::{Dot, Way};
use crate::sim::{OutcomeKind, Place, Span, Time, mix};

/// What a mark looks like. The colour says the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MarkKind {
    /// Filled dot.
    Request,
    /// Filled dot with a hole, dashed: its client no longer waits.
    Abandoned,
    /// Hollow ring.
    Reply,
    /// Cross: the news that it was refused.
    Refused,
    /// Broken square: the news that it failed.
    Failed,
    /// Small dot: health check.
    Probe,
}

impl MarkKind {
    pub const ALL: [MarkKind; 6] = [
        MarkKind::Request,
        MarkKind::Abandoned,
        MarkKind::Reply,
        MarkKind::Refused,
        MarkKind::Failed,
        MarkKind::Probe,
    ];

    pub fn of(dot: &Dot) -> MarkKind {
        match (dot.probe, dot.way, dot.outcome.kind()) {
            (true, ..) => MarkKind::Probe,
            _ if dot.abandoned => MarkKind::Abandoned,
            (_, Way::Out, _) => MarkKind::Request,
            (_, _, OutcomeKind::Ok) => MarkKind::Reply,
            (_, _, OutcomeKind::Refused) => MarkKind::Refused,
            _ => MarkKind::Failed,
        }
    }
}

/// A dot, placed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    pub at: Point,
    pub kind: MarkKind,
    /// The request's number.
    pub request: u64,
}

/// A way over a link: out of the caller, into the callee.
#[derive(Clone, Copy, Debug)]
pub struct Journey<'a> {
    pub out: Option<&'a Curve>,
    pub into: &'a Curve,
}

impl Journey<'_> {
    pub fn length(&self) -> f64 {
        self.out.map_or(0.0, Curve::length) + self.into.length()
    }

    /// Place and direction at a share of the way, at constant speed. Both ends are inset, so that
    /// what travels does not cover what it comes from.
    #[inline(never)]
    pub fn at(&self, share: f64, inset: f64) -> (Point, Point) {
        let out = self.out.map_or(0.0, Curve::length);
        let length = out + self.into.length();
        let inset = inset.min(length / 2.0);
        let distance = inset + (length - 2.0 * inset) * share.clamp(0.0, 1.0);
        match self.out {
            Some(curve) if distance < out => curve.at(distance),
            _ => self.into.at(distance - out),
        }
    }

    /// How far `p` is from the way.
    pub fn distance(&self, p: Point) -> f64 {
        let out = self.out.map_or(f64::INFINITY, |curve| curve.distance(p));
        out.min(self.into.distance(p))
    }
}

/// The ways over one link.
#[derive(Clone, Debug)]
pub struct Ways<'a> {
    pub outs: &'a [Curve],
    pub ins: &'a [Curve],
    /// By member of the caller: which of the ways out it has; the last stands for all that follow.
    pub out_of: Vec<usize>,
    /// By member of the callee, which of the ways in.
    pub into: Vec<usize>,
}

impl<'a> Ways<'a> {
    /// Which of the ways out and in leads from one machine to another.
    fn lane(&self, from: Place, to: Place) -> (usize, usize) {
        let of = |lanes: &[usize], member: u16| {
            lanes.get(member as usize).or(lanes.last()).copied().unwrap_or_default()
        };
        (of(&self.out_of, from.member), of(&self.into, to.member))
    }

    fn journey(&self, (out, into): (usize, usize)) -> Option<Journey<'a>> {
        Some(Journey { out: self.outs.get(out), into: self.ins.get(into)? })
    }
}

/// How dots keep to their ways, in the layout's pixels.
#[derive(Clone, Copy, Debug)]
pub struct Keeping {
    /// Both ends are inset by this.
    pub inset: f64,
    /// How far beside its track a reply travels.
    pub reply_offset: f64,
}

/// Whether this request is one of those that get a dot. By a hash of its number: in turn, every
/// twentieth request would always meet the same one of four servers.
pub fn gets_a_dot(request: u64, dots_per: u64) -> bool {
    dots_per <= 1 || mix(request) % dots_per == 0
}

/// Whether this dot is one of those that are shown.
pub fn is_shown(dot: &Dot, dots_per: u64) -> bool {
    if dot.probe { dots_per == 1 } else { gets_a_dot(dot.request, dots_per) }
}

/// Which part of its way a dot has behind it; `None` if it is not on a track.
pub fn share(dot: &Dot, now: Time) -> Option<f64> {
    let Span(span) = dot.due.since(dot.departed);
    let share = (now.since(dot.departed).0 as f64 / span as f64).min(1.0);
    (dot.way != Way::Lost && span > 0).then_some(share)
}

/// Where a dot is that has this part of its way behind it.
pub fn place(way: Way, share: f64, journey: &Journey<'_>, keeping: Keeping) -> Point {
    let (share, beside) = if way == Way::Out { (share, 0.0) } else { (1.0 - share, keeping.reply_offset) };
    let (at, direction) = journey.at(share, keeping.inset);
    at.moved(-direction.y * beside, direction.x * beside)
}

/// Dots that are told apart at one place: by kind and by direction.
const KINDS: usize = 2 * MarkKind::ALL.len();

/// A way from one machine to another.
struct Lane<'a> {
    journey: Journey<'a>,
    /// By place and kind: which of the dots found so far is there, counted from 1; 0 for none.
    found: Vec<u32>,
}

impl Lane<'_> {
    fn found(&mut self, dot: &Dot, share: f64) -> Option<&mut u32> {
        let place = (share * (self.found.len() / KINDS - 1) as f64) as usize;
        let kind = 2 * MarkKind::of(dot) as usize + usize::from(dot.way == Way::Out);
        self.found.get_mut(place * KINDS + kind)
    }
}

/// One mark for dots of a kind that are nearer to each other on their way than `apart`: the oldest request's. Takes time in
/// proportion to the dots, but painting them only in proportion to the tracks.
pub fn thinned(
    dots: &[Dot],
    now: Time,
    ways: &[Ways<'_>],
    keeping: Keeping,
    dots_per: u64,
    apart: f64,
) -> Vec<Mark> {
    let mut lanes: Vec<Lane<'_>> = vec![];
    // By link, and by lane of it: which of the lanes, counted from 1; 0 for one that nothing is on.
    let mut known: Vec<Vec<usize>> =
        ways.iter().map(|ways| vec![0; ways.outs.len().max(1) * ways.ins.len()]).collect();
    let mut found: Vec<(usize, f64, &Dot)> = vec![];
    for dot in dots.iter().filter(|dot| is_shown(dot, dots_per)) {
        let (Some(share), Some(ways)) = (share(dot, now), ways.get(dot.link)) else { continue };
        let (out, into) = ways.lane(dot.from, dot.to);
        let lane = known.get_mut(dot.link).and_then(|known| known.get_mut(out * ways.ins.len() + into));
        let Some(lane) = lane else { continue };
        if *lane == 0 {
            let Some(journey) = ways.journey((out, into)) else { continue };
            let places = (journey.length() / apart) as usize + 1;
            lanes.push(Lane { journey, found: vec![0; places * KINDS] });
            *lane = lanes.len();
        }
        let lane = *lane - 1;
        let Some(there) = lanes[lane].found(dot, share) else { continue };
        match found.get_mut((*there as usize).wrapping_sub(1)) {
            None => {
                found.push((lane, share, dot));
                *there = found.len() as u32;
            }
            Some(other) if dot.request < other.2.request => *other = (lane, share, dot),
            Some(_) => {}
        }
    }
    let mark = |(lane, share, dot): (usize, f64, &Dot)| Mark {
        at: place(dot.way, share, &lanes[lane].journey, keeping),
        kind: MarkKind::of(dot),
        request: dot.request,
    };
    found.into_iter().map(mark).collect()
}
