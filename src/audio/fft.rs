//! Power spectra of four real frames at once.
//!
//! Crates for the FFT choose their arithmetic by the processor, so the last bits of features would depend on the
//! machine. Four frames side by side need no shuffles either, which makes this one the faster.

use super::lanes::{LANES, Lanes, vectors, vectors_mut};
use pulp::Simd;
use realfft::{RealFftPlanner, RealToComplex};
use std::f64::consts::TAU;
use std::sync::Arc;

/// A plan for frames of one length; cheap to clone.
#[derive(Clone)]
pub struct Spectrum {
    points: usize,
    way: Way,
}

#[derive(Clone)]
enum Way {
    /// Even lengths of the factors 2, 3 and 5: half as many complex points, in stages.
    Stages { stages: Arc<[Stage]>, turns: Arc<[(f64, f64)]> },
    /// Any other length, frame by frame.
    Any(Arc<dyn RealToComplex<f64>>),
}

/// One stage of Stockham's FFT: `points / radix` butterflies, each with its factors.
struct Stage {
    radix: usize,
    points: usize,
    factors: Vec<(f64, f64)>,
}

/// Memory for [`Spectrum::power`].
pub struct Scratch {
    /// The frames' samples, as many as the FFT has points.
    pub samples: Vec<Lanes>,
    other: Vec<Lanes>,
}

fn turn(index: usize, points: usize) -> (f64, f64) {
    let angle = -TAU * index as f64 / points as f64;
    (libm::cos(angle), libm::sin(angle))
}

impl Spectrum {
    /// Plans for frames of `points` samples.
    pub fn new(points: usize) -> Self {
        let half = points / 2;
        let mut radices = Vec::new();
        let mut rest = half.max(1);
        for radix in [4, 2, 3, 5] {
            while rest.is_multiple_of(radix) {
                radices.push(radix);
                rest /= radix;
            }
        }
        if rest > 1 || !points.is_multiple_of(2) || half == 0 {
            return Spectrum {
                points,
                way: Way::Any(RealFftPlanner::new().plan_fft_forward(points)),
            };
        }
        let mut left = half;
        let stage = |radix: usize| {
            let points = left;
            left /= radix;
            let of = |p: usize| (1..radix).map(move |j| turn(p * j, points));
            Stage { radix, points, factors: (0..points / radix).flat_map(of).collect() }
        };
        let stages = radices.into_iter().map(stage).collect::<Vec<_>>();
        let turns: Vec<_> = (0..=half / 2).map(|k| turn(k, points)).collect();
        Spectrum { points, way: Way::Stages { stages: stages.into(), turns: turns.into() } }
    }

    /// Samples of a frame.
    pub(super) fn points(&self) -> usize {
        self.points
    }

    /// Numbers of a spectrum, from 0 to half the sample rate.
    pub fn bins(&self) -> usize {
        self.points / 2 + 1
    }

    pub fn scratch(&self) -> Scratch {
        let zeros = || vec![Lanes::default(); self.points.next_multiple_of(2)];
        Scratch { samples: zeros(), other: zeros() }
    }

    /// The squared magnitudes of the frames in `scratch`, into `power` of [`Spectrum::bins`].
    #[inline(always)]
    pub fn power<S: Simd>(&self, simd: S, scratch: &mut Scratch, power: &mut [Lanes]) {
        match &self.way {
            Way::Any(fft) => any(fft.as_ref(), self.points, scratch, power),
            Way::Stages { stages, turns } => {
                let mut stride = 1;
                for stage in stages.iter() {
                    stage.run(simd, stride, scratch);
                    stride *= stage.radix;
                    std::mem::swap(&mut scratch.samples, &mut scratch.other);
                }
                untangle(simd, turns, &scratch.samples, power);
            }
        }
    }
}

