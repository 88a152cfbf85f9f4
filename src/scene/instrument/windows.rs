//! Pictures of limits that count in windows of time.

use super::limit::{decisions, short, tank, words};
use super::parts::Piece;
use crate::algo::limit::Window;
use crate::node::station::LimitView;
use crate::scene::geometry::{Rect, point, rect};
use crate::scene::palette::Ink;
use crate::scene::shape::{Fill, Label, Shape, Stroke, disc, slab};
use crate::sim::{Span, Time};

/// Windows that a fixed window shows, the present one last.
const SHOWN: u64 = 4;

fn window(view: &LimitView) -> Window {
    view.state.window.unwrap_or(Window { from: Time::ZERO, to: Time(1), count: 0, before: None })
}

/// The most that passed within one window's time with an edge in it, if that is more than the limit; and when.
pub fn across_edge(view: &LimitView) -> Option<(usize, (Time, Time))> {
    let Window { from, to, .. } = window(view);
    let length = to.since(from);
    if view.policy != "fixed-window" {
        return None;
    }
    let passed = &view.passed;
    // Of what is shown.
    let begin = Time(from.0.saturating_sub((SHOWN - 1) * length.0));
    let mut best: Option<(usize, (Time, Time))> = None;
    let mut first = 0;
    for (last, at) in passed.iter().enumerate() {
        while passed[first] + length <= *at || passed[first] < begin {
            if first == last {
                break;
            }
            first += 1;
        }
        let count = last + 1 - first;
        if passed[first] >= begin
            && count as f64 > view.state.most
            && best.is_none_or(|known| count >= known.0)
        {
            best = Some((count, (passed[first], *at)));
        }
    }
    best
}

pub fn edge_words(view: &LimitView, count: usize) -> String {
    let Window { from, to, .. } = window(view);
    format!("{count} in {}, across the edge", short(to.since(from)))
}

/// A bar for each of the last windows, full at the limit.
pub fn fixed(view: &LimitView, area: Rect, shapes: &mut Vec<Shape>) {
    let Window { from, to, count, .. } = window(view);
    let length = to.since(from);
    let pitch = area.width / SHOWN as f64;
    let bars = rect(area.x, area.y + 18.0, area.width, area.height - 36.0);
    let begin = from.seconds() - (SHOWN - 1) as f64 * length.seconds();
    for nth in 0..SHOWN {
        let back = (SHOWN - 1 - nth) * length.0;
        let Some(start) = from.0.checked_sub(back).map(Time) else { continue };
        let bar = rect(bars.x + nth as f64 * pitch + 2.0, bars.y, pitch - 4.0, bars.height);
        // Before that, it is no longer known what passed.
        let known = start >= view.since;
        let inside = view.passed.iter().filter(|at| **at >= start && **at < start + length);
        let counted = if back == 0 { Some(count) } else { known.then(|| inside.count() as u64) };
        let full = counted.is_some_and(|counted| counted as f64 >= view.state.most);
        let ink = if full { Ink::Waiting } else { Ink::Ok };
        tank(bar, counted.unwrap_or(0) as f64 / view.state.most, ink, shapes);
        let ink = if full { Ink::WaitingText } else { Ink::DimInk };
        let label = |said: String| {
            let label = Label::new(said, point(bar.center().x, bars.bottom() + 13.0), 10.0).middle().ink(ink);
            if back == 0 { label.bold() } else { label }
        };
        let forms = match counted {
            Some(counted) => [format!("{counted} of {}", view.state.most), counted.to_string()],
            None => ["not known".to_owned(), "?".to_owned()],
        };
        let [long, short] = forms.map(|said| label(said).shrunk(pitch - 2.0));
        shapes.push(if long.text.ends_with('…') { short } else { long }.into());
        if back == 0 {
            let line = Some(Stroke::new(Ink::Ink, 1.3));
            shapes.push(Shape::Rect { rect: bar, radius: 4.0, fill: None, line });
            let x = bar.x + bar.width * (view.now.since(from).0 as f64 / length.0.max(1) as f64);
            let points = vec![point(x, bar.y - 3.0), point(x, bar.bottom() + 3.0)];
            shapes.push(Shape::Polyline { points, line: Stroke::new(Ink::Ink, 1.6) });
        }
    }
    match across_edge(view) {
        Some((count, (first, last))) => {
            let x = |at: Time| area.x + (at.seconds() - begin) / length.seconds().max(1e-9) * pitch;
            let points = vec![
                point(x(first).max(area.x), bars.y - 3.5),
                point(x(last).max(x(first) + 3.0), bars.y - 3.5),
            ];
            shapes.push(Shape::Polyline { points, line: Stroke::new(Ink::Failed, 2.2) });
            let label = Label::new(edge_words(view, count), point(0.0, area.y + 11.0), 10.5).bold().middle();
            let half = (label.width() / 2.0).min(area.width / 2.0);
            let at = ((x(first) + x(last)) / 2.0).clamp(area.x + half, area.right() - half);
            let label = Label { at: point(at, area.y + 11.0), ..label };
            shapes.push(label.ink(Ink::FailedText).within(area.width).into());
        }
        None => {
            let said = format!("windows of {}, {} in each", short(length), view.state.most);
            words(area, vec![Piece::dim(said)], shapes);
        }
    }
}

