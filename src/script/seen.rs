//! What hooks find in `ctx` to work on: networks and optimisers of their own steps; and for the hook `loss` the stage's
//! parts, inner outputs, and which clips the batch is of.

use super::context::Context;
use crate::error::{Error, Kind, Result};
use crate::nn::Net;
use crate::tensor::{Device, Tensor};
use rhai::{Dynamic, Map};

/// Refuses to give what the stage does not have.
fn missing(ctx: &Context, what: &str, expected: &str) -> Error {
    ctx.desk().miss();
    let problem = match what {
        "net" | "taught" | "lambda" | "tau" => format!("there is no {what} here"),
        several => format!("there are no {several} here"),
    };
    Error::new(Kind::Name, format!("ctx.{what}"), problem).expected(expected)
}

fn parts(ctx: &Context) -> Result<Map> {
    let nets = ctx.desk().nets();
    let option = "an option of train(…) or distill(…): parts: #{ proj: nn::linear(…) }";
    if nets.is_empty() { Err(missing(ctx, "parts", option)) } else { Ok(nets) }
}

fn taps(ctx: &Context) -> Result<Map> {
    let seen = ctx.desk().seen();
    if seen.taps.iter().all(Vec::is_empty) {
        let expected = "an option of train(…) or distill(…), for the hook loss: taps: #{ student: [\"head.0\"] }";
        return Err(missing(ctx, "taps", expected));
    }
    let whose = ["student", "teacher"].into_iter().zip(seen.taps);
    let map = |taps: Vec<(String, Tensor)>| {
        taps.into_iter().map(|(name, tensor)| (name.into(), Dynamic::from(tensor))).collect::<Map>()
    };
    Ok(whose.map(|(whose, taps)| (whose.into(), Dynamic::from(map(taps)))).collect())
}

fn places(ctx: &Context) -> Result<Tensor> {
    let places: Vec<i64> = ctx.desk().seen().places.into_iter().map(|place| place as i64).collect();
    if places.is_empty() {
        return Err(missing(ctx, "places", "the hook loss, which has a batch of clips"));
    }
    let count = places.len();
    Tensor::from_integers(places, &[count], &Device::default())
}

fn taught(ctx: &Context) -> Result<Tensor> {
    let count = ctx.desk().seen().places.len();
    if count == 0 {
        return Err(missing(ctx, "taught", "the hook loss, which has a batch of clips"));
    }
    match ctx.desk().look_at_taught() {
        Some(taught) => Ok(taught),
        None => Tensor::full(&[count], 1.0, &Device::default()),
    }
}

/// λ and τ of the step.
fn weights(ctx: &Context, what: &str) -> Result<[f64; 2]> {
    let expected = "the hook loss of distill(…), whose lambda and tau are options or hooks";
    ctx.desk().seen().weights.ok_or_else(|| missing(ctx, what, expected))
}

fn net(ctx: &Context) -> Result<Net> {
    let option =
        "a hook of train(…) or distill(…); a step of your own finds its networks in ctx.nets";
    ctx.desk().student().ok_or_else(|| missing(ctx, "net", option))
}

#[rhai::export_module]
pub(super) mod bindings {
    use crate::nn::Net;
    use crate::script::context::Context;
    use crate::script::raise::{Raw, raw};
    use crate::tensor::Tensor;
    use rhai::Map;

    /// The networks beside the one that is trained, by name, as the option `parts` of `train` and `distill` has them: what
    /// a loss needs of its own. They are trained by the same optimiser, kept in checkpoints, and not exported.
    ///
    /// Their parameters are called `parts.proj.weight` in groups of an optimiser. The trained ones are `nets` of the result.
    /// Errors: a stage without parts.
    ///
    /// ```rhai,stage
    /// let taught = train(model, common + #{ parts: #{ scale: nn::linear(data.classes, data.classes) } });
    /// assert_ne(taught.nets.scale.state(), #{});
    ///
    /// fn loss(ctx, student, target) {
    ///     cross_entropy(student, target) + 0.1 * cross_entropy(ctx.parts.scale.forward(student), target)
    /// }
    /// ```
    #[rhai_fn(get = "parts", pure, return_raw)]
    pub fn parts(ctx: &mut Context) -> Raw<Map> {
        raw(super::parts(ctx))
    }

