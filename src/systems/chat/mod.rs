//! Chat: direct and group conversations, presence, delivery now or on return, delivered and read.
//!
//! Every conversation numbers its messages. A member's place in it is a number too: what lies beyond is
//! the inbox, so an offline user needs no copy of anything. Messages go to whom is online at once; a
//! device confirms them; what is not confirmed is sent again when a device connects. A device that skips
//! what it has (numbers have no gaps) sees each message once and in order.
//!
//! A send carries a name chosen by the sender, so that a retry does not double. An acknowledged message
//! stays until all members have it: a conversation that is full of such refuses the next one instead.
//!
//! What devices really have is in [`Devices`]: the service learns of it by what they confirm, and never otherwise.
//!
//! Left out: edits, several devices of one user, encryption, media.

mod conversation;
mod device;
mod presence;
mod service;
mod settings;
pub mod view;

pub use conversation::{Conversation, Member, Message};
pub use device::Devices;
pub use presence::Presence;
pub use service::SERVICE;

use crate::sim::Time;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

pub const USERS_MAX: usize = 20_000;
pub const CONVERSATIONS_MAX: usize = 50_000;
pub const GROUP_MAX: usize = 1_000;
/// The most messages of one conversation that are kept.
pub const HISTORY_MAX: usize = 10_000;
/// And of all conversations together.
pub const MESSAGES_MAX: usize = 500_000;
/// How many names of sends are remembered: a retry that comes after so many other messages doubles.
pub const NAMES_MAX: usize = 20_000;

/// Messages for one user's device: the numbers `from ..= to` of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Push {
    pub user: u32,
    /// The machine that holds the user's connection.
    pub gateway: u16,
    pub conversation: u32,
    pub from: u32,
    pub to: u32,
}

/// An acknowledged message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub seq: u32,
    /// It had been sent before; nothing was done.
    pub repeated: bool,
    /// To members who are online, the sender included.
    pub pushes: Vec<Push>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChatError {
    NoUser,
    NoConversation,
    NotMember,
    /// A direct conversation with oneself.
    Oneself,
    /// Too many members or conversations.
    TooMany,
    /// A direct conversation stays between two.
    Direct,
    /// Its history is full of messages that somebody has yet to get.
    Full,
    /// The sender used this name in another conversation.
    NameUsed,
}

#[derive(Clone, Debug)]
pub struct Chat {
    /// Per user: the gateway that they are connected to.
    online: Vec<Option<u16>>,
    /// Per user: their conversations, ascending. Shared by clones until they change.
    conversations_of: Vec<Arc<Vec<u32>>>,
    conversations: BTreeMap<u32, Arc<Conversation>>,
    /// (lower user, higher user) → conversation.
    direct: BTreeMap<(u32, u32), u32>,
    /// (sender, name) → (conversation, number).
    names: BTreeMap<(u32, u64), (u32, u32)>,
    /// In the order of sending.
    names_order: VecDeque<(u32, u64)>,
    history_max: usize,
    acknowledged: u64,
    /// Messages in all conversations.
    kept: usize,
}

impl Chat {
    pub fn new(users: usize, history_max: usize) -> Chat {
        let users = users.min(USERS_MAX);
        Chat {
            online: vec![None; users],
            conversations_of: vec![Arc::default(); users],
            conversations: BTreeMap::new(),
            direct: BTreeMap::new(),
            names: BTreeMap::new(),
            names_order: VecDeque::new(),
            history_max: history_max.clamp(1, HISTORY_MAX),
            acknowledged: 0,
            kept: 0,
        }
    }

    /// Opens a group; who is named twice counts once. Answers its number.
    ///
    /// # Errors
    /// If a user does not exist, or there are too many members or conversations.
    pub fn group(&mut self, members: &[u32]) -> Result<u32, ChatError> {
        if members.iter().any(|user| *user as usize >= self.online.len()) {
            return Err(ChatError::NoUser);
        }
        if members.len() > GROUP_MAX {
            return Err(ChatError::TooMany);
        }
        self.open(members, false)
    }

    /// The conversation between two users, opened if there is none yet.
    ///
    /// # Errors
    /// If one does not exist, both are one, or there are too many conversations.
    pub fn direct(&mut self, a: u32, b: u32) -> Result<u32, ChatError> {
        if a.max(b) as usize >= self.online.len() {
            return Err(ChatError::NoUser);
        }
        if a == b {
            return Err(ChatError::Oneself);
        }
        let pair = (a.min(b), a.max(b));
        if let Some(id) = self.direct_of(a, b) {
            return Ok(id);
        }
        let id = self.open(&[a, b], true)?;
        self.direct.insert(pair, id);
        Ok(id)
    }

