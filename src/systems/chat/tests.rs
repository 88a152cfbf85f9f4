//! Chat against devices that lose their connection, and a plain list of what was acknowledged.

use super::*;
use proptest::prelude::*;

fn names(messages: &[Message]) -> Vec<u64> {
    messages.iter().map(|message| message.name).collect()
}

#[test]
fn an_offline_member_gets_everything_on_return() {
    let mut chat = Chat::new(3, 100);
    let id = chat.group(&[0, 1, 2]).unwrap();
    chat.connect(0, 4).unwrap();
    for name in 10..13 {
        let sent = chat.send(0, id, name, Time(name)).unwrap();
        assert_eq!((sent.seq, sent.pushes.len()), (name as u32 - 9, 1));
    }
    assert_eq!(chat.connect(2, 5).unwrap(), [Push { user: 2, gateway: 5, conversation: id, from: 1, to: 3 }]);
    chat.delivered(2, id, 2).unwrap();
    chat.disconnect(2).unwrap();
    assert_eq!(chat.connect(2, 6).unwrap(), [Push { user: 2, gateway: 6, conversation: id, from: 3, to: 3 }]);
    chat.delivered(2, id, 99).unwrap();
    chat.read(2, id, 99).unwrap();
    let member = *chat.conversations()[&id].member(2).unwrap();
    assert_eq!((member.delivered, member.read), (3, 3));
    chat.check().unwrap();
}

#[test]
fn only_members_send_and_read() {
    let mut chat = Chat::new(4, 100);
    let id = chat.group(&[0, 1]).unwrap();
    assert_eq!(chat.send(2, id, 1, Time(0)), Err(ChatError::NotMember));
    assert_eq!(chat.history(2, id, None, 10), Err(ChatError::NotMember));
    assert_eq!(chat.delivered(2, id, 1), Err(ChatError::NotMember));
    assert_eq!(chat.send(0, 99, 1, Time(0)), Err(ChatError::NoConversation));
    assert_eq!(chat.direct(1, 1), Err(ChatError::Oneself));
    assert_eq!(chat.direct(1, 4), Err(ChatError::NoUser));
    let direct = chat.direct(3, 1).unwrap();
    assert_eq!(chat.direct(1, 3), Ok(direct));
    assert_eq!(chat.join(2, direct), Err(ChatError::Direct));
    chat.send(0, id, 1, Time(0)).unwrap();
    chat.join(2, id).unwrap();
    chat.send(2, id, 2, Time(0)).unwrap();
    assert_eq!(names(&chat.history(2, id, None, 10).unwrap()), [2], "what was before is not theirs");
    chat.leave(0, id).unwrap();
    assert_eq!(chat.history(0, id, None, 10), Err(ChatError::NotMember));
    chat.check().unwrap();
}

#[test]
fn history_comes_in_pages() {
    let mut chat = Chat::new(2, 100);
    let id = chat.direct(0, 1).unwrap();
    for name in 1..=7 {
        chat.send(0, id, name, Time(name)).unwrap();
    }
    let page = |before| names(&chat.history(1, id, before, 3).unwrap());
    assert_eq!((page(None), page(Some(5)), page(Some(2))), (vec![7, 6, 5], vec![4, 3, 2], vec![1]));
    assert_eq!((page(Some(1)), page(Some(0)), page(Some(99))), (vec![], vec![], vec![7, 6, 5]));
}

#[test]
fn a_full_history_refuses_rather_than_loses() {
    let mut chat = Chat::new(2, 3);
    let id = chat.direct(0, 1).unwrap();
    chat.connect(0, 0).unwrap();
    for name in 1..=3 {
        chat.send(0, id, name, Time(0)).unwrap();
        chat.delivered(0, id, 3).unwrap();
    }
    assert_eq!(chat.send(0, id, 4, Time(0)), Err(ChatError::Full));
    chat.connect(1, 0).unwrap();
    assert_eq!(chat.send(0, id, 4, Time(0)), Err(ChatError::Full), "sent is not delivered");
    chat.delivered(1, id, 1).unwrap();
    assert_eq!(chat.send(0, id, 4, Time(0)).unwrap().seq, 4);
    assert_eq!(names(&chat.history(1, id, None, 9).unwrap()), [4, 3, 2]);
    chat.check().unwrap();
}

const USERS: u32 = 4;