    /// Inner outputs, by the names that `net.taps()` and `still models` list, as the option `taps` of `train` and `distill`
    /// says: `ctx.taps.student[name]`, `ctx.taps.teacher[name]`. There in the hook `loss` only; no gradient flows into a teacher.
    ///
    /// ```rhai,stage
    /// let teacher = train(model, common + #{ name: "teacher", loss: Fn("plain") });
    /// let taught = distill(teacher, model, common + #{
    ///     name: "student", taps: #{ student: ["pooled"], teacher: ["pooled"] },
    /// });
    /// assert_eq(taught.name, "student");
    ///
    /// fn plain(ctx, student, target) { cross_entropy(student, target) }
    ///
    /// fn loss(ctx, student, teacher, target) {
    ///     cross_entropy(student, target) + mse(ctx.taps.student["pooled"], ctx.taps.teacher["pooled"])
    /// }
    /// ```
    #[rhai_fn(get = "taps", pure, return_raw)]
    pub fn taps(ctx: &mut Context) -> Raw<Map> {
        raw(super::taps(ctx))
    }

    /// Which clips the batch of the hook `loss` is of, i64 `[batch]`: their places among the `data.train_clips` that train; of
    /// a mixed clip the place of that with the largest share. So a memory can keep a row for each clip.
    ///
    /// ```rhai,stage
    /// let taught = train(model, common);
    /// assert(taught.steps > 0);
    ///
    /// fn loss(ctx, student, target) {
    ///     assert_eq(ctx.places.shape, [student.shape[0]]);
    ///     cross_entropy(student, target)
    /// }
    /// ```
    #[rhai_fn(get = "places", pure, return_raw)]
    pub fn places(ctx: &mut Context) -> Raw<Tensor> {
        raw(super::places(ctx))
    }

    /// How much of each clip of the batch the teacher has said something of, f32 `[batch]`, for the hook `loss`: 1, but for
    /// clips that a teacher out of a file does not have, where `kd::stored` got `missing: "skip"`. Of a mixed clip it is the share
    /// of the clips that it has. Where it is below 1, a loss has to weigh its teacher's term by it; the standard loss does.
    ///
    /// ```rhai,stage
    /// let teacher = train(model, common + #{ name: "teacher", loss: Fn("plain") });
    /// let taught = distill(teacher, model, common + #{ name: "student" });
    /// assert_eq(taught.name, "student");
    ///
    /// fn plain(ctx, student, target) { cross_entropy(student, target) }
    ///
    /// fn loss(ctx, student, teacher, target) {
    ///     assert_eq(ctx.taught.shape, [student.shape[0]]);
    ///     let rows = kd::kl(student, teacher, #{ reduction: "none" }).sum(1);
    ///     cross_entropy(student, target) + (rows * ctx.taught).mean()
    /// }
    /// ```
    #[rhai_fn(get = "taught", pure, return_raw)]
    pub fn taught(ctx: &mut Context) -> Raw<Tensor> {
        raw(super::taught(ctx))
    }

    /// λ of the step, in the hook `loss` of `distill`: what the option `lambda` or the hook `lambda(ctx)` says, 0.5 where neither
    /// is there. It is what `metrics.csv` shows.
    ///
    /// ```rhai,stage
    /// let teacher = train(model, common + #{ name: "teacher", loss: Fn("plain") });
    /// let taught = distill(teacher, model, common + #{ name: "student", lambda: 0.25 });
    /// assert_eq(taught.metrics[-1].lambda, 0.25);
    ///
    /// fn plain(ctx, student, target) { cross_entropy(student, target) }
    ///
    /// fn loss(ctx, student, teacher, target) {
    ///     assert_eq(ctx.lambda, 0.25);
    ///     ctx.lambda * cross_entropy(student, target) + (1.0 - ctx.lambda) * kd::kl(student, teacher)
    /// }
    /// ```
    #[rhai_fn(get = "lambda", pure, return_raw)]
    pub fn lambda(ctx: &mut Context) -> Raw<f64> {
        raw(super::weights(ctx, "lambda").map(|[lambda, _]| lambda))
    }

