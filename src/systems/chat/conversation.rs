//! One conversation: its messages in order, and how far each member has got.

use crate::sim::Time;
use std::collections::VecDeque;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// From 1, without gaps, in its conversation.
    pub seq: u32,
    pub from: u32,
    pub at: Time,
    /// What the sender calls it: a retry has the same.
    pub name: u64,
}

/// How far a member has got: `joined ≤ read ≤ delivered ≤ pushed`, all of them sequence numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    pub user: u32,
    /// Messages up to this one are from before their time.
    pub joined: u32,
    /// Sent to the device that is connected.
    pub pushed: u32,
    /// Confirmed by a device.
    pub delivered: u32,
    pub read: u32,
}

#[derive(Clone, Debug, Default)]
pub struct Conversation {
    /// By user, ascending.
    members: Vec<Member>,
    messages: VecDeque<Message>,
    /// The last message's number.
    last: u32,
    /// Between two, and stays so.
    pub(super) direct: bool,
}

impl Conversation {
    pub(super) fn new(direct: bool) -> Conversation {
        Conversation { direct, ..Conversation::default() }
    }

    pub fn members(&self) -> &[Member] {
        &self.members
    }

    pub fn last(&self) -> u32 {
        self.last
    }

    pub fn messages(&self) -> &VecDeque<Message> {
        &self.messages
    }

    pub fn member(&self, user: u32) -> Option<&Member> {
        let place = self.members.binary_search_by_key(&user, |member| member.user).ok()?;
        self.members.get(place)
    }

    pub(super) fn member_mut(&mut self, user: u32) -> Option<&mut Member> {
        let place = self.members.binary_search_by_key(&user, |member| member.user).ok()?;
        self.members.get_mut(place)
    }

    /// False if they are a member already.
    pub(super) fn join(&mut self, user: u32) -> bool {
        let Err(place) = self.members.binary_search_by_key(&user, |member| member.user) else { return false };
        let now = self.last;
        self.members.insert(place, Member { user, joined: now, pushed: now, delivered: now, read: now });
        true
    }

    pub(super) fn leave(&mut self, user: u32) {
        self.members.retain(|member| member.user != user);
    }

    /// Whether there is room for a message, or what all have got can make room.
    pub(super) fn has_room(&self, max: usize) -> bool {
        let oldest = self.messages.front().map_or(0, |message| message.seq);
        self.messages.len() < max || self.members.iter().all(|member| member.delivered >= oldest)
    }

    /// The caller has asked whether there is room.
    pub(super) fn append(&mut self, from: u32, name: u64, at: Time, max: usize) -> u32 {
        if self.messages.len() >= max {
            self.messages.pop_front();
        }
        self.last += 1;
        self.messages.push_back(Message { seq: self.last, from, at, name });
        self.last
    }

    /// The messages with a number in `after + 1 ..= up_to` that are still kept.
    pub fn between(&self, after: u32, up_to: u32) -> impl DoubleEndedIterator<Item = &Message> {
        let first = self.messages.front().map_or(1, |message| message.seq);
        let from = (after.saturating_add(1).max(first) - first) as usize;
        let to = (up_to.min(self.last).saturating_add(1).max(first) - first) as usize;
        self.messages.range(from.min(to)..to)
    }

    /// # Errors
    /// If numbers have gaps, a member is where nobody can be, or something undelivered is gone.
    pub fn check(&self) -> Result<(), String> {
        let numbers = self.messages.iter().rev().enumerate();
        if numbers.into_iter().any(|(back, message)| message.seq as usize + back != self.last as usize) {
            return Err("the numbers of a conversation have a gap".to_owned());
        }
        let first_kept = self.last - self.messages.len() as u32 + 1;
        for member in &self.members {
            let Member { joined, pushed, delivered, read, .. } = *member;
            if !(joined <= read && read <= delivered && delivered <= pushed && pushed <= self.last) {
                return Err(format!("a member is where nobody can be: {member:?}"));
            }
            if delivered + 1 < first_kept {
                return Err(format!("user {} never got message {}", member.user, delivered + 1));
            }
        }
        if !self.members.is_sorted_by_key(|member| member.user) {
            return Err("members are out of order".to_owned());
        }
        Ok(())
    }
}
