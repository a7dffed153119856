//! Losses between any two tensors of one shape. A gradient flows into both.

use super::{Reduction, check_same};
use crate::error::{Error, Result};
use crate::tensor::Tensor;

/// (a − b)² for each element.
///
/// # Errors
/// Shapes that differ.
pub fn mse(a: &Tensor, b: &Tensor, reduction: Reduction) -> Result<Tensor> {
    check_same("mse", a, b)?;
    let gap = a.float()?.sub(b)?;
    reduction.apply(&gap.mul(&gap)?)
}

/// |a − b| for each element.
///
/// # Errors
/// Shapes that differ.
pub fn l1(a: &Tensor, b: &Tensor, reduction: Reduction) -> Result<Tensor> {
    check_same("l1", a, b)?;
    reduction.apply(&a.float()?.sub(b)?.abs()?)
}

/// (a − b)² / (2 · beta) where |a − b| is below beta, |a − b| − beta / 2 elsewhere.
///
/// # Errors
/// Shapes that differ, a negative beta.
pub fn smooth_l1(a: &Tensor, b: &Tensor, beta: f64, reduction: Reduction) -> Result<Tensor> {
    check_same("smooth_l1", a, b)?;
    if !(beta >= 0.0 && beta.is_finite()) {
        return Err(Error::out_of_range("smooth_l1", "beta", "0 or more", beta));
    }
    let gap = a.float()?.sub(b)?;
    let size = gap.abs()?;
    if beta == 0.0 {
        return reduction.apply(&size);
    }
    let near = size.lower(&Tensor::full(&[1], beta, &Default::default())?)?;
    let inside = gap.mul(&gap)?.mul_number(0.5 / beta)?;
    let outside = size.sub_number(0.5 * beta)?;
    reduction.apply(&Tensor::select(&near, &inside, &outside)?)
}

/// 1 − the cosine of the angle between both, along the last dimension.
///
/// # Errors
/// Shapes that differ.
pub fn cosine_loss(a: &Tensor, b: &Tensor, reduction: Reduction) -> Result<Tensor> {
    check_same("cosine_loss", a, b)?;
    reduction.apply(&a.cosine_similarity(b, -1)?.neg()?.add_number(1.0)?)
}

/// t · (ln t − x) for each element, of logarithms of probabilities x and probabilities t; with
/// `logarithms`, t is given as its logarithm too.
///
/// # Errors
/// Shapes that differ.
pub fn kl_div(
    log_probs: &Tensor,
    target: &Tensor,
    logarithms: bool,
    reduction: Reduction,
) -> Result<Tensor> {
    check_same("kl_div", log_probs, target)?;
    super::notice::logarithms("kl_div", log_probs);
    if !logarithms {
        super::notice::shares("kl_div", target);
    }
    let target = target.float()?;
    let terms = if logarithms {
        target.exp()?.mul(&target.sub(log_probs)?)?
    } else {
        // 0 · ln 0 is 0.
        let none = target.equal(&Tensor::full(&[1], 0.0, &Default::default())?)?;
        let own = target.masked_fill(&none, 1.0)?.log()?.mul(&target)?;
        own.sub(&target.mul(log_probs)?)?
    };
    reduction.apply(&terms)
}