/// From the FFT of evens + i·odds to the squared magnitudes of the real FFT.
#[inline(always)]
fn untangle<S: Simd>(simd: S, turns: &[(f64, f64)], values: &[Lanes], power: &mut [Lanes]) {
    let values = complex::<S>(vectors::<S>(values));
    let power = vectors_mut::<S>(power);
    let half = values.len();
    let quarter = simd.splat_f64s(0.25);
    for (k, turn) in turns.iter().enumerate() {
        let (a, b) = (values[k % half], values[(half - k) % half]);
        let even = [simd.add_f64s(a[0], b[0]), simd.sub_f64s(a[1], b[1])];
        let odd = [simd.add_f64s(a[1], b[1]), simd.sub_f64s(b[0], a[0])];
        let turned = twist(simd, odd, *turn);
        power[half - k] = simd.mul_f64s(square(simd, sub(simd, even, turned)), quarter);
        power[k] = simd.mul_f64s(square(simd, add(simd, even, turned)), quarter);
    }
}

fn any(fft: &dyn RealToComplex<f64>, points: usize, scratch: &mut Scratch, power: &mut [Lanes]) {
    let (mut input, mut output) = (fft.make_input_vec(), fft.make_output_vec());
    for lane in 0..LANES {
        for (place, values) in input.iter_mut().zip(scratch.samples.iter().take(points)) {
            *place = values[lane];
        }
        // Both have the length that the plan asks for, so it cannot fail.
        let good = fft.process(&mut input, &mut output).is_ok();
        for (place, value) in power.iter_mut().zip(&output) {
            place[lane] = if good { value.norm_sqr() } else { f64::NAN };
        }
    }
}

/// Real and imaginary part.
type Pair<S> = [<S as Simd>::f64s; 2];

/// Samples in turn as complex numbers.
#[inline(always)]
fn complex<S: Simd>(values: &[S::f64s]) -> &[Pair<S>] {
    values.as_chunks::<2>().0
}

#[inline(always)]
fn add<S: Simd>(simd: S, a: Pair<S>, b: Pair<S>) -> Pair<S> {
    [simd.add_f64s(a[0], b[0]), simd.add_f64s(a[1], b[1])]
}

#[inline(always)]
fn sub<S: Simd>(simd: S, a: Pair<S>, b: Pair<S>) -> Pair<S> {
    [simd.sub_f64s(a[0], b[0]), simd.sub_f64s(a[1], b[1])]
}

/// |a|².
#[inline(always)]
fn square<S: Simd>(simd: S, a: Pair<S>) -> S::f64s {
    simd.add_f64s(simd.mul_f64s(a[0], a[0]), simd.mul_f64s(a[1], a[1]))
}

/// a − i · b and a + i · b.
#[inline(always)]
fn beside<S: Simd>(simd: S, a: Pair<S>, b: Pair<S>) -> [Pair<S>; 2] {
    [
        [simd.add_f64s(a[0], b[1]), simd.sub_f64s(a[1], b[0])],
        [simd.sub_f64s(a[0], b[1]), simd.add_f64s(a[1], b[0])],
    ]
}

#[inline(always)]
fn scale<S: Simd>(simd: S, a: Pair<S>, factor: f64) -> Pair<S> {
    let factor = simd.splat_f64s(factor);
    [simd.mul_f64s(a[0], factor), simd.mul_f64s(a[1], factor)]
}

#[inline(always)]
fn twist<S: Simd>(simd: S, a: Pair<S>, (cosine, sine): (f64, f64)) -> Pair<S> {
    let (cosine, sine) = (simd.splat_f64s(cosine), simd.splat_f64s(sine));
    [
        simd.sub_f64s(simd.mul_f64s(a[0], cosine), simd.mul_f64s(a[1], sine)),
        simd.add_f64s(simd.mul_f64s(a[0], sine), simd.mul_f64s(a[1], cosine)),
    ]
}

#[inline(always)]
fn two<S: Simd>(simd: S, [a, b]: [Pair<S>; 2]) -> [Pair<S>; 2] {
    [add(simd, a, b), sub(simd, a, b)]
}

