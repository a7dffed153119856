//! Losses against labels: which may be soft (mixup mixes them), or the numbers of classes.

use super::{Reduction, check_pair};
use crate::error::{Error, Kind, Result};
use crate::tensor::{DType, Tensor, words};

/// −Σ y · ln softmax(z) for each row. `student` is `[batch, class]`, `target` either the same (shares) or
/// `[batch]` of i64 (classes). `smoothing` spreads that share of each label evenly over all classes.
///
/// "mean" and "batch_mean" are the mean over the batch.
///
/// # Errors
/// Shapes that do not fit, a class that is not there, a share outside of 0 to 1.
pub fn cross_entropy_with(
    student: &Tensor,
    target: &Tensor,
    smoothing: f64,
    reduction: Reduction,
) -> Result<Tensor> {
    let operation = "cross_entropy";
    let target = shares(operation, student, target)?;
    check_pair(operation, "target", student, &target)?;
    super::notice::logits_of_one(operation, student);
    if !(0.0..=1.0).contains(&smoothing) {
        return Err(Error::out_of_range(operation, "smoothing", "0 to 1", smoothing));
    }
    let target = match smoothing {
        0.0 => target,
        share => {
            let classes = student.shape()[1] as f64;
            target.mul_number(1.0 - share)?.add_number(share / classes)?
        }
    };
    let rows = target.mul(&student.log_softmax(1)?)?.sum_dims(&[1], false)?.neg()?;
    reduction.apply(&rows)
}

/// Cross-entropy, averaged over the batch.
///
/// # Errors
/// As [`cross_entropy_with`].
pub fn cross_entropy(student: &Tensor, target: &Tensor) -> Result<Tensor> {
    cross_entropy_with(student, target, 0.0, Reduction::Mean)
}

/// Numbers of classes as shares; shares as they are.
pub(super) fn shares(operation: &str, student: &Tensor, target: &Tensor) -> Result<Tensor> {
    let (own, given) = (student.shape(), target.shape());
    if target.dtype() != DType::I64 || given.len() != 1 || own.len() != 2 {
        return Ok(target.clone());
    }
    if own[0] != given[0] {
        return Err(Error::new(Kind::Shape, operation, "student and target differ")
            .expected(format!("target i64 [{}], one class for each row", own[0]))
            .received(words(&given)));
    }
    target.one_hot(own[1]).map_err(|error| error.during(operation))
}

/// −y · ln σ(z) − (1 − y) · ln(1 − σ(z)) for each element, in a form that does not overflow. Any shape.
///
/// # Errors
/// Shapes that differ.
pub fn bce(student: &Tensor, target: &Tensor, reduction: Reduction) -> Result<Tensor> {
    super::check_same("bce", student, target)?;
    super::notice::logits_of_several("bce", student);
    reduction.apply(&bce_terms(student, target)?)
}

pub(super) fn bce_terms(logits: &Tensor, target: &Tensor) -> Result<Tensor> {
    // softplus(z) = max(z, 0) + ln(1 + e^−|z|)
    logits.softplus()?.sub(&logits.mul(target)?)
}
