//! Servers: a card for each, or a panel of cells where they are many.

use super::clients::face;
use super::figures::{self, UNIT};
use super::gauges::{self, Badge};
use super::geometry::{Rect, point, rect};
use super::input::{MemberReading, Status};
use super::palette::Ink;
use super::shape::{Fill, Label, Shape, Stroke, slab};
use super::text::{self, Weight};
use super::yard::{Density, HEADING, Yard};
use crate::run::snapshot::{MemberView, NodeView, ServersView};
use crate::sim::Time;

/// A member with everything that its card says.
#[derive(Clone, Debug)]
pub struct Server<'a> {
    pub node: &'a NodeView,
    pub view: &'a MemberView,
    pub reading: MemberReading,
    /// Some balancer will not choose it.
    pub taken_out: bool,
    /// Requests that died here just now: "queue full ×7".
    pub fallen: Option<(String, Ink)>,
    pub selected: Option<u64>,
}

impl Server<'_> {
    pub fn full_name(&self) -> String {
        self.node.member_name(self.view.number)
    }

    fn short_name(&self) -> String {
        format!("{}{}", self.node.name.chars().next().unwrap_or('S'), self.view.number)
    }

    /// What is the matter with it, the gravest first.
    pub fn badge(&self) -> Option<Badge> {
        let MemberView { down, frozen, slow, leaving, speed, .. } = *self.view;
        let solid = |text: String, ink| Some(Badge { text, ink, solid: true });
        let plain = |text: String| Some(Badge { text, ink: Ink::DimInk, solid: false });
        match () {
            _ if down => solid("down".into(), Ink::FailedText),
            _ if frozen => solid("frozen".into(), Ink::DimInk),
            _ if !self.view.calling.is_empty() => solid(self.view.calling.clone(), Ink::FailedText),
            _ if slow > 1.001 => solid(format!("{} slower", figures::factor(slow)), Ink::FailedText),
            _ if self.taken_out => plain("taken out".into()),
            _ if leaving => plain("leaving".into()),
            _ if (speed - 1.0).abs() > 0.001 => plain(format!("{} speed", figures::factor(speed))),
            _ => None,
        }
    }

    /// The status's colour, for bars.
    fn status_ink(&self) -> Ink {
        match self.reading.status {
            Status::Calm => Ink::Ok,
            Status::Near => Ink::Waiting,
            Status::Over => Ink::Failed,
        }
    }

    /// Requests in it: waiting is amber, all else request blue.
    fn work_ink(&self) -> Ink {
        match self.reading.status {
            Status::Calm => Ink::Request,
            Status::Near | Status::Over => Ink::Waiting,
        }
    }

    fn outline(&self) -> Stroke {
        match (self.view.down, self.reading.status) {
            (true, _) => Stroke::new(Ink::Failed, 1.6).dashed(5.0, 4.0),
            _ if self.taken_out || self.view.leaving => Stroke::new(Ink::DimInk, 1.2).dashed(5.0, 4.0),
            (_, Status::Calm) => Stroke::new(Ink::Line, 1.2),
            (_, Status::Near) => Stroke::new(Ink::Waiting, 1.6),
            (_, Status::Over) => Stroke::new(Ink::Failed, 2.0),
        }
    }

    /// "p99 104 ms" or "33.0/s · p99 104 ms" and a shorter form, with the colour of the status. Where others than clients
    /// decide how many calls come, that is the last to go.
    fn p99(&self, size: f64) -> [Label; 2] {
        let figure = figures::ms(self.reading.p99_ms);
        let p99 = format!("p99 {figure}");
        let forms = match self.reading.per_s.map(|rate| format!("{}/s", figures::figure(rate))) {
            Some(rate) => [format!("{rate} · {p99}"), rate],
            None => [p99, figure],
        };
        forms.map(|text| self.toned(Label::new(text, point(0.0, 0.0), size)))
    }

    fn toned(&self, label: Label) -> Label {
        match self.reading.status {
            Status::Calm => label.ink(Ink::DimInk),
            Status::Near => label.bold().ink(Ink::WaitingText),
            Status::Over => label.bold().ink(Ink::FailedText),
        }
    }

    pub fn draw(&self, card: Rect, density: Density, shapes: &mut Vec<Shape>) {
        shapes.push(face(card, self.outline()));
        match density {
            Density::Full => self.draw_full(card, shapes),
            _ => self.draw_compact(card, shapes),
        }
    }

    /// Name at the left, p99 at the right, badge between. What does not fit is shortened, then left
    /// out; returns the p99 that found no room.
    fn heading(
        &self,
        card: Rect,
        pad: f64,
        baseline: f64,
        size: f64,
        shapes: &mut Vec<Shape>,
    ) -> Option<Label> {
        let room = card.width - 2.0 * pad;
        let mut badge = self.badge();
        let wide = |badge: &Option<Badge>| badge.as_ref().map_or(0.0, |badge| badge.width() + 8.0);
        let width = |name: &str| text::width(name, size, Weight::Bold);
        let (full, short) = (self.full_name(), self.short_name());
        let forms = self.p99((size - 1.5).min(11.5));
        // A short name rather than no figure, where the figure has no other place.
        let two_rows = card.height >= 76.0 && card.width < 196.0;
        let figure = if two_rows || self.view.down { 0.0 } else { forms[1].width() + 8.0 };
        let name = if width(&full) + wide(&badge) + figure <= room { full } else { short };
        let name_width = width(&name);
        // "5×" rather than no figure.
        if let Some(badge) = &mut badge
            && name_width + badge.width() + 8.0 + figure > room
            && let Some(factor) = badge.text.strip_suffix(" slower")
        {
            badge.text = factor.into();
        }
        let badge_width = wide(&badge);
        let ink = if self.view.down { Ink::DimInk } else { Ink::Ink };
        shapes.push(Label::new(name, point(card.x + pad, baseline), size).bold().ink(ink).into());
        if let Some(badge) = &badge {
            badge.draw(point(card.x + pad + name_width + 8.0, baseline - 4.4), shapes);
        }
        if self.view.down {
            return None;
        }
        let left = room - name_width - badge_width - 8.0;
        let at = point(card.right() - pad, baseline);
        let fits = |label: &&Label| label.width() <= left;
        let fallen = (self.fallen.as_ref())
            .map(|(text, ink)| Label::new(text, at, 10.5).bold().ink(*ink))
            .filter(|label| card.height < 76.0 && label.width() <= left);
        match fallen.or_else(|| forms.iter().find(fits).cloned()) {
            Some(label) => {
                shapes.push(Label { at, ..label }.end().into());
                None
            }
            None => forms.into_iter().nth(1),
        }
    }

    fn draw_full(&self, card: Rect, shapes: &mut Vec<Shape>) {
        let pad = if card.width < 196.0 { 11.0 } else { 15.0 };
        let homeless = self.heading(card, pad, card.y + 23.0, 13.0, shapes);
        let left = card.x + pad;
        let room = card.width - 2.0 * pad;
        let band = rect(left, card.y + 33.0, room, card.height - 33.0 - 21.0);
        if card.width < 196.0 {
            self.draw_band_in_two_rows(band, homeless, shapes);
        } else {
            self.draw_band(band, shapes);
        }
        let bar = rect(left, card.bottom() - 16.0, room - 40.0, 6.0);
        let share = if self.view.down { 0.0 } else { self.reading.utilisation };
        gauges::level(bar, share, self.status_ink(), shapes);
        let at = point(card.right() - pad, bar.center().y + 3.8);
        shapes.push(self.toned(Label::new(figures::percent(share), at, 10.5)).end().into());
    }

    fn queue_label(&self, room: f64) -> Label {
        let MemberView { queued, queue_places, .. } = *self.view;
        let text = match self.reading.status {
            _ if queue_places == 0 && queued == 0 => "no queue",
            _ if queued >= queue_places && queue_places > 0 => "queue full",
            _ => "queue",
        };
        let label = Label::new(text, point(0.0, 0.0), 10.5).within(room);
        if text == "queue full" { label.bold().ink(Ink::FailedText) } else { label.ink(Ink::DimInk) }
    }

    fn draw_band(&self, band: Rect, shapes: &mut Vec<Shape>) {
        let height = band.height.min(26.0);
        let band = rect(band.x, band.center().y - height / 2.0, band.width, height);
        let slots = rect(band.x, band.y, band.width * 0.44, height);
        let used = self.draw_slots(slots, shapes);
        let label = self.queue_label(band.width * 0.35);
        let at = point(band.x + used + 12.0, band.center().y + 3.8);
        let start = at.x + label.width() + 8.0;
        shapes.push(Label { at, ..label }.into());
        self.draw_queue(rect(start, band.y, band.right() - start, height), shapes);
    }

    fn draw_band_in_two_rows(&self, band: Rect, homeless: Option<Label>, shapes: &mut Vec<Shape>) {
        let row = (band.height - 4.0) / 2.0;
        let mut slots = rect(band.x, band.y, band.width, row.min(20.0));
        if let Some(label) = homeless {
            slots.width -= label.width() + 8.0;
            let at = point(band.right(), slots.center().y + 4.0);
            shapes.push(Label { at, ..label }.end().into());
        }
        self.draw_slots(slots, shapes);
        let queue = rect(band.x, band.bottom() - row, band.width, row);
        let label = self.queue_label(band.width * 0.55);
        let start = queue.x + label.width() + 8.0;
        shapes.push(Label { at: point(queue.x, queue.center().y + 3.8), ..label }.into());
        self.draw_queue(rect(start, queue.y, queue.right() - start, row), shapes);
    }

    fn draw_slots(&self, area: Rect, shapes: &mut Vec<Shape>) -> f64 {
        gauges::slots(area, &self.view.workers, self.work_ink(), self.selected, shapes)
    }

    fn draw_queue(&self, area: Rect, shapes: &mut Vec<Shape>) {
        let MemberView { queued, queue_places, ref queue, .. } = *self.view;
        gauges::places(area, queue, queued, queue_places, self.work_ink(), self.selected, shapes);
    }

    fn draw_compact(&self, card: Rect, shapes: &mut Vec<Shape>) {
        let pad = 9.0;
        self.heading(card, pad, card.y + 16.5, 12.0, shapes);
        let room = card.width - 2.0 * pad;
        let bar = rect(card.x + pad, card.bottom() - 9.0, room, 4.0);
        let share = if self.view.down { 0.0 } else { self.reading.utilisation };
        gauges::level(bar, share, self.status_ink(), shapes);
        let top = card.y + 22.0;
        let height = bar.y - 3.0 - top;
        let used = self.draw_slots(rect(card.x + pad, top, room * 0.46, height.min(18.0)), shapes);
        let start = card.x + pad + used + 10.0;
        self.draw_queue(rect(start, top, card.right() - pad - start, height), shapes);
    }

    /// A cell: filled from below to the utilisation, marked if something is the matter.
    fn draw_cell(&self, cell: Rect, shapes: &mut Vec<Shape>) {
        let radius = (cell.width * 0.18).min(6.0);
        let calm = self.reading.status == Status::Calm;
        let line = if calm { Stroke::new(Ink::Line, 1.0) } else { Stroke::new(self.status_ink(), 1.4) };
        let line = (cell.width >= 10.0 || !calm).then_some(line);
        shapes.push(Shape::Rect { rect: cell, radius, fill: Some(Fill::of(Ink::Empty)), line });
        if self.view.down || self.view.frozen {
            let center = cell.center();
            let (size, line) =
                (cell.width * 0.28, Stroke::new(Ink::Failed, (cell.width * 0.12).clamp(1.0, 2.4)));
            shapes.push(match self.view.down {
                true => Shape::Cross { center, size, line },
                false => {
                    Shape::Polyline { points: vec![center.moved(-size, 0.0), center.moved(size, 0.0)], line }
                }
            });
            return;
        }
        let numbered = cell.width >= 34.0;
        let tank = if numbered { rect(cell.x, cell.y + 15.0, cell.width, cell.height - 15.0) } else { cell };
        let height = tank.height * self.reading.utilisation.clamp(0.0, 1.0);
        if height >= 0.5 {
            let fill = rect(tank.x, tank.bottom() - height, tank.width, height);
            shapes.push(slab(fill, radius.min(height / 2.0), self.status_ink()));
        }
        if numbered {
            let at = point(cell.center().x, cell.y + 11.5);
            let label = Label::new(self.view.number.to_string(), at, 10.0).middle();
            let ink = if self.taken_out { Ink::DimInk } else { Ink::Ink };
            shapes.push(label.ink(ink).within(cell.width - 4.0).into());
        }
    }
}

