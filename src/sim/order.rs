//! Order for little code: one sort by a whole number, whatever is sorted, and maps built one by one.
//!
//! The standard library's sorts are compiled anew for every type and key, 4 KB each in the page's module,
//! and collecting into a `BTreeMap` is such a sort too. Here only the keys are sorted, by one function;
//! what is compiled anew is an exchange of neighbours. Many keys are sorted digit by digit, as the stage sorts a
//! hundred thousand of them for every frame.

use std::collections::BTreeMap;

/// Sorts by a key; equals keep their order. `O(n)` in time and memory.
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

/// The places of these keys in the order of the keys; equals keep their order.
///
/// # Panics
/// Not for fewer than 2³² keys.
pub fn order_of(keys: impl Iterator<Item = u64>) -> Vec<u32> {
    let mut order: Vec<(u64, u32)> = Vec::with_capacity(keys.size_hint().0);
    for key in keys {
        order.push((key, order.len() as u32));
    }
    sort(&mut order);
    order.into_iter().map(|(_, place)| place).collect()
}

/// Where each goes; empty if all are in order.
#[inline(never)]
fn places_of(mut order: Vec<(u64, u32)>) -> Vec<u32> {
    if order.is_sorted() {
        return vec![];
    }
    sort(&mut order);
    let mut places = vec![0; order.len()];
    for (place, (_, from)) in order.iter().enumerate() {
        places[*from as usize] = place as u32;
    }
    places
}

/// Fewer are sorted by insertion.
const FEW: usize = 48;
/// Bits of a digit.
const DIGIT: u32 = 11;

/// By the keys, digit by digit from the last (equals keep their order); digits in which no two keys differ are left out.
#[inline(never)]
fn sort(order: &mut Vec<(u64, u32)>) {
    if order.len() < FEW {
        for at in 1..order.len() {
            let mut to = at;
            while to > 0 && order[to - 1].0 > order[to].0 {
                order.swap(to - 1, to);
                to -= 1;
            }
        }
        return;
    }
    let (least, most) =
        order.iter().fold((u64::MAX, 0), |(least, most), it| (least.min(it.0), most.max(it.0)));
    let mut sorted = vec![(0, 0); order.len()];
    let mut shift = 0;
    while shift < u64::BITS && (most - least) >> shift > 0 {
        let digit = |key: u64| ((key - least) >> shift) as usize % (1 << DIGIT);
        let mut starts = [0_u32; 1 << DIGIT];
        order.iter().for_each(|it| starts[digit(it.0)] += 1);
        if starts[digit(order[0].0)] as usize != order.len() {
            let mut sum = 0;
            for start in &mut starts {
                sum += std::mem::replace(start, sum);
            }
            for it in &*order {
                let start = &mut starts[digit(it.0)];
                sorted[*start as usize] = *it;
                *start += 1;
            }
            std::mem::swap(order, &mut sorted);
        }
        shift += DIGIT;
    }
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
        for length in [0, 1, 2, 3, 10, 47, 48, 100, 1000, 5000] {
            for distinct in [1, 3, 2048, 5000, 1 << 60, u64::MAX] {
                let mut items: Vec<(u64, usize)> =
                    (0..length).map(|at| (random.below(distinct), at)).collect();
                let mut wanted = items.clone();
                wanted.sort_by_key(|item| item.0);
                let order = order_of(items.iter().map(|item| item.0));
                assert_eq!(order.iter().map(|at| items[*at as usize]).collect::<Vec<_>>(), wanted);
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
