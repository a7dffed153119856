//! Four numbers side by side, one of each of four frames. Nothing is contracted or reordered, so results are the same
//! bits on every processor.

use pulp::{Scalar256b, Simd, WithSimd};

/// Frames that are worked on at once: as many as a vector of doubles has room for.
pub const LANES: usize = 4;

/// One number of each frame.
pub type Lanes = [f64; LANES];

/// Runs work with vectors of four doubles: the processor's, or, with the same results, four numbers in turn.
#[inline(always)]
pub(super) fn vectorised<W: WithSimd>(work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    if let Some(wide) = pulp::x86::V3::try_new() {
        return Simd::vectorize(wide, work);
    }
    Simd::vectorize(Scalar256b, work)
}

/// Numbers of four frames as vectors.
#[inline(always)]
pub(super) fn vectors<S: Simd>(values: &[Lanes]) -> &[S::f64s] {
    S::as_simd_f64s(values.as_flattened()).0
}

/// The same, to be changed.
#[inline(always)]
pub(super) fn vectors_mut<S: Simd>(values: &mut [Lanes]) -> &mut [S::f64s] {
    S::as_mut_simd_f64s(values.as_flattened_mut()).0
}

/// Coefficients 2/(2k+1) of the series of artanh.
const SERIES: [f64; 7] = [2.0 / 13.0, 2.0 / 11.0, 2.0 / 9.0, 2.0 / 7.0, 2.0 / 5.0, 2.0 / 3.0, 2.0];

/// The natural logarithm of a normal positive number, off by 1e-12 at most: ln m = 2 artanh((m−1)/(m+1)) for a
/// mantissa m within √½ to √2. Only sums, products and one quotient, so the compiler takes four at once.
#[inline(always)]
pub fn ln(value: f64) -> f64 {
    // √½ with the exponent of 1: what is added brings mantissas from there on up to the next exponent.
    const HALF_ROOT: u64 = 0x3FE6_A09E_667F_3BCD;
    const MANTISSA: u64 = 0x000F_FFFF_FFFF_FFFF;
    // 2^52 + 2^51: an integer added to its bits is a number added to it.
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    let shifted = value.to_bits().wrapping_sub(HALF_ROOT);
    // The exponent, with its sign, without a conversion that only newer vectors have.
    let exponent = (shifted as i64 >> 52) as u64;
    let count = f64::from_bits(SHIFT.to_bits().wrapping_add(exponent)) - SHIFT;
    let mantissa = f64::from_bits((shifted & MANTISSA).wrapping_add(HALF_ROOT));
    let ratio = (mantissa - 1.0) / (mantissa + 1.0);
    let square = ratio * ratio;
    let [a, b, c, d, e, f, g] = SERIES;
    let series =
        ((((((a * square + b) * square + c) * square + d) * square + e) * square + f) * square + g)
            * ratio;
    count * std::f64::consts::LN_2 + series
}
