//! Bindings of `kd`. Student first, teacher second.

use super::options::Options;
use super::value::number_of;
use crate::error::Result;
use crate::kd::{self, Reduction};
use crate::tensor::Tensor;
use rhai::{Dynamic, Map};

/// The option `reduction`.
fn reduction(operation: &str, options: Map, standard: Reduction) -> Result<Reduction> {
    let options = Options::new(operation, options)?;
    match options.text("reduction")? {
        Some(name) => Reduction::named(operation, &name),
        None => Ok(standard),
    }
}

fn softmax_kl(
    operation: &'static str,
    student: &Tensor,
    teacher: &Tensor,
    options: Map,
) -> Result<Tensor> {
    let reduction = reduction(operation, options, Reduction::BatchMean)?;
    kd::softmax_kl(operation, student, teacher, reduction)
}

/// A loss of two logits and a reduction.
type Binary = fn(&Tensor, &Tensor, Reduction) -> Result<Tensor>;

fn binary(
    loss: Binary,
    operation: &str,
    student: &Tensor,
    teacher: &Tensor,
    options: Map,
) -> Result<Tensor> {
    loss(student, teacher, reduction(operation, options, Reduction::Mean)?)
}

/// A number that [`kd`] holds to be in range.
fn number(
    check: fn(&str, &str, f64) -> Result<()>,
    operation: &str,
    name: &str,
    value: &Dynamic,
) -> Result<f64> {
    let value = number_of(operation, name, value)?;
    check(operation, name, value).map(|()| value)
}

