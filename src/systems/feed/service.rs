//! The feed as a server runs it. The client is the user; the key is another user, where there is one.

use super::*;
use crate::algo::setting::{Knobs, Scale, Setting};
use crate::sim::Outcome;
use crate::systems::{
    Cost, Event, Figure, Inspection, Op, Operation, Reply, Service, ServiceInfo, Table, Topic, operation,
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
];

#[derive(Clone, Debug)]
struct Running {
    feed: Feed,
    page: usize,
    /// All rows so far.
    spent: (u64, u64),
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
        Running { feed, page: knobs.number("page") as usize, spent: (0, 0) }
    }

    fn run(&mut self, op: &Op) -> Result<Reply, FeedError> {
        let users = self.feed.graph().users().max(1) as u32;
        let (client, other) = (op.client % users, op.key % users);
        let done = |note, reads, writes| Reply::ok(note, Cost { reads, writes });
        Ok(match op.route {
            0 => {
                let (number, writes) = self.feed.post(client, op.now)?;
                let mut reply = done("posted", 0, 1 + writes);
                if writes > 0 {
                    let topic = Topic::FanOut;
                    reply.events =
                        vec![Event { topic, id: number.into(), key: client, client, detail: writes }];
                }
                reply
            }
            1 => {
                let page = self.feed.feed(client, self.page)?;
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

    fn inspect(&self, _: Time) -> Inspection {
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
            ],
            tables: vec![Table {
                name: "most followed",
                columns: &["user", "followers", "likes of the newest post"],
                rows: users.iter().take(10).map(row).collect(),
            }],
        }
    }

    fn check(&self) -> Result<(), String> {
        self.feed.check()
    }
}
