//! The picture: a pure function of a snapshot, readings and a view.

use super::balancer;
use super::clients;
use super::counts;
use super::dots;
use super::falls;
use super::fleet;
use super::geometry::{Point, Rect, point};
use super::input::{Fall, Readings, Target, View};
use super::instrument::{self, Moment};
use super::labels::Labels;
use super::layout::Layout;
use super::ledger;
use super::legend;
use super::palette::Ink;
use super::rails;
use super::servers::{self, Server};
use super::shape::{Shape, Stroke, ring, slab};
use super::station;
use super::travel::Mark;
use super::yard::{Axis, Density, Yard};
use crate::run::snapshot::{Dot, NodeState, NodeView, ServersView, Snapshot};
use crate::sim::{Place, Time};

/// The stage at one instant. All coordinates are CSS pixels of the stage.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// Everything that stands still, in painting order.
    pub shapes: Vec<Shape>,
    /// What travels, to be painted over it.
    pub marks: Vec<Mark>,
    /// Radius of a request's mark.
    pub mark_radius: f64,
    /// Of how many requests one has a mark; goes into the next picture's [`View::dots_per`].
    pub dots_per: u64,
    pub layout: Layout,
    /// Signs that tracks pass behind, in the layout's coordinates: dots would run over their words.
    signs: Vec<Rect>,
}

impl Picture {
    /// The same with what travels as it is now, a moment later, whatever the order of the dots: for frames in which
    /// nothing else is painted anew.
    pub fn move_marks(&mut self, dots: &[Dot], now: Time) {
        self.marks = dots::marks(dots, now, &self.layout, self.dots_per);
        let (signs, scale) = (&self.signs, self.layout.scale);
        self.marks.retain(|mark| !signs.iter().any(|sign| sign.contains(mark.at)));
        if scale != 1.0 {
            for mark in &mut self.marks {
                mark.at = point(mark.at.x * scale, mark.at.y * scale);
            }
        }
    }

    /// The marks as shapes, for painters without a raster.
    pub fn mark_shapes(&self) -> impl Iterator<Item = Shape> + '_ {
        self.marks.iter().map(|mark| dots::shape(mark.kind, mark.at, self.mark_radius))
    }

    /// The whole picture as shapes.
    pub fn all_shapes(&self) -> Vec<Shape> {
        self.shapes.iter().cloned().chain(self.mark_shapes()).collect()
    }
}

/// Draws the stage.
pub fn stage(snapshot: &Snapshot, readings: &Readings, view: &View) -> Picture {
    let layout = Layout::new(snapshot, (view.width, view.height), view.text);
    let under_way = snapshot.under_way.max(snapshot.dots.len() as u64);
    let dots_per = if view.each { 1 } else { dots::dots_per(under_way, view.dots_per) };
    let falls = falls::present(snapshot, readings, view);
    let mut labels = Labels::new(&layout);
    keep_off_booting(snapshot, &layout, &mut labels);
    let mut shapes = vec![];
    rails::draw(snapshot, &layout, &mut labels, &mut shapes);
    for (index, node) in snapshot.nodes.iter().enumerate() {
        if let Some(yard) = layout.yards.get(index) {
            draw_node(snapshot, readings, view, (index, node), (yard, layout.height), &falls, &mut shapes);
        }
    }
    for target in [view.hovered.filter(|hovered| view.selected != Some(*hovered)), view.selected] {
        draw_outline(target, view, &layout, &mut shapes);
    }
    let signs = signs(snapshot, &layout);
    let mut picture = Picture {
        shapes: vec![],
        marks: vec![],
        mark_radius: dots::radius(&layout) * layout.scale,
        dots_per,
        layout,
        signs,
    };
    if !view.reduced_motion {
        picture.move_marks(&snapshot.dots, snapshot.now);
    }
    let layout = &picture.layout;
    let dots_shown = if picture.marks.is_empty() { 1 } else { dots_per };
    legend::draw(snapshot, readings, layout, dots_shown, &mut shapes);
    falls::draw(&falls, snapshot, layout, view, &mut labels, &mut shapes);
    if view.reduced_motion {
        counts::draw(snapshot, layout, &mut labels, &mut shapes);
    }
    draw_halo(snapshot, view, layout, &mut shapes);
    if layout.scale != 1.0 {
        // To the stage's own size.
        shapes = shapes.into_iter().map(|shape| shape.scaled(layout.scale)).collect();
    }
    picture.shapes = shapes;
    picture
}

/// No label stands where machines are starting.
fn keep_off_booting(snapshot: &Snapshot, layout: &Layout, labels: &mut Labels) {
    for (node, yard) in snapshot.nodes.iter().zip(&layout.yards) {
        if let NodeState::Servers(state) = &node.state {
            servers::booting_place(state.booting, yard, layout.height)
                .into_iter()
                .for_each(|it| labels.take(it));
        }
    }
}

/// See [`Picture::signs`].
fn signs(snapshot: &Snapshot, layout: &Layout) -> Vec<Rect> {
    let sign = |(node, yard): (&NodeView, &Yard)| match &node.state {
        NodeState::Servers(state) if yard.axis == Axis::Down => {
            yard.inside.filter(|_| fleet::of(state).is_some())
        }
        _ => None,
    };
    snapshot.nodes.iter().zip(&layout.yards).filter_map(sign).collect()
}

