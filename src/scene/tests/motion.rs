//! What moves: along its track, at constant speed, on simulated time alone.

use super::system::*;
use crate::run::snapshot::*;
use crate::scene::dots::{MARKS_MAX, dots_per, position, radius, reply_offset};
use crate::scene::travel::gets_a_dot;
use crate::scene::*;
use crate::sim::{Outcome, Place, Time};

#[test]
fn every_dot_lies_on_its_track() {
    for (width, height) in [(390.0, 560.0), (780.0, 520.0), (1100.0, 700.0)] {
        for servers in [1, 4, 8, 16, 100] {
            let system = System::new(servers);
            let picture = system.picture(width, height);
            let layout = &picture.layout;
            for dot in &system.snapshot.dots {
                let at = position(dot, system.snapshot.now, layout).expect("it is on a track");
                let journey = layout.journey(dot.link, dot.from, dot.to).expect("the track exists");
                let beside = if dot.way == Way::Back { reply_offset(layout) } else { 0.0 };
                // Within the track's own width, allowing for the steps of the arc table.
                assert!(journey.distance(at) <= beside + 3.0, "{servers} {dot:?}: {}", journey.distance(at));
                assert!(journey.distance(at) >= beside * 0.6);
            }
        }
    }
}

/// No track leads nowhere, also where several machines share one.
#[test]
fn every_track_is_some_machines() {
    for (width, height) in [(360.0, 460.0), (390.0, 560.0), (780.0, 520.0), (1100.0, 700.0)] {
        for servers in [1, 4, 7, 8, 9, 16, 20, 50, 100] {
            let layout = System::new(servers).picture(width, height).layout;
            for tracks in &layout.tracks {
                let yard = &layout.yards[tracks.to];
                let members = 0..yard.cards.len().max(1);
                let mut used: Vec<usize> =
                    members.map(|member| yard.lane(member, tracks.ins.len())).collect();
                used.sort_unstable();
                used.dedup();
                assert_eq!(used.len(), tracks.ins.len(), "{servers} servers on {width} × {height}");
            }
        }
    }
}

#[test]
fn a_dot_travels_at_constant_speed_from_departure_to_arrival() {
    let mut system = System::new(4);
    let dot = Dot { way: Way::Out, link: 1, to: Place { node: 2, member: 0 }, ..system.snapshot.dots[1] };
    let layout = system.picture(800.0, 520.0).layout;
    let span = dot.due.since(dot.departed).ms();
    let mut steps = vec![];
    let mut last = None;
    for step in 0..=50 {
        system.snapshot.now = Time::from_ms(dot.departed.ms() + span * step as f64 / 50.0);
        let at = position(&dot, system.snapshot.now, &layout).expect("it is on its track");
        steps.extend(last.map(|last| at.distance(last)));
        last = Some(at);
    }
    let mean = steps.iter().sum::<f64>() / steps.len() as f64;
    assert!(steps.iter().all(|step| (step / mean - 1.0).abs() < 0.06), "{steps:?}");
    let end = layout.journey(1, dot.from, dot.to).expect("there is a way").at(1.0, radius(&layout) + 1.5).0;
    assert!(last.is_some_and(|last| last.distance(end) < 1e-6));
}

/// However many are refused at one machine, few crosses fall at a time, and each that is seen falls all the way; the
/// label counts all.
#[test]
fn what_falls_at_one_spot_does_not_smear() {
    let mut system = System::new(4).overloaded();
    let view = View { speed: 10.0, ..System::view(800.0, 520.0) };
    let first = system.readings.falls[0];
    system.readings.falls =
        (0..240).map(|n| Fall { at: Time::from_ms(n as f64 * 80.0), request: n, ..first }).collect();
    let mut seen: Vec<Vec<(f64, f64)>> = vec![];
    for frame in 0..60 {
        system.snapshot.now = Time::from_ms(8000.0 + 160.0 * frame as f64);
        let shapes = stage(&system.snapshot, &system.readings, &view).shapes;
        let faded = |shape: &Shape| match shape {
            Shape::Cross { center, line, .. } if line.alpha < 1.0 => Some((center.x, center.y)),
            _ => None,
        };
        let falling: Vec<(f64, f64)> = shapes.iter().filter_map(faded).collect();
        assert!((4..=7).contains(&falling.len()), "{frame}: {falling:?}");
        let count = system
            .readings
            .falls
            .iter()
            .filter(|fall| {
                view.age_s(system.snapshot.now, fall.at) < falls::LABEL_S && fall.at <= system.snapshot.now
            })
            .count();
        let label = falls::gathered(first.outcome, count as u64, &[]);
        assert!(
            shapes.iter().any(|shape| matches!(shape, Shape::Text(it) if it.text == label)),
            "{frame}: {label}"
        );
        seen.push(falling);
    }
    // The lowest of one frame was among those of the frame before, higher up: none appears on its way.
    for pair in seen.windows(2) {
        let lowest = pair[1].iter().fold(f64::MIN, |lowest, (_, y)| lowest.max(*y));
        let before = pair[0].iter().fold(f64::MIN, |lowest, (_, y)| lowest.max(*y));
        assert!(lowest <= before + 6.0, "{pair:?}");
    }
}

