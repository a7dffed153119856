//! What a stage's result tells.

use crate::train::Reading;

/// Numbers of every reading, by the keys of its map.
const READINGS: [&str; 8] =
    ["loss", "test_loss", "accuracy", "map", "lr", "lambda", "tau", "seconds"];

/// The keys of a reading's map, what hooks log aside.
pub fn readings() -> impl Iterator<Item = &'static str> {
    ["epoch"].into_iter().chain(READINGS)
}

/// A reading as a map by the names of its columns.
pub(super) fn reading_map(reading: &Reading) -> rhai::Map {
    let mut map = rhai::Map::new();
    map.insert("epoch".into(), (reading.epoch as i64).into());
    let numbers = [
        Some(reading.loss),
        Some(reading.test_loss),
        Some(reading.accuracy),
        reading.map,
        Some(reading.lr),
        reading.lambda,
        reading.tau,
        Some(reading.seconds),
    ];
    for (name, value) in READINGS.into_iter().zip(numbers) {
        map.insert(name.into(), value.map_or(rhai::Dynamic::UNIT, Into::into));
    }
    for (name, value) in &reading.logged {
        map.insert(name.as_str().into(), (*value).into());
    }
    map
}

#[rhai::export_module]
pub(super) mod getters {
    use super::reading_map;
    use crate::error::{Error, Kind};
    use crate::nn::Net;
    use crate::script::raise::{Raw, raw};
    use crate::train::Trained;
    use rhai::{Array, Dynamic, Map};

    /// The trained network; shares its weights.
    ///
    /// ```rhai,stage
    /// let trained = train(model, common + #{ name: "first" });
    /// assert_eq(trained.net.forward(tensor::zeros([1, 40, 16])).shape, [1, data.classes]);
    /// ```
    #[rhai_fn(get = "net", pure)]
    pub fn net(trained: &mut Trained) -> Net {
        trained.model.net().clone()
    }

    /// All networks of a stage with steps of the recipe's own, by name; of another stage its `parts`.
    ///
    /// ```rhai,stage
    /// let pair = each_step(common + #{ nets: #{ one: model, two: model }, evaluate: "one" }, Fn("teach"));
    /// assert_eq(pair.nets.keys(), ["one", "two"]);
    ///
    /// fn teach(ctx, batch) {
    ///     kd::kl(ctx.nets.one.forward(batch.input), ctx.nets.two.forward(batch.input))
    /// }
    /// ```
    #[rhai_fn(get = "nets", pure)]
    pub fn nets(trained: &mut Trained) -> Map {
        let all = trained.nets.iter();
        all.map(|(name, net)| (name.into(), Dynamic::from(net.clone()))).collect()
    }

    /// The stage's name.
    ///
    /// ```rhai,stage
    /// let trained = train(model, common + #{ name: "first" });
    /// assert_eq(trained.name, "first");
    /// ```
    #[rhai_fn(get = "name", pure)]
    pub fn name(trained: &mut Trained) -> String {
        trained.name.clone()
    }

    /// Accuracy on the test clips with the last weights.
    ///
    /// ```rhai,stage
    /// let trained = train(model, common + #{ name: "first" });
    /// assert(trained.accuracy >= 0.0 && trained.accuracy <= 1.0);
    /// ```
    #[rhai_fn(get = "accuracy", pure)]
    pub fn accuracy(trained: &mut Trained) -> f64 {
        trained.accuracy
    }

    /// Mean average precision on the test clips with the last weights, where clips have several labels; else `()`.
    ///
    /// ```rhai,stage
    /// let trained = train(model, common + #{ name: "first" });
    /// assert(trained.map == ());
    /// ```
    #[rhai_fn(get = "map", pure)]
    pub fn map(trained: &mut Trained) -> Dynamic {
        trained.map.map_or(Dynamic::UNIT, Dynamic::from)
    }

    /// The accuracy of the best epoch, judged by the clips that validate; where there are none by those that test,
    /// which is optimistic.
    ///
    /// ```rhai,stage
    /// let trained = train(model, common + #{ name: "first" });
    /// assert(trained.best_accuracy >= trained.accuracy);
    /// ```
    #[rhai_fn(get = "best_accuracy", pure)]
    pub fn best_accuracy(trained: &mut Trained) -> f64 {
        trained.best_accuracy
    }

    /// The number of trained parameters.
    ///
    /// ```rhai,stage
    /// let trained = train(model, common + #{ name: "first" });
    /// assert_eq(trained.parameters, trained.net.count);
    /// ```
    #[rhai_fn(get = "parameters", pure)]
    pub fn parameters(trained: &mut Trained) -> i64 {
        trained.parameters as i64
    }

    /// Optimiser steps.
    ///
    /// ```rhai,stage
    /// let trained = train(model, common + #{ name: "first" });
    /// assert_eq(trained.steps, 2 * 2);
    /// ```
    #[rhai_fn(get = "steps", pure)]
    pub fn steps(trained: &mut Trained) -> i64 {
        trained.steps as i64
    }

    /// Wall time.
    ///
    /// ```rhai,stage
    /// let trained = train(model, common + #{ name: "first" });
    /// assert(trained.seconds > 0.0);
    /// ```
    #[rhai_fn(get = "seconds", pure)]
    pub fn seconds(trained: &mut Trained) -> f64 {
        trained.seconds
    }

    /// What each epoch gave, first to last: maps with `epoch` (counted from 1), `step` (steps done at its end), `loss`,
    /// `test_loss`, `accuracy`, `map`, `lr`, `lambda`, `tau`, `seconds`, and whatever hooks logged: as `ctx.metrics`. Also of a
    /// stage that came from the store.
    ///
    /// ```rhai,stage
    /// let trained = train(model, common + #{ name: "first" });
    /// assert_eq(trained.metrics.map(|epoch| epoch.epoch), [1, 2]);
    /// assert_eq(trained.metrics[-1].accuracy, trained.accuracy);
    /// assert_eq(trained.metrics[-1].step, trained.steps);
    /// ```
    #[rhai_fn(get = "metrics", pure)]
    pub fn metrics(trained: &mut Trained) -> Array {
        let rows = trained.readings.iter().map(|(step, reading)| {
            let mut row = reading_map(reading);
            row.insert("step".into(), (*step as i64).into());
            row.into()
        });
        rows.collect()
    }

    /// The network with the mean of the weights of several epochs, as a result of its own: with `accuracy` and `net`, to
    /// teach, to be reported. The option `average` of `train` and `distill` says which epochs.
    ///
    /// Errors: a stage that averages none.
    ///
    /// ```rhai,stage
    /// let trained = train(model, common + #{ name: "first", average: [1, 2] });
    /// assert_eq(trained.averaged.name, "first, averaged");
    /// assert_ne(trained.averaged.net.state(), trained.net.state());
    /// report([trained, trained.averaged]);
    /// ```
    #[rhai_fn(get = "averaged", pure, return_raw)]
    pub fn averaged(trained: &mut Trained) -> Raw<Trained> {
        let none = || {
            let problem = format!("'{}' averages no weights", trained.name);
            Error::new(Kind::Name, "averaged", problem)
                .hint("the option average: [first, last] of its stage says of which epochs, counted from 1")
        };
        raw(trained.of_averaged().ok_or_else(none))
    }
}