    /// τ of the step, in the hook `loss` of `distill`: what the option `tau` or the hook `tau(ctx)` says, 1.0 where neither is
    /// there. The loss divides logits by it itself.
    ///
    /// ```rhai,stage
    /// let teacher = train(model, common + #{ name: "teacher", loss: Fn("plain") });
    /// let taught = distill(teacher, model, common + #{ name: "student" });
    /// assert_eq(taught.metrics[-1].tau, 2.0);
    ///
    /// fn plain(ctx, student, target) { cross_entropy(student, target) }
    ///
    /// fn tau(ctx) { 2.0 }
    ///
    /// fn loss(ctx, student, teacher, target) {
    ///     assert_eq(ctx.tau, 2.0);
    ///     kd::kl(student, teacher / ctx.tau)
    /// }
    /// ```
    #[rhai_fn(get = "tau", pure, return_raw)]
    pub fn tau(ctx: &mut Context) -> Raw<f64> {
        raw(super::weights(ctx, "tau").map(|[_, tau]| tau))
    }

    /// The network that `train` or `distill` trains, itself: what is set there is set. A hook that fails leaves no trace;
    /// what `on_epoch` sets is evaluated once more, so that the epoch's numbers are those of the weights at its end.
    ///
    /// `ctx.net.copy().eval()` is one to look at: in training, `forward` moves running statistics.
    /// Errors: a stage with steps of the recipe's own.
    ///
    /// ```rhai,stage
    /// let trained = train(model, common);
    /// assert(trained.metrics[-1].size > 0.0);
    ///
    /// fn on_epoch(ctx) {
    ///     let size = 0.0;
    ///     for name in ctx.net.trainable() { size += (ctx.net.weight(name) ** 2).sum().item(); }
    ///     ctx.log("size", size);
    /// }
    /// ```
    #[rhai_fn(get = "net", pure, return_raw)]
    pub fn net(ctx: &mut Context) -> Raw<Net> {
        raw(super::net(ctx))
    }

    /// The networks of a stage with steps of the recipe's own, by name.
    ///
    /// ```rhai,stage
    /// let taught = each_step(common + #{ nets: #{ one: model, two: model }, evaluate: "one" }, Fn("teach"));
    ///
    /// fn teach(ctx, batch) {
    ///     assert_eq(ctx.nets.keys(), ["one", "two"]);
    ///     kd::kl(ctx.nets.one.forward(batch.input), ctx.nets.two.forward(batch.input))
    /// }
    /// ```
    #[rhai_fn(get = "nets", pure)]
    pub fn nets(ctx: &mut Context) -> Map {
        ctx.desk().nets()
    }

    /// The optimisers of a stage with steps of the recipe's own, by name.
    ///
    /// ```rhai,stage
    /// let taught = each_step(common + #{
    ///     nets: #{ net: model },
    ///     optimizers: #{ adam: optim::adam(#{ lr: 0.01 }) },
    /// }, Fn("teach"));
    ///
    /// fn teach(ctx, batch) {
    ///     let loss = cross_entropy(ctx.nets.net.forward(batch.input), batch.target);
    ///     assert(ctx.optimizers.adam.step(ctx.nets.net, loss));
    ///     loss
    /// }
    /// ```
    #[rhai_fn(get = "optimizers", pure)]
    pub fn optimizers(ctx: &mut Context) -> Map {
        ctx.desk().optimizers()
    }
}
