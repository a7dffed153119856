//! Activations and their slopes, of one number: for passes of their own (`rows`), and for those that follow a
//! normalisation at once (`pictures`).

// What is called within a loop must be inlined there, or the loop is not compiled for the processor: so all of these
// say so, and none is a closure.

use super::lanes::{exp, unless};

/// Beyond it Φ is 0 or 1: what is left out is 1e-9.
const EDGE: f32 = 6.0;

/// Φ(x), the normal distribution, within 3e-7, and within 4e-5 of itself where it is small: Φ(−|x|) is half the fourth power of
/// a polynomial, a Chebyshev fit in fifty digits to the fourth root for |x| up to [`EDGE`].
#[inline(always)]
fn normal(x: f32) -> f32 {
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
    let place = inside * (2.0 / EDGE) - 1.0;
    // Written out, since a loop in here keeps the one around it from becoming vectors.
    let first = ((FIT[0] * place + FIT[1]) * place + FIT[2]) * place + FIT[3];
    let second = ((first * place + FIT[4]) * place + FIT[5]) * place + FIT[6];
    let third = ((second * place + FIT[7]) * place + FIT[8]) * place + FIT[9];
    let root = ((third * place + FIT[10]) * place + FIT[11]) * place + FIT[12];
    let square = root * root;
    let below = unless(size > EDGE, 0.5 * (square * square));
    if x > 0.0 { 1.0 - below } else { below }
}

/// e^(−x²/2), and 0 where it is below 1e-25: so small a factor would only make numbers that processors are slow with.
#[inline(always)]
fn bell(x: f32) -> f32 {
    let half = 0.5 * x * x;
    unless(half > 57.0, exp(-half))
}

#[inline(always)]
pub(super) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

#[inline(always)]
pub(super) fn sigmoid_slope(x: f32) -> f32 {
    let gate = sigmoid(x);
    gate * (1.0 - gate)
}

#[inline(always)]
pub(super) fn relu(x: f32) -> f32 {
    // NaN stays NaN.
    if x < 0.0 { 0.0 } else { x }
}

#[inline(always)]
pub(super) fn relu_slope(x: f32) -> f32 {
    // As PyTorch: nothing flows at 0.
    if x > 0.0 { 1.0 } else { 0.0 }
}

#[inline(always)]
pub(super) fn silu(x: f32) -> f32 {
    x / (1.0 + exp(-x))
}

#[inline(always)]
pub(super) fn silu_slope(x: f32) -> f32 {
    let gate = sigmoid(x);
    gate * (1.0 + x * (1.0 - gate))
}

#[inline(always)]
pub(super) fn gelu(x: f32) -> f32 {
    x * normal(x)
}

#[inline(always)]
pub(super) fn gelu_slope(x: f32) -> f32 {
    // 1 / √(2π).
    const HEIGHT: f32 = 0.398_942_3;
    normal(x) + x * (bell(x) * HEIGHT)
}

#[inline(always)]
pub(super) fn hard_swish(x: f32) -> f32 {
    let gate = x + 3.0;
    let gate = if gate < 0.0 { 0.0 } else { gate };
    let gate = if gate > 6.0 { 6.0 } else { gate };
    x * gate / 6.0
}

#[inline(always)]
pub(super) fn hard_swish_slope(x: f32) -> f32 {
    let slope = x / 3.0 + 0.5;
    let slope = if x <= -3.0 { 0.0 } else { slope };
    if x >= 3.0 { 1.0 } else { slope }
}
