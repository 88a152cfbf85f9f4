//! From a run to the stage's picture: readings of the metrics, what is pointed at, and the painting.

use super::canvas::Canvas;
use super::engine::{Engine, Frame};
use super::marks::{Marks, Size};
use super::paint;
use super::theme::{Look, look};
use std::cell::OnceCell;
use switchyard::node::Settings;
use switchyard::play::Session;
use switchyard::report::Fall as Ended;
use switchyard::run::snapshot::{NodeState, ServersView, Snapshot};
use switchyard::scene::target::TargetArea;
use switchyard::scene::{
    self, Fall, MemberReading, Palette, Picture, Raster, Readings, Spot, Status, Target, View,
};
use switchyard::sim::Place;

/// Percentiles are worked out anew after so much screen time; nobody reads faster.
const READ_MS: f64 = 100.0;
/// A status follows a smoothed value: its time constant, in screen time.
const SMOOTH_MS: f64 = 2500.0;

/// With more marks than this, everything else is painted in every other frame.
const BUSY_MARKS: usize = 800;
/// With more than this, at pulses only; and marks no finer than CSS pixels: there is more to paint than the eye can follow.
const COARSE_MARKS: usize = 1600;

/// What one member's status follows.
#[derive(Clone, Copy, Debug, Default)]
struct Smoothed {
    utilisation: f64,
    queued: f64,
}

/// Paints one stage and remembers what it painted.
#[derive(Default)]
pub struct StagePainter {
    picture: Option<Picture>,
    /// With the size that it was made for, and whether in dark colours.
    raster: Option<(Size, bool, Raster)>,
    readings: Readings,
    smoothed: Vec<Vec<Smoothed>>,
    hovered: Option<Target>,
    read_at: Option<f64>,
    /// The same of what stands still.
    base: Option<(Size, bool)>,
    /// In the last frame only what travels was painted.
    rested: bool,
    /// Marks are painted coarsely.
    coarse: bool,
    /// Where marks are painted since there were many; none where the browser cannot.
    beside: OnceCell<Option<Marks>>,
}

impl StagePainter {
    pub fn paint(&mut self, frame: &Frame, engine: &Engine, base: &Canvas, overlay: &Canvas) {
        let Some(size) = base.ready() else { return };
        let count = self.picture.as_ref().map_or(0, |picture| picture.marks.len());
        self.coarse = count > if self.coarse { BUSY_MARKS } else { COARSE_MARKS };
        let Some(marks_size) = overlay.size(if self.coarse { 1.0 } else { f64::INFINITY }) else { return };
        if self.coarse {
            self.beside.get_or_init(|| Marks::start(overlay, engine));
        }
        let ((width, height, ratio), Look { dark, less_motion, dot_for_each }) = (size, look());
        // Setting a canvas's size clears it; else what stands still stays as it was painted.
        let stands = self.base == Some((size, dark));
        self.base = Some((size, dark));
        let follows = matches!(frame.selected, Some(Target::Request(_)));
        let may_rest = stands && frame.moving && !less_motion && !follows;
        let rests = if self.coarse { !frame.pulse } else { count > BUSY_MARKS && !self.rested };
        self.rested = may_rest && rests;
        if self.rested {
            if let Some(mut picture) = self.picture.take() {
                picture.move_marks(&frame.session.dots(), frame.session.now());
                self.paint_marks(&picture, overlay, dark, marks_size);
                self.picture = Some(picture);
            }
            return;
        }
        let view = View {
            width,
            height,
            text: base.text(),
            speed: frame.speed,
            reduced_motion: less_motion,
            selected: frame.selected,
            hovered: self.hovered,
            dots_per: self.picture.as_ref().map_or(1, |picture| picture.dots_per),
            each: dot_for_each,
        };
        self.read(frame);
        let picture = scene::stage(frame.snapshot(), &self.readings, &view);
        if !stands || self.picture.as_ref().is_none_or(|last| last.shapes != picture.shapes) {
            paint::paint(&base.context, &picture.shapes, Palette::of(dark), (width, height), ratio);
        }
        self.paint_marks(&picture, overlay, dark, marks_size);
        self.picture = Some(picture);
    }

    fn paint_marks(&mut self, picture: &Picture, overlay: &Canvas, dark: bool, size: Size) {
        let beside = self.beside.get().and_then(Option::as_ref);
        if beside.is_some_and(|marks| marks.paint(picture, dark, size)) {
            if self.raster.take().is_some() {
                // Not even something transparent to be put over everything.
                overlay.fit((0.0, 0.0, 1.0));
            }
            return;
        }
        let (width, height, ratio) = size;
        let kept = self.raster.take().filter(|(of_size, of_dark, _)| (*of_size, *of_dark) == (size, dark));
        let (.., mut raster) = kept.unwrap_or_else(|| {
            overlay.fit(size);
            overlay.clear();
            (size, dark, Raster::new(width, height, ratio, Palette::of(dark)))
        });
        raster.draw(&picture.marks, picture.mark_radius);
        // A canvas too large for the browser shows no dots; everything else goes on.
        let _ = paint::blit(&overlay.context, &mut raster);
        self.raster = Some((size, dark, raster));
    }

