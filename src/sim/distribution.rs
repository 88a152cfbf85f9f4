//! Distributions of durations, as scenario files write them, and the samplers made from them.

use super::fields::Fields;
use super::{NS_PER_MS, Random, Span};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A distribution of milliseconds. A plain number stands for a constant.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(remote = "Self", tag = "dist", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Distribution {
    /// Always the same.
    Constant { value: f64 },
    /// Memoryless: most are short, a few are long.
    Exponential { mean: f64 },
    /// Anything between two bounds, equally likely.
    Uniform { min: f64, max: f64 },
    /// Skewed, as measured service times often are; `sigma` is the standard deviation of the logarithm.
    Lognormal { mean: f64, sigma: f64 },
    /// Heavy tail: P(X > x) falls as x to the power −`shape`. The mean exists for `shape` > 1.
    Pareto { mean: f64, shape: f64 },
    /// `slow_share` of the draws take `slow`, the others `fast`.
    Bimodal { fast: f64, slow: f64, slow_share: f64 },
}

impl Serialize for Distribution {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Distribution::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Distribution {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        match value.as_f64() {
            Some(value) => Ok(Distribution::Constant { value }),
            None => written(&value).map_err(D::Error::custom),
        }
    }
}

/// The names of a shape's numbers, and what they make.
type Shape = (&'static [&'static str], fn([f64; 3]) -> Distribution);

fn shape(id: &str) -> Option<Shape> {
    Some(match id {
        "constant" => (&["value"], |[value, ..]| Distribution::Constant { value }),
        "exponential" => (&["mean"], |[mean, ..]| Distribution::Exponential { mean }),
        "uniform" => (&["min", "max"], |[min, max, _]| Distribution::Uniform { min, max }),
        "lognormal" => (&["mean", "sigma"], |[mean, sigma, _]| Distribution::Lognormal { mean, sigma }),
        "pareto" => (&["mean", "shape"], |[mean, shape, _]| Distribution::Pareto { mean, shape }),
        "bimodal" => (&["fast", "slow", "slow_share"], |[fast, slow, slow_share]| Distribution::Bimodal {
            fast,
            slow,
            slow_share,
        }),
        _ => return None,
    })
}

fn written(value: &serde_json::Value) -> Result<Distribution, String> {
    let (id, fields) = Fields::tagged(value, "dist")?;
    let (names, make) = shape(id).ok_or_else(|| format!("unknown distribution `{id}`"))?;
    fields.only("dist", names)?;
    let mut numbers = [0.0; 3];
    for (number, name) in numbers.iter_mut().zip(names) {
        *number = fields.number(name)?;
    }
    Ok(make(numbers))
}

/// The longest duration in a scenario: a day.
pub const DURATION_MS_MAX: f64 = 86_400_000.0;

impl Distribution {
    pub const ZERO: Distribution = Distribution::Constant { value: 0.0 };

    /// In milliseconds.
    pub fn mean_ms(&self) -> f64 {
        match *self {
            Distribution::Constant { value } => value,
            Distribution::Exponential { mean }
            | Distribution::Lognormal { mean, .. }
            | Distribution::Pareto { mean, .. } => mean,
            Distribution::Uniform { min, max } => (min + max) / 2.0,
            Distribution::Bimodal { fast, slow, slow_share } => fast + (slow - fast) * slow_share,
        }
    }

    /// The same shape with another mean.
    pub fn with_mean(&self, mean_ms: f64) -> Distribution {
        let factor = if self.mean_ms() > 0.0 { mean_ms / self.mean_ms() } else { 1.0 };
        match *self {
            Distribution::Constant { .. } => Distribution::Constant { value: mean_ms },
            Distribution::Exponential { .. } => Distribution::Exponential { mean: mean_ms },
            Distribution::Uniform { min, max } => {
                Distribution::Uniform { min: min * factor, max: max * factor }
            }
            Distribution::Lognormal { sigma, .. } => Distribution::Lognormal { mean: mean_ms, sigma },
            Distribution::Pareto { shape, .. } => Distribution::Pareto { mean: mean_ms, shape },
            Distribution::Bimodal { fast, slow, slow_share } => {
                Distribution::Bimodal { fast: fast * factor, slow: slow * factor, slow_share }
            }
        }
    }

    /// Squared coefficient of variation (variance over squared mean), for theory; `None` if infinite.
    pub fn squared_variation(&self) -> Option<f64> {
        match *self {
            Distribution::Constant { .. } => Some(0.0),
            Distribution::Exponential { .. } => Some(1.0),
            Distribution::Uniform { min, max } => {
                let (mean, width) = ((min + max) / 2.0, max - min);
                Some(if mean > 0.0 { width * width / 12.0 / (mean * mean) } else { 0.0 })
            }
            Distribution::Lognormal { sigma, .. } => Some(libm::expm1(sigma * sigma)),
            Distribution::Pareto { shape, .. } => (shape > 2.0).then(|| 1.0 / (shape * (shape - 2.0))),
            Distribution::Bimodal { fast, slow, slow_share } => {
                let mean = self.mean_ms();
                let square = fast * fast * (1.0 - slow_share) + slow * slow * slow_share;
                Some(if mean > 0.0 { square / (mean * mean) - 1.0 } else { 0.0 })
            }
        }
    }

