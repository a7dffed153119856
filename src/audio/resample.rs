//! Another sample rate: a windowed sinc, one row of weights for each phase.
//!
//! Kaiser's window with β = 16.7 (−160 dB) over 128 zero crossings to each side, and half the amplitude at 95.56 % of
//! the lower Nyquist frequency, which is what `soxr` has in its best quality: frequencies up to 92 % of it pass
//! unchanged, and what folds back is below −140 dB. Libraries that work in blocks have lengths that depend on the block,
//! and arithmetic that depends on the processor; here the length is exact and the bits are the same everywhere.

use super::Samples;
use super::lanes::{Lanes, vectorised, vectors_mut};
use crate::error::{Error, Kind, Result};
use pulp::{Simd, WithSimd};
use std::borrow::Cow;
use std::f64::consts::PI;
use std::sync::{Arc, Mutex};

/// Zero crossings of the sinc on each side, in samples of the lower rate.
const CROSSINGS: f64 = 128.0;
/// Of Kaiser's window.
const BETA: f64 = 16.7;
/// Where the band falls to a half, as a part of the lower Nyquist frequency.
const ROLL_OFF: f64 = 0.9556;
/// Rates beyond are a damaged header.
const RATES_HZ: std::ops::RangeInclusive<u32> = 1..=16_000_000;
/// Weights that are kept of one pair of rates: 32 MB.
const KEPT_WEIGHTS: usize = 1 << 22;
/// Pairs of rates whose weights are kept.
const KEPT_PLANS: usize = 8;

/// The clip at `rate_hz`: ⌈n · out / in⌉ samples, sample i at the time i / out. What lies around the clip counts as
/// silence.
///
/// # Errors
/// A rate of 0, or one that nothing has; a clip that would be too long.
pub fn resample(samples: &Samples, rate_hz: u32) -> Result<Samples> {
    let from = samples.rate_hz;
    for rate in [from, rate_hz] {
        if !RATES_HZ.contains(&rate) {
            return Err(Error::out_of_range("resampling", "rate_hz", "1 to 16000000", rate));
        }
    }
    if from == rate_hz || samples.values.is_empty() {
        return Ok(Samples { rate_hz, values: samples.values.clone() });
    }
    let plan = plan(from, rate_hz);
    let count = resampled(samples.values.len(), from, rate_hz);
    if count > super::decode::MOST_SAMPLES {
        return Err(Error::new(Kind::Range, "resampling", "the clip would be too long")
            .expected(format!("{} samples at most", super::decode::MOST_SAMPLES))
            .hint("cut the clip, or take a lower rate"));
    }
    let values = vectorised(Work { plan: &plan, values: &samples.values, count });
    Ok(Samples { rate_hz, values })
}

