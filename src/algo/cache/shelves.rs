//! Keys on doubly linked lists, found by key: what most policies are made of.
//!
//! The links of all lists lie in the index beside the keys, as slot numbers; nothing is allocated per entry. Each list
//! is a ring through a sentinel (the slot of the list's own number), so that linking and unlinking have no special
//! cases.

use super::index::{Index, NONE};
use super::{List, SHOWN};

#[derive(Clone, Copy, Debug)]
struct Node {
    /// Towards the front.
    prev: u32,
    /// Towards the back.
    next: u32,
    /// The list in the low bits, above them the policy's own mark: a reference bit, a count.
    tag: u32,
}

const LIST_BITS: u32 = 3;
const LIST_MASK: u32 = (1 << LIST_BITS) - 1;
/// How many lists there may be.
pub(super) const LISTS_MAX: u32 = 1 << LIST_BITS;

#[derive(Clone, Debug)]
pub(super) struct Shelves {
    /// The first nodes are the lists' sentinels.
    nodes: Index<Node>,
    lists: u32,
    lens: [u32; LISTS_MAX as usize],
}

impl Shelves {
    /// `lists` empty lists, numbered from 0.
    pub fn new(lists: u32) -> Shelves {
        let sentinel = |list: u32| Node { prev: list, next: list, tag: list };
        Shelves { nodes: Index::behind((0..lists).map(sentinel)), lists, lens: [0; LISTS_MAX as usize] }
    }

    /// The key's slot, or [`NONE`].
    #[inline]
    pub fn find(&self, key: u32) -> u32 {
        self.nodes.get(key)
    }

    #[inline]
    pub fn len(&self, list: u32) -> u32 {
        self.lens[(list & LIST_MASK) as usize]
    }

    #[inline]
    pub fn key(&self, slot: u32) -> u32 {
        self.nodes.key(slot)
    }

    #[inline]
    pub fn list(&self, slot: u32) -> u32 {
        self.nodes[slot].tag & LIST_MASK
    }

    #[inline]
    pub fn mark(&self, slot: u32) -> u32 {
        self.nodes[slot].tag >> LIST_BITS
    }

    #[inline]
    pub fn set_mark(&mut self, slot: u32, mark: u32) {
        let tag = &mut self.nodes[slot].tag;
        *tag = *tag & LIST_MASK | mark << LIST_BITS;
    }

    /// The slot at a list's front, or [`NONE`].
    #[inline]
    pub fn front(&self, list: u32) -> u32 {
        self.neighbour(self.nodes[list].next)
    }

    /// The slot at a list's back, or [`NONE`].
    #[inline]
    pub fn back(&self, list: u32) -> u32 {
        self.neighbour(self.nodes[list].prev)
    }

    /// The next slot towards the front, or [`NONE`].
    #[inline]
    pub fn before(&self, slot: u32) -> u32 {
        self.neighbour(self.nodes[slot].prev)
    }

    /// The next slot towards the back, or [`NONE`].
    #[inline]
    pub fn after(&self, slot: u32) -> u32 {
        self.neighbour(self.nodes[slot].next)
    }

    #[inline]
    fn neighbour(&self, slot: u32) -> u32 {
        if slot < self.lists { NONE } else { slot }
    }

    #[inline]
    fn unlink(&mut self, slot: u32) {
        let Node { prev, next, tag, .. } = self.nodes[slot];
        self.lens[(tag & LIST_MASK) as usize] -= 1;
        self.nodes[prev].next = next;
        self.nodes[next].prev = prev;
    }

    /// Links a slot in behind (towards the back of) another, or in front of all behind a sentinel.
    #[inline]
    fn link(&mut self, list: u32, at: u32, slot: u32) {
        let next = std::mem::replace(&mut self.nodes[at].next, slot);
        self.nodes[next].prev = slot;
        let node = &mut self.nodes[slot];
        node.prev = at;
        node.next = next;
        node.tag = node.tag & !LIST_MASK | list;
        self.lens[(list & LIST_MASK) as usize] += 1;
    }

    /// Puts a key that is on no list at a list's front, with mark 0.
    #[inline]
    pub fn push_front(&mut self, list: u32, key: u32) -> u32 {
        let slot = self.nodes.insert(key, Node { prev: NONE, next: NONE, tag: 0 });
        self.link(list, list, slot);
        slot
    }

    /// The same at a list's back.
    #[inline]
    pub fn push_back(&mut self, list: u32, key: u32) -> u32 {
        let slot = self.nodes.insert(key, Node { prev: NONE, next: NONE, tag: 0 });
        self.link(list, self.nodes[list].prev, slot);
        slot
    }

    /// Moves a slot to a list's front, from wherever it is.
    #[inline]
    pub fn move_to_front(&mut self, list: u32, slot: u32) {
        self.unlink(slot);
        self.link(list, list, slot);
    }

    /// Moves a slot next to another one, towards the front.
    #[inline]
    pub fn move_before(&mut self, at: u32, slot: u32) {
        self.unlink(slot);
        self.link(self.list(at), self.nodes[at].prev, slot);
    }

    /// Takes a slot out; its key.
    #[inline]
    pub fn remove(&mut self, slot: u32) -> u32 {
        self.unlink(slot);
        self.nodes.remove(slot)
    }

    /// Takes the key at a list's back out.
    #[inline]
    pub fn pop_back(&mut self, list: u32) -> Option<u32> {
        let slot = self.back(list);
        (slot != NONE).then(|| self.remove(slot))
    }

    /// The slots of a list, from its front.
    pub fn slots(&self, list: u32) -> impl Iterator<Item = u32> + '_ {
        let step = |slot: &u32| Some(self.neighbour(self.nodes[*slot].next)).filter(|&s| s != NONE);
        std::iter::successors(Some(self.front(list)).filter(|&slot| slot != NONE), step)
    }

    /// A list as a learner sees it.
    pub fn show(&self, list: u32, name: &'static str, limit: u32) -> List {
        let keys = self.slots(list).take(SHOWN).map(|slot| self.key(slot)).collect();
        List { name, ghost: false, len: self.len(list), limit, keys, marks: vec![], hand: None }
    }

    /// As [`Shelves::show`], with the entries' marks.
    pub fn show_marked(&self, list: u32, name: &'static str, limit: u32) -> List {
        let marks = self.slots(list).take(SHOWN).map(|slot| self.mark(slot)).collect();
        List { marks, ..self.show(list, name, limit) }
    }

    /// Every entry is on the list it says, both ways round, and found by its key.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn check(&self) -> Result<(), String> {
        let mut total = 0;
        for list in 0..self.lists {
            let mut before = list;
            let mut len = 0;
            for slot in self.slots(list) {
                let node = &self.nodes[slot];
                if node.prev != before || self.list(slot) != list || !self.nodes.is_taken(slot) {
                    return Err(format!("key {} is not where list {list} says", self.key(slot)));
                }
                before = slot;
                len += 1;
                if len > self.nodes.slots() {
                    return Err(format!("list {list} has no end"));
                }
            }
            if self.nodes[list].prev != before || self.len(list) != len {
                return Err(format!("list {list} has {len} entries, not {}", self.len(list)));
            }
            total += len;
        }
        if self.nodes.len() != total {
            return Err(format!("{} keys are found, {total} are listed", self.nodes.len()));
        }
        Ok(())
    }
}
