//! A small map by number: a sorted list, as most have few entries, and its code is little.

#[derive(Clone, Debug)]
pub struct Table<V> {
    /// Ascending.
    entries: Vec<(u64, V)>,
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        Table { entries: vec![] }
    }
}

impl<V> Table<V> {
    /// Where the key is, or would be.
    fn place(&self, key: u64) -> (usize, bool) {
        let at = self.entries.partition_point(|entry| entry.0 < key);
        (at, self.entries.get(at).is_some_and(|entry| entry.0 == key))
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn has(&self, key: u64) -> bool {
        self.place(key).1
    }

    pub fn get(&self, key: u64) -> Option<&V> {
        let (at, found) = self.place(key);
        found.then(|| &self.entries[at].1)
    }

    pub fn insert(&mut self, key: u64, value: V) {
        match self.place(key) {
            (at, true) => self.entries[at].1 = value,
            (at, false) => self.entries.insert(at, (key, value)),
        }
    }

    pub fn remove(&mut self, key: u64) -> Option<V> {
        let (at, found) = self.place(key);
        found.then(|| self.entries.remove(at).1)
    }

    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// In ascending order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, &V)> {
        self.entries.iter().map(|(key, value)| (*key, value))
    }

    /// Those from a key on.
    pub fn from(&self, key: u64) -> impl Iterator<Item = (u64, &V)> {
        self.entries[self.place(key).0..].iter().map(|(key, value)| (*key, value))
    }

    pub fn retain(&mut self, mut keep: impl FnMut(u64, &V) -> bool) {
        self.entries.retain(|(key, value)| keep(*key, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::{Purpose, Random, Stream};
    use std::collections::BTreeMap;

    /// The standard library's map is the oracle.
    #[test]
    fn does_as_a_map_does() {
        let (mut table, mut map) = (Table::default(), BTreeMap::new());
        let mut random = Stream::new(1, "table", Purpose::Errands);
        for step in 0..5000 {
            let key = random.below(60);
            match random.below(3) {
                0 => assert_eq!(table.remove(key), map.remove(&key)),
                _ => {
                    table.insert(key, step);
                    map.insert(key, step);
                }
            }
            assert!(table.iter().eq(map.iter().map(|(key, value)| (*key, value))));
            assert!(table.from(key).eq(map.range(key..).map(|(key, value)| (*key, value))));
            assert_eq!((table.get(key), table.has(key)), (map.get(&key), map.contains_key(&key)));
        }
    }
}
