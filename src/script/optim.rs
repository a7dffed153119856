//! Bindings of `optim`.

use super::options::Options;
use super::value;
use crate::error::{Error, Kind, Result, unknown};
use crate::nn::Pattern;
use crate::optim::{
    AdamOptions, AdanOptions, AdjustLr, Algorithm, AuxiliaryOptions, Group, LionOptions,
    MuonOptions, OptimizerHandle, OptimizerOptions, SgdOptions,
};
use rhai::{Dynamic, Map};

/// An optimiser with the common options and those of its `algorithm`.
fn optimizer(
    operation: &str,
    map: Map,
    algorithm: impl FnOnce(&Options) -> Result<Algorithm>,
) -> Result<OptimizerHandle> {
    let options = Options::new(operation, map)?;
    let mut own = OptimizerOptions::new(algorithm(&options)?);
    options.number("lr", &mut own.lr)?;
    options.number("weight_decay", &mut own.weight_decay)?;
    own.clip_norm = maybe(&options, "clip_norm")?;
    own.clip_value = maybe(&options, "clip_value")?;
    options.count("accumulate", &mut own.accumulate)?;
    options.flag("decay_norms", &mut own.decay_norms)?;
    own.groups = options.list("groups", group)?.unwrap_or_default();
    OptimizerHandle::new(own)
}

/// The number under `key`, if it is there.
fn maybe(options: &Options, key: &str) -> Result<Option<f64>> {
    let mut number = f64::NAN;
    options.number(key, &mut number)?;
    Ok(options.get(key).map(|_| number))
}

fn group(operation: &str, what: &str, given: &Dynamic) -> Result<Group> {
    let map = value::map_of(operation, what, given)?;
    let options = Options::under(operation, "optim.groups", what, map)?;
    let expected = "a pattern of parameter names: \"head.*\", or several in an array";
    let names = patterns(operation, &options)?;
    Ok(Group {
        names: names.ok_or_else(|| options.missing("names", expected))?,
        lr: maybe(&options, "lr")?,
        lr_scale: maybe(&options, "lr_scale")?,
        weight_decay: maybe(&options, "weight_decay")?,
    })
}

/// `names`: one pattern, or an array of them.
fn patterns(operation: &str, options: &Options) -> Result<Option<Vec<Pattern>>> {
    let pattern = |operation: &str, what: &str, value: &Dynamic| {
        let text = value::text_of(operation, what, value)?;
        Pattern::new(&text).map_err(|error| error.during(format!("{operation}, '{text}'")))
    };
    match options.get("names") {
        Some(several) if several.is_array() => options.list("names", pattern),
        Some(one) => Ok(Some(vec![pattern(operation, &options.quoted("names"), one)?])),
        None => Ok(None),
    }
}

/// The numbers under `betas`, as many as the algorithm has.
fn betas<const N: usize>(operation: &str, options: &Options, into: &mut [f64; N]) -> Result<()> {
    let Some(betas) = options.list("betas", value::number_of)? else { return Ok(()) };
    *into = <[f64; N]>::try_from(betas).map_err(|betas| {
        Error::new(Kind::Type, operation, "'betas' has the wrong length")
            .expected(if N == 2 { "two numbers" } else { "three numbers" })
            .received(format!("{betas:?}"))
    })?;
    Ok(())
}

fn moments(operation: &str, options: &Options) -> Result<AdamOptions> {
    let mut own = AdamOptions::default();
    betas(operation, options, &mut own.betas)?;
    options.number("eps", &mut own.eps)?;
    Ok(own)
}

fn adam(options: &Options) -> Result<Algorithm> {
    let mut own = moments("optim::adam", options)?;
    options.flag("amsgrad", &mut own.amsgrad)?;
    Ok(Algorithm::Adam(own))
}

fn adamw(options: &Options) -> Result<Algorithm> {
    let mut own = moments("optim::adamw", options)?;
    options.flag("amsgrad", &mut own.amsgrad)?;
    Ok(Algorithm::Adamw(own))
}

fn sgd(options: &Options) -> Result<Algorithm> {
    let mut own = SgdOptions::default();
    options.number("momentum", &mut own.momentum)?;
    options.number("dampening", &mut own.dampening)?;
    options.flag("nesterov", &mut own.nesterov)?;
    Ok(Algorithm::Sgd(own))
}

