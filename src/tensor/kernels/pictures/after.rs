//! Activations that follow a normalisation at once.

/// What is done with a normalised number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// Nothing.
    Nothing,
    /// max(z, 0).
    Relu,
    /// z · σ(z).
    Silu,
    /// z · min(max(z + 3, 0), 6) / 6.
    Hardswish,
}

/// One of the activations, so that each loop is compiled for each of them.
pub(super) trait Activate {
    fn value(z: f32) -> f32;
    fn slope(z: f32) -> f32;
}

pub(super) struct Nothing;

impl Activate for Nothing {
    #[inline(always)]
    fn value(z: f32) -> f32 {
        z
    }

    #[inline(always)]
    fn slope(_z: f32) -> f32 {
        1.0
    }
}

pub(super) struct Relu;

// What is no number stays so.
impl Activate for Relu {
    #[inline(always)]
    fn value(z: f32) -> f32 {
        if z < 0.0 { 0.0 } else { z }
    }

    #[inline(always)]
    fn slope(z: f32) -> f32 {
        if z <= 0.0 { 0.0 } else { 1.0 }
    }
}

pub(super) struct Silu;

impl Activate for Silu {
    #[inline(always)]
    fn value(z: f32) -> f32 {
        z / (1.0 + exp(-z))
    }

    #[inline(always)]
    fn slope(z: f32) -> f32 {
        let gate = 1.0 / (1.0 + exp(-z));
        gate * (1.0 + z * (1.0 - gate))
    }
}

pub(super) struct Hardswish;

impl Activate for Hardswish {
    #[inline(always)]
    fn value(z: f32) -> f32 {
        let gate = z + 3.0;
        let gate = if gate < 0.0 { 0.0 } else { gate };
        z * (if gate > 6.0 { 6.0 } else { gate }) / 6.0
    }

    #[inline(always)]
    fn slope(z: f32) -> f32 {
        let inner = if z >= 3.0 { 1.0 } else { z / 3.0 + 0.5 };
        if z <= -3.0 { 0.0 } else { inner }
    }
}

/// e^z for −87 ≤ z ≤ 87, and the value at the nearer end beyond; off by two units in the last place at most. Cephes'
/// polynomial on ±½ ln 2. Only sums, products and shifts, so the compiler takes as many at once as it likes.
#[inline(always)]
pub(super) fn exp(z: f32) -> f32 {
    const LIMIT: f32 = 87.0;
    // 1.5 · 2^23: what is added to it is rounded to a whole number, which then stands in the lowest bits.
    const SHIFT: f32 = 12_582_912.0;
    // ln 2, the first part of which times a whole number is exact.
    const HIGH: f32 = 0.693_359_4;
    const LOW: f32 = -2.121_944_4e-4;
    const SERIES: [f32; 6] =
        [1.987_569_1e-4, 1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5];
    let z = if z > LIMIT { LIMIT } else { z };
    let z = if z < -LIMIT { -LIMIT } else { z };
    let shifted = z * std::f32::consts::LOG2_E + SHIFT;
    let count = shifted - SHIFT;
    let rest = z - count * HIGH - count * LOW;
    let [a, b, c, d, e, f] = SERIES;
    let series = ((((a * rest + b) * rest + c) * rest + d) * rest + e) * rest + f;
    let power = series * rest * rest + rest + 1.0;
    power * f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3F80_0000))
}

#[cfg(test)]
mod tests {
    use super::exp;

    #[test]
    fn powers_are_right_over_the_whole_range() {
        let mut z = -87.0f32;
        while z < 87.0 {
            let (found, expected) = (f64::from(exp(z)), f64::from(z).exp());
            assert!((found - expected).abs() <= 2.5e-7 * expected, "{z}: {found} {expected}");
            z += 0.003_7;
        }
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(1000.0), exp(87.0));
        assert!(exp(f32::NAN).is_nan());
    }
}
