//! A news feed: users follow users, and each reads the newest posts of those whom they follow.
//!
//! The work can be done when a post is written (it is copied to the timeline of every follower: reading
//! is one row, a celebrity's post is a million), when a feed is read (the posts of everybody followed
//! are merged: writing is one row, reading many), or in both places: posts of celebrities are merged when
//! read, all others are copied when written. Twitter's timelines are such a hybrid (Krikorian, "Timelines
//! at Scale", QCon 2012). What is read is the same whichever is chosen; the cost differs, and is returned.
//!
//! Order is newest first. Posts are numbered as they come, so the number breaks ties of time.
//!
//! Copies may be made later than the post ([`Feed::post_later`]): its author need not wait, and until they
//! are made, feeds lack it. Then two posts can arrive in another order than they were written.

mod graph;
mod later;
mod service;
pub mod view;

pub use graph::Graph;
pub use later::Copies;
pub use service::SERVICE;

use crate::sim::{Time, order};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

pub const USERS_MAX: usize = 10_000;
/// The most whom one user can follow.
pub const FOLLOWS_MAX: usize = 1_000;
/// The most posts that are kept; beyond, the oldest is forgotten.
pub const POSTS_MAX: usize = 50_000;
/// The most posts of a timeline, and so of a feed.
pub const TIMELINE_MAX: usize = 100;
/// The most likes that are kept.
pub const LIKES_MAX: usize = 200_000;

/// When the work is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FanOut {
    OnWrite,
    OnRead,
    /// On write, but on read for authors with at least this many followers.
    Hybrid {
        celebrity_followers: u32,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Post {
    pub author: u32,
    pub at: Time,
    pub likes: u32,
}

/// A feed that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Numbers of posts, newest first.
    pub posts: Vec<u32>,
    /// Lists that were read: the timeline, and one for every author merged.
    pub reads: u32,
}

/// Something that makes no sense: a user or post that does not exist, oneself, or too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedError {
    NoUser,
    NoPost,
    Oneself,
    TooMany,
}

/// Numbers of posts, ascending; at most [`TIMELINE_MAX`]. Shared by clones until it changes.
type List = Arc<VecDeque<u32>>;

#[derive(Clone, Debug)]
pub struct Feed {
    fan_out: FanOut,
    posts_max: usize,
    graph: Graph,
    posts: BTreeMap<u32, Post>,
    /// Of the next post, from 1.
    next: u32,
    /// Per author: their own posts.
    own: Vec<List>,
    /// Per user: the posts that were copied to them.
    timelines: Vec<List>,
    /// Per author: the newest post that was not copied; 0 for none. What is older than the oldest post
    /// kept no longer matters.
    merged: Vec<u32>,
    /// (post, user).
    likes: BTreeSet<(u32, u32)>,
}

impl Feed {
    pub fn new(fan_out: FanOut, graph: Graph, posts_max: usize) -> Feed {
        let users = graph.users();
        Feed {
            fan_out,
            posts_max: posts_max.clamp(1, POSTS_MAX),
            graph,
            posts: BTreeMap::new(),
            next: 1,
            own: vec![List::default(); users],
            timelines: vec![List::default(); users],
            merged: vec![0; users],
            likes: BTreeSet::new(),
        }
    }

    /// Writes a post. Answers its number and the timelines that it was copied to. Posts come in the order
    /// of time: an earlier instant counts as that of the newest post.
    ///
    /// # Errors
    /// If there is no such user.
    pub fn post(&mut self, author: u32, now: Time) -> Result<(u32, u32), FeedError> {
        let number = self.write(author, now)?;
        let mut writes = 0;
        if self.is_copied(author) {
            let followers = self.graph.followers(author);
            writes = followers.len() as u32;
            for follower in followers {
                append(&mut self.timelines[*follower as usize], number);
            }
        }
        self.forget();
        Ok((number, writes))
    }

    /// The post and its author's own list; nothing is copied.
    fn write(&mut self, author: u32, now: Time) -> Result<u32, FeedError> {
        let own = self.own.get_mut(author as usize).ok_or(FeedError::NoUser)?;
        let at = self.posts.last_key_value().map_or(now, |(_, newest)| newest.at.max(now));
        let number = self.next;
        self.next = self.next.saturating_add(1);
        self.posts.insert(number, Post { author, at, likes: 0 });
        append(own, number);
        if !self.is_copied(author) {
            self.merged[author as usize] = number;
        }
        Ok(number)
    }

    /// Whether what this author posts now is copied to followers; else it is gathered by readers.
    pub fn is_copied(&self, author: u32) -> bool {
        match self.fan_out {
            FanOut::OnWrite => true,
            FanOut::OnRead => false,
            FanOut::Hybrid { celebrity_followers } => {
                self.graph.followers(author).len() < celebrity_followers as usize
            }
        }
    }

    /// Lists may still name what is forgotten: readers skip it.
    fn forget(&mut self) {
        while self.posts.len() > self.posts_max {
            let Some((number, _)) = self.posts.pop_first() else { return };
            while self.likes.first().is_some_and(|(post, _)| *post <= number) {
                self.likes.pop_first();
            }
        }
    }

    fn oldest(&self) -> u32 {
        self.posts.first_key_value().map_or(u32::MAX, |(number, _)| *number)
    }

