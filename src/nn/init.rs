//! Where weights start, with PyTorch's formulas. Each number is drawn from the stream in row-major order.

use super::pass;
use crate::error::{Error, Kind, Result, unknown};
use crate::tensor::random::Stream;
use crate::tensor::{Device, Tensor, check_size, words};
use serde::Serialize;

/// Bounds of a uniform distribution.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct UniformOptions {
    /// The least number.
    pub low: f64,
    /// No number reaches this.
    pub high: f64,
}

impl Default for UniformOptions {
    fn default() -> Self {
        UniformOptions { low: 0.0, high: 1.0 }
    }
}

/// A normal distribution.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct NormalOptions {
    /// Its mean.
    pub mean: f64,
    /// Its standard deviation.
    pub std: f64,
}

impl Default for NormalOptions {
    fn default() -> Self {
        NormalOptions { mean: 0.0, std: 1.0 }
    }
}

/// A normal distribution whose tails are cut off at `low` and `high` (numbers, not deviations).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TruncNormalOptions {
    /// Its mean before it is cut.
    pub mean: f64,
    /// Its standard deviation before it is cut.
    pub std: f64,
    /// The least number.
    pub low: f64,
    /// The largest number.
    pub high: f64,
}

impl Default for TruncNormalOptions {
    fn default() -> Self {
        TruncNormalOptions { mean: 0.0, std: 1.0, low: -2.0, high: 2.0 }
    }
}

/// What a Xavier or orthogonal start is multiplied with.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct GainOptions {
    /// See [`gain`].
    pub gain: f64,
}

impl Default for GainOptions {
    fn default() -> Self {
        GainOptions { gain: 1.0 }
    }
}

/// Which number of connections a Kaiming start keeps the variance over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fan {
    /// Inputs of an output: forward.
    In,
    /// Outputs of an input: backward.
    Out,
}

impl Fan {
    /// The mode that PyTorch calls `fan_in` or `fan_out`.
    pub fn named(operation: &str, name: &str) -> Result<Self> {
        match name {
            "fan_in" => Ok(Fan::In),
            "fan_out" => Ok(Fan::Out),
            other => Err(unknown(operation, "mode", other, &["fan_in", "fan_out"])),
        }
    }
}

/// Options of a Kaiming start.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct KaimingOptions {
    /// Which connections are counted.
    pub fan: Fan,
    /// What follows the layer; see [`gain`].
    pub gain: f64,
}

impl Default for KaimingOptions {
    fn default() -> Self {
        KaimingOptions { fan: Fan::In, gain: std::f64::consts::SQRT_2 }
    }
}