/// Where machines are drawn that were ordered and are not up yet: below the others. `bottom` is the stage's: without
/// room they are not drawn.
pub fn booting_place(count: u32, yard: &Yard, bottom: f64) -> Option<Rect> {
    let last = yard.cards.last().filter(|_| count > 0 && yard.density != Density::Cells)?;
    let ghost = rect(last.x, yard.rect.bottom() + 8.0, last.width, 26.0);
    (ghost.bottom() <= bottom - 2.0).then_some(ghost)
}

/// An outline that fills until the next are up, how many they are, and when that is.
pub fn draw_booting(servers: &ServersView, now: Time, yard: &Yard, bottom: f64, shapes: &mut Vec<Shape>) {
    let Some(ghost) = booting_place(servers.booting, yard, bottom) else { return };
    if let Some((_, ordered, up)) = servers.next_up {
        let share = now.since(ordered).ms() / up.since(ordered).ms().max(1e-6);
        let filled = rect(ghost.x, ghost.y, ghost.width * share.clamp(0.0, 1.0), ghost.height);
        shapes.push(slab(filled, 12f64.min(filled.width / 2.0), Ink::Empty));
    }
    let line = Stroke::new(Ink::DimInk, 1.2).dashed(5.0, 4.0);
    shapes.push(Shape::Rect { rect: ghost, radius: 12.0, fill: None, line: Some(line) });
    let text = starting(servers);
    let at = point(ghost.center().x, ghost.center().y + 4.0);
    shapes.push(Label::new(text, at, 11.0).middle().ink(Ink::DimInk).shrunk(ghost.width - 16.0).into());
}