    /// The newest posts of those whom a user follows, at most `limit` (and [`TIMELINE_MAX`]).
    ///
    /// # Errors
    /// If there is no such user.
    pub fn feed(&self, user: u32, limit: usize) -> Result<Page, FeedError> {
        let timeline = self.timelines.get(user as usize).ok_or(FeedError::NoUser)?;
        let limit = limit.min(TIMELINE_MAX);
        let oldest = self.oldest();
        let mut lists: Vec<&List> = vec![];
        if self.fan_out != FanOut::OnRead {
            lists.push(timeline);
        }
        let merged = |author: &&u32| self.merged[**author as usize] >= oldest;
        lists
            .extend(self.graph.follows(user).iter().filter(merged).map(|author| &self.own[*author as usize]));
        let reads = self.lists_read(user, lists.len());
        Ok(Page { posts: newest(&lists, oldest, limit), reads })
    }

    /// Fan-out on read asks every author followed, as it cannot know who has posted.
    fn lists_read(&self, user: u32, lists: usize) -> u32 {
        match self.fan_out {
            FanOut::OnRead => self.graph.follows(user).len() as u32,
            FanOut::OnWrite | FanOut::Hybrid { .. } => lists as u32,
        }
    }

    /// A user follows another: the other's posts come into the timeline. Answers the rows written; 0 if
    /// it was so already.
    ///
    /// # Errors
    /// If one does not exist, both are one, or it would be too many.
    pub fn follow(&mut self, user: u32, author: u32) -> Result<u32, FeedError> {
        if !self.graph.follow(user, author)? {
            return Ok(0);
        }
        if self.fan_out == FanOut::OnRead {
            return Ok(1);
        }
        let lists = [&self.timelines[user as usize], &self.own[author as usize]];
        let timeline = timeline_of(newest(&lists, self.oldest(), TIMELINE_MAX));
        self.timelines[user as usize] = timeline;
        Ok(1 + self.own[author as usize].len() as u32)
    }

    /// A user follows another no longer: the timeline is made anew, as older posts of others move up.
    /// Answers the rows written; 0 if it was so already.
    ///
    /// # Errors
    /// If one does not exist or both are one.
    pub fn unfollow(&mut self, user: u32, author: u32) -> Result<u32, FeedError> {
        if !self.graph.unfollow(user, author)? {
            return Ok(0);
        }
        if self.fan_out == FanOut::OnRead {
            return Ok(1);
        }
        let followed = self.graph.follows(user).iter();
        let lists: Vec<&List> = followed.map(|author| &self.own[*author as usize]).collect();
        let timeline = timeline_of(newest(&lists, self.oldest(), TIMELINE_MAX));
        let writes = 1 + timeline.len() as u32;
        self.timelines[user as usize] = timeline;
        Ok(writes)
    }

    /// A user likes a post; false if they did already.
    ///
    /// # Errors
    /// If there is no such user or post, or no room for another like.
    pub fn like(&mut self, user: u32, post: u32) -> Result<bool, FeedError> {
        if user as usize >= self.graph.users() {
            return Err(FeedError::NoUser);
        }
        let liked = self.posts.get_mut(&post).ok_or(FeedError::NoPost)?;
        if self.likes.contains(&(post, user)) {
            return Ok(false);
        }
        if self.likes.len() >= LIKES_MAX {
            return Err(FeedError::TooMany);
        }
        self.likes.insert((post, user));
        liked.likes += 1;
        Ok(true)
    }

    pub fn fan_out(&self) -> FanOut {
        self.fan_out
    }

    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    pub fn posts(&self) -> &BTreeMap<u32, Post> {
        &self.posts
    }

    /// An author's newest post that is still kept.
    pub fn newest_of(&self, author: u32) -> Option<u32> {
        self.own.get(author as usize)?.back().copied().filter(|number| self.posts.contains_key(number))
    }

    /// # Errors
    /// Says which invariant does not hold.
    pub fn check(&self) -> Result<(), String> {
        self.graph.check()?;
        let liked: usize = self.posts.values().map(|post| post.likes as usize).sum();
        if liked != self.likes.len() || self.likes.iter().any(|(post, _)| !self.posts.contains_key(post)) {
            return Err(format!("posts have {liked} likes, {} are listed", self.likes.len()));
        }
        for list in self.own.iter().chain(&self.timelines) {
            if list.len() > TIMELINE_MAX || list.iter().zip(list.iter().skip(1)).any(|(a, b)| a >= b) {
                return Err("a list is too long, out of order or holds a post twice".to_owned());
            }
        }
        for (user, timeline) in self.timelines.iter().enumerate() {
            let follows = self.graph.follows(user as u32);
            let foreign = |post: &Post| follows.binary_search(&post.author).is_err();
            if timeline.iter().filter_map(|number| self.posts.get(number)).any(foreign) {
                return Err(format!("user {user} has a post of somebody whom they do not follow"));
            }
        }
        Ok(())
    }
}

fn append(list: &mut List, number: u32) {
    let list = Arc::make_mut(list);
    list.push_back(number);
    if list.len() > TIMELINE_MAX {
        list.pop_front();
    }
}

fn timeline_of(newest_first: Vec<u32>) -> List {
    Arc::new(newest_first.into_iter().rev().collect())
}

/// The newest of several lists, each number once, none below `oldest`. Only the last `limit` of each list
/// can be among them.
fn newest(lists: &[&List], oldest: u32, limit: usize) -> Vec<u32> {
    let mut all: Vec<u32> = vec![];
    for list in lists {
        all.extend(list.iter().rev().take(limit).take_while(|number| **number >= oldest));
    }
    order::sort_by_key(&mut all, |number| u64::from(u32::MAX - number));
    all.dedup();
    all.truncate(limit);
    all
}

#[cfg(test)]
mod tests;
