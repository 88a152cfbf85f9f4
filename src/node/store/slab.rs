//! Things with a number that is not given again soon: an answer that comes late finds nobody.

/// What exists, by number: 20 bits for the place, 12 that change whenever the place is used again.
#[derive(Clone, Debug)]
pub struct Slab<T> {
    places: Vec<(u32, Option<T>)>,
    free: Vec<u32>,
}

const PLACE_BITS: u32 = 20;
const PLACES: usize = 1 << PLACE_BITS;

/// Names nothing.
pub const NOBODY: u32 = u32::MAX;

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Slab { places: vec![], free: vec![] }
    }
}

impl<T> Slab<T> {
    pub fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// `None` if there is no room for another.
    pub fn insert(&mut self, item: T) -> Option<u32> {
        let place = match self.free.pop() {
            Some(place) => place,
            // The last place stays free: its number could be that of nobody.
            None if self.places.len() >= PLACES - 1 => return None,
            None => {
                self.places.push((0, None));
                self.places.len() as u32 - 1
            }
        };
        let (turn, slot) = &mut self.places[place as usize];
        *slot = Some(item);
        Some(*turn << PLACE_BITS | place)
    }

    fn place(&self, id: u32) -> Option<usize> {
        let place = id as usize % PLACES;
        let (turn, _) = self.places.get(place)?;
        (*turn == id >> PLACE_BITS).then_some(place)
    }

    pub fn get(&self, id: u32) -> Option<&T> {
        self.places[self.place(id)?].1.as_ref()
    }

    pub fn get_mut(&mut self, id: u32) -> Option<&mut T> {
        let place = self.place(id)?;
        self.places[place].1.as_mut()
    }

    pub fn remove(&mut self, id: u32) -> Option<T> {
        let place = self.place(id)?;
        let (turn, slot) = &mut self.places[place];
        let item = slot.take()?;
        *turn = (*turn + 1) % (1 << (32 - PLACE_BITS));
        self.free.push(place as u32);
        Some(item)
    }

    /// The numbers of all, in the order of their places.
    pub fn ids(&self) -> Vec<u32> {
        let id = |(place, (turn, slot)): (usize, &(u32, Option<T>))| {
            slot.is_some().then_some(*turn << PLACE_BITS | place as u32)
        };
        self.places.iter().enumerate().filter_map(id).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_not_given_again_soon() {
        let mut slab = Slab::default();
        let first = slab.insert('a').expect("room");
        assert_eq!(slab.remove(first), Some('a'));
        let second = slab.insert('b').expect("room");
        assert_ne!(first, second);
        assert_eq!(slab.remove(first), None);
        assert_eq!((slab.get(first), slab.get(second)), (None, Some(&'b')));
        assert_eq!((slab.len(), slab.ids()), (1, vec![second]));
    }
}
