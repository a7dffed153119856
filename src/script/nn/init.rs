//! Where weights start: other numbers for the parameters whose names match.

use crate::error::{Error, Kind, Result, unknown};
use crate::nn::init::UniformOptions;
use crate::nn::init::{self, Fan, GainOptions, KaimingOptions, NormalOptions, TruncNormalOptions};
use crate::nn::{Net, Pattern, Role, pass};
use crate::script::nets::patterns_of;
use crate::script::options::Options;
use crate::script::register::functions;
use crate::tensor::random::Stream;
use crate::tensor::{Device, Tensor};
use rhai::{Dynamic, Map, Module};

/// A way to start.
enum Start {
    Constant(f64),
    Uniform(UniformOptions),
    Normal(NormalOptions),
    TruncNormal(TruncNormalOptions),
    XavierUniform(GainOptions),
    XavierNormal(GainOptions),
    KaimingUniform(KaimingOptions),
    KaimingNormal(KaimingOptions),
    Orthogonal(GainOptions),
}

const NAMES: [&str; 11] = [
    "zeros",
    "ones",
    "constant",
    "uniform",
    "normal",
    "trunc_normal",
    "xavier_uniform",
    "xavier_normal",
    "kaiming_uniform",
    "kaiming_normal",
    "orthogonal",
];

impl Start {
    fn read(name: &str, map: Map) -> Result<Start> {
        let operation = format!("init \"{name}\"");
        let read = || Options::new(&operation, map);
        Ok(match name {
            "zeros" => read().map(|_| Start::Constant(0.0))?,
            "ones" => read().map(|_| Start::Constant(1.0))?,
            "constant" => {
                let (options, mut value) = (read()?, 0.0);
                if options.get("value").is_none() {
                    return Err(options.missing("value", "a number"));
                }
                options.number("value", &mut value)?;
                Start::Constant(value)
            }
            "uniform" => {
                let (options, mut own) = (read()?, UniformOptions::default());
                options.number("low", &mut own.low)?;
                options.number("high", &mut own.high)?;
                Start::Uniform(own)
            }
            "normal" => {
                let (options, mut own) = (read()?, NormalOptions::default());
                options.number("mean", &mut own.mean)?;
                options.number("std", &mut own.std)?;
                Start::Normal(own)
            }
            "trunc_normal" => {
                let options = read()?;
                let mut own = TruncNormalOptions::default();
                options.number("mean", &mut own.mean)?;
                options.number("std", &mut own.std)?;
                options.number("low", &mut own.low)?;
                options.number("high", &mut own.high)?;
                Start::TruncNormal(own)
            }
            "xavier_uniform" => Start::XavierUniform(gain_of(&operation, &read()?)?),
            "xavier_normal" => Start::XavierNormal(gain_of(&operation, &read()?)?),
            "kaiming_uniform" => Start::KaimingUniform(fan_of(&operation, &read()?)?),
            "kaiming_normal" => Start::KaimingNormal(fan_of(&operation, &read()?)?),
            "orthogonal" => Start::Orthogonal(gain_of(&operation, &read()?)?),
            other => return Err(unknown("init", "initialiser", other, &NAMES)),
        })
    }

    fn draw(&self, shape: &[usize], random: &mut Stream, on: &Device) -> Result<Tensor> {
        match self {
            Start::Constant(value) => init::constant(shape, *value, on),
            Start::Uniform(own) => init::uniform(shape, *own, random, on),
            Start::Normal(own) => init::normal(shape, *own, random, on),
            Start::TruncNormal(own) => init::trunc_normal(shape, *own, random, on),
            Start::XavierUniform(own) => init::xavier_uniform(shape, *own, random, on),
            Start::XavierNormal(own) => init::xavier_normal(shape, *own, random, on),
            Start::KaimingUniform(own) => init::kaiming_uniform(shape, *own, random, on),
            Start::KaimingNormal(own) => init::kaiming_normal(shape, *own, random, on),
            Start::Orthogonal(own) => init::orthogonal(shape, *own, random, on),
        }
    }
}

