//! Losses against labels, which may be soft (mixup mixes them).

use super::{Reduction, batch_mean, check_pair};
use crate::error::Result;
use crate::tensor::Tensor;

/// −Σ y · ln softmax(z), averaged over the batch. `student` and `target` are `[batch, class]`.
pub fn cross_entropy(student: &Tensor, target: &Tensor) -> Result<Tensor> {
    check_pair("cross_entropy", "target", student, target)?;
    batch_mean(&target.detached()?.mul(&student.log_softmax(1)?)?)?.neg()
}

/// −y · ln σ(z) − (1 − y) · ln(1 − σ(z)), in the form max(z, 0) − z·y + ln(1 + e^−|z|).
pub fn bce(student: &Tensor, target: &Tensor, reduction: Reduction) -> Result<Tensor> {
    check_pair("bce", "target", student, target)?;
    reduction.apply(&bce_terms(student, &target.detached()?)?)
}

pub(super) fn bce_terms(logits: &Tensor, target: &Tensor) -> Result<Tensor> {
    // softplus(z) = max(z, 0) + ln(1 + e^−|z|)
    logits.softplus()?.sub(&logits.mul(target)?)
}