/// "2 machines starting, up at 19.0 s", "3 machines starting, 2 up at 19.0 s".
pub fn starting(servers: &ServersView) -> String {
    let count = figures::count(servers.booting.into(), "machine", "machines");
    let up = servers.next_up.map(|(machines, _, up)| {
        let some = if machines < servers.booting { format!("{machines} ") } else { String::new() };
        format!(", {some}up at {:.1}{UNIT}s", up.seconds())
    });
    format!("{count} starting{}", up.unwrap_or_default())
}

/// The panel behind the cells: which members, and a sentence about all of them.
pub fn draw_panel(node: &NodeView, servers: &[Server<'_>], yard: &Yard, shapes: &mut Vec<Shape>) {
    shapes.push(face(yard.rect, Stroke::new(Ink::Line, 1.2)));
    let (first, last) = match (servers.first(), servers.last()) {
        (Some(first), Some(last)) => (first.view.number, last.view.number),
        _ => return,
    };
    let room = yard.rect.width - 28.0;
    let title = Label::new(format!("{} {first}–{last}", node.name), yard.rect_point(14.0, 22.0), 13.0).bold();
    shapes.push(title.shrunk(room).into());
    let mean = servers.iter().map(|server| server.reading.utilisation).sum::<f64>() / servers.len() as f64;
    let count = |what: fn(&Server<'_>) -> bool| servers.iter().filter(|server| what(server)).count();
    let queued: u64 = servers.iter().map(|server| server.view.queued as u64).sum();
    let mut facts =
        vec![format!("{} busy", figures::percent(mean)), format!("{} queued", figures::whole(queued))];
    let groups: [(usize, &str); 5] = [
        (count(|server| server.view.down), "down"),
        (count(|server| server.reading.status == Status::Over), "full"),
        (count(|server| server.reading.status == Status::Near), "near the limit"),
        (count(|server| server.view.frozen), "frozen"),
        (count(|server| server.taken_out && !server.view.down), "taken out"),
    ];
    facts
        .extend(groups.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")));
    let line = Label::new(facts.join(" · "), yard.rect_point(14.0, HEADING - 13.0), 11.0).ink(Ink::DimInk);
    shapes.push(line.shrunk(room).into());
    for (server, cell) in servers.iter().zip(&yard.cards) {
        server.draw_cell(*cell, shapes);
    }
}
