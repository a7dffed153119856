//! Bindings of `kd`. Student first, teacher second.

use super::options::Options;
use super::value::number_of;
use crate::error::Result;
use crate::kd::{self, Reduction};
use crate::tensor::Tensor;
use rhai::{Dynamic, Map};

fn bernoulli_kl(student: &Tensor, teacher: &Tensor, options: Map) -> Result<Tensor> {
    let operation = "kd::bernoulli_kl";
    let options = Options::new(operation, options)?;
    let reduction = match options.text("reduction")? {
        Some(name) => Reduction::named(operation, &name)?,
        None => Reduction::Mean,
    };
    kd::bernoulli_kl(student, teacher, reduction)
}

/// λ and τ as numbers.
fn weights(operation: &str, [lambda, tau]: [&Dynamic; 2]) -> Result<(f64, f64)> {
    Ok((number_of(operation, "lambda", lambda)?, number_of(operation, "tau", tau)?))
}

#[rhai::export_module]
pub(super) mod bindings {
    use crate::kd::{self, Reduction};
    use crate::script::raise::{Raw, placed};
    use crate::tensor::Tensor;
    use rhai::{Dynamic, Map, NativeCallContext};

    /// KL(softmax(teacher) ‖ softmax(student)), summed over classes, averaged over the batch.
    ///
    /// A temperature is yours to apply: `kd::kl(student, teacher / tau)` is CMKD's.
    /// Shapes: both `[batch, class]`; one number comes out. No gradient flows into the teacher.
    ///
    /// ```rhai
    /// kd::kl(tensor([[1, 2]]), tensor([[1, 2]])).item() == 0.0
    /// ```
    #[rhai_fn(return_raw)]
    pub fn kl(call: NativeCallContext, student: Tensor, teacher: Tensor) -> Raw<Tensor> {
        placed(&call, kd::kl(&student, &teacher))
    }

    /// The KL divergence of independent Bernoulli variables, one a class, averaged over batch and
    /// classes: CMKD's form for clips with several labels.
    ///
    /// Shapes: both `[batch, class]`; one number comes out. No gradient flows into the teacher.
    ///
    /// ```rhai
    /// kd::bernoulli_kl(tensor([[1, 2]]), tensor([[1, 2]])).item() == 0.0
    /// ```
    #[rhai_fn(return_raw)]
    pub fn bernoulli_kl(call: NativeCallContext, student: Tensor, teacher: Tensor) -> Raw<Tensor> {
        placed(&call, kd::bernoulli_kl(&student, &teacher, Reduction::Mean))
    }

    /// As `kd::bernoulli_kl(student, teacher)`, with the option `reduction`: "mean" over batch and
    /// classes, or "batch_mean", which is as many times heavier as there are
    /// classes; also "sum" and "none".
    ///
    /// ```rhai
    /// let s = tensor([[1, 2]]);
    /// let t = tensor([[2, 1]]);
    /// let ratio = kd::bernoulli_kl(s, t, #{ reduction: "batch_mean" }).item() / kd::bernoulli_kl(s, t).item();
    /// (ratio - 2.0).abs() < 1e-6
    /// ```
    #[rhai_fn(name = "bernoulli_kl", return_raw)]
    pub fn bernoulli_kl_options(
        call: NativeCallContext,
        student: Tensor,
        teacher: Tensor,
        options: Map,
    ) -> Raw<Tensor> {
        placed(&call, super::bernoulli_kl(&student, &teacher, options))
    }

    /// CMKD's loss: λ · CE(student, target) + (1 − λ) · KL(softmax(teacher / τ) ‖ softmax(student)).
    ///
    /// λ is the weight of the label, and τ divides the teacher's logits only (Gong et al. 2022).
    /// Shapes: all `[batch, class]`; one number comes out. Errors: λ outside 0 to 1, τ not above 0.
    ///
    /// ```rhai
    /// let s = tensor([[0.5, -1, 2]]);
    /// let t = tensor([[1.5, -2, 0]]);
    /// let y = tensor([[1, 0, 0]]);
    /// (kd::cmkd(s, t, y, 0.5, 2.5).item() - 1.134604).abs() < 1e-5
    /// ```
    #[rhai_fn(return_raw)]
    pub fn cmkd(
        call: NativeCallContext,
        student: Tensor,
        teacher: Tensor,
        target: Tensor,
        lambda: Dynamic,
        tau: Dynamic,
    ) -> Raw<Tensor> {
        let made = super::weights("kd::cmkd", [&lambda, &tau])
            .and_then(|(lambda, tau)| kd::cmkd(&student, &teacher, &target, lambda, tau));
        placed(&call, made)
    }

    /// CMKD's loss for clips with several labels: λ · BCE(student, target) + (1 − λ) · the Bernoulli KL divergence
    /// from σ(teacher / τ), both averaged over batch and classes.
    ///
    /// So it trains as BCE against λ · target + (1 − λ) · σ(teacher / τ) does.
    /// Shapes: all `[batch, class]`; one number comes out. Errors: λ outside 0 to 1, τ not above 0.
    ///
    /// ```rhai
    /// let s = tensor([[0.5, -1, 2]]);
    /// let t = tensor([[1.5, -2, 0]]);
    /// let y = tensor([[1, 0, 0]]);
    /// (kd::cmkd_multi(s, t, y, 0.5, 2.5).item() - 0.558895).abs() < 1e-5
    /// ```
    #[rhai_fn(return_raw)]
    pub fn cmkd_multi(
        call: NativeCallContext,
        student: Tensor,
        teacher: Tensor,
        target: Tensor,
        lambda: Dynamic,
        tau: Dynamic,
    ) -> Raw<Tensor> {
        let made = super::weights("kd::cmkd_multi", [&lambda, &tau])
            .and_then(|(lambda, tau)| kd::cmkd_multi(&student, &teacher, &target, lambda, tau));
        placed(&call, made)
    }
}
