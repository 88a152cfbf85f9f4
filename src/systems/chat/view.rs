//! What a learner sees of a chat: one room with its members and its last messages.

#[cfg(feature = "whole")]
use super::service::Running;
use crate::sim::Time;
use serde::Serialize;

/// Members and messages that are shown.
pub const MEMBERS_SHOWN: usize = 32;
pub const MESSAGES_SHOWN: usize = 6;

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ChatView {
    pub now: Time,
    /// The room that is shown: the first group, or else the busiest conversation. Empty rooms if there is none.
    pub room: u32,
    /// By user, at most [`MEMBERS_SHOWN`]: where there are more, those who have most to get.
    pub members: Vec<MemberRow>,
    /// All of these, and how many of them count as online.
    pub members_all: u32,
    pub members_online: u32,
    /// Newest first, at most [`MESSAGES_SHOWN`].
    pub messages: Vec<MessageRow>,
    /// Messages that are kept, and how many can be.
    pub kept: u32,
    pub kept_most: u32,
    /// Messages of the room so far.
    pub acknowledged: u32,
    /// Deliveries to members of the room that are still to be confirmed.
    pub waiting: u64,
    /// In all rooms: messages that say again what an earlier one says, since their send was made again.
    pub doubled: u64,
    /// In all rooms: messages that a device had already, that came before an earlier one, that are gone.
    pub twice: u64,
    pub out_of_order: u64,
    pub lost: u64,
    /// How often somebody was taken for gone, since no heartbeat came.
    pub taken_for_gone: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct MemberRow {
    pub user: u32,
    /// The machine that holds the connection, from 0; `None` while offline.
    pub gateway: Option<u16>,
    /// Messages that the member has yet to get, and those that they have not read.
    pub waiting: u32,
    pub unread: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct MessageRow {
    pub seq: u32,
    pub from: u32,
    pub at: Time,
    /// Whom it is for, who has it, and who has read it.
    pub of: u32,
    pub delivered: u32,
    pub read: u32,
    /// The earlier message that it says again.
    pub copy_of: Option<u32>,
}

/// So many of them that have most to get, in the order in which they were. Those who lack about as much stay where
/// they are, so that a list does not change with every message.
pub fn most_behind(mut members: Vec<MemberRow>, most: usize) -> Vec<MemberRow> {
    if members.len() > most {
        let place = |members: &[MemberRow], user: u32| members.iter().position(|it| it.user == user);
        let before = members.clone();
        members
            .sort_by_key(|member| std::cmp::Reverse(member.waiting.checked_ilog2().map_or(0, |log| log + 1)));
        members.truncate(most);
        members.sort_by_key(|member| place(&before, member.user));
    }
    members
}

#[cfg(feature = "whole")]
pub(super) fn view(running: &Running, now: Time) -> ChatView {
    let chat = &running.chat;
    let busiest = || chat.conversations().iter().max_by_key(|(id, it)| (it.last(), u32::MAX - **id));
    let room = if running.groups > 0 { Some(0) } else { busiest().map(|(id, _)| *id) };
    let Some((id, room)) = room.and_then(|id| Some((id, chat.conversations().get(&id)?))) else {
        return ChatView { now, ..ChatView::default() };
    };
    let last = room.last();
    let members = room.members();
    let message = |message: &super::Message| {
        let count = |what: fn(&super::Member) -> u32| {
            members.iter().filter(|member| what(member) >= message.seq).count() as u32
        };
        let of = members.iter().filter(|member| member.joined < message.seq).count() as u32;
        let before = members.len() as u32 - of;
        let (delivered, read) = (count(|it| it.delivered) - before, count(|it| it.read) - before);
        let copy_of = running.said_before(id, message.seq);
        MessageRow { seq: message.seq, from: message.from, at: message.at, of, delivered, read, copy_of }
    };
    let row = |member: &super::Member| MemberRow {
        user: member.user,
        gateway: chat.presence(member.user),
        waiting: last - member.delivered,
        unread: last - member.read,
    };
    ChatView {
        now,
        room: id,
        members: most_behind(members.iter().map(row).collect(), MEMBERS_SHOWN),
        members_all: members.len() as u32,
        members_online: members.iter().filter(|it| chat.presence(it.user).is_some()).count() as u32,
        messages: room.messages().iter().rev().take(MESSAGES_SHOWN).map(message).collect(),
        kept: room.messages().len() as u32,
        kept_most: chat.history_max() as u32,
        acknowledged: last,
        waiting: members.iter().map(|member| u64::from(last - member.delivered)).sum(),
        doubled: running.doubled(),
        twice: running.devices.twice,
        out_of_order: running.devices.out_of_order,
        lost: running.devices.lost,
        taken_for_gone: running.taken_for_gone(),
    }
}
