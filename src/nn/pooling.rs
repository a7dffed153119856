//! Pooling, and other layers without weights that change shapes.

use super::{Mode, Network, Visitor, check};
use crate::error::{Error, Kind, Result};
use crate::tensor::{PoolOptions, Tensor, words};
use serde::Serialize;

/// What a pooling layer takes of each window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pooled {
    /// The largest element.
    Max,
    /// The mean.
    Mean,
}

/// Which windows a pooling layer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PoolWindows {
    /// Windows of a size that move.
    Moving([usize; 2], PoolOptions),
    /// So many windows that cover everything.
    Covering([usize; 2]),
    /// Everything is one window; `[batch, channel, …]` becomes `[batch, channel]`.
    Global,
}

/// The options of a pooling layer. Along a line, only the horizontal numbers count: `[_, horizontal]`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PoolLayerOptions {
    /// What is taken of each window.
    pub pooled: Pooled,
    /// Which windows there are.
    pub windows: PoolWindows,
}

impl Default for PoolLayerOptions {
    fn default() -> Self {
        PoolLayerOptions { pooled: Pooled::Mean, windows: PoolWindows::Global }
    }
}

impl PoolLayerOptions {
    /// Refuses what makes no sense; `operation` is e.g. `nn::max_pool2d`.
    pub fn check(&self, operation: &str) -> Result<()> {
        let size = match self.windows {
            PoolWindows::Moving(size, _) | PoolWindows::Covering(size) => size,
            PoolWindows::Global => [1, 1],
        };
        size.iter().try_for_each(|side| check::count(operation, "size", *side))
    }
}

/// A pooling layer, along a line or in a picture.
#[derive(Clone, Debug)]
pub struct Pool {
    options: PoolLayerOptions,
    line: bool,
}

impl Pool {
    /// For `[batch, channel, length]`.
    pub fn line(operation: &str, options: &PoolLayerOptions) -> Result<Self> {
        options.check(operation)?;
        Ok(Pool { options: options.clone(), line: true })
    }

    /// For `[batch, channel, height, width]`.
    pub fn picture(operation: &str, options: &PoolLayerOptions) -> Result<Self> {
        options.check(operation)?;
        Ok(Pool { options: options.clone(), line: false })
    }

    fn global(&self, input: &Tensor) -> Result<Tensor> {
        let shape = input.shape();
        let &[batch, channels, ref rest @ ..] = shape.as_slice() else {
            return Err(Error::new(Kind::Shape, "nn::global_pool", "there is nothing to pool")
                .expected("[batch, channel, …]")
                .received(words(&shape)));
        };
        let plane = rest.iter().product::<usize>();
        match self.options.pooled {
            _ if rest.is_empty() => Ok(input.clone()),
            Pooled::Max => {
                let flat = input.reshape(&[batch, channels, plane].map(|n| n as i64))?;
                flat.max_dim(-1, false)
            }
            // As a recipe would write it, to the bit.
            Pooled::Mean => {
                let dims: Vec<i64> = (2..shape.len() as i64).collect();
                input.mean_dims(&dims, false)
            }
        }
    }
}

impl Network for Pool {
    fn forward(&self, input: &Tensor, _mode: Mode) -> Result<Tensor> {
        let PoolLayerOptions { pooled, windows } = self.options;
        match (windows, pooled, self.line) {
            (PoolWindows::Global, ..) => self.global(input),
            (PoolWindows::Moving([_, size], how), Pooled::Max, true) => input.max_pool1d(size, how),
            (PoolWindows::Moving([_, size], how), Pooled::Mean, true) => {
                input.avg_pool1d(size, how)
            }
            (PoolWindows::Moving(size, how), Pooled::Max, false) => input.max_pool2d(size, how),
            (PoolWindows::Moving(size, how), Pooled::Mean, false) => input.mean_pool2d(size, how),
            (PoolWindows::Covering([_, size]), Pooled::Max, true) => {
                input.adaptive_max_pool1d(size)
            }
            (PoolWindows::Covering([_, size]), Pooled::Mean, true) => {
                input.adaptive_avg_pool1d(size)
            }
            (PoolWindows::Covering(size), Pooled::Max, false) => input.adaptive_max_pool2d(size),
            (PoolWindows::Covering(size), Pooled::Mean, false) => input.adaptive_avg_pool2d(size),
        }
    }

    fn visit(&self, _scope: &str, _visit: &mut Visitor) {}
}

/// The input itself.
#[derive(Clone, Debug, Default)]
pub struct Identity;

impl Network for Identity {
    fn forward(&self, input: &Tensor, _mode: Mode) -> Result<Tensor> {
        Ok(input.clone())
    }

    fn visit(&self, _scope: &str, _visit: &mut Visitor) {}
}

/// The options of `flatten`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FlattenOptions {
    /// The first dimension that is put together.
    pub start: i64,
    /// The last one.
    pub end: i64,
}

impl Default for FlattenOptions {
    fn default() -> Self {
        FlattenOptions { start: 1, end: -1 }
    }
}

/// Several dimensions put together into one.
#[derive(Clone, Debug)]
pub struct Flatten(FlattenOptions);

impl Flatten {
    /// Everything but the batch, unless the options say otherwise.
    pub fn new(options: &FlattenOptions) -> Self {
        Flatten(options.clone())
    }
}

impl Network for Flatten {
    fn forward(&self, input: &Tensor, _mode: Mode) -> Result<Tensor> {
        input.flatten(self.0.start, self.0.end)
    }

    fn visit(&self, _scope: &str, _visit: &mut Visitor) {}
}

/// `[batch, frames, mels]` as a picture with one channel, `[batch, 1, mels, frames]`: time runs to the right.
#[derive(Clone, Debug, Default)]
pub struct AsPicture;

impl Network for AsPicture {
    fn forward(&self, input: &Tensor, _mode: Mode) -> Result<Tensor> {
        let shape = input.shape();
        if shape.len() != 3 {
            let expected = "[batch, frames, mels]".to_string();
            return Err(check::unfit("nn::as_picture", expected, &shape, 3));
        }
        input.transpose(1, 2)?.unsqueeze(1)
    }

    fn visit(&self, _scope: &str, _visit: &mut Visitor) {}
}