/// The gain under `gain`, or what `nonlinearity` (and `slope`) say of it.
fn gain(operation: &str, options: &Options, into: &mut f64) -> Result<()> {
    let named = options.text("nonlinearity")?;
    if named.is_some() && options.get("gain").is_some() {
        return Err(Error::new(Kind::Name, operation, "'gain' and 'nonlinearity' say the same")
            .hint("give one of them"));
    }
    options.number("gain", into)?;
    let mut slope = 0.01;
    options.number("slope", &mut slope)?;
    match named {
        Some(name) => *into = init::gain(operation, &name, slope)?,
        None if options.get("slope").is_some() => {
            return Err(Error::new(Kind::Name, operation, "'slope' needs its nonlinearity")
                .hint("nonlinearity: \"leaky_relu\""));
        }
        None => {}
    }
    Ok(())
}

fn gain_of(operation: &str, options: &Options) -> Result<GainOptions> {
    let mut own = GainOptions::default();
    gain(operation, options, &mut own.gain)?;
    Ok(own)
}

fn fan_of(operation: &str, options: &Options) -> Result<KaimingOptions> {
    let mut own = KaimingOptions::default();
    if let Some(mode) = options.text("mode")? {
        own.fan = Fan::named(operation, &mode)?;
    }
    gain(operation, options, &mut own.gain)?;
    Ok(own)
}

fn start(net: Net, patterns: &Dynamic, name: &str, map: Map) -> Result<Net> {
    let patterns = patterns_of("init", patterns)?;
    let start = Start::read(name, map)?;
    let weights = net.unique_parameters().into_iter().filter(|(_, p)| p.role() == Role::Weight);
    let weights: Vec<_> = weights.collect();
    let names: Vec<&str> = weights.iter().map(|(name, _)| name.as_str()).collect();
    let idle = |pattern: &&Pattern| !names.iter().any(|name| pattern.matches(name));
    if let Some(pattern) = patterns.iter().find(idle) {
        return Err(pattern.unmatched("init", &names));
    }
    let mut fresh = Vec::new();
    for (name, parameter) in &weights {
        if patterns.iter().any(|pattern| pattern.matches(name)) {
            let shape = parameter.value().shape();
            let drawn = start.draw(&shape, &mut pass::draw("weights"), &Device::default());
            fresh.push((parameter, drawn.map_err(|error| error.within(name))?));
        }
    }
    // All or nothing: a shape that is refused leaves the network as it was.
    fresh.into_iter().try_for_each(|(parameter, value)| parameter.set(value))?;
    Ok(net)
}

pub(super) fn methods(module: &mut Module) {
    functions! { module;
        /// Draws other numbers for the parameters whose names match a pattern, or one of an array of them (as
        /// `freeze` takes them), with the defaults of the initialiser `name`: "zeros", "ones", "uniform",
        /// "normal", "trunc_normal", "xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal",
        /// "orthogonal", as those of `torch.nn.init`. Gives the network.
        ///
        /// Errors: a pattern that no parameter matches; a start for matrices given to a bias.
        ///
        /// ```rhai
        /// let net = nn::linear(3, 2).init("weight", "orthogonal").init("bias", "zeros");
        /// let w = net.weight("weight");
        /// (w.matmul(w.transpose(0, 1)) - tensor::eye(2)).abs().max().item() < 1e-5
        /// ```
        fn "init"(net: Net, patterns: Dynamic, name: &str) -> Net { start(net, &patterns, name, Map::new()) }

        /// As `init(patterns, name)`, with options: "constant": `value` (required); "uniform": `low` (0), `high` (1); "normal":
        /// `mean` (0), `std` (1); "trunc_normal": `mean`, `std`, `low` (-2), `high` (2); "xavier_…" and
        /// "orthogonal": `gain` (1) or `nonlinearity` ("relu", "tanh", "leaky_relu" with its `slope`, …);
        /// "kaiming_…": `mode` ("fan_in", or "fan_out"), `gain` (√2) or `nonlinearity`.
        ///
        /// ```rhai
        /// let net = nn::sequential([nn::linear(3, 2), nn::linear(2, 2)]);
        /// net.init("*.bias", "constant", #{ value: 0.5 }).weight("1.bias").to_array() == [0.5, 0.5]
        /// ```
        fn "init"(net: Net, patterns: Dynamic, name: &str, options: Map) -> Net {
            start(net, &patterns, name, options)
        }
    }
}
