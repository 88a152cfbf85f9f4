//! All three ways of fan-out against a feed that is worked out from nothing but what happened.

use super::*;
use proptest::prelude::*;

const MODES: [FanOut; 3] = [FanOut::OnWrite, FanOut::OnRead, FanOut::Hybrid { celebrity_followers: 3 }];

#[derive(Clone, Copy, Debug)]
enum Step {
    Post(u32),
    Follow(u32, u32),
    Unfollow(u32, u32),
    Like(u32, u32),
}

const USERS: u32 = 8;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let user = || 0..USERS + 1;
    let step = prop_oneof![
        4 => user().prop_map(Step::Post),
        3 => (user(), user()).prop_map(|(a, b)| Step::Follow(a, b)),
        1 => (user(), user()).prop_map(|(a, b)| Step::Unfollow(a, b)),
        1 => (user(), 0..80u32).prop_map(|(a, b)| Step::Like(a, b)),
    ];
    prop::collection::vec(step, 1..200)
}

/// The model: every follow and every post as a plain list.
#[derive(Default)]
struct Naive {
    follows: Vec<(u32, u32)>,
    posts: Vec<(u32, u32)>,
}

impl Naive {
    fn feed(&self, user: u32, limit: usize, kept: usize) -> Vec<u32> {
        let kept = self.posts.iter().rev().take(kept);
        kept.filter(|(_, author)| self.follows.contains(&(user, *author)))
            .map(|(number, _)| *number)
            .take(limit)
            .collect()
    }
}

proptest! {
    #[test]
    fn every_way_reads_the_same_feed(steps in steps(), kept in 1..60usize) {
        let mut feeds: Vec<Feed> = MODES.iter().map(|mode| Feed::new(*mode, Graph::new(USERS as usize), kept)).collect();
        let mut naive = Naive::default();
        for (at, step) in steps.iter().enumerate() {
            // Several posts share an instant.
            let now = Time(at as u64 / 5);
            match *step {
                Step::Post(author) => {
                    let numbers: Vec<_> = feeds.iter_mut().map(|feed| feed.post(author, now).map(|p| p.0)).collect();
                    prop_assert!(numbers.iter().all(|number| *number == numbers[0]));
                    prop_assert_eq!(numbers[0].is_ok(), author < USERS);
                    naive.posts.extend(numbers[0].iter().map(|number| (*number, author)));
                }
                Step::Follow(user, author) => {
                    let fine = user != author && user.max(author) < USERS;
                    for feed in &mut feeds {
                        prop_assert_eq!(feed.follow(user, author).is_ok(), fine);
                    }
                    if fine && !naive.follows.contains(&(user, author)) {
                        naive.follows.push((user, author));
                    }
                }
                Step::Unfollow(user, author) => {
                    for feed in &mut feeds {
                        let _ = feed.unfollow(user, author);
                    }
                    naive.follows.retain(|pair| *pair != (user, author));
                }
                Step::Like(user, post) => {
                    let liked: Vec<_> = feeds.iter_mut().map(|feed| feed.like(user, post)).collect();
                    prop_assert!(liked.iter().all(|like| *like == liked[0]));
                }
            }
            for feed in &feeds {
                prop_assert_eq!(feed.check(), Ok(()));
                for user in 0..USERS {
                    let page = feed.feed(user, 7).unwrap();
                    prop_assert_eq!(page.posts, naive.feed(user, 7, kept), "{:?} at {}", feed.fan_out, at);
                }
            }
        }
    }
}

/// Lists are cut at [`TIMELINE_MAX`]: what falls off is never wanted again, not even after an unfollow.
#[test]
fn cut_timelines_lose_nothing_that_is_read() {
    for mode in MODES {
        let mut feed = Feed::new(mode, Graph::new(6), POSTS_MAX);
        let mut naive = Naive::default();
        for (user, author) in [(0, 1), (0, 2), (3, 1), (4, 1), (5, 1), (0, 3)] {
            feed.follow(user, author).unwrap();
            naive.follows.push((user, author));
        }
        for n in 0..600u64 {
            let author = if n < 150 { 2 } else { 1 + (n % 3) as u32 % 3 };
            naive.posts.push((feed.post(author, Time(n / 4)).unwrap().0, author));
        }
        let both = |feed: &Feed, naive: &Naive| {
            let wanted = naive.feed(0, TIMELINE_MAX, POSTS_MAX);
            assert_eq!(feed.feed(0, TIMELINE_MAX).unwrap().posts, wanted);
            feed.check().unwrap();
        };
        both(&feed, &naive);
        for author in [1, 3] {
            feed.unfollow(0, author).unwrap();
            naive.follows.retain(|pair| *pair != (0, author));
            both(&feed, &naive);
        }
        feed.follow(0, 1).unwrap();
        naive.follows.push((0, 1));
        both(&feed, &naive);
    }
}