fn draw_node(
    snapshot: &Snapshot,
    readings: &Readings,
    view: &View,
    (index, node): (usize, &NodeView),
    (yard, bottom): (&Yard, f64),
    falls: &[Fall],
    shapes: &mut Vec<Shape>,
) {
    match &node.state {
        NodeState::Clients(state) => {
            let reading = |all: &[Option<f64>]| all.get(index).copied().flatten();
            let (p99_ms, ok) = (reading(&readings.clients_p99_ms), reading(&readings.clients_ok));
            let own = clients::own(snapshot, index, p99_ms, ok);
            clients::draw(node, state, own, yard.rect, yard.axis, shapes)
        }
        NodeState::Balancer(state) => {
            balancer::draw(state, yard.rect, shapes);
            if let Some(panel) = yard.inside {
                let name_of = |node: usize| snapshot.nodes.get(node).map(|node| node.name.as_str());
                ledger::draw(state, panel, name_of, shapes);
            }
        }
        NodeState::Station(state) => {
            station::draw(node, state, yard, Moment { now: snapshot.now, view }, shapes)
        }
        NodeState::Servers(state) => {
            let servers = servers_of(snapshot, readings, index, node, state, view, falls);
            if yard.density == Density::Cells {
                return servers::draw_panel(node, &servers, yard, shapes);
            }
            if let (Some(sign), Some(fleet)) = (yard.inside, fleet::of(state)) {
                if yard.axis == Axis::Down {
                    // Tracks pass behind it.
                    shapes.push(slab(sign.grown(2.0), 8.0, Ink::Paper));
                }
                fleet::draw(state, fleet, sign, shapes);
            } else if let Some(card) = yard.inside {
                shapes.push(clients::face(card, Stroke::new(Ink::Line, 1.2)));
                instrument::draw_service(node, state, card, shapes);
                if yard.density == Density::Single {
                    return;
                }
            }
            for (server, card) in servers.iter().zip(&yard.cards) {
                server.draw(*card, yard.density, shapes);
            }
            servers::draw_booting(state, snapshot.now, yard, bottom, shapes);
        }
    }
}

/// What the cards of a node's members say.
fn servers_of<'a>(
    snapshot: &'a Snapshot,
    readings: &Readings,
    index: usize,
    node: &'a NodeView,
    state: &'a ServersView,
    view: &View,
    falls: &[Fall],
) -> Vec<Server<'a>> {
    let selected = match view.selected {
        Some(Target::Request(number)) => Some(number),
        _ => None,
    };
    let server = |(member, it): (usize, &'a crate::run::snapshot::MemberView)| Server {
        node,
        view: it,
        reading: readings.of(index, member, it),
        taken_out: is_taken_out(snapshot, index, member),
        fallen: falls::at_member(falls, Place { node: index as u16, member: member as u16 }),
        selected,
    };
    state.members.iter().enumerate().map(server).collect()
}

/// Some balancer in front of it will not choose it.
pub fn is_taken_out(snapshot: &Snapshot, node: usize, member: usize) -> bool {
    snapshot.nodes.iter().any(|other| match &other.state {
        NodeState::Balancer(balancer) => {
            (balancer.pools.iter()).any(|pool| pool.node == node && pool.eligible.get(member) == Some(&false))
        }
        _ => false,
    })
}

/// An outline around a node or member that is selected or pointed at.
fn draw_outline(target: Option<Target>, view: &View, layout: &Layout, shapes: &mut Vec<Shape>) {
    let Some(target) = target else { return };
    let selected = view.is_selected(target);
    let line = Stroke::new(Ink::Request, if selected { 2.4 } else { 1.4 });
    let around = match target {
        Target::Node(node) => layout.yards.get(node).map(|yard| yard.rect),
        Target::Member { node, member } => layout.member(node, member),
        Target::Link(_) | Target::Request(_) | Target::Key(_) => None,
    };
    if let Some(rect) = around {
        let by = if rect.width < 40.0 { 2.0 } else { 4.5 };
        let radius = if rect.width < 40.0 { 5.0 } else { 15.0 };
        shapes.push(Shape::Rect { rect: rect.grown(by), radius, fill: None, line: Some(line) });
    }
    if let Target::Link(link) = target {
        for curve in layout.tracks.get(link).map_or(&[][..], |tracks| &tracks.ins) {
            shapes.push(Shape::Path { cubics: curve.cubics().to_vec(), line: line.faded(0.8) });
        }
    }
}

/// A halo around the selected request's dots; also where thinning leaves it without a mark.
fn draw_halo(snapshot: &Snapshot, view: &View, layout: &Layout, shapes: &mut Vec<Shape>) {
    let Some(Target::Request(number)) = view.selected else { return };
    for at in places_of(snapshot, layout, number) {
        shapes.push(ring(at, dots::radius(layout) + 4.5, Stroke::new(Ink::Ink, 1.8)));
    }
}

/// Where the calls of one request are under way now, in layout coordinates.
fn places_of(snapshot: &Snapshot, layout: &Layout, number: u64) -> Vec<Point> {
    let own = snapshot.dots.iter().filter(|dot| dot.request == number && !dot.probe);
    own.filter_map(|dot| dots::position(dot, snapshot.now, layout)).collect()
}
