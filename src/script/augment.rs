//! Bindings of `augment`: what goes into the option `augment` of a stage.

use super::options::Options;
use super::value;
use crate::augment::{FreqMask, Mixup, TimeMask, TimeRoll};
use crate::data::Augmentation;
use crate::error::{Error, Kind, Result};
use rhai::{Dynamic, Map};
use std::sync::Arc;

/// One step of an augmentation chain, as a script holds it.
pub(super) type Step = Arc<dyn Augmentation>;

/// Beta(10, 10), as AST and PSLA have it.
const ALPHA: f64 = 10.0;

fn mixup(rate: &Dynamic, options: Map) -> Result<Step> {
    let operation = "augment::mixup";
    let options = Options::new(operation, options)?;
    let mut alpha = ALPHA;
    options.number("alpha", &mut alpha)?;
    let rate = value::number_of(operation, "the rate", rate)?;
    let range = |what: &str, wanted: &str, value: f64| {
        Err(Error::new(Kind::Range, operation, format!("{what} is out of range"))
            .expected(wanted)
            .received(value.to_string()))
    };
    if !(0.0..=1.0).contains(&rate) {
        return range("the rate", "0 to 1", rate);
    }
    if !(alpha > 0.0 && alpha.is_finite()) {
        return range("'alpha'", "more than 0", alpha);
    }
    Ok(Arc::new(Mixup { rate, alpha }))
}

#[rhai::export_module]
pub(super) mod bindings {
    use super::{FreqMask, Step, TimeMask, TimeRoll};
    use crate::script::raise::{Raw, placed};
    use crate::script::value;
    use rhai::{Dynamic, Map, NativeCallContext};
    use std::sync::Arc;

    /// Rolls each clip along time by any number of frames.
    ///
    /// ```rhai
    /// type_of(augment::time_roll()) == "Augmentation"
    /// ```
    pub fn time_roll() -> Step {
        Arc::new(TimeRoll)
    }

    /// Sets one band of up to `width` mel bins of each clip to the mean.
    ///
    /// ```rhai
    /// type_of(augment::freq_mask(24)) == "Augmentation"
    /// ```
    #[rhai_fn(return_raw)]
    pub fn freq_mask(call: NativeCallContext, width: Dynamic) -> Raw<Step> {
        let width = placed(&call, value::count_of("augment::freq_mask", "the width", &width))?;
        Ok(Arc::new(FreqMask { width }))
    }

    /// Sets one span of up to `width` frames of each clip to the mean.
    ///
    /// ```rhai
    /// type_of(augment::time_mask(96)) == "Augmentation"
    /// ```
    #[rhai_fn(return_raw)]
    pub fn time_mask(call: NativeCallContext, width: Dynamic) -> Raw<Step> {
        let width = placed(&call, value::count_of("augment::time_mask", "the width", &width))?;
        Ok(Arc::new(TimeMask { width }))
    }

    /// Mixes the share `rate` of all clips with another clip of the batch, features and labels alike;
    /// the ratio comes from Beta(10, 10).
    ///
    /// ```rhai
    /// type_of(augment::mixup(0.5)) == "Augmentation"
    /// ```
    #[rhai_fn(return_raw)]
    pub fn mixup(call: NativeCallContext, rate: Dynamic) -> Raw<Step> {
        placed(&call, super::mixup(&rate, Map::new()))
    }

    /// As `mixup(rate)`, with the option `alpha`: the ratio comes from Beta(alpha, alpha).
    ///
    /// ```rhai
    /// type_of(augment::mixup(0.5, #{ alpha: 0.4 })) == "Augmentation"
    /// ```
    #[rhai_fn(name = "mixup", return_raw)]
    pub fn mixup_options(call: NativeCallContext, rate: Dynamic, options: Map) -> Raw<Step> {
        placed(&call, super::mixup(&rate, options))
    }
}
