//! What a partitioning is judged by: keys moved, and imbalance.

use super::{Key, Members, Partition};

/// A policy with the members that it was last rebuilt for.
pub type Placed<'a> = (&'a dyn Partition, &'a Members);

/// How many of the keys below `keys` have another owner, by name, after than before.
pub fn moved(before: Placed, after: Placed, keys: u32) -> u64 {
    let name = |(policy, members): Placed<'_>, number| -> Option<std::sync::Arc<str>> {
        members.name.get(policy.owner(&Key::number(number, policy.hashing()))).cloned()
    };
    (0..keys).filter(|&number| name(before, number) != name(after, number)).count() as u64
}

/// How many of the keys below `keys` each member owns.
pub fn owned((policy, members): Placed, keys: u32) -> Vec<u64> {
    let mut counts = vec![0; members.len()];
    for number in 0..keys {
        if let Some(count) = counts.get_mut(policy.owner(&Key::number(number, policy.hashing()))) {
            *count += 1;
        }
    }
    counts
}

/// How uneven counts are, each seen in relation to its member's weight.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Imbalance {
    /// The fullest over the mean; 1 is even.
    pub max_over_mean: f64,
    /// The standard deviation over the mean; 0 is even.
    pub variation: f64,
}

/// Zero for nothing and nobody. A missing weight is 1.
pub fn imbalance(counts: &[u64], weights: &[u32]) -> Imbalance {
    let weight = |at: usize| f64::from(weights.get(at).copied().unwrap_or(1).max(1));
    let relative: Vec<f64> = (0..counts.len()).map(|at| counts[at] as f64 / weight(at)).collect();
    let mean = relative.iter().sum::<f64>() / relative.len().max(1) as f64;
    if mean <= 0.0 {
        return Imbalance::default();
    }
    let squares: f64 = relative.iter().map(|value| (value - mean) * (value - mean)).sum();
    let max = relative.iter().fold(0.0f64, |max, &value| max.max(value));
    Imbalance { max_over_mean: max / mean, variation: libm::sqrt(squares / relative.len() as f64) / mean }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imbalance_of_known_counts() {
        assert_eq!(imbalance(&[5, 5, 5], &[1, 1, 1]), Imbalance { max_over_mean: 1.0, variation: 0.0 });
        // Mean 4, deviations 2, 0 and −2.
        let uneven = imbalance(&[6, 4, 2], &[]);
        assert!((uneven.max_over_mean - 1.5).abs() < 1e-12);
        assert!((uneven.variation - libm::sqrt(8.0 / 3.0) / 4.0).abs() < 1e-12);
        assert_eq!(imbalance(&[6, 2], &[3, 1]).max_over_mean, 1.0);
        assert_eq!(imbalance(&[0, 0], &[1, 1]), Imbalance::default());
        assert_eq!(imbalance(&[], &[]), Imbalance::default());
    }
}