fn lion(options: &Options) -> Result<Algorithm> {
    let mut own = LionOptions::default();
    betas("optim::lion", options, &mut own.betas)?;
    Ok(Algorithm::Lion(own))
}

fn adan(options: &Options) -> Result<Algorithm> {
    let mut own = AdanOptions::default();
    betas("optim::adan", options, &mut own.betas)?;
    options.number("eps", &mut own.eps)?;
    options.flag("no_prox", &mut own.no_prox)?;
    Ok(Algorithm::Adan(own))
}

fn muon(options: &Options) -> Result<Algorithm> {
    let operation = "optim::muon";
    let mut own = MuonOptions::default();
    options.number("momentum", &mut own.momentum)?;
    options.flag("nesterov", &mut own.nesterov)?;
    options.count("ns_steps", &mut own.ns_steps)?;
    if let Some(name) = options.text("adjust_lr_fn")? {
        own.adjust_lr_fn = match name.as_str() {
            "original" => AdjustLr::Original,
            "match_rms_adamw" => AdjustLr::MatchRmsAdamw,
            _ => {
                let known = ["original", "match_rms_adamw"];
                return Err(unknown(operation, "adjust_lr_fn", &name, &known));
            }
        };
    }
    if let Some(given) = options.get("adamw") {
        let map = value::map_of(operation, "'adamw'", given)?;
        let options = Options::under(operation, "optim::muon.adamw", "adamw", map)?;
        let mut rest =
            AuxiliaryOptions { adam: moments(operation, &options)?, ..AuxiliaryOptions::default() };
        rest.names = patterns(operation, &options)?.unwrap_or_default();
        options.number("lr", &mut rest.lr)?;
        options.number("weight_decay", &mut rest.weight_decay)?;
        own.adamw = rest;
    }
    Ok(Algorithm::Muon(own))
}

#[rhai::export_module]
pub(super) mod bindings {
    use super::optimizer;
    use crate::optim::OptimizerHandle;
    use crate::script::raise::{Raw, placed};
    use crate::script::value;
    use rhai::{Dynamic, Map, NativeCallContext};

    /// Stochastic gradient descent, as `torch.optim.SGD`.
    ///
    /// Options: `lr` (0.001), `momentum` (0), `dampening` (0), `nesterov` (false), `weight_decay` (0, L2 in
    /// the gradient), and those that every optimiser has: `clip_norm` (the longest that all gradients
    /// together may be), `clip_value` (the largest that an element may be), `accumulate` (1: so many
    /// backward passes are averaged for one update), `decay_norms` (true; false: parameters with one
    /// dimension do not decay), `groups` ([]: maps with `names`, and `lr` or `lr_scale`, `weight_decay`;
    /// the first one that fits a parameter's name has it).
    /// Errors: options out of range; at the first step, a pattern that fits no parameter.
    ///
    /// ```rhai
    /// let groups = [#{ names: "head.*", lr_scale: 10 }];
    /// optim::sgd(#{ lr: 0.1, momentum: 0.9, nesterov: true, clip_norm: 1, groups: groups }).name == "sgd"
    /// ```
    #[rhai_fn(return_raw)]
    pub fn sgd(call: NativeCallContext, options: Map) -> Raw<OptimizerHandle> {
        placed(&call, optimizer("optim::sgd", options, super::sgd))
    }

    /// Adam, with L2 in the gradient as `torch.optim.Adam` has it.
    ///
    /// Options: `lr` (0.001), `betas` ([0.9, 0.999]), `eps` (1e-8), `amsgrad` (false; true: the largest
    /// second moment so far counts), `weight_decay` (0), and those that every optimiser has, see `optim::sgd`.
    ///
    /// ```rhai
    /// optim::adam(#{ lr: 1e-4, betas: [0.95, 0.999] }).lr == 1e-4
    /// ```
    #[rhai_fn(return_raw)]
    pub fn adam(call: NativeCallContext, options: Map) -> Raw<OptimizerHandle> {
        placed(&call, optimizer("optim::adam", options, super::adam))
    }