    /// Brings the readings up to this frame.
    fn read(&mut self, frame: &Frame) {
        let metrics = frame.session.metrics();
        self.readings.ended_by = metrics.total().ended;
        self.readings.falls = metrics.falls().map(fall).collect();
        self.readings.probing = checks_health(frame.session);
        let since = self.read_at.map_or(f64::INFINITY, |at| frame.screen_ms - at);
        if frame.moving && since < READ_MS {
            return;
        }
        self.read_at = Some(frame.screen_ms);
        // Standing still, it shows what is: there is no screen time to smooth over.
        let weight = if frame.moving { (since / SMOOTH_MS).min(1.0) } else { 1.0 };
        let nodes = frame.snapshot().nodes.iter().enumerate();
        self.smoothed.resize(frame.snapshot().nodes.len(), vec![]);
        let smoothed = &mut self.smoothed;
        self.readings.members = nodes
            .map(|(node, view)| match &view.state {
                NodeState::Servers(servers) => {
                    read_members(frame, node, servers, &mut smoothed[node], weight)
                }
                _ => vec![],
            })
            .collect();
        let p99_ms = |node| frame.session.metrics().source(node as u16)?.latency.quantile_ms(0.99);
        self.readings.clients_p99_ms = (0..frame.snapshot().nodes.len()).map(p99_ms).collect();
        let ok = |node| frame.session.metrics().ok_lately(node as u16, frame.session.now());
        self.readings.clients_ok = (0..frame.snapshot().nodes.len()).map(ok).collect();
    }

    /// What buttons are laid over.
    pub fn spots(&self, frame: &Frame) -> Vec<TargetArea> {
        self.picture
            .as_ref()
            .map(|picture| picture.targets(frame.snapshot(), &self.readings))
            .unwrap_or_default()
    }

    /// The stage in words.
    pub fn told(&self, snapshot: &Snapshot) -> String {
        scene::describe(snapshot, &self.readings)
    }

    /// What is at a point, in CSS pixels of the stage.
    pub fn hit(&self, x: f64, y: f64) -> Option<Target> {
        self.picture.as_ref()?.hit(x, y)
    }

    /// Marks are painted here again.
    pub fn paint_here(&mut self) {
        self.beside.take();
    }

    /// True if something else is pointed at than before.
    pub fn hover(&mut self, target: Option<Target>) -> bool {
        let changed = self.hovered != target;
        self.hovered = target;
        changed
    }
}

fn read_members(
    frame: &Frame,
    node: usize,
    servers: &ServersView,
    smoothed: &mut Vec<Smoothed>,
    weight: f64,
) -> Vec<MemberReading> {
    smoothed.resize(servers.members.len(), Smoothed::default());
    let now = frame.session.now();
    let nodes = &frame.snapshot().nodes;
    let is_cache = |node: usize| nodes.get(node).is_some_and(|node| node.kind == "cache");
    let behind_cache = frame.snapshot().links.iter().any(|link| link.to == node && is_cache(link.from));
    let read =
        |(member, (view, smooth)): (usize, (&switchyard::run::snapshot::MemberView, &mut Smoothed))| {
            let tally = frame.session.metrics().member(Place { node: node as u16, member: member as u16 });
            let utilisation =
                tally.map_or(0.0, |tally| tally.recent_busy(now) / view.workers.len().max(1) as f64);
            smooth.utilisation += (utilisation - smooth.utilisation) * weight;
            smooth.queued += (view.queued as f64 - smooth.queued) * weight;
            MemberReading {
                p99_ms: tally.and_then(|tally| tally.recent_p99_ms(now)),
                utilisation: smooth.utilisation.clamp(0.0, 1.0),
                status: Status::of(smooth.utilisation, smooth.queued, view.queue_places),
                per_s: tally.filter(|_| behind_cache).map(|tally| tally.recent_per_s(now)),
            }
        };
    servers.members.iter().zip(smoothed.iter_mut()).enumerate().map(read).collect()
}

/// Some balancer sends health checks.
fn checks_health(session: &Session) -> bool {
    let checks = |settings: &Settings| matches!(settings, Settings::Balancer(it) if it.health_every_ms > 0.0);
    session.state().nodes.iter().any(|node| checks(&node.settings))
}

fn fall(ended: &Ended) -> Fall {
    let spot = match ended.at_caller {
        true => Spot::Link { link: ended.link, member: ended.place.member, per_mille: 0 },
        false => Spot::Place(ended.place),
    };
    Fall { request: ended.number, at: ended.at, outcome: ended.outcome, spot }
}