/// What passed within the window that ends now, and what was refused.
pub fn log(view: &LimitView, area: Rect, shapes: &mut Vec<Shape>) {
    let Window { from, to, .. } = window(view);
    let length = to.since(from);
    let state = &view.state;
    let span = length.seconds();
    let (begin, end) = (view.now.seconds() - 1.25 * span, view.now.seconds() + 0.04 * span);
    let x = |at: f64| area.x + (at - begin) / (end - begin) * area.width;
    let half = (area.height * 0.2).clamp(17.0, 28.0);
    let y = area.y + half + (area.height * 0.08).clamp(3.0, 16.0);
    let (left, right) = (x(view.now.seconds() - span), x(view.now.seconds()));
    let fill = Some(Fill { ink: Ink::Request, alpha: 0.14 });
    shapes.push(Shape::Rect {
        rect: rect(left, y - half, right - left, 2.0 * half),
        radius: 6.0,
        fill,
        line: None,
    });
    shapes.push(slab(rect(area.x, y - 1.5, area.width, 3.0), 1.5, Ink::Track));
    // What has left the window, pale.
    for at in view.passed.iter().filter(|at| **at + length <= view.now && at.seconds() > begin) {
        shapes.push(disc(point(x(at.seconds()), y), 3.4, Ink::Line));
    }
    let log: Vec<Time> = state.log.iter().map(|it| it.at).collect();
    decisions(view, &log, rect(area.x, y - 5.0, area.width, 10.0), (begin, end), shapes);
    let ago =
        Label::new(format!("{} ago", short(length)), point(left, y + half + 13.0), 10.0).ink(Ink::DimInk);
    let now = Label::new("now", point(right, y + half + 13.0), 10.0).end().ink(Ink::DimInk);
    shapes.extend([ago.into(), now.into()]);
    let oldest = state.log.first().map(|it| (it.at + length).since(view.now));
    let count = format!("{} of {} in the window", state.level, state.most);
    let said = match oldest {
        Some(left) if state.level >= state.most => {
            let when = format!("refuse until the oldest leaves, {}", short(left));
            [count, when].map(|said| Piece::bold(said).ink(Ink::RefusedText)).into()
        }
        _ => vec![Piece::plain(count)],
    };
    words(rect(area.x, y + half + 19.0, area.width, 34.0), said, shapes);
}

/// The window before, of which a part counts still, and the present one.
pub fn counter(view: &LimitView, area: Rect, shapes: &mut Vec<Shape>) {
    let Window { from, to, count, before } = window(view);
    let (length, before) = (to.since(from), before.unwrap_or(0));
    let gone = view.now.since(from).0 as f64 / length.0.max(1) as f64;
    let most = view.state.most;
    let pitch = area.width / 2.0;
    let bars = rect(area.x, area.y + 16.0, area.width, area.height - 49.0);
    for (nth, (counted, when)) in
        [(before, "the window before"), (count, "this window")].into_iter().enumerate()
    {
        let bar = rect(bars.x + nth as f64 * pitch + 2.0, bars.y, pitch - 4.0, bars.height);
        shapes.push(slab(bar, 4.0, Ink::Empty));
        let height = bar.height * (counted as f64 / most.max(1.0)).min(1.0);
        if height >= 0.5 {
            let level = rect(bar.x, bar.bottom() - height, bar.width, height);
            let radius = 4.0_f64.min(height / 2.0);
            if nth == 0 {
                // Only what lies under the sliding window counts.
                let counts = rect(level.x + level.width * gone, level.y, level.width * (1.0 - gone), height);
                let fill = Some(Fill { ink: Ink::Ok, alpha: 0.3 });
                shapes.push(Shape::Rect { rect: level, radius, fill, line: None });
                shapes.push(slab(counts, radius.min(counts.width / 2.0), Ink::Ok));
            } else {
                shapes.push(slab(level, radius, Ink::Ok));
            }
        }
        let label =
            Label::new(format!("{counted} · {when}"), point(bar.center().x, area.y + 10.5), 10.0).middle();
        shapes.push(label.ink(Ink::DimInk).within(pitch - 4.0).into());
    }
    let slides = rect(area.x + 2.0 + pitch * gone, bars.y - 3.0, pitch - 4.0, bars.height + 6.0);
    let line = Some(Stroke::new(Ink::Ink, 1.5).dashed(4.0, 3.0));
    shapes.push(Shape::Rect { rect: slides, radius: 5.0, fill: None, line });
    let sum = format!("{before} × {:.2} + {count} = {:.1} of {most}", 1.0 - gone, view.state.level);
    let full = view.state.level + 1.0 > most;
    let sum = Piece::bold(sum).ink(if full { Ink::WaitingText } else { Ink::Ink });
    let said = Piece::dim(format!("dashed: the last {}, as if evenly spread", short(length.max(Span(1)))));
    words(rect(area.x, bars.bottom() + 5.0, area.width, 30.0), vec![sum, said], shapes);
}
