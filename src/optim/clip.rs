//! Gradients that are too large.

use super::OptimizerOptions;
use crate::error::{Error, Kind, Result};
use crate::tensor::Tensor;

/// What torch adds to the norm before it divides.
const TINY: f64 = 1e-6;

/// Limits every element to `clip_value`, then the length of all together to `clip_norm`, as
/// `torch.nn.utils.clip_grad_value_` and `clip_grad_norm_` do.
pub(super) fn clip(options: &OptimizerOptions, gradients: &mut [(usize, Tensor)]) -> Result<()> {
    if let Some(most) = options.clip_value {
        for (_, gradient) in gradients.iter_mut() {
            *gradient = gradient.clamp_min(-most)?.clamp_max(most)?;
        }
    }
    let Some(most) = options.clip_norm else { return Ok(()) };
    let mut squares = None::<Tensor>;
    for (_, gradient) in gradients.iter() {
        let square = gradient.mul(gradient)?.sum()?;
        squares = Some(match squares {
            Some(sum) => sum.add(&square)?,
            None => square,
        });
    }
    let Some(squares) = squares else { return Ok(()) };
    let norm = squares.item()?.sqrt();
    if !norm.is_finite() {
        return Err(Error::new(
            Kind::Number,
            options.operation(),
            "the norm of the gradients is no finite number",
        )
        .received(norm.to_string())
        .hint("'clip_value' limits each element before the norm is taken"));
    }
    let factor = most / (norm + TINY);
    if factor < 1.0 {
        for (_, gradient) in gradients.iter_mut() {
            *gradient = gradient.mul_number(factor)?;
        }
    }
    Ok(())
}
