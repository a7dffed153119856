//! Losses against a teacher's logits. The temperature is the caller's: divide the teacher's logits.

use super::label::{bce, bce_terms, cross_entropy};
use super::notice::{logits_of_one, logits_of_several};
use super::{Reduction, check_pair, check_share, check_temperature};
use crate::error::Result;
use crate::tensor::Tensor;

/// KL(softmax(teacher) ‖ softmax(student)), summed over classes, averaged over the batch (what
/// PyTorch calls `batchmean`). Both `[batch, class]`.
///
/// # Errors
/// Shapes that differ.
pub fn kl(student: &Tensor, teacher: &Tensor) -> Result<Tensor> {
    softmax_kl("kd::kl", student, teacher, Reduction::BatchMean)
}

/// As [`kl`], for the function that is called `operation`. A term is p · ln(p / q) of one class of one clip: only
/// their sum over the classes is a divergence.
///
/// # Errors
/// Shapes that differ.
pub fn softmax_kl(
    operation: &'static str,
    student: &Tensor,
    teacher: &Tensor,
    reduction: Reduction,
) -> Result<Tensor> {
    check_pair(operation, "teacher", student, teacher)?;
    [student, teacher].into_iter().for_each(|own| logits_of_one(operation, own));
    let teacher = teacher.detached()?.log_softmax(1)?;
    let gap = teacher.sub(&student.log_softmax(1)?)?;
    reduction.apply(&teacher.exp()?.mul(&gap)?)
}

/// Binary cross-entropy against σ(teacher), one a class: the Bernoulli KL divergence plus the entropy of what the
/// teacher says. So both have the same gradient, and only this one is above zero where both agree.
///
/// # Errors
/// Shapes that differ.
pub fn bce_soft(student: &Tensor, teacher: &Tensor, reduction: Reduction) -> Result<Tensor> {
    check_pair("kd::bce_soft", "teacher", student, teacher)?;
    [student, teacher].into_iter().for_each(|own| logits_of_several("kd::bce_soft", own));
    reduction.apply(&bce_terms(student, &teacher.detached()?.sigmoid()?)?)
}

/// p · ln(p / q) with p = σ(teacher) and q = σ(student): what an elementwise KL of sigmoids leaves out half of. No
/// divergence: it can be below zero, and its gradient −p · (1 − q) raises every logit for ever.
///
/// # Errors
/// Shapes that differ.
pub fn positive_only_kl(
    student: &Tensor,
    teacher: &Tensor,
    reduction: Reduction,
) -> Result<Tensor> {
    check_pair("kd::positive_only_kl", "teacher", student, teacher)?;
    let teacher = teacher.detached()?;
    // ln σ(z) = −softplus(−z)
    let gap = student.neg()?.softplus()?.sub(&teacher.neg()?.softplus()?)?;
    reduction.apply(&teacher.sigmoid()?.mul(&gap)?)
}

/// The KL divergence of independent Bernoulli variables, one a class: CMKD's form for clips with
/// several labels. Zero exactly where both agree.
pub fn bernoulli_kl(student: &Tensor, teacher: &Tensor, reduction: Reduction) -> Result<Tensor> {
    check_pair("kd::bernoulli_kl", "teacher", student, teacher)?;
    [student, teacher].into_iter().for_each(|own| logits_of_several("kd::bernoulli_kl", own));
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

/// [`cmkd`], or [`cmkd_multi`] where `multi`, of student and teacher where the teacher has said something of some clips
/// only: each clip's divergence counts by its share in `taught`, `[batch]`, and the mean is still over all clips. So what
/// a clip learns from its label does not hang on whether its teacher is there. The numbers are λ and τ.
///
/// # Errors
/// As of these.
pub fn cmkd_of_some(
    [student, teacher]: [&Tensor; 2],
    target: &Tensor,
    taught: &Tensor,
    [lambda, tau]: [f64; 2],
    multi: bool,
) -> Result<Tensor> {
    check_weights(if multi { "kd::cmkd_multi" } else { "kd::cmkd" }, lambda, tau)?;
    let (target, teacher) = (target.detached()?, teacher.div_number(tau)?);
    let (label, terms) = match multi {
        true => (
            bce(student, &target, Reduction::Mean)?,
            bernoulli_kl(student, &teacher, Reduction::None)?,
        ),
        false => (
            cross_entropy(student, &target)?,
            softmax_kl("kd::kl", student, &teacher, Reduction::None)?,
        ),
    };
    let rows = terms.sum_dims(&[1], false)?.mul(taught)?.mean()?;
    let classes = student.shape().get(1).copied().unwrap_or(1) as f64;
    let soft = if multi { rows.div_number(classes)? } else { rows };
    label.mul_number(lambda)?.add(&soft.mul_number(1.0 - lambda)?)
}

fn check_weights(operation: &str, lambda: f64, tau: f64) -> Result<()> {
    check_share(operation, "lambda", lambda)?;
    check_temperature(operation, "tau", tau)
}
