//! `augment::…` of steps: with a probability, one or some of several, in any order.

use super::given::rate_of;
use super::{STEP, Step};
use crate::augment::{Chance, Pick, Shuffled};
use crate::error::Result;
use crate::script::register::namespaced;
use crate::script::value;
use rhai::{Dynamic, Module};
use std::sync::Arc;

fn steps_of(operation: &str, given: &Dynamic) -> Result<Vec<Step>> {
    let step = |operation: &str, what: &str, value: &Dynamic| {
        value::native_of(operation, what, STEP, value)
    };
    value::list_of(operation, "the steps", given, step)
}

fn chance(probability: &Dynamic, step: &Dynamic) -> Result<Step> {
    let operation = "augment::chance";
    let probability = rate_of(operation, "the probability", probability)?;
    let step = value::native_of::<Step>(operation, "the step", STEP, step)?;
    Ok(Arc::new(Chance::new(probability, step)))
}

fn pick(operation: &str, count: usize, steps: &Dynamic) -> Result<Step> {
    Ok(Arc::new(Pick::new(operation, count, steps_of(operation, steps)?)?))
}

fn shuffled(steps: &Dynamic) -> Result<Step> {
    let operation = "augment::shuffled";
    Ok(Arc::new(Shuffled::new(operation, steps_of(operation, steps)?)?))
}

pub(super) fn functions(module: &mut Module) {
    namespaced! { module;
        /// Does a step with a probability: for a clip, or for a batch where the step works on batches.
        ///
        /// ```rhai
        /// type_of(augment::chance(0.5, augment::gain([-6, 6]))) == "Augmentation"
        /// ```
        fn "chance"(probability: Dynamic, step: Dynamic) -> Step { chance(&probability, &step) }

        /// Does one of several steps, each as likely as the others.
        ///
        /// All steps of a group work on samples, or all on features, or all on batches.
        ///
        /// ```rhai
        /// type_of(augment::one_of([augment::freq_mask(24), augment::time_mask(96)])) == "Augmentation"
        /// ```
        fn "one_of"(steps: Dynamic) -> Step { pick("augment::one_of", 1, &steps) }

        /// Does `count` of several steps, as they stand; all choices are equally likely.
        ///
        /// All steps of a group work on samples, or all on features, or all on batches.
        ///
        /// ```rhai
        /// let steps = [augment::freq_mask(24), augment::time_mask(96), augment::time_roll()];
        /// type_of(augment::some_of(2, steps)) == "Augmentation"
        /// ```
        fn "some_of"(count: Dynamic, steps: Dynamic) -> Step {
            let operation = "augment::some_of";
            pick(operation, value::count_of(operation, "the count", &count)?, &steps)
        }

        /// Does all of several steps, in any order; all orders are equally likely.
        ///
        /// All steps of a group work on samples, or all on features, or all on batches.
        ///
        /// ```rhai
        /// type_of(augment::shuffled([augment::gain([-6, 6]), augment::polarity(0.5)])) == "Augmentation"
        /// ```
        fn "shuffled"(steps: Dynamic) -> Step { shuffled(&steps) }
    }
}
