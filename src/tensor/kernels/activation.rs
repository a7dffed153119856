//! Activations and their slopes, of one number: for passes of their own (`rows`), and for those that follow a
//! normalisation at once (`pictures`).

// What is called within a loop must be inlined there, or the loop is not compiled for the processor: so all of these
// say so.

use super::lanes::{Rounding, exp, unless};
use std::marker::PhantomData;

/// Beyond it Φ is 0 or 1: what is left out is 1e-9.
const EDGE: f32 = 6.0;

/// Φ(x), the normal distribution, within 3e-7, and within 4e-5 of itself where it is small: Φ(−|x|) is half the fourth power of
/// a polynomial, a Chebyshev fit in fifty digits to the fourth root for |x| up to [`EDGE`].
#[inline(always)]
fn normal<R: Rounding>(x: f32) -> f32 {
    const FIT: [f32; 13] = [
        3.742_457e-4,
        -1.199_352_2e-3,
        -1.904_540_9e-3,
        1.051_929_5e-2,
        -1.497_892_3e-3,
        -4.397_89e-2,
        5.102_788e-2,
        8.761_827e-2,
        -2.252_924e-1,
        1.165_143_6e-2,
        4.526_787_7e-1,
        -5.612_783_4e-1,
        2.279_464e-1,
    ];
    let size = x.abs();
    // NaN stays NaN.
    let inside = if size > EDGE { EDGE } else { size };
    // From −1 at 0 to 1 at the edge.
    let place = R::of(inside, 2.0 / EDGE, -1.0);
    // Written out, since a loop in here keeps the one around it from becoming vectors.
    let first = R::of(R::of(R::of(FIT[0], place, FIT[1]), place, FIT[2]), place, FIT[3]);
    let second = R::of(R::of(R::of(first, place, FIT[4]), place, FIT[5]), place, FIT[6]);
    let third = R::of(R::of(R::of(second, place, FIT[7]), place, FIT[8]), place, FIT[9]);
    let root = R::of(R::of(R::of(third, place, FIT[10]), place, FIT[11]), place, FIT[12]);
    let square = root * root;
    let below = unless(size > EDGE, 0.5 * (square * square));
    if x > 0.0 { 1.0 - below } else { below }
}

/// e^(−x²/2), and 0 where it is below 1e-25: so small a factor would only make numbers that processors are slow with.
#[inline(always)]
fn bell<R: Rounding>(x: f32) -> f32 {
    let half = 0.5 * x * x;
    unless(half > 57.0, exp::<R>(-half))
}

/// A function of one number with its slope. What rounds more than once says how, by its type: so each loop is compiled for
/// each of them.
pub(super) trait Activate: 'static {
    /// The function.
    fn value(x: f32) -> f32;

    /// Its slope.
    fn slope(x: f32) -> f32;

    /// The gradient of the number, from that of the function.
    #[inline(always)]
    fn gradient(x: f32, g: f32) -> f32 {
        g * Self::slope(x)
    }
}

/// x itself.
pub(super) struct Nothing;
/// max(x, 0).
pub(super) struct Relu;
/// 1 / (1 + e^−x).
pub(super) struct Sigmoid<R>(PhantomData<R>);
/// x · σ(x).
pub(super) struct Silu<R>(PhantomData<R>);
/// x · Φ(x).
pub(super) struct Gelu<R>(PhantomData<R>);
/// x · min(max(x + 3, 0), 6) / 6.
pub(super) struct Hardswish;

impl Activate for Nothing {
    #[inline(always)]
    fn value(x: f32) -> f32 {
        x
    }

    #[inline(always)]
    fn slope(_: f32) -> f32 {
        1.0
    }
}

impl Activate for Relu {
    #[inline(always)]
    fn value(x: f32) -> f32 {
        // NaN stays NaN.
        if x < 0.0 { 0.0 } else { x }
    }

    #[inline(always)]
    fn slope(x: f32) -> f32 {
        // As PyTorch: nothing flows at 0.
        if x > 0.0 { 1.0 } else { 0.0 }
    }

    #[inline(always)]
    fn gradient(x: f32, g: f32) -> f32 {
        // Also where g is infinite.
        if x > 0.0 { g } else { 0.0 }
    }
}

impl<R: Rounding> Activate for Sigmoid<R> {
    #[inline(always)]
    fn value(x: f32) -> f32 {
        1.0 / (1.0 + exp::<R>(-x))
    }

    #[inline(always)]
    fn slope(x: f32) -> f32 {
        let gate = Self::value(x);
        gate * (1.0 - gate)
    }
}

impl<R: Rounding> Activate for Silu<R> {
    #[inline(always)]
    fn value(x: f32) -> f32 {
        x / (1.0 + exp::<R>(-x))
    }

    #[inline(always)]
    fn slope(x: f32) -> f32 {
        let gate = Sigmoid::<R>::value(x);
        gate * R::of(x, 1.0 - gate, 1.0)
    }
}

impl<R: Rounding> Activate for Gelu<R> {
    #[inline(always)]
    fn value(x: f32) -> f32 {
        x * normal::<R>(x)
    }

    #[inline(always)]
    fn slope(x: f32) -> f32 {
        // 1 / √(2π).
        const HEIGHT: f32 = 0.398_942_3;
        R::of(x, bell::<R>(x) * HEIGHT, normal::<R>(x))
    }
}

impl Activate for Hardswish {
    #[inline(always)]
    fn value(x: f32) -> f32 {
        let gate = x + 3.0;
        let gate = if gate < 0.0 { 0.0 } else { gate };
        let gate = if gate > 6.0 { 6.0 } else { gate };
        x * gate / 6.0
    }

    #[inline(always)]
    fn slope(x: f32) -> f32 {
        let slope = x / 3.0 + 0.5;
        let slope = if x <= -3.0 { 0.0 } else { slope };
        if x >= 3.0 { 1.0 } else { slope }
    }
}