#[test]
fn many_requests_share_dots_and_the_stage_says_so() {
    let mut system = System::new(4);
    system.under_way(30_000);
    let picture = system.picture(800.0, 520.0);
    assert_eq!(picture.dots_per, dots_per(30_000, 1));
    let shown = picture.marks.len() as f64;
    assert!((shown * picture.dots_per as f64 / 30_000.0 - 1.0).abs() < 0.1, "{shown}");
    assert!(shown <= MARKS_MAX as f64 * 1.1);
    assert!(picture.marks.iter().all(|mark| gets_a_dot(mark.request, picture.dots_per)));
    let says = |shape: &Shape| matches!(shape, Shape::Text(label) if label.text == "1 dot = 20 requests");
    assert!(picture.shapes.iter().any(says));
}

/// Round robin gives request n to server n mod 4: whichever requests get dots, every server must.
#[test]
fn thinning_does_not_follow_the_policy() {
    for per in [2, 4, 5, 10, 20, 100] {
        let mut by_server = [0_u32; 4];
        for request in (0..40_000).filter(|request| gets_a_dot(*request, per)) {
            by_server[(request % 4) as usize] += 1;
        }
        let expected = 10_000.0 / per as f64;
        // Five standard deviations of a binomial count.
        let bound = 5.0 * expected.sqrt();
        assert!(
            by_server.iter().all(|count| (*count as f64 - expected).abs() < bound),
            "{per}: {by_server:?}"
        );
    }
}

#[test]
fn reduced_motion_counts_instead_of_moving() {
    let system = System::new(4);
    let view = View { reduced_motion: true, ..View::default() };
    let picture = stage(&system.snapshot, &system.readings, &view);
    assert!(picture.marks.is_empty());
    let on_first = system.snapshot.dots.iter().filter(|dot| dot.link == 0).count();
    let wanted = format!("{on_first} under way");
    assert!(picture.shapes.iter().any(|shape| matches!(shape, Shape::Text(label) if label.text == wanted)));
}

fn crosses(picture: &Picture) -> usize {
    let is_cross = |shape: &&Shape| matches!(shape, Shape::Cross { size, .. } if *size > 4.0);
    picture.shapes.iter().filter(is_cross).count()
}

#[test]
fn pieces_fall_for_eight_tenths_of_a_second_of_screen_time() {
    let mut system = System::new(4).overloaded();
    let born = system.snapshot.now;
    system.readings.falls.truncate(1);
    system.readings.falls[0].at = born;
    for (speed, screen_s, falling) in
        [(0.05, 0.1, 1), (0.05, 0.79, 1), (0.05, 0.81, 0), (10.0, 0.79, 1), (10.0, 0.81, 0)]
    {
        system.snapshot.now = Time::from_ms(born.ms() + screen_s * speed * 1000.0);
        let view = View { speed, ..View::default() };
        assert_eq!(crosses(&stage(&system.snapshot, &system.readings, &view)), falling, "{speed} {screen_s}");
    }
    // What has not happened yet does not fall: after seeking back.
    system.snapshot.now = Time::from_ms(born.ms() - 1.0);
    assert_eq!(crosses(&system.picture(800.0, 520.0)), 0);
}

#[test]
fn a_lost_message_falls_off_its_link() {
    let mut system = System::new(2);
    let now = system.snapshot.now;
    let lost = Dot {
        way: Way::Lost,
        departed: Time::from_ms(now.ms() - 5.0),
        due: Time::from_ms(now.ms() + 995.0),
        outcome: Outcome::Lost,
        ..system.snapshot.dots[1]
    };
    system.snapshot.dots = vec![lost];
    let picture = system.picture(800.0, 520.0);
    assert!(picture.marks.is_empty());
    assert!(
        picture.shapes.iter().any(|shape| matches!(shape, Shape::BrokenSquare { size, .. } if *size > 4.0))
    );
    assert!(picture.shapes.iter().any(|shape| matches!(shape, Shape::Text(label) if label.text == "lost")));
}

