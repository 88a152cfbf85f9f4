//! What a node's machines are together, on a sign beside their cards: how many, what they can do, how busy they are, what
//! an hour costs; and whether there is a second one should the only one fail.

use super::figures::{self, UNIT};
use super::geometry::{Rect, point};
use super::instrument;
use super::palette::Ink;
use super::shape::{Label, Shape};
use crate::run::snapshot::{FleetView, ServersView};

/// A narrower sign has smaller letters.
const NARROW: f64 = 150.0;

/// The sign's least width, where there is room, and its height.
pub fn sign(servers: &ServersView) -> (f64, f64) {
    (220.0, if is_single(servers) { 47.0 } else { 33.0 })
}

/// What the sign says; `None` for servers without one.
pub fn of(servers: &ServersView) -> Option<&FleetView> {
    servers.fleet.as_ref().filter(|_| instrument::room(&servers.inside).is_none())
}

const SINGLE: &str = "single point of failure";

/// At length and shortly: "2 of 3 machines up", "2 of 3 up".
type Forms = [String; 2];

fn machines(servers: &ServersView, fleet: &FleetView) -> Forms {
    let (up, all) = (fleet.up, servers.in_service);
    let count = figures::count(all.into(), "machine", "machines");
    match up < all {
        true => [format!("{up} of {count} up"), format!("{up} of {all} up")],
        false if servers.booting > 0 => match servers.next_up {
            Some((more, _, up)) => [format!("{count}, {more} more at {:.1}{UNIT}s", up.seconds()), count],
            None => [format!("{count}, {} starting", servers.booting), count],
        },
        false => [count.clone(), count],
    }
}

/// "150 req/s at most", "≤ 150 req/s"; nothing if that is not known.
fn capacity(fleet: &FleetView) -> Option<Forms> {
    let figure = figures::with_unit(Some(fleet.capacity_per_s?), "req/s");
    // Without saying so it would be read as what they do.
    Some([format!("{figure} at most"), format!("≤ {figure}")])
}

/// "cost 3 per h", "cost 3/h"; nothing if they cost nothing.
fn cost(fleet: &FleetView) -> Option<Forms> {
    let figure = format!("{} per h", figures::short(fleet.cost_per_hour));
    let short = format!("cost {}/h", figures::short(fleet.cost_per_hour));
    (fleet.cost_per_hour > 0.0).then(|| [format!("cost {figure}"), short])
}

fn is_single(servers: &ServersView) -> bool {
    servers.in_service == 1 && servers.booting == 0
}

pub fn draw(servers: &ServersView, fleet: &FleetView, sign: Rect, shapes: &mut Vec<Shape>) {
    let (x, right) = (sign.x + 3.0, sign.right() - 3.0);
    let large = if sign.width < NARROW { 11.0 } else { 12.0 };
    let ink = if fleet.up < servers.in_service { Ink::FailedText } else { Ink::Ink };
    let busy = [
        format!("{} of {} busy", fleet.busy, figures::count(fleet.workers.into(), "worker", "workers")),
        format!("{}/{} busy", fleet.busy, fleet.workers),
    ];
    let lines = [
        (12.0, large, true, ink, machines(servers, fleet), cost(fleet)),
        (27.0, 10.5, false, Ink::DimInk, busy, capacity(fleet)),
    ];
    for (down, size, bold, ink, left, at_right) in lines {
        let baseline = sign.y + down;
        let left = left.map(|text| {
            let label = Label::new(text, point(x, baseline), size).ink(ink);
            if bold { label.bold() } else { label }
        });
        let at_right = at_right.unwrap_or_default();
        let at_right =
            at_right.map(|text| Label::new(text, point(right, baseline), size).end().ink(Ink::DimInk));
        // Both at length if they fit, else both shortly; what then has no room is cut.
        let fits = left[0].width() + at_right[0].width() + 10.0 <= right - x;
        let [left, at_right] = [left, at_right].map(|[long, short]| if fits { long } else { short });
        let room = right - x - at_right.width() - 8.0;
        shapes.extend([left.shrunk(room), at_right].map(Shape::from));
    }
    if is_single(servers) {
        let label = Label::new(SINGLE, point(x, sign.y + 41.0), 10.0).bold().ink(Ink::WaitingText);
        shapes.push(label.within(right - x).into());
    }
}

/// What stands still of it, in words: "2 of 3 machines up", "100 req/s at most", "cost 3 per h".
pub fn describe(servers: &ServersView) -> Vec<String> {
    let Some(fleet) = &servers.fleet else { return vec![] };
    let machines = (fleet.up < servers.in_service).then(|| machines(servers, fleet));
    let said = [machines, capacity(fleet), cost(fleet)].into_iter().flatten().map(|[long, _]| long);
    said.chain(is_single(servers).then(|| SINGLE.to_owned())).collect()
}
