//! Seeded randomness: one stream per (seed, node, purpose), and one draw per (request, purpose).
//!
//! Streams keep the parts of a run apart: another balancer policy leaves arrivals, keys and service
//! demands exactly as they were (common random numbers), so that two variants see the same requests.
//! What belongs to a request (its service demand, its latency on a link) is drawn from the request's
//! own seed, so it does not depend on the order in which machines get to it.
//!
//! Generators: xoshiro256++ for streams, SplitMix64 for draws (Blackman and Vigna, 2018; Steele, Lea
//! and Flood, 2014), from `rand_xoshiro`. Exponentials by the ziggurat (Marsaglia and Tsang, 2000)
//! with tables made by plain arithmetic, so that every target draws the same bits.

use super::ziggurat::{ZIGGURAT_R, ziggurat};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::{SplitMix64, Xoshiro256PlusPlus};

/// A source of 64 random bits at a time, and what is made of them.
pub trait Random {
    fn next_u64(&mut self) -> u64;

    /// Uniform in [0, 1), in steps of 2⁻⁵³.
    fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as i64 as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform in 0..n, by Lemire's multiplication (2019) without the rejection step: the bias is at
    /// most n / 2⁶⁴. For n = 0 the answer is 0.
    fn below(&mut self, n: u64) -> u64 {
        ((self.next_u64() as u128 * n as u128) >> 64) as u64
    }

    /// True with probability `p`.
    fn chance(&mut self, p: f64) -> bool {
        p > 0.0 && self.unit() < p
    }

    /// Exponential with mean 1.
    #[inline]
    fn exponential(&mut self) -> f64 {
        let table = ziggurat();
        loop {
            let bits = self.next_u64();
            let layer = (bits & 0xff) as usize;
            let (width, inner) = table.layers[layer];
            let x = (bits >> 11) as i64 as f64 * width;
            // Nearly always.
            if x < inner {
                return x;
            }
            if let Some(x) = exponential_at_the_edge(layer, x, self.unit()) {
                return x;
            }
        }
    }

    /// Standard normal, by the polar method (Marsaglia and Bray, 1964).
    fn normal(&mut self) -> f64 {
        loop {
            let u = 2.0 * self.unit() - 1.0;
            let v = 2.0 * self.unit() - 1.0;
            let s = u * u + v * v;
            if s > 0.0 && s < 1.0 {
                return u * libm::sqrt(-2.0 * libm::log(s) / s);
            }
        }
    }
}

/// A point of the layer that may lie above the curve: kept if it does not. The tail beyond the last
/// layer is again exponential.
#[cold]
fn exponential_at_the_edge(layer: usize, x: f64, unit: f64) -> Option<f64> {
    if layer == 0 {
        return Some(ZIGGURAT_R - libm::log(1.0 - unit));
    }
    let heights = &ziggurat().heights;
    let (low, high) = (heights[layer], heights[layer + 1]);
    (low + unit * (high - low) < libm::exp(-x)).then_some(x)
}

/// What a node uses a stream for. The numbers are part of a run's identity: never reuse one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u64)]
pub enum Purpose {
    Arrivals = 1,
    Keys = 2,
    Classes = 3,
    Clients = 4,
    Think = 5,
    Policy = 6,
    Service = 7,
    Latency = 8,
    Loss = 9,
    Member = 10,
    Fault = 11,
    Writes = 12,
    /// Delays between tries.
    Backoff = 13,
    /// What a node does of its own accord.
    Errands = 14,
}

/// A stream of random numbers for one purpose of one node.
#[derive(Clone, Debug)]
pub struct Stream(Xoshiro256PlusPlus);

impl Stream {
    /// `node` is the node's id, so that adding another node leaves this one's numbers alone.
    pub fn new(seed: u64, node: &str, purpose: Purpose) -> Stream {
        Stream(Xoshiro256PlusPlus::seed_from_u64(stream_seed(seed, node, purpose)))
    }
}

impl Random for Stream {
    #[inline]
    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }
}

/// The draws that belong to one request (or call) for one purpose.
#[derive(Clone, Debug)]
pub struct Draw(SplitMix64);

impl Draw {
    /// `stream` comes from [`stream_seed`]; `index` is the request's own seed. SplitMix64 mixes its
    /// counter well enough for neighbouring indices to give unrelated numbers.
    #[inline]
    pub fn new(stream: u64, index: u64) -> Draw {
        Draw(SplitMix64::seed_from_u64(stream ^ index))
    }
}

impl Random for Draw {
    #[inline]
    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }
}

/// The number that names the stream of (seed, node, purpose).
pub fn stream_seed(seed: u64, node: &str, purpose: Purpose) -> u64 {
    mix(mix(mix(seed) ^ name_hash(node)) ^ purpose as u64)
}

/// A 64-bit finaliser (Stafford's mix 13): every input bit reaches every output bit.
pub fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// FNV-1a, 64 bits.
pub fn name_hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ byte as u64).wrapping_mul(0x100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_of_one_seed_are_unlike_each_other() {
        let draw = |seed, node, purpose| Stream::new(seed, node, purpose).next_u64();
        let a = draw(1, "a", Purpose::Arrivals);
        assert_eq!(a, draw(1, "a", Purpose::Arrivals));
        assert_ne!(a, draw(2, "a", Purpose::Arrivals));
        assert_ne!(a, draw(1, "b", Purpose::Arrivals));
        assert_ne!(a, draw(1, "a", Purpose::Keys));
    }

    /// The exponential distribution's own distribution function is the oracle (Kolmogorov–Smirnov).
    #[test]
    fn exponential_follows_its_distribution_function() {
        let mut random = Stream::new(7, "ks", Purpose::Service);
        let n = 200_000;
        let mut sample: Vec<f64> = (0..n).map(|_| random.exponential()).collect();
        sample.sort_by(f64::total_cmp);
        let distance = sample.iter().enumerate().fold(0.0f64, |worst, (i, &x)| {
            let f = 1.0 - libm::exp(-x);
            worst.max((f - i as f64 / n as f64).abs()).max((f - (i + 1) as f64 / n as f64).abs())
        });
        // 1.95 / sqrt(n) is the 0.1 % critical value.
        assert!(distance < 1.95 / libm::sqrt(n as f64), "distance {distance}");
    }

    #[test]
    fn draws_of_neighbouring_requests_are_independent() {
        let stream = stream_seed(3, "servers", Purpose::Service);
        let xs: Vec<f64> = (0..100_000).map(|i| Draw::new(stream, i).exponential()).collect();
        let mean = xs.iter().sum::<f64>() / xs.len() as f64;
        assert!((mean - 1.0).abs() < 0.01, "mean {mean}");
        let lag: f64 = xs.windows(2).map(|w| (w[0] - mean) * (w[1] - mean)).sum::<f64>() / xs.len() as f64;
        assert!(lag.abs() < 0.012, "covariance of neighbours {lag}");
    }

    #[test]
    fn normal_has_its_moments() {
        let mut random = Stream::new(9, "n", Purpose::Service);
        let xs: Vec<f64> = (0..100_000).map(|_| random.normal()).collect();
        let mean = xs.iter().sum::<f64>() / 1e5;
        let variance = xs.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.012 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
    }
}
