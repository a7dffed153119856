//! Numbers of a file made to fit a parameter.

use super::fit::Fit;
use super::options::Stem;
use super::positions::fitted_positions;
use crate::error::Result;
use crate::tensor::{Device, Tensor, words};

/// The numbers as the parameter takes them, and what was done where something was.
pub(super) fn adapted(
    values: Vec<f32>,
    own: &[usize],
    wanted: &[usize],
    fit: &Fit,
    on: &Device,
) -> Result<(Tensor, Option<String>)> {
    match fit {
        Fit::Exact => Ok((Tensor::from_values(values, wanted, on)?, None)),
        Fit::Reshaped => {
            let how = format!("{} as {}", words(own), words(wanted));
            Ok((Tensor::from_values(values, wanted, on)?, Some(how)))
        }
        Fit::Stem(stem, channels) => {
            let (values, name) = (
                joined(&values, own, *channels, *stem),
                match stem {
                    Stem::Mean => "mean",
                    Stem::Sum => "sum",
                },
            );
            let how = format!("the {name} over {channels} channels");
            Ok((Tensor::from_values(values, wanted, on)?, Some(how)))
        }
        Fit::Grid(from, to) => {
            let table = Tensor::from_values(values, own, on)?;
            let (table, how) = fitted_positions(&table, *from, *to)?;
            Ok((table, Some(how)))
        }
    }
}

/// The sum or the mean over the second dimension of `[outputs, channels, height, width]`, one channel after the other.
fn joined(values: &[f32], shape: &[usize], channels: usize, stem: Stem) -> Vec<f32> {
    let kernel = shape.iter().skip(2).product::<usize>().max(1);
    let mut all = Vec::with_capacity(values.len() / channels.max(1));
    for output in values.chunks_exact(channels * kernel) {
        for place in 0..kernel {
            let sum =
                (0..channels).fold(0.0f32, |sum, channel| sum + output[channel * kernel + place]);
            all.push(match stem {
                Stem::Sum => sum,
                Stem::Mean => sum / channels as f32,
            });
        }
    }
    all
}
