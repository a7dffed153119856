//! Features as a part of a graph.

use crate::audio::{Level, Padding, Plain};
use crate::error::Result;
use crate::tensor::{Along, Conv2dOptions, Device, Padding as Edge, Tensor};

/// What becomes of features on their way to a model.
#[derive(Clone, Debug)]
pub struct Front {
    /// How a waveform becomes features.
    pub plain: Plain,
    /// Frames that the model takes; `None` where it takes any number.
    pub frames: Option<usize>,
    /// The first frame of the part that is taken of more frames, as a share of those that are left out.
    pub crop: f64,
    /// Frames that are missing come before, as a share of them.
    pub before: f64,
    /// What stands in their place.
    pub pad: Missing,
    /// (x − mean) · scale; `None` where nothing is normalised.
    pub normal: Option<[f64; 2]>,
}

/// What stands in the place of frames that are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// 0 before the normalisation.
    Zero,
    /// 0 after it.
    Mean,
    /// The clip again and again.
    Again,
}

impl Front {
    /// Features `[batch, frame, bin]` of waveforms `[batch, sample]`, as the model takes them.
    pub fn features(&self, waveform: &Tensor) -> Result<Tensor> {
        let features = self.levels(waveform)?;
        let normal = |features: &Tensor| match self.normal {
            None => Ok(features.clone()),
            Some([mean, scale]) => features.sub_number(mean)?.mul_number(scale),
        };
        let Some(wanted) = self.frames else { return normal(&features) };
        let there = features.shape()[1];
        if there >= wanted {
            let first = ((there - wanted) as f64 * self.crop) as usize;
            return normal(&features.narrow(1, first, wanted)?);
        }
        let missing = wanted - there;
        let before = (missing as f64 * self.before) as usize;
        let padded = |features: &Tensor| {
            let amounts = [0, 0, before as i64, (missing - before) as i64];
            features.pad(&amounts, Edge::Value(0.0))
        };
        match self.pad {
            Missing::Zero => normal(&padded(&features)?),
            Missing::Mean => padded(&normal(&features)?),
            Missing::Again => {
                let at = |frame: usize| (frame as i64 - before as i64).rem_euclid(there as i64);
                let places: Vec<i64> = (0..wanted).map(at).collect();
                let places = Tensor::from_integers(places, &[wanted], &Device::cpu())?;
                normal(&features.index_select(1, &places)?)
            }
        }
    }

    fn levels(&self, waveform: &Tensor) -> Result<Tensor> {
        let Plain { points, hop, bins, exponent, features, .. } = self.plain;
        let mut signal = waveform.clone();
        if self.plain.preemphasis > 0.0 {
            let last = signal.shape()[1] - 1;
            let less = signal.narrow(1, 0, last)?.mul_number(self.plain.preemphasis)?;
            signal = signal.narrow(1, 1, last)?.sub(&less)?;
        }
        let (around, mode) = self.plain.around;
        if around > 0 {
            let edge = match mode {
                Padding::Reflect => Edge::Reflect,
                Padding::Replicate => Edge::Replicate,
                Padding::Constant => Edge::Value(0.0),
            };
            signal = signal.pad(&[around as i64; 2], edge)?;
        }
        let on = Device::cpu();
        let kernel = Tensor::from_values(self.plain.kernel.clone(), &[2 * bins, 1, points], &on)?;
        let options = Conv2dOptions { stride: [1, hop], ..Conv2dOptions::default() };
        let spectrum = signal.unsqueeze(1)?.conv1d(&kernel, None, options)?;
        let squares = spectrum.mul(&spectrum)?;
        let power = squares.narrow(1, 0, bins)?.add(&squares.narrow(1, bins, bins)?)?;
        let power = power.transpose(1, 2)?;
        let power = match exponent {
            2.0 => power,
            1.0 => power.sqrt()?,
            other => power.pow_number(other / 2.0)?,
        };
        let sums = match &self.plain.bank {
            Some(bank) => {
                power.matmul(&Tensor::from_values(bank.clone(), &[bins, features], &on)?)?
            }
            None => power,
        };
        match self.plain.level {
            Level::Plain => Ok(sums),
            Level::Floored(least) => sums.clamp_min(least)?.log(),
            Level::Shifted(offset) => sums.add_number(offset)?.log(),
            Level::Decibel { factor, least, zero, range } => {
                let levels = sums.clamp_min(least)?.log()?.sub_number(zero)?.mul_number(factor)?;
                if range == 0.0 {
                    return Ok(levels);
                }
                let most = levels.max_along(&Along::dims(&[1, 2], true))?;
                levels.maximum(&most.sub_number(range)?)
            }
        }
    }
}
