//! What a learner sees of a news feed: one reader's feed as a list, and the newest posts with the writes of each.

use super::FanOut;
#[cfg(feature = "whole")]
use super::Feed;
#[cfg(feature = "whole")]
use super::service::Running;
use crate::sim::Time;
use serde::Serialize;

/// Posts of the feed that are shown, and posts whose writes are.
pub const ROWS_SHOWN: usize = 10;
pub const POSTS_SHOWN: usize = 10;

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FeedView {
    pub now: Time,
    pub fan_out: Way,
    /// With hybrid fan-out: who has as many followers is gathered.
    pub celebrity_followers: u32,
    /// Whose feed it is: somebody who follows the most followed user, always the same.
    pub reader: u32,
    pub follows: u32,
    /// Lists that a read of it takes.
    pub lists: u32,
    /// Newest first, at most [`ROWS_SHOWN`]; with those that are not copied yet.
    pub rows: Vec<FeedRow>,
    /// Newest first, at most [`POSTS_SHOWN`].
    pub posts: Vec<PostRow>,
    pub posts_written: u64,
    pub copies_made: u64,
    /// The most copies of one post.
    pub copies_most: u32,
    pub copies_waiting: u64,
    pub feeds_read: u64,
    pub lists_read: u64,
    /// Feeds that were read and lacked a post.
    pub feeds_stale: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    #[default]
    Write,
    Read,
    Hybrid,
}

impl From<FanOut> for Way {
    fn from(fan_out: FanOut) -> Way {
        match fan_out {
            FanOut::OnWrite => Way::Write,
            FanOut::OnRead => Way::Read,
            FanOut::Hybrid { .. } => Way::Hybrid,
        }
    }
}

/// A post in a feed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FeedRow {
    pub post: u32,
    pub author: u32,
    /// Of the author.
    pub followers: u32,
    pub at: Time,
    pub came: Came,
}

/// How a post gets into a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Came {
    /// Written to the timeline.
    Copied,
    /// Gathered when the feed is read.
    Gathered,
    /// It is to be copied, and is not yet: the reader does not see it.
    Waiting,
}

/// A post and where it went.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PostRow {
    pub post: u32,
    pub author: u32,
    pub followers: u32,
    pub at: Time,
    /// It is not copied: readers gather it.
    pub gathered: bool,
    pub copied: u32,
    pub waiting: u32,
}

/// Somebody who follows the most followed user, from the middle of all on.
#[cfg(feature = "whole")]
fn reader(feed: &Feed) -> u32 {
    let users = feed.graph().users() as u32;
    let follows = |user: &u32| feed.graph().follows(*user).first() == Some(&0);
    (users / 2..users).find(follows).unwrap_or(users / 2)
}

#[cfg(feature = "whole")]
pub(super) fn view(running: &Running, now: Time) -> FeedView {
    let feed = &running.feed;
    let (graph, reader) = (feed.graph(), reader(feed));
    let followers = |author: u32| graph.followers(author).len() as u32;
    let page = feed.feed(reader, ROWS_SHOWN).unwrap_or_else(|_| super::Page { posts: vec![], reads: 0 });
    let row = |number: &u32| {
        let post = feed.posts().get(number)?;
        let came = match (page.posts.contains(number), feed.copied_to(reader, *number)) {
            (false, _) => Came::Waiting,
            (true, true) => Came::Copied,
            (true, false) => Came::Gathered,
        };
        let (author, at) = (post.author, post.at);
        Some(FeedRow { post: *number, author, followers: followers(author), at, came })
    };
    FeedView {
        now,
        fan_out: feed.fan_out().into(),
        celebrity_followers: match feed.fan_out() {
            FanOut::Hybrid { celebrity_followers } => celebrity_followers,
            FanOut::OnWrite | FanOut::OnRead => 0,
        },
        reader,
        follows: graph.follows(reader).len() as u32,
        lists: page.reads,
        rows: feed.complete(reader, ROWS_SHOWN).iter().filter_map(row).collect(),
        posts: running.newest.iter().rev().copied().collect(),
        posts_written: running.posts,
        copies_made: running.copies,
        copies_most: running.copies_most,
        copies_waiting: running.copies_waiting(),
        feeds_read: running.reads,
        lists_read: running.lists,
        feeds_stale: running.stale,
    }
}
