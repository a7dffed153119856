//! Losses: tensors in, one number out. The student comes first, the teacher second, and no gradient
//! ever flows into a teacher.

mod check;
mod distance;
mod label;
mod logits;
mod notice;

pub use check::{as_clips, as_features, as_logits, check_share, check_temperature, class_mask};
pub use distance::{cosine_loss, kl_div, l1, mse, smooth_l1};
pub use label::{bce, cross_entropy, cross_entropy_with};
pub use logits::{
    bce_soft, bernoulli_kl, cmkd, cmkd_multi, cmkd_of_some, kl, positive_only_kl, softmax_kl,
};
pub use notice::{Noticed, Squashed, noticing};

use crate::error::{Error, Kind, Result};
use crate::tensor::{Tensor, words};
use check::check_pair;

/// How a loss's terms become one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// The mean of all terms.
    Mean,
    /// The sum of all terms.
    Sum,
    /// The sum of all terms, divided by the first length: as many times heavier than the mean as a clip
    /// has terms.
    BatchMean,
    /// No number but all terms.
    None,
}

impl Reduction {
    /// The reduction that is called `name` in a recipe.
    pub fn named(operation: &str, name: &str) -> Result<Self> {
        match name {
            "mean" => Ok(Reduction::Mean),
            "sum" => Ok(Reduction::Sum),
            "batch_mean" => Ok(Reduction::BatchMean),
            "none" => Ok(Reduction::None),
            other => {
                let known = ["mean", "sum", "batch_mean", "none"];
                Err(crate::error::unknown(operation, "reduction", other, &known))
            }
        }
    }

    fn apply(self, terms: &Tensor) -> Result<Tensor> {
        match self {
            Reduction::Mean => terms.mean(),
            Reduction::Sum => terms.sum(),
            Reduction::BatchMean => batch_mean(terms),
            Reduction::None => Ok(terms.clone()),
        }
    }
}

/// The sum over all classes, averaged over the batch.
fn batch_mean(terms: &Tensor) -> Result<Tensor> {
    let batch = terms.shape().first().copied().unwrap_or(1);
    terms.sum()?.div_number(batch as f64)
}

/// Refuses two tensors of other shapes: broadcasting in a loss hides mistakes.
fn check_same(operation: &str, a: &Tensor, b: &Tensor) -> Result<()> {
    if a.shape() == b.shape() {
        return Ok(());
    }
    Err(Error::new(Kind::Shape, operation, "the shapes differ")
        .expected(format!("{} twice", words(&a.shape())))
        .received(format!("{} and {}", words(&a.shape()), words(&b.shape()))))
}
