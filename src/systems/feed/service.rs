//! The feed as a server runs it. The client is the user; the key is another user, where there is one.

#[cfg(feature = "whole")]
use super::view::view;
use super::view::{POSTS_SHOWN, PostRow};
use super::*;
use crate::algo::setting::{Knobs, Scale, Setting};
use crate::sim::{Outcome, Span};
#[cfg(feature = "whole")]
use crate::systems::ServiceView;
use crate::systems::{
    Cost, EVENTS_MAX, Event, Figure, Inspection, Op, Operation, Reply, Service, ServiceInfo, Table, Topic,
    operation,
};

pub const SERVICE: ServiceInfo = ServiceInfo {
    id: "feed",
    name: "News feed",
    summary: "Posts reach the feeds of followers: written to each, or gathered when read.",
    operations: OPERATIONS,
    settings: SETTINGS,
    build: |knobs, seed| Box::new(Running::new(knobs, seed)),
};

const OPERATIONS: &[Operation] = &[
    operation("POST /posts", "The client posts."),
    operation("GET /feed", "The client reads the newest posts of those whom they follow."),
    operation("POST /follows", "The client follows the user with the key."),
    operation("DELETE /follows", "The client no longer follows the user with the key."),
    operation("POST /likes", "The client likes the newest post of the user with the key."),
];

const SETTINGS: &[Setting] = &[
    Setting::choice(
        "fan_out",
        "Fan-out",
        &[("write", "on write"), ("read", "on read"), ("hybrid", "hybrid")],
        "write",
        "Whether posts are copied to followers, gathered by readers, or gathered for celebrities only.",
    ),
    Setting::integer(
        "celebrity_followers",
        "Celebrity from",
        "followers",
        (1.0, USERS_MAX as f64),
        200.0,
        "With hybrid fan-out: authors with at least as many followers are gathered when read.",
    )
    .usual(1.0, 1000.0, Scale::Logarithmic),
    Setting::integer("users", "Users", "", (2.0, USERS_MAX as f64), 1000.0, "How many users there are.")
        .usual(100.0, USERS_MAX as f64, Scale::Logarithmic),
    Setting::integer(
        "follows",
        "Follows each",
        "",
        (0.0, 200.0),
        30.0,
        "How many others a user follows at most; few are followed by nearly all.",
    )
    .usual(0.0, 100.0, Scale::Linear),
    Setting::integer(
        "page",
        "Posts of a page",
        "",
        (1.0, TIMELINE_MAX as f64),
        20.0,
        "How much is read at once.",
    )
    .usual(5.0, 50.0, Scale::Linear),
    Setting::integer(
        "posts_max",
        "Posts kept",
        "",
        (1.0, POSTS_MAX as f64),
        20_000.0,
        "Older ones are forgotten.",
    )
    .usual(1000.0, POSTS_MAX as f64, Scale::Logarithmic),
    Setting::choice(
        "copies",
        "Copies",
        &[("at-once", "before the answer"), ("by-events", "by events")],
        "at-once",
        "When posts are copied to followers: before the author is answered, or as the events arrive that the \
         post gives out. Needs a node that events go to.",
    ),
    Setting::integer(
        "event_followers",
        "Followers per event",
        "",
        (EVENT_FOLLOWERS_MIN as f64, USERS_MAX as f64),
        EVENT_FOLLOWERS_MIN as f64,
        "With copies by events: how many followers one event is for, at most.",
    )
    .usual(EVENT_FOLLOWERS_MIN as f64, 2000.0, Scale::Logarithmic),
];

/// So that the followers of one author fit into one operation's events.
const EVENT_FOLLOWERS_MIN: usize = 200;
const _: () = assert!(EVENT_FOLLOWERS_MIN * EVENTS_MAX >= USERS_MAX);
/// Events on their way, and waiting to be tried again.
const COPIES_MAX: usize = 20_000;
/// After this time an event that failed is given out again.
const AGAIN: Span = Span(1_000_000_000);

#[derive(Clone, Debug)]
pub(super) struct Running {
    pub feed: Feed,
    page: usize,
    /// All rows so far.
    spent: (u64, u64),
    /// Followers per event; `None` if copies are made at once.
    event_followers: Option<usize>,
    /// By the id of their event.
    waiting: BTreeMap<u64, Copies>,
    /// Events that failed, and when they are given out again, in order.
    again: VecDeque<(Time, u64)>,
    /// The newest posts, oldest first.
    pub newest: VecDeque<PostRow>,
    /// What requests wrote: posts, copies of them, and how many the post with the most had.
    pub posts: u64,
    pub copies: u64,
    pub copies_most: u32,
    /// From post to copy: of all copies together, and the longest.
    late: (u128, Span),
    /// Feeds that were read, the lists that this took, and how many lacked a post.
    pub reads: u64,
    pub lists: u64,
    pub stale: u64,
}

