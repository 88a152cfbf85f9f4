//! Tables by key, in pages that checkpoints share until they change.

use std::sync::Arc;

/// Keys in a page.
pub const PAGE: u32 = 128;

/// A value for every key that has one.
#[derive(Clone, Debug)]
pub struct Pages<T> {
    pages: Vec<Option<Arc<[T; PAGE as usize]>>>,
}

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Pages { pages: vec![] }
    }
}

impl<T: Clone + Default> Pages<T> {
    pub fn get(&self, key: u32) -> Option<&T> {
        self.page((key / PAGE) as usize).map(|page| &page[(key % PAGE) as usize])
    }

    pub fn get_mut(&mut self, key: u32) -> &mut T {
        let page = (key / PAGE) as usize;
        if self.pages.len() <= page {
            self.pages.resize(page + 1, None);
        }
        let page = self.pages[page].get_or_insert_with(|| Arc::new(std::array::from_fn(|_| T::default())));
        &mut Arc::make_mut(page)[(key % PAGE) as usize]
    }

    pub fn page(&self, page: usize) -> Option<&[T; PAGE as usize]> {
        self.pages.get(page)?.as_deref()
    }

    /// One more than the last page.
    pub fn len(&self) -> usize {
        self.pages.len()
    }

    /// Every place of every page that there is, with its key.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        let pages = self.pages.iter().enumerate().filter_map(|(at, page)| Some((at, page.as_deref()?)));
        pages.flat_map(|(at, page)| (at as u32 * PAGE..).zip(page))
    }
}