    /// The conversation between two users, if there is one.
    pub fn direct_of(&self, a: u32, b: u32) -> Option<u32> {
        self.direct.get(&(a.min(b), a.max(b))).copied()
    }

    fn open(&mut self, members: &[u32], direct: bool) -> Result<u32, ChatError> {
        if self.conversations.len() >= CONVERSATIONS_MAX {
            return Err(ChatError::TooMany);
        }
        let id = self.conversations.len() as u32;
        let mut conversation = Conversation::new(direct);
        for user in members {
            if conversation.join(*user) {
                // The newest conversation has the highest number.
                Arc::make_mut(&mut self.conversations_of[*user as usize]).push(id);
            }
        }
        self.conversations.insert(id, Arc::new(conversation));
        Ok(id)
    }

    fn group_mut(&mut self, user: u32, id: u32) -> Result<&mut Conversation, ChatError> {
        if user as usize >= self.online.len() {
            return Err(ChatError::NoUser);
        }
        let conversation = self.conversations.get_mut(&id).ok_or(ChatError::NoConversation)?;
        if conversation.direct { Err(ChatError::Direct) } else { Ok(Arc::make_mut(conversation)) }
    }

    /// A user joins a group, and sees what is sent from now on.
    ///
    /// # Errors
    /// If there is no such user or group, or it has too many members.
    pub fn join(&mut self, user: u32, id: u32) -> Result<(), ChatError> {
        let group = self.group_mut(user, id)?;
        if group.members().len() >= GROUP_MAX {
            return Err(ChatError::TooMany);
        }
        if group.join(user) {
            let list = Arc::make_mut(&mut self.conversations_of[user as usize]);
            if let Err(place) = list.binary_search(&id) {
                list.insert(place, id);
            }
        }
        Ok(())
    }

    /// A user leaves a group, and with them what they had yet to get.
    ///
    /// # Errors
    /// If there is no such user or group.
    pub fn leave(&mut self, user: u32, id: u32) -> Result<(), ChatError> {
        self.group_mut(user, id)?.leave(user);
        Arc::make_mut(&mut self.conversations_of[user as usize]).retain(|other| *other != id);
        Ok(())
    }

    /// Sends a message. It is acknowledged, and will reach every member, once this is `Ok`.
    ///
    /// # Errors
    /// If the sender is no member, the name was used elsewhere, or there is no room.
    pub fn send(&mut self, from: u32, id: u32, name: u64, now: Time) -> Result<Sent, ChatError> {
        let conversation = self.conversations.get_mut(&id).ok_or(ChatError::NoConversation)?;
        conversation.member(from).ok_or(ChatError::NotMember)?;
        match self.names.get(&(from, name)) {
            Some((same, seq)) if *same == id => {
                return Ok(Sent { seq: *seq, repeated: true, pushes: vec![] });
            }
            Some(_) => return Err(ChatError::NameUsed),
            None => {}
        }
        let before = conversation.messages().len();
        let max = if self.kept < MESSAGES_MAX { self.history_max } else { before };
        if max == 0 || !conversation.has_room(max) {
            return Err(ChatError::Full);
        }
        let conversation = Arc::make_mut(conversation);
        let seq = conversation.append(from, name, now, max);
        self.kept += conversation.messages().len() - before;
        let users: Vec<u32> = conversation.members().iter().map(|member| member.user).collect();
        self.acknowledged += 1;
        self.names.insert((from, name), (id, seq));
        self.names_order.push_back((from, name));
        if self.names_order.len() > NAMES_MAX {
            let oldest = self.names_order.pop_front();
            oldest.map(|oldest| self.names.remove(&oldest));
        }
        let pushes = users.iter().filter_map(|user| self.push(*user, id)).collect();
        Ok(Sent { seq, repeated: false, pushes })
    }

    /// Sends a user all of a conversation that their device has not been sent, if they are online.
    fn push(&mut self, user: u32, id: u32) -> Option<Push> {
        let gateway = (*self.online.get(user as usize)?)?;
        let conversation = self.conversations.get_mut(&id)?;
        let last = conversation.last();
        let from = conversation.member(user)?.pushed + 1;
        if from > last {
            return None;
        }
        Arc::make_mut(conversation).member_mut(user)?.pushed = last;
        Some(Push { user, gateway, conversation: id, from, to: last })
    }

    /// Sends a user again what their device has not confirmed, if they are online.
    pub fn again(&mut self, user: u32, id: u32) -> Option<Push> {
        self.presence(user)?;
        let conversation = self.conversations.get_mut(&id)?;
        let member = Arc::make_mut(conversation).member_mut(user)?;
        member.pushed = member.delivered;
        self.push(user, id)
    }

