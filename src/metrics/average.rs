//! From one value a class to one value.

use crate::error::{Result, unknown};

/// How classes are averaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Average {
    /// The mean over classes.
    Macro,
    /// Over all pairs of a clip and a class, as if they were of one class.
    Micro,
    /// The mean over classes by how many positives they have.
    Weighted,
}

impl Average {
    /// By its name.
    ///
    /// # Errors
    /// A name that is not known.
    pub fn named(operation: &str, name: &str) -> Result<Self> {
        match name {
            "macro" => Ok(Average::Macro),
            "micro" => Ok(Average::Micro),
            "weighted" => Ok(Average::Weighted),
            _ => Err(unknown(operation, "average", name, &["macro", "micro", "weighted", "none"])),
        }
    }
}

/// What a class counts as that has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// It is left out of the mean.
    Skip,
    /// It counts as 0.
    Zero,
}

impl Missing {
    /// By its name.
    ///
    /// # Errors
    /// A name that is not known.
    pub fn named(operation: &str, name: &str) -> Result<Self> {
        match name {
            "skip" => Ok(Missing::Skip),
            "zero" => Ok(Missing::Zero),
            _ => Err(unknown(operation, "way with missing classes", name, &["skip", "zero"])),
        }
    }
}

/// A value, and what it was made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Averaged {
    /// The average; NaN where no class has a value.
    pub value: f64,
    /// One a class, NaN where a class has none; empty for the micro average.
    pub per_class: Vec<f64>,
    /// How many classes have no value.
    pub missing: usize,
}

impl Averaged {
    /// The average of one value a class.
    pub(super) fn of(
        per_class: Vec<f64>,
        positives: &[f64],
        average: Average,
        missing: Missing,
    ) -> Self {
        let count = per_class.iter().filter(|value| value.is_nan()).count();
        let (mut sum, mut total) = (0.0, 0.0);
        for (value, positives) in per_class.iter().zip(positives) {
            let share = if average == Average::Weighted { *positives } else { 1.0 };
            match (value.is_nan(), missing) {
                (true, Missing::Skip) => {}
                (true, Missing::Zero) => total += share,
                (false, _) => {
                    sum += share * value;
                    total += share;
                }
            }
        }
        Averaged { value: sum / total, per_class, missing: count }
    }
}
