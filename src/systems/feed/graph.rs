//! Who follows whom.

use super::{FOLLOWS_MAX, FeedError, USERS_MAX};
use crate::sim::{Draw, Random};
use std::sync::Arc;

/// Both directions of the follow relation, ascending. Each user's lists are shared by clones until they
/// change.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    follows: Vec<Arc<Vec<u32>>>,
    followers: Vec<Arc<Vec<u32>>>,
}

impl Graph {
    /// Users who follow nobody.
    pub fn new(users: usize) -> Graph {
        let users = users.min(USERS_MAX);
        Graph { follows: vec![Arc::default(); users], followers: vec![Arc::default(); users] }
    }

    /// Every user follows up to `each` others, drawn so that few are followed by nearly all: the number
    /// drawn is users × u³ with u uniform, so the first thousandth of the users gets a tenth of all
    /// draws. (Followers on real networks are heavy-tailed too: Kwak et al., "What is Twitter, a social
    /// network or a news media?", WWW 2010.) Who is drawn twice counts once.
    pub fn drawn(users: usize, each: usize, seed: u64) -> Graph {
        let mut graph = Graph::new(users);
        let users = graph.users();
        for user in 0..users as u32 {
            let mut draw = Draw::new(seed, u64::from(user));
            for _ in 0..each.min(FOLLOWS_MAX) {
                let u = draw.unit();
                // Oneself is drawn at times, and that is refused.
                let _ = graph.follow(user, (users as f64 * u * u * u) as u32);
            }
        }
        graph
    }

    pub fn users(&self) -> usize {
        self.follows.len()
    }

    /// Whom a user follows, ascending; nobody for a user who does not exist.
    pub fn follows(&self, user: u32) -> &[u32] {
        self.follows.get(user as usize).map_or(&[], |list| list)
    }

    /// Who follows a user, ascending.
    pub fn followers(&self, user: u32) -> &[u32] {
        self.followers.get(user as usize).map_or(&[], |list| list)
    }

    fn both(&self, user: u32, author: u32) -> Result<(), FeedError> {
        if user == author {
            return Err(FeedError::Oneself);
        }
        if user.max(author) as usize >= self.users() { Err(FeedError::NoUser) } else { Ok(()) }
    }

    /// False if it was so already.
    ///
    /// # Errors
    /// If one does not exist, both are one, or it would be more than [`FOLLOWS_MAX`].
    pub fn follow(&mut self, user: u32, author: u32) -> Result<bool, FeedError> {
        self.both(user, author)?;
        let Err(place) = self.follows[user as usize].binary_search(&author) else { return Ok(false) };
        if self.follows[user as usize].len() >= FOLLOWS_MAX {
            return Err(FeedError::TooMany);
        }
        Arc::make_mut(&mut self.follows[user as usize]).insert(place, author);
        if let Err(place) = self.followers[author as usize].binary_search(&user) {
            Arc::make_mut(&mut self.followers[author as usize]).insert(place, user);
        }
        Ok(true)
    }

    /// False if it was so already.
    ///
    /// # Errors
    /// If one does not exist or both are one.
    pub fn unfollow(&mut self, user: u32, author: u32) -> Result<bool, FeedError> {
        self.both(user, author)?;
        let Ok(place) = self.follows[user as usize].binary_search(&author) else { return Ok(false) };
        Arc::make_mut(&mut self.follows[user as usize]).remove(place);
        if let Ok(place) = self.followers[author as usize].binary_search(&user) {
            Arc::make_mut(&mut self.followers[author as usize]).remove(place);
        }
        Ok(true)
    }

    /// # Errors
    /// If the two directions differ, or a list is too long or out of order.
    pub fn check(&self) -> Result<(), String> {
        let mut edges = 0;
        for (user, follows) in self.follows.iter().enumerate() {
            edges += follows.len();
            let known = |author: &u32| self.followers(*author).binary_search(&(user as u32)).is_ok();
            if follows.len() > FOLLOWS_MAX || !follows.is_sorted() || !follows.iter().all(known) {
                return Err(format!("the list of whom user {user} follows is wrong"));
            }
        }
        let back: usize = self.followers.iter().map(|list| list.len()).sum();
        if edges != back {
            return Err(format!("{edges} follow, {back} are followed"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P(u³ < x) is x to the power 1/3: of the draws, a tenth goes to the first thousandth.
    #[test]
    fn few_are_followed_by_many() {
        let graph = Graph::drawn(10_000, 40, 7);
        graph.check().unwrap();
        // 40 draws of which each hits user 0 with probability 0.0464 (the cube root of 1/10 000).
        let wanted = 10_000.0 * (1.0 - (0..40).fold(1.0, |rest, _| rest * (1.0 - 0.046_416)));
        let found = graph.followers(0).len() as f64;
        assert!((found - wanted).abs() < 4.0 * (wanted * 0.15f64).sqrt().max(40.0), "{found}, not {wanted}");
        assert!(graph.followers(9_999).len() < 20);
    }
}
