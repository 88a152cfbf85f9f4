//! A news feed: one reader's feed as a list, newest first, and the newest posts with the writes of each. A post that
//! was copied is a disc, one that is gathered when the feed is read a ring, one that is not there yet a dashed ring.

use super::Room;
use super::parts::{self, Line, Piece};
use crate::scene::describe::decade;
use crate::scene::figures;
use crate::scene::geometry::{Point, Rect, point, rect};
use crate::scene::palette::Ink;
use crate::scene::shape::{Shape, Stroke, disc, ring, slab};
use crate::systems::feed::view::{Came, FeedRow, FeedView, PostRow, Way};
use std::fmt::Write as _;

pub const ROOM: Room = Room { least: (236.0, 184.0), most: (470.0, 268.0), weight: 1.6 };

const PAD: f64 = 12.0;
/// Name, and what writes and reads cost.
const HEAD: f64 = 40.0;
/// What the marks mean.
const FOOT: f64 = 22.0;
/// What a list is of.
const TITLE: f64 = 18.0;
const ROW: f64 = 17.5;
/// With less the lists stand one above the other.
const WIDE: f64 = 320.0;
const GAP: f64 = 18.0;

pub fn draw(name: &str, view: &FeedView, card: Rect, shapes: &mut Vec<Shape>) {
    let inner = rect(card.x + PAD, card.y, card.width - 2.0 * PAD, card.height);
    let way = Piece::bold(way(view)).ink(Ink::RequestText);
    parts::ends(inner, card.y + 18.0, 12.0, Piece::bold(name), way, shapes);
    let (writes, lists) = costs(view);
    parts::ends(inner, card.y + 32.0, 10.5, Piece::dim(writes), Piece::dim(lists), shapes);
    let body = rect(inner.x, card.y + HEAD, inner.width, card.height - HEAD - FOOT);
    let (feed, posts) = if inner.width >= WIDE {
        let width = (body.width - GAP) / 2.0;
        (rect(body.x, body.y, width, body.height), rect(body.x + width + GAP, body.y, width, body.height))
    } else {
        let rows = ((body.height - 2.0 * TITLE) / ROW).floor();
        let height = TITLE + (rows * 0.6).floor() * ROW;
        (rect(body.x, body.y, body.width, height), {
            rect(body.x, body.y + height, body.width, body.height - height)
        })
    };
    draw_feed(view, feed, shapes);
    draw_posts(view, posts, shapes);
    draw_foot(view, inner, card.bottom() - 9.0, shapes);
}

/// "on write", "hybrid from 200 followers".
fn way(view: &FeedView) -> String {
    match view.fan_out {
        Way::Write => "fan-out on write".into(),
        Way::Read => "fan-out on read".into(),
        Way::Hybrid => format!("hybrid from {}", figures::whole(view.celebrity_followers.into())),
    }
}

/// What a post and a read came to.
fn costs(view: &FeedView) -> (String, String) {
    let mean = |part: u64, all: u64| {
        let mean = part as f64 / all.max(1) as f64;
        if mean < 10.0 { figures::short((mean * 10.0).round() / 10.0) } else { figures::short(mean.round()) }
    };
    let writes = match view.posts_written {
        0 => "no post yet".into(),
        posts => format!("{} copies a post", mean(view.copies_made + view.copies_waiting, posts)),
    };
    let lists = match view.feeds_read {
        0 => "no read yet".into(),
        reads => {
            let lists = mean(view.lists_read, reads);
            format!("{lists} {} a read", if lists == "1" { "list" } else { "lists" })
        }
    };
    (writes, lists)
}

/// What of an area below its title so many rows can use.
fn rows(area: Rect, wanted: usize) -> impl Iterator<Item = (usize, f64)> {
    let fit = ((area.height - TITLE) / ROW).floor().max(0.0) as usize;
    (0..fit.min(wanted)).map(move |row| (row, area.y + TITLE + (row as f64 + 0.5) * ROW))
}

fn title(area: Rect, left: String, right: &str, shapes: &mut Vec<Shape>) {
    parts::ends(area, area.y + 12.0, 10.5, Piece::dim(left), Piece::dim(right), shapes);
}