    /// # Errors
    /// Says which number is out of range and what is wanted.
    pub fn check(&self) -> Result<(), String> {
        let duration = |name: &str, value: f64| {
            let fine = (0.0..=DURATION_MS_MAX).contains(&value);
            if fine {
                Ok(())
            } else {
                Err(format!("`{name}` must be between 0 and {DURATION_MS_MAX} ms, is {value}"))
            }
        };
        match *self {
            Distribution::Constant { value } => duration("value", value),
            Distribution::Exponential { mean } => duration("mean", mean),
            Distribution::Uniform { min, max } => {
                duration("min", min)?;
                duration("max", max)?;
                if min <= max { Ok(()) } else { Err(format!("`min` ({min}) must not exceed `max` ({max})")) }
            }
            Distribution::Lognormal { mean, sigma } => {
                duration("mean", mean)?;
                if (0.0..=4.0).contains(&sigma) {
                    Ok(())
                } else {
                    Err(format!("`sigma` must be between 0 and 4, is {sigma}"))
                }
            }
            Distribution::Pareto { mean, shape } => {
                duration("mean", mean)?;
                if (1.05..=100.0).contains(&shape) {
                    Ok(())
                } else {
                    Err(format!("`shape` must be between 1.05 and 100, is {shape}"))
                }
            }
            Distribution::Bimodal { fast, slow, slow_share } => {
                duration("fast", fast)?;
                duration("slow", slow)?;
                if (0.0..=1.0).contains(&slow_share) {
                    Ok(())
                } else {
                    Err(format!("`slow_share` must be between 0 and 1, is {slow_share}"))
                }
            }
        }
    }

    pub fn sampler(&self) -> Sampler {
        let ns = |ms: f64| ms * NS_PER_MS;
        match *self {
            Distribution::Constant { value } => Sampler::Constant(Span::from_ms(value)),
            Distribution::Exponential { mean } => Sampler::Exponential { mean_ns: ns(mean) },
            Distribution::Uniform { min, max } => {
                Sampler::Uniform { min_ns: ns(min), width_ns: ns(max - min) }
            }
            // The mean of a lognormal is exp(mu + sigma²/2).
            Distribution::Lognormal { mean, sigma } => {
                Sampler::Lognormal { median_ns: ns(mean) * libm::exp(-sigma * sigma / 2.0), sigma }
            }
            // The mean of a Pareto is scale × shape / (shape − 1).
            Distribution::Pareto { mean, shape } => {
                Sampler::Pareto { scale_ns: ns(mean) * (shape - 1.0) / shape, exponent: -1.0 / shape }
            }
            Distribution::Bimodal { fast, slow, slow_share } => {
                Sampler::Bimodal { fast: Span::from_ms(fast), slow: Span::from_ms(slow), slow_share }
            }
        }
    }
}

/// A distribution ready to be drawn from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sampler {
    Constant(Span),
    Exponential { mean_ns: f64 },
    Uniform { min_ns: f64, width_ns: f64 },
    Lognormal { median_ns: f64, sigma: f64 },
    Pareto { scale_ns: f64, exponent: f64 },
    Bimodal { fast: Span, slow: Span, slow_share: f64 },
}

/// The longest single draw: a day. Heavy tails end here.
const DRAW_MAX: Span = Span(86_400_000_000_000);

impl Sampler {
    pub const ZERO: Sampler = Sampler::Constant(Span::ZERO);

    /// The two common shapes are worth a short way.
    #[inline(always)]
    pub fn draw(&self, random: &mut impl Random) -> Span {
        match *self {
            Sampler::Constant(span) => span,
            Sampler::Exponential { mean_ns } => Span::from_ns(random.exponential() * mean_ns).min(DRAW_MAX),
            _ => self.draw_other(random),
        }
    }

    #[inline(never)]
    fn draw_other(&self, random: &mut impl Random) -> Span {
        let ns = match *self {
            Sampler::Constant(span) => return span,
            Sampler::Exponential { mean_ns } => random.exponential() * mean_ns,
            Sampler::Uniform { min_ns, width_ns } => min_ns + random.unit() * width_ns,
            Sampler::Lognormal { median_ns, sigma } => median_ns * libm::exp(sigma * random.normal()),
            Sampler::Pareto { scale_ns, exponent } => scale_ns * libm::pow(1.0 - random.unit(), exponent),
            Sampler::Bimodal { fast, slow, slow_share } => {
                return if random.chance(slow_share) { slow } else { fast };
            }
        };
        Span::from_ns(ns).min(DRAW_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::{Purpose, Stream};

    /// The distributions' own mean and variance are the oracle.
    #[test]
    fn draws_have_the_mean_and_variance_that_the_distribution_states() {
        let all = [
            Distribution::Constant { value: 80.0 },
            Distribution::Exponential { mean: 80.0 },
            Distribution::Uniform { min: 20.0, max: 140.0 },
            Distribution::Lognormal { mean: 80.0, sigma: 0.8 },
            Distribution::Pareto { mean: 80.0, shape: 4.5 },
            Distribution::Bimodal { fast: 10.0, slow: 710.0, slow_share: 0.1 },
        ];
        for distribution in all {
            let mut random = Stream::new(11, "d", Purpose::Service);
            let sampler = distribution.sampler();
            let n = 400_000;
            let xs: Vec<f64> = (0..n).map(|_| sampler.draw(&mut random).ms()).collect();
            let mean = xs.iter().sum::<f64>() / n as f64;
            let variance = xs.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n as f64;
            assert!((mean / distribution.mean_ms() - 1.0).abs() < 0.01, "{distribution:?}: mean {mean}");
            assert_eq!(distribution.with_mean(40.0).mean_ms(), 40.0);
            let stated = distribution.squared_variation().expect("finite");
            let found = variance / (mean * mean);
            assert!(
                (found - stated).abs() < 0.06 * stated.max(0.01),
                "{distribution:?}: {found} for {stated}"
            );
        }
    }
}
