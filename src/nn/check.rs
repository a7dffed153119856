//! What the options of layers have in common.

use crate::error::{Error, Kind, Result};
use crate::tensor::{BATCH_OF_ONE, words};

/// More is a slip.
const MOST: usize = 1 << 20;

/// The error for an input of so many dimensions: where just the batch is missing, it says how to add one.
pub(super) fn unfit(operation: &str, expected: String, shape: &[usize], rank: usize) -> Error {
    let error = Error::new(Kind::Shape, operation, "the input does not fit")
        .expected(expected)
        .received(words(shape));
    if shape.len() + 1 == rank { error.hint(BATCH_OF_ONE) } else { error }
}

/// Refuses a number that is 0 or absurdly large.
pub(crate) fn count(operation: &str, name: &str, value: usize) -> Result<()> {
    if (1..=MOST).contains(&value) {
        return Ok(());
    }
    Err(Error::out_of_range(operation, name, format!("1 to {MOST}"), value))
}

/// Refuses a number that is no share.
pub(crate) fn share(operation: &str, name: &str, value: f64) -> Result<()> {
    if (0.0..=1.0).contains(&value) {
        return Ok(());
    }
    Err(Error::out_of_range(operation, name, "0 to 1", value))
}

/// Refuses what cannot be put under a root.
pub(crate) fn eps(operation: &str, value: f64) -> Result<()> {
    if value >= 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(Error::out_of_range(operation, "eps", "0 or more", value))
}

/// Refuses a number of parts that does not divide the whole.
pub(super) fn divides(operation: &str, part: (&str, usize), whole: (&str, usize)) -> Result<()> {
    count(operation, part.0, part.1)?;
    count(operation, whole.0, whole.1)?;
    if whole.1.is_multiple_of(part.1) {
        return Ok(());
    }
    Err(Error::new(Kind::Range, operation, format!("'{}' must divide '{}'", part.0, whole.0))
        .received(format!("{} {}, {} {}", part.0, part.1, whole.0, whole.1)))
}
