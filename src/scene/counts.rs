//! For those who prefer no motion: how many are under way on each track, as figures that change in place.

use super::figures;
use super::labels::{Labels, around};
use super::layout::Layout;
use super::palette::Ink;
use super::shape::{Label, Shape};
use super::yard::Density;
use crate::run::snapshot::{Snapshot, Way};

/// Requests and replies on one track.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Traffic {
    out: u64,
    back: u64,
}

pub fn draw(snapshot: &Snapshot, layout: &Layout, labels: &mut Labels, shapes: &mut Vec<Shape>) {
    for (index, tracks) in layout.tracks.iter().enumerate() {
        let Some(into) = layout.yards.get(tracks.to) else { continue };
        let direct = into.ranks == 1 && into.density != Density::Cells && tracks.ins.len() <= 12;
        let mut lanes = vec![Traffic::default(); if direct { tracks.ins.len() } else { 1 }];
        for dot in snapshot.dots.iter().filter(|dot| dot.link == index && !dot.probe) {
            let lane = if direct { into.lane(dot.to.member as usize, tracks.ins.len()) } else { 0 };
            match (dot.way, lanes.get_mut(lane)) {
                (Way::Out, Some(lane)) => lane.out += 1,
                (Way::Back, Some(lane)) => lane.back += 1,
                _ => {}
            }
        }
        let alone = lanes.len() == 1;
        for (lane, traffic) in lanes.into_iter().enumerate() {
            let Some(curve) = tracks.ins.get(lane) else { continue };
            let share = if alone { 0.5 } else { 0.74 };
            let (at, _) = curve.at(curve.length() * share);
            let label = Label::new(words(traffic, alone), at, 10.5).middle().ink(Ink::Ink);
            let places = around(at, label.width(), 10.5);
            labels.place(label, &places, shapes);
        }
    }
}

fn words(traffic: Traffic, alone: bool) -> String {
    let Traffic { out, back } = traffic;
    match alone {
        true if out + back == 0 => "none under way".to_owned(),
        true => format!("{} under way", figures::whole(out + back)),
        false => format!("→{} ←{}", figures::whole(out), figures::whole(back)),
    }
}
