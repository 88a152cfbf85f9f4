//! What several runs or batches say together: mean and 95 % confidence interval, and how even shares are.
//!
//! Sources: Student (W. S. Gosset), "The probable error of a mean", Biometrika 6 (1908); for simulations
//! A. M. Law, *Simulation Modeling and Analysis*, chapter 9.

use serde::Serialize;

/// A mean and how sure it is. All but `count` are in the unit of the values.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Estimate {
    pub count: usize,
    pub mean: f64,
    /// Sample standard deviation (divided by count − 1); `None` for a single value.
    pub deviation: Option<f64>,
    /// Half the width of the 95 % confidence interval of the mean; `None` for a single value.
    pub half_width: Option<f64>,
}

impl Estimate {
    /// The ends of the 95 % confidence interval; `None` for a single value.
    pub fn interval(&self) -> Option<(f64, f64)> {
        self.half_width.map(|half| (self.mean - half, self.mean + half))
    }

    /// Whether the interval leaves out `value`: a difference whose interval leaves out 0 is significant.
    pub fn excludes(&self, value: f64) -> bool {
        self.interval().is_some_and(|(low, high)| value < low || value > high)
    }
}

/// Mean and confidence interval of independent values, such as one per seed, by Student's t. `None` where
/// there are no values, or one is not a finite number.
pub fn estimate(values: &[f64]) -> Option<Estimate> {
    let count = values.len();
    if count == 0 || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let n = count as f64;
    let mean = values.iter().sum::<f64>() / n;
    if count == 1 {
        return Some(Estimate { count, mean, deviation: None, half_width: None });
    }
    // From the mean, in a second pass: a sum of squares would cancel.
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    let deviation = libm::sqrt(squares / (n - 1.0));
    let half_width = student_t_95(count - 1).map(|t| t * deviation / libm::sqrt(n));
    Some(Estimate { count, mean, deviation: Some(deviation), half_width })
}

/// The mean difference `after − before` of runs paired by seed (common random numbers), with its interval.
/// `None` if the lengths differ or [`estimate`] gives none.
pub fn paired_difference(before: &[f64], after: &[f64]) -> Option<Estimate> {
    if before.len() != after.len() {
        return None;
    }
    let differences: Vec<f64> = before.iter().zip(after).map(|(before, after)| after - before).collect();
    estimate(&differences)
}

/// Mean and interval from one long run: its values, in order, are cut into `batches` of equal length whose
/// means are nearly independent where a batch is much longer than the run's memory. What is left over is
/// dropped at the start, where a run is least settled. `None` for fewer than 2 batches, or fewer values.
pub fn batch_means(values: &[f64], batches: usize) -> Option<Estimate> {
    if batches < 2 || values.len() < batches {
        return None;
    }
    let length = values.len() / batches;
    let settled = values.get(values.len() - batches * length..)?;
    let means: Vec<f64> =
        settled.chunks_exact(length).map(|batch| batch.iter().sum::<f64>() / length as f64).collect();
    estimate(&means)
}

/// Jain's fairness index of what n parties got: 1 where all got the same, 1/n where one got everything.
/// `None` for nothing, for negative amounts and for what is not a number; 1 if all got 0.
///
/// R. Jain, D. Chiu and W. Hawe, "A quantitative measure of fairness and discrimination for resource
/// allocation in shared computer systems", DEC-TR-301 (1984).
pub fn jain_fairness(amounts: &[f64]) -> Option<f64> {
    if amounts.is_empty() || amounts.iter().any(|amount| !(amount.is_finite() && *amount >= 0.0)) {
        return None;
    }
    let largest = amounts.iter().copied().fold(0.0, f64::max);
    if largest == 0.0 {
        return Some(1.0);
    }
    // Scaled by the largest, so that no square overflows or vanishes; the index does not change.
    let (sum, squares) = amounts.iter().fold((0.0, 0.0), |(sum, squares), amount| {
        let scaled = amount / largest;
        (sum + scaled, squares + scaled * scaled)
    });
    Some(sum * sum / (amounts.len() as f64 * squares))
}

/// The t that a Student-distributed value with `freedom` degrees of freedom stays within with probability
/// 95 % (two-sided; the table's column 0.975). `None` for 0 degrees.
pub fn student_t_95(freedom: usize) -> Option<f64> {
    match freedom {
        0 => None,
        1..=EXACT_FREEDOM_MAX => Some(bisected_t(freedom, 0.95)),
        _ => Some(expanded_t(freedom as f64)),
    }
}

/// Up to here t is found from the exact distribution, beyond from its expansion, then good to 1e-9.
const EXACT_FREEDOM_MAX: usize = 300;

/// P(|t| ≤ `t`), for whole degrees of freedom a finite sum: Abramowitz and Stegun, *Handbook of Mathematical
/// Functions* (1964), 26.7.3 and 26.7.4.
fn student_within(t: f64, freedom: usize) -> f64 {
    let angle = libm::atan(t / libm::sqrt(freedom as f64));
    let (sine, cosine) = (libm::sin(angle), libm::cos(angle));
    let odd = freedom % 2 == 1;
    let mut term = if odd { cosine } else { 1.0 };
    let mut sum = if freedom == 1 { 0.0 } else { term };
    let mut power = if odd { 3 } else { 2 };
    while power < freedom {
        term *= (power - 1) as f64 / power as f64 * cosine * cosine;
        sum += term;
        power += 2;
    }
    if odd { (angle + sine * sum) * std::f64::consts::FRAC_2_PI } else { sine * sum }
}

