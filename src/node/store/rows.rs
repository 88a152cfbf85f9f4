//! A machine's rows, in pages that checkpoints share until they change.

use super::version::Row;
use crate::node::pages::{PAGE, Pages};
use crate::sim::mix;

/// A machine's rows: on disk, so that they outlive a crash.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    pages: Pages<Option<Row>>,
    held: u32,
}

impl Rows {
    pub fn get(&self, key: u32) -> Option<&Row> {
        self.pages.get(key)?.as_ref()
    }

    pub fn put(&mut self, key: u32, row: Option<Row>) {
        if row.is_none() && self.get(key).is_none() {
            return;
        }
        let place = self.pages.get_mut(key);
        self.held = self.held + u32::from(row.is_some()) - u32::from(place.is_some());
        *place = row;
    }

    /// How many there are.
    pub fn held(&self) -> u32 {
        self.held
    }

    /// One more than the last page that may hold any.
    pub fn pages(&self) -> usize {
        self.pages.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = (u32, &Row)> {
        self.pages.iter().filter_map(|(key, row)| Some((key, row.as_ref()?)))
    }

    /// The rows of one page.
    pub fn in_page(&self, page: usize) -> impl Iterator<Item = (u32, &Row)> {
        let rows = self.pages.page(page).into_iter().flatten();
        (page as u32 * PAGE..).zip(rows).filter_map(|(key, row)| Some((key, row.as_ref()?)))
    }

    /// What the rows of a page come to, of the keys that `counts` lets through: 0 for none.
    pub fn digest(&self, page: usize, counts: impl Fn(u32) -> bool) -> u64 {
        let rows = self.in_page(page).filter(|(key, _)| counts(*key));
        rows.fold(0, |sum, (key, row)| sum ^ mix(u64::from(key) << 32 ^ row.digest()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::store::version::{Seen, Version};

    fn row(number: u32) -> Row {
        Row::new(Version { number, writer: 0, term: 0, stamp: 0, seen: Seen::default() })
    }

    #[test]
    fn a_checkpoint_stays_as_it_was_and_rows_are_counted() {
        let mut rows = Rows::default();
        rows.put(999_999, Some(row(1)));
        rows.put(5, Some(row(2)));
        let before = rows.clone();
        rows.put(5, Some(row(3)));
        rows.put(7, None);
        rows.put(999_999, None);
        assert_eq!((rows.held(), before.held()), (1, 2));
        assert_eq!((rows.get(5).map(Row::number), before.get(5).map(Row::number)), (Some(3), Some(2)));
        assert_eq!(before.iter().map(|(key, _)| key).collect::<Vec<_>>(), [5, 999_999]);
        assert_ne!(rows.digest(0, |_| true), before.digest(0, |_| true));
        assert_eq!(rows.digest(0, |key| key != 5), 0);
    }
}
