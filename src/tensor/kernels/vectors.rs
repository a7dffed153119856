//! Vectors as wide as the processor has them, and buffers that many threads fill.
//!
//! Widths differ between processors, and so do the last bits of sums; on one processor they do not depend on the
//! number of threads.

use pulp::{Arch, Simd, WithSimd};
use std::marker::PhantomData;
use std::mem::MaybeUninit;

/// Does `work` with the processor's widest vectors.
#[inline(always)]
pub(super) fn vectorised<W: WithSimd>(work: W) -> W::Output {
    Arch::new().dispatch(work)
}

struct Width;

impl WithSimd for Width {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> usize {
        S::F32_LANES
    }
}

/// Floats of the processor's widest vectors.
pub fn width() -> usize {
    vectorised(Width)
}

/// Loops that the compiler makes vectors of.
struct Loops<F>(F);

impl<R, F: FnMut() -> R> WithSimd for Loops<F> {
    type Output = R;

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _simd: S) -> R {
        (self.0)()
    }
}

/// Does `work`, whose loops the compiler makes the processor's widest vectors of. It must be marked to be inlined always.
///
/// Not as a function that is called once, as `pulp` would take it: for closures that borrow, Rust makes that one of its
/// own, which is not inlined, and so knows of no wide vectors.
#[inline(always)]
pub(super) fn vectorised_loops<R>(work: impl FnMut() -> R) -> R {
    vectorised(Loops(work))
}

/// So many whole vectors from a place of `values` on.
#[inline(always)]
pub(super) fn run<S: Simd>(values: &[f32], from: usize, count: usize) -> &[S::f32s] {
    S::as_simd_f32s(&values[from..from + count * S::F32_LANES]).0
}

/// As [`run`], to be changed.
#[inline(always)]
pub(super) fn run_mut<S: Simd>(values: &mut [f32], from: usize, count: usize) -> &mut [S::f32s] {
    S::as_mut_simd_f32s(&mut values[from..from + count * S::F32_LANES]).0
}

/// The sum of so many numbers as a vector has, by halves.
#[inline(always)]
pub(super) fn total(lanes: &[f32]) -> f32 {
    const MOST: usize = 16;
    let mut sums = [0.0; MOST];
    let count = lanes.len().min(MOST);
    sums[..count].copy_from_slice(&lanes[..count]);
    let mut half = MOST / 2;
    while half > 0 {
        for lane in 0..half {
            sums[lane] += sums[lane + half];
        }
        half /= 2;
    }
    sums[0]
}

/// A new buffer whose parts several threads write, each place once.
pub(super) struct Fresh<'a> {
    start: *mut f32,
    length: usize,
    buffer: PhantomData<&'a mut [MaybeUninit<f32>]>,
}

// SAFETY: the buffer is borrowed for as long as this lives, and whoever writes promises that no two threads write the
// same place.
unsafe impl Send for Fresh<'_> {}
// SAFETY: as above.
unsafe impl Sync for Fresh<'_> {}

impl Fresh<'_> {
    /// Puts `values` from a place on.
    ///
    /// # Safety
    /// No other thread writes or reads these places.
    #[inline(always)]
    pub(super) unsafe fn put(&self, from: usize, values: &[f32]) {
        assert!(from <= self.length && values.len() <= self.length - from);
        // SAFETY: the places lie within the buffer, which nothing else refers to, and are this thread's own.
        unsafe {
            std::ptr::copy_nonoverlapping(values.as_ptr(), self.start.add(from), values.len());
        }
    }

    /// A part of the buffer, as it is.
    ///
    /// # Safety
    /// No other thread writes or reads these places while the part lives.
    #[inline(always)]
    #[allow(clippy::mut_from_ref, reason = "the parts do not overlap, as the caller promises")]
    pub(super) unsafe fn space(&self, from: usize, length: usize) -> &mut [MaybeUninit<f32>] {
        assert!(from <= self.length && length <= self.length - from);
        // SAFETY: the places lie within the buffer and are this thread's own.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(from).cast(), length) }
    }

    /// A part of the buffer, which is set to 0 first: at once before it is worked on, so that it is in the cache.
    ///
    /// # Safety
    /// No other thread writes or reads these places while the part lives.
    #[inline(always)]
    #[allow(clippy::mut_from_ref, reason = "the parts do not overlap, as the caller promises")]
    pub(super) unsafe fn part(&self, from: usize, length: usize) -> &mut [f32] {
        // SAFETY: the caller promises the same, and all of it is written before it is taken for numbers.
        unsafe {
            let part = self.space(from, length);
            part.fill(MaybeUninit::new(0.0));
            part.assume_init_mut()
        }
    }
}

/// A buffer of `length` numbers that `fill` writes.
///
/// # Safety
/// `fill` writes every place.
pub(super) unsafe fn fresh(length: usize, fill: impl FnOnce(&Fresh)) -> Vec<f32> {
    let mut values: Vec<f32> = Vec::with_capacity(length);
    let space = &mut values.spare_capacity_mut()[..length];
    fill(&Fresh { start: space.as_mut_ptr().cast(), length, buffer: PhantomData });
    // SAFETY: `fill` wrote all of them.
    unsafe { values.set_len(length) };
    values
}
