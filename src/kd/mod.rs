//! Losses: tensors in, one number out. The student comes first, the teacher second, and no gradient
//! ever flows into a teacher.

mod label;
mod logits;

pub use label::{bce, cross_entropy};
pub use logits::{bernoulli_kl, cmkd, kl};

use crate::error::{Error, Kind, Result};
use crate::tensor::{Tensor, words};

/// How the classes' terms of a sigmoid loss become one number; the batch is always averaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// The mean over batch and classes.
    Mean,
    /// The sum over the classes, the mean over the batch: as many times heavier as there are classes.
    SumClasses,
}

impl Reduction {
    /// The reduction that is called `name` in a recipe.
    pub fn named(operation: &str, name: &str) -> Result<Self> {
        match name {
            "mean" => Ok(Reduction::Mean),
            "sum_classes" => Ok(Reduction::SumClasses),
            other => {
                Err(crate::error::unknown(operation, "reduction", other, &["mean", "sum_classes"]))
            }
        }
    }

    fn apply(self, terms: &Tensor) -> Result<Tensor> {
        match self {
            Reduction::Mean => terms.mean(),
            Reduction::SumClasses => batch_mean(terms),
        }
    }
}

/// The sum over all classes, averaged over the batch.
fn batch_mean(terms: &Tensor) -> Result<Tensor> {
    let batch = terms.shape().first().copied().unwrap_or(1).max(1);
    terms.sum()?.div_number(batch as f64)
}

/// Refuses logits that are not two equal tables `[batch, class]`.
fn check_pair(operation: &str, other: &str, student: &Tensor, given: &Tensor) -> Result<()> {
    let (own, shape) = (student.shape(), given.shape());
    let fits = own.len() == 2 && own == shape && student.count() > 0;
    if fits && student.is_float() && given.is_float() {
        return Ok(());
    }
    let problem = if own.len() == 2 && student.count() > 0 {
        format!("student and {other} differ")
    } else {
        "the student's logits are no table".to_string()
    };
    Err(Error::new(Kind::Shape, operation, problem)
        .expected(if own.len() == 2 {
            format!("{other} f32 {}, as the student", words(&own))
        } else {
            "f32 [batch, class]".to_string()
        })
        .received(format!("student {}, {other} {}", student.describe(), given.describe())))
}
