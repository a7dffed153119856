//! Normalisation by batch, layer, group and root mean square.

use super::kernels::pictures::{After, NormOptions};
use super::record::{Dispatch, Op, is_on, whole};
use super::{Tensor, words};
use crate::error::{Error, Kind, Result};

/// What batch normalisation of a training batch gives.
pub struct BatchNormed {
    /// The normalised tensor.
    pub output: Tensor,
    /// The batch's mean, `[channel]`, outside of the graph.
    pub mean: Tensor,
    /// The batch's biased variance, `[channel]`, outside of the graph.
    pub variance: Tensor,
}

impl Tensor {
    /// Batch normalisation of `[batch, channel, …]` with the batch's own statistics.
    pub fn batch_norm_train(
        &self,
        scale: &Tensor,
        shift: &Tensor,
        eps: f64,
    ) -> Result<BatchNormed> {
        self.batch_norm_train_then(scale, shift, eps, After::Nothing)
    }

    /// Batch normalisation of `[batch, channel, …]` with given statistics.
    pub fn batch_norm_eval(
        &self,
        scale: &Tensor,
        shift: &Tensor,
        mean: &Tensor,
        variance: &Tensor,
        eps: f64,
    ) -> Result<Tensor> {
        self.batch_norm_eval_then([scale, shift], [mean, variance], eps, After::Nothing)
    }

    /// [`Tensor::batch_norm_train`], and what follows it.
    pub fn batch_norm_train_then(
        &self,
        scale: &Tensor,
        shift: &Tensor,
        eps: f64,
        after: After,
    ) -> Result<BatchNormed> {
        self.check_channels("batch_norm", &[scale, shift])?;
        if self.count() == 0 {
            let none = || Tensor::full(&scale.shape(), 0.0, &super::Device::default());
            let output = self.nothing(&[scale, shift])?;
            return Ok(BatchNormed { output, mean: none()?, variance: none()? });
        }
        let options = NormOptions { eps, own: true, after };
        let [input, scale, shift] = [self, scale, shift].map(|part| part.0.clone());
        let (output, statistics) = if is_on() {
            // Operations that a graph has, one by one.
            let options = NormOptions { after: After::Nothing, ..options };
            let statistics = Dispatch::still_channel_statistics(self.detached()?.0);
            let output =
                Dispatch::still_channel_norm(input, scale, shift, statistics.clone(), options);
            (Tensor(output).followed(after)?, Tensor(statistics))
        } else {
            let (output, statistics) =
                Dispatch::still_channel_norm_own(input, scale, shift, options);
            (Tensor(output), Tensor(statistics))
        };
        let channels = [statistics.count() as i64 / 2];
        let part = |row: usize| statistics.narrow(0, row, 1)?.reshape(&channels);
        Ok(BatchNormed { output, mean: part(0)?, variance: part(1)? })
    }

    /// [`Tensor::batch_norm_eval`], and what follows it.
    pub fn batch_norm_eval_then(
        &self,
        [scale, shift]: [&Tensor; 2],
        [mean, variance]: [&Tensor; 2],
        eps: f64,
        after: After,
    ) -> Result<Tensor> {
        self.check_channels("batch_norm", &[scale, shift, mean, variance])?;
        if self.count() == 0 {
            return self.nothing(&[scale, shift]);
        }
        let normed = |after: After| {
            let row = |part: &Tensor| part.detached()?.reshape(&[1, part.count() as i64]);
            let statistics = Tensor::cat(&[row(mean)?, row(variance)?], 0)?;
            let [input, scale, shift] = [self, scale, shift].map(|part| part.0.clone());
            let options = NormOptions { eps, own: false, after };
            Ok(Tensor(Dispatch::still_channel_norm(input, scale, shift, statistics.0, options)))
        };
        if !is_on() {
            return normed(after);
        }
        let inputs = [self, scale, shift, mean, variance];
        whole(|| Op::BatchNorm(eps), &inputs, || normed(After::Nothing))?.followed(after)
    }

    /// What follows a normalisation, as an operation of its own.
    fn followed(&self, after: After) -> Result<Tensor> {
        match after {
            After::Nothing => Ok(self.clone()),
            After::Relu => self.relu(),
            After::Silu => self.silu(),
            After::Hardswish => self.hardswish(),
        }
    }

    /// The mean of each plane of `[batch, channel, height, width]`, as `[batch, channel, 1, 1]`.
    pub fn plane_means(&self) -> Result<Tensor> {
        let own = self.float()?;
        own.need_rank("plane_means", "the input", 4)?;
        if own.count() == 0 || is_on() {
            return own.mean_dims(&[2, 3], true);
        }
        Ok(Tensor(Dispatch::still_plane_means(own.0)))
    }

    /// Each plane of `[batch, channel, height, width]` times its number of `[batch, channel, 1, 1]`.
    pub fn gated(&self, gates: &Tensor) -> Result<Tensor> {
        let shape = self.shape();
        let fits = shape.len() == 4 && gates.shape() == [shape[0], shape[1], 1, 1];
        if !fits || !self.is_float() || !gates.is_float() || self.count() == 0 || is_on() {
            return self.mul(gates);
        }
        Ok(Tensor(Dispatch::still_gated(self.0.clone(), gates.0.clone())))
    }

