//! Loops over plain numbers that the compiler makes vectors of, as wide as the processor has them.
//!
//! Sums go over a fixed number of lanes in a fixed order, and a product with a sum is rounded once only where the code says
//! so ([`Rounding`]): processors with AVX2 or AVX-512, and any number of threads, give the same bits.

use super::activation::Activate;
use rayon::prelude::*;

/// Partial sums of a row that are kept side by side.
pub(super) const LANES: usize = 16;

/// Numbers that one thread works on at least.
pub(super) const GRAIN: usize = 1 << 14;

/// Functions over slices, each compiled once for every kind of processor, with its loops as vectors, and chosen at run
/// time. What is called within must be `#[inline(always)]`, or it is compiled for the oldest processor only: so loops are
/// `for` loops, not closures given to `for_each`.
macro_rules! vectorised {
    ($(
        $(#[$about:meta])*
        $seen:vis fn $name:ident $(<$kind:ident: $bound:path>)? ($($arg:ident: $type:ty),* $(,)?) $(-> $result:ty)? $body:block
    )*) => { $(
        $(#[$about])*
        $seen fn $name $(<$kind: $bound>)? ($($arg: $type),*) $(-> $result)? {
            #[inline(always)]
            fn plain $(<$kind: $bound>)? ($($arg: $type),*) $(-> $result)? $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,fma")]
                    fn widest $(<$kind: $bound>)? ($($arg: $type),*) $(-> $result)? { plain$(::<$kind>)?($($arg),*) }

                #[target_feature(enable = "avx2,fma")]
                    fn wide $(<$kind: $bound>)? ($($arg: $type),*) $(-> $result)? { plain$(::<$kind>)?($($arg),*) }

                match $crate::tensor::kernels::lanes::Vectors::here() {
                    // SAFETY: the processor has what the function was compiled for.
                    $crate::tensor::kernels::lanes::Vectors::Widest => return unsafe { widest$(::<$kind>)?($($arg),*) },
                    // SAFETY: likewise.
                    $crate::tensor::kernels::lanes::Vectors::Wide => return unsafe { wide$(::<$kind>)?($($arg),*) },
                    $crate::tensor::kernels::lanes::Vectors::Plain => {}
                }
            }
            plain$(::<$kind>)?($($arg),*)
        }
    )* };
}
pub(super) use vectorised;

/// What this processor has beyond what every one of its kind has.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Vectors {
    /// AVX-512, as far as the fourth level of x86-64 has it.
    Widest,
    /// AVX2, with products and sums in one.
    Wide,
    /// SSE2.
    Plain,
}

#[cfg(target_arch = "x86_64")]
impl Vectors {
    /// Looked up once by the standard library.
    #[inline]
    pub(super) fn here() -> Self {
        let fourth = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512cd")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("fma");
        if fourth {
            return Vectors::Widest;
        }
        let third = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        if third { Vectors::Wide } else { Vectors::Plain }
    }
}

/// Memory for `count` numbers, every one of which the caller writes before any is read.
#[allow(clippy::uninit_vec)]
pub(super) fn fresh(count: usize) -> Vec<f32> {
    let mut values = Vec::with_capacity(count);
    // SAFETY: the capacity is there, every pattern of bits is a number, and whoever calls writes all of them; zeros
    // first would cost as much as the work itself where that is only a pass through memory.
    unsafe { values.set_len(count) };
    values
}

/// How a · b + c is rounded. Polynomials take half of the time with one rounding, where the processor has an instruction for
/// it; without one that is done by a slow function.
pub trait Rounding: Copy + Send + Sync + 'static {
    /// a · b + c.
    fn of(a: f32, b: f32, c: f32) -> f32;
}

/// Rounded once, by the processor.
#[derive(Clone, Copy)]
pub struct Once;

/// The product is rounded, then the sum.
#[derive(Clone, Copy)]
pub struct Twice;

impl Rounding for Once {
    #[inline(always)]
    fn of(a: f32, b: f32, c: f32) -> f32 {
        a.mul_add(b, c)
    }
}

impl Rounding for Twice {
    #[inline(always)]
    fn of(a: f32, b: f32, c: f32) -> f32 {
        a * b + c
    }
}

/// Whether this processor rounds a · b + c once at no cost.
#[inline]
pub(super) fn rounds_once() -> bool {
    #[cfg(target_arch = "x86_64")]
    return Vectors::here() != Vectors::Plain;
    #[cfg(not(target_arch = "x86_64"))]
    cfg!(target_arch = "aarch64")
}

/// Calls a function for the rounding of this processor.
macro_rules! by_rounding {
    ($function:ident($($argument:expr),* $(,)?)) => {
        match $crate::tensor::kernels::lanes::rounds_once() {
            true => $function::<$crate::tensor::kernels::lanes::Once>($($argument),*),
            false => $function::<$crate::tensor::kernels::lanes::Twice>($($argument),*),
        }
    };
}
pub(super) use by_rounding;

