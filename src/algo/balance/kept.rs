//! State that follows a backend's identity: after a removal indices close up, while ids stay.

use super::Backends;
use crate::sim::order::map_of;

/// One `T` per backend. A newcomer begins with the default.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept<T> {
    id: Vec<u32>,
    pub values: Vec<T>,
}

impl<T: Copy + Default> Kept<T> {
    /// Lines the values up with `backends` again.
    pub fn follow(&mut self, backends: &Backends) {
        if self.id != backends.id {
            let old = map_of(self.id.iter().copied().zip(0usize..));
            let kept = |id| old.get(id).and_then(|&at| self.values.get(at)).copied().unwrap_or_default();
            self.values = backends.id.iter().map(kept).collect();
            self.id.clone_from(&backends.id);
        }
    }

    pub fn check(&self, backends: &Backends) -> Result<(), String> {
        if self.id == backends.id && self.values.len() == self.id.len() {
            Ok(())
        } else {
            Err(format!("kept for {:?}, backends are {:?}", self.id, backends.id))
        }
    }
}

/// A place between two backends, where a search begins.
#[derive(Clone, Debug, Default)]
pub(super) struct Cursor {
    id: Vec<u32>,
    /// The index behind the last pick; may equal the number of backends.
    pub at: usize,
}

impl Cursor {
    /// Where a circular search begins.
    pub fn start(&self, backends: &Backends) -> usize {
        if self.at < backends.len() { self.at } else { 0 }
    }

    /// Keeps the cursor behind the nearest backend before it that is still there.
    pub fn follow(&mut self, backends: &Backends) {
        if self.id != backends.id {
            let before = self.id.iter().take(self.at).rev();
            self.at = before
                .filter_map(|id| backends.id.iter().position(|other| other == id))
                .map(|index| index + 1)
                .next()
                .unwrap_or(0);
            self.id.clone_from(&backends.id);
        }
    }

    pub fn check(&self, backends: &Backends) -> Result<(), String> {
        if self.id == backends.id && self.at <= self.id.len() {
            Ok(())
        } else {
            Err(format!("cursor {} in {:?}, backends are {:?}", self.at, self.id, backends.id))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stay_with_their_ids() {
        let mut backends = Backends::with_weights(&[1; 4]);
        let mut kept = Kept::default();
        kept.follow(&backends);
        kept.values = vec![10, 20, 30, 40];
        backends.remove(1);
        backends.push(5, 1);
        assert!(kept.check(&backends).is_err());
        kept.follow(&backends);
        assert_eq!(kept.values, [10, 30, 40, 0]);
        assert_eq!(kept.check(&backends), Ok(()));
    }

    #[test]
    fn the_cursor_stays_behind_what_it_passed() {
        let mut backends = Backends::with_weights(&[1; 4]);
        let mut cursor = Cursor::default();
        cursor.follow(&backends);
        cursor.at = 3; // behind id 3
        for (removed, at) in [(0, 2), (1, 1), (0, 0), (0, 0)] {
            backends.remove(removed);
            cursor.follow(&backends);
            assert_eq!(cursor.at, at, "{:?} left", backends.id);
        }
    }
}