/// The gain that PyTorch's `calculate_gain` gives for what follows a layer; `slope` is that of leaky_relu.
pub fn gain(operation: &str, nonlinearity: &str, slope: f64) -> Result<f64> {
    let known = ["linear", "conv1d", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"];
    match nonlinearity {
        "linear" | "conv1d" | "conv2d" | "sigmoid" => Ok(1.0),
        "tanh" => Ok(5.0 / 3.0),
        "relu" => Ok(std::f64::consts::SQRT_2),
        "leaky_relu" => Ok((2.0 / (1.0 + slope * slope)).sqrt()),
        "selu" => Ok(0.75),
        other => Err(unknown(operation, "nonlinearity", other, &known)),
    }
}

/// Inputs and outputs of a weight `[out, in, …]`, each times the taps of a kernel.
pub fn fans(operation: &str, shape: &[usize]) -> Result<[usize; 2]> {
    let &[outputs, inputs, ref taps @ ..] = shape else {
        return Err(Error::new(Kind::Shape, operation, "the shape has too few dimensions")
            .expected("[out, in, …]")
            .received(words(shape)));
    };
    check_size(operation, shape)?;
    let taps: usize = taps.iter().product();
    Ok([inputs * taps, outputs * taps])
}

fn drawn(
    operation: &str,
    shape: &[usize],
    on: &Device,
    mut draw: impl FnMut() -> f64,
) -> Result<Tensor> {
    check_size(operation, shape)?;
    if !pass::draws_weights() {
        return Tensor::full(shape, 0.0, on);
    }
    let count = shape.iter().product();
    Tensor::from_values((0..count).map(|_| draw() as f32).collect(), shape, on)
}

fn finite(operation: &str, numbers: &[(&str, f64)]) -> Result<()> {
    match numbers.iter().find(|(_, number)| !number.is_finite()) {
        None => Ok(()),
        Some((name, number)) => {
            Err(Error::new(Kind::Range, operation, format!("'{name}' is no number"))
                .received(number.to_string()))
        }
    }
}

/// One number everywhere.
pub fn constant(shape: &[usize], value: f64, on: &Device) -> Result<Tensor> {
    drawn("init::constant", shape, on, || value)
}

/// Uniform in [`low`, `high`).
pub fn uniform(
    shape: &[usize],
    options: UniformOptions,
    random: &mut Stream,
    on: &Device,
) -> Result<Tensor> {
    let UniformOptions { low, high } = options;
    finite("init::uniform", &[("low", low), ("high", high)])?;
    drawn("init::uniform", shape, on, || random.range(low, high))
}

/// Normal with a mean and a deviation.
pub fn normal(
    shape: &[usize],
    options: NormalOptions,
    random: &mut Stream,
    on: &Device,
) -> Result<Tensor> {
    let NormalOptions { mean, std } = options;
    finite("init::normal", &[("mean", mean), ("std", std)])?;
    drawn("init::normal", shape, on, || mean + std * random.normal())
}

/// Uniform within ±gain · √(6 / (fan_in + fan_out)).
pub fn xavier_uniform(
    shape: &[usize],
    options: GainOptions,
    random: &mut Stream,
    on: &Device,
) -> Result<Tensor> {
    let operation = "init::xavier_uniform";
    let bound = options.gain * (6.0 / both(fans(operation, shape)?)).sqrt();
    finite(operation, &[("gain", bound)])?;
    drawn(operation, shape, on, || random.range(-bound, bound))
}

/// Normal with the deviation gain · √(2 / (fan_in + fan_out)).
pub fn xavier_normal(
    shape: &[usize],
    options: GainOptions,
    random: &mut Stream,
    on: &Device,
) -> Result<Tensor> {
    let operation = "init::xavier_normal";
    let std = options.gain * (2.0 / both(fans(operation, shape)?)).sqrt();
    finite(operation, &[("gain", std)])?;
    drawn(operation, shape, on, || std * random.normal())
}

fn both([inputs, outputs]: [usize; 2]) -> f64 {
    (inputs + outputs).max(1) as f64
}

/// Uniform within ±√3 · gain / √fan.
pub fn kaiming_uniform(
    shape: &[usize],
    options: KaimingOptions,
    random: &mut Stream,
    on: &Device,
) -> Result<Tensor> {
    let operation = "init::kaiming_uniform";
    let bound = 3f64.sqrt() * kaiming(operation, shape, options)?;
    drawn(operation, shape, on, || random.range(-bound, bound))
}

/// Normal with the deviation gain / √fan.
pub fn kaiming_normal(
    shape: &[usize],
    options: KaimingOptions,
    random: &mut Stream,
    on: &Device,
) -> Result<Tensor> {
    let operation = "init::kaiming_normal";
    let std = kaiming(operation, shape, options)?;
    drawn(operation, shape, on, || std * random.normal())
}

fn kaiming(operation: &str, shape: &[usize], options: KaimingOptions) -> Result<f64> {
    finite(operation, &[("gain", options.gain)])?;
    let [inputs, outputs] = fans(operation, shape)?;
    let fan = if options.fan == Fan::In { inputs } else { outputs };
    Ok(options.gain / (fan.max(1) as f64).sqrt())
}

/// Normal, but within `low` and `high`.
pub fn trunc_normal(
    shape: &[usize],
    options: TruncNormalOptions,
    random: &mut Stream,
    on: &Device,
) -> Result<Tensor> {
    let operation = "init::trunc_normal";
    let TruncNormalOptions { mean, std, low, high } = options;
    finite(operation, &[("mean", mean), ("std", std), ("low", low), ("high", high)])?;
    if std <= 0.0 || low >= high {
        return Err(Error::new(Kind::Range, operation, "the options make no sense")
            .expected("'std' above 0 and 'low' below 'high'")
            .received(format!("std {std}, low {low}, high {high}")));
    }
    let below = |x: f64| 0.5 * libm::erfc(-x / std::f64::consts::SQRT_2);
    let (first, last) = ((low - mean) / std, (high - mean) / std);
    let (least, most) = (below(first), below(last));
    // Throwing away what falls outside is quick where most falls inside.
    let often = most - least > 0.2;
    drawn(operation, shape, on, || {
        let mut z = random.normal();
        if often {
            while !(first..=last).contains(&z) {
                z = random.normal();
            }
        } else {
            // Else the distribution function is inverted by halving.
            let wanted = random.range(least, most);
            let (mut left, mut right) = (first, last);
            for _ in 0..60 {
                z = 0.5 * (left + right);
                if below(z) < wanted { left = z } else { right = z }
            }
        }
        (mean + std * z).clamp(low, high)
    })
}

/// A matrix `[rows, all the rest]` with orthonormal rows or columns, whichever are fewer, times the gain.
pub fn orthogonal(
    shape: &[usize],
    options: GainOptions,
    random: &mut Stream,
    on: &Device,
) -> Result<Tensor> {
    let operation = "init::orthogonal";
    finite(operation, &[("gain", options.gain)])?;
    fans(operation, shape)?;
    let (rows, columns) = (shape[0], shape[1..].iter().product::<usize>());
    let wide = rows < columns;
    let (count, length) = if wide { (rows, columns) } else { (columns, rows) };
    let mut basis: Vec<Vec<f64>> = Vec::with_capacity(count);
    for _ in 0..count {
        let mut vector: Vec<f64> = (0..length).map(|_| random.normal()).collect();
        // Gram and Schmidt, twice: once leaves what rounding put back.
        for _ in 0..2 {
            for other in &basis {
                let along: f64 = vector.iter().zip(other).map(|(a, b)| a * b).sum();
                vector.iter_mut().zip(other).for_each(|(a, b)| *a -= along * b);
            }
        }
        let norm = vector.iter().map(|a| a * a).sum::<f64>().sqrt();
        vector.iter_mut().for_each(|a| *a /= norm);
        basis.push(vector);
    }
    let value = |index: usize| {
        let (row, column) = (index / columns, index % columns);
        options.gain * if wide { basis[row][column] } else { basis[column][row] }
    };
    let values = (0..rows * columns).map(|index| value(index) as f32).collect();
    Tensor::from_values(values, shape, on)
}