    /// A user's device connects: what no device has confirmed is sent to it.
    ///
    /// # Errors
    /// If there is no such user.
    pub fn connect(&mut self, user: u32, gateway: u16) -> Result<Vec<Push>, ChatError> {
        self.disconnect(user)?;
        self.online[user as usize] = Some(gateway);
        let conversations = self.conversations_of[user as usize].clone();
        Ok(conversations.iter().filter_map(|id| self.push(user, *id)).collect())
    }

    /// What was sent to the device and not confirmed counts as lost.
    ///
    /// # Errors
    /// If there is no such user.
    pub fn disconnect(&mut self, user: u32) -> Result<(), ChatError> {
        *self.online.get_mut(user as usize).ok_or(ChatError::NoUser)? = None;
        for id in self.conversations_of[user as usize].clone().iter() {
            let Some(conversation) = self.conversations.get_mut(id) else { continue };
            if conversation.member(user).is_none_or(|member| member.pushed == member.delivered) {
                continue;
            }
            if let Some(member) = Arc::make_mut(conversation).member_mut(user) {
                member.pushed = member.delivered;
            }
        }
        Ok(())
    }

    /// A device has all messages up to `seq`. What was not sent to it cannot be confirmed.
    ///
    /// # Errors
    /// If there is no such conversation or the user is no member.
    pub fn delivered(&mut self, user: u32, id: u32, seq: u32) -> Result<(), ChatError> {
        self.with_member(user, id, |member| member.delivered = seq.min(member.pushed).max(member.delivered))
    }

    /// The user has read all messages up to `seq`. What was not delivered cannot be read.
    ///
    /// # Errors
    /// If there is no such conversation or the user is no member.
    pub fn read(&mut self, user: u32, id: u32, seq: u32) -> Result<(), ChatError> {
        self.with_member(user, id, |member| member.read = seq.min(member.delivered).max(member.read))
    }

    fn with_member(&mut self, user: u32, id: u32, change: impl FnOnce(&mut Member)) -> Result<(), ChatError> {
        let conversation = self.conversations.get_mut(&id).ok_or(ChatError::NoConversation)?;
        let member = Arc::make_mut(conversation).member_mut(user).ok_or(ChatError::NotMember)?;
        change(member);
        Ok(())
    }

    /// A page of the history as a member may see it: newest first, below `before` if one is named.
    ///
    /// # Errors
    /// If there is no such conversation or the user is no member.
    pub fn history(
        &self,
        user: u32,
        id: u32,
        before: Option<u32>,
        limit: usize,
    ) -> Result<Vec<Message>, ChatError> {
        let conversation = self.conversations.get(&id).ok_or(ChatError::NoConversation)?;
        let joined = conversation.member(user).ok_or(ChatError::NotMember)?.joined;
        let up_to = before.map_or(u32::MAX, |before| before.saturating_sub(1));
        Ok(conversation.between(joined, up_to).rev().take(limit).copied().collect())
    }

    /// The gateway that a user is connected to.
    pub fn presence(&self, user: u32) -> Option<u16> {
        self.online.get(user as usize).copied().flatten()
    }

    pub fn users(&self) -> usize {
        self.online.len()
    }

    /// A user's conversations, ascending.
    pub fn conversations_of(&self, user: u32) -> &[u32] {
        self.conversations_of.get(user as usize).map_or(&[], |list| list)
    }

    pub fn conversations(&self) -> &BTreeMap<u32, Arc<Conversation>> {
        &self.conversations
    }

    /// The most messages of one conversation that are kept.
    pub fn history_max(&self) -> usize {
        self.history_max
    }

    /// Messages acknowledged so far.
    pub fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// # Errors
    /// Says which invariant does not hold.
    pub fn check(&self) -> Result<(), String> {
        if self.names.len() != self.names_order.len() || self.names.len() > NAMES_MAX {
            return Err(format!("{} names, {} listed", self.names.len(), self.names_order.len()));
        }
        let mut sent = 0;
        let (mut places, mut kept) = (0, 0);
        for (id, conversation) in &self.conversations {
            conversation.check().map_err(|error| format!("conversation {id}: {error}"))?;
            sent += u64::from(conversation.last());
            places += conversation.members().len();
            kept += conversation.messages().len();
            for member in conversation.members() {
                if self.conversations_of(member.user).binary_search(id).is_err() {
                    return Err(format!("user {} does not know of conversation {id}", member.user));
                }
                if self.presence(member.user).is_some() && member.pushed != conversation.last() {
                    return Err(format!("user {} is online and waits for messages", member.user));
                }
            }
        }
        let known: usize = self.conversations_of.iter().map(|list| list.len()).sum();
        if sent != self.acknowledged || known != places || kept != self.kept || kept > MESSAGES_MAX {
            return Err(format!("{} acknowledged, {sent} numbered, {kept} kept", self.acknowledged));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