fn clips(operation: &str, student: &Tensor, teacher: &Tensor, least: i64) -> Result<Tensor> {
    kd::as_clips(operation, student, teacher, usize::try_from(least).unwrap_or_default())
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

    /// As `kd::kl(student, teacher)`, with the option `reduction`: "batch_mean", which is the divergence; "mean" is as
    /// many times smaller as there are classes (PyTorch's `kl_div` without a reduction); also "sum" and "none".
    ///
    /// ```rhai
    /// let s = tensor([[1, 2]]);
    /// let t = tensor([[2, 1]]);
    /// (kd::kl(s, t).item() / kd::kl(s, t, #{ reduction: "mean" }).item() - 2.0).abs() < 1e-6
    /// ```
    #[rhai_fn(name = "kl", return_raw)]
    pub fn kl_options(
        call: NativeCallContext,
        student: Tensor,
        teacher: Tensor,
        options: Map,
    ) -> Raw<Tensor> {
        placed(&call, super::softmax_kl("kd::kl", &student, &teacher, options))
    }

    /// `kd::kl` by its name among the forms for clips with several labels: the KL divergence of softmaxes over the
    /// classes, blind to what is added to all logits of a clip. The form of DASS (Bhati et al. 2024).
    ///
    /// ```rhai
    /// let s = tensor([[1, 2, 3]]);
    /// kd::softmax_kl(s, s + 4).item().abs() < 1e-6
    /// ```
    #[rhai_fn(return_raw)]
    pub fn softmax_kl(call: NativeCallContext, student: Tensor, teacher: Tensor) -> Raw<Tensor> {
        placed(&call, super::softmax_kl("kd::softmax_kl", &student, &teacher, Map::new()))
    }

    /// As `kd::softmax_kl(student, teacher)`, with the option `reduction` as of `kd::kl`.
    ///
    /// ```rhai
    /// let s = tensor([[1, 2]]);
    /// kd::softmax_kl(s, s, #{ reduction: "none" }).shape == [1, 2]
    /// ```
    #[rhai_fn(name = "softmax_kl", return_raw)]
    pub fn softmax_kl_options(
        call: NativeCallContext,
        student: Tensor,
        teacher: Tensor,
        options: Map,
    ) -> Raw<Tensor> {
        placed(&call, super::softmax_kl("kd::softmax_kl", &student, &teacher, options))
    }

    /// For losses of your own: the teacher's logits without a gradient, both `[batch, class]`. Errors: other shapes, told
    /// in the name of `operation`.
    ///
    /// ```rhai
    /// assert_throws(|| kd::as_logits("my_loss", tensor([[1, 2]]), tensor([[1, 2, 3]])), "differ");
    /// kd::as_logits("my_loss", tensor([[1, 2]]), tensor([[2, 1]])).shape == [1, 2]
    /// ```
    #[rhai_fn(return_raw)]
    pub fn as_logits(
        call: NativeCallContext,
        operation: &str,
        student: Tensor,
        teacher: Tensor,
    ) -> Raw<Tensor> {
        placed(&call, kd::as_logits(operation, &student, &teacher))
    }

    /// For losses of your own: the teacher's features without a gradient, both `[batch, …]` of one shape. Errors: other
    /// shapes, told in the name of `operation`.
    ///
    /// ```rhai
    /// assert_throws(|| kd::as_features("my_loss", tensor([[1, 2]]), tensor([[1]])), "other shapes");
    /// kd::as_features("my_loss", tensor([[1, 2]]), tensor([[2, 1]])).shape == [1, 2]
    /// ```
    #[rhai_fn(return_raw)]
    pub fn as_features(
        call: NativeCallContext,
        operation: &str,
        student: Tensor,
        teacher: Tensor,
    ) -> Raw<Tensor> {
        placed(&call, kd::as_features(operation, &student, &teacher))
    }

    /// For losses of your own: what the teacher says of the same clips, without a gradient. Both are `[batch, …]` with as
    /// many clips, `least` of them or more; the rest of the shapes may differ. Errors: other numbers of clips, told in the
    /// name of `operation`.
    ///
    /// ```rhai
    /// assert_throws(|| kd::as_clips("my_loss", tensor([[1, 2]]), tensor([[1]]), 2), "too few clips");
    /// kd::as_clips("my_loss", tensor([[1, 2], [3, 4]]), tensor([[1], [2]]), 2).shape == [2, 1]
    /// ```
    #[rhai_fn(return_raw)]
    pub fn as_clips(
        call: NativeCallContext,
        operation: &str,
        student: Tensor,
        teacher: Tensor,
        least: i64,
    ) -> Raw<Tensor> {
        placed(&call, super::clips(operation, &student, &teacher, least))
    }

    /// For losses of your own: 1 at the class of each clip, 0 elsewhere, `[batch, class]`. The target is shares of the
    /// classes, of which the largest counts, or i64 `[batch]`. Errors: a target that does not fit, told in the name of
    /// `operation`.
    ///
    /// ```rhai
    /// let student = tensor([[0.1, 0.2], [0.3, 0.4]]);
    /// kd::class_mask("my_loss", student, tensor([[0.3, 0.7], [1, 0]])).to_array() == [[0.0, 1.0], [1.0, 0.0]]
    /// ```
    #[rhai_fn(return_raw)]
    pub fn class_mask(
        call: NativeCallContext,
        operation: &str,
        student: Tensor,
        target: Tensor,
    ) -> Raw<Tensor> {
        placed(&call, kd::class_mask(operation, &student, &target))
    }

    /// For losses of your own: a temperature as a float. Errors: one that is not above 0, told in the name of `operation`.
    ///
    /// ```rhai
    /// assert_throws(|| kd::temperature("my_loss", 0), "more than 0");
    /// kd::temperature("my_loss", 2) == 2.0
    /// ```
    #[rhai_fn(return_raw)]
    pub fn temperature(call: NativeCallContext, operation: &str, tau: Dynamic) -> Raw<f64> {
        placed(&call, super::number(kd::check_temperature, operation, "tau", &tau))
    }

    /// For losses of your own: the weight of the label as a float. Errors: one outside of 0 to 1, told in the name of
    /// `operation`.
    ///
    /// ```rhai
    /// assert_throws(|| kd::label_weight("my_loss", 2), "0 to 1");
    /// kd::label_weight("my_loss", 1) == 1.0
    /// ```
    #[rhai_fn(return_raw)]
    pub fn label_weight(call: NativeCallContext, operation: &str, lambda: Dynamic) -> Raw<f64> {
        placed(&call, super::number(kd::check_share, operation, "lambda", &lambda))
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
        let made = super::binary(kd::bernoulli_kl, "kd::bernoulli_kl", &student, &teacher, options);
        placed(&call, made)
    }

    /// Binary cross-entropy against what the teacher says, σ(teacher), averaged over batch and classes: for clips with
    /// several labels.
    ///
    /// It is `kd::bernoulli_kl` plus the entropy of σ(teacher), which no student can change: both train to the very same
    /// weights, and only their values differ. EfficientAT's form (Schmid et al. 2023).
    /// Shapes: both `[batch, class]`; one number comes out. No gradient flows into the teacher.
    ///
    /// ```rhai
    /// let s = tensor([[0.5, -1, 2]]);
    /// (kd::bce_soft(s, tensor([[1.5, -2, 0]])).item() - 0.708227).abs() < 1e-5
    /// ```
    #[rhai_fn(return_raw)]
    pub fn bce_soft(call: NativeCallContext, student: Tensor, teacher: Tensor) -> Raw<Tensor> {
        placed(&call, kd::bce_soft(&student, &teacher, Reduction::Mean))
    }

    /// As `kd::bce_soft(student, teacher)`, with the option `reduction` as of `kd::bernoulli_kl`.
    ///
    /// ```rhai
    /// let s = tensor([[1, 2]]);
    /// kd::bce_soft(s, s, #{ reduction: "none" }).shape == [1, 2]
    /// ```
    #[rhai_fn(name = "bce_soft", return_raw)]
    pub fn bce_soft_options(
        call: NativeCallContext,
        student: Tensor,
        teacher: Tensor,
        options: Map,
    ) -> Raw<Tensor> {
        placed(&call, super::binary(kd::bce_soft, "kd::bce_soft", &student, &teacher, options))
    }

    /// A diagnostic, and a trap: p · ln(p / q) with p = σ(teacher), q = σ(student), averaged over batch and classes.
    ///
    /// It is what an elementwise KL of sigmoids gives, and no divergence: sigmoids do not sum to 1, so it can be below
    /// zero, and its gradient −p · (1 − q) raises every logit for ever. `still check` warns where it is called; train by
    /// `kd::bernoulli_kl`.
    ///
    /// ```rhai
    /// let s = tensor([[0.5, -1, 2]]);
    /// (kd::positive_only_kl(s, tensor([[1.5, -2, 0]])).item() + 0.052393).abs() < 1e-5
    /// ```
    #[rhai_fn(return_raw)]
    pub fn positive_only_kl(
        call: NativeCallContext,
        student: Tensor,
        teacher: Tensor,
    ) -> Raw<Tensor> {
        placed(&call, kd::positive_only_kl(&student, &teacher, Reduction::Mean))
    }

    /// As `kd::positive_only_kl(student, teacher)`, with the option `reduction` as of `kd::bernoulli_kl`.
    ///
    /// ```rhai
    /// let s = tensor([[1, 2]]);
    /// kd::positive_only_kl(s, s, #{ reduction: "sum" }).item() == 0.0
    /// ```
    #[rhai_fn(name = "positive_only_kl", return_raw)]
    pub fn positive_only_kl_options(
        call: NativeCallContext,
        student: Tensor,
        teacher: Tensor,
        options: Map,
    ) -> Raw<Tensor> {
        let loss = kd::positive_only_kl;
        placed(&call, super::binary(loss, "kd::positive_only_kl", &student, &teacher, options))
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
