//! Losses against a teacher's logits. The temperature is the caller's: divide the teacher's logits.

use super::label::{bce, bce_terms, cross_entropy};
use super::{Reduction, batch_mean, check_pair};
use crate::error::{Error, Kind, Result};
use crate::tensor::Tensor;

/// KL(softmax(teacher) ‖ softmax(student)), summed over classes, averaged over the batch (what
/// PyTorch calls `batchmean`). Both `[batch, class]`.
pub fn kl(student: &Tensor, teacher: &Tensor) -> Result<Tensor> {
    check_pair("kd::kl", "teacher", student, teacher)?;
    let teacher = teacher.detached()?.log_softmax(1)?;
    let gap = teacher.sub(&student.log_softmax(1)?)?;
    batch_mean(&teacher.exp()?.mul(&gap)?)
}

/// The KL divergence of independent Bernoulli variables, one a class: CMKD's form for clips with
/// several labels. Zero exactly where both agree.
pub fn bernoulli_kl(student: &Tensor, teacher: &Tensor, reduction: Reduction) -> Result<Tensor> {
    check_pair("kd::bernoulli_kl", "teacher", student, teacher)?;
    let teacher = teacher.detached()?;
    let soft = teacher.sigmoid()?;
    // BCE against the soft label, less the label's own entropy.
    let cross = bce_terms(student, &soft)?;
    let entropy = bce_terms(&teacher, &soft)?;
    reduction.apply(&cross.sub(&entropy)?)
}

/// λ · BCE(student, target) + (1 − λ) · Bernoulli-KL(σ(teacher / τ) ‖ σ(student)), both averaged over clips and classes:
/// CMKD for clips with several labels. So its gradient is that of BCE against λ·y + (1 − λ)·σ(teacher / τ).
///
/// τ divides the teacher's logits only.
pub fn cmkd_multi(
    student: &Tensor,
    teacher: &Tensor,
    target: &Tensor,
    lambda: f64,
    tau: f64,
) -> Result<Tensor> {
    check_weights("kd::cmkd_multi", lambda, tau)?;
    let label = bce(student, &target.detached()?, Reduction::Mean)?.mul_number(lambda)?;
    let teacher = teacher.div_number(tau)?;
    let soft = bernoulli_kl(student, &teacher, Reduction::Mean)?.mul_number(1.0 - lambda)?;
    label.add(&soft)
}

/// λ · CE(student, target) + (1 − λ) · KL(softmax(teacher / τ) ‖ softmax(student)): Gong et al. 2022.
///
/// τ divides the teacher's logits only, so there is no factor τ².
pub fn cmkd(
    student: &Tensor,
    teacher: &Tensor,
    target: &Tensor,
    lambda: f64,
    tau: f64,
) -> Result<Tensor> {
    check_weights("kd::cmkd", lambda, tau)?;
    let label = cross_entropy(student, &target.detached()?)?.mul_number(lambda)?;
    let soft = kl(student, &teacher.div_number(tau)?)?.mul_number(1.0 - lambda)?;
    label.add(&soft)
}

fn check_weights(operation: &str, lambda: f64, tau: f64) -> Result<()> {
    let range = |name: &str, wanted: &str, value: f64| {
        Err(Error::new(Kind::Range, operation, format!("'{name}' is out of range"))
            .expected(wanted)
            .received(value.to_string()))
    };
    if !(0.0..=1.0).contains(&lambda) {
        return range("lambda", "0 to 1", lambda);
    }
    if !(tau > 0.0 && tau.is_finite()) {
        return range("tau", "more than 0", tau);
    }
    Ok(())
}