#[inline(always)]
fn three<S: Simd>(simd: S, [a, b, c]: [Pair<S>; 3]) -> [Pair<S>; 3] {
    // sin 60°.
    const HEIGHT: f64 = 0.866_025_403_784_438_6;
    let sum = add(simd, b, c);
    let middle = sub(simd, a, scale(simd, sum, 0.5));
    let [one, other] = beside(simd, middle, scale(simd, sub(simd, b, c), HEIGHT));
    [add(simd, a, sum), one, other]
}

#[inline(always)]
fn four<S: Simd>(simd: S, [a, b, c, d]: [Pair<S>; 4]) -> [Pair<S>; 4] {
    let (sum, difference) = (add(simd, a, c), sub(simd, a, c));
    let other = add(simd, b, d);
    let [one, three] = beside(simd, difference, sub(simd, b, d));
    [add(simd, sum, other), one, sub(simd, sum, other), three]
}

#[inline(always)]
fn five<S: Simd>(simd: S, [a, b, c, d, e]: [Pair<S>; 5]) -> [Pair<S>; 5] {
    // Cosine and sine of 72° and 144°.
    const C1: f64 = 0.309_016_994_374_947_45;
    const C2: f64 = -0.809_016_994_374_947_5;
    const S1: f64 = 0.951_056_516_295_153_5;
    const S2: f64 = 0.587_785_252_292_473_1;
    let (near, far) = (add(simd, b, e), add(simd, c, d));
    let (near_side, far_side) = (sub(simd, b, e), sub(simd, c, d));
    let first_side = add(simd, scale(simd, near_side, S1), scale(simd, far_side, S2));
    let second_side = sub(simd, scale(simd, near_side, S2), scale(simd, far_side, S1));
    let first = add(simd, scale(simd, near, C1), scale(simd, far, C2));
    let second = add(simd, scale(simd, near, C2), scale(simd, far, C1));
    let [one, four] = beside(simd, add(simd, a, first), first_side);
    let [two, three] = beside(simd, add(simd, a, second), second_side);
    [add(simd, a, add(simd, near, far)), one, two, three, four]
}

impl Stage {
    #[inline(always)]
    fn run<S: Simd>(&self, simd: S, stride: usize, scratch: &mut Scratch) {
        let from = complex::<S>(vectors::<S>(&scratch.samples));
        let into = vectors_mut::<S>(&mut scratch.other).as_chunks_mut::<2>().0;
        match self.radix {
            2 => self.butterflies::<S, 2>(
                simd,
                stride,
                from,
                into,
                #[inline(always)]
                |v| two(simd, v),
            ),
            3 => self.butterflies::<S, 3>(
                simd,
                stride,
                from,
                into,
                #[inline(always)]
                |v| three(simd, v),
            ),
            4 => self.butterflies::<S, 4>(
                simd,
                stride,
                from,
                into,
                #[inline(always)]
                |v| four(simd, v),
            ),
            _ => self.butterflies::<S, 5>(
                simd,
                stride,
                from,
                into,
                #[inline(always)]
                |v| five(simd, v),
            ),
        }
    }

    #[inline(always)]
    fn butterflies<S: Simd, const R: usize>(
        &self,
        simd: S,
        stride: usize,
        from: &[Pair<S>],
        into: &mut [Pair<S>],
        butterfly: impl Fn([Pair<S>; R]) -> [Pair<S>; R],
    ) {
        let part = self.points / R * stride;
        let outputs = into.chunks_exact_mut(R * stride);
        let factors = self.factors.chunks_exact(R - 1);
        for (p, (outputs, factors)) in outputs.zip(factors).enumerate() {
            let inputs: [&[Pair<S>]; R] =
                std::array::from_fn(|k| &from[part * k + p * stride..][..stride]);
            for q in 0..stride {
                let done = butterfly(std::array::from_fn(
                    #[inline(always)]
                    |k| inputs[k][q],
                ));
                outputs[q] = done[0];
                for j in 1..R {
                    // The first ones are not turned.
                    outputs[j * stride + q] =
                        if p == 0 { done[j] } else { twist(simd, done[j], factors[j - 1]) };
                }
            }
        }
    }
}