#[derive(Clone, Debug)]
enum Step {
    Send {
        from: u32,
        conversation: u32,
        name: u64,
    },
    Connect(u32),
    /// A connection breaks; the server notices.
    Disconnect(u32),
    /// Of what is on its way to a device, so much arrives and is confirmed.
    Arrive(u32, u8),
    /// So much arrives, and the confirmation is lost.
    Unconfirmed(u32, u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let user = || 0..USERS;
    let step = prop_oneof![
        5 => (user(), 0..4u32, 0..60u64).prop_map(|(from, conversation, name)| Step::Send { from, conversation, name }),
        2 => user().prop_map(Step::Connect),
        1 => user().prop_map(Step::Disconnect),
        3 => (user(), 1..5u8).prop_map(|(user, count)| Step::Arrive(user, count)),
        1 => (user(), 1..5u8).prop_map(|(user, count)| Step::Unconfirmed(user, count)),
    ];
    prop::collection::vec(step, 1..150)
}

/// What a user's devices have, and what is on its way to the one that is connected.
#[derive(Default)]
struct Device {
    /// Per conversation: names in the order of arrival, each once, and the highest number.
    has: BTreeMap<u32, (u32, Vec<u64>)>,
    /// (conversation, number, name).
    wire: VecDeque<(u32, u32, u64)>,
}

impl Device {
    fn put(&mut self, chat: &Chat, pushes: &[Push], user: u32) {
        for push in pushes.iter().filter(|push| push.user == user) {
            let conversation = &chat.conversations()[&push.conversation];
            let between: Vec<&Message> = conversation.between(push.from - 1, push.to).collect();
            assert_eq!(between.len() as u32, push.to - push.from + 1, "all that is pushed is kept");
            self.wire.extend(between.iter().map(|message| (push.conversation, message.seq, message.name)));
        }
    }

    /// The device skips what it has. Answers what it now has, to be confirmed.
    fn arrive(&mut self) -> Option<(u32, u32)> {
        let (conversation, seq, name) = self.wire.pop_front()?;
        let has = self.has.entry(conversation).or_default();
        if seq > has.0 {
            assert_eq!(seq, has.0 + 1, "no gaps");
            *has = (seq, [has.1.clone(), vec![name]].concat());
        }
        Some((conversation, has.0))
    }
}

proptest! {
    #[test]
    fn every_acknowledged_message_reaches_every_member_once_and_in_order(steps in steps(), max in 3..40usize) {
        let mut chat = Chat::new(USERS as usize, max);
        let members: [&[u32]; 3] = [&[0, 1], &[0, 1, 2, 3], &[2, 3]];
        chat.direct(0, 1).unwrap();
        chat.group(members[1]).unwrap();
        chat.direct(2, 3).unwrap();
        let mut devices: Vec<Device> = (0..USERS).map(|_| Device::default()).collect();
        let mut acknowledged: [Vec<u64>; 3] = Default::default();
        let mut used: BTreeMap<(u32, u64), u32> = BTreeMap::new();
        for (at, step) in steps.iter().enumerate() {
            match *step {
                Step::Send { from, conversation, name } => {
                    let member = members.get(conversation as usize).is_some_and(|list| list.contains(&from));
                    let before = used.get(&(from, name)).copied();
                    match chat.send(from, conversation, name, Time(at as u64)) {
                        Ok(sent) => {
                            prop_assert!(member);
                            prop_assert_eq!(sent.repeated, before == Some(conversation));
                            if !sent.repeated {
                                acknowledged[conversation as usize].push(name);
                                prop_assert_eq!(sent.seq as usize, acknowledged[conversation as usize].len());
                                used.insert((from, name), conversation);
                            }
                            for user in 0..USERS {
                                devices[user as usize].put(&chat, &sent.pushes, user);
                            }
                        }
                        Err(ChatError::NameUsed) => prop_assert!(before.is_some_and(|id| id != conversation)),
                        Err(ChatError::Full) => prop_assert!(acknowledged[conversation as usize].len() >= max),
                        Err(_) => prop_assert!(!member),
                    }
                }
                Step::Connect(user) => {
                    devices[user as usize].wire.clear();
                    let pushes = chat.connect(user, 1).unwrap();
                    devices[user as usize].put(&chat, &pushes, user);
                }
                Step::Disconnect(user) => {
                    devices[user as usize].wire.clear();
                    chat.disconnect(user).unwrap();
                }
                Step::Arrive(user, count) => {
                    for _ in 0..count {
                        if let Some((conversation, seq)) = devices[user as usize].arrive() {
                            chat.delivered(user, conversation, seq).unwrap();
                            chat.read(user, conversation, seq).unwrap();
                        }
                    }
                }
                Step::Unconfirmed(user, count) => {
                    for _ in 0..count {
                        devices[user as usize].arrive();
                    }
                }
            }
            prop_assert_eq!(chat.check(), Ok(()));
        }
        // All return.
        for user in 0..USERS {
            devices[user as usize].wire.clear();
            let pushes = chat.connect(user, 1).unwrap();
            devices[user as usize].put(&chat, &pushes, user);
            while let Some((conversation, seq)) = devices[user as usize].arrive() {
                chat.delivered(user, conversation, seq).unwrap();
            }
        }
        for (conversation, list) in members.iter().enumerate() {
            for user in *list {
                let has = devices[*user as usize].has.get(&(conversation as u32)).cloned().unwrap_or_default();
                prop_assert_eq!(&has.1, &acknowledged[conversation], "user {} in {}", user, conversation);
            }
        }
        prop_assert_eq!(chat.acknowledged() as usize, acknowledged.iter().map(Vec::len).sum::<usize>());
    }
}
