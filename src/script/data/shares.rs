//! Sets shared out: subsets, splits, folds.

use super::DatasetHandle;
use crate::data::{Draw, Folds, Split};
use crate::error::{Error, Result, unknown};
use crate::script::options::Options;
use crate::script::register::functions;
use crate::script::value;
use rhai::{Dynamic, Map, Module};
use std::sync::Arc;

/// How clips are drawn; the same for every run's seed, unless a recipe says otherwise.
fn draw(options: &Options) -> Result<Draw> {
    let (mut seed, mut stratified, mut by_group) = (0, true, true);
    options.count("seed", &mut seed)?;
    options.flag("stratified", &mut stratified)?;
    options.flag("by_group", &mut by_group)?;
    Ok(Draw { seed: seed as u64, stratified, by_group })
}

fn subset(data: &DatasetHandle, share: &Dynamic, options: Map) -> Result<DatasetHandle> {
    let options = Options::new("subset", options)?;
    let share = value::number_of("subset", "the share", share)?;
    data.subset(share, draw(&options)?).map(Arc::new)
}

fn split(data: &DatasetHandle, options: Map) -> Result<DatasetHandle> {
    let options = Options::new("split", options)?;
    let (mut validation, mut test) = (0.0, 0.0);
    options.number("validation", &mut validation)?;
    options.number("test", &mut test)?;
    data.split(validation, test, draw(&options)?).map(Arc::new)
}

fn folds_of(operation: &str, test: &Dynamic, options: &Options) -> Result<Folds> {
    let test = value::count_of(operation, "the fold", test)?;
    let whole = |value| value::count_of(operation, "'validation_fold'", value);
    Ok(Folds { test, validation: options.get("validation_fold").map(whole).transpose()? })
}

fn fold(data: &DatasetHandle, test: &Dynamic, options: Map) -> Result<DatasetHandle> {
    let options = Options::new("fold", options)?;
    data.fold(folds_of("fold", test, &options)?).map(Arc::new)
}

fn k_fold(
    data: &DatasetHandle,
    count: &Dynamic,
    test: &Dynamic,
    options: Map,
) -> Result<DatasetHandle> {
    let options = Options::new("k_fold", options)?;
    let count = value::count_of("k_fold", "the number of folds", count)?;
    data.k_fold(count, folds_of("k_fold", test, &options)?, draw(&options)?).map(Arc::new)
}

fn only(data: &DatasetHandle, name: &str) -> Result<DatasetHandle> {
    let known = Split::ALL.map(Split::name);
    let split = Split::named(name).ok_or_else(|| unknown("only", "split", name, &known))?;
    Ok(Arc::new(data.only(split)))
}

pub(super) fn functions(module: &mut Module) {
    functions! { module;
        /// A share of the clips that train, more than 0 and up to 1; clips that validate or test stay. Subsets of one
        /// seed are nested: the tenth is part of the quarter.
        ///
        /// ```rhai
        /// dataset::esc50("still:example").subset(0.25).train_clips == 100
        /// ```
        fn "subset"(data: DatasetHandle, share: Dynamic) -> DatasetHandle { subset(&data, &share, Map::new()) }

        /// As `subset(share)`. Options: `seed` (0), `stratified` (true: each class alike), `by_group` (true: clips of
        /// one recording stay together, where that is known).
        ///
        /// ```rhai
        /// dataset::esc50("still:example").subset(0.1, #{ seed: 3 }).train_clips == 40
        /// ```
        fn "subset"(data: DatasetHandle, share: Dynamic, options: Map) -> DatasetHandle {
            subset(&data, &share, options)
        }

        /// All clips shared out anew. Options: `validation` and `test` (0 each): shares of the clips, the rest trains;
        /// `seed` (0), `stratified` (true), `by_group` (true), as for `subset`.
        ///
        /// Errors: shares that leave nothing to train.
        ///
        /// ```rhai
        /// let data = dataset::esc50("still:example").split(#{ validation: 0.1, test: 0.2 });
        /// [data.train_clips, data.validation_clips, data.test_clips] == [350, 50, 100]
        /// ```
        fn "split"(data: DatasetHandle, options: Map) -> DatasetHandle { split(&data, options) }

        /// The set with the folds that its makers gave it: this one tests, the others train.
        ///
        /// Errors: a set without folds, a fold that is not there.
        ///
        /// ```rhai
        /// let data = dataset::esc50("still:example", #{ fold: 1 }).fold(2);
        /// data.test_clips == 100
        /// ```
        fn "fold"(data: DatasetHandle, test: Dynamic) -> DatasetHandle { fold(&data, &test, Map::new()) }

        /// As `fold(test)`, with an option. Options: `validation_fold`: the fold that chooses between epochs.
        ///
        /// ```rhai
        /// dataset::esc50("still:example").fold(2, #{ validation_fold: 3 }).validation_clips == 100
        /// ```
        fn "fold"(data: DatasetHandle, test: Dynamic, options: Map) -> DatasetHandle {
            fold(&data, &test, options)
        }

        /// All clips dealt out to so many folds, of which number `test`, counted from 1, tests.
        ///
        /// ```rhai
        /// dataset::esc50("still:example").k_fold(10, 1).test_clips == 50
        /// ```
        fn "k_fold"(data: DatasetHandle, count: Dynamic, test: Dynamic) -> DatasetHandle {
            k_fold(&data, &count, &test, Map::new())
        }

        /// As `k_fold(count, test)`. Options: `validation_fold`: the fold that chooses between epochs; `seed` (0);
        /// `stratified` (true: each class alike); `by_group` (true: clips of one recording stay together).
        ///
        /// ```rhai
        /// dataset::esc50("still:example").k_fold(4, 1, #{ seed: 7, validation_fold: 2 }).train_clips == 250
        /// ```
        fn "k_fold"(data: DatasetHandle, count: Dynamic, test: Dynamic, options: Map) -> DatasetHandle {
            k_fold(&data, &count, &test, options)
        }

        /// Only the clips of one split: "train", "validation" or "test".
        ///
        /// ```rhai
        /// dataset::esc50("still:example").only("test").train_clips == 0
        /// ```
        fn "only"(data: DatasetHandle, split: &str) -> DatasetHandle { only(&data, split) }

        /// At most so many clips of each class in each split, for a quick try.
        ///
        /// ```rhai
        /// dataset::esc50("still:example").at_most(2).train_clips == 20
        /// ```
        fn "at_most"(data: DatasetHandle, count: Dynamic) -> DatasetHandle {
            let count = value::count_of("at_most", "the number of clips", &count)?;
            match count {
                0 => Err(Error::out_of_range("at_most", "the number of clips", "1 or more", 0.0)),
                count => Ok(Arc::new(data.at_most(count))),
            }
        }
    }
}
