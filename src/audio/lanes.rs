//! Four numbers side by side, one of each of four frames. Plain arrays: the compiler makes vectors of them, and
//! since nothing is contracted or reordered the results are the same bits on every processor.

/// Frames that are worked on at once.
pub(super) const LANES: usize = 4;

/// One number of each frame.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(align(32))]
pub(super) struct Lanes(pub [f64; LANES]);

impl Lanes {
    /// The same number for each frame.
    #[inline(always)]
    pub(super) fn all(value: f64) -> Self {
        Lanes([value; LANES])
    }

    #[inline(always)]
    pub(super) fn plus(self, other: Lanes) -> Lanes {
        let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
        Lanes([a + e, b + f, c + g, d + h])
    }

    #[inline(always)]
    pub(super) fn minus(self, other: Lanes) -> Lanes {
        let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
        Lanes([a - e, b - f, c - g, d - h])
    }

    #[inline(always)]
    pub(super) fn times(self, other: Lanes) -> Lanes {
        let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
        Lanes([a * e, b * f, c * g, d * h])
    }

    #[inline(always)]
    pub(super) fn scaled(self, factor: f64) -> Lanes {
        self.times(Lanes::all(factor))
    }

    #[inline(always)]
    pub(super) fn map(self, change: impl Fn(f64) -> f64) -> Lanes {
        let [a, b, c, d] = self.0;
        Lanes([change(a), change(b), change(c), change(d)])
    }
}

/// Runs code that was compiled for vectors of four doubles where the processor has them; the results are the same
/// elsewhere. What it calls must be inlined: a closure says so with `#[inline(always)]`.
#[inline(always)]
pub(super) fn vectorised<T>(work: impl FnOnce() -> T) -> T {
    #[cfg(target_arch = "x86_64")]
    if let Some(wide) = pulp::x86::V3::try_new() {
        return pulp::Simd::vectorize(wide, work);
    }
    work()
}

/// Coefficients 2/(2k+1) of the series of artanh.
const SERIES: [f64; 7] = [2.0 / 13.0, 2.0 / 11.0, 2.0 / 9.0, 2.0 / 7.0, 2.0 / 5.0, 2.0 / 3.0, 2.0];

/// The natural logarithm of a normal positive number, off by 1e-12 at most: ln m = 2 artanh((m−1)/(m+1)) for a
/// mantissa m within √½ to √2. Only sums, products and one quotient, so the compiler takes four at once.
#[inline(always)]
pub(super) fn ln(value: f64) -> f64 {
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

#[cfg(test)]
mod tests {
    use super::ln;

    #[test]
    fn logarithms_are_right_over_the_whole_range() {
        let mut value = 1e-30f64;
        while value < 1e30 {
            let (found, expected) = (ln(value), libm::log(value));
            assert!((found - expected).abs() <= 1e-11, "{value}: {found} {expected}");
            value *= 1.000_37;
        }
        assert_eq!(ln(1.0), 0.0);
        assert_eq!(ln(f64::from(f32::EPSILON)) as f32, f32::EPSILON.ln());
    }
}
