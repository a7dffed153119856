//! Batch and layer normalisation.

use super::kernels::StillOps;
use super::{Tensor, words};
use crate::error::{Error, Kind, Result};
use burn::backend::Dispatch;
use burn::backend::ops::ModuleOps;

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
        self.check_channels("batch_norm", &[scale, shift])?;
        let statistics = Dispatch::still_channel_statistics(self.detached()?.0);
        let taken = Tensor(statistics.clone());
        let channels = [scale.count() as i64];
        let part = |row: usize| taken.narrow(0, row, 1)?.reshape(&channels);
        let output = Tensor(Dispatch::still_channel_norm(
            self.0.clone(),
            scale.0.clone(),
            shift.0.clone(),
            statistics,
            eps,
            true,
        ));
        Ok(BatchNormed { output, mean: part(0)?, variance: part(1)? })
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
        self.check_channels("batch_norm", &[scale, shift, mean, variance])?;
        let row = |part: &Tensor| part.detached()?.reshape(&[1, part.count() as i64]);
        let statistics = Tensor::cat(&[row(mean)?, row(variance)?], 0)?;
        Ok(Tensor(Dispatch::still_channel_norm(
            self.0.clone(),
            scale.0.clone(),
            shift.0.clone(),
            statistics.0,
            eps,
            false,
        )))
    }

    /// Normalises the last dimension to mean 0 and variance 1, then scales and shifts it.
    pub fn layer_norm(&self, scale: &Tensor, shift: &Tensor, eps: f64) -> Result<Tensor> {
        self.need_float("layer_norm")?;
        let last = self.shape().last().copied().unwrap_or(0);
        for part in [scale, shift] {
            if part.shape() != [last] {
                return Err(Error::new(Kind::Shape, "layer_norm", "the width differs")
                    .expected(format!("{} for {}", words(&[last]), words(&self.shape())))
                    .received(words(&part.shape())));
            }
        }
        let shift = Some(shift.0.clone());
        Ok(Tensor(Dispatch::layer_norm(self.0.clone(), scale.0.clone(), shift, eps)))
    }

    fn check_channels(&self, operation: &str, parts: &[&Tensor]) -> Result<()> {
        self.need_float(operation)?;
        let shape = self.shape();
        let channels = shape.get(1).copied().unwrap_or(0);
        let fits = shape.len() >= 2 && self.count() > 0;
        if fits && parts.iter().all(|part| part.shape() == [channels]) {
            return Ok(());
        }
        let received = parts.first().map(|part| words(&part.shape())).unwrap_or_default();
        Err(Error::new(Kind::Shape, operation, "the number of channels differs")
            .expected(format!("[batch, {received} channels, …]"))
            .received(words(&shape)))
    }
}