/// e^x within two units in the last place; 0 below −86.9, infinite above 88.7.
#[inline(always)]
pub fn exp<R: Rounding>(x: f32) -> f32 {
    // 1.5 · 2^23: what is added to it is rounded to a whole number, which then stands in the low bits.
    const SHIFT: f32 = 12_582_912.0;
    // ln 2 in two parts, the first one short enough that whole multiples of it are exact.
    const LN2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    let inside = if x > 89.0 { 89.0 } else { x };
    let shifted = R::of(inside, std::f32::consts::LOG2_E, SHIFT);
    let whole = shifted - SHIFT;
    let rest = R::of(-whole, LN2[1], R::of(-whole, LN2[0], inside));
    // e^r for |r| up to ln 2 / 2.
    let mut power = 1.987_569_2e-4;
    for factor in [1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_6e-1, 0.5] {
        power = R::of(power, rest, factor);
    }
    let power = R::of(power * rest, rest, rest) + 1.0;
    // 2^(n−1), then twice as much: 2^128 is no number of its own.
    let half = f32::from_bits((shifted.to_bits().wrapping_add(126)) << 23);
    unless(x < -86.9, power * half * 2.0)
}

/// `value`, or 0 where `none`: without a branch, into which the compiler would move what makes `value`, and no vectors.
#[inline(always)]
pub(super) fn unless(none: bool, value: f32) -> f32 {
    f32::from_bits(value.to_bits() & u32::from(none).wrapping_sub(1))
}

/// The sum of a row, over [`LANES`] partial sums.
#[inline(always)]
pub(super) fn sum(row: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    fold(row, 0.0, |sum, value| sum + of(value), |a, b| a + b)
}

/// The sum over two rows of the same length.
#[inline(always)]
pub(super) fn sum_of_two(row: &[f32], other: &[f32], of: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [0.0; LANES];
    let (blocks, other_blocks) = (row.chunks_exact(LANES), other.chunks_exact(LANES));
    let rest = blocks.remainder().iter().zip(other_blocks.remainder());
    let rest = rest.fold(0.0, |sum, (a, b)| sum + of(*a, *b));
    for (block, other) in blocks.zip(other_blocks) {
        for lane in 0..LANES {
            lanes[lane] += of(block[lane], other[lane]);
        }
    }
    joined(lanes, |a, b| a + b) + rest
}

/// The largest number of a row; NaN is none.
#[inline(always)]
pub(super) fn largest(row: &[f32]) -> f32 {
    let larger = |a: f32, b: f32| if b > a { b } else { a };
    fold(row, f32::NEG_INFINITY, larger, larger)
}

#[inline(always)]
fn fold(
    row: &[f32],
    first: f32,
    step: impl Fn(f32, f32) -> f32,
    join: impl Fn(f32, f32) -> f32,
) -> f32 {
    let mut lanes = [first; LANES];
    let blocks = row.chunks_exact(LANES);
    let rest = blocks.remainder().iter().fold(first, |sum, value| step(sum, *value));
    for block in blocks {
        for (lane, value) in lanes.iter_mut().zip(block) {
            *lane = step(*lane, *value);
        }
    }
    join(joined(lanes, &join), rest)
}

/// Halves are put together, until one number is left.
#[inline(always)]
pub(super) fn joined(mut lanes: [f32; LANES], join: impl Fn(f32, f32) -> f32) -> f32 {
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] = join(lanes[lane], lanes[lane + width]);
        }
        width /= 2;
    }
    lanes[0]
}

vectorised! {
    fn map<A: Activate>(output: &mut [f32], input: &[f32]) {
        for (to, value) in output.iter_mut().zip(input) {
            *to = A::value(*value);
        }
    }

    /// Puts the function of each number in its place, on one thread.
    pub(super) fn map_own<A: Activate>(values: &mut [f32]) {
        for value in values.iter_mut() {
            *value = A::value(*value);
        }
    }

    fn map_gradient<A: Activate>(output: &mut [f32], input: &[f32], gradient: &[f32]) {
        for ((to, value), gradient) in output.iter_mut().zip(input).zip(gradient) {
            *to = A::gradient(*value, *gradient);
        }
    }
}

/// New numbers, each a function of the one at the same place.
pub(super) fn mapped<A: Activate>(input: &[f32]) -> Vec<f32> {
    let mut output = fresh(input.len());
    let blocks = output.par_chunks_mut(GRAIN).zip(input.par_chunks(GRAIN));
    blocks.for_each(|(output, input)| map::<A>(output, input));
    output
}

/// Each number of `gradient` times the slope at the same place of the input.
pub(super) fn mapped_gradient<A: Activate>(input: &[f32], gradient: &[f32]) -> Vec<f32> {
    let mut output = fresh(input.len());
    let blocks = output.par_chunks_mut(GRAIN).zip(input.par_chunks(GRAIN));
    let blocks = blocks.zip(gradient.par_chunks(GRAIN));
    blocks.for_each(|((output, input), gradient)| map_gradient::<A>(output, input, gradient));
    output
}