/// The samples that `samples` at one rate become at another: ⌈n · out / in⌉.
pub fn resampled(samples: usize, from_hz: u32, to_hz: u32) -> usize {
    let count = (samples as u128 * u128::from(to_hz)).div_ceil(u128::from(from_hz.max(1)));
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// The weights between two rates.
struct Plan {
    rates: [u32; 2],
    /// Output phases, and input samples that they span: the rates without what they share.
    up: usize,
    down: usize,
    /// Zero crossings a sample of the input.
    cutoff: f64,
    /// Samples before and after the centre.
    reach: usize,
    /// Rows of [`Plan::taps`] weights for each phase, where they are not too many.
    rows: Vec<f64>,
}

static PLANS: Mutex<Vec<Arc<Plan>>> = Mutex::new(Vec::new());

fn plan(from: u32, to: u32) -> Arc<Plan> {
    let known = |plans: &Vec<Arc<Plan>>| plans.iter().find(|p| p.rates == [from, to]).cloned();
    if let Some(plan) = PLANS.lock().ok().and_then(|plans| known(&plans)) {
        return plan;
    }
    let plan = Arc::new(Plan::new(from, to));
    if let Ok(mut plans) = PLANS.lock() {
        if plans.len() >= KEPT_PLANS {
            plans.remove(0);
        }
        plans.push(plan.clone());
    }
    plan
}

fn common(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { common(b, a % b) }
}

/// The modified Bessel function of order 0, by its series.
fn bessel(x: f64) -> f64 {
    let (mut sum, mut term, mut k) = (1.0, 1.0, 1.0);
    while term > sum * 1e-17 {
        term *= (x / 2.0 / k) * (x / 2.0 / k);
        sum += term;
        k += 1.0;
    }
    sum
}

impl Plan {
    fn new(from: u32, to: u32) -> Self {
        let shared = common(from, to);
        let lower = f64::from(to.min(from)) / f64::from(from);
        let reach = (CROSSINGS / lower).ceil() as usize;
        let mut plan = Plan {
            rates: [from, to],
            up: (to / shared) as usize,
            down: (from / shared) as usize,
            cutoff: lower * ROLL_OFF,
            reach,
            rows: Vec::new(),
        };
        if plan.up.saturating_mul(plan.taps()) <= KEPT_WEIGHTS {
            plan.rows = (0..plan.up).flat_map(|phase| plan.row(phase)).collect();
        }
        plan
    }

    /// Weights of a row: a multiple of eight.
    fn taps(&self) -> usize {
        (2 * self.reach).next_multiple_of(8)
    }

    /// The weights of the samples `reach` − 1 before to `reach` behind, for an output `phase` / `up` of a sample
    /// behind one of the input; they sum to 1.
    fn row(&self, phase: usize) -> Vec<f64> {
        let behind = phase as f64 / self.up as f64;
        let width = CROSSINGS / (self.cutoff / ROLL_OFF);
        let norm = bessel(BETA);
        let weight = |index: usize| {
            let at = index as f64 - (self.reach as f64 - 1.0) - behind;
            let edge = 1.0 - (at / width) * (at / width);
            if edge <= 0.0 {
                return 0.0;
            }
            let angle = PI * self.cutoff * at;
            let sinc = if angle.abs() < 1e-12 { 1.0 } else { libm::sin(angle) / angle };
            sinc * bessel(BETA * edge.sqrt()) / norm
        };
        let mut row: Vec<f64> = (0..self.taps()).map(weight).collect();
        let sum: f64 = row.iter().sum();
        row.iter_mut().for_each(|weight| *weight /= sum);
        row
    }
}

/// A clip on its way to another rate.
struct Work<'a> {
    plan: &'a Plan,
    values: &'a [f32],
    count: usize,
}

impl WithSimd for Work<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
        let Work { plan, values, count } = self;
        let (before, taps) = (plan.reach - 1, plan.taps());
        let mut padded = vec![0.0f64; before];
        padded.extend(values.iter().map(|value| f64::from(*value)));
        padded.resize(before + values.len() + taps, 0.0);
        let mut made = Vec::with_capacity(count);
        for index in 0..count {
            let place = index as u128 * plan.down as u128;
            let start = (place / plan.up as u128) as usize;
            let phase = (place % plan.up as u128) as usize;
            let around = padded.get(start..start + taps).unwrap_or_default();
            let row = match plan.rows.get(phase * taps..(phase + 1) * taps) {
                Some(row) => Cow::Borrowed(row),
                None => Cow::Owned(plan.row(phase)),
            };
            made.push(dot(simd, &row, around) as f32);
        }
        made
    }
}

/// The sum of products, in a fixed order.
#[inline(always)]
fn dot<S: Simd>(simd: S, row: &[f64], values: &[f64]) -> f64 {
    let mut sums = [simd.splat_f64s(0.0); 2];
    let (rows, _) = S::as_simd_f64s(row).0.as_chunks::<2>();
    let (parts, _) = S::as_simd_f64s(values).0.as_chunks::<2>();
    for (row, part) in rows.iter().zip(parts) {
        sums[0] = simd.add_f64s(sums[0], simd.mul_f64s(row[0], part[0]));
        sums[1] = simd.add_f64s(sums[1], simd.mul_f64s(row[1], part[1]));
    }
    let mut total = [Lanes::default()];
    vectors_mut::<S>(&mut total)[0] = simd.add_f64s(sums[0], sums[1]);
    let [[a, b, c, d]] = total;
    (a + b) + (c + d)
}