    /// Adam with decoupled weight decay, as `torch.optim.AdamW`.
    ///
    /// Options: `lr` (0.001), `betas` ([0.9, 0.999]), `eps` (1e-8), `amsgrad` (false), `weight_decay` (0.01),
    /// and those that every optimiser has, see `optim::sgd`.
    ///
    /// ```rhai
    /// optim::adamw(#{ lr: 3e-4, weight_decay: 0.05, decay_norms: false }).name == "adamw"
    /// ```
    #[rhai_fn(return_raw)]
    pub fn adamw(call: NativeCallContext, options: Map) -> Raw<OptimizerHandle> {
        placed(&call, optimizer("optim::adamw", options, super::adamw))
    }

    /// Lion: the sign of a momentum (Chen et al. 2023). It wants a learning rate 3 to 10 times smaller than
    /// AdamW's, and a weight decay as many times larger.
    ///
    /// Options: `lr` (0.0001), `betas` ([0.9, 0.99]), `weight_decay` (0, decoupled), and those that every
    /// optimiser has, see `optim::sgd`.
    ///
    /// ```rhai
    /// optim::lion(#{ lr: 3e-5, weight_decay: 0.1 }).lr == 3e-5
    /// ```
    #[rhai_fn(return_raw)]
    pub fn lion(call: NativeCallContext, options: Map) -> Raw<OptimizerHandle> {
        placed(&call, optimizer("optim::lion", options, super::lion))
    }

    /// Adan: adaptive Nesterov momentum (Xie et al. 2022).
    ///
    /// Options: `lr` (0.001), `betas` ([0.98, 0.92, 0.99], how much is kept), `eps` (1e-8), `weight_decay`
    /// (0, decoupled), `no_prox` (false; true: decay before the update, as AdamW does), and those that
    /// every optimiser has, see `optim::sgd`.
    ///
    /// ```rhai
    /// optim::adan(#{ lr: 1e-2, weight_decay: 0.02 }).name == "adan"
    /// ```
    #[rhai_fn(return_raw)]
    pub fn adan(call: NativeCallContext, options: Map) -> Raw<OptimizerHandle> {
        placed(&call, optimizer("optim::adan", options, super::adan))
    }

    /// Muon, as `torch.optim.Muon`: an orthogonalised momentum for matrices and for the filters of
    /// convolutions, each of which is a row; AdamW for every other parameter.
    ///
    /// Options: `lr` (0.001), `momentum` (0.95), `nesterov` (true), `ns_steps` (5), `weight_decay` (0.1,
    /// decoupled), `adjust_lr_fn` ("original", or "match_rms_adamw" for rates as AdamW's), `adamw`: a map
    /// with `names` (patterns of matrices that AdamW has too: the head, embeddings), `lr` (0.0003),
    /// `betas`, `eps`, `weight_decay` (0.01); and those that every optimiser has, see `optim::sgd`.
    ///
    /// ```rhai
    /// optim::muon(#{ lr: 0.02, adamw: #{ names: ["head.*", "*embed*"], lr: 1e-3 } }).name == "muon"
    /// ```
    #[rhai_fn(return_raw)]
    pub fn muon(call: NativeCallContext, options: Map) -> Raw<OptimizerHandle> {
        placed(&call, optimizer("optim::muon", options, super::muon))
    }

    /// The algorithm's name.
    ///
    /// ```rhai
    /// optim::adamw(#{}).name == "adamw"
    /// ```
    #[rhai_fn(get = "name", pure)]
    pub fn name(optimizer: &mut OptimizerHandle) -> String {
        optimizer.name().to_string()
    }

    /// The base learning rate.
    ///
    /// ```rhai
    /// optim::sgd(#{ lr: 0.1 }).lr == 0.1
    /// ```
    #[rhai_fn(get = "lr", pure)]
    pub fn lr(optimizer: &mut OptimizerHandle) -> f64 {
        optimizer.lr()
    }

    /// Sets the base learning rate; groups follow in proportion.
    ///
    /// ```rhai
    /// let optimizer = optim::sgd(#{ lr: 0.1 });
    /// optimizer.lr = 0.05;
    /// optimizer.lr == 0.05
    /// ```
    #[rhai_fn(set = "lr", return_raw)]
    pub fn set_lr(
        call: NativeCallContext,
        optimizer: &mut OptimizerHandle,
        lr: Dynamic,
    ) -> Raw<()> {
        let number = value::number_of("optimizer.lr", "the learning rate", &lr);
        placed(&call, number.and_then(|number| optimizer.set_lr(number)))
    }
}