    /// Normalises the last dimension to mean 0 and variance 1, then scales and shifts it.
    pub fn layer_norm(&self, scale: &Tensor, shift: &Tensor, eps: f64) -> Result<Tensor> {
        let last = self.shape().last().copied().unwrap_or(0);
        for part in [scale, shift] {
            if part.shape() != [last] {
                return Err(Error::new(Kind::Shape, "layer_norm", "the width differs")
                    .expected(format!("{} for {}", words(&[last]), words(&self.shape())))
                    .received(words(&part.shape())));
            }
        }
        let [own, scale, shift] = [self.float()?, scale.float()?, shift.float()?];
        if own.count() == 0 {
            return own.nothing(&[&scale, &shift]);
        }
        Ok(Tensor(Dispatch::still_layer_norm(own.0, scale.0, shift.0, eps)))
    }

    /// Normalises each group of channels of `[batch, channel, …]` to mean 0 and variance 1, then scales and
    /// shifts each channel, where there is a scale or shift.
    pub fn group_norm(
        &self,
        groups: usize,
        scale: Option<&Tensor>,
        shift: Option<&Tensor>,
        eps: f64,
    ) -> Result<Tensor> {
        let operation = "group_norm";
        let own = self.float()?;
        let float = |part: Option<&Tensor>| part.map(Tensor::float).transpose();
        let (scale, shift) = (float(scale)?, float(shift)?);
        let parts: Vec<&Tensor> = scale.iter().chain(&shift).collect();
        own.check_channels(operation, &parts)?;
        let shape = own.shape();
        if groups == 0 || !shape[1].is_multiple_of(groups) {
            return Err(Error::new(
                Kind::Shape,
                operation,
                "the groups do not divide the channels",
            )
            .expected(format!("a divisor of {}", shape[1]))
            .received(groups.to_string()));
        }
        if own.count() == 0 {
            return own.nothing(&parts);
        }
        let (scaled, shifted) = (scale.is_some(), shift.is_some());
        let inputs: Vec<&Tensor> = std::iter::once(&own).chain(parts).collect();
        whole(
            || Op::GroupNorm { groups, eps, scaled, shifted },
            &inputs,
            || {
                let whole: Vec<i64> = shape.iter().map(|n| *n as i64).collect();
                // A group of an image is normalised as a channel of one large image is.
                let rows = shape[0] * groups;
                let flat = own.reshape(&[1, rows as i64, -1])?;
                let constant = |value| {
                    Tensor::from_values(vec![value; rows], &[rows], &super::Device::default())
                };
                let normed = flat.batch_norm_train(&constant(1.0)?, &constant(0.0)?, eps)?.output;
                let mut output = normed.reshape(&whole)?;
                let mut channels = vec![1; shape.len()];
                channels[1] = shape[1] as i64;
                if let Some(scale) = &scale {
                    output = output.mul(&scale.reshape(&channels)?)?;
                }
                if let Some(shift) = &shift {
                    output = output.add(&shift.reshape(&channels)?)?;
                }
                Ok(output)
            },
        )
    }

    /// Divides the last dimension by the root of its mean square, then scales it, where there is a scale.
    pub fn rms_norm(&self, scale: Option<&Tensor>, eps: f64) -> Result<Tensor> {
        let operation = "rms_norm";
        let own = self.float()?;
        let last = own.shape().last().copied().unwrap_or(0);
        if own.count() == 0 && last > 0 && scale.is_none_or(|scale| scale.shape() == [last]) {
            return own.nothing(scale.as_slice());
        }
        own.need_some(operation)?;
        let squares = own.mul(&own)?.mean_dims(&[-1], true)?;
        let normed = own.mul(&squares.add_number(eps)?.pow_number(-0.5)?)?;
        match scale {
            None => Ok(normed),
            Some(scale) if scale.shape() == [last] => normed.mul(scale),
            Some(scale) => Err(Error::new(Kind::Shape, operation, "the width differs")
                .expected(format!("{} for {}", words(&[last]), words(&self.shape())))
                .received(words(&scale.shape()))),
        }
    }

    /// What a normalisation makes of an empty batch: it still depends on all that took part.
    fn nothing(&self, parts: &[&Tensor]) -> Result<Tensor> {
        let inputs: Vec<&Tensor> = std::iter::once(self).chain(parts.iter().copied()).collect();
        Tensor::none(super::DType::F32, &self.shape(), &inputs)
    }

    fn check_channels(&self, operation: &str, parts: &[&Tensor]) -> Result<()> {
        self.need_float(operation)?;
        parts.iter().try_for_each(|part| part.need_float(operation))?;
        let shape = self.shape();
        let channels = shape.get(1).copied().unwrap_or(0);
        // An empty batch is one, an empty picture is a slip.
        let fits = shape.len() >= 2 && !shape[1..].contains(&0);
        if fits && parts.iter().all(|part| part.shape() == [channels]) {
            return Ok(());
        }
        let given: Vec<String> = parts.iter().map(|part| words(&part.shape())).collect();
        let wanted = match given.as_slice() {
            [] => "[batch, channel, …], not empty".to_string(),
            given => format!("[batch, channel, …] for {}", given.join(" and ")),
        };
        Err(Error::new(Kind::Shape, operation, "the number of channels differs")
            .expected(wanted)
            .received(words(&shape)))
    }
}