#[test]
fn a_status_warns_before_the_first_loss() {
    assert_eq!(Status::of(0.5, 2.0, 16), Status::Calm);
    assert_eq!(Status::of(0.5, 12.0, 16), Status::Near);
    assert_eq!(Status::of(0.86, 0.0, 16), Status::Near);
    assert_eq!(Status::of(1.0, 16.0, 16), Status::Over);
    assert_eq!(Status::of(0.5, 0.0, 0), Status::Calm);
}

#[test]
fn the_selected_request_has_a_halo_and_the_selected_card_an_outline() {
    let system = System::new(4);
    let dot = system.snapshot.dots[3];
    let ring = |picture: &Picture| {
        let is_halo = |shape: &&Shape| matches!(shape, Shape::Circle { fill: None, line: Some(line), .. } if line.ink == Ink::Ink);
        picture.shapes.iter().filter(is_halo).count()
    };
    let select = |target| View { selected: Some(target), ..View::default() };
    let with = stage(&system.snapshot, &system.readings, &select(Target::Request(dot.request)));
    assert_eq!((ring(&with), ring(&system.picture(800.0, 520.0))), (1, 0));
    let card =
        stage(&system.snapshot, &system.readings, &select(Target::Member { node: SERVERS, member: 1 }));
    assert_eq!(card.shapes.len(), system.picture(800.0, 520.0).shapes.len() + 1);
}

/// A dot each, and more than can be told apart: every one is covered by a mark of its kind, and the pixels are those of
/// all of them, but for edges that lie over each other.
#[test]
fn dots_over_each_other_share_a_mark_and_the_picture_is_the_same() {
    for (servers, under_way, (width, height)) in
        [(4, 30_000, (800.0, 520.0)), (12, 60_000, (1100.0, 700.0)), (100, 30_000, (390.0, 560.0))]
    {
        let mut system = System::new(servers);
        system.under_way(under_way);
        let view = View { width, height, each: true, ..View::default() };
        let picture = stage(&system.snapshot, &system.readings, &view);
        assert_eq!(picture.dots_per, 1);
        assert_is_moved_in_any_order(&picture, &system);
        assert_is_moved_in_any_order(&system.picture(width, height), &system);
        let scale = picture.layout.scale;
        let all = system.snapshot.dots.iter().filter_map(|dot| {
            let at = position(dot, system.snapshot.now, &picture.layout)?;
            let at = geometry::point(at.x * scale, at.y * scale);
            Some(Mark { at, kind: MarkKind::of(dot), request: dot.request })
        });
        let all: Vec<Mark> = all.collect();
        assert!(picture.marks.len() * 2 < all.len(), "{} of {}", picture.marks.len(), all.len());
        assert!(picture.marks.iter().all(|mark| all.contains(mark)), "a mark is somebody's");
        for mark in all.iter().step_by(7) {
            // Beside a bend a reply has a longer way than its track.
            let near = |other: &&Mark| other.kind == mark.kind && other.at.distance(mark.at) <= 2.4;
            assert!(picture.marks.iter().any(|other| near(&other)), "{mark:?}");
        }
        let [mut few, mut many] = [(); 2].map(|()| Raster::new(width, height, 1.0, &Palette::LIGHT));
        few.draw(&picture.marks, picture.mark_radius);
        many.draw(&all, picture.mark_radius);
        let filled = |raster: &Raster| raster.pixels().chunks(4).map(|pixel| pixel[3]).collect::<Vec<u8>>();
        let differ =
            filled(&few).into_iter().zip(filled(&many)).filter(|(few, many)| (*many > 250) != (*few > 128));
        let drawn = filled(&many).into_iter().filter(|alpha| *alpha > 250).count();
        let differ = differ.count();
        assert!(differ * 20 < drawn, "{differ} of {drawn}");
    }
}

/// A frame in which only dots move has them in the order of memory.
fn assert_is_moved_in_any_order(picture: &Picture, system: &System) {
    let mut dots = system.snapshot.dots.clone();
    dots.reverse();
    dots[1..].reverse();
    let mut moved = picture.clone();
    moved.marks.clear();
    moved.move_marks(&dots, system.snapshot.now);
    assert!(moved == *picture && !moved.marks.is_empty());
}
