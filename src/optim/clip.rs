//! Gradients that are too large.

use super::OptimizerOptions;
use crate::error::Result;
use crate::tensor::{Along, Tensor};

/// What torch adds to the norm before it divides.
const TINY: f64 = 1e-6;

/// Two tensors as one.
type Join = fn(&Tensor, &Tensor) -> Result<Tensor>;

/// Limits every element to `clip_value`, then the length of all together to `clip_norm`, as
/// `torch.nn.utils.clip_grad_value_` and `clip_grad_norm_` do.
pub(super) fn clip(options: &OptimizerOptions, gradients: &mut [(usize, Tensor)]) -> Result<()> {
    if let Some(most) = options.clip_value {
        for (_, gradient) in gradients.iter_mut() {
            *gradient = gradient.clamp_min(-most)?.clamp_max(most)?;
        }
    }
    let Some(most) = options.clip_norm else { return Ok(()) };
    // The host never looks, for a graphics card would have to wait: the factor stays where the gradients are.
    let of_all = |own: &dyn Fn(&Tensor) -> Result<Tensor>, join: Join| -> Result<Option<Tensor>> {
        let mut total = None::<Tensor>;
        for (_, gradient) in gradients.iter() {
            let own = own(gradient)?;
            total = Some(match total {
                Some(total) => join(&total, &own)?,
                None => own,
            });
        }
        Ok(total)
    };
    // Shares of the largest: squares of large gradients have no number.
    let largest = |gradient: &Tensor| gradient.abs()?.max_along(&Along::all());
    let Some(largest) = of_all(&largest, Tensor::maximum)? else { return Ok(()) };
    let largest = largest.clamp_min(f64::from(f32::MIN_POSITIVE))?;
    let square = |gradient: &Tensor| {
        let share = gradient.div(&largest)?;
        share.mul(&share)?.sum()
    };
    let Some(squares) = of_all(&square, Tensor::add)? else { return Ok(()) };
    let norm = squares.pow_number(0.5)?.mul(&largest)?.add_number(TINY)?;
    let factor = norm.pow_number(-1.0)?.mul_number(most)?.clamp_max(1.0)?;
    for (_, gradient) in gradients.iter_mut() {
        *gradient = gradient.mul(&factor)?;
    }
    Ok(())
}
