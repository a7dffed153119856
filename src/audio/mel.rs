//! Kaldi's mel filter bank: triangles that are straight in mel, with peak 1 and no area normalisation.

/// One triangle: its weights, and the first FFT bin that it covers.
#[derive(Clone, Debug)]
pub(super) struct Triangle {
    first: usize,
    weights: Vec<f64>,
}

impl Triangle {
    /// The weighted sum of a power spectrum.
    pub(super) fn energy(&self, power: &[f64]) -> f64 {
        let covered = power.get(self.first..).unwrap_or_default();
        self.weights.iter().zip(covered).map(|(weight, bin)| weight * bin).sum()
    }
}

/// Hertz to mel, with the constants of HTK and Kaldi.
fn mel(hz: f64) -> f64 {
    1127.0 * libm::log(1.0 + hz / 700.0)
}

/// `mels` triangles between `low_hz` and `high_hz` over the bins of an FFT of `points`; the bin at
/// the Nyquist frequency takes no part.
pub(super) fn bank(
    mels: usize,
    points: usize,
    rate_hz: f64,
    low_hz: f64,
    high_hz: f64,
) -> Vec<Triangle> {
    let (low, high) = (mel(low_hz), mel(high_hz));
    let width = (high - low) / (mels + 1) as f64;
    let bins: Vec<f64> = (0..points / 2).map(|i| mel(i as f64 * rate_hz / points as f64)).collect();
    let triangle = |index: usize| {
        let left = low + index as f64 * width;
        let weight = |at: &f64| {
            let (up, down) = ((at - left) / width, (left + 2.0 * width - at) / width);
            up.min(down).max(0.0)
        };
        let all: Vec<f64> = bins.iter().map(weight).collect();
        let first = all.iter().position(|w| *w > 0.0).unwrap_or(0);
        let end = all.iter().rposition(|w| *w > 0.0).map_or(first, |last| last + 1);
        Triangle { first, weights: all.get(first..end).unwrap_or_default().to_vec() }
    };
    (0..mels).map(triangle).collect()
}
