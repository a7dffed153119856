//! Power spectra of four real frames at once.
//!
//! Crates for the FFT choose their arithmetic by the processor, so the last bits of features would depend on the
//! machine. Four frames side by side need no shuffles either, which makes this one the faster.

use super::lanes::{LANES, Lanes};
use realfft::{RealFftPlanner, RealToComplex};
use std::f64::consts::TAU;
use std::sync::Arc;

/// A plan for frames of one length; cheap to clone.
#[derive(Clone)]
pub(super) struct Spectrum {
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

/// Memory for [`Spectrum::power`]. The samples of the frames go into `even` and `odd` in turn.
pub(super) struct Scratch {
    /// The samples 0, 2, 4, …
    pub even: Vec<Lanes>,
    /// The samples 1, 3, 5, …
    pub odd: Vec<Lanes>,
    real: Vec<Lanes>,
    imaginary: Vec<Lanes>,
}

fn turn(index: usize, points: usize) -> (f64, f64) {
    let angle = -TAU * index as f64 / points as f64;
    (libm::cos(angle), libm::sin(angle))
}

impl Spectrum {
    /// Plans for frames of `points` samples.
    pub(super) fn new(points: usize) -> Self {
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
    pub(super) fn bins(&self) -> usize {
        self.points / 2 + 1
    }

    pub(super) fn scratch(&self) -> Scratch {
        let zeros = || vec![Lanes::default(); self.points.div_ceil(2)];
        Scratch { even: zeros(), odd: zeros(), real: zeros(), imaginary: zeros() }
    }

    /// The squared magnitudes of the frames in `scratch`, into `power` of [`Spectrum::bins`].
    #[inline(always)]
    pub(super) fn power(&self, scratch: &mut Scratch, power: &mut [Lanes]) {
        match &self.way {
            Way::Any(fft) => any(fft.as_ref(), self.points, scratch, power),
            Way::Stages { stages, turns } => {
                let mut stride = 1;
                for stage in stages.iter() {
                    stage.run(stride, scratch);
                    stride *= stage.radix;
                    std::mem::swap(&mut scratch.even, &mut scratch.real);
                    std::mem::swap(&mut scratch.odd, &mut scratch.imaginary);
                }
                untangle(turns, &scratch.even, &scratch.odd, power);
            }
        }
    }
}

/// From the FFT of evens + i·odds to the squared magnitudes of the real FFT.
#[inline(always)]
fn untangle(turns: &[(f64, f64)], real: &[Lanes], imaginary: &[Lanes], power: &mut [Lanes]) {
    let half = real.len();
    let at = |k: usize| {
        let k = if k == half { 0 } else { k };
        (real.get(k).copied().unwrap_or_default(), imaginary.get(k).copied().unwrap_or_default())
    };
    for (k, (cosine, sine)) in turns.iter().enumerate() {
        let ((ar, ai), (br, bi)) = (at(k), at(half - k));
        let (even_r, even_i) = (ar.plus(br), ai.minus(bi));
        let (odd_r, odd_i) = (ai.plus(bi), br.minus(ar));
        let turned_r = odd_r.scaled(*cosine).minus(odd_i.scaled(*sine));
        let turned_i = odd_r.scaled(*sine).plus(odd_i.scaled(*cosine));
        let square = |r: Lanes, i: Lanes| r.times(r).plus(i.times(i)).scaled(0.25);
        if let Some(place) = power.get_mut(half - k) {
            *place = square(even_r.minus(turned_r), even_i.minus(turned_i));
        }
        if let Some(place) = power.get_mut(k) {
            *place = square(even_r.plus(turned_r), even_i.plus(turned_i));
        }
    }
}

fn any(fft: &dyn RealToComplex<f64>, points: usize, scratch: &mut Scratch, power: &mut [Lanes]) {
    let (mut input, mut output) = (fft.make_input_vec(), fft.make_output_vec());
    for lane in 0..LANES {
        for index in 0..points {
            let half = if index % 2 == 0 { &scratch.even } else { &scratch.odd };
            let value = half.get(index / 2).and_then(|value| value.0.get(lane));
            if let (Some(place), Some(value)) = (input.get_mut(index), value) {
                *place = *value;
            }
        }
        // Both have the length that the plan asks for, so it cannot fail; NaN would be told by the caller.
        let good = fft.process(&mut input, &mut output).is_ok();
        for (place, value) in power.iter_mut().zip(&output) {
            if let Some(place) = place.0.get_mut(lane) {
                *place = if good { value.norm_sqr() } else { f64::NAN };
            }
        }
    }
}

type Pair = (Lanes, Lanes);

#[inline(always)]
fn add(a: Pair, b: Pair) -> Pair {
    (a.0.plus(b.0), a.1.plus(b.1))
}

#[inline(always)]
fn sub(a: Pair, b: Pair) -> Pair {
    (a.0.minus(b.0), a.1.minus(b.1))
}

/// −i · a.
#[inline(always)]
fn back(a: Pair) -> Pair {
    (a.1, a.0.map(|value| -value))
}

#[inline(always)]
fn scale(a: Pair, factor: f64) -> Pair {
    (a.0.scaled(factor), a.1.scaled(factor))
}

#[inline(always)]
fn twist(a: Pair, (cosine, sine): (f64, f64)) -> Pair {
    (a.0.scaled(cosine).minus(a.1.scaled(sine)), a.0.scaled(sine).plus(a.1.scaled(cosine)))
}

#[inline(always)]
fn two([a, b]: [Pair; 2]) -> [Pair; 2] {
    [add(a, b), sub(a, b)]
}

#[inline(always)]
fn three([a, b, c]: [Pair; 3]) -> [Pair; 3] {
    // sin 60°.
    const HEIGHT: f64 = 0.866_025_403_784_438_6;
    let sum = add(b, c);
    let middle = sub(a, scale(sum, 0.5));
    let side = scale(back(sub(b, c)), HEIGHT);
    [add(a, sum), add(middle, side), sub(middle, side)]
}

#[inline(always)]
fn four([a, b, c, d]: [Pair; 4]) -> [Pair; 4] {
    let (sum, difference) = (add(a, c), sub(a, c));
    let (other, side) = (add(b, d), back(sub(b, d)));
    [add(sum, other), add(difference, side), sub(sum, other), sub(difference, side)]
}

#[inline(always)]
fn five([a, b, c, d, e]: [Pair; 5]) -> [Pair; 5] {
    // Cosine and sine of 72° and 144°.
    const C1: f64 = 0.309_016_994_374_947_45;
    const C2: f64 = -0.809_016_994_374_947_5;
    const S1: f64 = 0.951_056_516_295_153_5;
    const S2: f64 = 0.587_785_252_292_473_1;
    let (near, far) = (add(b, e), add(c, d));
    let (near_side, far_side) = (back(sub(b, e)), back(sub(c, d)));
    let first = add(a, add(scale(near, C1), scale(far, C2)));
    let second = add(a, add(scale(near, C2), scale(far, C1)));
    let first_side = add(scale(near_side, S1), scale(far_side, S2));
    let second_side = sub(scale(near_side, S2), scale(far_side, S1));
    [
        add(a, add(near, far)),
        add(first, first_side),
        add(second, second_side),
        sub(second, second_side),
        sub(first, first_side),
    ]
}

impl Stage {
    #[inline(always)]
    fn run(&self, stride: usize, scratch: &mut Scratch) {
        let from = (scratch.even.as_slice(), scratch.odd.as_slice());
        let into = (scratch.real.as_mut_slice(), scratch.imaginary.as_mut_slice());
        match self.radix {
            2 => self.butterflies(stride, from, into, two),
            3 => self.butterflies(stride, from, into, three),
            4 => self.butterflies(stride, from, into, four),
            _ => self.butterflies(stride, from, into, five),
        }
    }

