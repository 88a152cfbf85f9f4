//! Copies that are made after the post was written, a part of the followers at a time.

use super::{Feed, FeedError, List, TIMELINE_MAX, newest};
use crate::sim::Time;
use std::sync::Arc;

/// A post that is still to be copied to a part of its author's followers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copies {
    pub post: u32,
    pub author: u32,
    /// To the followers from this user to that one: who stops following drops out, and who begins to has the
    /// post already.
    pub first: u32,
    pub last: u32,
    /// As many followers as there were when it was written.
    pub count: u32,
}

impl Feed {
    /// Writes a post as [`Feed::post`] does, but leaves the copies to be made: each part is for at most `each`
    /// followers, and takes effect by [`Feed::copy`].
    ///
    /// # Errors
    /// If there is no such user.
    pub fn post_later(
        &mut self,
        author: u32,
        each: usize,
        now: Time,
    ) -> Result<(u32, Vec<Copies>), FeedError> {
        let post = self.write(author, now)?;
        self.forget();
        if !self.is_copied(author) {
            return Ok((post, vec![]));
        }
        let part = |users: &[u32]| {
            let (first, last) = (*users.first()?, *users.last()?);
            Some(Copies { post, author, first, last, count: users.len() as u32 })
        };
        Ok((post, self.graph.followers(author).chunks(each.max(1)).filter_map(part).collect()))
    }

    /// Makes the copies; those that are there already stay as they are. A post that is forgotten by now is
    /// copied to nobody.
    pub fn copy(&mut self, copies: &Copies) {
        if !self.posts.contains_key(&copies.post) {
            return;
        }
        let followers = self.graph.followers(copies.author);
        let from = followers.partition_point(|user| *user < copies.first);
        let to = followers.partition_point(|user| *user <= copies.last);
        for follower in followers.get(from..to).unwrap_or(&[]) {
            insert(&mut self.timelines[*follower as usize], copies.post);
        }
    }

    /// Whether the post is in the user's timeline.
    pub fn copied_to(&self, user: u32, post: u32) -> bool {
        self.timelines.get(user as usize).is_some_and(|list| list.binary_search(&post).is_ok())
    }

    /// What a feed would be if all copies had been made: the posts of everybody followed, gathered. Newest
    /// first; empty for a user who does not exist.
    pub fn complete(&self, user: u32, limit: usize) -> Vec<u32> {
        let lists: Vec<&List> =
            self.graph.follows(user).iter().map(|author| &self.own[*author as usize]).collect();
        newest(&lists, self.oldest(), limit.min(TIMELINE_MAX))
    }
}

/// In the order of writing, whenever it comes.
fn insert(list: &mut List, number: u32) {
    let place = list.partition_point(|other| *other < number);
    if list.get(place) == Some(&number) || (place == 0 && list.len() >= TIMELINE_MAX) {
        return;
    }
    let list = Arc::make_mut(list);
    list.insert(place, number);
    if list.len() > TIMELINE_MAX {
        list.pop_front();
    }
}