impl Running {
    /// Every user has posted once, the most followed last.
    fn new(knobs: &Knobs, seed: u64) -> Running {
        let fan_out = match knobs.word("fan_out") {
            "read" => FanOut::OnRead,
            "hybrid" => FanOut::Hybrid { celebrity_followers: knobs.number("celebrity_followers") as u32 },
            _ => FanOut::OnWrite,
        };
        let graph = Graph::drawn(knobs.number("users") as usize, knobs.number("follows") as usize, seed);
        let users = graph.users() as u32;
        let mut feed = Feed::new(fan_out, graph, knobs.number("posts_max") as usize);
        for user in (0..users).rev() {
            let _ = feed.post(user, Time::ZERO);
        }
        let later = knobs.word("copies") == "by-events";
        Running {
            feed,
            page: knobs.number("page") as usize,
            spent: (0, 0),
            event_followers: later.then(|| knobs.number("event_followers") as usize),
            waiting: BTreeMap::new(),
            again: VecDeque::new(),
            newest: VecDeque::new(),
            posts: 0,
            copies: 0,
            copies_most: 0,
            late: (0, Span::ZERO),
            reads: 0,
            lists: 0,
            stale: 0,
        }
    }

    fn run(&mut self, op: &Op) -> Result<Reply, FeedError> {
        let users = self.feed.graph().users().max(1) as u32;
        let (client, other) = (op.client % users, op.key % users);
        let done = |note, reads, writes| Reply::ok(note, Cost { reads, writes });
        Ok(match op.route {
            0 => match self.event_followers {
                None => self.post(client, op)?,
                Some(each) => self.post_later(client, each, op.now)?,
            },
            1 => {
                let page = self.feed.feed(client, self.page)?;
                self.reads += 1;
                self.lists += u64::from(page.reads);
                if !self.waiting.is_empty() {
                    self.stale += u64::from(page.posts != self.feed.complete(client, self.page));
                }
                done(if page.posts.is_empty() { "nothing new" } else { "read" }, page.reads, 0)
            }
            2 => done("follows", 1, self.feed.follow(client, other)?),
            3 => done("follows no longer", 1, self.feed.unfollow(client, other)?),
            4 => {
                let post = self.feed.newest_of(other).ok_or(FeedError::NoPost)?;
                let new = self.feed.like(client, post)?;
                done(if new { "liked" } else { "liked already" }, 1, u32::from(new))
            }
            _ => Reply::not(Outcome::NoRoute, "no such operation"),
        })
    }

    fn post(&mut self, client: u32, op: &Op) -> Result<Reply, FeedError> {
        let (number, writes) = self.feed.post(client, op.now)?;
        self.posted(number, client, writes, op.now);
        self.copied(number, writes, Span::ZERO);
        let mut reply = Reply::ok("posted", Cost { reads: 0, writes: 1 + writes });
        if writes > 0 {
            let topic = Topic::FanOut;
            reply.events = vec![Event { topic, id: number.into(), key: op.key, client, detail: writes }];
        }
        Ok(reply)
    }

    fn post_later(&mut self, client: u32, each: usize, now: Time) -> Result<Reply, FeedError> {
        if self.waiting.len() + EVENTS_MAX > COPIES_MAX {
            return Ok(Reply::not(Outcome::QueueFull, "too many copies waiting"));
        }
        let (number, parts) = self.feed.post_later(client, each, now)?;
        self.posted(number, client, parts.iter().map(|part| part.count).sum(), now);
        let mut reply = Reply::ok("posted", Cost { reads: 0, writes: 1 });
        for part in parts {
            reply.events.push(event_of(&part));
            self.waiting.insert(id_of(&part), part);
        }
        Ok(reply)
    }

    /// A post was written that is to be copied to so many.
    fn posted(&mut self, post: u32, author: u32, waiting: u32, at: Time) {
        self.posts += 1;
        self.copies_most = self.copies_most.max(waiting);
        let followers = self.feed.graph().followers(author).len() as u32;
        let gathered = !self.feed.is_copied(author);
        self.newest.push_back(PostRow { post, author, followers, at, gathered, copied: 0, waiting });
        if self.newest.len() > POSTS_SHOWN {
            self.newest.pop_front();
        }
    }

    fn copied(&mut self, post: u32, copies: u32, after: Span) {
        self.copies += u64::from(copies);
        self.late.0 += u128::from(copies) * u128::from(after.0);
        self.late.1 = self.late.1.max(after);
        if let Some(row) = self.newest.iter_mut().find(|row| row.post == post) {
            row.copied += copies;
            row.waiting -= copies;
        }
    }