    #[inline(always)]
    fn butterflies<const R: usize>(
        &self,
        stride: usize,
        from: (&[Lanes], &[Lanes]),
        into: (&mut [Lanes], &mut [Lanes]),
        butterfly: impl Fn([Pair; R]) -> [Pair; R],
    ) {
        let part = self.points / R * stride;
        let outputs = into.0.chunks_exact_mut(R * stride).zip(into.1.chunks_exact_mut(R * stride));
        let factors = self.factors.chunks_exact(R - 1);
        for (p, ((out_r, out_i), factors)) in outputs.zip(factors).enumerate() {
            let inputs: [(&[Lanes], &[Lanes]); R] = std::array::from_fn(|k| {
                let range = part * k + p * stride..part * k + (p + 1) * stride;
                (
                    from.0.get(range.clone()).unwrap_or_default(),
                    from.1.get(range).unwrap_or_default(),
                )
            });
            for q in 0..stride {
                let values: [Pair; R] = std::array::from_fn(|k| {
                    let (r, i) = inputs[k];
                    (r[q], i[q])
                });
                let done = butterfly(values);
                for j in 0..R {
                    let (r, i) = if j == 0 { done[0] } else { twist(done[j], factors[j - 1]) };
                    out_r[j * stride + q] = r;
                    out_i[j * stride + q] = i;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spectra_equal_the_sum_that_defines_them() {
        for points in [2usize, 4, 6, 8, 10, 16, 30, 64, 400, 14, 9, 7, 480, 1] {
            let spectrum = Spectrum::new(points);
            let mut scratch = spectrum.scratch();
            let sample = |lane: usize, index: usize| {
                libm::sin((index * index * (lane + 3)) as f64 * 0.37) + lane as f64 * 0.1
            };
            for index in 0..points {
                let half = if index % 2 == 0 { &mut scratch.even } else { &mut scratch.odd };
                half[index / 2] = Lanes(std::array::from_fn(|lane| sample(lane, index)));
            }
            let mut power = vec![Lanes::default(); spectrum.bins()];
            spectrum.power(&mut scratch, &mut power);
            for (bin, found) in power.iter().enumerate() {
                for lane in 0..LANES {
                    let (mut real, mut imaginary) = (0.0, 0.0);
                    for index in 0..points {
                        let (cosine, sine) = turn(index * bin % points, points);
                        real += sample(lane, index) * cosine;
                        imaginary += sample(lane, index) * sine;
                    }
                    let expected = real * real + imaginary * imaginary;
                    let error = (found.0[lane] - expected).abs();
                    assert!(
                        error <= 1e-9 * (1.0 + expected),
                        "{points} points, bin {bin}: {error}"
                    );
                }
            }
        }
    }
}
