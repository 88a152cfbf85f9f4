//! What theory says of how unevenly keys fall to the members that share them.
//!
//! Points of a hash ring lie at random, so the N·v arcs between them are distributed as the gaps between uniform
//! points, jointly Dirichlet(1, …, 1); a member with v points owns v of them, and shares are Dirichlet(v, …, v)
//! (R. Pyke, "Spacings", 1965). They are what independent Gamma(v) variables are of their sum, and independent of
//! that sum, whose mean is N·v. So the largest share over the mean is on average E[max γᵢ] ÷ v, which for one point
//! each is 1 + 1/2 + … + 1/N. With K keys instead of a continuum, shares vary more: a member's keys are binomial
//! around its share, so the squared coefficient of variation grows from (N − 1)/(N·v + 1) to
//! (N − 1)/K · (K + N·v)/(1 + N·v), that of the Dirichlet-multinomial law. The Dirichlet of that variance is taken
//! instead: exact for endlessly many keys, and close for those that there are.

use crate::algo::choice::PolicyChoice;
use crate::node::Settings;
use crate::node::clients::Arrivals;
use crate::node::keys::Keys;
use crate::scenario::{Scenario, paths};

/// The largest of `members` shares over their mean, on average, where they are Dirichlet(`shape`, …, `shape`).
/// `None` if there is nobody, or `shape` is not a positive number.
pub fn largest_over_mean(members: u32, shape: f64) -> Option<f64> {
    if members == 0 || !(shape > 0.0 && shape <= SHAPE_MAX) {
        return None;
    }
    // E[max] = ∫ 1 − P(shape, x)ᴺ dx, by Simpson's rule where that is neither 1 nor 0.
    let spread = libm::sqrt(shape);
    let (from, to) = ((shape - 10.0 * spread).max(0.0), shape + 14.0 * spread + 40.0);
    let step = (to - from) / STEPS as f64;
    let above = |at: usize| 1.0 - libm::pow(gamma_below(shape, from + at as f64 * step), f64::from(members));
    let weight = |at: usize| if at == 0 || at == STEPS { 1.0 } else { 2.0 + 2.0 * (at % 2) as f64 };
    let sum: f64 = (0..=STEPS).map(|at| weight(at) * above(at)).sum();
    Some((from + sum * step / 3.0) / shape)
}

/// Even; more would change the fifth digit.
const STEPS: usize = 600;
/// Shares of this shape are as good as equal.
const SHAPE_MAX: f64 = 1e6;

/// The probability that a Gamma(`shape`) variable is below `x`: the regularised incomplete gamma function, by its
/// series or, beyond the mean, by its continued fraction (Abramowitz and Stegun, 6.5.29 and 6.5.31).
fn gamma_below(shape: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let scale = libm::exp(shape * libm::log(x) - x - libm::lgamma(shape));
    // Terms shrink after about as many steps as the distribution is wide.
    let terms = 200 + (20.0 * libm::sqrt(shape)) as u32;
    if x < shape + 1.0 {
        let (mut term, mut sum) = (1.0 / shape, 1.0 / shape);
        for n in 1..terms {
            term *= x / (shape + f64::from(n));
            sum += term;
            if term < sum * 1e-15 {
                break;
            }
        }
        return (scale * sum).min(1.0);
    }
    // Evaluated forwards (Lentz).
    let mut b = x + 1.0 - shape;
    let (mut c, mut d) = (1e300, 1.0 / b);
    let mut fraction = d;
    for n in 1..terms {
        let a = f64::from(n) * (shape - f64::from(n));
        b += 2.0;
        d = 1.0 / (a * d + b);
        c = b + a / c;
        fraction *= c * d;
        if (c * d - 1.0).abs() < 1e-15 {
            break;
        }
    }
    (1.0 - scale * fraction).clamp(0.0, 1.0)
}

/// The shape of the shares of `members` with `points` each, of `keys` equally popular keys; without `points` each
/// key falls to any member, all equally likely.
fn shape_of(members: f64, points: Option<f64>, keys: f64) -> f64 {
    let together = match points {
        Some(points) => keys * (1.0 + members * points) / (keys + members * points),
        None => keys,
    };
    (together - 1.0) / members
}

