//! The ziggurat's tables for the exponential distribution (Marsaglia and Tsang, 2000): 256 layers of
//! equal area under exp(−x), made by plain arithmetic, so that they are the same for every target and at any
//! time. The page makes them when it first needs them: they would be 6 KB of every visit.

/// Where the tail begins.
pub(super) const ZIGGURAT_R: f64 = 7.697_117_470_131_05;
const LAYERS: usize = 256;

pub(super) struct Ziggurat {
    /// For each layer: its width over 2⁵³, and the x left of which all of it lies under the curve.
    pub layers: [(f64, f64); LAYERS],
    /// exp(−x) at each layer's right edge; the next entry is the layer's upper bound.
    pub heights: [f64; LAYERS + 1],
}

#[cfg(target_arch = "wasm32")]
static ZIGGURAT: std::sync::LazyLock<Ziggurat> = std::sync::LazyLock::new(tables);
#[cfg(not(target_arch = "wasm32"))]
static ZIGGURAT: Ziggurat = tables();

#[inline]
pub(super) fn ziggurat() -> &'static Ziggurat {
    &ZIGGURAT
}

const fn tables() -> Ziggurat {
    // Layer 0 is the base strip with the tail; layer i reaches from 0 to x[i]. All have area v.
    let v = (ZIGGURAT_R + 1.0) / exp(ZIGGURAT_R);
    let mut x = [0.0; LAYERS + 1];
    x[0] = v * exp(ZIGGURAT_R);
    x[1] = ZIGGURAT_R;
    let mut i = 2;
    while i < LAYERS {
        x[i] = -ln(v / x[i - 1] + 1.0 / exp(x[i - 1]));
        i += 1;
    }
    let mut ziggurat = Ziggurat { layers: [(0.0, 0.0); LAYERS], heights: [1.0; LAYERS + 1] };
    i = 0;
    while i < LAYERS {
        ziggurat.layers[i] = (x[i] / (1u64 << 53) as f64, x[i + 1]);
        ziggurat.heights[i] = if i == 0 { 0.0 } else { 1.0 / exp(x[i]) };
        i += 1;
    }
    ziggurat
}

/// e^x for 0 ≤ x ≤ 8, by its series: all terms are positive, so nothing cancels.
const fn exp(x: f64) -> f64 {
    let (mut sum, mut term, mut n) = (1.0, 1.0, 1.0);
    while n < 60.0 {
        term *= x / n;
        sum += term;
        n += 1.0;
    }
    sum
}

/// ln y for e⁻⁸ ≤ y ≤ 1, by Halley's iteration on e^x = y.
const fn ln(y: f64) -> f64 {
    let (mut x, mut step) = (-1.0, 0);
    while step < 12 {
        let power = 1.0 / exp(-x);
        x += 2.0 * (y - power) / (y + power);
        x = if x > 0.0 { 0.0 } else { x };
        step += 1;
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_functions_agree_with_libm() {
        for i in 0..=800 {
            let x = i as f64 / 100.0;
            assert!((exp(x) / libm::exp(x) - 1.0).abs() < 1e-14, "exp {x}");
            let y = libm::exp(-x);
            assert!((ln(y) - libm::log(y)).abs() < 1e-13, "ln {y}");
        }
    }

    /// At run time they are what they are at compile time.
    #[test]
    fn tables_are_the_same_whenever_they_are_made() {
        let (now, then) = (std::hint::black_box(tables as fn() -> Ziggurat)(), ziggurat());
        let bits = |table: &Ziggurat| -> Vec<u64> {
            let layers = table.layers.iter().flat_map(|(width, inner)| [width.to_bits(), inner.to_bits()]);
            layers.chain(table.heights.iter().map(|height| height.to_bits())).collect()
        };
        assert_eq!(bits(&now), bits(then));
    }

    /// What makes it a ziggurat: every layer has the same area.
    #[test]
    fn layers_have_equal_areas_up_to_the_top() {
        let area = |i: usize| {
            ZIGGURAT.layers[i].0 * (1u64 << 53) as f64 * (ZIGGURAT.heights[i + 1] - ZIGGURAT.heights[i])
        };
        let wanted = (ZIGGURAT_R + 1.0) * libm::exp(-ZIGGURAT_R);
        for i in 1..LAYERS {
            assert!((area(i) / wanted - 1.0).abs() < 1e-9, "layer {i}: {} for {wanted}", area(i));
        }
    }
}