fn bisected_t(freedom: usize, within: f64) -> f64 {
    // One degree of freedom has the widest interval: 12.706.
    let (mut low, mut high) = (1.0, 16.0);
    while high - low > 1e-13 * high {
        let middle = (low + high) / 2.0;
        if student_within(middle, freedom) < within { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

/// Abramowitz and Stegun 26.7.5: t from the normal distribution's 1.96 in powers of 1/freedom.
fn expanded_t(freedom: f64) -> f64 {
    const Z: f64 = 1.959_963_984_540_054;
    let (z2, z3) = (Z * Z, Z * Z * Z);
    let first = (z3 + Z) / 4.0;
    let second = (5.0 * z3 * z2 + 16.0 * z3 + 3.0 * Z) / 96.0;
    let third = (3.0 * z3 * z2 * z2 + 19.0 * z3 * z2 + 17.0 * z3 - 15.0 * Z) / 384.0;
    Z + (first + (second + third / freedom) / freedom) / freedom
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::{Purpose, Random, Stream};

    /// The printed t table, column 0.975 (Abramowitz and Stegun, table 26.10, and any textbook).
    #[test]
    fn t_is_as_in_the_table() {
        let table = [
            (1, 12.706),
            (2, 4.303),
            (3, 3.182),
            (4, 2.776),
            (5, 2.571),
            (6, 2.447),
            (7, 2.365),
            (8, 2.306),
            (9, 2.262),
            (10, 2.228),
            (19, 2.093),
            (29, 2.045),
            (30, 2.042),
            (40, 2.021),
            (60, 2.000),
            (120, 1.980),
            (100_000_000, 1.960),
        ];
        for (freedom, want) in table {
            let got = student_t_95(freedom).unwrap();
            assert!((got - want).abs() <= 0.000_5, "{freedom}: {got}");
        }
        assert_eq!(student_t_95(0), None);
    }

    #[test]
    fn the_expansion_joins_the_exact_distribution() {
        let within = student_within(expanded_t(301.0), 301);
        assert!((within - 0.95).abs() < 1e-9, "{within}");
        // With one degree it is Cauchy's distribution, with two it has a closed form.
        let tan = libm::tan(std::f64::consts::FRAC_PI_2 * 0.95);
        assert!((student_t_95(1).unwrap() - tan).abs() < 1e-9);
        let two = 0.95 * libm::sqrt(2.0 / (1.0 - 0.95 * 0.95));
        assert!((student_t_95(2).unwrap() - two).abs() < 1e-9);
    }

    /// Student's own example of 1908, the hours of sleep gained with one drug over the other: mean 1.58, and
    /// the interval that R prints for it (`t.test(sleep, paired)`): 0.7001142 to 2.4598858.
    #[test]
    fn students_sleep_experiment() {
        let first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
        let second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
        let got = paired_difference(&first, &second).unwrap();
        let (low, high) = got.interval().unwrap();
        assert!((got.mean - 1.58).abs() < 1e-12);
        assert!((low - 0.700_114_2).abs() < 1e-7 && (high - 2.459_885_8).abs() < 1e-7, "{low} {high}");
        assert!(got.excludes(0.0) && !got.excludes(1.0));
    }

    /// What the interval promises: of intervals from normal samples, 95 % hold the true mean.
    #[test]
    fn intervals_cover_as_often_as_they_say() {
        let mut random = Stream::new(11, "coverage", Purpose::Service);
        let held = (0..20_000)
            .filter(|_| {
                let sample: Vec<f64> = (0..4).map(|_| 7.0 + 3.0 * random.normal()).collect();
                !estimate(&sample).unwrap().excludes(7.0)
            })
            .count();
        // Four standard deviations of a binomial share of 20 000.
        assert!((held as f64 / 20_000.0 - 0.95).abs() < 0.006_2, "{held}");
    }

    #[test]
    fn few_values_give_no_interval_and_none_give_nothing() {
        assert_eq!(estimate(&[]), None);
        assert_eq!(estimate(&[1.0, f64::NAN]), None);
        assert_eq!(estimate(&[4.0]).unwrap().interval(), None);
        assert!(!estimate(&[4.0]).unwrap().excludes(0.0));
        assert_eq!(paired_difference(&[1.0], &[]), None);
    }

    #[test]
    fn batches_leave_out_the_start() {
        let got = batch_means(&[100.0, 1.0, 3.0, 5.0, 7.0], 2).unwrap();
        assert_eq!((got.count, got.mean), (2, 4.0));
        assert_eq!(batch_means(&[1.0, 2.0], 3), None);
        assert_eq!(batch_means(&[1.0, 2.0], 1), None);
    }

    /// The paper's own properties: k of n served equally gives k/n; neither scale nor order matters.
    #[test]
    fn fairness_is_the_share_served() {
        assert_eq!(jain_fairness(&[5.0; 8]), Some(1.0));
        assert_eq!(jain_fairness(&[0.0, 3.0, 0.0, 0.0]), Some(0.25));
        assert_eq!(jain_fairness(&[2e300, 2e300, 0.0, 0.0, 0.0]), Some(0.4));
        assert_eq!(jain_fairness(&[0.0, 0.0]), Some(1.0));
        assert_eq!(jain_fairness(&[]), None);
        assert_eq!(jain_fairness(&[1.0, -1.0]), None);
    }
}