/// What is expected of the most loaded machine of this node over the mean: for machines of equal weight that clients
/// ask directly, for keys that are all equally popular, placed by a ring or each by itself. The average over all ways
/// in which points and keys may lie; a scenario has one of them. `None` for everything else.
pub fn imbalance_of(scenario: &Scenario, id: &str) -> Option<f64> {
    let mut clients = scenario.nodes.iter().filter_map(|node| match &node.settings {
        Settings::Clients(clients) => Some((node, clients)),
        _ => None,
    });
    let ((source, clients), None) = (clients.next()?, clients.next()) else { return None };
    let Keys::Uniform { count } = clients.keys else { return None };
    if source.to.as_slice() != [id] {
        return None;
    }
    // By paths: the page of a first visit has no such kind of node.
    let setting = |name: &str| paths::get(scenario, &format!("{id}.{name}"));
    let number = |name: &str| setting(name)?.as_f64();
    let members = number("count")?;
    let placing: PolicyChoice = serde_json::from_value(setting("partitioner")?).ok()?;
    let knobs = placing.resolve("ring").ok()?;
    let points = match placing.id.as_str() {
        "ring" if knobs.word("hash") != "identity" => Some(knobs.number("points")),
        "rendezvous" | "jump" => None,
        _ => return None,
    };
    let node = scenario.nodes.iter().find(|node| node.id == id)?;
    let unequal = node.settings.configure().members().iter().any(|member| member.weight != 1);
    if unequal || number("replicas") != Some(1.0) || members < 2.0 {
        return None;
    }
    // Requests are drawn from the keys as those are from the ring, which adds to the variation in the same way.
    let asked = match clients.arrivals {
        Arrivals::Steady | Arrivals::Poisson => clients.rate_per_s * scenario.duration_ms / 1000.0,
        _ => return None,
    };
    let keys = 1.0 / (1.0 / f64::from(count) + 1.0 / asked.max(1.0));
    largest_over_mean(members as u32, shape_of(members, points, keys))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algo::ring::{self, Members, imbalance, owned};
    use crate::algo::setting::{Knobs, Value};

    /// The mean of the largest of N exponential variables is the harmonic number (A. Rényi, 1953).
    #[test]
    fn one_point_each_gives_the_harmonic_number() {
        let mut harmonic = 0.0;
        for members in 1..=100 {
            harmonic += 1.0 / f64::from(members);
            let found = largest_over_mean(members, 1.0).unwrap();
            assert!((found - harmonic).abs() < 1e-4, "{members}: {found} {harmonic}");
        }
        assert_eq!(largest_over_mean(0, 1.0), None);
        assert_eq!(largest_over_mean(3, f64::NAN), None);
        assert_eq!(largest_over_mean(3, -1.0), None);
    }

    /// Two Gamma(2): E[max] = 2·2 − E[min], and P(min > x) = ((1 + x) e⁻ˣ)², so E[min] = 1/2 + 1/2 + 1/4 = 5/4.
    #[test]
    fn two_members_with_two_points_by_hand() {
        assert!((largest_over_mean(2, 2.0).unwrap() - (4.0 - 1.25) / 2.0).abs() < 1e-6);
    }

    #[test]
    fn many_points_even_out() {
        let found: Vec<f64> = [1.0, 10.0, 100.0, 1e3, 1e5].map(|it| largest_over_mean(6, it).unwrap()).into();
        assert!(found.is_sorted_by(|a, b| a > b) && found.iter().all(|it| *it > 1.0), "{found:?}");
        // The mean of the largest of six normal variables is 1.2672 (D. Teichroew, 1956).
        assert!((found[4] - (1.0 + 1.2672 / libm::sqrt(1e5))).abs() < 1e-5, "{found:?}");
    }

    /// Members of many names, so that their points lie in many ways.
    #[test]
    fn rings_of_many_names_are_as_uneven_as_expected_on_average() {
        for (policy, points, keys) in [
            ("ring", 1, 1000),
            ("ring", 10, 1000),
            ("ring", 100, 1000),
            ("ring", 10, 100),
            ("rendezvous", 0, 1000),
        ] {
            let entry = ring::find(policy).unwrap();
            let mut knobs = Knobs::defaults(entry.info.knobs);
            if points > 0 {
                knobs.set("points", Value::Number(f64::from(points)));
            }
            let rounds = 300;
            let sum: f64 = (0..rounds)
                .map(|round| {
                    let members = Members::named((1..=6).map(|member| format!("group{round}/{member}")));
                    let mut placed = (entry.build)(&knobs);
                    placed.rebuild(&members);
                    imbalance(&owned((&*placed, &members), keys), &[]).max_over_mean
                })
                .sum();
            let found = sum / f64::from(rounds);
            let points = (points > 0).then_some(f64::from(points));
            let expected = largest_over_mean(6, shape_of(6.0, points, f64::from(keys))).unwrap();
            let (extra, wanted) = (found - 1.0, expected - 1.0);
            assert!((extra / wanted - 1.0).abs() < 0.12, "{policy} {points:?} {keys}: {found} {expected}");
        }
    }
}
