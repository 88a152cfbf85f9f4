//! Who is thought to be there: a failure detector, and the leaders that follow from it.
//!
//! As if by a coordination service with leases: once a machine has been gone (down, frozen, or on another
//! side of a partition) for `failover_ms`, everybody knows; until then everybody thinks as before. The
//! service is on the side with most machines (at a tie, the lower number): on the others nobody leads, so
//! there are never two leaders that both know it. A machine that comes back is trusted after the same time
//! and stands behind those that stayed: leadership does not go back by itself.

use super::map::Home;
use crate::sim::Time;

/// What is known of a member, and since when it has been otherwise.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    gone: bool,
    side: u8,
    /// Smaller for those that have been there longer.
    joined: u32,
    changed: Time,
    /// A look at it is due.
    due: bool,
}

#[derive(Clone, Debug, Default)]
pub struct View {
    known: Vec<Known>,
    /// Members that count; more may be on their way out.
    count: usize,
    term: u32,
    main_side: u8,
}

impl View {
    /// How often leaders may have changed, from 1.
    pub fn term(&self) -> u32 {
        self.term
    }

    pub fn new_term(&mut self) {
        self.term = self.term.saturating_add(1);
    }

    /// So many members; new ones are there at once.
    pub fn fit(&mut self, machines: usize, count: usize) {
        self.known.resize(machines.max(self.known.len()), Known::default());
        self.count = count;
        self.find_main_side();
    }

    fn find_main_side(&mut self) {
        let mut sizes = [0u32; 256];
        for known in self.known.iter().take(self.count).filter(|known| !known.gone) {
            sizes[known.side as usize] += 1;
        }
        let most = sizes.iter().max().copied().unwrap_or(0);
        self.main_side = sizes.iter().position(|size| *size == most).unwrap_or(0) as u8;
    }

    /// A member's condition changed, or may have. True if a look at it must be taken after the failover time.
    pub fn noticed(&mut self, member: usize, now: Time) -> bool {
        let Some(known) = self.known.get_mut(member) else { return false };
        known.changed = now;
        !std::mem::replace(&mut known.due, true)
    }

    /// When it changed last: a look that comes too early is taken again.
    pub fn changed(&self, member: usize) -> Time {
        self.known.get(member).map_or(Time::ZERO, |known| known.changed)
    }

    /// The look: this is how it is. True if it was thought to be otherwise.
    pub fn learn(&mut self, member: usize, gone: bool, side: u8) -> bool {
        let Some(known) = self.known.get_mut(member) else { return false };
        known.due = false;
        if (known.gone, known.side) == (gone, side) {
            return false;
        }
        let before: Vec<bool> = (0..self.known.len()).map(|member| self.is_there(member)).collect();
        (self.known[member].gone, self.known[member].side) = (gone, side);
        self.find_main_side();
        self.new_term();
        for (member, was_there) in before.into_iter().enumerate() {
            if !was_there && self.is_there(member) {
                self.known[member].joined = self.term;
            }
        }
        true
    }

    /// With the coordination service, and alive.
    fn is_there(&self, member: usize) -> bool {
        self.known.get(member).is_none_or(|known| !known.gone && known.side == self.main_side)
    }

    /// Whether one member thinks that it can reach the other.
    pub fn sees(&self, viewer: u16, other: u16) -> bool {
        let side = |member: u16| self.known.get(member as usize).map_or(0, |known| known.side);
        let gone = self.known.get(other as usize).is_some_and(|known| known.gone);
        viewer == other || !gone && side(viewer) == side(other)
    }

    /// Whether it is where the coordination service is.
    pub fn is_main(&self, member: u16) -> bool {
        self.known.get(member as usize).is_none_or(|known| known.side == self.main_side)
    }

    /// Who leads: of those that are there the one that has been there longest; of these the first.
    pub fn leader(&self, home: &Home) -> Option<u16> {
        let joined = |member: u16| self.known.get(member as usize).map_or(0, |known| known.joined);
        let there = home.all().iter().filter(|member| self.is_there(**member as usize));
        let mut best: Option<(u32, u16)> = None;
        for member in there {
            if best.is_none_or(|(before, _)| joined(*member) < before) {
                best = Some((joined(*member), *member));
            }
        }
        best.map(|(_, member)| member)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view() -> View {
        let mut view = View::default();
        view.fit(5, 5);
        view
    }

    #[test]
    fn the_next_in_line_leads_and_whoever_comes_back_stands_behind() {
        let (mut view, home) = (view(), Home::new(&[2, 0, 4]));
        assert_eq!(view.leader(&home), Some(2));
        assert!(view.learn(2, true, 0));
        assert_eq!(view.leader(&home), Some(0));
        assert!(view.learn(2, false, 0));
        assert_eq!(view.leader(&home), Some(0));
        view.learn(0, true, 0);
        assert_eq!(view.leader(&home), Some(4), "it never went");
        view.learn(4, true, 0);
        assert_eq!(view.leader(&home), Some(2));
        view.learn(2, true, 0);
        assert_eq!(view.leader(&home), None);
        assert_eq!(view.term(), 5);
    }

    #[test]
    fn nobody_leads_on_the_smaller_side() {
        let (mut view, home) = (view(), Home::new(&[0, 1, 2]));
        view.learn(0, false, 1);
        view.learn(1, false, 1);
        assert_eq!(view.leader(&home), Some(2));
        assert!(!view.is_main(0) && view.is_main(2));
        assert!(view.sees(0, 1) && !view.sees(0, 2) && view.sees(3, 4));
        // Another goes over: now the others are the more.
        view.learn(3, false, 1);
        assert_eq!(view.leader(&home), Some(0));
    }
}