/// What it costs: 5 followers of user 0, who follows nobody; user 1 follows 0 and 2.
#[test]
fn the_cost_is_where_the_work_is() {
    for (mode, written, read) in [(MODES[0], (5, 1), 1), (MODES[1], (0, 0), 2), (MODES[2], (0, 1), 2)] {
        let mut feed = Feed::new(mode, Graph::new(7), POSTS_MAX);
        for follower in 1..6 {
            feed.follow(follower, 0).unwrap();
        }
        feed.follow(1, 2).unwrap();
        assert_eq!((feed.post(0, Time(1)).unwrap().1, feed.post(2, Time(1)).unwrap().1), written, "{mode:?}");
        let page = feed.feed(1, 20).unwrap();
        assert_eq!((page.posts, page.reads), (vec![2, 1], read), "{mode:?}");
    }
}

/// An author who is a celebrity for a while: posts of both kinds, none twice, none missing.
#[test]
fn a_celebrity_can_rise_and_fall() {
    let mut feed = Feed::new(MODES[2], Graph::new(6), POSTS_MAX);
    feed.follow(1, 0).unwrap();
    feed.post(0, Time(1)).unwrap();
    feed.follow(2, 0).unwrap();
    feed.follow(3, 0).unwrap();
    feed.post(0, Time(2)).unwrap();
    feed.unfollow(3, 0).unwrap();
    feed.post(0, Time(3)).unwrap();
    for user in [1, 2] {
        assert_eq!(feed.feed(user, 20).unwrap().posts, [3, 2, 1]);
    }
    assert!(feed.feed(3, 20).unwrap().posts.is_empty());
}

#[test]
fn a_clone_shares_what_does_not_change() {
    let mut feed = Feed::new(MODES[0], Graph::drawn(100, 10, 3), POSTS_MAX);
    feed.post(0, Time(1)).unwrap();
    let before = feed.feed(50, 20).unwrap();
    let copy = feed.clone();
    feed.post(0, Time(2)).unwrap();
    assert_eq!(copy.feed(50, 20).unwrap(), before);
    let last = 99;
    assert!(Arc::ptr_eq(&copy.own[last], &feed.own[last]));
}

/// Copies made late, in any order and some of them twice, end in the same feeds.
#[test]
fn late_copies_arrive_in_any_order() {
    for mode in [MODES[0], MODES[1], FanOut::Hybrid { celebrity_followers: 12 }] {
        let mut feed = Feed::new(mode, Graph::drawn(40, 12, 5), 500);
        let mut prompt = feed.clone();
        let mut waiting = vec![];
        for n in 0..300u32 {
            let author = (n * 7) % 40;
            let now = Time(u64::from(n));
            let (number, copies) = feed.post_later(author, 3, now).unwrap();
            assert_eq!(prompt.post(author, now).unwrap().0, number);
            let wanted = if feed.is_copied(author) { feed.graph().followers(author).len() } else { 0 };
            assert_eq!(copies.iter().map(|part| part.count as usize).sum::<usize>(), wanted, "{mode:?}");
            waiting.extend(copies);
            // Every other part is made in time, the newest first.
            if n % 2 == 0 {
                waiting.pop().iter().for_each(|part| feed.copy(part));
            }
            if n == 150 {
                feed.unfollow(3, 0).ok();
                prompt.unfollow(3, 0).ok();
                feed.follow(4, 39).unwrap();
                prompt.follow(4, 39).unwrap();
            }
            feed.check().unwrap();
        }
        let gap = (0..40).any(|user| feed.feed(user, 20).unwrap().posts != feed.complete(user, 20));
        assert_eq!(gap, mode != FanOut::OnRead, "{mode:?}");
        for part in waiting.iter().rev().chain(waiting.first()) {
            feed.copy(part);
        }
        feed.check().unwrap();
        for user in 0..40 {
            let page = feed.feed(user, 30).unwrap().posts;
            assert_eq!(page, prompt.feed(user, 30).unwrap().posts, "{mode:?}, user {user}");
            assert_eq!(page, feed.complete(user, 30), "{mode:?}, user {user}");
        }
    }
}

/// The mean author has as many followers as the mean reader follows: both count the same arrows.
#[test]
fn writes_of_the_mean_post_are_the_reads_of_the_mean_feed() {
    let graph = Graph::drawn(1000, 30, 9);
    let (mut followers, mut follows) = (0, 0);
    for user in 0..1000 {
        followers += graph.followers(user).len();
        follows += graph.follows(user).len();
    }
    assert_eq!(followers, follows);
}
