//! Activations and their slopes, of one number: for passes of their own (`rows`), and for those that follow a
//! normalisation at once (`pictures`).

// What is called within a loop must be inlined there, or the loop is not compiled for the processor: so all of these
// say so, and none is a closure.

use super::lanes::{exp, unless};

/// Φ(−|x|) · e^(x²/2), within 2e-7 of itself up to |x| = 13.5, as (1 + |x|)⁻¹ times a polynomial in (|x| − 3) / (|x| + 3). The
/// polynomial is a Chebyshev fit to the function in forty digits.
#[inline(always)]
fn tail(size: f32) -> f32 {
    const FIT: [f32; 10] = [
        -6.837_277e-5,
        -4.533_37e-4,
        -2.603_354_5e-4,
        3.001_052_7e-3,
        1.127_596_8e-3,
        -2.273_132_5e-2,
        4.516_832_5e-2,
        -1.643_190_2e-2,
        -9.652_692e-2,
        4.860_558e-1,
    ];
    // One division for both quotients.
    let inverse = 1.0 / ((size + 3.0) * (size + 1.0));
    let place = (size - 3.0) * (size + 1.0) * inverse;
    // Written out, since a loop in here keeps the one around it from becoming vectors.
    let high = ((FIT[0] * place + FIT[1]) * place + FIT[2]) * place + FIT[3];
    let middle = ((high * place + FIT[4]) * place + FIT[5]) * place + FIT[6];
    let sum = ((middle * place + FIT[7]) * place + FIT[8]) * place + FIT[9];
    sum * (size + 3.0) * inverse
}

/// e^(−x²/2), and 0 where it is below 1e-25: so small a factor would only make numbers that processors are slow with.
#[inline(always)]
fn bell(x: f32) -> f32 {
    let half = 0.5 * x * x;
    unless(half > 57.0, exp(-half))
}

/// Φ(x), the normal distribution, and e^(−x²/2).
#[inline(always)]
fn normal(x: f32) -> (f32, f32) {
    let bell = bell(x);
    let size = x.abs();
    // Beyond it the bell is 0, and the fit holds no more.
    let below = tail(if size > 13.0 { 13.0 } else { size }) * bell;
    (unless(x > 0.0, below) + unless(x <= 0.0, 1.0 - below), bell)
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
    x * normal(x).0
}

#[inline(always)]
pub(super) fn gelu_slope(x: f32) -> f32 {
    // 1 / √(2π).
    const HEIGHT: f32 = 0.398_942_3;
    let (share, bell) = normal(x);
    share + x * (bell * HEIGHT)
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