fn draw_feed(view: &FeedView, area: Rect, shapes: &mut Vec<Shape>) {
    title(area, format!("feed of user {}", view.reader), "age", shapes);
    for (row, y) in rows(area, view.rows.len()) {
        let FeedRow { author, followers, at, came, .. } = view.rows[row];
        shapes.push(mark(came, point(area.x + 4.0, y)));
        let right = rect(area.x + 14.0, y, area.width - 14.0, ROW);
        let ink = if came == Came::Waiting { Ink::WaitingText } else { Ink::Ink };
        // In few letters where there is little room.
        let many = if area.width < 190.0 { "f." } else { "followers" };
        let who =
            Piece::plain(format!("user {author} · {} {many}", figures::whole(followers.into()))).ink(ink);
        parts::ends(right, y + 3.8, 10.5, who, Piece::dim(age(view, at)), shapes);
    }
}

fn age(view: &FeedView, at: crate::sim::Time) -> String {
    let seconds = view.now.since(at).seconds();
    if seconds < 10.0 { format!("{seconds:.1} s") } else { format!("{seconds:.0} s") }
}

fn mark(came: Came, at: Point) -> Shape {
    match came {
        Came::Copied => disc(at, 3.6, Ink::Ok),
        Came::Gathered => ring(at, 3.2, Stroke::new(Ink::Request, 1.8)),
        Came::Waiting => ring(at, 3.2, Stroke::new(Ink::Waiting, 1.6).dashed(2.0, 1.6)),
    }
}

/// Each post: who wrote it, and how much was written for it.
fn draw_posts(view: &FeedView, area: Rect, shapes: &mut Vec<Shape>) {
    title(area, "newest posts".into(), "copies", shapes);
    let most = view.copies_most.max(1);
    for (row, y) in rows(area, view.posts.len()) {
        let PostRow { author, followers, gathered, copied, waiting, .. } = view.posts[row];
        let who = Piece::plain(format!("user {author}")).at(area.x, y + 3.8, 10.5);
        let left = area.x + 58.0;
        shapes.push(who.within(54.0).into());
        if gathered {
            shapes.push(mark(Came::Gathered, point(left + 4.0, y)));
            let said = Piece::dim(format!("gathered by {}", figures::whole(followers.into())));
            shapes.push(said.at(left + 13.0, y + 3.8, 10.5).within(area.right() - left - 13.0).into());
            continue;
        }
        let said = Piece::bold(figures::whole(u64::from(copied + waiting)));
        let said = said.at(area.right(), y + 3.8, 10.5).end();
        let room = area.right() - said.width() - 6.0 - left;
        shapes.push(said.into());
        let long = |part: u32| room * f64::from(part) / f64::from(most);
        let bar = |x: f64, width: f64, ink| slab(rect(x, y - 3.5, width, 7.0), (width / 2.0).min(3.5), ink);
        shapes.push(bar(left, room, Ink::Empty));
        if waiting > 0 {
            shapes.push(bar(left, long(copied + waiting).max(2.0), Ink::Waiting));
        }
        if copied > 0 {
            shapes.push(bar(left, long(copied).max(2.0), Ink::Ok));
        }
    }
}

fn draw_foot(view: &FeedView, inner: Rect, baseline: f64, shapes: &mut Vec<Shape>) {
    let mut line = Line::new(inner, baseline, 10.5);
    let mut legend = |came, text: &str| {
        line.marked(|center| mark(came, center), Piece::dim(text), shapes);
    };
    legend(Came::Copied, "copied");
    legend(Came::Gathered, "gathered");
    if view.copies_waiting > 0 || view.feeds_stale > 0 {
        let waiting = figures::whole(view.copies_waiting);
        legend(Came::Waiting, &format!("not there yet: {waiting}"));
    }
}

/// The same in words.
pub fn describe(view: &FeedView) -> String {
    let (writes, lists) = costs(view);
    let mut text = format!("{}, {writes}, {lists}", way(view));
    let lacks = view.rows.iter().filter(|row| row.came == Came::Waiting).count() as u64;
    if view.copies_waiting > 0 {
        let _ = write!(text, ", {} copies waiting", figures::whole(view.copies_waiting));
    }
    if let Some(post) = view.posts.first() {
        let how = if post.gathered { "gathered by" } else { "copied to" };
        let to = figures::count(u64::from(post.followers), "follower", "followers");
        let _ = write!(text, ", the newest post, of user {}, is {how} {to}", post.author);
    }
    let _ = write!(
        text,
        ", the feed of user {} has {} of {} newest posts",
        view.reader,
        { view.rows.len() as u64 - lacks },
        view.rows.len()
    );
    text
}

/// The same as far as it changes seldom.
pub fn notable(view: &FeedView) -> Vec<Option<String>> {
    vec![
        Some(way(view)),
        decade(view.copies_waiting, "copies wait"),
        decade(view.feeds_stale, "feeds lacked a post"),
    ]
}
