//! Interpolation along one or two dimensions, in PyTorch's conventions.

use super::kernels::linear::Taps;
use super::{Tensor, check_size, words};
use crate::error::{Error, Kind, Result, unknown};

/// How values between the elements are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interpolation {
    /// The element before.
    Nearest,
    /// On the straight line between two elements, along each dimension.
    Linear,
    /// On a cubic through four elements (with Keys' parameter −0.75), along each dimension.
    Cubic,
}

/// What the modes are called for pictures, and for rows.
const NAMES: [(&str, Interpolation); 3] = [
    ("nearest", Interpolation::Nearest),
    ("bilinear", Interpolation::Linear),
    ("bicubic", Interpolation::Cubic),
];

impl Interpolation {
    /// The mode that is called `name`.
    pub fn named(operation: &str, name: &str) -> Result<Self> {
        // What PyTorch calls it for rows.
        let found = NAMES
            .iter()
            .find(|(known, _)| *known == name || known.strip_prefix("bi") == Some(name));
        let known: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
        found.map(|(_, mode)| *mode).ok_or_else(|| unknown(operation, "mode", name, &known))
    }

    fn taps(self, from: usize, count: usize, align_corners: bool) -> Taps {
        let scale = match align_corners {
            false => from as f64 / count as f64,
            true if count > 1 => (from - 1) as f64 / (count - 1) as f64,
            true => 0.0,
        };
        // Where an output place lies among the elements of the input.
        let source = move |place: usize| match align_corners {
            false => scale * (place as f64 + 0.5) - 0.5,
            true => scale * place as f64,
        };
        let last = from - 1;
        match self {
            // In single precision, as PyTorch has it: 2 / 74 times 37 is a little less than 1 there.
            Interpolation::Nearest => {
                let scale = from as f32 / count as f32;
                Taps::new(from, count, |place| {
                    [(((place as f32 * scale).floor() as usize).min(last), 1.0)]
                })
            }
            Interpolation::Linear => Taps::new(from, count, |place| {
                let source = source(place).max(0.0);
                let low = (source as usize).min(last);
                let share = source - low as f64;
                [(low, (1.0 - share) as f32), ((low + 1).min(last), share as f32)]
            }),
            Interpolation::Cubic => Taps::new(from, count, |place| {
                let source = source(place);
                let low = source.floor();
                let weights = cubic(source - low);
                (0..4).map(move |tap| {
                    let place = low as i64 + tap as i64 - 1;
                    (place.clamp(0, last as i64) as usize, weights[tap] as f32)
                })
            }),
        }
    }
}

/// The weights of the elements at −1, 0, 1 and 2 for a value at `t` in 0 to 1.
fn cubic(t: f64) -> [f64; 4] {
    const A: f64 = -0.75;
    let near = |x: f64| ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0;
    let far = |x: f64| ((A * x - 5.0 * A) * x + 8.0 * A) * x - 4.0 * A;
    [far(t + 1.0), near(t), near(1.0 - t), far(2.0 - t)]
}

impl Tensor {
    /// `[batch, channel, height, width]` with other sides `[h, w]`, or `[batch, channel, length]` with another
    /// length. With `align_corners`, the first and last elements stay where they are; else the outer edges do.
    pub fn interpolate(
        &self,
        size: &[usize],
        mode: Interpolation,
        align_corners: bool,
    ) -> Result<Tensor> {
        let operation = "interpolate";
        let own = self.shape();
        if size.is_empty() || size.len() > 2 || own.len() != 2 + size.len() {
            return Err(Error::new(Kind::Shape, operation, "the size does not fit the input")
                .expected(
                    "[h, w] for [batch, channel, height, width], [n] for [batch, channel, length]",
                )
                .received(format!("{} for {}", words(size), words(&own))));
        }
        if size.contains(&0) || own[2..].contains(&0) {
            return Err(Error::new(Kind::Range, operation, "a length of 0 makes no sense")
                .received(format!("{} to {}", words(&own[2..]), words(size))));
        }
        if align_corners && mode == Interpolation::Nearest {
            return Err(Error::new(Kind::Range, operation, "nearest has no 'align_corners'")
                .expected("\"bilinear\" or \"bicubic\""));
        }
        check_size(operation, &[&own[..2], size].concat())?;
        let mut output = self.float()?;
        for (side, length) in size.iter().enumerate() {
            if *length != own[2 + side] {
                check_size(operation, &[*length, 4])?;
                let taps = mode.taps(own[2 + side], *length, align_corners);
                output = output.along(operation, 2 + side, taps)?;
            }
        }
        Ok(output)
    }
}
