//! Fourier transforms of real signals, with gradients.

use super::kernels::linear::{Fourier, Taps};
use super::record::Dispatch;
use super::{Tensor, check_size, words};
use crate::error::{Error, Kind, Result};
use std::sync::Arc;

/// The two parts of a complex tensor.
pub struct Complex {
    /// The real parts.
    pub real: Tensor,
    /// The imaginary parts, of the same shape.
    pub imag: Tensor,
}

/// How a signal is cut for a short-time Fourier transform.
#[derive(Clone, Debug)]
pub struct StftOptions {
    /// Samples of a frame.
    pub n_fft: usize,
    /// Samples between two frames.
    pub hop: usize,
    /// What a frame is weighted with, `[n]` with `n` at most `n_fft`; a shorter one is put in the middle of
    /// the frame. `None` leaves it as it is.
    pub window: Option<Tensor>,
    /// Whether the first frame is centred at the first sample, with the signal reflected at both ends.
    pub center: bool,
}

/// A longer transform is a slip.
const LONGEST: usize = 1 << 26;

impl Tensor {
    /// The Fourier transform along the last dimension, of any length n: `[…, n / 2 + 1]`, not normalised.
    pub fn rfft(&self) -> Result<Complex> {
        let operation = "rfft";
        let shape = self.shape();
        let (points, rest) = shape.split_last().map_or((0, [].as_slice()), |(n, rest)| (*n, rest));
        if points == 0 || points > LONGEST {
            return Err(Error::new(Kind::Shape, operation, "the length is out of range")
                .expected(format!("1 to {LONGEST} values along the last dimension"))
                .received(words(&shape)));
        }
        let rows = rest.iter().product();
        let bins = points / 2 + 1;
        check_size(operation, &[rows, 2, bins])?;
        let full: Vec<usize> = rest.iter().copied().chain([bins]).collect();
        if rows == 0 {
            let empty = || Tensor::from_values(Vec::new(), &full, &super::Device::default());
            return Ok(Complex { real: empty()?, imag: empty()? });
        }
        let flat = self.float()?.reshape(&[rows as i64, points as i64])?;
        let map = Arc::new(Fourier::new(rows, points));
        let both = Tensor(Dispatch::still_linear(flat.0, map, false));
        let whole: Vec<i64> = full.iter().map(|n| *n as i64).collect();
        let part = |index| both.narrow(1, index, 1)?.reshape(&whole);
        Ok(Complex { real: part(0)?, imag: part(1)? })
    }

    /// The short-time Fourier transform along the last dimension, as `torch.stft`: `[…, n_fft / 2 + 1, frame]`.
    pub fn stft(&self, options: &StftOptions) -> Result<Complex> {
        let operation = "stft";
        let StftOptions { n_fft, hop, center, .. } = *options;
        for (name, value) in [("n_fft", n_fft), ("hop", hop)] {
            if value == 0 || value > LONGEST {
                return Err(Error::out_of_range(operation, name, format!("1 to {LONGEST}"), value));
            }
        }
        let shape = self.shape();
        let samples = shape.last().copied().unwrap_or(0);
        let edge = if center { n_fft / 2 } else { 0 };
        let rest = (samples + 2 * edge).checked_sub(n_fft);
        // A reflection cannot reach beyond the other end.
        let (Some(rest), true) = (rest, samples > edge) else {
            return Err(Error::new(Kind::Shape, operation, "the signal is too short")
                .expected(format!("at least {} samples", if center { edge + 1 } else { n_fft }))
                .received(words(&shape)));
        };
        let frames = rest / hop + 1;
        let (outer, _) = shape.split_at(shape.len() - 1);
        check_size(operation, &[outer, &[frames, n_fft]].concat())?;
        let place = |index: usize| {
            let at = (index / n_fft * hop + index % n_fft).abs_diff(edge);
            // Reflected at the first sample by the distance, and at the last one here.
            at.min((2 * (samples - 1)).saturating_sub(at))
        };
        let taps = Taps::new(samples, frames * n_fft, |index| [(place(index), 1.0)]);
        let cut = self.float()?.along(operation, shape.len() - 1, taps)?;
        let whole: Vec<i64> =
            outer.iter().copied().chain([frames, n_fft]).map(|n| n as i64).collect();
        let mut cut = cut.reshape(&whole)?;
        if let Some(window) = &options.window {
            cut = cut.mul(&window.in_frame(operation, n_fft)?)?;
        }
        let found = cut.rfft()?;
        let turned = |part: Tensor| part.transpose(-2, -1);
        Ok(Complex { real: turned(found.real)?, imag: turned(found.imag)? })
    }

    /// A window in the middle of a frame of `n_fft`.
    fn in_frame(&self, operation: &str, n_fft: usize) -> Result<Tensor> {
        let shape = self.shape();
        if shape.len() != 1 || shape[0] == 0 || shape[0] > n_fft {
            return Err(Error::new(Kind::Shape, operation, "the window does not fit")
                .expected(format!("[{n_fft}] or shorter"))
                .received(words(&shape)));
        }
        let left = (n_fft - shape[0]) / 2;
        let inside = left..left + shape[0];
        let taps = Taps::new(shape[0], n_fft, |place| {
            inside.contains(&place).then_some((place.saturating_sub(left), 1.0))
        });
        self.float()?.along(operation, 0, taps)
    }
}
