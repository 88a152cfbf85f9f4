//! Order for little code: one sort by a whole number, whatever is sorted, and maps built one by one.
//!
//! The standard library's sorts are compiled anew for every type and key, 4 KB each in the page's module,
//! and collecting into a `BTreeMap` is such a sort too. Here only the keys are sorted, by one function;
//! what is compiled anew is an exchange of neighbours.

use std::collections::BTreeMap;

/// Sorts by a key; equals keep their order. `O(n log n)`, and `O(n)` for what is in order already.
///
/// # Panics
/// Not for fewer than 2³² items.
pub fn sort_by_key<T>(items: &mut [T], mut key: impl FnMut(&T) -> u64) {
    let mut order: Vec<(u64, u32)> = Vec::with_capacity(items.len());
    for item in &*items {
        order.push((key(item), order.len() as u32));
    }
    let mut places = places_of(order);
    for at in 0..places.len() {
        // Every exchange brings one item to its place.
        while places[at] as usize != at {
            let place = places[at] as usize;
            items.swap(at, place);
            places.swap(at, place);
        }
    }
}

/// Where each goes; empty if all are in order.
#[inline(never)]
fn places_of(mut order: Vec<(u64, u32)>) -> Vec<u32> {
    if order.is_sorted() {
        return vec![];
    }
    // No two are equal, as the places differ.
    order.sort_unstable();
    let mut places = vec![0; order.len()];
    for (place, (_, from)) in order.iter().enumerate() {
        places[*from as usize] = place as u32;
    }
    places
}

/// A key that orders as [`f64::total_cmp`] does.
pub fn total_order(number: f64) -> u64 {
    let bits = number.to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

/// The map of these pairs; of equal keys the last counts.
pub fn map_of<K: Ord, V>(pairs: impl IntoIterator<Item = (K, V)>) -> BTreeMap<K, V> {
    let mut map = BTreeMap::new();
    map.extend(pairs);
    map
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::{Purpose, Random, Stream};

    /// The standard library's stable sort is the oracle.
    #[test]
    fn sorts_as_the_standard_library_does() {
        let mut random = Stream::new(7, "order", Purpose::Service);
        for length in [0, 1, 2, 3, 10, 100, 1000] {
            for distinct in [1, 3, 1 << 60] {
                let mut items: Vec<(u64, usize)> =
                    (0..length).map(|at| (random.below(distinct), at)).collect();
                let mut wanted = items.clone();
                wanted.sort_by_key(|item| item.0);
                sort_by_key(&mut items, |item| item.0);
                assert_eq!(items, wanted);
            }
        }
    }

    #[test]
    fn numbers_keep_their_total_order() {
        let mut numbers =
            [3.5, -0.0, f64::INFINITY, 0.0, -7.25, f64::NAN, f64::NEG_INFINITY, 1e-300, -f64::NAN];
        sort_by_key(&mut numbers, |number| total_order(*number));
        assert!(numbers.is_sorted_by(|a, b| a.total_cmp(b).is_le()), "{numbers:?}");
    }
}
