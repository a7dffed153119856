//! `augment::…` that make a clip of several.

use super::Step;
use super::given::{positive, rate_of};
use crate::augment::{CutMix, FreqMixStyle, Mixup, WaveMixup};
use crate::error::Result;
use crate::script::options::Options;
use crate::script::register::namespaced;
use rhai::{Dynamic, Map, Module};
use std::sync::Arc;

/// Beta(10, 10), as AST and PSLA have it.
const ALPHA: f64 = 10.0;
/// CutMix's own: all shares are equally likely.
const CUT_ALPHA: f64 = 1.0;
/// Of Freq-MixStyle's authors, with a rate of 0.4.
const STYLE_ALPHA: f64 = 0.3;

fn given(operation: &str, rate: &Dynamic, options: Map, mut alpha: f64) -> Result<(f64, f64)> {
    let options = Options::new(operation, options)?;
    positive(&options, "alpha", &mut alpha)?;
    Ok((rate_of(operation, "the rate", rate)?, alpha))
}

fn mixup(rate: &Dynamic, options: Map) -> Result<Step> {
    let (rate, alpha) = given("augment::mixup", rate, options, ALPHA)?;
    Ok(Arc::new(Mixup { rate, alpha }))
}

fn wave_mixup(rate: &Dynamic, options: Map) -> Result<Step> {
    let (rate, alpha) = given("augment::wave_mixup", rate, options, ALPHA)?;
    Ok(Arc::new(WaveMixup { rate, alpha }))
}

fn cutmix(rate: &Dynamic, options: Map) -> Result<Step> {
    let (rate, alpha) = given("augment::cutmix", rate, options, CUT_ALPHA)?;
    Ok(Arc::new(CutMix { rate, alpha }))
}

fn freq_mixstyle(rate: &Dynamic, options: Map) -> Result<Step> {
    let (rate, alpha) = given("augment::freq_mixstyle", rate, options, STYLE_ALPHA)?;
    Ok(Arc::new(FreqMixStyle { rate, alpha }))
}

pub(super) fn functions(module: &mut Module) {
    namespaced! { module;
        /// Mixes the share `rate` of all clips with a clip of the batch, maybe itself, features and labels alike;
        /// the ratio comes from Beta(10, 10).
        ///
        /// ```rhai
        /// type_of(augment::mixup(0.5)) == "Augmentation"
        /// ```
        fn "mixup"(rate: Dynamic) -> Step { mixup(&rate, Map::new()) }

        /// As `mixup(rate)`, with the option `alpha`: the ratio comes from Beta(alpha, alpha).
        ///
        /// ```rhai
        /// type_of(augment::mixup(0.5, #{ alpha: 0.4 })) == "Augmentation"
        /// ```
        fn "mixup"(rate: Dynamic, options: Map) -> Step { mixup(&rate, options) }

        /// Mixes the samples of the share `rate` of all clips with a clip of the split, maybe itself, labels alike, as AST and PSLA
        /// do it: both without their mean, the other one padded or cut to the clip's length, a ratio from Beta(10, 10).
        ///
        /// ```rhai
        /// type_of(augment::wave_mixup(0.5)) == "Augmentation"
        /// ```
        fn "wave_mixup"(rate: Dynamic) -> Step { wave_mixup(&rate, Map::new()) }

        /// As `wave_mixup(rate)`, with the option `alpha`: the ratio comes from Beta(alpha, alpha).
        ///
        /// ```rhai
        /// type_of(augment::wave_mixup(0.5, #{ alpha: 5 })) == "Augmentation"
        /// ```
        fn "wave_mixup"(rate: Dynamic, options: Map) -> Step { wave_mixup(&rate, options) }

        /// CutMix (Yun et al. 2019): puts a rectangle of a clip of the batch, maybe of itself, into the share `rate` of all clips; labels
        /// go by the area.
        ///
        /// ```rhai
        /// type_of(augment::cutmix(0.5)) == "Augmentation"
        /// ```
        fn "cutmix"(rate: Dynamic) -> Step { cutmix(&rate, Map::new()) }

        /// As `cutmix(rate)`, with the option `alpha` (1): the share that stays comes from Beta(alpha, alpha), before
        /// what lies outside of the clip is cut off.
        ///
        /// ```rhai
        /// type_of(augment::cutmix(0.5, #{ alpha: 0.4 })) == "Augmentation"
        /// ```
        fn "cutmix"(rate: Dynamic, options: Map) -> Step { cutmix(&rate, options) }

        /// Freq-MixStyle (Schmid et al. 2022): in the share `rate` of all batches, mixes mean and deviation of each bin with
        /// those of another clip, so that a model hears less of the device. Labels stay. The authors' rate is 0.4.
        ///
        /// ```rhai
        /// type_of(augment::freq_mixstyle(0.4)) == "Augmentation"
        /// ```
        fn "freq_mixstyle"(rate: Dynamic) -> Step { freq_mixstyle(&rate, Map::new()) }

        /// As `freq_mixstyle(rate)`, with the option `alpha` (0.3): a clip keeps a share from Beta(alpha, alpha) of its own.
        ///
        /// ```rhai
        /// type_of(augment::freq_mixstyle(0.4, #{ alpha: 0.6 })) == "Augmentation"
        /// ```
        fn "freq_mixstyle"(rate: Dynamic, options: Map) -> Step { freq_mixstyle(&rate, options) }
    }
}
