//! What losses refuse before they compute anything: shapes that do not fit, weights that make no sense. Methods that
//! are written in the recipe language refuse the same by [`as_logits`], [`as_features`] and [`as_clips`].

use super::label::shares;
use crate::error::{Error, Kind, Result};
use crate::tensor::{Tensor, words};

/// Refuses logits that are not two equal tables `[batch, class]`.
pub(super) fn check_pair(
    operation: &str,
    other: &str,
    student: &Tensor,
    given: &Tensor,
) -> Result<()> {
    let (own, shape) = (student.shape(), given.shape());
    let fits = own.len() == 2 && own == shape && own[1] > 0;
    if fits {
        return Ok(());
    }
    let problem = if own.len() == 2 && own[1] > 0 {
        format!("student and {other} differ")
    } else {
        "the student's logits are no table".to_string()
    };
    Err(Error::new(Kind::Shape, operation, problem)
        .expected(if own.len() == 2 {
            format!("{other} {}, as the student", words(&own))
        } else {
            "[batch, class]".to_string()
        })
        .received(format!("student {}, {other} {}", student.describe(), given.describe())))
}

/// The teacher's logits without a gradient. Both are `[batch, class]`.
///
/// # Errors
/// Other shapes, in the name of `operation`.
pub fn as_logits(operation: &str, student: &Tensor, teacher: &Tensor) -> Result<Tensor> {
    check_pair(operation, "teacher", student, teacher)?;
    teacher.detached()
}

/// The teacher's features without a gradient. Both have one shape, `[batch, …]`.
///
/// # Errors
/// Other shapes, in the name of `operation`.
pub fn as_features(operation: &str, student: &Tensor, teacher: &Tensor) -> Result<Tensor> {
    let (own, given) = (student.shape(), teacher.shape());
    if own == given && own.len() > 1 {
        return teacher.detached();
    }
    let problem = "the features of student and teacher have other shapes";
    let error = Error::new(Kind::Shape, operation, problem)
        .expected("[batch, …], both the same")
        .received(format!("student {}, teacher {}", words(&own), words(&given)));
    Err(match own.len() == given.len() {
        true => error.hint(
            "a part between them can make them alike: nn::linear, nn::conv2d with a kernel of 1",
        ),
        false => error.hint(
            "a mean over places makes a vector of a map: x.mean([2, 3]); over tokens: x.mean(1)",
        ),
    })
}

/// What the teacher says of the same clips, without a gradient: `[batch, …]`, as many as the student's; the rest of
/// the shapes may differ.
///
/// # Errors
/// Other numbers of clips, fewer than `least` of them, in the name of `operation`.
pub fn as_clips(
    operation: &str,
    student: &Tensor,
    teacher: &Tensor,
    least: usize,
) -> Result<Tensor> {
    let (own, given) = (student.shape(), teacher.shape());
    let told = || format!("student {}, teacher {}", words(&own), words(&given));
    if own.len() < 2 || given.len() < 2 || own[0] != given[0] {
        return Err(Error::new(Kind::Shape, operation, "student and teacher tell of other clips")
            .expected("[batch, …], as many clips in both")
            .received(told()));
    }
    if own[0] < least {
        return Err(Error::new(Kind::Shape, operation, "too few clips to be compared")
            .expected(format!("{least} or more in a batch"))
            .received(told()));
    }
    teacher.detached()
}

/// 1 at the class of each clip, 0 elsewhere, `[batch, class]`: where the target's share is largest, or the class that
/// its number names.
///
/// # Errors
/// A target that is neither `[batch, class]`, as the student, nor i64 `[batch]`, in the name of `operation`; a single
/// class, since there is no other one.
pub fn class_mask(operation: &str, student: &Tensor, target: &Tensor) -> Result<Tensor> {
    let shares = shares(operation, student, target)?;
    check_pair(operation, "target", student, &shares)?;
    let classes = student.shape()[1];
    if classes < 2 {
        return Err(Error::new(Kind::Shape, operation, "there is no other class")
            .expected("2 classes or more")
            .received(words(&student.shape())));
    }
    shares.detached()?.argmax(1)?.one_hot(classes)
}

/// Refuses a share outside of 0 to 1.
///
/// # Errors
/// Such a share, called `name`.
pub fn check_share(operation: &str, name: &str, value: f64) -> Result<()> {
    match (0.0..=1.0).contains(&value) {
        true => Ok(()),
        false => Err(Error::out_of_range(operation, name, "0 to 1", value)),
    }
}

/// Refuses a temperature that is not above zero.
///
/// # Errors
/// Such a temperature, called `name`.
pub fn check_temperature(operation: &str, name: &str, value: f64) -> Result<()> {
    match value > 0.0 && value.is_finite() {
        true => Ok(()),
        false => Err(Error::out_of_range(operation, name, "more than 0", value)),
    }
}
