//! What a model says of clips, one by one: a clip that cannot be read costs itself only.

use crate::data::ClipSource;
use crate::error::Result;
use crate::models::Model;
use crate::nn::Mode;
use crate::tensor::{Device, Tensor};
use rayon::prelude::*;

/// Clips of a forward pass.
const BATCH: usize = 32;

/// The logits of each clip of `source`, in their order, handed to `each` as they come.
///
/// # Errors
/// What the model says; what `each` says.
pub fn predict(
    model: &Model,
    source: &ClipSource,
    device: &Device,
    each: &mut dyn FnMut(usize, Result<Vec<f32>>) -> Result<()>,
) -> Result<()> {
    let (frames, bins) = (source.frames(), source.bins());
    for first in (0..source.len()).step_by(BATCH) {
        let clips: Vec<usize> = (first..source.len().min(first + BATCH)).collect();
        let features: Vec<Result<Vec<f32>>> =
            clips.par_iter().map(|index| source.features(*index)).collect();
        let whole: Vec<f32> = features.iter().flatten().flatten().copied().collect();
        let count = features.iter().filter(|own| own.is_ok()).count();
        let mut logits = Vec::new();
        if count > 0 {
            let input = Tensor::from_values(whole, &[count, frames, bins], device)?;
            logits = model.forward(&input, Mode::Eval)?.to_values()?;
        }
        let width = logits.len() / count.max(1);
        let mut rows = logits.chunks_exact(width.max(1));
        for (index, own) in clips.into_iter().zip(features) {
            let row = own.map(|_| rows.next().map(<[f32]>::to_vec).unwrap_or_default());
            each(index, row)?;
        }
    }
    Ok(())
}
