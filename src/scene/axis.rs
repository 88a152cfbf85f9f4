//! Ticks of an axis: steps of 1, 2 or 5 times a power of ten.

use super::figures;

/// The step between ticks that gives at most about `count` of them on this range.
pub fn step(range: f64, count: usize) -> f64 {
    if !(range > 1e-300 && range.is_finite()) {
        return 1.0;
    }
    let rough = range / count.max(1) as f64;
    let power = figures::ten_to(libm::floor(libm::log10(rough)) as i32);
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= rough * 0.999_999);
    factor.unwrap_or(10.0) * power
}

/// An axis from nothing to at least `most`, with ticks.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    pub from: f64,
    pub to: f64,
    pub step: f64,
}

impl Axis {
    /// From 0 to the first tick at or above `most`.
    pub fn upto(most: f64, count: usize) -> Axis {
        let most = if most > 0.0 && most.is_finite() { most } else { 1.0 };
        let step = step(most, count);
        Axis { from: 0.0, to: libm::ceil(most / step - 1e-9) * step, step }
    }

    /// From the first tick at or below `least`, if that is below 0, to the first at or above `most`.
    pub fn around(least: f64, most: f64, count: usize) -> Axis {
        if !(least < 0.0 && least.is_finite()) {
            return Axis::upto(most, count);
        }
        let most = if most.is_finite() { most.max(0.0) } else { 0.0 };
        let step = step(most - least, count);
        let outer = |value: f64| libm::ceil(value / step - 1e-9) * step;
        Axis { from: -outer(-least), to: outer(most), step }
    }

    /// Exactly from one end to the other.
    pub fn between(from: f64, to: f64, count: usize) -> Axis {
        let to = if to > from { to } else { from + 1.0 };
        Axis { from, to, step: step(to - from, count) }
    }

    /// With ticks at whole numbers only: of what is counted there are no halves.
    pub fn whole(self) -> Axis {
        let step = self.step.max(1.0);
        let outer = |value: f64| libm::ceil(value / step - 1e-9) * step;
        Axis { from: -outer(-self.from), to: outer(self.to), step }
    }

    pub fn ticks(&self) -> Vec<f64> {
        let first = libm::ceil(self.from / self.step - 1e-9);
        let last = libm::floor(self.to / self.step + 1e-9);
        // The step is at least a hundredth of the range, whatever was asked for.
        let count = (last - first).clamp(0.0, 100.0) as u32;
        (0..=count).map(|tick| (first + tick as f64) * self.step).collect()
    }

    /// 0 at the start of the axis, 1 at its end.
    pub fn share(&self, value: f64) -> f64 {
        (value - self.from) / (self.to - self.from)
    }

    /// A tick's figure with as many decimals as its step needs.
    pub fn label(&self, tick: f64) -> String {
        let decimals = (-libm::floor(libm::log10(self.step) + 1e-9)).clamp(0.0, 9.0) as usize;
        match decimals {
            _ if tick < -self.step / 2.0 => format!("−{}", self.label(-tick)),
            0 => figures::whole(tick.abs().round() as u64),
            _ => format!("{:.decimals$}", tick.abs()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_one_two_or_five() {
        let cases = [
            (100.0, 5, 20.0),
            (7.0, 4, 2.0),
            (0.3, 3, 0.1),
            (2612.0, 4, 1000.0),
            (1.0, 1, 1.0),
            (9.0, 2, 5.0),
        ];
        for (range, count, expected) in cases {
            assert!(
                (step(range, count) - expected).abs() < 1e-9,
                "{range} in {count}: {}",
                step(range, count)
            );
        }
        assert_eq!(step(f64::NAN, 3), 1.0);
    }

    #[test]
    fn the_axis_covers_the_values_and_labels_its_ticks() {
        let axis = Axis::upto(2612.0, 4);
        let labels: Vec<String> = axis.ticks().into_iter().map(|tick| axis.label(tick)).collect();
        assert_eq!(labels, ["0", "1\u{202f}000", "2\u{202f}000", "3\u{202f}000"]);
        let small = Axis::upto(0.25, 3);
        let labels: Vec<String> = small.ticks().into_iter().map(|tick| small.label(tick)).collect();
        assert_eq!(labels, ["0.0", "0.1", "0.2", "0.3"]);
        assert_eq!(Axis::between(3.0, 11.0, 4).ticks(), [4.0, 6.0, 8.0, 10.0]);
        assert_eq!(Axis::upto(0.0, 3).to, 1.0);
        let both = Axis::around(-310.0, 90.0, 4);
        let labels: Vec<String> = both.ticks().into_iter().map(|tick| both.label(tick)).collect();
        assert_eq!(labels, ["−400", "−300", "−200", "−100", "0", "100"]);
        assert_eq!(Axis::around(2.0, 7.0, 4), Axis::upto(7.0, 4));
        assert_eq!(Axis::upto(0.0, 3).whole().ticks(), [0.0, 1.0]);
        assert_eq!(Axis::around(-1.0, 1.0, 6).whole().ticks(), [-1.0, 0.0, 1.0]);
        assert_eq!(Axis::upto(2612.0, 4).whole(), Axis::upto(2612.0, 4));
    }
}