    /// Copies that are still to be made.
    pub fn copies_waiting(&self) -> u64 {
        self.waiting.values().map(|part| u64::from(part.count)).sum()
    }
}

fn id_of(part: &Copies) -> u64 {
    u64::from(part.post) << 32 | u64::from(part.first)
}

fn event_of(part: &Copies) -> Event {
    let Copies { author, count, .. } = *part;
    Event { topic: Topic::Copies, id: id_of(part), key: author, client: author, detail: count }
}

fn note(error: FeedError) -> &'static str {
    match error {
        FeedError::NoUser => "no such user",
        FeedError::NoPost => "no such post",
        FeedError::Oneself => "that is oneself",
        FeedError::TooMany => "too many",
    }
}

impl Service for Running {
    fn handle(&mut self, op: &Op) -> Reply {
        let reply = self.run(op).unwrap_or_else(|error| Reply::not(Outcome::Invalid, note(error)));
        self.spent.0 += u64::from(reply.cost.reads);
        self.spent.1 += u64::from(reply.cost.writes);
        reply
    }

    /// The copies that an event was for are made, once.
    fn answered(&mut self, event: &Event, ok: bool, now: Time) {
        let Some(part) = self.waiting.get(&event.id).copied() else { return };
        if !ok {
            return self.again.push_back((now + AGAIN, event.id));
        }
        self.waiting.remove(&event.id);
        self.feed.copy(&part);
        let at = self.feed.posts().get(&part.post).map_or(now, |post| post.at);
        self.copied(part.post, part.count, now.since(at));
        self.spent.1 += u64::from(part.count);
    }

    fn due(&self) -> Time {
        self.again.front().map_or(Time::NEVER, |(at, _)| *at)
    }

    fn wake(&mut self, now: Time) -> Vec<Event> {
        let mut events = vec![];
        while events.len() < EVENTS_MAX && self.again.front().is_some_and(|(at, _)| *at <= now) {
            let failed = self.again.pop_front().and_then(|(_, id)| self.waiting.get(&id));
            events.extend(failed.map(event_of));
        }
        events
    }

    fn inspect(&self, _: Time) -> Inspection {
        let per = |part: u64, all: u64| if all == 0 { 0.0 } else { part as f64 / all as f64 };
        let mean_late = if self.copies == 0 { 0.0 } else { self.late.0 as f64 / self.copies as f64 / 1e6 };
        let graph = self.feed.graph();
        let mut users: Vec<u32> = (0..graph.users() as u32).collect();
        order::sort_by_key(&mut users, |user| u64::MAX - graph.followers(*user).len() as u64);
        let row = |user: &u32| {
            let likes = self.feed.newest_of(*user).and_then(|post| self.feed.posts().get(&post));
            vec![
                user.to_string(),
                graph.followers(*user).len().to_string(),
                likes.map_or(String::new(), |post| post.likes.to_string()),
            ]
        };
        Inspection {
            note: format!("{} posts", self.feed.posts().len()),
            figures: vec![
                Figure::count("users", graph.users() as u64),
                Figure::count("posts", self.feed.posts().len() as u64),
                Figure::count("rows read", self.spent.0),
                Figure::count("rows written", self.spent.1),
                Figure::count("posts written", self.posts),
                Figure::count("copies made", self.copies),
                Figure { name: "writes per post", unit: "", value: per(self.copies, self.posts) },
                Figure::count("most writes of a post", self.copies_most.into()),
                Figure::count("feeds read", self.reads),
                Figure { name: "lists per feed", unit: "", value: per(self.lists, self.reads) },
                Figure::count("stale feeds", self.stale),
                Figure { name: "stale share", unit: "%", value: 100.0 * per(self.stale, self.reads) },
                Figure::count("copies waiting", self.copies_waiting()),
                Figure { name: "copied after", unit: "ms", value: mean_late },
                Figure { name: "copied after at most", unit: "ms", value: self.late.1.ms() },
            ],
            tables: vec![Table {
                name: "most followed",
                columns: &["user", "followers", "likes of the newest post"],
                rows: users.iter().take(10).map(row).collect(),
            }],
        }
    }

    #[cfg(feature = "whole")]
    fn view(&self, now: Time) -> ServiceView {
        ServiceView::Feed(Box::new(view(self, now)))
    }

    fn check(&self) -> Result<(), String> {
        let known = |(_, id): &(Time, u64)| self.waiting.contains_key(id);
        if self.again.len() > self.waiting.len() || !self.again.iter().all(known) {
            return Err("copies are to be tried again that nobody waits for".to_owned());
        }
        self.feed.check()
    }
}
